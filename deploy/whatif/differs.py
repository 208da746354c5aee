"""What of the record comes out otherwise, in words. Source: R9.2."""

from __future__ import annotations

import json

from deploy.whatif.desk import Decided, Verdict
from deploy.whatif.past import SERVICES, Past, digest
from deploy.whatif.route import Delivery
from shared.messaging.message import Message
from shared.messaging.shape import Reject, Wait


def said(past: Past, one: Delivery, event: Message, verdict: Verdict | None, error: str) -> str:
    """verdict None: it raised that error."""
    facts = " + ".join(past.kinds[past.kind[number]].type for _, number in one.expected)
    recorded = f"code {one.code}" if one.code else facts or "nothing"
    match verdict:
        case Reject() | Wait():
            now = f"code {verdict.code}"
        case Decided():
            now = " + ".join(fact.type for fact in verdict.facts) or "nothing"
            now += _within(past, one, verdict) if now == recorded else ""
        case None:
            now = error
    return f"{SERVICES[one.desk]} took {event.type} of {event.key}: recorded is {recorded}, decided again it is {now}"


def _within(past: Past, one: Delivery, verdict: Decided) -> str:
    """The fields in which the same facts differ, where values are kept; empty where only their versions do."""
    pairs = [(fact.to_json(), number) for fact, (_, number) in zip(verdict.facts, one.expected, strict=True)]
    pairs = [(value, number) for value, number in pairs if digest(value) != past.digest[number]]
    if past.values is None:
        return " with other content" if pairs else ""
    both = [(json.loads(past.values[number]), json.loads(value)) for value, number in pairs]
    names = dict.fromkeys(name for before, now in both for name in (*before, *now) if before.get(name) != now.get(name))
    return f" with another {', '.join(names)}" if names else ""
