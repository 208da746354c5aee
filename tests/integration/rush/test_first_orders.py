"""First orders on two refund processes: accounts are linked while their orders are claimed, on all partitions; one process dies in it.

Source: R4.6.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from shared.messaging.stripes import stripe_of
from tests.infra import STRIPES
from tests.integration.fair import Fair
from tests.toy.outside import holding, until

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
PERSONS, ACCOUNTS = 20, 3  # of each person; the first half is known to be one person before anything is claimed
BLOCKED = "SELECT count(*)::int FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND usename LIKE '%refund'"
CASES = """
SELECT key, one ->> 'state', one ->> 'funder' FROM refund.purchase, json_each(body -> 'cases') AS c(id, one)
 WHERE one ->> 'ground' = 'first_order'
"""
USES = "SELECT key, json_object_keys(body -> 'uses') FROM refund.known_cluster"
FUND = "SELECT (body ->> 'minor')::bigint FROM refund.fund"
FROM_FUND = "SELECT coalesce(sum(-amount_minor), 0)::bigint FROM payment.posting WHERE account = 'platform:guarantee_fund'"


class Crowd:
    """The apps, in a hurry; twice now and then, as networks do."""

    def __init__(self, fair: Fair, dice: Random) -> None:
        self.fair, self.dice = fair, dice

    def bought(self, order_id: str, buyer_id: str, at: datetime) -> None:
        """Paid at one of a few moments and signed for at once; every other one the seller does not take back."""
        line = {"line_no": 1, "sku": "tea", "seller_id": "s1", "quantity": 1, "unit_price_minor": 1_00}
        line["no_reason_waived"] = self.dice.random() < 0.5
        body = {"buyer_id": buyer_id, "currency": "CNY", "lines": [line], "due_minor": 1_00}
        self.tell("storefront", "order.placed", order_id, at, **body)
        paid_at = at + timedelta(seconds=self.dice.randrange(3))
        self.tell("psp", "payment.succeeded", order_id, paid_at, payment_id=f"pay-{order_id}", amount_minor=1_00, currency="CNY")
        later, units = at + timedelta(seconds=5), [{"line_no": 1, "quantity": 1}]
        self.tell("logistics", "parcel.shipped", order_id, later, parcel_id="p", carrier="sf", waybill=f"w-{order_id}", lines=units)
        self.tell("logistics", "parcel.signed", order_id, later, parcel_id="p")

    def claimed(self, order_id: str, buyer_id: str, at: datetime) -> None:
        case = {"case_id": f"c-{order_id}", "buyer_id": buyer_id, "line_no": 1, "quantity": 1}
        self.tell("storefront", "refund.requested", order_id, at, **case, kind="refund_only", ground="first_order")

    def linked(self, buyer_id: str, token: str) -> None:
        self.fair.copies = self.copies()
        self.fair.link(buyer_id, token)

    def copies(self) -> int:
        return 1 + (self.dice.random() < 0.3)

    def tell(self, app: str, type: str, order_id: str, at: datetime | None, /, **body: Any) -> None:
        self.fair.copies = self.copies()
        self.fair.send(app, type, order_id, at, order_id=order_id, **body)


def accounts(person: int) -> list[str]:
    return [f"m{person:02}-{number}" for number in range(ACCOUNTS)]


def tokens(person: int) -> list[tuple[str, str]]:
    """A chain: each account shares a device with the next."""
    names = accounts(person)
    return [(name, f"t{person}-{place}") for place, pair in enumerate(pairwise(names)) for name in pair]


def test_links_payments_and_claims_at_the_same_moment_give_each_person_one_first_order_but_those_joined_later_r4_6(fair: Fair) -> None:
    crowd = Crowd(fair, Random(46))
    began = fair.idle.clock() - timedelta(minutes=5)
    early = [(f"first-{name}", name) for person in range(PERSONS) for name in accounts(person)]
    for order_id, buyer_id in early:
        crowd.bought(order_id, buyer_id, began)
    for link in (link for person in range(PERSONS // 2) for link in tokens(person)):
        crowd.linked(*link)
    fair.settle()
    _at_the_same_moment(fair, crowd, early, began)
    fair.paid_back(crowd.copies)
    _judged(fair)
    used = len(fair.rows(USES))
    again = [(f"again-{name}", name) for person in range(PERSONS) for name in accounts(person)]
    for order_id, buyer_id in again:
        crowd.bought(order_id, buyer_id, began + timedelta(minutes=1))
    fair.settle()
    for order_id, buyer_id in again:
        crowd.claimed(order_id, buyer_id, fair.idle.clock())
    fair.settle()
    assert len(fair.rows(USES)) == used, "linked now, they have had it"
    assert fair.verified() == []


def test_an_account_that_is_joined_in_the_moment_in_which_its_first_order_is_paid_brings_that_order_r4_6(fair: Fair) -> None:
    """Both have loaded what they decide by before either can commit: nobody is allowed to write to refund's lanes yet."""
    crowd, began = Crowd(fair, Random(64)), fair.idle.clock() - timedelta(minutes=5)
    root, joined = accounts(PERSONS)[:2]
    order_id = next(f"o{n}" for n in range(99) if stripe_of(f"o{n}", STRIPES) != stripe_of(joined, STRIPES))
    crowd.linked(root, "same")
    fair.settle()
    with holding(fair.stack, "LOCK TABLE refund.lane IN EXCLUSIVE MODE"):
        crowd.bought(order_id, joined, began)
        crowd.linked(joined, "same")
        fair.flush()
        until(lambda: fair.rows(BLOCKED) == [(2,)], 60, lambda: f"{fair.rows(BLOCKED)} wait")
    fair.settle()
    assert fair.rows("SELECT body -> 'orders' ->> $1 IS NOT NULL FROM refund.known_cluster WHERE key = $2", order_id, root) == [(True,)]
    assert fair.verified() == []


