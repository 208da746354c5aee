"""First orders, recomputed from the topics alone: who is one with whom, whose order was the first, who paid, and out of what budget.

Source: R4.6.

Written from the rule's text and shares no code with the services. What a cluster knows of lies in the lanes of many keys: the versions
order it. Here nothing that was ever told at a cluster is forgotten.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from deploy.verify import elsewhere
from deploy.verify.log import Entry, Log, cause
from deploy.verify.report import Check
from deploy.verify.tables import Tables
from shared.contracts.certificate import CertificateIssued
from shared.contracts.first_order import (
    ClaimWaitsForFund,
    ClusterEnlarged,
    FirstOrderUsed,
    FundAsked,
    FundDrawn,
    FundStopped,
    MemberKnown,
    OrderCounted,
    OrderedElsewhere,
    OrderMarked,
)
from shared.contracts.identity import MemberJoined
from shared.contracts.order import OrderPaid, UnitsCancelled
from shared.contracts.refund import CaseClosed, CaseOpened, RefundGranted, WindowOpened
from shared.contracts.storefront import RefundRequested
from shared.messaging.message import Message
from shared.policy import Policies

Place = tuple[datetime, str, str]  # paid at, payment, order


@dataclass(slots=True)
class Known:
    """Of one cluster, all that was ever told at it."""

    paid: set[Place] = field(default_factory=set)
    void: set[str] = field(default_factory=set)
    uses: set[str] = field(default_factory=set)
    elsewhere: elsewhere.Said = field(default_factory=elsewhere.Said)


def checks(log: Log, tables: Tables, policies: Policies) -> Iterator[Check]:
    yield _members(log, tables)
    clusters: defaultdict[str, Known] = defaultdict(Known)
    yield _uses(log, tables, clusters)
    yield elsewhere.check(log, tables, defaultdict(elsewhere.Said, {name: known.elsewhere for name, known in clusters.items()}))
    yield _payers(log)
    yield _fund(log, tables, policies)


def _members(log: Log, tables: Tables) -> Check:
    """A buyer is in the least cluster that it was ever told to be in, as far as the refund service has read; and is known from the first
    order that counts, or from what was said of its orders elsewhere.
    """
    check = Check("first orders: every buyer with an order that counts is known, in the least cluster that was told")
    done = tables.taken["refund"].lasts
    least: dict[str, str] = {}
    for entry, joined in log.of(MemberJoined):
        if (entry.sequence or 0) <= done.get((entry.topic, entry.partition), 0):
            least[joined.buyer_id] = min(joined.cluster, least.get(joined.buyer_id, joined.buyer_id))
    buyers = {fact.order_id: fact.buyer_id for _, fact in log.of(OrderPaid)}
    said = {fact.buyer_id for _, fact in log.of(OrderedElsewhere)}
    for buyer in said | {buyers[fact.order_id] for _, fact in log.of(OrderCounted) if fact.order_id in buyers}:
        least.setdefault(buyer, buyer)
    rows = tables.entities["known_member"]
    for buyer in sorted(least.keys() | rows.keys()):
        check.same(f"cluster of {buyer}", least.get(buyer), rows[buyer].body["cluster"] if buyer in rows else None)
    last: dict[str, str] = {}
    for entry, known in log.of(MemberKnown):
        lesser = known.cluster < last[known.buyer_id] if known.buyer_id in last else known.cluster <= known.buyer_id
        check.that(lesser, f"{entry}: {known.buyer_id} moves to no lesser cluster")
        last[known.buyer_id] = known.cluster
    return check


def _uses(log: Log, tables: Tables, clusters: defaultdict[str, Known]) -> Check:
    """Each use is of the least payment that its cluster knew of and that no seller had given up, and the first of that cluster."""
    check = Check("first orders: each use is its cluster's first order as then known, and one unless a later link joined two")
    orders = {fact.order_id: (fact.occurred_at, fact.payment_id, fact.order_id) for _, fact in log.of(OrderPaid)}
    buyers = {fact.order_id: fact.buyer_id for _, fact in log.of(OrderPaid)}
    for entry in _by_version(log):
        fact: Any = entry.event
        known = clusters[fact.cluster]
        match fact:
            case OrderCounted():
                place = (fact.paid_at, fact.payment_id, fact.order_id)
                check.same(f"{entry}: order {fact.order_id}", orders.get(fact.order_id), place)
                known.paid.add(place)
            case OrderMarked(state="void"):
                known.void.add(fact.order_id)
            case ClusterEnlarged():
                known.paid |= {(one.paid_at, one.payment_id, one.order_id) for one in fact.orders}
                known.void |= {one.order_id for one in fact.orders if one.state == "void"}
                known.uses |= {one.order_id for one in fact.uses}
                known.elsewhere.hear(fact)
            case OrderedElsewhere():
                known.elsewhere.hear(fact)
            case FirstOrderUsed():
                first = min((place for place in known.paid if place[2] not in known.void), default=None)
                told = orders.get(fact.order_id)
                check.that(not known.uses, f"{entry}: {fact.cluster} has used its guarantee before, for {sorted(known.uses)[:1]}")
                before = known.elsewhere.first
                check.that(before is None or told is None or told[0] < before, f"{entry}: the first order of {fact.cluster} was elsewhere")
                check.that(first == told, f"{entry}: the first order of {fact.cluster} is {first}, used is {told}")
                check.that(buyers.get(fact.order_id) == fact.buyer_id, f"{entry}: {fact.order_id} is of {buyers.get(fact.order_id)}")
                known.uses.add(fact.order_id)
    _given_up(check, log, clusters)
    _left_behind(check, log, clusters, buyers)
    for name, row in tables.entities["known_cluster"].items():
        stored = set(row.body["uses"])
        check.that(stored <= clusters[name].uses and bool(stored) == bool(clusters[name].uses), f"cluster {name}: uses {sorted(stored)}")
    return check


def _given_up(check: Check, log: Log, clusters: Mapping[str, Known]) -> None:
    """An order that does not count is one of which the sellers gave up all, and the buyer nothing before that; of gifts that nobody waits
    for any more it may have done so since.
    """
    by_buyer, whole = set[str](), set[str]()
    for _, fact in log.of(UnitsCancelled):
        if fact.by == "buyer" and fact.order_id not in whole:
            by_buyer.add(fact.order_id)
        if fact.order_cancelled:
            whole.add(fact.order_id)
    for order_id in sorted({order_id for known in clusters.values() for order_id in known.void}):
        gone = order_id in whole or any(log.starts.values())
        check.that(gone and order_id not in by_buyer, f"{order_id} was not given up whole by its sellers alone: it counts")


def _left_behind(check: Check, log: Log, clusters: Mapping[str, Known], buyers: Mapping[str, str]) -> None:
    """No order that counts is earlier than the first of the cluster that its buyer is known in."""
    at: dict[str, str] = {}
    for _, member in log.of(MemberKnown):
        at[member.buyer_id] = min(member.cluster, at.get(member.buyer_id, member.cluster))
    void = {order_id for known in clusters.values() for order_id in known.void}
    for entry, fact in log.of(OrderCounted):
        name = at.get(buyers.get(fact.order_id, ""), fact.cluster)
        known = clusters[name]
        first = min((place for place in known.paid if place[2] not in known.void), default=None)
        own = (fact.paid_at, fact.payment_id, fact.order_id)
        over = known.uses or fact.order_id in void or (first is not None and first <= own)
        check.that(bool(over), f"{entry}: {fact.order_id} is earlier than the first of {name}, which does not know it")


def _by_version(log: Log) -> list[Entry]:
    kinds: tuple[type[Message], ...] = (OrderCounted, OrderMarked, ClusterEnlarged, FirstOrderUsed, OrderedElsewhere)
    return sorted((entry for kind in kinds for entry, _ in log.of(kind)), key=lambda entry: int(entry.header("ce_entityversion") or 0))


def _payers(log: Log) -> Check:
    """The seller while its no-reason promise for the line runs at the application; else, and for what was sealed and is not, the
    platform, and that for nothing else.
    """
    check = Check("first orders: the seller pays while its no-reason promise runs, then the platform; it pays for nothing else")
    ends: dict[tuple[str, int], float] = {}
    zones: dict[str, str] = {}
    days: dict[tuple[str, int], int] = {}
    sealed: set[tuple[str, int]] = set()
    grounds: dict[tuple[str, str], str] = {}
    unsealed: set[tuple[str, str]] = set()
    requests = log.bodies(RefundRequested, "refund")
    used = {fact.order_id for _, fact in log.of(FirstOrderUsed)}
    for entry in log.facts():
        fact: Any = entry.event
        if isinstance(fact, CertificateIssued):
            zones[fact.order_id] = fact.terms.zone
            own = [one for one in fact.guarantees if one.guarantee == "no_reason" and one.granted]
            sealed |= {(fact.order_id, line_no) for one in own if "sealed" in one.conditions for line_no in (one.line_no, *one.more_lines)}
            days |= {(fact.order_id, line_no): one.days for one in own for line_no in (one.line_no, *one.more_lines)}
        elif isinstance(fact, WindowOpened):
            for line_no in fact.line_nos:
                if (fact.order_id, line_no) in days:
                    ends[(fact.order_id, line_no)] = _end(fact.signed_at, days[(fact.order_id, line_no)], zones[fact.order_id])
        elif isinstance(fact, CaseOpened):
            grounds[(fact.order_id, fact.case_id)] = fact.ground
            asked = cause(requests, entry, case_id=fact.case_id)
            if asked is not None and asked.unsealed and (fact.order_id, fact.line_no) in sealed:
                unsealed.add((fact.order_id, fact.case_id))
        elif isinstance(fact, RefundGranted) and fact.order_id in zones:
            first = grounds.get((fact.order_id, fact.case_id)) == "first_order"
            applied = (fact.applied_at or fact.occurred_at).timestamp()
            excluded = (fact.order_id, fact.case_id) in unsealed
            platform = first and (excluded or applied >= ends.get((fact.order_id, fact.line_no), 0.0))
            check.same(f"{entry}: who pays", "platform" if platform else "seller", fact.funder)
            check.that(not first or fact.order_id in used, f"{entry}: {fact.order_id} has not used the guarantee")
    return check


def _end(signed_at: datetime, days: int, zone: str) -> float:
    """So many times 24 h from 00:00 of the day after signing. Source: R1.3."""
    after = signed_at.astimezone(ZoneInfo(zone)).date() + timedelta(days=1)
    return datetime(after.year, after.month, after.day, tzinfo=ZoneInfo(zone)).timestamp() + days * 86_400


def _fund(log: Log, tables: Tables, policies: Policies) -> Check:
    """In the order of their versions: within the day's budget, and within an hour's bounds, as stored; nothing within them is left to a
    person.
    """
    check = Check("the guarantee fund: each day's draws within its budget and its hours' bounds, as stored")
    kinds: tuple[type[Message], ...] = (FundDrawn, FundStopped)
    told = sorted((entry for kind in kinds for entry, _ in log.of(kind)), key=lambda one: int(one.header("ce_entityversion") or 0))
    granted = {
        (fact.order_id, fact.case_id): fact for _, fact in log.of(RefundGranted) if fact.funder == "platform" and fact.by == "promise"
    }
    left = {(fact.order_id, fact.case_id): fact for _, fact in log.of(ClaimWaitsForFund)}
    shortened = any(log.starts.values())
    drawn, stopped = Counter[str](), set[str]()
    claims, minor = Counter[tuple[str, int]](), Counter[tuple[str, int]]()
    for entry in told:
        fact: Any = entry.event
        policy, day = policies.at(fact.occurred_at), f"{fact.day}/{fact.currency}"
        local, hour = fact.occurred_at.astimezone(ZoneInfo(policy.zone)), (day, fact.hour)
        check.same(f"{entry}: day and hour", (local.date().isoformat(), local.hour), (fact.day, fact.hour))
        asked = left.get((fact.order_id, fact.case_id)) if isinstance(fact, FundStopped) else fact
        claims[hour] += 1
        minor[hour] += asked.amount_minor if asked is not None else 0
        limits, budget = policy.refund.fund, policy.refund.fund.day_minor.get(fact.currency, 0)
        within = claims[hour] <= limits.hour_claims_max and minor[hour] * 10_000 <= budget * limits.hour_bp
        if isinstance(fact, FundStopped):
            check.that(shortened or not (within or day in stopped), f"{entry}: stopped within its bounds, {claims[hour]} within the hour")
            stopped.add(day)
            continue
        drawn[day] += fact.amount_minor
        within = within and drawn[day] <= budget and day not in stopped
        check.that(within, f"{entry}: {drawn[day]} of {budget} is drawn, {claims[hour]} within the hour")
        grant = granted.pop((fact.order_id, fact.case_id), None)
        check.same(f"{entry}: what is granted by it", fact.amount_minor, grant.amount_minor if grant is not None else None)
    _answered(check, log, tables)
    if not shortened:
        _beyond(check, log, policies, drawn, stopped)
    for place in granted:
        check.that(shortened, f"case {place[1]} of {place[0]}: granted at once by the platform, and not out of its budget")
    for day in sorted(drawn.keys() | stopped | tables.entities["fund"].keys()):
        row = tables.entities["fund"].get(day)
        check.same(f"fund of {day}", (drawn[day], day in stopped), (row.body["minor"], row.body["stopped"]) if row else None)
    return check


def _beyond(check: Check, log: Log, policies: Policies, drawn: Mapping[str, int], stopped: set[str]) -> None:
    """What was left to a person found the fund stopped, or less of the day's budget than it asked for: what is drawn only grows."""
    for entry, fact in log.of(ClaimWaitsForFund):
        policy = policies.at(fact.occurred_at)
        day = f"{fact.occurred_at.astimezone(ZoneInfo(policy.zone)).date().isoformat()}/{fact.currency}"
        spent = drawn.get(day, 0) + fact.amount_minor > policy.refund.fund.day_minor.get(fact.currency, 0)
        true = spent if fact.code == "fund.budget_spent" else day in stopped
        check.that(true, f"{entry}: {fact.amount_minor} is left to a person as {fact.code}, {drawn.get(day, 0)} was drawn")


def _answered(check: Check, log: Log, tables: Tables) -> None:
    """Whatever the fund was asked for it paid or left to a person, unless the claim ended before."""
    done = tables.taken["refund"]
    answers: tuple[type[Message], ...] = (FundDrawn, ClaimWaitsForFund)
    answered = {entry.header("ce_causationid") for kind in answers for entry, _ in log.of(kind)}
    over = {(fact.order_id, fact.case_id) for _, fact in log.of(CaseClosed)}
    for entry, fact in log.of(FundAsked):
        read = (entry.sequence or 0) <= done.lasts.get((entry.topic, entry.partition), 0) and entry.ref not in done.held
        known = not read or entry.id in answered or (fact.order_id, fact.case_id) in over
        check.that(known, f"{entry}: the claim {fact.case_id} of {fact.order_id} was neither paid nor left to a person")
