"""The platform's rule book at work: what was reviewed, how much of it may be sold, and who broke a rule.

The topic is keyed by its subject, as each type spells it: a campaign, a seller or a promoter.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from shared.contracts.topics import GOVERNANCE
from shared.contracts.types import Id, Text
from shared.messaging.message import Message, Topic

Suspendable = Annotated[
    str, StringConstraints(pattern=r"^(seller|promoter):[A-Za-z0-9_.:\-]{1,64}$"), Field(description="`role:party`: who may be suspended")
]


def _whole(value: object) -> object:
    """A literal compares by ==, and to Python true is 1 and so is 1.0."""
    if type(value) is not int:
        raise ValueError("not a whole number")
    return value


Level = Annotated[Literal[0, 1, 2, 3, 4, 5], BeforeValidator(_whole)]


class ProductReviewed(Message):
    """A product was looked at for a campaign; approved False takes an approval back from then on. Source: R2.7.

    Producer: governance. Consumers: order.
    """

    type: ClassVar[str] = "product.reviewed"
    topic: ClassVar[Topic] = GOVERNANCE
    key_field: ClassVar[str] = "campaign_id"

    campaign_id: Id
    sku: Id
    approved: bool
    reason: Text = ""


class AllotmentSet(Message):
    """So many units of a product may be sold in a campaign in all, effective at once. limit_per_identity None: no limit. Source: R2.7.

    Producer: governance. Consumers: order.
    """

    type: ClassVar[str] = "allotment.set"
    topic: ClassVar[Topic] = GOVERNANCE
    key_field: ClassVar[str] = "campaign_id"

    campaign_id: Id
    sku: Id
    units: Annotated[int, Field(ge=0, le=10**9)]
    limit_per_identity: Annotated[int, Field(ge=1, le=10**6)] | None = None


class ViolationRecorded(Message):
    """A seller or promoter broke a rule. Source: R6.1, R6.2.

    kind: of the policy's catalogue, which says of how many points it can be and how it suspends. points None: as many as the catalogue
    says first of the kind; 0: none this time. level None: the catalogue's; 0: nobody is suspended for it; 1 to 5: 7, 30, 120, 360
    days, for good. Another telling of the same violation_id changes nothing, whatever it says. by: the person who found it, as an
    opaque id; no decision reads it.
    Producer: governance. Consumers: trust.
    """

    type: ClassVar[str] = "violation.recorded"
    topic: ClassVar[Topic] = GOVERNANCE
    key_field: ClassVar[str] = "subject_id"

    subject_id: Suspendable
    violation_id: Id
    kind: Id
    points: Annotated[int, Field(ge=0, le=1_000)] | None = None
    level: Level | None = None
    by: Id | None = None


class ViolationVoided(Message):
    """The violation counts for nothing, and suspends nobody from then on; it may be told before the violation itself. Source: R6.2.

    An appeal against it is won. by: the person who decided, as an opaque id.
    Producer: governance. Consumers: trust.
    """

    type: ClassVar[str] = "violation.voided"
    topic: ClassVar[Topic] = GOVERNANCE
    key_field: ClassVar[str] = "subject_id"

    subject_id: Suspendable
    violation_id: Id
    reason: Text = ""
    by: Id | None = None


class ViolationAppealed(Message):
    """The subject appeals against a violation: once, within days of it. What it brought stays in force meanwhile. Source: R6.2.

    Producer: governance. Consumers: trust.
    """

    type: ClassVar[str] = "violation.appealed"
    topic: ClassVar[Topic] = GOVERNANCE
    key_field: ClassVar[str] = "subject_id"

    subject_id: Suspendable
    violation_id: Id
    reason: Text = ""


class ViolationUpheld(Message):
    """The appeal against the violation was looked at and is lost; one that is won is told as `violation.voided`. Source: R6.2.

    by: the person who decided, as an opaque id.
    Producer: governance. Consumers: trust.
    """

    type: ClassVar[str] = "violation.upheld"
    topic: ClassVar[Topic] = GOVERNANCE
    key_field: ClassVar[str] = "subject_id"

    subject_id: Suspendable
    violation_id: Id
    reason: Text = ""
    by: Id | None = None


class StudyCredited(Message):
    """The subject studied the rules (学习加分): so many points less count against it. study_id: of this lesson passed, once. Source: R6.1.

    Producer: governance. Consumers: trust.
    """

    type: ClassVar[str] = "study.credited"
    topic: ClassVar[Topic] = GOVERNANCE
    key_field: ClassVar[str] = "subject_id"

    subject_id: Suspendable
    study_id: Id
    points: Annotated[int, Field(ge=1, le=100)]
