"""First orders in the system from which a shop moved here: what was said last of each buyer, known wherever its orders are judged.

Source: R4.6. Written from the rule's text and shares no code with the services.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from deploy.verify.log import Log, copied_from
from deploy.verify.report import Check
from deploy.verify.tables import Tables
from shared.contracts.first_order import ClusterEnlarged, MemberKnown, OrderedElsewhere
from shared.contracts.member import MemberOrderedBefore
from shared.messaging.message import COPIES

KEPT_MAX = 64  # accounts of a cluster of which it is kept, those of the least ids


@dataclass(slots=True)
class Said:
    """By buyer, when it was said and what: the latest. None: there was none."""

    of: dict[str, tuple[datetime, datetime | None]] = field(default_factory=dict)

    def say(self, buyer_id: str, told_at: datetime, first_paid_at: datetime | None) -> None:
        if buyer_id not in self.of or told_at > self.of[buyer_id][0]:
            self.of[buyer_id] = (told_at, first_paid_at)

    def hear(self, fact: OrderedElsewhere | ClusterEnlarged) -> None:
        if isinstance(fact, OrderedElsewhere):
            self.say(fact.buyer_id, fact.occurred_at, fact.first_paid_at)
        else:
            for one in fact.elsewhere:
                self.say(one.buyer_id, one.told_at, one.first_paid_at)

    @property
    def first(self) -> datetime | None:
        return min((paid_at for _, paid_at in self.of.values() if paid_at is not None), default=None)


def check(log: Log, tables: Tables, clusters: Mapping[str, Said]) -> Check:
    """clusters: by name, what was ever said at each."""
    found = Check("first orders elsewhere: each cluster knows what was said last of its buyers, which is refused only where as much was")
    at: dict[str, str] = {}
    for _, member in log.of(MemberKnown):
        at[member.buyer_id] = min(member.cluster, at.get(member.buyer_id, member.cluster))
    told: defaultdict[str, set[datetime]] = defaultdict(set)
    for entry, fact in log.of(OrderedElsewhere):
        twice = fact.occurred_at in told[fact.buyer_id]
        told[fact.buyer_id].add(fact.occurred_at)
        known = clusters[at.get(fact.buyer_id, fact.cluster)].of
        has = fact.buyer_id in known and known[fact.buyer_id][0] >= fact.occurred_at
        found.that(has or len(known) >= KEPT_MAX, f"{entry}: the cluster of {fact.buyer_id} does not know it")
        found.that(not twice or len(known) >= KEPT_MAX, f"{entry}: of {fact.buyer_id} it was said before")
    for name, row in tables.entities["known_cluster"].items():
        stored = {buyer: _moment(one["first_paid_at"]) for buyer, one in row.body.get("elsewhere", {}).items()}
        expected = {buyer: clusters[name].of[buyer][1] for buyer in sorted(clusters[name].of)[:KEPT_MAX]}
        found.same(f"cluster {name}: elsewhere", expected, stored)
    _refused(found, log, told)
    return found


def _refused(found: Check, log: Log, told: Mapping[str, set[datetime]]) -> None:
    said = {entry.ref: fact for entry, fact in log.of(MemberOrderedBefore)}
    for entry in log.refused():
        fact = said.get(copied_from(entry))
        if fact is None or entry.topic != f"refund{COPIES}" or entry.header("x-reason") != "first_order.elsewhere_known":
            continue
        later = any(at >= fact.occurred_at for at in told.get(fact.buyer_id, ()))
        found.that(later or any(log.starts.values()), f"{entry.topic}/{entry.offset}: nothing as late was said of {fact.buyer_id}")


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text is not None else None
