"""The naive computation and the services come to the same, whatever is told: every split, slice, posting and balance. Source: R3."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.verify import money, purses, reconciliation, splits, transactions
from deploy.verify.allocation import deal
from shared.contracts.chargeback import ChargebackEnded
from shared.contracts.order import ParcelSent
from shared.contracts.refund import CaseOpened, RefundGranted
from shared.contracts.types import FreeShipping, Funder, Line
from shared.messaging.message import Message
from shared.money import largest_remainder
from tests.unit import builders as b
from tests.unit.payment import asks, disputes
from tests.unit.refund import acts, life
from tests.unit.test_cases_together import BOUGHT, street
from tests.unit.test_shuffled_lives import Life, lives
from tests.unit.town import Town
from tests.unit.verify.damaged import Copy
from tests.unit.verify.recorded import checked, log_of, tables_of, wrong

FUNDERS: tuple[Funder, ...] = ("seller", "platform", "promoter")
REFUNDS = st.sampled_from([f"r{number}" for number in range(8)])


@settings(max_examples=60, deadline=None)
@given(lives(), st.integers(0, 2**32))
def test_whatever_life_apps_tell_every_statement_holds(played: Life, seed: int) -> None:
    assert wrong(checked(played.play(random.Random(seed), copies=2))) == []


def test_a_claim_of_a_promise_that_is_withheld_may_be_refused_for_what_was_looked_at_before_r4_1() -> None:
    town = Town(b.POLICIES)
    told = b.placed(b.cart(category="custom_made")), b.succeeded(), life.requested(kind="claim", quantity=1, when="06-02 10:00")
    town.tell((f"e{number}", event) for number, event in enumerate(told))
    assert town.refused() == [("refund.requested", "claim.kind_not_offered")]
    assert wrong(checked(town)) == []


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=6), st.integers(0, 200))
def test_coupons_are_dealt_to_the_last_unit_as_the_services_do_it_r1_5(lines: list[tuple[int, int]], amount: int) -> None:
    weights = {number: weight for number, (weight, _) in enumerate(lines, 1)}
    room = {number: min(left, weight) for number, (weight, left) in enumerate(lines, 1)}
    assert deal(amount, weights, room) == largest_remainder(amount, weights, room)


@st.composite
def escrows(draw: st.DrawFn) -> list[Line]:
    """Two lines of one promoter; perishable now and then, paid with nothing, sold by the promoter itself."""
    found = []
    for line_no in (1, 2):
        shares = {funder: draw(st.integers(0, 30_00)) for funder in FUNDERS}
        found.append(
            b.line(
                line_no,
                draw(st.integers(0, 100_00)),
                draw(st.integers(1, 5)),
                {funder: share for funder, share in shares.items() if share},
                seller_id=draw(st.sampled_from(["s1", "s2", b.PROMOTER])),
                commission_bp=draw(st.integers(0, 9_500)),
                category=draw(st.sampled_from(["standard", "fresh"])),
            )
        )
    return found


OF_SELLER = ("deposit", "required", "wish")


@st.composite
def told(draw: st.DrawFn, line: Line, number: int) -> tuple[str, Message]:
    """Something about a line, at any time."""
    when = b.at("06-01 12:00") + timedelta(hours=draw(st.integers(0, 40 * 24)))
    refund_id = draw(REFUNDS)
    kind = draw(st.sampled_from(["grant", "slice", "slice", "paid", "failed", "confirmed", *OF_SELLER, "late", "bank", "bank"]))
    units = draw(st.integers(1, line.quantity))
    amount = line.paid_minor * units // line.quantity if kind == "slice" else draw(st.integers(0, line.paid_minor))
    at = f"{when:%m-%d %H:%M}"
    event: Message
    match kind:
        case "grant" | "slice":
            event = b.granted(refund_id, amount, units, line.line_no, when, applied=when - timedelta(days=draw(st.integers(0, 5))))
        case "paid":
            event = b.refund_paid(refund_id, at)
        case "failed":
            event = b.refund_failed(refund_id, at)
        case "confirmed":
            event = b.order_completed(line.line_no, when=when)
        case "deposit":
            event = asks.topped_up(draw(st.integers(1, 80_00)), f"d{number}", at)
        case "required":
            event = asks.registered(draw(st.sampled_from([0, 20_00, 60_00])), when=at)
        case "bank":
            dispute = draw(st.sampled_from(["cb1", "cb2"]))
            ended = disputes.closed(draw(st.sampled_from(["lost", "won"])), dispute, at)
            event = draw(st.sampled_from([disputes.opened(draw(st.integers(1, 100_00)), dispute, at), ended]))
        case "wish":
            event = asks.withdrawal(draw(st.integers(1, 50_00)), f"w{number}", when, of=draw(st.sampled_from(["balance", "deposit"])))
        case _:
            event = asks.shipping_late(draw(st.integers(1, 50_00)), f"late{number}", at)
    return f"e{number}", event


class Bank(Town):
    """The payment service alone; payouts by some ids are not paid."""

    def provider(self, fact: Message) -> list[Message]:
        if fact.type == "refund.instructed":
            return []
        if fact.type == "compensation.instructed":
            return [asks.compensation_paid(fact.compensation_id, "06-20 10:00")]  # type: ignore[attr-defined]
        return [
            b.payout_failed(answer.payout_id, answer.party) if answer.payout_id < "5" else answer  # type: ignore[attr-defined]
            for answer in super().provider(fact)
        ]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_becomes_of_an_escrow_its_splits_postings_and_accounts_are_recomputed_r3(data: st.DataObject) -> None:
    lines = data.draw(escrows())
    bank = Bank(b.POLICIES, services=("payment",))
    required = data.draw(st.sampled_from([0, 50_00]))
    bank.tell([("paid", b.order_paid(*lines)), ("reg", asks.registered(required))])
    events = [data.draw(told(data.draw(st.sampled_from(lines)), number)) for number in range(data.draw(st.integers(3, 14)))]
    early = [event for event in events if event[1].type == "order.completed"][:2]
    for identity, event in early + sorted((one for one in events if one not in early), key=lambda one: one[1].occurred_at):
        bank.advance(event.occurred_at)
        bank.tell([(identity, event)])
    bank.advance(b.at("08-01 00:00"))
    log = log_of(bank)
    found = [*transactions.checks(log), *splits.checks(log, b.POLICIES), *purses.checks(log)]
    assert wrong(found) == []


@pytest.mark.parametrize("turned", [False, True])
def test_of_an_id_that_came_with_several_bodies_the_one_that_was_taken_counts(turned: bool) -> None:
    """Of chargebacks, statement lines, registrations; the other body is refused. Source: R3.8, R3.9."""
    town = Town(b.POLICIES)
    placed = b.placed(b.cart(1, 100_00))
    town.tell([("placed", placed), ("paid", b.succeeded(placed.due_minor))])
    pairs: list[tuple[Message, Message]] = [
        (asks.registered(10_00), asks.registered(20_00)),
        (disputes.opened(50_00), disputes.opened(60_00)),
        (b.stated("l1", b.PAYMENT_ID, 100_00), b.stated("l1", b.PAYMENT_ID, 99_00)),
        (disputes.closed("lost", amount_minor=30_00), disputes.closed("won")),
    ]
    for number, (first, second) in enumerate(pairs):
        town.advance(first.occurred_at)
        town.tell((f"e{number}", one) for one in ((second, first) if turned else (first, second)))
    town.advance(b.at("09-01 00:00"))
    facts = {kind for _, kind, _ in town.facts}
    assert {"deposit.required", "chargeback.received", "chargeback.ended", "statement.noted"} <= facts
    log = log_of(town)
    assert wrong([*money.checks(log, tables_of(town)), *purses.checks(log), *reconciliation.checks(log, tables_of(town))]) == []


@pytest.mark.parametrize("seller", [acts.contested(when="06-10 10:00"), life.confirmed(quantity=0, when="06-10 10:00")])
def test_an_appeal_of_a_first_ruling_beside_a_second_quarrel_is_as_it_should_be_r4_11(seller: Message) -> None:
    """The goods came back after the ruling, and the seller does not accept them."""
    asked = (life.requested(ground="quality", quantity=1, when="06-06 10:00"), life.declined(when="06-06 11:00"))
    ruled = (acts.disputed(when="06-06 12:00"), "06-08 12:00:05", acts.ruled(when="06-09 10:00"), life.posted(when="06-09 11:00"))
    town = street(*BOUGHT, *asked, *ruled, seller, acts.appealed_by_seller(when="06-10 11:00"), acts.appeal_ruled(when="06-11 10:00"))
    assert (wrong(checked(town)), town.refused(), town.waiting()) == ([], [], [])


@pytest.mark.parametrize("upheld", [True, False])
@pytest.mark.parametrize("won", [True, False])
def test_a_ruling_and_its_appeal_that_say_why_are_as_they_should_be_whoever_wins_r4_11(upheld: bool, won: bool) -> None:
    asked = (life.requested(ground="quality", quantity=1, when="06-06 10:00"), life.declined(when="06-06 11:00"))
    ruled = (acts.disputed(when="06-06 12:00"), "06-08 12:00:05", acts.ruled(upheld, when="06-09 10:00", reason="the cup was cracked"))
    appeal = (acts.appealed_by_seller if upheld else acts.appealed)(when="06-09 11:00")
    town = street(*BOUGHT, *asked, *ruled, appeal, acts.appeal_ruled(won, when="06-10 10:00", reason="it is another cup"))
    assert (wrong(checked(town)), town.refused(), town.waiting()) == ([], [], [])


@pytest.mark.parametrize(("first", "freight"), [("exchange", 0), ("quality", 0), ("no_reason", 10_00)])
def test_the_waived_freight_is_recomputed_whatever_broke_the_threshold_r3_10_r4_10(first: str, freight: int) -> None:
    """60 and 50, threshold 99: of an exchange nothing is sent, or it goes back; then the 50 goes back without a reason."""
    free = (FreeShipping(seller_id=b.SELLER, threshold_minor=99_00, freight_minor=10_00),)
    bought = b.placed(b.cart(1, 60_00), b.cart(2, 50_00), free_shipping=free)
    arrived = (b.succeeded(110_00), b.shipped(units={1: 1, 2: 1}), b.signed(when="06-05 10:00"))
    kind: Any = {"kind": "exchange"} if first == "exchange" else {"ground": first}
    told: list[Message | str] = [bought, *arrived]
    for case, line_no, asked in (("c1", 1, kind), ("c2", 2, {})):
        told += [life.requested(case, line_no=line_no, quantity=1, when="06-06 10:00", **asked), life.accepted(case, when="06-06 11:00")]
        told += [life.posted(case, when="06-06 12:00"), life.confirmed(case, 1, when="06-07 10:00")]
        told.append("06-09 10:00:05")
    town = street(*told)
    grants = [fact for _, fact in town.services["refund"].out if isinstance(fact, RefundGranted)]
    assert (sum(fact.freight_minor for fact in grants), len(grants)) == (freight, 2)
    assert (wrong(checked(town)), town.refused(), town.waiting()) == ([], [], [])


def test_more_units_paid_for_as_lost_than_the_carrier_lost_are_found_r2_5() -> None:
    """Four units in two parcels: one is lost, refunded at once. What was sent again for a case is not lost either."""
    bought = (b.placed(b.cart(quantity=4)), b.succeeded(400_00), b.shipped("p1", {1: 2}), b.shipped("p2", {1: 2}), b.parcel_lost("p1"))
    asked = life.requested(kind="refund_only", ground="not_received", quantity=2, when="06-05 10:00")
    town = street(*bought, asked)
    assert (wrong(checked(town)), town.refused(), town.waiting()) == ([], [], [])
    more, again = (Copy(log_of(town), tables_of(town)) for _ in range(2))
    more.forge(RefundGranted, quantity=4)
    again.forge(ParcelSent, lambda fact: fact.parcel_id == "p2", units=b.units_of({1: 4}))  # the lost ones left once more
    for copy, found in ((more, "4 units are paid for as lost, 2 are"), (again, "2 units are paid for as lost, 0 are")):
        assert any("cases at once" in said and found in said for said in wrong(copy.checks()))


def test_an_instant_refund_that_was_denied_or_went_beyond_the_orders_limit_is_found_r4_8() -> None:
    asked = life.requested(kind="refund_only", ground="not_shipped", quantity=1, when="06-01 12:00")
    town = street(b.placed(b.cart(1, 299_99)), b.succeeded(299_99), asked)
    assert (wrong(checked(town)), town.refused(), town.waiting()) == ([], [], [])
    denied, beyond = (Copy(log_of(town), tables_of(town)) for _ in range(2))
    denied.forge(CaseOpened, turn="seller")
    beyond.forge(RefundGranted, amount_minor=300_00)
    for copy, said in ((denied, "nobody is asked: True"), (beyond, "30000 at once so far")):
        assert any("cases at once" in found and said in found for found in wrong(copy.checks()))


def test_nobody_need_know_whose_an_unwanted_payment_was_that_a_bank_disputed_r3_8() -> None:
    late = b.succeeded(when="06-01 12:00")
    town = street(b.placed(), "06-01 11:00", late, disputes.opened(when="06-02 10:00"), disputes.closed("won"))
    (ended,) = (fact for _, fact in log_of(town).of(ChargebackEnded))
    assert (ended.buyer_id, wrong(checked(town))) == (None, [])
