"""Governance in the words of the platform, sellers and members: what each says, and what anyone can read of it. Source: R6, R2.7, R2.8."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Literal

from tests.journeys.conftest import Town
from tests.journeys.outside import Fact

How = Literal["plain", "twice", "backwards"]
Story = Callable[["World"], Iterator[timedelta]]
NOW = timedelta(0)
NOON = timedelta(hours=12)  # of Shanghai: when all stories begin
PATIENCE_S = 400  # each suspension looks three days back for orders, hour by hour
SHANGHAI = timezone(timedelta(hours=8))


@dataclass
class World:
    """One story's own people. Sent at once when the story pauses: as told, each twice, or the last first."""

    town: Town
    how: How
    mark: str = field(default_factory=lambda: uuid.uuid4().hex[:8])
    waiting: list[tuple[str, str, str, dict[str, Any], str]] = field(default_factory=list)

    @property
    def seller(self) -> str:
        return f"seller:{self.name('s')}"

    @property
    def promoter(self) -> str:
        return f"promoter:{self.name('k')}"

    def name(self, short: str) -> str:
        """Of a person or thing of this story."""
        return f"{short}-{self.mark}"

    def at(self, ago: timedelta) -> str:
        return (self.town.now - ago).isoformat()

    def say(self, app: str, kind: str, key: str, ago: timedelta = NOW, event_id: str = "", /, **body: Any) -> str:
        event_id = event_id or str(uuid.uuid4())
        self.waiting.append((app, kind, key, {"occurred_at": self.at(ago), **body}, event_id))
        return event_id

    def flush(self) -> None:
        told, self.waiting = self.waiting, []
        for app, kind, key, body, event_id in reversed(told) if self.how == "backwards" else told:
            self.town.send(app, kind, key, body, event_id=event_id, copies=2 if self.how == "twice" else 1)

    def violates(self, name: str, points: int | None = 20, level: int = 0, ago: timedelta = NOW, who: str = "", **more: Any) -> str:
        subject, event_id = who or self.seller, more.pop("event_id", "")
        body: dict[str, Any] = {
            "subject_id": subject,
            "violation_id": name,
            "kind": "off_platform",
            "points": points,
            "level": level,
            **more,
        }
        return self.say("governance", "violation.recorded", subject, ago, event_id, **body)

    def decides(self, what: str, name: str, ago: timedelta = NOW, who: str = "") -> None:
        """what: appealed, upheld or voided."""
        subject = who or self.seller
        self.say("governance", f"violation.{what}", subject, ago, subject_id=subject, violation_id=name)

    def studies(self, name: str, points: int, ago: timedelta = NOW) -> None:
        self.say("governance", "study.credited", self.seller, ago, subject_id=self.seller, study_id=name, points=points)

    def votes(self, buyer: str, vote: str, promoter: str = "k") -> None:
        body: dict[str, Any] = {"buyer_id": self.name(buyer), "vote_id": f"{vote}-{self.mark}", "promoter_id": self.name(promoter)}
        self.say("member", "vote.cast", self.name(buyer), **body)

    def links(self, *people: str) -> None:
        """One phone."""
        for one in people:
            self.say("member", "identity.linked", self.name(one), buyer_id=self.name(one), kind="phone", token=self.name("phone"))

    def orders(self, name: str, promoter: bool = False, units: int = 1, **more: Any) -> str:
        line: dict[str, Any] = {"line_no": 1, "sku": "tea", "seller_id": self.name("s"), "quantity": units, "unit_price_minor": 100}
        line |= {"promoter_id": self.name("k")} if promoter else {}
        order = self.name(name)
        body: dict[str, Any] = {
            "order_id": order,
            "buyer_id": self.name(f"b-{name}"),
            "currency": "CNY",
            "lines": [line],
            "due_minor": 100 * units,
            **more,
        }
        self.say("storefront", "order.placed", order, **body)
        return order

    def pays(self, name: str, amount: int = 100) -> None:
        order = self.name(name)
        body: dict[str, Any] = {"order_id": order, "payment_id": f"pay-{order}", "amount_minor": amount, "currency": "CNY"}
        self.say("psp", "payment.succeeded", order, **body)

    def became(self, name: str) -> str:
        """The order's last word; of a refusal its code."""
        last = self.town.facts(self.name(name), "order.v1")[-1]
        return str(last.body.get("code") or last.type) if last.type in ("order.rejected", "order.closed") else last.type

    def facts(self, kind: str, who: str = "") -> list[Fact]:
        return self.town.facts(who or self.seller, "trust.v1", kind=kind)

    def points(self) -> tuple[int, int, int, bool]:
        body = self.facts("points.changed")[-1].body
        return body["points"], body["violations"], body["study"], body["removed"]

    def score(self, who: str = "") -> tuple[int, int]:
        body = self.facts("score.changed", who)[-1].body
        return body["score"], body["items"]

    def appeals(self) -> list[str]:
        told = [fact for fact in self.town.facts(self.seller, "trust.v1") if fact.type.startswith("appeal.")]
        return ["opened" if fact.type == "appeal.opened" else "won" if fact.body["won"] else "lost" for fact in told]

    def tallies(self, promoter: str = "k") -> list[tuple[int, int]]:
        return [(fact.body["of_day"], fact.body["in_all"]) for fact in self.facts("vote.counted", f"promoter:{self.name(promoter)}")]

    def refused(self, key: str) -> set[str]:
        return set(self.town.refused(key))


def played(town: Town, stories: Mapping[tuple[str, How], Story]) -> dict[tuple[str, How], BaseException | None]:
    """All side by side along one walk of the clock, from noon of the next day; what each failed with."""
    local = town.now.astimezone(SHANGHAI)
    start = local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1) + NOON
    town.until(start.astimezone(UTC))
    worlds = {place: World(town, place[1]) for place in stories}
    running = {place: (stories[place](world), NOW) for place, world in worlds.items()}
    ended: dict[tuple[str, How], BaseException | None] = {}
    now = NOW
    while running:
        now = _walked(town, start, now, min(at for _, at in running.values()))
        for place in [place for place, (_, at) in running.items() if at <= now]:
            story = running[place][0]
            try:
                running[place] = (story, now + next(story))
            except StopIteration:
                ended[place] = None
            except Exception as error:  # told by the test of that name
                ended[place] = error
            worlds[place].flush()
        running = {place: one for place, one in running.items() if place not in ended}
        town.rest(PATIENCE_S)
    return ended


def _walked(town: Town, start: datetime, now: timedelta, to: timedelta) -> timedelta:
    if to > now:
        town.until((start + to).astimezone(UTC))
    return max(now, to)
