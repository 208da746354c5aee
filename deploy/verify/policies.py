"""By which version of the policy each decision was made: that of its event's time, and of what is promised, of the order's placement.

Source: R9.1. The versions come from policy.v1, judged as every service judges them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from deploy.local.policies import Heard, Reading
from deploy.verify.log import Entry, Log
from deploy.verify.report import Check
from deploy.verify.tables import Tables
from shared.contracts.certificate import CertificateIssued
from shared.contracts.order import OrderAccepted, OrderPaid
from shared.messaging.record import Unreadable
from shared.messaging.versions import Kept
from shared.policy import Policies
from shared.policy.published import PublishedPolicies, digest

PLACE = (PublishedPolicies.topic.name, 0)


def checks(log: Log, tables: Tables, policies: Policies, heard: Sequence[Heard]) -> Iterator[Check]:
    """heard: what policy.v1 holds; what a service has not reached yet it need not have kept or refused."""
    yield _decided(log, policies)
    yield _promised(log, policies)
    yield _kept(tables, policies, Reading([*heard]).kept)
    yield _refused(log, tables, {one.record.offset: one.became.code for one in heard if isinstance(one.became, Unreadable)})


def _decided(log: Log, policies: Policies) -> Check:
    check = Check("no decision by a version of the policy that was not in force at its event's time")
    versions: dict[str, tuple[str, ...]] = {}
    for entry in (*log.sent, *log.facts()):
        if entry.event is not None:
            right, known = policies.version_at(entry.event.occurred_at), versions.get(entry.id, ())
            if right not in known:
                versions[entry.id] = (*known, right)
    for entry in log.facts():
        if entry.event is not None and (cause := entry.header("ce_causationid")):
            in_force = versions.get(cause) or (policies.version_at(entry.event.occurred_at),)
            told = entry.header("ce_policyversion")
            if check.fails(told in in_force):
                check.differ(f"{entry}: decided by version {told or 'none'}, in force was {' or '.join(sorted(in_force))}")
    return check


def _promised(log: Log, policies: Policies) -> Check:
    check = Check("what an order is promised is promised by the version of the policy in force at its placement")
    of_order: dict[str, str] = {}
    for entry, accepted in log.of(OrderAccepted):
        right = policies.version_at(accepted.placed_at or accepted.occurred_at)
        of_order[accepted.order_id] = right
        _same(check, entry, accepted.terms.policy_version, right)
    for entry, paid in log.of(OrderPaid):
        if paid.order_id in of_order or paid.placed_at is not None:
            right = of_order.setdefault(paid.order_id, policies.version_at(paid.placed_at or paid.occurred_at))
            _same(check, entry, paid.terms.policy_version, right)
    for entry, issued in log.of(CertificateIssued):
        if issued.order_id in of_order:
            _same(check, entry, issued.terms.policy_version, of_order[issued.order_id])
    return check


def _same(check: Check, entry: Entry, told: str, right: str) -> None:
    check.that(told == right, f"{entry}: promised by version {told}, in force at the placement was {right}")


def _kept(tables: Tables, policies: Policies, heard: Sequence[Kept]) -> Check:
    """A version that is withdrawn counts where that was not read yet."""
    check = Check("every service keeps exactly the versions of the policy that policy.v1 says count")
    offsets = {one.version: one.offset for one in heard}
    gone = [one for one in heard if one.withdrawn is not None]
    for service, kept in sorted(tables.policies.items()):
        position = tables.taken[service].positions.get(PLACE, 0)
        reached = [one for one in policies.versions if offsets.get(one.version, 0) < position]
        right = {one.version: (one.effective_from, digest(one)) for one in reached}
        right |= {one.version: (one.begins, one.sha256) for one in gone if one.offset < position <= (one.withdrawn or 0)}
        check.same(f"versions of {service}", right, dict(kept))
    return check


def _refused(log: Log, tables: Tables, refused: Mapping[int, str]) -> Check:
    """refused: offset → code. Compaction may take a record away; its copies stay."""
    check = Check("what does not count on policy.v1 is refused once by every service, under the same code")
    told: dict[tuple[str, int], list[str]] = defaultdict(list)
    for entry in log.refused():
        if entry.header("x-original-topic") == PLACE[0]:
            told[(entry.topic.partition(".")[0], int(entry.header("x-original-offset")))].append(entry.header("x-reason"))
    for service in sorted(tables.policies):
        position = tables.taken[service].positions.get(PLACE, 0)
        for offset, code in refused.items():
            if offset < position:
                check.same(f"what {service} said to {PLACE[0]}/{PLACE[1]}/{offset}", [code], told.get((service, offset), []))
    for (service, offset), codes in told.items():
        check.that(len(codes) == 1, f"{service} said {len(codes)} times to {PLACE[0]}/{PLACE[1]}/{offset}: {', '.join(codes)}")
    return check
