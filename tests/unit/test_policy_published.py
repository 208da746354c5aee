"""Which documents on policy.v1 count: a function of the topic's records in order. Source: R9.1, R2.8."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.local import policies as published
from deploy.local.policies import Heard, Reading
from deploy.local.process import StackError
from deploy.local.stack import Stack
from shared.contracts.policy import PolicyPublished
from shared.errors import CATALOGUE
from shared.messaging.envelope import AHEAD_MAX
from shared.messaging.record import Record, Unreadable
from shared.messaging.versions import Kept, keep
from shared.policy import Policies
from shared.policy.document import Policy
from shared.policy.policies import configured
from shared.policy.published import EPOCH, PublishedPolicies, digest, digest_of
from tests.unit.builders import POLICY

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
TEN = timedelta(minutes=10)
HEADERS = {"ce_specversion": "1.0", "ce_id": "p", "ce_source": "ops", "ce_type": "policy.published", "content-type": "application/json"}


def version(name: str, begins: datetime = NOON + TEN, **changes: Any) -> Policy:
    return POLICY.model_copy(update={"version": name, "effective_from": begins, **changes})


def body(policy: Policy, said: datetime = NOON, **more: Any) -> bytes:
    return json.dumps({"occurred_at": said.isoformat(), **policy.model_dump(mode="json"), **more}).encode()


def record(value: Policy | bytes, at: datetime = NOON, *, key: str = "", said: datetime | None = None, headers: Any = None) -> Record:
    """As the broker would show it: appended then. said: occurred_at, if it is another time."""
    name = key or (value.version if isinstance(value, Policy) else "x")
    data = value if isinstance(value, bytes) else body(value, said or at)
    pairs = tuple((header, text.encode()) for header, text in (HEADERS if headers is None else headers).items())
    return Record("policy.v1", 0, 0, name.encode(), data, pairs, (at - EPOCH) // timedelta(milliseconds=1))


def withdrawn(version: str, at: datetime = NOON, *, said: datetime | None = None, **more: Any) -> Record:
    value = json.dumps({"occurred_at": (said or at).isoformat(), "version": version, **more}).encode()
    return record(value, at, key=version, headers=HEADERS | {"ce_type": "policy.withdrawn"})


def became(*records: Record, manual: bool = False) -> list[str]:
    """Of each: the version that counts from then on, `-` and the one that does no more, `known`, or the code of the refusal."""
    kept, said = list[Kept](), list[str]()
    for offset, one in enumerate(records):
        found = PublishedPolicies().judge(replace(one, offset=offset), kept, manual=manual)
        if isinstance(found, Kept):
            keep(kept, found)
            said.append(found.version if found.withdrawn is None else f"-{found.version}")
        else:
            said.append(found.code if isinstance(found, Unreadable) else "known")
    return said


FIRST = record(POLICY)


def test_r9_1_the_first_version_is_in_force_from_the_beginning_and_exempt_from_the_lead() -> None:
    assert became(record(version("1", NOON + timedelta(days=1)))) == ["1"]
    kept = PublishedPolicies().judge(FIRST, (), manual=False)
    assert isinstance(kept, Kept)
    assert PublishedPolicies().policies([kept]).version_at(datetime(1999, 1, 1, tzinfo=UTC)) == "1"


def test_r9_1_a_first_version_that_says_it_begins_later_is_not_published(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slip of the pen (2062 for 2026) would count for good: what follows begins later still, and what is in force is not withdrawn."""
    monkeypatch.setattr(published, "read", lambda stack, principal: Reading([]))
    monkeypatch.setattr(published, "business_time", lambda stack: NOON)
    monkeypatch.setattr(published, "configured", lambda: Policies([version("1", NOON.replace(year=2062))]))
    with pytest.raises(StackError, match=r"^policy 1 would be the first version.*2062-06-01T12:00:00"):
        published.publish_configured(Stack())
    published.refuse_ahead(version("1", NOON), NOON, None)
    published.refuse_ahead(version("2", NOON + TEN), NOON, Policies([version("1", NOON)]))


def test_r2_8_a_later_version_begins_ten_minutes_after_its_publishing_at_the_earliest() -> None:
    assert became(FIRST, record(version("2", NOON + TEN - timedelta(microseconds=1)))) == ["1", "policy.too_soon"]
    assert became(FIRST, record(version("2", NOON + TEN))) == ["1", "2"]
    kept = PublishedPolicies().judge(FIRST, (), manual=False)
    assert isinstance(kept, Kept)
    found = PublishedPolicies().judge(record(version("2", NOON)), (kept,), manual=False)
    assert isinstance(found, Unreadable)
    assert found.detail.endswith(f"published {NOON.isoformat()}, not before {(NOON + TEN).isoformat()}")


def test_r2_8_its_publishing_is_when_the_broker_had_it_or_later_if_it_says_so() -> None:
    late = record(version("2"), NOON + timedelta(seconds=1), said=NOON - timedelta(days=1))
    assert became(FIRST, late) == ["1", "policy.too_soon"]
    assert became(FIRST, record(version("2"), NOON, said=NOON + timedelta(seconds=1))) == ["1", "policy.too_soon"]
    assert became(FIRST, late, manual=True) == ["1", "2"], "a manual clock's time is not the broker's"


