"""Claims that were refused, refused again: where the topics alone show whether the reason was one. Source: R4.1-R4.8, R2.1.

Written from the rules' text and shares no code with the services. What was known at the moment of a refusal no topic says; a reason
that no knowledge could give is a difference.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, get_args

from deploy.verify.log import Log, copied_from
from deploy.verify.report import Check
from deploy.verify.verdicts import end, guarantee
from shared.contracts.certificate import CertificateIssued, Withheld
from shared.contracts.first_order import FirstOrderUsed, MemberKnown, OrderedElsewhere
from shared.contracts.order import OrderPaid, ParcelSent
from shared.contracts.refund import CaseOpened, WindowOpened
from shared.contracts.storefront import RefundRequested
from shared.messaging.message import COPIES

WINDOWS = ("claim.window_over", "no_reason.window_over")
WITHHELD = frozenset(get_args(Withheld))
TOO_EARLY = ("claim.not_signed", "no_reason.not_signed")


@dataclass(slots=True)
class Known:
    """Of all orders: certificates, signings and cases by line, what was sent, who is whose, who used the first order. paid: those of which
    something was due; any other is nobody's first (R4.6). elsewhere: buyers, and when each paid its first order there, as was ever said.
    """

    certificates: dict[str, CertificateIssued] = field(default_factory=dict)
    signed: defaultdict[tuple[str, int], list[datetime]] = field(default_factory=lambda: defaultdict(list))
    cases: defaultdict[tuple[str, int], list[str]] = field(default_factory=lambda: defaultdict(list))
    sent: set[tuple[str, int]] = field(default_factory=set)
    cluster: dict[str, str] = field(default_factory=dict)
    users: set[str] = field(default_factory=set)
    paid: defaultdict[str, list[tuple[datetime, str, str]]] = field(default_factory=lambda: defaultdict(list))
    elsewhere: list[tuple[str, datetime]] = field(default_factory=list)

    def same(self, buyer_id: str, other: str) -> bool:
        """Two accounts of one person, as is known in the end."""
        return self.cluster.get(buyer_id, buyer_id) == self.cluster.get(other, other)


def checks(log: Log) -> Iterator[Check]:
    check = Check("claims refused: the certificate, the window, the line or the buyer's other orders give the reason that was told")
    known = _known(log)
    requests = {entry.ref: fact for entry, fact in log.of(RefundRequested)}
    for entry in log.refused():
        place = copied_from(entry)
        request, code = requests.get(place), entry.header("x-reason")
        if request is None or entry.topic != f"refund{COPIES}":
            continue
        right = _right(code, request, known)
        if right is not None:
            check.that(right or any(log.starts.values()), f"{entry.topic}/{entry.offset}: {request.case_id} was refused as {code}")
    yield check


def _known(log: Log) -> Known:
    known = Known()
    known.certificates = {fact.order_id: fact for _, fact in log.of(CertificateIssued)}
    for _, window in log.of(WindowOpened):
        for line_no in window.line_nos:
            known.signed[(window.order_id, line_no)].append(window.signed_at)
    for _, case in log.of(CaseOpened):
        known.cases[(case.order_id, case.line_no)].append(case.case_id)
    for _, parcel in log.of(ParcelSent):
        known.sent |= {(parcel.order_id, one.line_no) for one in parcel.units}
    for _, member in log.of(MemberKnown):
        known.cluster[member.buyer_id] = min(member.cluster, known.cluster.get(member.buyer_id, member.cluster))
    known.users = {fact.buyer_id for _, fact in log.of(FirstOrderUsed)}
    known.elsewhere = [(said.buyer_id, said.first_paid_at) for _, said in log.of(OrderedElsewhere) if said.first_paid_at is not None]
    for _, paid in log.of(OrderPaid):
        if paid.amount_minor:
            known.paid[paid.buyer_id].append((paid.occurred_at, paid.payment_id, paid.order_id))
    return known


def _right(code: str, request: RefundRequested, known: Known) -> bool | None:
    """None: the topics do not show it."""
    certificate = known.certificates.get(request.order_id)
    if certificate is None:
        return None
    place = (request.order_id, request.line_no)
    promised: Any = guarantee(certificate, request.line_no, request.ground, request.kind)
    match code:
        case "buyer.differs":
            return request.buyer_id != certificate.buyer_id
        case "line.unknown":
            return all(line.line_no != request.line_no for line in certificate.lines)
        case "case.known":
            return any(request.case_id in cases for (order_id, _), cases in known.cases.items() if order_id == request.order_id)
        case "case.line_open":
            return any(case != request.case_id for case in known.cases[place])
        case "case.attempts_used":
            return len(known.cases[place]) >= certificate.terms.attempts_max
        case "not_shipped.sent":
            return place in known.sent
        case "first_order.used":
            return any(known.same(request.buyer_id, user) for user in known.users)
        case "first_order.elsewhere":
            return _was_elsewhere(request, known)
        case "first_order.not_first":
            return _another_was_first(request, known)
        case _ if code in WINDOWS and promised is not None:
            return any(request.occurred_at >= end(promised, at, certificate.terms.zone) for at in known.signed[place])
        case _ if code in TOO_EARLY:
            return any(request.occurred_at < at for at in known.signed[place])
        case _ if promised is not None and promised.withheld and code in WITHHELD:  # any other reason may be looked at before
            return bool(code == promised.withheld)
        case _:
            return None


def _was_elsewhere(request: RefundRequested, known: Known) -> bool:
    mine = _place(request, known)
    return any(known.same(request.buyer_id, buyer) and (mine is None or paid_at <= mine[0]) for buyer, paid_at in known.elsewhere)


def _another_was_first(request: RefundRequested, known: Known) -> bool:
    mine = _place(request, known)
    others = (place for buyer, places in known.paid.items() if known.same(request.buyer_id, buyer) for place in places)
    return mine is None or any(place < mine for place in others)


def _place(request: RefundRequested, known: Known) -> tuple[datetime, str, str] | None:
    """Among the first orders; None: nothing was due of it."""
    return next((place for place in known.paid[request.buyer_id] if place[2] == request.order_id), None)
