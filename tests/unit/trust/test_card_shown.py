"""`laotie standing buyer:ID` says why a trust card was taken back, and when there may be one again. Source: R4.7, R4.11."""

from __future__ import annotations

import json
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from deploy.cli.card import data, lines
from services.trust.model import HOLDER, PERSON, SCORE
from shared.contracts.card import CardGranted
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from shared.messaging.shape import Kind
from tests.unit import builders as b
from tests.unit.trust.test_person_abuse import abused, claimed, fallen, joined, told


def shown(memory: Memory, buyer: str = "b1", when: str = "06-20 10:00") -> dict[str, Any]:
    def row(kind: Kind[Any, Any], key: str) -> dict[str, Any]:
        found = memory.entity(kind, key)
        return json.loads(kind.dump(found)) if found is not None else {}

    holder, subject, now = row(HOLDER, f"buyer:{buyer}"), f"buyer:{buyer}", b.at(when)
    return data(subject, holder, row(PERSON, holder.get("cluster") or buyer), row(SCORE, subject), b.POLICIES.at(now), now)


def printed(memory: Memory, buyer: str = "b1", when: str = "06-20 10:00") -> list[str]:
    return list(lines(shown(memory, buyer, when), ZoneInfo(b.ZONE)))


def test_who_holds_a_card_reads_since_when() -> None:
    memory = told(claimed("b1", "06-02 10:00"))
    assert printed(memory)[0].endswith("since 2026-06-02 10:00:00, times in Asia/Shanghai [R4.7]")


def test_whose_card_was_revoked_reads_why_and_until_when_r4_7() -> None:
    assert printed(told(claimed("b1", "06-02 10:00"), abused("b1"))) == [
        "buyer:b1: no trust card, times in Asia/Shanghai [R4.7]",
        "2026-06-10 10:00:00  the parcel that came back was swapped: case c1 of order o1; no card until 2026-09-08 10:00:00",
        "score 800, a card takes 700",
    ]


def test_another_account_reads_that_it_was_not_its_own_doing_r4_7() -> None:
    told_of = printed(told(joined("b1"), joined("a0"), abused("b1")), "a0")
    assert told_of[1].endswith("case c1 of order o1, by another account of the same person, b1; no card until 2026-09-08 10:00:00")


def test_a_verdict_that_fell_is_gone_and_a_card_may_be_claimed_r4_11() -> None:
    assert printed(told(abused("b1"), fallen("b1")))[0] == "buyer:b1: no trust card, may claim one now, times in Asia/Shanghai [R4.7]"


@pytest.mark.parametrize("when", ["06-20 10:00", "09-08 09:59:59", "09-08 10:00"])
@pytest.mark.parametrize(
    "before",
    [
        (),
        (abused("b1"),),
        (abused("b1"), fallen("b1")),
        (joined("b1"), joined("a0"), abused("a0")),
        (joined("b1"), joined("a0"), claimed("a0", "06-02 10:00")),
        (claimed("b1", "06-02 10:00"),),
    ],
)
def test_it_says_what_a_claim_would_be_answered(before: tuple[Message, ...], when: str) -> None:
    memory = told(*before)
    expected = shown(memory, when=when)["may_claim"]
    granted = [fact for fact in memory.send(claimed("b1", when, "now")) if isinstance(fact, CardGranted)]
    assert bool(granted) is expected
