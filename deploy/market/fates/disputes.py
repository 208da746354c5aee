"""The buyer's bank disputes the payment: it ends either way, or nobody ever says. Source: R3.8."""

from __future__ import annotations

from typing import Literal

from deploy.market import apps
from deploy.market.fates.delivery import bought
from deploy.market.life import Life


def charged_back(life: Life) -> None:
    """Lost before anything is settled: the buyer has all of it, the subsidies are their funders' again."""
    _disputed(life, "lost")


def charged_back_in_vain(life: Life) -> None:
    """Won: as if nothing had been."""
    _disputed(life, "won")


def never_decided(life: Life) -> None:
    """What is frozen stays so, for a person: nobody is paid."""
    _disputed(life, "open")


def _disputed(life: Life, outcome: Literal["won", "lost", "open"]) -> None:
    bought(life)
    chargeback = f"cb-{life.cart.order_id}"
    opened = life.signed + 1
    life.sent.append(apps.disputed(life.cart, life.day(opened), chargeback, life.payment_id or ""))
    if outcome != "open":
        life.sent.append(apps.bank_decided(life.cart, life.day(opened + 2), chargeback, outcome))
    life.dispute = outcome
    life.settle()
