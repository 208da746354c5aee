"""Orders' facts and evidence, valid by default; the trust service fed until it has nothing left to tell itself."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

from services.trust.handlers import SERVICE
from services.trust.model import SCORE, Score
from shared.contracts.order import OrderCompleted, ParcelSent
from shared.contracts.trust import EvidenceFound, EvidenceVoided, ScoreChanged
from shared.contracts.types import LineParties, Units
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from shared.policy import Policies
from tests.unit.builders import POLICIES

TODAY = date(2026, 6, 16)


def noon(day: date) -> datetime:
    """20:00 in Shanghai."""
    return datetime.combine(day, time(12), UTC)


def ago(days: int) -> datetime:
    return noon(TODAY - timedelta(days=days))


def parties(line_no: int = 1, seller: str = "s1", promoter: str | None = None) -> LineParties:
    return LineParties(line_no=line_no, seller_id=seller, promoter_id=promoter)


def shipped(
    order: str = "o1", *lines: LineParties, buyer: str = "b1", parcel: str = "w1", on_time: bool = True, when: datetime | None = None
) -> ParcelSent:
    return ParcelSent(
        order_id=order,
        buyer_id=buyer,
        parcel_id=parcel,
        units=(Units(line_no=1, quantity=1),),
        shipped=lines,
        on_time=on_time,
        occurred_at=when or ago(0),
    )


def completed(order: str = "o1", *lines: LineParties, buyer: str = "b1", when: datetime | None = None) -> OrderCompleted:
    return OrderCompleted(order_id=order, buyer_id=buyer, how="confirmed", lines=lines or (parties(),), occurred_at=when or ago(0))


def evidence(
    name: str, *dimensions: str, subject: str = "seller:s1", weight: int = 1, counterparty: str = "b1", when: datetime | None = None
) -> EvidenceFound:
    return EvidenceFound(
        subject_id=subject,
        evidence_id=f"{subject}/completed/{name}",
        kind="completed",
        dimensions=dimensions or ("goods",),
        weight=weight,
        counterparty=counterparty,
        zone="Asia/Shanghai",
        policy_version="1",
        occurred_at=when or ago(0),
    )


def voided(name: str, subject: str = "seller:s1", kind: str = "completed", when: datetime | None = None) -> EvidenceVoided:
    return EvidenceVoided(
        subject_id=subject,
        evidence_id=f"{subject}/{kind}/{name}",
        reason="appeal_won",
        zone="Asia/Shanghai",
        policy_version="1",
        occurred_at=when or ago(0),
    )


def trust(*events: Message, policies: Policies = POLICIES) -> Memory:
    """All evidence and every tombstone that comes out is sent in again, as the topic would."""
    memory = Memory(SERVICE, policies)
    feed(memory, events)
    return memory


def feed(memory: Memory, events: Iterable[Message]) -> None:
    for event in events:
        for fact in memory.send(event):
            if isinstance(fact, EvidenceFound | EvidenceVoided):
                memory.send(fact)


def changes(memory: Memory, subject: str = "seller:s1") -> list[ScoreChanged]:
    return [fact for fact in memory.facts if isinstance(fact, ScoreChanged) and fact.subject_id == subject]


def score_of(memory: Memory, subject: str = "seller:s1") -> Score:
    score: Score = memory.entity(SCORE, subject)
    return score