def test_r9_1_the_lead_is_that_of_the_version_in_force_when_it_is_published() -> None:
    long = record(version("2", NOON + TEN, lead_minutes=60))
    hour = NOON + TEN + timedelta(minutes=60)
    assert became(FIRST, long, record(version("3", hour - timedelta(minutes=50)), NOON + timedelta(minutes=5))) == ["1", "2", "3"]
    assert became(FIRST, long, record(version("3", hour - timedelta(seconds=1)), NOON + TEN)) == ["1", "2", "policy.too_soon"]
    assert became(FIRST, long, record(version("3", hour), NOON + TEN)) == ["1", "2", "3"]


@pytest.mark.parametrize("earlier", [timedelta(0), timedelta(seconds=1), timedelta(days=400)])
def test_r9_1_an_older_version_is_refused(earlier: timedelta) -> None:
    second = record(version("2", NOON + timedelta(days=1)))
    assert became(FIRST, second, record(version("3", NOON + timedelta(days=1) - earlier))) == ["1", "2", "policy.older"]


def test_r9_1_the_same_again_is_known_in_whatever_form() -> None:
    second = version("2", NOON + TEN)
    elsewhere = version("2", (NOON + TEN).astimezone())
    turned = json.loads(body(second))
    mixed = json.dumps(dict(reversed(turned.items())), indent=2).encode()
    again = [record(second, NOON + timedelta(days=days)) for days in (0, 1, 400)]
    assert became(FIRST, record(second), *again, record(elsewhere), record(mixed, key="2")) == ["1", "2", *["known"] * 5]


def test_r9_1_two_bodies_of_one_version_the_second_is_refused_and_the_first_stays() -> None:
    second, other = version("2"), version("2", lead_minutes=20)
    assert became(FIRST, record(second), record(other), record(second)) == ["1", "2", "policy.version_reused", "known"]
    assert became(FIRST, record(version("1", NOON + TEN))) == ["1", "policy.version_reused"]


def test_r9_1_a_refused_version_may_come_again_mended() -> None:
    typo = record(body(version("2"), nonsense=1), key="2")
    assert became(FIRST, typo, record(version("2"))) == ["1", "policy.invalid", "2"]


@pytest.mark.parametrize("said", ["9999-12-31T23:59:59-08:00", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+08:00"])
def test_r9_1_a_time_at_the_edge_of_the_calendar_stops_nobody_from_reading_on(said: str) -> None:
    """Four services read every record of policy.v1, again and again until they have judged it."""
    begins = record(body(version("2"), effective_from=said), key="2")
    published = record(body(version("3", NOON + timedelta(days=1)), occurred_at=said), key="3")
    last = record(version("4", datetime(9999, 12, 30, 23, tzinfo=UTC)))
    assert became(FIRST, begins, last) == ["1", "policy.invalid", "4"]
    assert became(begins, FIRST) == ["policy.invalid", "1"]
    assert became(FIRST, published, last) == ["1", "3" if said.startswith("0001") else "policy.too_soon", "4"]


@pytest.mark.parametrize(
    ("bad", "code", "detail"),
    [
        (record(body(version("2"), ordr={}), key="2"), "policy.invalid", "ordr: Extra inputs are not permitted"),
        (
            record(json.dumps({"occurred_at": "2026-06-01T12:00:00Z", "version": "2"}).encode(), key="2"),
            "policy.invalid",
            "effective_from: ",
        ),
        (record(body(version("2"), zone="Asia/Xanadu"), key="2"), "policy.invalid", "zone: "),
        (record(body(version("2"), lead_minutes=9), key="2"), "policy.invalid", "lead_minutes: "),
        (record(b'{"version": "2"', key="2"), "event.not_json", ""),
        (record(b"version: '2'\n", key="2"), "event.not_json", ""),
        (record(b'{"version": "2", "version": "3"}', key="2"), "event.duplicate_key", "version"),
        (record(version("2"), key="3"), "event.key_mismatch", "key '3'; body '2'"),
        (record(version("2"), headers={}), "event.missing_header", "ce_specversion"),
        (record(version("2"), headers=HEADERS | {"ce_type": "policy.publish"}), "event.unknown_type", "policy.publish"),
        (record(b"\xff", key="2"), "event.not_utf8", ""),
        (replace(record(version("2")), value=None), "event.no_value", ""),
        (replace(record(version("2")), key=None), "event.no_key", ""),
    ],
)
def test_r9_1_what_cannot_be_read_is_refused_with_a_code_and_its_place(bad: Record, code: str, detail: str) -> None:
    found = PublishedPolicies().judge(bad, [], manual=False)
    assert isinstance(found, Unreadable)
    assert found.code == code
    assert found.code in CATALOGUE
    assert detail in found.detail
    assert became(FIRST, bad, record(version("2"))) == ["1", code, "2"], "and the last good one stays"


def test_r9_1_an_invalid_first_document_is_no_first_version() -> None:
    assert became(record(body(version("1"), nonsense=1), key="1"), record(version("2", NOON))) == ["policy.invalid", "2"]


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(-30, 90), st.booleans(), st.integers(0, 2)), max_size=10),
    st.integers(0, 10),
)
def test_r9_1_whoever_reads_on_from_what_it_kept_agrees_with_whoever_reads_all(
    plan: Sequence[tuple[int, int, bool, int]], cut: int
) -> None:
    """V1: a service that was down, or that begins with its table, judges each record as those did that were there.

    V2: whatever counts is known of, or known to be withdrawn, ten minutes before it begins.
    """
    records = [
        record(version(str(name), NOON + timedelta(minutes=minutes), lead_minutes=20 if other else 10), NOON + timedelta(minutes=nth))
        if what
        else withdrawn(str(name), NOON + timedelta(minutes=nth))
        for nth, (name, minutes, other, what) in enumerate(plan)
    ]
    whole = became(*records)
    judge, kept = PublishedPolicies().judge, list[Kept]()
    for offset, one in enumerate(records):
        if offset == cut:
            kept = [Kept(*row) for row in kept]  # as they come back from the table
        found = judge(replace(one, offset=offset), kept, manual=False)
        if isinstance(found, Kept):
            keep(kept, found)
    assert sorted(one.version for one in kept) == sorted(said for said in whole if said.isdigit())
    assert {one.version for one in kept if one.withdrawn is not None} == {said[1:] for said in whole if said.startswith("-")}
    begins = [one.begins for one in kept if one.withdrawn is None]
    assert begins == sorted(set(begins))
    assert all(one.begins >= NOON + timedelta(minutes=one.withdrawn) + TEN for one in kept if one.withdrawn is not None)
    assert all(one.begins >= NOON + timedelta(minutes=one.offset) + TEN for one in kept[1:])


