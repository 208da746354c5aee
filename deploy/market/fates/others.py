"""Campaigns, and sellers with a life of their own: deposits, withdrawals, suspensions. What they need is told on the first day."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from deploy.market import apps
from deploy.market.fates.delivery import bought
from deploy.market.life import Life
from deploy.market.sent import Sent, closing


def contended(life: Life) -> None:
    """One unit of what is too scarce: who has it does not pay, and it can be sold again the next evening. Source: R2.7."""
    life.contest = f"{life.first.sku} on day {life.show}"
    life.place()
    life.expected.state = "expired"


def not_to_be_had(life: Life) -> None:
    """Not reviewed for the campaign, or more than an identity may have. Source: R2.7."""
    life.place()
    life.expected.state = "rejected"


def with_deposit(life: Life) -> None:
    """What the seller owes for a late parcel comes from its deposit, which its income fills again. Source: R3.5, R3.7."""
    seller, currency = life.first.seller_id, life.cart.currency
    required = life.first.gross_minor // 2
    life.topped_up[seller] = required * 4 // 5
    life.sent.append(apps.registered(seller, closing(0) - timedelta(minutes=50), required, currency))
    life.sent.append(apps.topped_up(seller, closing(0) - timedelta(minutes=40), life.topped_up[seller], currency))
    life.place()
    life.pay()
    life.ship(life.rng.choice((1, 4)))
    life.sign()
    life.settle()
    came = life.topped_up[seller] + _income(life) - life.charged[seller]
    life.deposit[seller] = max(0, min(required, came))


def short_of_subsidies(life: Life) -> None:
    """A promoter prefunded part of what its coupon costs: the rest is advanced, and repaid first from what it earns. Source: R3.1, R3.7."""
    _prefund(life)
    bought(life)
    life.settle()
    _left(life)


def short_and_cancelled(life: Life) -> None:
    """All of it comes back: what was advanced is repaid, the rest is prefunded as before. Source: R3.4."""
    _prefund(life)
    life.place()
    life.pay()
    life.cancel({})
    life.settle()
    _left(life)


def _prefund(life: Life) -> None:
    """Three fifths of what is needed."""
    promoter, given = life.first.promoter_id or "", sum(item.subsidies.get("promoter", 0) for item in life.cart.items)
    life.prefunded[promoter] = given * 3 // 5, given - given * 3 // 5
    life.sent.append(apps.prefunded(promoter, closing(0) - timedelta(minutes=40), given * 3 // 5, life.cart.currency))


def _left(life: Life) -> None:
    """What came back and what was earned, in this order, repays the advance."""
    ((promoter, (put_in, advanced)),) = life.prefunded.items()
    back = put_in + advanced - life.given[promoter]
    earned = sum(shares[1] for shares in life.expected.lines.values())
    life.prefunded[promoter] = max(0, back - advanced), max(0, advanced - back - earned)


def withdrawn(life: Life) -> None:
    """The seller asks for too much, then for what it has on the day it has it. Source: R3.1."""
    life.place()
    life.pay()
    life.ship(1)
    life.sign()
    life.confirm(life.signed + 1)
    life.settle()
    seller, paid = life.first.seller_id, life.signed + 8
    for number, amount in enumerate((_income(life) + 1, _income(life))):
        withdrawal = f"w-{seller}-{number}"
        at = closing(paid) - timedelta(hours=6 - number)
        life.sent.append(apps.withdrawal(seller, at, withdrawal, amount, life.cart.currency))
        life.withdrawals[withdrawal] = "paid" if number else "refused"


def suspended(life: Life) -> None:
    """The seller broke a rule before. Source: R2.8."""
    life.sent.append(_violated(life, closing(0) - timedelta(minutes=50), 1))
    life.place()
    life.expected.state = "rejected"


def found_suspended(life: Life) -> None:
    """It comes out a day later that the seller was suspended: the order is paid, so it stands, and is listed. Source: R2.8."""
    bought(life)
    violation = _violated(life, closing(life.show) - timedelta(hours=2), 2)
    life.sent.append(replace(violation, phase=life.show + 1))
    life.expected.listed = True
    life.settle()


def _violated(life: Life, at: datetime, level: int) -> Sent:
    """It counts against the score too. Source: R5.5, R6.1."""
    subject = f"seller:{life.first.seller_id}"
    life.evidence[f"{subject}/violation"] += 1
    return apps.violated(subject, at, level)


def _income(life: Life) -> int:
    """Of the one seller."""
    return sum(shares[0] for shares in life.expected.lines.values())
