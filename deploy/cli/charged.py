"""What a party's own transactions are about, which its postings do not name, and what its money waits for: for `laotie ledger show`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from deploy.cli.plain import local
from deploy.local.kafka import quiet
from deploy.local.stack import Stack
from deploy.verify.log import Entry, entries
from deploy.verify.run import ends_of
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
BOTH = "of which the provider said both: a person finds which holds"


def abouts(stack: Stack, party: str) -> dict[str, str]:
    """By transaction; from the party's partition alone."""
    place = (PARTY.name, stripe_of(party, stack.stripes))
    settings, key = quiet(stack.settings(postgres.OPS).confluent()), party.encode()
    return about_each(entries(settings, {place: ends_of(stack, [PARTY.name])[place]}, lambda message: message.key() == key))


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


def about_each(found: Iterable[Entry]) -> dict[str, str]:
    """By the id of the fact, which is its transaction's; what strangers wrote says nothing."""
    told = {}
    for entry in found:
        if entry.sequence is not None and isinstance(event := entry.event, BalanceDebited | SubsidyDrawn | SubsidyRestored):
            line_no = getattr(event, "line_no", None)
            why = f", {WHY[event.reason]}" if isinstance(event, BalanceDebited) else ""
            told[entry.id] = f"order {event.order_id}" + (f", line {line_no}" if line_no else "") + why
    return told
