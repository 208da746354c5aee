"""What rulings, appeals and the end of a case say of both sides: evidence, and abuse of a trust card. Source: R5.5, R4.7."""

from __future__ import annotations

from services.trust.decide.card import abused
from services.trust.decide.found import appealed, closed, ruled
from services.trust.model import Holder, Person
from shared.contracts.dispute import CaseAppealEnded, CaseRuled
from shared.contracts.refund import CaseClosed
from shared.messaging.shape import Outcome, Reject
from shared.policy import Policies


def of_case(
    event: CaseRuled | CaseClosed | CaseAppealEnded,
    holder: Holder | None,
    person: Person | None,
    policies: Policies,
    event_id: str | None = None,
) -> Outcome:
    """Each in its own words: that an abuse is known already does not silence the evidence, which knows its own repeats."""
    match event:
        case CaseRuled():
            items = tuple(ruled(event, policies.at(event.occurred_at), event_id))
        case CaseClosed():
            items = tuple(closed(event, policies, event_id))
        case CaseAppealEnded():
            items = tuple(appealed(event, policies.at(event.occurred_at), event_id))
    abuse = abused(event, holder, person)
    if isinstance(abuse, tuple):
        return *items, *abuse
    return items if items and isinstance(abuse, Reject) else abuse