def test_v2_no_event_is_further_ahead_of_the_clock_than_the_least_lead() -> None:
    assert PublishedPolicies.lead >= AHEAD_MAX


def test_the_digest_is_of_what_the_version_says() -> None:
    assert digest(version("2")) == digest(version("2", (NOON + TEN).astimezone()))
    assert digest(version("2")) != digest(version("2", lead_minutes=11))


def shorter(policy: Policy) -> bytes:
    """Its record, what has a default left out."""
    said = json.loads(body(policy))
    del said["trust"]["explained_items"]
    return json.dumps(said).encode()


def test_r9_1_a_version_keeps_its_digest_when_a_later_program_fills_in_more() -> None:
    """explained_items came later than the first documents: they hash as they did before there was such a field."""
    second = version("2")
    found = PublishedPolicies().judge(record(shorter(second), key="2"), [], manual=False)
    assert isinstance(found, Kept)
    written = json.loads(shorter(second))
    del written["occurred_at"]
    written["effective_from"] = second.effective_from.isoformat()
    as_written = sha256(json.dumps(written, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()
    (read,) = PublishedPolicies().policies([found]).versions
    assert read == second, "it means what it always meant"
    assert found.sha256 == digest_of(found.value, found.begins) == digest(read) == as_written != digest(second)


def test_r9_1_every_published_version_has_one_digest_whether_file_or_record_is_hashed() -> None:
    (first,) = configured().versions
    record_of_file = {"occurred_at": NOON.isoformat(), **first.model_dump(mode="json", exclude_unset=True)}
    assert digest_of(json.dumps(record_of_file).encode(), first.effective_from) == digest(first)


def test_r9_1_the_same_version_written_with_and_without_its_defaults_is_known() -> None:
    assert became(FIRST, record(version("2")), record(shorter(version("2")), key="2")) == ["1", "2", "known"]
    assert became(FIRST, record(shorter(version("2")), key="2"), record(version("2"))) == ["1", "2", "known"]


def test_a_version_is_read_when_it_comes_and_not_again_with_each_that_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the square of their number: four hundred records stopped the loop of a beginning service for five seconds, all that a look has."""
    read: list[str] = []
    document = PolicyPublished.document

    def counted(event: PolicyPublished) -> Policy:
        read.append(event.version)
        return document(event)

    monkeypatch.setattr(PolicyPublished, "document", counted)
    weekly = [(f"w{week}", NOON + timedelta(weeks=week)) for week in range(20)]
    assert became(*(record(version(name, at + TEN), at) for name, at in weekly)) == [name for name, _ in weekly]
    assert max(Counter(read).values()) <= 2  # to judge it, and as one that counts


def test_what_counts_of_all_that_was_published_is_found_once_for_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """`laotie policy history` found it for each of its rows: 21 seconds with two hundred versions and their withdrawals."""
    kept: list[str] = []

    def counted(found: list[Kept], one: Kept) -> None:
        kept.append(one.version)
        keep(found, one)

    monkeypatch.setattr(published, "keep", counted)
    heard = [Heard(record(b""), Kept(f"w{n}", n, NOON + timedelta(weeks=n), "", b"", withdrawn=n + 1)) for n in range(10)]
    reading = Reading(heard)
    assert all(f"w{n}" in reading.withdrawn for n in range(10))
    assert len(kept) == 10
