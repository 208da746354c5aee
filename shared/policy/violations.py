"""The catalogue of violations, and what their points come to. Source: R6.1, R6.2."""

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from shared.policy.section import Name, Section, Window

Points = Annotated[int, Field(ge=1, le=1_000)]


class ViolationKind(Section):
    """What the rule book calls it, of how many points it may be (the first if nothing is said), and the level of its suspension.

    level 0: it suspends nobody by itself. Source: R6.1, R6.2.
    """

    name: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    points: Annotated[tuple[Points, ...], Field(min_length=1)]
    level: Annotated[int, Field(ge=0, le=5)]


class ViolationPolicy(Section):
    """The catalogue of what may be held against sellers and promoters, and what their points come to. Source: R6.1, R6.2, R5.5.

    From b_points on a violation is of class B, from a_points of class A; below, of class C. remove_points: who has that many is removed.
    study_points_max: at most so many points are taken off for study. appeal_days: of a violation, from its moment on. kinds empty: there
    is no catalogue, and any kind may be of any points. What a document of before these values does not say is as R6 has it.
    """

    b_points: Points
    a_points: Points
    remove_points: Points = 100
    study_points_max: Annotated[int, Field(ge=0, le=1_000)] = 100
    appeal_days: Window = 7
    kinds: dict[Name, ViolationKind] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _classes_ascend(self) -> Self:
        if self.b_points >= self.a_points:
            raise ValueError("class A begins where class B does, or before")
        return self
