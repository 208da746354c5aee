"""Until when payment waits: for the provider, for its statement, for the next sweep and the next try of a clawback.

Written from the rules' text and shares no code with the services: days are counted from the calendar on the wall. All facts of a party lie
in one lane, in order. What an older program did not tell is not compared. Sources: R3.1, R3.2, R3.5-R3.9, R9.1.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from deploy.verify.log import Entry, Log
from deploy.verify.report import Check
from shared.contracts.chargeback import ChargebackReceived
from shared.contracts.handling import PayoutSettled
from shared.contracts.order import OrderPaid
from shared.contracts.payment import (
    BalanceCredited,
    BalanceDebited,
    ClawbackDays,
    ClawbackDelayed,
    CompensationInstructed,
    DepositReceived,
    EscrowFunded,
    PayoutDone,
    PayoutInstructed,
    PayoutReturned,
    RefundInstructed,
    StatementNoted,
    UnwantedReceived,
)
from shared.contracts.stated import PayoutStated, PutInStated
from shared.contracts.subsidy import PrefundReceived, PrefundReleased
from shared.messaging.message import Message
from shared.policy import Policies, Policy

WAITS: Mapping[type[Message], tuple[str, str]] = {  # the field, and the policy's of payment that it is so much later
    CompensationInstructed: ("answer_by", "provider_silent_hours"),
    RefundInstructed: ("answer_by", "provider_silent_hours"),
    PayoutInstructed: ("answer_by", "provider_silent_hours"),
    ChargebackReceived: ("answer_by", "chargeback_silent_days"),
    StatementNoted: ("known_by", "known_hours"),
    PayoutStated: ("known_by", "known_hours"),
    PutInStated: ("known_by", "known_hours"),
    PayoutDone: ("stated_by", "statement_days"),
    PayoutSettled: ("stated_by", "statement_days"),
    DepositReceived: ("stated_by", "put_in_statement_days"),
    PrefundReceived: ("stated_by", "put_in_statement_days"),
}


@dataclass(slots=True)
class Purse:
    """swept: when last; tried: when a clawback was last tried; waiting: those that wait, until next. withdrawn: payouts
    asked for; of_deposit: from there.
    """

    swept: datetime | None = None
    tried: datetime | None = None
    next: datetime | None = None
    zone: str = ""
    waiting: set[str] = field(default_factory=set)
    withdrawn: set[str] = field(default_factory=set)
    of_deposit: set[str] = field(default_factory=set)


def checks(log: Log, policies: Policies) -> Iterator[Check]:
    yield _waits(log, policies)
    yield from _midnights(log, policies)
    yield _funded(log, policies)


def _waits(log: Log, policies: Policies) -> Check:
    check = Check("deadlines of payment: provider, bank and statement have as long as the policy of then says")
    for kind, (name, how_long) in WAITS.items():
        for entry, fact in log.of(kind):
            policy, told = _policy(entry, policies), getattr(fact, name)
            if policy is None or name not in fact.model_fields_set:
                continue
            count = getattr(policy.payment, how_long)
            wait = timedelta(hours=count) if how_long.endswith("hours") else timedelta(days=count)
            right = fact.occurred_at + wait if count and not _stands(fact) else None
            check.that(told == right, f"{entry}: {name} is {right}, told was {told}")
    return check


def _policy(entry: Entry, policies: Policies) -> Policy | None:
    """By which it was decided; that it is the right one is said elsewhere."""
    return policies.named(entry.header("ce_policyversion"))


def _midnights(log: Log, policies: Policies) -> Iterator[Check]:
    """Of one that stands a new one waits as well; a sweep that was used is not used again."""
    check = Check("sweeps and further tries of a clawback are at the next midnight of the party's that was not used")
    days = Check("what parties were paid and put in is of the local day on which it was, a payout that was not paid of none")
    purses: dict[tuple[str, str], Purse] = defaultdict(Purse)
    currencies: dict[str, str] = {}
    for entry in log.facts():
        fact: Any = entry.event
        if entry.topic != "party.v1" or fact is None or any(log.starts.values()):
            continue
        if isinstance(fact, PayoutInstructed):
            currencies[fact.payout_id] = fact.currency
        currency = getattr(fact, "currency", None) or currencies.get(getattr(fact, "payout_id", ""), "")
        purse = purses[(fact.party, currency)]
        if (policy := _policy(entry, policies)) is not None:
            told, right = _midnight(fact, purse, policy)
            check.that(told == right, f"{entry}: the next midnight is {right}, told was {told}")
            _day(days, entry, fact, purse.zone or policy.zone)
        _passed(fact, purse)
    yield check
    yield days


def _day(check: Check, entry: Entry, fact: Any, zone: str) -> None:
    """A fact of an older release has none."""
    if isinstance(fact, PayoutDone | PayoutSettled | DepositReceived | PrefundReceived) and "day" in fact.model_fields_set:
        right = None if _stands(fact) else fact.occurred_at.astimezone(ZoneInfo(zone)).date().isoformat()
        check.that(fact.day == right, f"{entry}: it is of {right}, told was {fact.day}")


def _stands(fact: Message) -> bool:
    """A person's word on a payout that pays nothing: it was not paid, or stands as paid."""
    return isinstance(fact, PayoutSettled) and (fact.how == "not_paid" or fact.moves is None)


