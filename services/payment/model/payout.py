"""Payouts of a party, as they were answered and as the provider's statement says: both go with time. Source: R3.1, R3.9."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Literal, assert_never

from services.payment.model import statement
from services.payment.model.statement import Booked, Stated, Statement
from shared.contracts.handling import PayoutSettled
from shared.contracts.payment import (
    PaidOf,
    PayoutAnswerDue,
    PayoutContradicted,
    PayoutDone,
    PayoutInstructed,
    PayoutOverdue,
    PayoutReturned,
)
from shared.contracts.stated import PayoutBreakExplained, PayoutBreakFound, PayoutStated, PayoutStatementDue

OUT = uuid.UUID("b7f0c1de-7a8c-5d7b-9f3d-0c6f4f3f9a52")  # namespace of payout ids
ANSWERED_KEPT = 64  # payouts that are still known by id, once they are answered and the statement agrees; older ones are unknown
BROKEN_KEPT = 256  # of those that the statement does not agree with; what it says of older ones is refused, and their breaks stand
TAKEN_KEPT = 64  # lines taken back of payouts that are not known: an older word on them may be told after, or the payout be made
START = datetime.min.replace(tzinfo=UTC)  # of a line of which it was not kept when it was told

OfProvider = PayoutInstructed | PayoutDone | PayoutReturned | PayoutOverdue | PayoutContradicted
PayoutFact = OfProvider | PayoutSettled | PayoutStated | PayoutBreakFound | PayoutBreakExplained


@dataclass(frozen=True, slots=True)
class Payout:
    """answer_by None: its silence is announced already, or never is. day: on which it was paid. look_at: when the provider's statement
    must show it, None: it need not. looked: it did not in time, which is not forgotten. of: what it was taken from, None: the balance.
    bounced: paid, and the provider said since that it came back; it counts as paid until that is settled. contradicted: it said so, or that
    it paid what came back. handled: the id of the word by which a person settled that.
    """

    state: Literal["instructed", "done", "bounced", "returned"]
    currency: str
    amount_minor: int
    answer_by: datetime | None = None
    withdrawn: bool = False
    day: str | None = None
    look_at: datetime | None = None
    looked: bool = False
    of: PaidOf = None
    contradicted: bool = False
    handled: str | None = None

    @property
    def waits(self) -> bool:
        """For a person, as the provider said both. Source: R3.5."""
        return self.contradicted and self.handled is None


@dataclass(frozen=True, slots=True)
class Payouts:
    """by_id: the answered ones last. stated: what the statement says of them; what is booked is what by_id says. forgotten_day: the latest
    on which one was stated that is forgotten; empty: none is.
    """

    by_id: dict[str, Payout] = field(default_factory=dict)
    stated: Statement = field(default_factory=Statement)
    forgotten_day: str = ""

    @property
    def awaited(self) -> int:
        """Paid, and not stated yet, with time left for it."""
        return sum(payout_id in self.by_id for payout_id, _ in _alone(self))

    @property
    def statement(self) -> Statement:
        """A payout that came back is booked no more. Source: R3.9."""
        booked = [_booked(payout_id, one) for payout_id, one in self.by_id.items() if one.state != "returned"]
        return replace(self.stated, booked={one.key: one for one in booked})


def numbered(party: str, currency: str, number: int) -> str:
    """The id of a party's first, second, … payout: whether one was ever made is known though it is forgotten. Source: R3.1, R3.9."""
    return str(uuid.uuid5(OUT, f"{party}|{currency}|{number}"))


def evolve(payouts: Payouts, fact: PayoutFact) -> Payouts:
    match fact:
        case PayoutInstructed():
            asked = fact.withdrawal_id is not None
            new = Payout("instructed", fact.currency, fact.amount_minor, fact.answer_by, asked, of=fact.of)
            return _with(payouts, fact.payout_id, new)
        case PayoutOverdue():
            return _with(payouts, fact.payout_id, replace(payouts.by_id[fact.payout_id], answer_by=None))
        case PayoutDone():
            return _forgotten(_answered(payouts, fact.payout_id, "done", fact.day, fact.stated_by))
        case PayoutReturned():
            return _forgotten(_back(payouts, fact.payout_id, fact.occurred_at))
        case PayoutContradicted():
            before = payouts.by_id[fact.payout_id]
            return _with(payouts, fact.payout_id, replace(before, state="bounced" if fact.bounced else before.state, contradicted=True))
        case PayoutSettled():
            return _forgotten(_settled(payouts, fact))
        case PayoutStated():
            line = Stated("payout", fact.payout_id, fact.statement_id, fact.day, fact.amount_minor, fact.currency, fact.known_by)
            line = replace(line, told_at=fact.occurred_at)
            return _forgotten(_said(payouts, statement.noted(payouts.statement, fact.line_id, line, fact.occurred_at)))
        case PayoutBreakFound():
            return _forgotten(_said(payouts, statement.broken(payouts.statement, fact, "payout", fact.payout_id)))
        case PayoutBreakExplained():
            return _forgotten(_said(payouts, statement.explained(payouts.statement, fact.break_id)))
        case _:
            assert_never(fact)


