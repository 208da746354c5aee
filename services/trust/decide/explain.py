"""Why a score is what it is, for whoever shows it. Source: R5.6."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from services.trust.model import Counterparty, Groups, Item, Newest, Score, together
from services.trust.rules.explain import Known, explain
from shared.contracts.explained import ScoreExplained, ScoreExplanationRequested
from shared.days import local_date
from shared.messaging.shape import Outcome, Reject
from shared.policy import Policies


def answer(
    event: ScoreExplanationRequested,
    found: tuple[Mapping[str, Newest], Score | None],
    items: Mapping[str, Item],
    givers: Mapping[str, Counterparty],
    rows: Mapping[str, Groups],
    policies: Policies,
) -> Outcome:
    """As of the day on which it is asked, or of the latest evidence, by the policy of then. It reads a bounded number of rows, whatever
    the subject's history is, and one more for each GROUPS_A_ROW groups. Source: R5.6, R5.1.
    """
    _, known = found
    if known is None:
        return Reject("score.subject_unknown")
    policy = policies.at(max(known.latest, event.occurred_at))
    as_of = max(date.fromisoformat(known.as_of), local_date(event.occurred_at, policy.zone))
    groups = {key.partition("/")[2]: giver.groups for key, giver in givers.items()}
    said = explain(event.subject_id, Known(together(known, rows.values()), known.grave, known.items, items, groups), as_of, policy)
    return (ScoreExplained(subject_id=event.subject_id, request_id=event.request_id, explanation=said, occurred_at=event.occurred_at),)
