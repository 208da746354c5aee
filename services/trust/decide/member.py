"""What a buyer brings to the identity that it is found to be of: its card, and the vote that it had. Source: R4.7, R6.3."""

from __future__ import annotations

from collections.abc import Mapping

from services.trust.decide.card import join
from services.trust.decide.vote import brought
from services.trust.model import Ballot, Holder, Person
from shared.contracts.identity import MemberJoined
from shared.messaging.shape import Outcome
from shared.policy import Policy


def joined(
    event: MemberJoined, holder: Holder | None, persons: Mapping[str, Person], ballots: Mapping[str, Ballot], policy: Policy
) -> Outcome:
    """Nothing where it is of a lesser identity already."""
    moved = join(event, holder, persons)
    return (*moved, *brought(event, holder, ballots, policy)) if isinstance(moved, tuple) and moved else moved
