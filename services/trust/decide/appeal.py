"""Appeals against violations: one each, within days; what the violation brought stays in force until it is voided. Source: R6.2."""

from __future__ import annotations

from datetime import timedelta

from services.trust.model import Standing
from shared.contracts.governance import ViolationAppealed, ViolationUpheld
from shared.contracts.standing import AppealEnded, AppealOpened
from shared.errors import numbers
from shared.messaging.shape import Outcome, Reject, Wait
from shared.policy import Policies


def appeal(event: ViolationAppealed, standing: Standing | None, policies: Policies) -> Outcome:
    """From the violation's own moment for 7 x 24 h (R1.3), by the policy of then; one against a violation that is not known yet waits
    for it. Source: R6.2.
    """
    known = standing or Standing()
    if event.violation_id in known.voided:
        return Reject("violation.appeal_ended")
    violation = known.told.get(event.violation_id)
    if violation is None:
        return Wait("violation.before_recorded")
    if event.violation_id in known.appeals:
        return Reject("violation.appeal_known")
    if event.occurred_at < violation.at:
        return Reject("violation.appeal_too_early", numbers(since=violation.at))
    until = violation.at + timedelta(days=policies.at(violation.at).trust.violations.appeal_days)
    if event.occurred_at >= until:
        return Reject("violation.appeal_too_late", numbers(until=until))
    return (AppealOpened(subject_id=event.subject_id, violation_id=event.violation_id, occurred_at=event.occurred_at),)


def uphold(event: ViolationUpheld, standing: Standing | None) -> Outcome:
    """The appeal is lost, the violation stands; not before it was made. Source: R6.2, R1.2."""
    known = standing or Standing()
    if event.violation_id in known.voided:
        return Reject("violation.appeal_ended")
    opened = known.appeals.get(event.violation_id)
    if opened is None:
        return Wait("violation.before_appealed")
    if opened.outcome != "open":
        return Reject("violation.appeal_ended")
    if event.occurred_at < opened.opened_at:
        return Reject("violation.appeal_too_early", numbers(since=opened.opened_at))
    return (AppealEnded(subject_id=event.subject_id, violation_id=event.violation_id, won=False, occurred_at=event.occurred_at),)