def _at_the_same_moment(fair: Fair, crowd: Crowd, orders: list[tuple[str, str]], began: datetime) -> None:
    now, later = fair.idle.clock(), began + timedelta(minutes=1)
    links = [link for person in range(PERSONS // 2, PERSONS) for link in tokens(person)]
    steps: list[Any] = [lambda link=link: crowd.linked(*link) for link in links]
    steps += [lambda order=order, buyer=buyer: crowd.claimed(order, buyer, now) for order, buyer in orders]
    steps += [lambda name=name: crowd.bought(f"more-{name}", name, later) for person in range(PERSONS) for name in accounts(person)]
    crowd.dice.shuffle(steps)
    for place, step in enumerate(steps):
        step()
        if place == len(steps) // 2:
            fair.flush()
            fair.stack.services["refund-1"].kill()
    fair.flush()
    fair.stack.services["refund-1"].start()


def _judged(fair: Fair) -> None:
    """Who was known to be one person has had it once, for the least payment; the others once more for each account linked too late."""
    assert fair.verified() == []
    cases = {order_id: (state, funder) for order_id, state, funder in fair.rows(CASES)}
    assert {state for state, _ in cases.values()} == {"60"}
    assert {funder for _, funder in cases.values()} == {"seller", "platform"}
    uses: dict[str, set[str]] = defaultdict(set)
    for cluster, order_id in fair.rows(USES):
        uses[cluster].add(order_id)
    for person in range(PERSONS):
        names = accounts(person)
        won = {order_id for order_id in cases if order_id.partition("-")[2] in names}
        assert uses[names[0]] == won, f"all that the accounts of person {person} used is known where they count"
        assert 1 <= len(won) <= (1 if person < PERSONS // 2 else ACCOUNTS)
    by_fund = sum(funder == "platform" for _, funder in cases.values()) * 1_00
    assert (fair.rows(FUND), fair.rows(FROM_FUND)) == ([(by_fund,)], [(by_fund,)])
