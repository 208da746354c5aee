"""When a case comes to an end, or goes on, by itself. Source: R4.2-R4.4, R4.9-R4.11."""

from __future__ import annotations

from collections.abc import Iterable

from services.refund.model.case import Case
from shared.contracts.dispute import AppealOver, EvidenceDue, RulingDue
from shared.contracts.exchange import ReplacementDue, ReplacementOver
from shared.contracts.refund import AnswerDue, CaseState, CaseTimer, InspectionDue, PostingDue, RefusalOver

TIMERS: dict[CaseState, type[CaseTimer]] = {
    10: AnswerDue,
    12: RefusalOver,
    30: PostingDue,
    40: InspectionDue,
    45: ReplacementOver,
    20: EvidenceDue,
}


def deadlines(order_id: str, case: Case) -> Iterable[CaseTimer]:
    """One of the case as it stands, and one of its appeal, which runs beside it."""
    if case.deadline is not None:
        yield _timer(case)(order_id=order_id, case_id=case.id, occurred_at=case.deadline)
    if case.appeal is not None and case.appeal.won is None:
        yield AppealOver(order_id=order_id, case_id=case.id, occurred_at=case.appeal.until)


def _timer(case: Case) -> type[CaseTimer]:
    if case.state == 20 and case.turn == "platform":
        return RulingDue
    if case.state == 40 and case.sending:
        return ReplacementDue
    return TIMERS[case.state]
