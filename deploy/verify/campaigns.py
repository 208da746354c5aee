"""Campaigns and identities, recomputed from the topics alone: nothing oversold, everything given back once, clusters as linked.

Source: R2.7, R4.6.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from deploy.verify.log import Entry, Log
from deploy.verify.report import Check
from deploy.verify.tables import Tables
from shared.contracts.campaign import AllotmentReleased, AllotmentSized, AllotmentTaken, LimitShifted
from shared.contracts.identity import ClusterJoined, ClustersMet, MemberMoved
from shared.contracts.member import IdentityLinked
from shared.contracts.order import (
    LineFreed,
    LineHeld,
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    ParcelFailed,
    ParcelSent,
    ReplacementNoted,
    UnitsCancelled,
)
from shared.contracts.suspension import OrderClosed
from shared.contracts.types import Line
from shared.messaging.message import Message
from shared.messaging.system import Discard

Product = tuple[str, str]  # campaign, sku
Place = tuple[str, int]  # order, line
MESSAGES = (LimitShifted, ClusterJoined, ClustersMet, MemberMoved)


def checks(log: Log, tables: Tables) -> Iterator[Check]:
    yield _allotments(log, tables)
    yield _held(log)
    yield _identities(log, tables)


def version(entry: Entry) -> int:
    return int(entry.header("ce_entityversion") or 0)


def _allotments(log: Log, tables: Tables) -> Check:
    """In the order of their versions, as their facts lie in the lanes of many orders."""
    check = Check("allotments: taken = accepted less released, never above the units, never below 0, as stored")
    facts: defaultdict[Product, list[tuple[int, Entry, Any]]] = defaultdict(list)
    kinds: tuple[type[Message], ...] = (AllotmentSized, AllotmentTaken, AllotmentReleased)
    for kind in kinds:
        for entry, fact in log.of(kind):
            told: Any = fact
            facts[(told.campaign_id, told.sku)].append((version(entry), entry, told))
    for product, found in facts.items():
        units = taken = 0
        for _, entry, fact in sorted(found, key=lambda one: one[0]):
            if isinstance(fact, AllotmentSized):
                units = fact.units
            else:
                taken += fact.units if isinstance(fact, AllotmentTaken) else -fact.units
                check.that(fact.left == units - taken, f"{entry}: {units - taken} are left of {product}, told was {fact.left}")
            check.that(0 <= taken <= units, f"{entry}: {taken} of {units} units of {product} are taken")
        row = tables.entities["allotment"].get("/".join(product))
        check.same(f"allotment {product}", (units, taken), (row.body["units"], row.body["taken"]) if row else None)
    return check


def _held(log: Log) -> Check:
    """Of each order: what its lines in the campaign still hold unsent or have sent is what it took less what it gave back."""
    check = Check("campaign orders: each holds what its lines say, no more given back than given up")
    holds: Counter[tuple[str, Product]] = Counter()
    for _, fact in log.of(AllotmentTaken):
        holds[(fact.order_id, (fact.campaign_id, fact.sku))] += fact.units
    for _, freed in log.of(AllotmentReleased):
        holds[(freed.order_id, (freed.campaign_id, freed.sku))] -= freed.units
    expected: Counter[tuple[str, Product]] = Counter()
    ends: tuple[type[OrderExpired | OrderClosed | OrderCancelled], ...] = (OrderExpired, OrderClosed, OrderCancelled)
    over = {fact.order_id for kind in ends for _, fact in log.of(kind)}
    forgone = _forgone(log)
    for _, order in log.of(OrderAccepted):
        for line in order.lines:
            if line.campaign_id is not None:
                left = 0 if order.order_id in over else line.quantity - forgone[(order.order_id, line.line_no)]
                expected[(order.order_id, (line.campaign_id, line.sku))] += left
    for place in sorted(holds.keys() | expected.keys()):
        check.same(f"order {place[0]}, {place[1]}", expected[place], holds[place])
    return check


def _forgone(log: Log) -> Counter[tuple[str, int]]:
    """Units cancelled, or refunded before they were sent, by order and line: the lane says which came first."""
    found = _Given({(order.order_id, line.line_no): line for _, order in log.of(OrderAccepted) for line in order.lines})
    for entry in log.facts():
        found.step(entry.event)
    return found.forgone


@dataclass(slots=True)
class _Given:
    """By order and line. Where all that was paid has gone back, be it by money alone, nothing is sent any more. Those refunded on their
    way are sent no more either, and stay sold; so do those that came back: of them there were no more than had left. A gift that cost
    nothing goes with its line, once, unless a case has it. Source: R2.7, R4.5.
    """

    lines: dict[Place, Line]
    forgone: Counter[Place] = field(default_factory=Counter)
    sent: Counter[Place] = field(default_factory=Counter)
    on_their_way: Counter[Place] = field(default_factory=Counter)
    returned: Counter[Place] = field(default_factory=Counter)
    units: Counter[Place] = field(default_factory=Counter)
    back: Counter[Place] = field(default_factory=Counter)
    cases: defaultdict[Place, set[str]] = field(default_factory=lambda: defaultdict(set))
    gone: set[Place] = field(default_factory=set)
    gifts: defaultdict[str, list[Line]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        for (order_id, _), line in self.lines.items():
            if line.gift_of is not None and not line.paid_minor:
                self.gifts[order_id].append(line)

    def step(self, fact: Message | None) -> None:
        match fact:
            case ParcelSent() | ParcelFailed():
                for units in fact.units:
                    self.sent[(fact.order_id, units.line_no)] += units.quantity if isinstance(fact, ParcelSent) else -units.quantity
            case ReplacementNoted():
                self.sent[(fact.order_id, fact.line_no)] += fact.units_sent
            case LineHeld():
                self.cases[(fact.order_id, fact.line_no)].add(fact.case_id)
            case UnitsCancelled():
                places = [(fact.order_id, part.line_no) for part in fact.lines]
                for place, part in zip(places, fact.lines, strict=True):
                    self._back(place, part.quantity, part.amount_minor)
                self._gifts(places)
            case LineFreed():
                place = fact.order_id, fact.line_no
                self.cases[place].discard(fact.case_id)
                self._back(place, fact.refunded_quantity, fact.refunded_minor, fact.without_return)
                self._gifts([place])

    def _back(self, place: Place, units: int, minor: int, without_return: bool | None = None) -> None:
        if place not in self.lines or place in self.gone:
            return
        self.units[place] += units
        self.back[place] += minor
        rest = self._rest(place)
        self.on_their_way[place] += max(0, units - rest) if without_return else 0
        away = 0 if without_return is not False else max(0, self.sent[place] - self.returned[place])
        unsent = max(0, min(units - away, rest))
        self.returned[place] += 0 if without_return else units - unsent
        self.forgone[place] += rest if 0 < self.lines[place].paid_minor <= self.back[place] else unsent

    def _gifts(self, places: Iterable[Place]) -> None:
        """Those among these lines, and those that were given with them."""
        for order_id, line_no in places:
            for line in self.gifts[order_id]:
                gift = order_id, line.line_no
                rest = self._rest(gift)
                theirs = line_no in (line.line_no, line.gift_of) and gift not in self.gone and not self.cases[gift]
                if theirs and rest > 0 and self._all_back((order_id, line.gift_of or 0)):
                    self.forgone[gift] += rest
                    self.gone.add(gift)

    def _all_back(self, place: Place) -> bool:
        line = self.lines[place]
        return self.back[place] >= line.paid_minor > 0 or (not line.paid_minor and self.units[place] >= line.quantity)

    def _rest(self, place: Place) -> int:
        return max(0, self.lines[place].quantity - self.sent[place] - self.forgone[place] - self.on_their_way[place])


def _identities(log: Log, tables: Tables) -> Check:
    """Who is one by the links that were taken, and what each of them holds; not while messages about it are under way."""
    check = Check("identities: clusters are the connected accounts, each counts what its members hold")
    if _under_way(log, tables):
        return check
    clusters = _clusters(log, tables)
    rows = tables.entities["member"]
    stored = {buyer: rows[buyer].body["cluster"] if buyer in rows else buyer for buyer in clusters}
    for buyer, cluster in clusters.items():
        check.same(f"cluster of {buyer}", cluster, stored[buyer])
    buyers = {fact.order_id: fact.buyer_id for _, fact in log.of(OrderAccepted)}
    held: Counter[tuple[str, str]] = Counter()
    moves: list[AllotmentTaken | AllotmentReleased] = [taken for _, taken in log.of(AllotmentTaken)]
    moves += [released for _, released in log.of(AllotmentReleased)]
    for fact in moves:
        buyer = buyers[fact.order_id]
        units = fact.units if isinstance(fact, AllotmentTaken) else -fact.units
        held[(clusters.get(buyer, buyer), f"{fact.campaign_id}/{fact.sku}")] += units
    for (cluster, product), units in held.items():
        row = tables.entities["cluster"].get(cluster)
        check.same(f"{product} held by {cluster}", units, row.body["units"].get(product, 0) if row else None)
    return check


def _clusters(log: Log, tables: Tables) -> dict[str, str]:
    """Every linked buyer's cluster, by the links that were taken: the service is past them, holds them no more and refused them not. The
    ids that it remembers do not say so, for it forgets them with time.
    """
    taken = tables.taken["order"]
    refused = log.refused_by("order") | {event.ref for _, event in log.of(Discard) if event.service == "order"}
    return connected(
        link
        for entry, link in log.of(IdentityLinked)
        if entry.offset < taken.positions.get((entry.topic, entry.partition), 0)
        and entry.ref not in taken.held
        and entry.ref not in refused
    )


def connected(links: Iterable[IdentityLinked]) -> dict[str, str]:
    """Every linked buyer's cluster: the least id of all that are connected with it."""
    over: dict[str, str] = {}

    def root(at: str) -> str:
        while over.get(at, at) != at:
            at = over[at]
        return at

    first: dict[tuple[str, str], str] = {}
    for link in links:
        holder = first.setdefault((link.kind, link.token), link.buyer_id)
        one, other = sorted((root(link.buyer_id), root(holder)))
        over[other] = one
        over.setdefault(link.buyer_id, link.buyer_id)
    return {buyer: root(buyer) for buyer in over}


def _under_way(log: Log, tables: Tables) -> bool:
    """Some message about identities is written and not handled yet."""
    done = tables.taken["order"].lasts
    return any((entry.sequence or 0) > done.get((entry.topic, entry.partition), 0) for kind in MESSAGES for entry, _ in log.of(kind))
