"""Trust: evidence by subject, and the score that anyone can recompute from it."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from shared.contracts.governance import Suspendable
from shared.contracts.topics import EVIDENCE, TRUST, TRUST_INTERNAL
from shared.contracts.types import Day, Id, Part
from shared.messaging.message import Message, Topic

Role = Literal["buyer", "seller", "promoter"]
EvidenceKind = Literal["completed", "shipped_on_time"]
Subject = Annotated[
    str, StringConstraints(pattern=r"^(buyer|seller|promoter):[A-Za-z0-9_.:\-]{1,64}$"), Field(description="`role:party`: who is scored")
]
EvidenceId = Annotated[
    str,
    StringConstraints(max_length=300),
    Field(description="`subject/kind/id of the fact`; no id holds a slash, so no two facts share one"),
]


class EvidenceFound(Message):
    """One item of evidence about a subject, keyed by the business fact. Source: R5.1, R5.5.

    counterparty: the account id on the other side, for R5.2's cap. zone: where occurred_at's day is read.
    Producer: trust. Consumers: trust.
    """

    type: ClassVar[str] = "evidence.found"
    topic: ClassVar[Topic] = EVIDENCE

    subject_id: Subject
    evidence_id: EvidenceId
    kind: EvidenceKind
    dimensions: tuple[str, ...] = Field(min_length=1)
    weight: int = Field(ge=-100, le=100)
    counterparty: Id
    zone: str
    policy_version: str


class EvidenceCounted(Message):
    """An item new to the set; a second telling of the same fact counts nothing. Source: R5.1.

    Producer: trust. Consumers: nobody (private to trust).
    """

    type: ClassVar[str] = "evidence.counted"
    topic: ClassVar[Topic] = TRUST_INTERNAL

    subject_id: Subject
    evidence_id: EvidenceId
    kind: EvidenceKind
    dimensions: tuple[str, ...]
    weight: int
    counterparty: Id
    day: Day


class Bucket(Part):
    """What a fact adds to one day of one dimension: weight units, negative where it takes away again.

    side: of good or of bad evidence. group: 0 for all counterparties that cannot reach the cap, else one counterparty's number.
    """

    dimension: str
    side: Literal["good", "bad"]
    group: int = Field(ge=0)
    day: Day
    weight: int


class CounterpartyWeighed(Message):
    """Good evidence from this counterparty, added to the group that the buckets name. Source: R5.2.

    Producer: trust. Consumers: nobody (private to trust).
    """

    type: ClassVar[str] = "counterparty.weighed"
    topic: ClassVar[Topic] = TRUST_INTERNAL

    subject_id: Subject
    counterparty: Id
    added: tuple[Bucket, ...]


class DimensionScore(Part):
    """P and N of R5.2 in millionths, and the dimension's weight in hundredths."""

    dimension: str
    positive: int
    negative: int
    weight_pct: int


class ScoreChanged(Message):
    """The subject's score as of a date, 0 to 1000; `new` below ten items. Source: R5.2, R5.3.

    rule_version: of the policy whose weights, half-life and cap these are. added: what is new in the day buckets since the
    last of these, so that the buckets, and from them the score of any date, follow from these messages alone.
    Producer: trust. Consumers: refund.
    """

    type: ClassVar[str] = "score.changed"
    topic: ClassVar[Topic] = TRUST

    subject_id: Subject
    score: int = Field(ge=0, le=1000)
    new: bool
    items: int = Field(ge=0)
    as_of: Day
    dimensions: tuple[DimensionScore, ...]
    rule_version: str
    added: tuple[Bucket, ...]


class SubjectSuspended(Message):
    """No orders with this seller or promoter, placed from effective_from until `until`. until None: for good. Source: R6.2, R2.8.

    Producer: trust. Consumers: order.
    """

    type: ClassVar[str] = "subject.suspended"
    topic: ClassVar[Topic] = TRUST

    subject_id: Suspendable
    level: Literal[1, 2, 3, 4, 5]
    effective_from: AwareDatetime
    until: AwareDatetime | None
    violation_id: Id