def due(party: str, payouts: Payouts) -> Iterable[PayoutAnswerDue | PayoutStatementDue]:
    """Silence is announced; what only one side knows of is looked at once. Source: R3.1, R3.9."""
    for payout_id, payout in payouts.by_id.items():
        if payout.state == "instructed" and payout.answer_by is not None:
            yield PayoutAnswerDue(party=party, payout_id=payout_id, occurred_at=payout.answer_by)
    for payout_id, look_at in _alone(payouts):
        yield PayoutStatementDue(party=party, payout_id=payout_id, occurred_at=look_at)


def looked_at(payouts: Payouts, payout_id: str) -> Payouts:
    """It is known from one side only, and its time is over."""
    return _said(payouts, statement.looked_at(payouts.statement, "payout", payout_id))


def _alone(payouts: Payouts) -> Iterator[tuple[str, datetime]]:
    """What only one side knows of and nobody has looked at yet, with the time for that. As statement.alone, for accounts are hot."""
    stated: dict[str, Stated] = {}
    for line in payouts.stated.lines.values():
        if line.amount_minor:
            stated.setdefault(line.reference, line)
    for payout_id, one in payouts.by_id.items():
        if one.look_at is not None and not one.looked and payout_id not in stated:
            yield payout_id, one.look_at
    for reference, line in stated.items():
        booked = payouts.by_id.get(reference)
        if not line.looked and (booked is None or booked.state == "returned"):
            yield reference, line.look_at


def _booked(payout_id: str, one: Payout) -> Booked:
    return Booked("payout", payout_id, one.amount_minor, one.currency, one.day, one.look_at, one.looked)


def _with(payouts: Payouts, payout_id: str, payout: Payout) -> Payouts:
    return replace(payouts, by_id={**payouts.by_id, payout_id: payout})


def _answered(
    payouts: Payouts, payout_id: str, state: Literal["done", "returned"], day: str | None = None, look_at: datetime | None = None
) -> Payouts:
    """It goes last."""
    others = {known: payout for known, payout in payouts.by_id.items() if known != payout_id}
    return replace(payouts, by_id={**others, payout_id: replace(payouts.by_id[payout_id], state=state, day=day, look_at=look_at)})


def _back(payouts: Payouts, payout_id: str, at: datetime) -> Payouts:
    """What the statement says of it stands alone from now on. Source: R3.9."""
    after = _answered(payouts, payout_id, "returned")
    return _said(after, statement.overdue(after.statement, statement.key_of("payout", payout_id), at))


def _settled(payouts: Payouts, fact: PayoutSettled) -> Payouts:
    """One that bounced and is found paid is to be stated as before. Source: R3.5, R3.9."""
    before = payouts.by_id[fact.payout_id]
    handled = _with(payouts, fact.payout_id, replace(before, handled=fact.handling_id))
    if before.state != "bounced":
        return _answered(handled, fact.payout_id, "done" if fact.how == "paid" else "returned", fact.day, fact.stated_by)
    if fact.how == "paid":
        return _answered(handled, fact.payout_id, "done", before.day, before.look_at)
    return _back(handled, fact.payout_id, fact.occurred_at)


def _said(payouts: Payouts, now: Statement) -> Payouts:
    """What was booked is known of the payouts themselves, but for what was looked at in vain."""
    looked = {one.reference for one in now.booked.values() if one.looked}
    by_id = {known: replace(one, looked=True) if known in looked else one for known, one in payouts.by_id.items()}
    return replace(payouts, by_id=by_id, stated=replace(now, booked={}))


def _forgotten(payouts: Payouts) -> Payouts:
    """The oldest answered ones beyond what is kept, with all that was stated of them: never one that is under way, is still to be stated,
    or of which a break is about to be told, or that waits for a person. Of what came back, or is not known, a line may be left, alone.
    """
    now = payouts.statement
    ended, new = statement.news(now)
    telling = {one.reference for one in new} | {now.breaks[break_id].reference for break_id in ended}
    told = {one.reference for one in now.breaks.values()}
    back = {known for known, one in payouts.by_id.items() if one.state == "returned"}
    busy = (telling | {payout_id for payout_id, _ in _alone(payouts)}) - back
    answered = [known for known, one in payouts.by_id.items() if one.state != "instructed" and not one.waits and known not in busy]
    quiet = [known for known in answered if known in back or known not in told]
    broken = [known for known in answered if known not in back and known in told]
    return _without(payouts, {*quiet[:-ANSWERED_KEPT], *broken[:-BROKEN_KEPT]})


def _without(payouts: Payouts, gone: set[str]) -> Payouts:
    paid = {known for known in gone if payouts.by_id[known].state == "done"}
    by_id = {known: one for known, one in payouts.by_id.items() if known not in gone}
    lines = {line_id: line for line_id, line in payouts.stated.lines.items() if line.reference not in paid}
    taken = [line_id for line_id, line in lines.items() if not line.amount_minor and line.reference not in by_id]
    old = sorted(taken, key=lambda line_id: lines[line_id].told_at or START)[:-TAKEN_KEPT]
    breaks = {break_id: one for break_id, one in payouts.stated.breaks.items() if one.reference not in paid}
    days = [line.day for line in payouts.stated.lines.values() if line.reference in paid]
    days += [payouts.by_id[known].day or "" for known in paid] + [lines.pop(line_id).day for line_id in old]
    stated = replace(payouts.stated, lines=lines, breaks=breaks)
    return Payouts(by_id, stated, max([*days, payouts.forgotten_day]))
