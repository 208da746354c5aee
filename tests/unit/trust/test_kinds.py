"""Every kind of evidence, from the fact that gives it to the score that it makes. Source: R5.1, R5.3-R5.5."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from services.trust.model import ITEM
from shared.contracts.trust import EvidenceFound, EvidenceVoided
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from shared.policy import Policies
from tests.unit import builders as b
from tests.unit.trust.facts import appealed, charged_back, closed, late, ruled, sham
from tests.unit.trust.market import ago, changes, completed, parties, score_of, shipped, trust

CASE = "o1/c1"


def found(memory: Memory) -> list[tuple[str, int, tuple[str, ...]]]:
    return [(fact.evidence_id, fact.weight, fact.dimensions) for fact in memory.facts if isinstance(fact, EvidenceFound)]


def tombs(memory: Memory) -> set[str]:
    return {fact.evidence_id for fact in memory.facts if isinstance(fact, EvidenceVoided)}


def item(subject: str, kind: str, fact: str, weight: int, dimension: str) -> tuple[str, int, tuple[str, ...]]:
    return (f"{subject}/{kind}/{fact}", weight, (dimension,))


SELLER, BUYER = "seller:s1", "buyer:b1"
QUALITY: dict[str, Any] = {"ground": "quality", "seller_at_fault": True, "fault": "seller"}
ANSWERED: dict[str, Any] = {"answer": "seller", "answered_at": ago(3)}
LOST = [item(SELLER, "dispute_lost", CASE, -3, "after_sales")]


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (late(), [item(SELLER, "late", "o1/48", -2, "logistics")]),
        (late(amount_minor=0), [item(SELLER, "late", "o1/48", -2, "logistics")]),
        (sham(), [item(SELLER, "sham", "o1/w1", -5, "logistics")]),
        (closed(), []),
        (closed(**QUALITY), [item(SELLER, "quality_refund", CASE, -3, "goods")]),
        (closed(**{**QUALITY, "ground": "damaged"}), [item(SELLER, "quality_refund", CASE, -3, "goods")]),
        (closed(**{**QUALITY, "ground": "wrong_item"}), [item(SELLER, "quality_refund", CASE, -3, "goods")]),
        (closed(**{**QUALITY, "ground": "not_received"}), []),
        (closed(**{**QUALITY, "ground": "counterfeit", "finding": "counterfeit"}), []),
        (closed(**{**QUALITY, "ground": "counterfeit", "finding": "unsafe_food"}), [item(SELLER, "quality_refund", CASE, -3, "goods")]),
        (closed(**ANSWERED), [item(SELLER, "answered", CASE, 1, "after_sales")]),
        (closed(answer="silence", answered_at=ago(2)), [item(SELLER, "timed_out", CASE, -1, "after_sales")]),
        (closed(answer="promise", answered_at=ago(2)), []),
        (closed(answer="seller"), []),  # an old fact, or told at its first end
        (closed(seller_id=None, **ANSWERED), []),
        (ruled(), LOST),
        (ruled(by="default", ruling_id=None), [item(SELLER, "dispute_lost", CASE, -3, "after_sales")]),
        (ruled(finding="counterfeit"), [item(SELLER, "counterfeit", CASE, -10, "goods")]),
        (ruled(upheld=False), [item(BUYER, "dispute_lost", CASE, -3, "disputes")]),
        (ruled(upheld=False, finding="false_claim"), [item(BUYER, "false_claim", CASE, -4, "after_sales")]),
        (ruled(upheld=False, finding="swapped_parcel"), [item(BUYER, "swapped_parcel", CASE, -10, "after_sales")]),
        (ruled(finding="swapped_parcel"), [*LOST, item(BUYER, "swapped_parcel", CASE, -10, "after_sales")]),
        (ruled(finding="false_claim"), [*LOST, item(BUYER, "false_claim", CASE, -4, "after_sales")]),
        (ruled(upheld=False, finding="counterfeit"), [item(BUYER, "dispute_lost", CASE, -3, "disputes")]),
        (ruled(appeal_until=None), []),  # about a refund that the provider failed
        (ruled(seller_id=None, buyer_id=None), []),  # from before they were told
        (appealed(won=False), []),
        (appealed(), [item(BUYER, "dispute_lost", CASE, -3, "disputes")]),
        (appealed(finding="false_claim"), [item(BUYER, "false_claim", CASE, -4, "after_sales")]),
        (appealed(side="buyer", finding="counterfeit"), [item(SELLER, "counterfeit", CASE, -10, "goods")]),
        (appealed(side="buyer"), LOST),
        (appealed(side="buyer", finding="false_claim"), [*LOST, item(BUYER, "false_claim", CASE, -4, "after_sales")]),
        (charged_back(), [item(BUYER, "chargeback_lost", "o1/cb1", -6, "fulfilment")]),
        (charged_back(outcome="lost"), []),
        (charged_back(buyer_id=None), []),
        (charged_back(lines=()), [item(BUYER, "chargeback_lost", "o1/cb1", -6, "fulfilment")]),
    ],
)
def test_each_fact_says_what_r5_5_makes_of_it(event: Message, expected: list[tuple[str, int, tuple[str, ...]]]) -> None:
    assert found(trust(event)) == expected


def test_a_case_on_an_attributed_line_is_the_promoters_too_r5_4() -> None:
    memory = trust(closed(promoter_id="k1", **QUALITY, **ANSWERED), ruled(promoter_id="k1"))
    mine = {(name, weight, dimensions) for name, weight, dimensions in found(memory) if name.startswith("promoter:k1")}
    assert mine == {
        item("promoter:k1", "quality_refund", CASE, -3, "goods"),
        item("promoter:k1", "answered", CASE, 1, "service"),
        item("promoter:k1", "dispute_lost", CASE, -3, "service"),
    }


def test_a_line_of_goods_is_completed_by_its_three_parties_and_freight_by_nobody_r5_4_r5_5() -> None:
    freight = parties(2).model_copy(update={"kind": "freight"})
    attributed = parties().model_copy(update={"promoter_id": "k1"})
    expected = [
        ("seller:s1/completed/o1/1", "b1", ("goods",)),
        ("buyer:b1/completed/o1/1", "s1", ("fulfilment", "after_sales")),
        ("promoter:k1/completed/o1/1", "b1", ("goods",)),
    ]
    facts = [fact for fact in trust(completed("o1", attributed, freight)).facts if isinstance(fact, EvidenceFound)]
    assert [(fact.evidence_id, fact.counterparty, fact.dimensions) for fact in facts] == expected
    assert trust(completed("o1", freight)).facts == []


def test_what_was_refunded_in_full_by_nobodys_fault_was_completed_by_none_of_the_three_r5_1() -> None:
    """R5.4: the promoter of the line was said to have sold it."""
    attributed = parties().model_copy(update={"promoter_id": "k1"})
    memory = trust(completed("o1", attributed), closed(promoter_id="k1"))
    assert tombs(memory) == {f"{subject}/completed/o1/1" for subject in (SELLER, BUYER, "promoter:k1")}
    assert {score_of(memory, subject).items for subject in (SELLER, BUYER, "promoter:k1")} == {0}
    assert tombs(trust(closed(promoter_id="k1", line_refunded=False))) == tombs(trust(closed(promoter_id="k1", fault="seller"))) == set()


def test_evidence_is_of_the_acts_day_a_silences_deadline_or_the_rulings_r5_1() -> None:
    memory = trust(
        closed(when=ago(0), case_id="c1", answer="seller", answered_at=ago(5), ruled_at=ago(2), **QUALITY),
        closed(when=ago(0), case_id="c2", answer="silence", answered_at=ago(4)),
    )
    days = {name: memory.entity(ITEM, f"seller:s1/{name}").day for name in ("answered/o1/c1", "quality_refund/o1/c1", "timed_out/o1/c2")}
    assert days == {"answered/o1/c1": "2026-06-11", "quality_refund/o1/c1": "2026-06-14", "timed_out/o1/c2": "2026-06-12"}


@pytest.mark.parametrize("days", [0, 1, 2, 3])
def test_what_an_act_weighs_is_what_the_policy_of_its_own_moment_says_r1_2_r5_1(days: int) -> None:
    """The other one begins so many days ago: an answer of three, a ruling of two days ago, told today."""
    kinds = b.POLICY.trust.evidence
    heavier = {name: one.model_copy(update={"weight": one.weight * 2}) for name, one in kinds.items()}
    other = {"version": "2", "effective_from": ago(days), "trust": b.POLICY.trust.model_copy(update={"evidence": heavier})}
    memory = trust(closed(**ANSWERED, ruled_at=ago(2), **QUALITY), policies=Policies([b.POLICY, b.POLICY.model_copy(update=other)]))
    told = {fact.kind: (fact.weight, fact.policy_version) for fact in memory.facts if isinstance(fact, EvidenceFound)}
    assert told == {"answered": (2, "2") if days >= 3 else (1, "1"), "quality_refund": (-6, "2") if days >= 2 else (-3, "1")}


@pytest.mark.parametrize("order", list(permutations(range(2))))
def test_a_sham_parcel_was_not_in_time_whichever_is_told_first_r5_1(order: tuple[int, ...]) -> None:
    events = (shipped("o1", parties()), sham())
    last = changes(trust(*(events[place] for place in order)))[-1]
    logistics = next(row for row in last.dimensions if row.dimension == "logistics")
    assert (logistics.positive, logistics.negative, last.items) == (0, 5_000_000, 1)


@pytest.mark.parametrize("order", list(permutations(range(2))))
def test_a_full_refund_without_fault_leaves_nothing_completed_for_either_side_r5_1(order: tuple[int, ...]) -> None:
    events = (completed("o1"), closed())
    memory = trust(*(events[place] for place in order))
    assert [(changes(memory, subject)[-1].score, changes(memory, subject)[-1].items) for subject in (SELLER, BUYER)] == [(800, 0)] * 2


@pytest.mark.parametrize("fields", [{"line_refunded": False}, {"fault": "buyer"}, QUALITY])
def test_a_refund_of_a_part_or_with_a_fault_leaves_what_was_completed_r5_1(fields: dict[str, Any]) -> None:
    assert tombs(trust(closed(**fields))) == set()


def test_ten_legal_returns_leave_a_buyer_at_800_and_one_false_claim_at_709_r5_5() -> None:
    """The checks at the end of R5."""
    returns = [event for n in range(10) for event in (completed(f"o{n}"), closed(order_id=f"o{n}", **ANSWERED))]
    memory = trust(*returns)
    assert changes(memory, BUYER)[-1].score == 800
    claim = trust(*returns, ruled(order_id="o99", upheld=False, finding="false_claim"))
    assert changes(claim, BUYER)[-1].score == 709


def test_one_upheld_counterfeit_is_399_and_no_dispute_lost_r5_3_r5_1() -> None:
    memory = trust(ruled(finding="counterfeit"))
    last = changes(memory)[-1]
    assert (last.score, last.ceiling, [row.negative for row in last.dimensions]) == (399, 399, [10_000_000, 0, 0, 0])


@pytest.mark.parametrize("order", list(permutations(range(2))))
@pytest.mark.parametrize("findings", [("none", "counterfeit"), ("counterfeit", "none"), ("unsafe_food", "counterfeit")])
def test_a_counterfeit_stands_in_place_of_each_dispute_lost_of_its_case_r5_1(findings: tuple[str, str], order: tuple[int, ...]) -> None:
    first, second = findings
    events = ruled(finding=first), ruled(ruling_id="r3", finding=second, found_before=first)
    last = changes(trust(*(events[place] for place in order)))[-1]
    assert (last.items, [row.negative for row in last.dimensions]) == (1, [10_000_000, 0, 0, 0])


def test_a_won_appeal_takes_back_what_the_ruling_said_and_its_ceiling_r4_11() -> None:
    memory = trust(ruled(finding="counterfeit"), appealed())
    last = changes(memory)[-1]
    assert (last.score, last.ceiling, last.items) == (800, None, 0)


def test_an_appeal_that_the_seller_won_takes_back_the_refund_for_the_goods_sake_r4_11_r5_1() -> None:
    memory = trust(ruled(promoter_id="k1"), closed(promoter_id="k1", **QUALITY), appealed(promoter_id="k1"))
    ends = [changes(memory, subject)[-1] for subject in (SELLER, "promoter:k1")]
    assert [(last.score, last.items) for last in ends] == [(800, 0)] * 2


@pytest.mark.parametrize("finding", ["none", "false_claim", "swapped_parcel"])
def test_an_appeal_that_the_buyer_won_takes_back_what_the_ruling_said_of_it_r4_11_r5_1(finding: str) -> None:
    memory = trust(ruled(upheld=False, finding=finding), appealed(side="buyer"))
    last = changes(memory, BUYER)[-1]
    assert (last.score, last.ceiling, last.items) == (800, None, 0)


def test_a_swapped_parcel_caps_a_buyer_whose_claim_was_upheld_for_the_rest_r5_3_r5_5() -> None:
    memory = trust(ruled(finding="swapped_parcel", quantity=2))
    last = changes(memory, BUYER)[-1]
    assert (last.score, last.ceiling, [row.negative for row in last.dimensions]) == (399, 399, [0, 10_000_000, 0])


@pytest.mark.parametrize(("again", "shown"), [("none", 800), ("swapped_parcel", 399), ("false_claim", 709)])
@pytest.mark.parametrize("upheld", [False, True])
def test_what_a_ruling_found_of_the_buyer_falls_with_it_unless_found_again_r4_11(upheld: bool, again: str, shown: int) -> None:
    """Whoever won the appeal. Where it finds nothing, a buyer that lost it has lost the dispute."""
    side = "seller" if upheld else "buyer"
    memory = trust(ruled(upheld=upheld, finding="swapped_parcel"), appealed(side=side, finding=again))
    assert changes(memory, BUYER)[-1].score == (763 if upheld and again == "none" else shown)


def test_an_appeal_that_overtakes_its_ruling_silences_it_r5_1() -> None:
    straight, inverted = trust(ruled(), appealed(when=ago(0))), trust(appealed(when=ago(0)), ruled())
    ends = [changes(memory)[-1].model_dump(exclude={"occurred_at", "added"}) for memory in (straight, inverted)]
    assert ends[0] == ends[1]
    assert (ends[0]["score"], ends[0]["items"]) == (800, 0)


def test_a_case_that_is_closed_again_after_an_appeal_says_its_answer_once() -> None:
    memory = trust(closed(state=70, outcome="rejected", line_refunded=False, **ANSWERED), closed(answer="seller"))
    assert memory.refused == []


def test_a_second_tombstone_changes_nothing() -> None:
    memory = trust(sham(), sham())
    assert [code for _, code in memory.refused] == ["evidence.known", "evidence.void_known"]
    assert len(changes(memory)) == 2
