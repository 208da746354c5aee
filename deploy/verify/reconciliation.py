"""The provider's statement against what was booked, compared anew: the breaks that stand are those announced. Source: R3.9."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from deploy.verify.breaks import PUT_IN_KNOWN
from deploy.verify.log import Bodies, Entry, Log, cause
from deploy.verify.report import Check
from deploy.verify.tables import Tables
from shared.contracts.chargeback import ChargebackEnded, ChargebackReceived
from shared.contracts.handling import HandlingNoted, PayoutSettled
from shared.contracts.payment import (
    BreakExplained,
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
from shared.contracts.psp import PayoutLine, PutInLine, StatementLine
from shared.contracts.stated import (
    PayoutBreakExplained,
    PayoutBreakFound,
    PayoutStated,
    PutInBreakExplained,
    PutInBreakFound,
    PutInStated,
)
from shared.contracts.subsidy import PrefundReceived

Sum = tuple[int, str]  # minor units, currency
Place = tuple[str, ...]  # order or party, movement, reference; or party, payout: as the subject of its timer
Line = StatementLine | PayoutLine | PutInLine
Taken = StatementNoted | PayoutStated | PutInStated
Broken = BreakFound | PayoutBreakFound | PutInBreakFound
Explained = BreakExplained | PayoutBreakExplained | PutInBreakExplained
ALIKE = {name: name for name in ("amount_minor", "currency", "day")}
OF_MOVEMENT = {"line_id": "line_id", "movement": "kind", "reference": "reference", **ALIKE}
NAMES: Mapping[type[Taken], Mapping[str, str]] = {  # of the fact, and the same on the provider's line
    StatementNoted: OF_MOVEMENT,
    PayoutStated: {"line_id": "line_id", "payout_id": "payout_id", **ALIKE},
    PutInStated: OF_MOVEMENT,
}


@dataclass(slots=True)
class Both:
    """ours None: nothing is known. due: when it must be stated, if ever; known_by: until when the first of theirs must be known.

    theirs: by line, those with an amount.
    """

    ours: Sum | None = None
    due: datetime | None = None
    known_by: datetime | None = None
    theirs: dict[str, Sum] = field(default_factory=dict)

    @property
    def look(self) -> datetime | None:
        """When what stands alone is looked at; None: both sides know of it, or it need not be stated."""
        if not self.theirs:
            return self.due
        return self.known_by if self.ours is None else None


def checks(log: Log, tables: Tables) -> Iterator[Check]:
    yield _noted(Check("every statement line was compared as the provider sent it, once"), log, StatementLine, StatementNoted)
    yield _noted(Check("every line about a payout was compared as the provider sent it, once"), log, PayoutLine, PayoutStated)
    yield _noted(Check("every line about money put in was compared as the provider sent it, once"), log, PutInLine, PutInStated)
    ends: list[tuple[Entry, Explained]] = [*log.of(BreakExplained), *log.of(PayoutBreakExplained), *log.of(PutInBreakExplained)]
    explained = {end.break_id for _, end in ends}
    of_orders = [fact for _, fact in log.of(BreakFound) if fact.break_id not in explained]
    of_payouts = [fact for _, fact in log.of(PayoutBreakFound) if fact.break_id not in explained]
    of_put_in = [fact for _, fact in log.of(PutInBreakFound) if fact.break_id not in explained]
    check = Check("the breaks that stand are those between statement and ledger")
    yield _stand(check, _both(log), [((one.order_id, one.movement, one.reference), one.break_kind) for one in of_orders], tables)
    check = Check("the breaks of payouts that stand are those between statement and what parties were paid")
    yield _stand(check, _payouts(log), [((one.party, one.payout_id), one.break_kind) for one in of_payouts], tables)
    check = Check("the breaks of money put in that stand are those between statement and what parties put in")
    places, forgotten = _put_in(log)
    left = [((one.party, one.movement, one.reference), one.break_kind) for one in of_put_in]
    yield _stand(check, places, [(place, kind) for place, kind in left if place not in forgotten], tables)
    yield _announced(log, ends, [*of_orders, *of_payouts, *of_put_in], tables)


def _noted(check: Check, log: Log, lines: type[Line], taken: type[Taken]) -> Check:
    """By the causation id; a line that was refused or waits has no such fact, and `nothing vanished` looks after it."""
    sent: Bodies[Line] = log.bodies(lines, "payment")
    seen: Counter[tuple[str, str]] = Counter()
    names = NAMES[taken]
    for entry, noted in log.of(taken):
        place = (entry.header("ce_causationid"), noted.key)
        seen[place] += 1
        line = cause(sent, entry, line_id=noted.line_id, amount_minor=noted.amount_minor)
        said = tuple(getattr(line, name) for name in names.values()) if line is not None else None
        took = tuple(getattr(noted, name) for name in names)
        check.that(said == took, f"{entry}: the provider stated {said}, compared was {took}")
        check.that(seen[place] == 1, f"{entry}: compared again")
    return check


def _payouts(log: Log) -> dict[Place, Both]:
    """The last word of both sides on every payout; facts of one party lie in one lane, in order."""
    places: dict[Place, Both] = defaultdict(Both)
    lines: dict[tuple[str, str], PayoutStated] = {}
    for entry in log.facts():
        match entry.event:
            case PayoutInstructed() as fact:
                places[(fact.party, fact.payout_id)].ours = (fact.amount_minor, fact.currency)
            case PayoutDone() as fact:
                places[(fact.party, fact.payout_id)].due = fact.stated_by
            case PayoutReturned() | PayoutSettled(how="not_paid") as fact:
                both = places[(fact.party, fact.payout_id)]
                both.ours, both.due = None, None
            case PayoutSettled() as fact if places[(fact.party, fact.payout_id)].ours is None:
                both = places[(fact.party, fact.payout_id)]
                both.ours, both.due = (fact.amount_minor, fact.currency), fact.stated_by
            case PayoutStated() as fact:
                lines[(fact.party, fact.line_id)] = fact
    for (party, line_id), noted in lines.items():
        if noted.amount_minor:
            both = places[(party, noted.payout_id)]
            both.known_by = both.known_by or noted.known_by
            both.theirs[line_id] = (noted.amount_minor, noted.currency)
    return places


def _put_in(log: Log) -> tuple[dict[Place, Both], set[Place]]:
    """The last word of both sides on all that parties put in; what was booked before such lines were compared has no day.

    Apart: what was stated, or corrected, so long after that it may have been forgotten. Of that either may be announced.
    """
    places: dict[Place, Both] = defaultdict(Both)
    came: defaultdict[str, dict[Place, int]] = defaultdict(dict)
    lines: dict[tuple[str, str], PutInStated] = {}
    forgotten: set[Place] = set()
    for entry in log.facts():
        match entry.event:
            case DepositReceived(day=str()) | PrefundReceived(day=str()) as fact:
                place = (fact.party, *(("deposit", fact.deposit_id) if isinstance(fact, DepositReceived) else ("prefund", fact.prefund_id)))
                places[place].ours, places[place].due = (fact.amount_minor, fact.currency), fact.stated_by
                came[fact.party].setdefault(place, len(came[fact.party]))
            case PutInStated() as fact:
                known = came[fact.party]
                for one in (fact, lines.get((fact.party, fact.line_id), fact)):
                    place = (one.party, one.movement, one.reference)
                    if len(known) - known.get(place, len(known)) > PUT_IN_KNOWN:
                        forgotten.add(place)
                lines[(fact.party, fact.line_id)] = fact
    for (party, line_id), noted in lines.items():
        if noted.amount_minor:
            both = places[(party, noted.movement, noted.reference)]
            both.known_by = both.known_by or noted.known_by
            both.theirs[line_id] = (noted.amount_minor, noted.currency)
    return {place: both for place, both in places.items() if place not in forgotten}, forgotten


def _both(log: Log) -> dict[Place, Both]:
    """The last word of both sides on every movement; facts of one order lie in one lane, in order."""
    places: dict[Place, Both] = defaultdict(Both)
    days: dict[str, int] = {}
    lines: dict[tuple[str, str], StatementNoted] = {}
    for entry in log.facts():
        match entry.event:
            case EscrowFunded() as fact:
                days[fact.order_id] = fact.statement_days
                if paid := sum(line.paid_minor for line in fact.lines):
                    both = places[(fact.order_id, "capture", fact.payment_id)]
                    _moved(both, (paid, fact.currency), fact.occurred_at, fact.statement_days)
            case UnwantedReceived() as fact:
                days[fact.order_id] = fact.statement_days
                both = places[(fact.order_id, "capture", fact.payment_id)]
                _moved(both, (fact.amount_minor, fact.currency), fact.occurred_at, fact.statement_days)
            case RefundInstructed() as fact:
                places[(fact.order_id, "refund", fact.refund_id)].ours = (fact.amount_minor, fact.currency)
            case RefundDone() as fact:
                both = places[(fact.order_id, "refund", fact.refund_id)]
                _moved(both, both.ours, fact.occurred_at, days.get(fact.order_id, 0))
            case CompensationInstructed() as fact:
                places[(fact.order_id, "compensation", fact.compensation_id)].ours = (fact.amount_minor, fact.currency)
            case CompensationDone() as fact:
                both = places[(fact.order_id, "compensation", fact.compensation_id)]
                _moved(both, both.ours, fact.occurred_at, days.get(fact.order_id, 0))
            case CompensationNotPaid() as fact:
                places[(fact.order_id, "compensation", fact.compensation_id)].ours = None
            case ChargebackReceived() as fact:
                places[(fact.order_id, "chargeback", fact.chargeback_id)].ours = (fact.amount_minor, fact.currency)
            case ChargebackEnded() as fact if fact.outcome == "lost":
                both = places[(fact.order_id, "chargeback", fact.chargeback_id)]
                _moved(both, (fact.taken_minor, fact.currency), fact.occurred_at, days.get(fact.order_id, 0))
            case ChargebackEnded() as fact:
                places[(fact.order_id, "chargeback", fact.chargeback_id)].ours = None
            case RefundNotPaid() as fact:
                places[(fact.order_id, "refund", fact.refund_id)].ours = None
            case HandlingNoted() as fact if fact.moves is not None:
                both = places[(fact.order_id, fact.of, fact.item_id)]
                both.ours, both.due = None, None
            case StatementNoted() as fact:
                lines[(fact.order_id, fact.line_id)] = fact
    for (order_id, line_id), noted in lines.items():
        if noted.amount_minor:
            both = places[(order_id, noted.movement, noted.reference)]
            both.known_by = both.known_by or noted.known_by
            both.theirs[line_id] = (noted.amount_minor, noted.currency)
    return places


def _moved(both: Both, ours: Sum | None, at: datetime, days: int) -> None:
    """A refund of nothing was instructed to nobody."""
    both.ours, both.due = ours, at + timedelta(days=days) if days and ours is not None else None


def _stand(check: Check, places: dict[Place, Both], left: list[tuple[Place, str]], tables: Tables) -> Check:
    """Of several lines of one movement, which is the duplicate is not compared. What stands alone waits for its deadline or is a break."""
    announced: dict[Place, list[str]] = defaultdict(list)
    for place, kind in left:
        announced[place].append(kind)
    for place in sorted(places.keys() | announced.keys()):
        both = places.get(place, Both())
        subject = "/".join(place)
        waits = both.look is not None and subject in tables.looks
        expected = ["duplicate"] * (len(both.theirs) - 1) + _expected(both, waits=waits)
        check.that(sorted(expected) == sorted(announced[place]), f"{subject}: breaks are {expected}, announced {announced[place]}")
        stands = tables.looks.get(subject)
        check.that(stands == (both.look if waits else None), f"{subject}: looked at {stands}, due {both.look}")
    return check


def _expected(both: Both, *, waits: bool) -> list[str]:
    if not both.theirs:
        return ["missing_there"] if both.due is not None and not waits else []
    if both.ours is None:
        return [] if waits else ["missing_here"]
    if both.ours in both.theirs.values():
        return []
    counted = next(iter(both.theirs.values()))
    return ["currency" if counted[1] != both.ours[1] else "amount"]


def _announced(log: Log, ends: list[tuple[Entry, Explained]], left: list[Broken], tables: Tables) -> Check:
    check = Check("every break is announced once, explained at most once, and listed while it stands")
    seen: Counter[str] = Counter()
    found: list[tuple[Entry, Broken]] = [*log.of(BreakFound), *log.of(PayoutBreakFound), *log.of(PutInBreakFound)]
    for entry, fact in found:
        seen[fact.break_id] += 1
        check.that(seen[fact.break_id] == 1, f"{entry}: break {fact.break_id} is announced again")
    ended: Counter[str] = Counter()
    stated = {entry.id for kind in (StatementLine, PayoutLine, PutInLine) for entry, _ in log.of(kind)}
    for entry, end in ends:
        ended[end.break_id] += 1
        by = "statement" if entry.header("ce_causationid") in stated else "ledger"
        check.that(end.by == by or any(log.starts.values()), f"{entry}: the {by} explains it, told was the {end.by}")
        check.that(
            ended[end.break_id] == 1 == seen[end.break_id], f"{entry}: break {end.break_id} was announced {seen[end.break_id]} times"
        )
    told = {fact.break_id: _listed(fact) for fact in left}
    for break_id in sorted(told.keys() | tables.breaks.keys()):
        check.same(f"break {break_id}", told.get(break_id), tables.breaks.get(break_id))
    return check


def _listed(fact: Broken) -> tuple[str, str, str]:
    if isinstance(fact, PayoutBreakFound):
        return fact.party, fact.break_kind, fact.payout_id
    if isinstance(fact, PutInBreakFound):
        return fact.party, fact.break_kind, fact.reference
    return fact.order_id, fact.break_kind, fact.reference
