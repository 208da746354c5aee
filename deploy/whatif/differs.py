"""What of the record comes out otherwise, in words. Source: R9.2."""

from __future__ import annotations

from deploy.whatif.desk import Decided, Verdict
from deploy.whatif.past import SERVICES, Past
from deploy.whatif.route import Delivery
from shared.messaging.message import Message
from shared.messaging.shape import Reject, Wait


def said(past: Past, one: Delivery, event: Message, verdict: Verdict | None, error: str) -> str:
    """verdict None: it raised that error."""
    recorded = one.code or " + ".join(past.kinds[past.kind[number]].type for _, number in one.expected) or "nothing"
    facts = " + ".join(fact.type for fact in verdict.facts) if isinstance(verdict, Decided) else ""
    now = verdict.code if isinstance(verdict, Reject | Wait) else facts or "nothing"
    now = now if verdict is not None else error
    return f"{SERVICES[one.desk]} took {event.type} of {event.key}: recorded is {recorded}, decided again it is {now}"
