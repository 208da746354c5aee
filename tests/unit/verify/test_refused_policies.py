"""Of policy.v1 each service refuses the same, once. Source: R9.1."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from deploy.local.policies import Heard
from deploy.verify.log import Entry, Log
from deploy.verify.policies import PLACE, checks
from deploy.verify.report import Check
from deploy.verify.tables import Tables, Taken
from shared.messaging.record import Record, Unreadable
from shared.messaging.versions import Kept
from shared.policy import Policies
from shared.policy.published import digest
from tests.unit import builders as b

GOOD, BAD = 0, 1
CODE = "policy.too_soon"
DAWN = datetime(2026, 1, 1, tzinfo=UTC)


def heard() -> list[Heard]:
    good, bad = (Record(*PLACE, offset, b"1", b"{}") for offset in (GOOD, BAD))
    return [Heard(good, Kept("1", GOOD, DAWN, "", b"{}")), Heard(bad, Unreadable(bad, "policy.too_soon", "in 9 minutes"))]


def copy(service: str, nth: int, code: str = CODE, offset: int = BAD) -> Entry:
    headers = {"x-original-topic": PLACE[0].encode(), "x-original-offset": str(offset).encode(), "x-reason": code.encode()}
    return Entry("", "", f"{service}.parked.v1", 0, nth, b"1", b"{}", headers, 0, nth, None)


def refusals(*copies: Entry, **positions: int) -> Check:
    """positions: by service, how far it has read."""
    log = Log()
    for entry in copies:
        log.lanes.setdefault((entry.topic, 0), []).append(entry)
    taken = {service: Taken({PLACE: position}, {}, {}, {}) for service, position in positions.items()}
    tables = Tables({}, taken, {}, [], {}, {}, policies={service: {} for service in positions})
    return next(check for check in checks(log, tables, b.POLICIES, heard()) if "refused once" in check.name)


def test_once_each_is_right_and_who_has_not_read_it_need_not_have_refused_it() -> None:
    assert refusals(copy("order", 1), copy("trust", 1), order=2, trust=2, refund=1).holds


@pytest.mark.parametrize(
    ("copies", "first"),
    [
        ([], "what order said to policy.v1/0/1"),
        ([copy("order", 1, "policy.older")], "what order said to policy.v1/0/1"),
        ([copy("order", 1), copy("order", 2)], "what order said to policy.v1/0/1"),
        ([copy("order", 1), copy("order", 2, offset=7), copy("order", 3, offset=7)], "order said 2 times to policy.v1/0/7"),
    ],
    ids=["not at all", "under another code", "twice", "twice, where compaction took the record away"],
)
def test_less_or_more_is_found_and_named(copies: list[Entry], first: str) -> None:
    check = refusals(*copies, order=2)
    assert not check.holds
    assert str(check.first).startswith(first)


@pytest.mark.parametrize(("read_to", "keeps"), [(3, ("1", "2")), (4, ("1",)), (4, ("1", "2")), (3, ("1",)), (2, ("1",))])
def test_a_withdrawn_version_is_kept_by_those_who_have_not_read_that_r9_1(read_to: int, keeps: tuple[str, ...]) -> None:
    """Published at 2, withdrawn at 3."""
    first = b.POLICIES.versions[0]
    digests = {"1": (first.effective_from, digest(first)), "2": (DAWN, "sha")}
    second = Kept("2", 2, DAWN, "sha", b"{}")
    told = [Heard(Record(*PLACE, at, b"2", b"{}"), one) for at, one in ((2, second), (3, second._replace(withdrawn=3)))]
    taken = {"order": Taken({PLACE: read_to}, {}, {}, {})}
    tables = Tables({}, taken, {}, [], {}, {}, policies={"order": {version: digests[version] for version in keeps}})
    check = next(check for check in checks(Log(), tables, Policies([first]), [*heard(), *told]) if "keeps exactly" in check.name)
    assert check.holds == ((read_to, keeps) in [(3, ("1", "2")), (4, ("1",)), (2, ("1",))])
