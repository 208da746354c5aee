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


def held_back(life: Life) -> None:
    """Not sent while the bank decides, past the time: won, and sent then. Nothing was late. Source: R2.4."""
    life.place()
    life.pay()
    _of_bank(life, "won", life.show + 1, 3)
    life.ship(5)
    life.sign()
    life.settle()


def _disputed(life: Life, outcome: Literal["won", "lost", "open"]) -> None:
    bought(life)
    _of_bank(life, outcome, life.signed + 1, 2)
    life.settle()


def _of_bank(life: Life, outcome: Literal["won", "lost", "open"], opened: int, days: int) -> None:
    """It decides so many days later, if ever."""
    chargeback, since, until = f"cb-{life.cart.order_id}", life.day(opened), None
    life.sent.append(apps.disputed(life.cart, since, chargeback, life.payment_id or ""))
    if outcome != "open":
        until = life.day(opened + days)
        life.sent.append(apps.bank_decided(life.cart, until, chargeback, outcome))
    life.dispute, life.disputed = outcome, (since, until)
