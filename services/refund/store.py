"""What people are to do about cases, one row a task: a case has one, and an open appeal of it another. Source: R4.2, R4.11.

Written from the facts of cases, so that the queue and its figures are read without opening a single purchase.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from services.refund.model import PurchaseFact
from services.refund.model.case import ENDED
from shared.contracts.dispute import CaseAppealed, CaseAppealEnded, CaseReopened, CaseRuled
from shared.contracts.refund import CaseClosed, CaseFact, CaseOpened
from shared.messaging.shape import Rows, members

CASE_FACTS = tuple(fact for fact in members(PurchaseFact) if issubclass(fact, CaseFact))


def tasks(fact: CaseFact, fact_id: str) -> Iterable[tuple[Any, ...]]:
    """Of the case, as each of its facts says; of its appeal, from its beginning to its end. What a fact does not say is None."""
    place = (fact.order_id, fact.case_id)
    said = (fact.rule, fact.code, fact.occurred_at)
    yield (*place, "case", fact.line_no, fact.state, fact.turn, fact.deadline, *said, fact.state not in ENDED, *_about(fact))
    if isinstance(fact, CaseAppealed):
        yield (*place, "appeal", fact.line_no, fact.state, "platform", fact.appeal_until, *said, True, *[None] * 5)
    elif isinstance(fact, CaseAppealEnded):
        yield (*place, "appeal", fact.line_no, fact.state, "nobody", None, *said, False, *[None] * 5)


def _about(fact: CaseFact) -> tuple[Any, ...]:
    """kind, ground, seller, buyer, when it was opened."""
    match fact:
        case CaseOpened():
            return fact.kind, fact.ground, fact.seller_id, fact.buyer_id, fact.occurred_at
        case CaseClosed():
            return fact.kind, fact.ground, fact.seller_id, fact.buyer_id, None
        case CaseRuled() | CaseReopened():
            return fact.kind, None, None, None, None
        case _:
            return None, None, None, None, None


TASKS = Rows(
    "case_task",
    {
        "order_id": "text",
        "case_id": "text",
        "task": "text",
        "line_no": "int",
        "state": "int",
        "turn": "text",
        "deadline": "timestamptz",
        "rule": "text",
        "code": "text",
        "said_at": "timestamptz",
        "open": "bool",
        "kind": "text",
        "ground": "text",
        "seller_id": "text",
        "buyer_id": "text",
        "opened_at": "timestamptz",
    },
    CASE_FACTS,
    tasks,
    key=("order_id", "case_id", "task"),
    kept=frozenset({"kind", "ground", "seller_id", "buyer_id", "opened_at"}),
)
