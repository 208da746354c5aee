"""What is told again of a refund or a charge, under its id, is what was told of it first, whatever brought that about.

Source: R3.1, R3.5, R3.6.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from deploy.verify.log import Log
from deploy.verify.report import Check
from shared.contracts.payment import (
    AccountCharged,
    BalanceDebited,
    ClawbackDelayed,
    RefundContradicted,
    RefundDone,
    RefundInstructed,
    RefundNotPaid,
    RefundReserved,
    UnwantedReceived,
)

Names = tuple[str, ...]
Kind = type[Any]
CHARGED: Names = ("order_id", "line_no", "currency", "amount_minor", "zone")
# What it is told of first, under which id; what later, and what of it: none that the first does not know.
TOLD_OF: tuple[tuple[tuple[Kind, ...], Names, Mapping[Kind, Names]], ...] = (
    (
        (RefundReserved, UnwantedReceived),
        ("order_id", "refund_id"),
        {
            RefundInstructed: ("currency",),
            RefundDone: ("line_no",),
            RefundNotPaid: ("line_no",),
            RefundContradicted: ("line_no",),
        },
    ),
    ((AccountCharged,), ("party", "charge_id"), {BalanceDebited: (*CHARGED, "reason"), ClawbackDelayed: CHARGED}),
)


def checks(log: Log) -> Iterator[Check]:
    check = Check("what is told again of a refund or a charge is of the currency, the line and the reason of its first telling")
    for firsts, ids, laters in TOLD_OF:
        first = {_of(fact, ids): fact for kind in firsts for _, fact in log.of(kind)}
        for kind, names in laters.items():
            for entry, fact in log.of(kind):
                place = _of(fact, ids)
                right, told = _of(first.get(place), names), _of(fact, names)
                if check.fails(right == told if place in first else any(log.starts.values())):
                    check.differ(f"{entry}: of {' '.join(map(str, place))} {right} was told first, told was {told}")
    yield check


def _of(fact: Any, names: Names) -> tuple[object, ...]:
    """None: it has none."""
    return tuple(getattr(fact, name, None) for name in names)
