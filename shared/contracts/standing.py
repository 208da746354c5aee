"""What a seller or promoter did against the rules, and what it costs: points, suspensions, appeals. Source: R6.1, R6.2."""

from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, Field

from shared.contracts.governance import Suspendable
from shared.contracts.topics import TRUST, TRUST_INTERNAL
from shared.contracts.types import Id
from shared.messaging.message import Message, Topic

Total = Annotated[int, Field(ge=0)]
Cause = Literal["violation", "points"]


class SubjectReinstated(Message):
    """The violation was voided: from occurred_at on nobody is suspended for it. Source: R6.2, R2.8.

    cause points: no removal by points any more, or another takes its place; violation_id is then the removal's own id.
    Producer: trust. Consumers: order.
    """

    type: ClassVar[str] = "subject.reinstated"
    topic: ClassVar[Topic] = TRUST

    subject_id: Suspendable
    violation_id: Id
    cause: Cause = "violation"


class SubjectSuspended(Message):
    """No orders with this seller or promoter, placed from effective_from until `until`. until None: for good. Source: R6.2, R2.8.

    cause points: removed, as its points came to the limit at reached_at with the violation brought_by; violation_id is then an id of
    the removal itself, under which it may be lifted.
    Producer: trust. Consumers: order.
    """

    type: ClassVar[str] = "subject.suspended"
    topic: ClassVar[Topic] = TRUST

    subject_id: Suspendable
    level: Literal[1, 2, 3, 4, 5]
    effective_from: AwareDatetime
    until: AwareDatetime | None
    violation_id: Id
    cause: Cause = "violation"
    brought_by: Id | None = None
    reached_at: AwareDatetime | None = None


class PointsChanged(Message):
    """What counts against the subject now: points = violations less study, never below 0. Source: R6.1.

    violations: points of all violations that stand. study: of its study points, those that count. removed: it came to the limit once.
    cause, cause_id: what changed it last.
    Producer: trust. Consumers: outsiders.
    """

    type: ClassVar[str] = "points.changed"
    topic: ClassVar[Topic] = TRUST

    subject_id: Suspendable
    points: Total
    violations: Total
    study: Total
    removed: bool
    cause: Literal["violation", "void", "study"]
    cause_id: Id


class AppealOpened(Message):
    """An appeal against a violation waits for the platform. Source: R6.2.

    Producer: trust. Consumers: outsiders.
    """

    type: ClassVar[str] = "appeal.opened"
    topic: ClassVar[Topic] = TRUST

    subject_id: Suspendable
    violation_id: Id


class AppealEnded(Message):
    """Won: the violation is void; else it stands, unless it is voided later all the same, which is told once more. Source: R6.2.

    Producer: trust. Consumers: outsiders.
    """

    type: ClassVar[str] = "appeal.ended"
    topic: ClassVar[Topic] = TRUST

    subject_id: Suspendable
    violation_id: Id
    won: bool


class ViolationNoted(Message):
    """A violation as the catalogue of then has it. Source: R6.1.

    Producer: trust. Consumers: nobody (private to trust).
    """

    type: ClassVar[str] = "violation.noted"
    topic: ClassVar[Topic] = TRUST_INTERNAL

    subject_id: Suspendable
    violation_id: Id
    kind: Id
    points: Total
    level: Literal[0, 1, 2, 3, 4, 5]


class StudyNoted(Message):
    """Study points, whether they count or not. Source: R6.1.

    Producer: trust. Consumers: nobody (private to trust).
    """

    type: ClassVar[str] = "study.noted"
    topic: ClassVar[Topic] = TRUST_INTERNAL

    subject_id: Suspendable
    study_id: Id
    points: Annotated[int, Field(ge=1)]
