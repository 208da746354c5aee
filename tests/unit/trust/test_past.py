"""A score at a past point, from the topics, in the bytes in which it was told then. Source: R5.6, R5.1."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import click
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.cli import trust as command
from deploy.cli.clock import Then
from deploy.cli.errors import Failed
from shared.contracts.trust import EvidenceFound, EvidenceVoided, ScoreChanged, TierChanged
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from shared.policy import Policies
from shared.policy.checks import GOOD
from tests.unit.builders import POLICIES
from tests.unit.trust.asked import told
from tests.unit.trust.market import TODAY, ago, completed, evidence, noon, parties, score_of, shipped, trust, voided
from tests.unit.trust.test_voids import market

Found = EvidenceFound | EvidenceVoided


def topic_of(memory: Memory, subject: str) -> list[Found]:
    return [fact for fact in memory.facts if isinstance(fact, Found) and fact.subject_id == subject]


def data(subject: str, found: list[Found], then: date | datetime | None, policies: Policies = POLICIES) -> str:
    return json.dumps(command.score_data(command.told(subject, found, then, policies)), separators=(",", ":"))


def as_told(memory: Memory, upto: datetime, subject: str) -> str:
    """The last score.changed by then, and the tier that stood."""
    facts = [fact for fact in memory.facts if fact.occurred_at <= upto and getattr(fact, "subject_id", "") == subject]
    score = next(fact for fact in reversed(facts) if isinstance(fact, ScoreChanged))
    tier = next((fact.tier for fact in reversed(facts) if isinstance(fact, TierChanged)), "new")
    names = ("subject_id", "score", "new", "items", "as_of", "dimensions", "rule_version", "ceiling")
    whole: dict[str, Any] = json.loads(score.to_json())
    return json.dumps({**{name: whole[name] for name in names}, "tier": tier}, separators=(",", ":"))


def life() -> Memory:
    """Three weeks of a seller: a parcel a day, and a line completed on some."""
    days = [[shipped(f"o{n}", parties(), buyer=f"b{n}", when=ago(20 - n)), completed(f"z{n}", when=ago(20 - n))] for n in range(21)]
    return trust(*(event for n, day in enumerate(days) for event in (day if n % 4 == 1 else day[:1])))


@pytest.mark.parametrize("back", range(21))
def test_on_each_past_day_it_is_what_was_told_that_day(back: int) -> None:
    memory = life()
    when = noon(TODAY - timedelta(days=back))
    for then in (when.date(), when):
        assert data("seller:s1", topic_of(memory, "seller:s1"), then) == as_told(memory, when, "seller:s1")


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(("seller", "promoter", "buyer")), st.integers(0, 10**6), st.integers(1, 30), st.data())
def test_up_to_each_offset_it_is_what_was_told_of_the_last_record_before_it(role: str, seed: int, size: int, data_: st.DataObject) -> None:
    """R5.1: in whatever order it came."""
    events = data_.draw(st.permutations(market(role, Random(seed), size)))
    memory = Memory(trust().service, POLICIES)
    for count, event in enumerate(events, 1):
        memory.send(event)
        found = [one for one in events[:count] if isinstance(one, Found)]
        assert data(f"{role}:x", found, None) == as_told(memory, datetime.max.replace(tzinfo=UTC), f"{role}:x")


def test_the_explanation_that_was_asked_for_is_the_one_that_the_command_prints() -> None:
    memory = life()
    found = topic_of(memory, "seller:s1")
    answer = told(memory, "seller:s1", noon(TODAY + timedelta(days=4)))
    assert command.told("seller:s1", found, noon(TODAY + timedelta(days=4)), POLICIES).model_dump_json() == answer.model_dump_json()
    assert command.told("seller:s1", found, TODAY + timedelta(days=4), POLICIES).model_dump_json() == answer.model_dump_json()


def test_a_past_day_is_judged_by_the_policy_of_then_r9_1() -> None:
    old = POLICIES.versions[0]
    roles = {**old.trust.roles, "seller": old.trust.roles["seller"].model_copy(update={"half_life_days": 30})}
    new = old.model_copy(update={"version": "2", "effective_from": ago(10), "trust": old.trust.model_copy(update={"roles": roles})})
    policies = Policies([old, new])
    found: list[Found] = [evidence("e1", when=ago(100))]
    assert json.loads(data("seller:s1", found, TODAY - timedelta(days=11), policies))["rule_version"] == "1"
    then, now = (json.loads(data("seller:s1", found, TODAY - timedelta(days=back), policies)) for back in (11, 10))
    assert (now["rule_version"], then["dimensions"][0]["positive"], now["dimensions"][0]["positive"]) == ("2", 503_865, 125_000)


def test_a_tombstone_of_a_later_day_has_not_struck_yet() -> None:
    found: list[Found] = [evidence("e1", when=ago(9)), voided("e1", when=ago(2))]
    items = [json.loads(data("seller:s1", found, TODAY - timedelta(days=back)))["items"] for back in (9, 3, 2, 0)]
    assert items == [1, 1, 0, 0]


def test_a_day_to_come_is_what_time_alone_makes_of_it() -> None:
    found: list[Found] = [evidence("e1")]
    assert json.loads(data("seller:s1", found, TODAY + timedelta(days=90)))["dimensions"][0]["positive"] == 500_000


def test_a_past_day_is_meant_to_its_end_wherever_the_shop_is_r1_2() -> None:
    """Of the next local day nothing counts, east of the date line neither."""
    policies = Policies([POLICIES.versions[0].model_copy(update={"zone": "Pacific/Kiritimati"})])
    evening = datetime(2026, 6, 16, 9, 59, 59, tzinfo=UTC)  # 23:59:59 there
    found = [evidence(name, when=when).model_copy(update={"zone": "Pacific/Kiritimati"}) for name, when in
             (("e1", evening), ("e2", evening + timedelta(seconds=1)))]  # fmt: skip
    assert command.told("seller:s1", found, date(2026, 6, 16), policies).items == 1
    assert command.past_of(found, date(2026, 6, 16), policies).at == evening + timedelta(microseconds=999_999)


def test_an_item_of_what_was_tomorrow_when_a_policy_moved_the_days_west_counts_r1_2_r5_1() -> None:
    """00:30 of the 17th on Kiritimati; half an hour later days are Pago Pago's, where it is the 15th or 16th."""
    east, west = (POLICIES.versions[0].model_copy(update={"zone": f"Pacific/{place}"}) for place in ("Kiritimati", "Pago_Pago"))
    when = datetime(2026, 6, 16, 10, 30, tzinfo=UTC)
    moved = west.model_copy(update={"version": "2", "effective_from": when + timedelta(minutes=30)})
    memory = trust(shipped("o1", parties(), when=when), policies=Policies([east, moved]))
    found = topic_of(memory, "seller:s1")
    after = when + timedelta(hours=1)
    said = json.loads(data("seller:s1", found, after, Policies([east, moved])))
    assert (said["items"], said["as_of"], score_of(memory).as_of) == (1, "2026-06-17", "2026-06-17")


