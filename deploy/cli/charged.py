"""What a party's own transactions are about, which its postings do not name: the order, its line, and why. For `laotie ledger show`."""

from __future__ import annotations

from collections.abc import Iterable

from deploy.local.kafka import quiet
from deploy.local.stack import Stack
from deploy.verify.log import Entry, entries
from deploy.verify.run import ends_of
from shared import postgres
from shared.contracts.payment import BalanceDebited
from shared.contracts.subsidy import SubsidyDrawn, SubsidyRestored
from shared.contracts.topics import PARTY
from shared.messaging.stripes import stripe_of

WHY = {
    "refund": "its share of a refund",
    "clawback": "its commission on what was refunded",
    "compensation": "a compensation",
    "chargeback": "its share of a chargeback",
}


def abouts(stack: Stack, party: str) -> dict[str, str]:
    """By transaction; from the party's partition alone."""
    place = (PARTY.name, stripe_of(party, stack.stripes))
    settings, key = quiet(stack.settings(postgres.OPS).confluent()), party.encode()
    return about_each(entries(settings, {place: ends_of(stack, [PARTY.name])[place]}, lambda message: message.key() == key))


def about_each(found: Iterable[Entry]) -> dict[str, str]:
    """By the id of the fact, which is its transaction's; what strangers wrote says nothing."""
    told = {}
    for entry in found:
        if entry.sequence is not None and isinstance(event := entry.event, BalanceDebited | SubsidyDrawn | SubsidyRestored):
            line_no = getattr(event, "line_no", None)
            why = f", {WHY[event.reason]}" if isinstance(event, BalanceDebited) else ""
            told[entry.id] = f"order {event.order_id}" + (f", line {line_no}" if line_no else "") + why
    return told
