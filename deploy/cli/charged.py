"""What a party's own transactions are about, which its postings do not name, and what its money waits for: for `laotie ledger show`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from deploy.cli.connect import asking
from deploy.cli.plain import local
from deploy.local.kafka import quiet
from deploy.local.stack import Stack
from deploy.verify.log import Entry, entries
from deploy.verify.run import ends_of
from services.payment.decide.fronting import charge_id_of
from shared import postgres
from shared.contracts.payment import BalanceDebited
from shared.contracts.subsidy import SubsidyDrawn, SubsidyRestored
from shared.contracts.topics import PARTY
from shared.currencies import money
from shared.messaging.stripes import stripe_of

WHY = {
    "refund": "its share of a refund",
    "clawback": "its commission on what was refunded",
    "compensation": "a compensation",
    "chargeback": "its share of a chargeback",
}
SOURCES = """
SELECT key, body ->> 'refunds' AS refunds, body ->> 'compensations' AS compensations, body ->> 'chargebacks' AS chargebacks
  FROM payment.payment WHERE key = ANY ($1::text[])
"""
BOTH = "of which the provider said both: a person finds which holds"


def abouts(stack: Stack, party: str) -> dict[str, str]:
    """By transaction; from the party's partition, and the payments of the orders for which it was charged."""
    place = (PARTY.name, stripe_of(party, stack.stripes))
    settings, key = quiet(stack.settings(postgres.OPS).confluent()), party.encode()
    found = list(entries(settings, {place: ends_of(stack, [PARTY.name])[place]}, lambda message: message.key() == key))
    orders = {entry.event.order_id for entry in found if isinstance(entry.event, BalanceDebited)}
    return about_each(found, asyncio.run(_sources(stack, sorted(orders))) if orders else {})


async def _sources(stack: Stack, orders: list[str]) -> dict[str, str]:
    async with asking(stack) as connection:
        rows = await connection.fetch(SOURCES, orders)
    found: dict[str, str] = {}
    for row in rows:
        found |= sources(row["key"], *(json.loads(row[name] or "{}") for name in ("refunds", "compensations", "chargebacks")))
    return found


def sources(order_id: str, refunds: Iterable[str], compensations: Iterable[str], chargebacks: Mapping[str, Any]) -> dict[str, str]:
    """By charge: the refund, compensation or chargeback that it is for. chargebacks: as the payment keeps them."""
    found = {charge_id_of(order_id, refund, reason): refund for refund in refunds for reason in ("refund", "clawback")}
    found |= {charge_id_of(order_id, one, "compensation"): one for one in compensations}
    for name, chargeback in chargebacks.items():
        parts = [f"{name}/{number}" for number in range(len(chargeback.get("debited", ())))]
        found |= {charge_id_of(order_id, part, reason): name for part in parts for reason in ("chargeback", "clawback")}
    return found


def ahead(purses: Mapping[str, Any], zone: ZoneInfo) -> Iterator[str]:
    """What the party owes, is to give back and lacks, for which its money waits; what is held back; when the sweep pays out what."""
    for currency, purse in purses.items():
        short = max(0, (purse.get("required_minor") or 0) - purse["deposit_minor"])
        if purse["debt_minor"]:
            yield f"owed: {money(purse['debt_minor'], currency)}; what comes in repays it first, nothing is paid out until then [R3.7]"
        for one in purse.get("clawbacks", {}).values():
            about = f"{WHY['clawback']}, order {one['order_id']}" + (f", line {one['line_no']}" if one["line_no"] else "")
            yield f"to be given back: {money(one['amount_minor'], currency)}, {about}; nothing is paid out until then [R3.6]"
        if short:
            yield f"the deposit lacks {money(short, currency)}; what comes in fills it, nothing is paid out until then [R3.7]"
        for name, of in (("held", ""), ("held_deposit", " of the deposit,")):
            for payout_id, minor in purse.get(name, {}).items():
                yield f"held back: {money(minor, currency)}{of} of payout {payout_id}, {BOTH} [R3.5]"
        if not (purse["debt_minor"] or purse.get("clawbacks", {}) or short):
            left, free = dict(sorted(purse.get("sweeps", {}).items())), purse["available_minor"] - sum(purse.get("held", {}).values())
            for at in tuple(left):
                minor, left = free - sum(left.values()) + left[at], {later: one for later, one in left.items() if later != at}
                if minor > 0:
                    free -= minor
                    yield f"the sweep of {local(at, zone)} pays out {money(minor, currency)} [R3.1]"


def about_each(found: Iterable[Entry], of: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    """By the id of the fact, which is its transaction's; what strangers wrote says nothing. of: by charge, what it is for."""
    told = {}
    for entry in found:
        if entry.sequence is not None and isinstance(event := entry.event, BalanceDebited | SubsidyDrawn | SubsidyRestored):
            line_no = getattr(event, "line_no", None)
            why = f", {WHY[event.reason]}" if isinstance(event, BalanceDebited) else ""
            why += f" {of[event.charge_id]}" if isinstance(event, BalanceDebited) and event.charge_id in of else ""
            told[entry.id] = f"order {event.order_id}" + (f", line {line_no}" if line_no else "") + why
    return told