def test_before_its_first_evidence_nothing_is_known() -> None:
    with pytest.raises(Failed, match="nothing is known of seller:s1 at 2026-06-14"):
        command.told("seller:s1", [evidence("e1")], TODAY - timedelta(days=2), POLICIES)


@pytest.mark.parametrize("text", ["s1", "shop:s1", "seller:", "seller:a b", "seller:" + "x" * 65, ""])
def test_a_malformed_subject_is_wrong_usage(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is no subject like"):
        command.Subject().convert(text, None, None)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("yesterday", "is no day"),
        ("2026-13-01", "is no day"),
        ("2026-06-01T10:00:00", "has no zone"),
        ("9999-12-31", "at the edge of the calendar"),
        ("0001-01-01T00:00:00+08:00", "at the edge of the calendar"),
    ],
)
def test_a_malformed_time_is_wrong_usage(text: str, why: str) -> None:
    with pytest.raises(click.BadParameter, match=why):
        Then().convert(text, None, None)


def test_each_good_deed_that_lifts_a_score_has_its_words_r5_6() -> None:
    assert command.DEEDS.keys() == set(GOOD)


def test_people_read_what_it_is_made_of() -> None:
    events: list[Message] = [shipped(f"o{n}", parties(), buyer="b1") for n in range(8)]
    text = "\n".join(command.lines(told(trust(*events), "seller:s1")))
    assert "seller:s1: 813 (new: not shown yet), tier new, 8 items, as of 2026-06-16, policy 1" in text
    assert "5.000000 good       0.000000 bad   20 %  logistics  (3.000000 more beyond the cap a counterparty)" in text
    assert "+0  (+0.000000; 813 without it)  a parcel was shipped in time: order o0, parcel w1" in text
    assert text.endswith("shown after 2 lines completed, each with somebody new")
