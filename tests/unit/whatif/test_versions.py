"""Lives that versions of the policy cut across, in other time zones too: services, verify and what-if agree on each. Source: R9.1, R9.2."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.whatif import whatif
from shared.contracts.member import TrustCardClaimed, VoteCast
from shared.messaging.message import Message
from shared.policy import InvalidPolicy, Policies, Policy
from shared.policy.changes import leaves
from shared.policy.policies import parse
from tests.unit import builders as b
from tests.unit.order.fair import linked
from tests.unit.refund.firsts import claimed
from tests.unit.test_policy_words import _put, at
from tests.unit.test_shuffled_lives import ENDS, Life, lives, mixed
from tests.unit.trust.asked import request
from tests.unit.trust.rulebook import appeal, lesson, uphold, violation, void
from tests.unit.verify.recorded import checked, wrong
from tests.unit.whatif.tape import TapedTown

NUMBERS = {path: value for path, value in leaves(b.POLICY).items() if isinstance(value, int)}
ZONES = ("Asia/Shanghai", "UTC", "Asia/Kolkata", "America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago")
BEGIN = b.at("06-01 00:00")
CUTS = ("06-01 10:00", "06-01 10:05", "06-01 23:30", "06-02 10:00", "06-05 11:40", "06-06 12:00", "06-09 00:00", "07-03 00:10")
BUYERS, KINDS = ("b1", "b2", "a0"), sorted(b.POLICY.trust.violations.kinds)


def versions(dice: random.Random) -> Policies:
    """One to three after the first, each of some other values, some in another zone."""
    times = sorted(dice.sample(CUTS, dice.randint(1, 3)))
    return Policies([b.POLICY, *(perturbed(dice, str(number), b.at(when)) for number, when in enumerate(times, 2))])


def perturbed(dice: random.Random, name: str, begins: datetime) -> Policy:
    """The first of its kind that is valid."""
    while True:
        policy = b.POLICY.model_copy(update={"version": name, "effective_from": begins, "zone": dice.choice(ZONES)})
        for path in dice.sample(sorted(NUMBERS), 8):
            value = NUMBERS[path]
            other = not value if isinstance(value, bool) else max(0, value + dice.choice((-3, -1, 1, 2, value)))
            policy = _put(policy, at(path).split("."), other)
        try:
            return parse(policy.model_dump_json())[0]
        except InvalidPolicy:
            continue


def told_beside(dice: random.Random, since: datetime, until: datetime) -> Iterable[Message]:
    """What governance and members say meanwhile, at any moment, also just when a version begins."""
    borders = [moment for cut in CUTS if since <= (moment := b.at(cut)) < until]
    for _ in range(dice.randrange(7)):
        border = dice.choice(borders) if borders and dice.random() < 0.4 else None
        moment = border - timedelta(microseconds=dice.randrange(2)) if border else since + (until - since) * dice.random()
        yield _dated(_said(dice), moment)


def _said(dice: random.Random) -> Message:
    name, buyer, any_number = f"v{dice.randrange(5)}", dice.choice(BUYERS), str(dice.randrange(10**9))
    subject: dict[str, Any] = {"subject_id": dice.choice(("seller:s1", "seller:s2", "promoter:k1"))}
    return dice.choice(
        [
            *[violation(name, dice.choice((None, 5, 20, 100)), dice.choice((None, 0, 1, 5)), kind=dice.choice(KINDS))] * 3,
            lesson(f"l{name}", dice.choice((5, 50))),
            *(kind(name).model_copy(update=subject) for kind in (void, appeal, uphold)),
            *[VoteCast(buyer_id=buyer, vote_id=any_number, promoter_id=dice.choice(("k1", "b1")), occurred_at=BEGIN)] * 2,
            TrustCardClaimed(buyer_id=buyer, claim_id=any_number, occurred_at=BEGIN),
            linked(buyer, f"t{dice.randrange(3)}"),
            request(dice.choice(("seller:s1", "buyer:b1")), name=any_number),
            claimed(case_id=f"first{any_number}"),
        ]
    )


def _dated(event: Message, moment: datetime) -> Message:
    """As it is read from a topic."""
    return type(event).from_json(event.model_copy(update={"occurred_at": moment}).to_json())


def test_what_was_explained_before_a_version_moved_the_days_west_is_computed_by_the_one_before_r5_6_r9_1() -> None:
    """The look at the next day, a Shanghai one, falls on the same day in New York: the explanation was not told behind it."""
    west = b.POLICY.model_copy(update={"version": "2", "effective_from": b.at("06-01 10:00"), "zone": "America/New_York"})
    policies = Policies([b.POLICY, west])
    town = TapedTown(policies)
    asked = _dated(request("seller:s1"), b.at("06-01 10:00") - timedelta(microseconds=1))
    town.tell([("e1", violation(when="06-01 00:44"))])
    town.tell([("e2", asked)])
    town.advance(b.at("06-03 00:00"))
    assert town.refused() == []
    assert wrong(checked(town, policies)) == []
    assert whatif(town.past(), policies, policies).differences == 0


@settings(max_examples=8, deadline=None)
@given(lives(), st.integers(0, 2**32))
def test_whatever_version_begins_in_the_midst_of_it_a_life_is_recorded_and_decided_again_by_the_same_r9_1_r9_2(
    played: Life, seed: int
) -> None:
    dice = random.Random(seed)
    policies, since = versions(dice), BEGIN
    town = TapedTown(policies, dice)
    for number, (events, end) in enumerate(zip(played.steps, ENDS, strict=True)):
        beside = told_beside(dice, since, b.at(end))
        town.tell(mixed([(f"e{number}-{place}", event) for place, event in enumerate([*events, *beside])], dice))
        town.advance(since := b.at(end))
    assert wrong(checked(town, policies)) == []
    assert whatif(town.past(), policies, policies).differences == 0
