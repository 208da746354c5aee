"""What counterfeits and unsafe food of one line bring beside their refunds, claim by claim. Source: R4.9, R4.7, R4.11."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.refund.decide.beside import beside
from services.refund.decide.step import card_valid
from services.refund.model import CARD
from shared.contracts.owed import CompensationGranted
from shared.contracts.refund import CaseClosed
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.refund import acts as a
from tests.unit.refund import life
from tests.unit.refund.life import line, paid, purchase_of, shop
from tests.unit.refund.test_buyers import CARD_ID, granted, revoked

AT = b.at("06-25 12:00")
TAGS = ("return_freight", "authentic_x9")


def fakes(memory: Memory) -> list[tuple[str, int]]:
    """What each multiple came to."""
    granted = (one for one in memory.facts if isinstance(one, CompensationGranted) and one.why in ("statutory", "authentic"))
    return [(one.why, one.amount_minor) for one in granted]


def admitted(memory: Memory, case_id: str, quantity: int = 1, amount_minor: int = 10_00) -> None:
    claim = life.requested(case_id, quantity=quantity, kind="claim", ground="counterfeit")
    memory.when(claim, life.accepted(case_id), life.done(case_id, amount_minor=amount_minor))


def found(memory: Memory, case_id: str, finding: str, when: str, refunded_minor: int, **claimed: Any) -> None:
    """Ruled to be that, and paid back."""
    claim = life.requested(case_id, quantity=1, kind="claim", ground="counterfeit", when=f"{when} 08:00")
    claim = claim.model_copy(update={"evidence_ids": ("e",), **claimed})
    memory.when(claim, a.escalated(case_id, when=f"{when} 09:00"))
    memory.advance(b.at(f"{when} 09:00:05") + timedelta(days=2))
    at = b.at(f"{when} 10:00") + timedelta(days=2)
    memory.when(a.ruled(ruling_id=f"rl-{case_id}", case_id=case_id, when=at, finding=finding), life.done(case_id, refunded_minor, when=at))


def test_the_laws_floor_is_one_of_a_line_however_many_claims_it_takes_r4_9() -> None:
    memory = shop(paid(line(1, 3, 30_00)), life.delivered(1))
    for case_id in ("c1", "c2", "c3"):
        admitted(memory, case_id)
    assert (fakes(memory), memory.refused) == ([("statutory", 500_00)], [])


def test_a_later_claim_earns_what_all_units_come_to_beyond_what_was_awarded_r4_9_r1_4() -> None:
    memory = shop(paid(line(1, 4, 400_01)), life.delivered(1))
    for case_id, minor in (("c1", 100_00), ("c2", 100_00), ("c3", 100_00), ("c4", 100_01)):
        admitted(memory, case_id, 1, minor)
    assert [minor for _, minor in fakes(memory)] == [500_00, 100_00, 300_00, 300_03]


def test_lines_of_one_order_have_a_floor_each_r4_9() -> None:
    memory = shop(paid(line(1, 1, 10_00), line(2, 1, 10_00)), life.delivered(1, 2))
    for line_no, case_id in ((1, "c1"), (2, "c2")):
        claim = life.requested(case_id, line_no=line_no, quantity=1, kind="claim", ground="counterfeit")
        memory.when(claim, life.accepted(case_id), life.done(case_id, 10_00))
    assert fakes(memory) == [("statutory", 500_00)] * 2


def test_each_units_own_multiple_counts_where_one_was_unsafe_and_another_a_fraud_r4_9() -> None:
    for first, second, minors in (
        ("counterfeit", "unsafe_food", [600_00, 2_000_00]),
        ("unsafe_food", "counterfeit", [2_000_00, 600_00]),
    ):
        memory = shop(paid(line(1, 2, 400_00, category="food")), life.delivered(1))
        found(memory, "c1", first, "06-17", 200_00)
        found(memory, "c2", second, "06-20", 200_00)
        assert ([minor for _, minor in fakes(memory)], memory.refused) == (minors, [])


@pytest.mark.parametrize(("paid_minor", "minors"), [(20_00, [1_000_00]), (400_00, [2_000_00, 2_000_00])])
def test_what_the_buyer_keeps_after_the_seller_won_on_appeal_counts_as_awarded_r4_9_r4_11(paid_minor: int, minors: list[int]) -> None:
    memory = shop(paid(line(1, 2, paid_minor, category="food")), life.delivered(1))
    found(memory, "c1", "unsafe_food", "06-17", paid_minor // 2)
    memory.when(a.appealed_by_seller("c1", when="06-19 12:00"), a.appeal_ruled(case_id="c1", when="06-19 13:00"))
    assert purchase_of(memory).cases["c1"].fallen
    found(memory, "c2", "unsafe_food", "06-20", paid_minor // 2)
    assert ([minor for _, minor in fakes(memory)], memory.refused) == (minors, [])


def test_what_brought_nothing_and_fell_on_appeal_counts_for_nothing_r4_9_r4_11() -> None:
    """Of three units at 60.00 the second brings nothing, for both are below the floor; the third what all that count come to beyond it."""
    for fallen, minors in ((False, [500_00, 40_00]), (True, [500_00])):
        memory = shop(paid(line(1, 3, 180_00)), life.delivered(1))
        found(memory, "c1", "counterfeit", "06-17", 60_00)
        found(memory, "c2", "counterfeit", "06-19", 60_00)
        if fallen:
            memory.when(a.appealed_by_seller("c2", when="06-21 12:00"), a.appeal_ruled(case_id="c2", when="06-21 13:00"))
        found(memory, "c3", "counterfeit", "06-22", 60_00)
        assert ([minor for _, minor in fakes(memory)], memory.refused) == (minors, [])


@pytest.mark.parametrize(("first", "minors"), [("counterfeit", [3_000_00, 0, 0]), ("unsafe_food", [10_000_00, 0, 0])])
def test_money_alone_takes_no_unit_so_no_unit_brings_its_multiple_twice_r4_9_r1_4(first: str, minors: list[int]) -> None:
    """Some money back for one unit that was ruled to be a fake, and later all of it: it was bought once."""
    memory = shop(paid(line(1, 1, 1_000_00, category="food")), life.delivered(1))
    for case_id, day in (("c1", "06-17"), ("c2", "06-20")):
        found(memory, case_id, first, day, 10_00, kind="refund_only", ground="quality", amount_minor=10_00)
    claim = life.requested("c3", quantity=1, kind="claim", ground="counterfeit", when="06-23 10:00")
    memory.when(claim, life.accepted("c3", when="06-23 11:00"), life.done("c3", 980_00, when="06-23 11:01"))
    awarded = [case.awarded[0] if case.awarded else 0 for case in purchase_of(memory).cases.values()]
    assert (awarded, memory.refused) == (minors, [])


def test_a_case_stored_before_its_multiple_was_kept_stands_by_itself_r4_9() -> None:
    memory = shop(paid(line(1, 2, 20_00)), life.delivered(1))
    admitted(memory, "c1")
    kept = purchase_of(memory)
    for case, minors in ((kept.cases["c1"], []), (replace(kept.cases["c1"], awarded=None), [500_00])):
        now = replace(kept, cases={"c1": case, "c2": replace(case, id="c2")})
        told = [one for one in beside(now, "c2", AT) if isinstance(one, CompensationGranted)]
        assert [one.amount_minor for one in told] == minors


def carded(*news: Message) -> Memory:
    """An order that came with a card, of which the refund service hears after the claim was opened, and before the money is there."""
    bought = line(1, 1, 100_00).model_copy(update={"tags": TAGS})
    order = paid(bought).model_copy(update={"trust_card_id": "card1", "placed_at": b.at("06-10 11:00")})
    claim = life.requested(quantity=1, kind="claim", ground="counterfeit")
    return shop(order, life.delivered(1), claim, *news, life.accepted(), life.done())


def test_a_card_that_is_told_of_after_the_claim_counts_as_it_was_at_placement_r4_1_r4_7_r4_9() -> None:
    for news, owed_minor, known in (
        ((), ("statutory", 500_00), None),
        ((granted(),), ("authentic", 900_00), True),
        ((granted(), revoked(when="06-15 10:00")), ("authentic", 900_00), True),
        ((granted(), revoked(when="06-09 10:00")), ("statutory", 500_00), False),
        ((granted(when="06-10 11:00:01"),), ("statutory", 500_00), False),
        ((granted(buyer_id="b2"),), ("statutory", 500_00), False),
    ):
        memory = carded(*news)
        assert (fakes(memory), purchase_of(memory).cases["c1"].card) == ([owed_minor], known)
        (closed,) = [fact for fact in memory.facts if isinstance(fact, CaseClosed)]
        assert closed.card is known


def test_the_way_back_is_paid_by_a_card_that_is_told_of_after_the_claim_r4_7() -> None:
    bought = line().model_copy(update={"tags": TAGS})
    order = paid(bought).model_copy(update={"trust_card_id": "card1", "placed_at": b.at("06-10 11:00")})
    back = life.posted().model_copy(update={"freight_minor": 12_00})
    for news, minors in (((), []), ((granted(),), [12_00])):
        memory = shop(order, life.delivered(1), life.requested(), life.accepted(), back, life.confirmed(), *news, life.done())
        assert [fact.amount_minor for fact in memory.facts if isinstance(fact, CompensationGranted)] == minors


@pytest.mark.parametrize("arrives", [True, False], ids=["signed for", "presumed"])
def test_of_an_exchange_too_whoever_says_that_it_arrived_r4_7_r4_10(arrives: bool) -> None:
    bought = line().model_copy(update={"tags": TAGS})
    order = paid(bought).model_copy(update={"trust_card_id": "card1", "placed_at": b.at("06-10 11:00")})
    back = life.posted().model_copy(update={"freight_minor": 12_00})
    sending = (life.delivered(1), life.requested(kind="exchange"), life.accepted(), back, life.confirmed(), a.replaced())
    for news, minors, known in (((), [], None), ((granted(),), [12_00], True), ((granted(when="06-10 11:00:01"),), [], False)):
        memory = shop(order, *sending, *news)
        if arrives:
            memory.when(a.arrived().model_copy(update={"trust_card_id": "card1"}))
        memory.advance(b.at("08-01 00:00"))
        assert [fact.amount_minor for fact in memory.facts if isinstance(fact, CompensationGranted)] == minors
        (closed,) = [fact for fact in memory.facts if isinstance(fact, CaseClosed)]
        assert (closed.outcome, closed.card, memory.refused) == ("exchanged", known, [])


def test_of_a_purchase_stored_without_its_placement_nothing_is_known_of_a_card_r4_1_r4_7() -> None:
    card = shop(granted()).entity(CARD, CARD_ID)
    bought = purchase_of(shop(paid(line()).model_copy(update={"placed_at": b.at("06-10 11:00")})))
    assert [card_valid(one, card) for one in (bought, replace(bought, placed_at=None))] == [True, None]


def test_what_was_known_of_a_card_when_the_buyer_applied_stays_r4_1() -> None:
    bought = line(1, 1, 100_00).model_copy(update={"tags": TAGS})
    order = paid(bought).model_copy(update={"trust_card_id": "card1", "placed_at": b.at("06-10 11:00")})
    claim = life.requested(quantity=1, kind="claim", ground="counterfeit")
    memory = shop(order, life.delivered(1), granted(), claim, revoked(when="06-09 10:00"), life.accepted(), life.done())
    assert fakes(memory) == [("authentic", 900_00)]
    (closed,) = [fact for fact in memory.facts if isinstance(fact, CaseClosed)]
    assert closed.card is None
