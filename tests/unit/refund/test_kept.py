"""What a purchase keeps of its certificate, and how short both are. Source: R4.1."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.verify.verdicts import guarantee
from services.refund import rules
from services.refund.handlers import SERVICE
from services.refund.model import PURCHASE
from shared.contracts.certificate import CertificateIssued, recomputed
from shared.contracts.types import Category, Line, LineKind
from shared.messaging.memory import Memory
from tests.unit import builders as b
from tests.unit.builders import CASE, ORDER, POLICIES
from tests.unit.refund.life import SIGNED, accepted, case_of, line, paid, purchase_of, requested, shop
from tests.unit.refund.promised import OFFERED, bought

STORED = Path(__file__).parent / "stored"
CATEGORIES: tuple[Category, ...] = ("standard", "custom_made", "fresh", "digital", "food")
KINDS: tuple[LineKind, ...] = ("goods", "virtual", "freight")


@st.composite
def lines(draw: st.DrawFn) -> list[Line]:
    """Few prices and properties, so that some lines are alike; limits among the prices."""
    return [
        line(
            number, draw(st.integers(1, 3)), draw(st.sampled_from((0, 1, 99_99, 100_00, 500_00, 200_00))), draw(st.sampled_from(CATEGORIES))
        ).model_copy(
            update={
                "kind": draw(st.sampled_from(KINDS)),
                "tags": draw(st.sampled_from(((), OFFERED))),
                "without_return_cap_minor": draw(st.sampled_from((None, 100_00))),
                "no_reason_waived": draw(st.booleans()),
            }
        )
        for number in range(1, draw(st.integers(1, 6)) + 1)
    ]


@settings(max_examples=80, deadline=None)
@given(lines(), st.sampled_from((None, "card1")))
def test_what_is_said_once_for_several_lines_is_what_the_rules_say_of_each_r4_1(found: list[Line], card: str | None) -> None:
    of = bought(card)
    whole = rules.promises(tuple(found), of, b.POLICY.refund)
    issued = issued_for(tuple(found)).model_copy(update={"guarantees": whole})
    alone = {(one.line_no, rule.name): rule.promise(one, of, b.POLICY.refund) for one in found for rule in rules.CATALOGUE}
    told = list(issued.each())
    assert {(one.line_no, one.guarantee): one for one in told} == alone
    assert len(told) == len(alone)


@settings(max_examples=30, deadline=None)
@given(lines())
def test_a_purchase_knows_each_promise_as_its_certificate_has_it_after_it_was_stored_too_r4_1(found: list[Line]) -> None:
    memory = shop(paid(*found))
    kept = PURCHASE.parse(PURCHASE.dump(purchase_of(memory)))
    assert kept == purchase_of(memory)
    issued = issued_for(tuple(found))
    told = {(one.line_no, one.guarantee): one for one in issued.each()}
    assert {(line_no, name): kept.promise(line_no, name) for line_no, name in told} == told
    assert kept.promise(1, "a guarantee of tomorrow") is None


def test_two_hundred_lines_alike_have_a_short_certificate_and_a_short_purchase_r4_1() -> None:
    """Every fact has to fit into a message, and every event of the order loads the purchase."""
    memory = shop(paid(*(line(number, 1, 10_000 + number) for number in range(1, 201))))
    (issued,) = (fact for fact in memory.facts if isinstance(fact, CertificateIssued))
    assert (len(list(issued.each())), len(issued.guarantees)) == (200 * len(rules.CATALOGUE), len(rules.CATALOGUE))
    assert len(issued.to_json()) < 50_000
    assert len(PURCHASE.dump(purchase_of(memory))) < 100_000
    value = json.loads(issued.to_json())
    assert recomputed(value) == issued.terms_sha256


def issued_for(found: tuple[Line, ...]) -> CertificateIssued:
    return next(fact for fact in shop(paid(*found)).facts if isinstance(fact, CertificateIssued))


def test_verify_finds_for_each_line_what_is_said_once_r4_1() -> None:
    issued = issued_for((line(1, 1, 90_48), line(2, 1, 99_52)))
    assert len(issued.guarantees) == len(rules.CATALOGUE)
    found = [guarantee(issued, line_no, "no_reason", "return_and_refund") for line_no in (1, 2, 3)]
    assert [(one.line_no, one.cap_minor) if one else None for one in found] == [(1, 90_48), (2, 99_52), None]


# from before


def stored(change: dict[str, Any] | None = None) -> Memory:
    """A purchase with an open case, as it was stored when each line kept its own promises."""
    body = json.loads((STORED / "purchase_0001.json").read_text(encoding="utf-8"))
    body["lines"]["1"] |= change or {}
    memory = Memory(SERVICE, POLICIES)
    memory.entities[(PURCHASE.name, ORDER)] = (3, PURCHASE.parse(json.dumps(body)))
    return memory


def test_a_purchase_that_was_stored_before_lives_on_r4_1() -> None:
    memory = stored()
    memory.when(accepted())
    assert (case_of(memory).state, memory.refused) == (30, [])
    assert purchase_of(memory).promise(1, "no_reason") is not None


def test_a_guarantee_that_the_certificate_has_not_was_not_promised_r4_1() -> None:
    """It was issued before there was one of that name."""
    promises = json.loads((STORED / "purchase_0001.json").read_text(encoding="utf-8"))["lines"]["1"]["promises"]
    memory = stored({"open_case": None, "promises": [one for one in promises if one["guarantee"] != "quality"]})
    memory.when(requested("c2", quantity=1, kind="refund_only", ground="quality"))
    assert memory.refused == [("refund.requested", "claim.not_promised")]


@pytest.mark.parametrize(("days", "refused"), [(7, []), (3, ["no_reason.window_over"])])
def test_it_is_judged_by_the_promises_that_were_stored_with_it_r4_1(days: int, refused: list[str]) -> None:
    promises = json.loads((STORED / "purchase_0001.json").read_text(encoding="utf-8"))["lines"]["1"]["promises"]
    promises[0]["days"] = days
    memory = stored({"open_case": None, "promises": promises})
    memory.when(requested("c2", quantity=1, when="06-21 10:00"))
    assert [code for _, code in memory.refused] == refused


def test_a_certificate_that_says_everything_line_by_line_folds_to_the_same_promises_r4_1() -> None:
    facts = shop(paid(line(1), line(2)), *SIGNED[1:]).facts
    (issued,) = (fact for fact in facts if isinstance(fact, CertificateIssued))
    each = tuple(sorted(issued.each(), key=lambda one: one.line_no))
    old = issued.model_copy(update={"guarantees": each})
    memory = Memory(SERVICE, POLICIES).given(*(old if fact is issued else fact for fact in facts))
    memory.when(requested(quantity=1), requested("c2", line_no=2))
    assert (case_of(memory, CASE).state, memory.refused) == (10, [])
    assert [held.reason for held in memory.held(ORDER)] == ["case.before_signing"]
    told = {(one.line_no, one.guarantee): one for one in each}
    assert {(line_no, name): purchase_of(memory).promise(line_no, name) for line_no, name in told} == told
