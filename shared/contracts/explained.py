"""A score explained: what it is made of, what each weighty item does to it, and what would lift it. Source: R5.6."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from shared.contracts.topics import GOVERNANCE, TRUST
from shared.contracts.trust import Subject
from shared.contracts.types import Day, Id, Part
from shared.messaging.message import Message, Topic
from shared.policy.document import EvidenceKind

Points = Annotated[int, Field(ge=0, le=1000)]


class DimensionExplained(Part):
    """P and N of R5.2 in millionths, and the dimension's weight in hundredths. capped: good worth that the cap a counterparty left out.

    Adds up: positive + capped is the worth of all good items, those named and those of the rest.
    """

    dimension: str
    positive: int
    negative: int
    capped: int
    weight_pct: int


class ItemExplained(Part):
    """One item and what it does: the score is `score`, and `score_without` if it were not there. Source: R5.6.

    reason: in words, with the business fact. event_id: of the event that told of the fact, None: from before that was written down.
    worth: |weight| halved by its age, in millionths. rule_version: of the policy by which it weighs so much. effect: points shown, signed.
    effect_millionths: of a point, of the score before it is rounded and capped, to the nearest.
    """

    evidence_id: str
    kind: EvidenceKind
    reason: str
    event_id: str | None
    dimensions: tuple[str, ...]
    weight: int
    day: Day
    age_days: int = Field(ge=0)
    worth: int = Field(ge=0)
    rule_version: str
    score_without: Points
    effect: int
    effect_millionths: int


class RestSum(Part):
    """Worth of the other items of some days in one dimension, in millionths, before the cap of R5.2."""

    dimension: str
    positive: int
    negative: int


class RestOfDays(Part):
    """All items that are not named one by one, from `since` to `until`: one day, or in the last row all days before."""

    since: Day
    until: Day
    sums: tuple[RestSum, ...]


class GoodFacts(Part):
    """So many more facts of a kind, each with another counterparty that gave nothing before."""

    kind: EvidenceKind
    count: int = Field(ge=1)


class Lift(Part):
    """What would lift the subject to the next tier, all of it on that day. Source: R5.6, R5.7.

    by: `facts` lift it to `tier`, which begins at `least`; `shown`: they make it shown at all; `ceiling`: nothing does before the
    ceiling has ended; `never`: no number of good facts does; `many`: more than a thousand are needed; `highest`: there is no next tier.
    proven: no smaller set does (False: none was found, and there are too many to try).
    """

    by: Literal["facts", "shown", "ceiling", "never", "many", "highest"]
    tier: str | None
    least: Points | None
    facts: tuple[GoodFacts, ...]
    proven: bool


class Explanation(Part):
    """A pure function of (set of evidence, as-of date, policy). Source: R5.1, R5.6.

    items: in the set, without what was voided. ceiling: in force that day, ceiling_until: its last day; None: none. heaviest: the
    weightiest first. complete False: heavier items may stand among the rest, as too many of the newest were voided.
    """

    subject_id: Subject
    score: Points
    new: bool
    items: int = Field(ge=0)
    tier: str
    as_of: Day
    rule_version: str
    ceiling: Points | None
    ceiling_until: Day | None
    dimensions: tuple[DimensionExplained, ...]
    heaviest: tuple[ItemExplained, ...]
    complete: bool
    rest: tuple[RestOfDays, ...]
    lift: Lift


class ScoreExplanationRequested(Message):
    """Somebody whom the platform serves wants to see why a score is what it is. request_id: comes back with the answer. Source: R5.6.

    Asked again under another event id, it is answered again, as of then.
    Producer: governance. Consumers: trust.
    """

    type: ClassVar[str] = "score.explanation_requested"
    topic: ClassVar[Topic] = GOVERNANCE
    key_field: ClassVar[str] = "subject_id"

    subject_id: Subject
    request_id: Id


class ScoreExplained(Message):
    """The answer to a request, as of its day or of the latest evidence if that is later; changes nothing. Source: R5.6.

    Producer: trust. Consumers: nobody.
    """

    type: ClassVar[str] = "score.explained"
    topic: ClassVar[Topic] = TRUST

    subject_id: Subject
    request_id: Id
    explanation: Explanation
