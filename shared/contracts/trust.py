"""Trust: evidence by subject, and the score that anyone can recompute from it."""

from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from shared.contracts.topics import EVIDENCE, TRUST, TRUST_INTERNAL, TRUST_TIMER
from shared.contracts.types import Day, Id, Part
from shared.messaging.message import Message, Topic
from shared.policy.document import EvidenceKind

Role = Literal["buyer", "seller", "promoter"]
VoidReason = Literal["sham_upheld", "finding_upheld", "refunded_in_full", "appeal_won", "violation_voided"]
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

    counterparty: the account id on the other side, for R5.2's cap. zone: where occurred_at's day is read. grave: it caps the score
    (R5.3). event_id: of the event that told of the fact. None, None: from before that was written down.
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
    grave: bool | None = None
    event_id: str | None = None


class EvidenceVoided(Message):
    """A tombstone: this item counts nothing, whether it was counted before or comes later. Source: R5.1.

    Producer: trust. Consumers: trust.
    """

    type: ClassVar[str] = "evidence.voided"
    topic: ClassVar[Topic] = EVIDENCE

    subject_id: Subject
    evidence_id: EvidenceId
    reason: VoidReason
    zone: str
    policy_version: str


class EvidenceStruck(Message):
    """An item is out of the set for good, from this day on. Source: R5.1.

    Producer: trust. Consumers: nobody (private to trust).
    """

    type: ClassVar[str] = "evidence.struck"
    topic: ClassVar[Topic] = TRUST_INTERNAL

    subject_id: Subject
    evidence_id: EvidenceId
    reason: VoidReason
    day: Day


class EvidenceCounted(Message):
    """An item new to the set; a second telling of the same fact counts nothing. Source: R5.1.

    policy_version, grave, event_id: as it was found with; empty, None, None: from before they were written down.
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
    policy_version: str = ""
    grave: bool | None = None
    event_id: str | None = None


class EvidenceListed(Message):
    """One of the newest items of its weight, voided or not: among them are those that an explanation names. Source: R5.6.

    Producer: trust. Consumers: nobody (private to trust).
    """

    type: ClassVar[str] = "evidence.listed"
    topic: ClassVar[Topic] = TRUST_INTERNAL

    subject_id: Subject
    evidence_id: EvidenceId
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


class GroupsWeighed(Message):
    """The part of what a score adds that goes into groups of counterparties, those of one row. Source: R5.2.

    row: of the subject's groups, so many of which lie in one. added: good evidence, of a group each.
    Producer: trust. Consumers: nobody (private to trust).
    """

    type: ClassVar[str] = "groups.weighed"
    topic: ClassVar[Topic] = TRUST_INTERNAL

    subject_id: Subject
    row: int = Field(ge=0)
    added: tuple[Bucket, ...]


class DimensionScore(Part):
    """P and N of R5.2 in millionths, and the dimension's weight in hundredths."""

    dimension: str
    positive: int
    negative: int
    weight_pct: int


class GraveDay(Part):
    """So many items with a ceiling more on that day; negative where they were voided. Source: R5.3."""

    day: Day
    count: int


class ScoreChanged(Message):
    """The subject's score as of a date, 0 to 1000; `new` below ten items. Source: R5.2, R5.3.

    rule_version: of the policy whose weights, half-life and cap these are. added: what is new in the day buckets since the
    last of these, so that the buckets, and from them the score of any later date, follow from these messages alone; grave: the same of
    what caps the score. ceiling: the cap in force, None: none. look_at: when time alone may have changed it, None: never.
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
    grave: tuple[GraveDay, ...] = ()
    ceiling: int | None = Field(default=None, ge=0, le=1000)
    look_at: AwareDatetime | None = None


class ScoreLooked(Message):
    """Time has passed, and score and tier are as they were; they are looked at again then. Source: R5.1.

    Producer: trust. Consumers: nobody (private to trust).
    """

    type: ClassVar[str] = "score.looked"
    topic: ClassVar[Topic] = TRUST_INTERNAL

    subject_id: Subject
    as_of: Day
    look_at: AwareDatetime | None


class ScoreDue(Message):
    """Timer: the first day on which time alone may change the subject's score has begun. Source: R5.1."""

    type: ClassVar[str] = "score.due"
    topic: ClassVar[Topic] = TRUST_TIMER

    subject_id: Subject

    @property
    def subject(self) -> str:
        return self.subject_id


class TierChanged(Message):
    """What the subject's score earns and costs from then on, for orders placed later. Source: R5.7, R2.8.

    tier: by name; `new` below ten items. traffic_pct: of the traffic it would get otherwise, hundredths. escrow_days: in place of
    R2.6's, of a seller's lines. effective_from: never before that of a tier told earlier, though what changed it may be of earlier.
    Producer: trust. Consumers: order.
    """

    type: ClassVar[str] = "tier.changed"
    topic: ClassVar[Topic] = TRUST

    subject_id: Subject
    tier: str
    before: str
    score: int = Field(ge=0, le=1000)
    as_of: Day
    traffic_pct: int = Field(ge=0, le=1000)
    escrow_days: int = Field(ge=1, le=3650)
    effective_from: AwareDatetime
    rule_version: str
