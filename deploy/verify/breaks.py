"""What each break between the provider's statement and what was booked says of both sides, as they stood when it was announced.

Written from the rule's text and shares no code with the services. Facts of one order, and of one party, lie in one lane, in order.
Source: R3.9.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from deploy.verify.log import Log
from deploy.verify.report import Check
from shared.contracts.chargeback import ChargebackEnded, ChargebackReceived
from shared.contracts.handling import HandlingNoted, PayoutSettled
from shared.contracts.payment import (
    BreakFound,
    CompensationDone,
    CompensationInstructed,
    CompensationNotPaid,
    DepositReceived,
    EscrowFunded,
    PayoutDone,
    PayoutInstructed,
    PayoutReturned,
    RefundDone,
    RefundInstructed,
    RefundNotPaid,
    StatementNoted,
    UnwantedReceived,
)
from shared.contracts.stated import PayoutBreakFound, PayoutStated, PutInBreakFound, PutInStated
from shared.contracts.subsidy import PrefundReceived

Place = tuple[str, str]  # movement, reference
Sum = tuple[int | None, str | None]
NOTHING: Sum = (None, None)
PUT_IN_KNOWN = 64  # sums of a party that are known for sure, the last ones: what is stated of an older one may be compared with nothing


@dataclass(slots=True)
class Books:
    """Of one order; of one party's payouts, or of what it put in. ours: by movement, with the local day on which it moved, empty
    before. theirs: by line, with its day.
    """

    zone: str = "UTC"
    ours: dict[Place, tuple[Sum, str]] = field(default_factory=dict)
    theirs: dict[str, tuple[Place, Sum, str]] = field(default_factory=dict)

    def moved(self, place: Place, amount: Sum | None, fact: Any) -> None:
        """amount None: as it was instructed; a person may have paid what the provider had refused, which is not booked."""
        day = fact.occurred_at.astimezone(ZoneInfo(self.zone or "UTC")).date().isoformat()
        if amount is not None or place in self.ours:
            self.ours[place] = (amount or self.ours[place][0], day)


def checks(log: Log) -> Iterator[Check]:
    check = Check("every break says what both sides said of it by then: line, day, amounts and currencies")
    books: dict[tuple[str, str], Books] = defaultdict(Books)
    for entry in log.facts():
        fact: Any = entry.event
        if entry.topic not in ("payment.v1", "party.v1") or fact is None or any(log.starts.values()):
            continue
        of = "put in" if isinstance(fact, DepositReceived | PrefundReceived | PutInStated | PutInBreakFound) else entry.topic
        book = books[(of, fact.key)]
        if isinstance(fact, BreakFound | PayoutBreakFound | PutInBreakFound):
            right, told = _right(book, fact), _told(fact)
            forgotten = of == "put in" and told == (*right[:2], NOTHING, right[3]) and _place(fact) not in [*book.ours][-PUT_IN_KNOWN:]
            check.that(right == told or forgotten, f"{entry}: line, day, ours and theirs are {right}, told was {told}")
        elif entry.topic == "party.v1":
            _parties(book, fact)
        else:
            _orders(book, fact)
    yield check


def _right(book: Books, fact: Any) -> tuple[str | None, str, Sum, Sum]:
    """Of a line that was not stated of this movement nothing is right."""
    place = _place(fact)
    ours, day = book.ours.get(place, (NOTHING, ""))
    if fact.break_kind == "missing_there":
        return None, day, ours, NOTHING
    of, theirs, day = book.theirs.get(fact.line_id or "", (None, NOTHING, ""))
    return fact.line_id if of == place else None, day, ours, theirs


def _told(fact: Any) -> tuple[str | None, str, Sum, Sum]:
    return fact.line_id, fact.day, (fact.ours_minor, fact.ours_currency), (fact.theirs_minor, fact.theirs_currency)


def _place(fact: Any) -> Place:
    return ("payout", fact.payout_id) if isinstance(fact, PayoutBreakFound) else (fact.movement, fact.reference)


def _parties(book: Books, fact: Any) -> None:
    match fact:
        case PayoutInstructed():
            book.ours[("payout", fact.payout_id)] = ((fact.amount_minor, fact.currency), "")
        case PayoutDone():
            place = "payout", fact.payout_id
            book.ours[place] = (book.ours[place][0], fact.day or "")
        case PayoutReturned() | PayoutSettled(how="not_paid"):
            book.ours.pop(("payout", fact.payout_id), None)
        case PayoutSettled():
            book.ours.setdefault(("payout", fact.payout_id), ((fact.amount_minor, fact.currency), fact.day or ""))
        case PayoutStated():
            book.theirs[fact.line_id] = (("payout", fact.payout_id), (fact.amount_minor, fact.currency), fact.day)
        case DepositReceived(day=str(day)):
            book.ours[("deposit", fact.deposit_id)] = ((fact.amount_minor, fact.currency), day)
        case PrefundReceived(day=str(day)):
            book.ours[("prefund", fact.prefund_id)] = ((fact.amount_minor, fact.currency), day)
        case PutInStated():
            book.theirs[fact.line_id] = ((fact.movement, fact.reference), (fact.amount_minor, fact.currency), fact.day)


def _orders(book: Books, fact: Any) -> None:
    match fact:
        case EscrowFunded():
            book.zone = fact.zone
            if paid := sum(line.paid_minor for line in fact.lines):
                book.moved(("capture", fact.payment_id), (paid, fact.currency), fact)
        case UnwantedReceived():
            book.zone = fact.zone
            book.moved(("capture", fact.payment_id), (fact.amount_minor, fact.currency), fact)
        case RefundInstructed():
            book.ours[("refund", fact.refund_id)] = ((fact.amount_minor, fact.currency), "")
        case CompensationInstructed():
            book.ours[("compensation", fact.compensation_id)] = ((fact.amount_minor, fact.currency), "")
        case ChargebackReceived():
            book.ours[("chargeback", fact.chargeback_id)] = ((fact.amount_minor, fact.currency), "")
        case RefundDone():
            book.moved(("refund", fact.refund_id), None, fact)
        case CompensationDone():
            book.moved(("compensation", fact.compensation_id), None, fact)
        case ChargebackEnded(outcome="lost"):
            book.moved(("chargeback", fact.chargeback_id), (fact.taken_minor, fact.currency), fact)
        case ChargebackEnded():
            book.ours.pop(("chargeback", fact.chargeback_id), None)
        case HandlingNoted() if fact.moves is not None:
            book.ours.pop((fact.of, fact.item_id), None)
        case RefundNotPaid():
            book.ours.pop(("refund", fact.refund_id), None)
        case CompensationNotPaid():
            book.ours.pop(("compensation", fact.compensation_id), None)
        case StatementNoted():
            place = fact.movement, fact.reference
            book.theirs[fact.line_id] = (place, (fact.amount_minor, fact.currency), fact.day)
