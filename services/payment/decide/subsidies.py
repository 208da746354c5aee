"""Promoters' subsidies: their accounts are asked for what orders took, and get back what came back. Source: R3.1, R3.2, R3.4.

An order does not wait for its promoter: its escrow is full at once, `promoter_subsidy:<party>` carries what no account has given yet.
"""

from __future__ import annotations

import uuid
from collections import Counter
from datetime import datetime
from typing import Any

from services.payment import ledger
from services.payment.decide.fronting import CHARGE
from services.payment.decide.income import debt_repaid, purse_of, used
from services.payment.decide.put_in import expected, put_in_changes
from services.payment.decide.sellers import known_request
from services.payment.model import Account, Payment, Purse, Refund
from services.payment.model.account import evolve
from services.payment.model.line import funded_by
from services.payment.model.purse import next_sweep
from shared.contracts.order import OrderPaid
from shared.contracts.payment import DebtRepaid, WithdrawalRefused
from shared.contracts.seller import PrefundToppedUp
from shared.contracts.subsidy import (
    PrefundReceived,
    PrefundReleased,
    PrefundReleaseDue,
    SubsidyCharged,
    SubsidyDrawn,
    SubsidyRestored,
    SubsidyReturned,
)
from shared.messaging.shape import Outcome
from shared.policy import Policy


def subsidies(event: OrderPaid) -> list[SubsidyCharged]:
    """One message a promoter, for all its lines of the order. Source: R3.1."""
    given = Counter[str]()
    for line in event.lines:
        if line.promoter_id is not None:
            given[line.promoter_id] += funded_by(line, "promoter")
    return [
        SubsidyCharged(
            party=party,
            charge_id=str(uuid.uuid5(CHARGE, f"{event.order_id}|{event.payment_id}|{party}|subsidy")),
            currency=event.currency,
            amount_minor=amount,
            order_id=event.order_id,
            zone=event.terms.zone,
            occurred_at=event.occurred_at,
        )
        for party, amount in given.items()
        if amount
    ]


def given_back(payment: Payment, cause_id: str, refund: Refund, at: datetime) -> list[SubsidyReturned]:
    """To the account that it was asked of; of orders paid before any was asked, it stays where it was booked. Source: R3.4, R3.6, R3.8.

    cause_id: of the refund or a chargeback's part.
    """
    party = payment.lines[refund.line_no].promoter_id if refund.line_no is not None else None
    if not payment.prefunded or party is None or refund.line_no is None or not refund.promoter_minor:
        return []
    return [
        SubsidyReturned(
            party=party,
            return_id=str(uuid.uuid5(CHARGE, f"{payment.id}|{cause_id}|subsidy")),
            currency=payment.currency,
            amount_minor=refund.promoter_minor,
            order_id=payment.id,
            line_no=refund.line_no,
            occurred_at=at,
        )
    ]


def draw(event: SubsidyCharged, account: Account | None) -> Outcome:
    """From what was prefunded; the shortfall is a platform advance, owed as a debt. The balance is not touched. Source: R3.1."""
    purse = purse_of(account, event.currency)
    prefunded = min(event.amount_minor, purse.prefunded_minor)
    owed = event.amount_minor - prefunded
    entries = [
        (ledger.prefunded(event.party), -prefunded),
        (ledger.debt(event.party), -owed),
        (ledger.promoter_subsidy(event.party), event.amount_minor),
    ]
    return (
        SubsidyDrawn(
            party=event.party,
            charge_id=event.charge_id,
            currency=event.currency,
            amount_minor=event.amount_minor,
            from_prefunded_minor=prefunded,
            as_debt_minor=owed,
            prefunded_minor=purse.prefunded_minor - prefunded,
            debt_minor=purse.debt_minor + owed,
            order_id=event.order_id,
            zone=event.zone,
            moves=ledger.certain(ledger.moves(event.currency, entries)),
            occurred_at=event.occurred_at,
        ),
    )


def restore(event: SubsidyReturned, account: Account | None) -> Outcome:
    """Back to what is prefunded, and out of that an open debt first: what was advanced for it goes back there. Source: R3.4, R3.7."""
    purse = purse_of(account, event.currency)
    entries = [(ledger.promoter_subsidy(event.party), -event.amount_minor), (ledger.prefunded(event.party), event.amount_minor)]
    restored = SubsidyRestored(
        party=event.party,
        return_id=event.return_id,
        currency=event.currency,
        amount_minor=event.amount_minor,
        prefunded_minor=purse.prefunded_minor + event.amount_minor,
        order_id=event.order_id,
        line_no=event.line_no,
        moves=ledger.certain(ledger.moves(event.currency, entries)),
        occurred_at=event.occurred_at,
    )
    return (restored, *_repaid(evolve(account, restored).purses[event.currency], event.party, event.currency, event.occurred_at))


def prefund(event: PrefundToppedUp, account: Account | None, policy: Policy) -> Outcome:
    """Money for subsidies, once per id; an open debt is repaid from it first. Source: R3.1, R3.7, R3.9."""
    known = known_request(account, f"prefund/{event.prefund_id}", event.occurred_at, "prefund.known")
    if known is not None:
        return known
    party, currency, purse = event.promoter_id, event.currency, purse_of(account, event.currency)
    entries = [(ledger.CASH, -event.amount_minor), (ledger.prefunded(party), event.amount_minor)]
    received = PrefundReceived(
        party=party,
        prefund_id=event.prefund_id,
        currency=currency,
        amount_minor=event.amount_minor,
        prefunded_minor=purse.prefunded_minor + event.amount_minor,
        moves=ledger.certain(ledger.moves(currency, entries)),
        **expected(event.occurred_at, purse, policy),
        occurred_at=event.occurred_at,
    )
    after = evolve(account, received)
    repaid = _repaid(after.purses[currency], party, currency, event.occurred_at)
    return received, *repaid, *put_in_changes(after, "ledger", event.occurred_at)


def release(event: PrefundReleaseDue, account: Account | None, policy: Policy) -> Outcome:
    """What was asked for, or what orders have left of it, is income of its promoter; nothing left: refused. Source: R3.1, R3.7.

    withdrawal.refused with: withdrawal.exceeds_prefunded.
    """
    if account is None:
        raise ValueError(f"a deadline of {event.party}, who has no account")
    purse, party, currency = account.purses[event.currency], event.party, event.currency
    asked, _ = purse.releases[event.withdrawal_id]
    amount = min(asked, purse.prefunded_minor)
    said: dict[str, Any] = {"party": party, "withdrawal_id": event.withdrawal_id, "currency": currency, "occurred_at": event.occurred_at}
    if not amount:
        return (WithdrawalRefused(**said, amount_minor=asked, code="withdrawal.exceeds_prefunded"),)
    zone = purse.zone or policy.zone
    entries = [(ledger.prefunded(party), -amount), (ledger.balance(party), amount)]
    released = PrefundReleased(
        **said,
        amount_minor=amount,
        prefunded_minor=purse.prefunded_minor - amount,
        zone=zone,
        sweep_at=next_sweep(event.occurred_at, purse, zone) if policy.payment.sweep else None,
        moves=ledger.certain(ledger.moves(currency, entries)),
    )
    return (released, *used(evolve(account, released), currency, amount, event.occurred_at))


def _repaid(purse: Purse, party: str, currency: str, at: datetime) -> tuple[DebtRepaid, ...]:
    """purse: with what came in. No subsidy is prefunded while a debt is open."""
    amount = min(purse.prefunded_minor, purse.debt_minor)
    return (debt_repaid(party, currency, amount, purse, "prefunded", at),) if amount else ()