def _midnight(fact: Any, purse: Purse, policy: Policy) -> tuple[datetime | None, datetime | None]:
    """As told, and as it is to be; None: none is."""
    zone = getattr(fact, "zone", "") or purse.zone or policy.zone
    swept = _next(max(fact.occurred_at, purse.swept or fact.occurred_at), zone)
    match fact:
        case BalanceCredited() | PrefundReleased():
            return fact.sweep_at, swept if policy.payment.sweep else None
        case PayoutReturned():
            again = fact.of is None and (policy.payment.sweep or fact.payout_id not in purse.withdrawn)
            fine = fact.swept_again == again or "swept_again" not in fact.model_fields_set
            return fact.sweep_at, swept if fine else None
        case PayoutSettled():
            again = fact.how == "not_paid" and (policy.payment.sweep or fact.payout_id not in purse.withdrawn)
            return fact.sweep_at, swept if again and fact.payout_id not in purse.of_deposit else None
        case ClawbackDelayed():
            if purse.next is not None and purse.next > fact.occurred_at:
                return fact.try_at, purse.next
            return fact.try_at, _next(max(fact.occurred_at, purse.tried or fact.occurred_at), zone)
        case _:
            return None, None


def _passed(fact: Any, purse: Purse) -> None:
    purse.zone = getattr(fact, "zone", "") or purse.zone
    match fact:
        case PayoutInstructed(withdrawal_id=str()):
            purse.withdrawn.add(fact.payout_id)
            purse.of_deposit |= {fact.payout_id} if fact.of else set()
        case PayoutInstructed(of=None):
            purse.swept = fact.occurred_at
        case ClawbackDelayed():
            purse.waiting.add(fact.charge_id)
            purse.next, purse.tried = fact.try_at, max(fact.occurred_at, purse.tried or fact.occurred_at)
        case BalanceDebited(reason="clawback"):
            purse.waiting.discard(fact.charge_id)
            purse.next = purse.next if purse.waiting else None
            purse.tried = max(fact.occurred_at, purse.tried or fact.occurred_at)


def _next(at: datetime, zone: str) -> datetime:
    """00:00 of the day after, on the wall. Source: R1.3."""
    day = at.astimezone(ZoneInfo(zone)).date() + timedelta(days=1)
    return datetime.combine(day, time(), tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _funded(log: Log, policies: Policies) -> Check:
    """By the policy that the order was promised under."""
    check = Check("escrow is funded under the days for clawbacks and statements that the order's policy says, its subsidies prefunded")
    promised = {paid.order_id: paid.terms.policy_version for _, paid in log.of(OrderPaid)}
    for entry, funded in log.of(EscrowFunded):
        policy = policies.named(promised.get(funded.order_id, ""))
        if policy is None:
            continue
        known = policy.payment
        right = {
            "clawback": ClawbackDays(usual=known.clawback_days, short=known.clawback_days_short),
            "statement_days": known.statement_days,
            "prefunded": True,
        }
        wrong = {name: getattr(funded, name) for name in right.keys() & funded.model_fields_set if getattr(funded, name) != right[name]}
        check.that(not wrong, f"{entry}: {right} is promised, told was {wrong}")
    _unwanted(check, log, policies)
    return check


def _unwanted(check: Check, log: Log, policies: Policies) -> None:
    """Money that goes back is stated as the order's own is, once that came; else by the policy of then."""
    own = {funded.order_id: (entry.offset, funded.statement_days) for entry, funded in log.of(EscrowFunded)}
    for entry, unwanted in log.of(UnwantedReceived):
        since, days = own.get(unwanted.order_id, (entry.offset, 0))
        policy = _policy(entry, policies)
        if policy is not None and "statement_days" in unwanted.model_fields_set and not any(log.starts.values()):
            right = days if since < entry.offset else policy.payment.statement_days
            check.that(unwanted.statement_days == right, f"{entry}: it is stated within {right} days, told was {unwanted.statement_days}")
