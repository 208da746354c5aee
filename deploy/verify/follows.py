"""What each fact follows from is there, happened when the fact says, and told it once, whole; and what was taken led to something.

A rule uses the time at which a thing happened: what an event brings about has the event's own moment, what a deadline brings about the
deadline itself, however late either was read. Source: R1.2.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from deploy.verify.intake import digest
from deploy.verify.log import Entry, Log
from deploy.verify.report import Check
from deploy.verify.tables import Tables
from shared.contracts import campaign, exchange, identity, refund, registry, suspension, trust, vote
from shared.contracts.card import AbuseNoted, CardForfeited, CardRevoked, PersonAbuse
from shared.contracts.order import OrderCompleted, UnitsCancelled
from shared.contracts.suspension import SuspensionFound
from shared.messaging.message import Message
from shared.messaging.system import Discard

TIMERS = ".timer.v1"
OF_ANOTHER_MOMENT = (trust.EvidenceFound, SuspensionFound)  # an act's own, found later; of what was found, when it was looked at
OF_BEFORE = (OrderCompleted, UnitsCancelled)  # also of something earlier: what is confirmed with all that was signed for (R2.5)
OF_A_PERSON = (CardForfeited, CardRevoked)  # of what another account did (R4.7)
PRODUCT = ("order_id", "campaign_id", "sku")
WAYBILL = ("case_id", "carrier", "waybill")
# What no decision tells without the other: a fact, what is told with it, and what both name; `here=there` where they call it otherwise.
TOGETHER: tuple[tuple[type[Message], tuple[type[Message], ...], tuple[str, ...]], ...] = (
    (campaign.AllotmentTaken, (campaign.LimitTaken,), (*PRODUCT, "units")),
    (campaign.AllotmentReleased, (campaign.LimitReleased, campaign.LimitShifted), PRODUCT),
    (identity.MemberAssigned, (identity.MemberJoined,), ("buyer_id", "cluster")),
    (identity.MemberJoined, (identity.MemberAssigned,), ("buyer_id", "cluster")),
    (identity.ClusterMerged, (identity.ClusterJoined,), ("into=cluster",)),
    (identity.ClusterMerged, (identity.MemberMoved,), ("cluster=buyer_id", "into=cluster")),
    (suspension.SuspensionNoted, (suspension.OrdersSought,), ("subject_id", "violation_id")),
    (refund.CaseReturned, (exchange.WaybillUsed,), WAYBILL),
    (exchange.CaseReplaced, (exchange.WaybillUsed,), WAYBILL),
    (vote.VoteGiven, (vote.VoteNoted,), ("vote_id", "day")),
    (vote.VoteCounted, (vote.VoteTallied,), ("subject_id", "day", "of_day=votes")),
    (AbuseNoted, (PersonAbuse,), ("cluster", "order_id", "case_id")),
    (campaign.LimitReleased, (campaign.AllotmentReleased,), (*PRODUCT, "units")),
    (trust.EvidenceListed, (trust.EvidenceCounted,), ("evidence_id", "weight", "counterparty", "day")),
)


def checks(log: Log, tables: Tables) -> Iterator[Check]:
    yield _of_the_moment(log)
    yield _told_once(log)
    yield _together(log)
    yield _led_to(log, tables)
    yield _deadlines(log)


def _of_the_moment(log: Log) -> Check:
    """What was told of too late counts from the last thing of its key that it needs. Of an id that came with several bodies any one
    counts. Nothing is known of what stood in front of a shortened topic.
    """
    check = Check("causes: what each fact follows from is there, and the fact is of its moment: of the event's own, or of the deadline")
    moments: dict[str, set[datetime]] = defaultdict(set)  # by event id
    others: dict[bytes | None, set[datetime]] = defaultdict(set)  # of events and deadlines of one key, and of all
    for entry in (*log.sent, *log.facts()):
        if entry.event is not None:
            moments[entry.id].add(entry.event.occurred_at)
            if entry.sequence is None or entry.topic.endswith(TIMERS):
                others[entry.key].add(entry.event.occurred_at)
                others[None].add(entry.event.occurred_at)
    short = any(log.starts.values())
    for entry in log.facts():
        cause = entry.header("ce_causationid")
        if entry.event is None or not cause or (short and cause not in moments):
            continue
        if check.fails(cause in moments):
            check.differ(f"{entry}: nothing tells of {cause}, from which it follows")
        elif not isinstance(entry.event, OF_ANOTHER_MOMENT) and not _fits(entry.event, moments[cause], others, entry.key):
            check.differ(f"{entry}: it is of {entry.event.occurred_at}, what it follows from of {min(moments[cause])}")
    return check


def _fits(fact: Message, own: set[datetime], others: Mapping[bytes | None, set[datetime]], key: bytes | None) -> bool:
    at = fact.occurred_at
    if at in own or (isinstance(fact, OF_A_PERSON) and at in others.get(None, ())):
        return True
    return at in others.get(key, ()) and (at > min(own) or isinstance(fact, OF_BEFORE))


def _told_once(log: Log) -> Check:
    """In the same words, whatever the id: nothing leads to the same twice."""
    check = Check("what one thing led to is told in the same words once")
    seen: dict[tuple[str, str, bytes | None, bytes | None], Entry] = {}
    for entry in log.facts():
        cause = entry.header("ce_causationid")
        if entry.event is not None and cause:
            first = seen.setdefault((cause, entry.type, entry.key, entry.value), entry)
            if check.fails(first is entry or first.id == entry.id):
                check.differ(f"{entry}: the same as {first}, and of the same cause")
    return check


def _together(log: Log) -> Check:
    """What an older program did not tell is not asked for."""
    check = Check("what one decision tells together is there together, and names the same")
    if any(log.starts.values()):
        return check
    for kind, beside, names in TOGETHER:
        theirs = [name.rpartition("=")[2] for name in names]
        there = {(entry.header("ce_causationid"), *_named(one, theirs)) for other in beside for entry, one in log.of(other)}
        for entry, fact in log.of(kind):
            cause, said = entry.header("ce_causationid"), _named(fact, [name.partition("=")[0] for name in names])
            if cause and None not in said and check.fails((cause, *said) in there):
                check.differ(f"{entry}: no {' or '.join(other.type for other in beside)} with it tells of {', '.join(map(str, said))}")
    return check


def _named(fact: Message, names: Iterable[str]) -> tuple[object, ...]:
    return tuple(getattr(fact, name) for name in names)


def _led_to(log: Log, tables: Tables) -> Check:
    """An app's event that a service took, and did not refuse, changed something there; each change is told. Ops may let one go."""
    check = Check("every event of an app that a service took led to a fact of that service")
    told = {(entry.header("ce_source").rpartition("/")[2], entry.header("ce_causationid")) for entry in log.facts()}
    sent = [] if any(log.starts.values()) else [(entry, entry.event) for entry in log.sent if entry.event is not None]
    gone = {(discard.service, discard.ref) for _, discard in log.of(Discard)}
    for service, taken in tables.taken.items():
        quiet = {(entry.header("ce_source"), entry.id) for entry, _ in sent if entry.ref in taken.held or (service, entry.ref) in gone}
        for entry, event in sent:
            place = entry.header("ce_source"), entry.id
            took = service in _takers(event) and place not in quiet and taken.inbox.get(place) == digest(entry.value)
            if took and check.fails((service, entry.id) in told):
                check.differ(f"{entry}, id {entry.id}: {service} took it, and no fact of {service} follows from it")
    return check


def _deadlines(log: Log) -> Check:
    """As the contract spells it: of its kind, its subject and its moment."""
    check = Check("each deadline that came is what its id was made of")
    for entry in (entry for lane in sorted(log.lanes) if lane[0].endswith(TIMERS) for entry in log.lanes[lane]):
        timer = entry.event
        if timer is not None:
            right = str(uuid5(NAMESPACE_URL, f"{timer.type}\n{timer.subject}\n{timer.occurred_at.isoformat()}"))
            if check.fails(entry.id == right):
                check.differ(f"{entry}: its id is {entry.id}, that of {timer.subject} at {timer.occurred_at} is {right}")
    return check


def _takers(event: Message) -> tuple[str, ...]:
    return tuple(service for service in registry.entry(type(event)).consumers if event.concerns(service))
