"""What became of sellers and promoters under the rule book, as trust told it, against what the market expects. Source: R6.1-R6.3."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from deploy.market.clients import Read
from deploy.market.market import Market
from deploy.market.rulebook import counted


@dataclass(slots=True)
class Governed:
    """points: by subject, appeals: by violation, as told last. votes: by promoter in all, and by promoter and day."""

    points: Counter[str] = field(default_factory=Counter)
    appeals: dict[str, str] = field(default_factory=dict)
    votes: Counter[str] = field(default_factory=Counter)

    def take(self, record: Read, body: Mapping[str, Any]) -> None:
        """A fact of trust.v1, of which some are of others."""
        match record.type:
            case "points.changed":
                self.points[record.key] = body["points"]
            case "appeal.ended":
                self.appeals[body["violation_id"]] = "won" if body["won"] else "lost"
            case "vote.counted":
                self.votes[record.key] = max(self.votes[record.key], body["in_all"])
                self.votes[f"{record.key} on {body['day']}"] += 1

    def compared(self, market: Market) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
        """What, expected, found."""
        yield "points of", +market.points, +self.points
        yield "appeal against", market.appeals, self.appeals
        yield "votes for", counted(market.sent), self.votes
