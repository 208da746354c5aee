"""Plays a whole table of journeys side by side on one running system, along one walk of its clock."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, timedelta, timezone, tzinfo
from typing import Any, Literal
from zoneinfo import ZoneInfo

from deploy.cli.explain import show
from deploy.cli.story import tell
from tests.journeys.aftersale.words import Journey, Step
from tests.journeys.conftest import Town
from tests.journeys.outside import Fact, cloud_event

SHANGHAI = ZoneInfo("Asia/Shanghai")
How = Literal["plain", "twice", "shuffled"]
ZONES: dict[How, tzinfo] = {"plain": SHANGHAI, "twice": UTC, "shuffled": timezone(timedelta(hours=-5))}
OWN = ("order.v1", "payment.v1", "refund.v1")
SETTLED = timedelta(days=14)  # after the last word of all journeys: what was left is confirmed, settled and paid out


@dataclass
class Life:
    """A journey as one of its plays; all its parties are its own. names: what stands in braces."""

    journey: Journey
    how: How
    names: dict[str, str]
    failed: bool = False

    @property
    def keys(self) -> set[str]:
        return set(self.names.values())

    def told(self, value: Any) -> Any:
        """The words of the table with this play's names."""
        if isinstance(value, str):
            return value.format(**self.names)
        if isinstance(value, Mapping):
            return {name: self.told(one) for name, one in value.items()}
        return [self.told(one) for one in value] if isinstance(value, list) else value


class Play:
    """The table once each way. midnight: of the day on which all orders are placed."""

    def __init__(self, town: Town, journeys: Iterable[Journey], ways: tuple[How, ...] = ("plain", "twice", "shuffled")) -> None:
        self.town = town
        local = town.now.astimezone(SHANGHAI)
        self.midnight = local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        self._answered: set[str] = set()
        self.lives = {
            (one.name, how): Life(one, how, named(number)) for number, one in enumerate(journeys) for how in ways if fits(one, how)
        }
        self._of = {key: life for life in self.lives.values() for key in life.keys}

    def played(self) -> None:
        stops: dict[timedelta, list[tuple[Life, list[Step]]]] = defaultdict(list)
        for life in self.lives.values():
            for at in {step.stop for step in life.journey.steps}:
                stops[at].append((life, [step for step in life.journey.steps if step.stop == at]))
        for at in sorted(stops):
            self.town.until(self.midnight + at)
            self._provider_answers()
            self._stop(stops[at])
        self.town.until(self.midnight + max(stops) + SETTLED)
        self._provider_answers()
        self._read()

    def _stop(self, told: list[tuple[Life, list[Step]]]) -> None:
        """Shuffled: all at once, the last first. Else one word after the other, each done before the next."""
        for life, steps in told:
            for step in reversed(steps) if life.how == "shuffled" else steps[:1]:
                self._send(life, step)
        for turn in range(1, max(len(steps) for _, steps in told) + 1):
            self._done()
            for life, steps in told:
                if life.how != "shuffled" and turn < len(steps):
                    self._send(life, steps[turn])

    def _send(self, life: Life, step: Step) -> None:
        self._learn_card(life, step)
        at = (self.midnight + step.at).astimezone(ZONES[life.how])
        value = json.dumps({"occurred_at": at.isoformat(), **life.told(step.body)})
        self._post(step.app, step.kind, life.told(step.key), value, str(uuid.uuid4()), life)

    def _post(self, app: str, kind: str, key: str, value: str, event_id: str, life: Life) -> None:
        copies = 2 if life.how == "twice" else 1
        self.town.send_raw(app, f"{app}.v1", key, value, cloud_event(app, kind, event_id), copies=copies, wait=False)

    def _done(self) -> None:
        self.town.delivered()
        self.town.idle()
        self._provider_answers()

    def _provider_answers(self) -> None:
        """Each instruction once, until there is none."""
        while told := [fact for fact in self.town.instructions() if fact.key in self._of and self._new(fact)]:
            now = self.town.now.isoformat()
            for fact in told:
                self._answer(fact, self._of[fact.key], now)
            self.town.delivered()
            self.town.idle()

    def _new(self, fact: Fact) -> bool:
        what = f"{fact.type.removesuffix('.instructed')}_id"
        return fact.body[what] not in self._answered

    def _answer(self, fact: Fact, life: Life, now: str) -> None:
        kind = fact.type.removesuffix(".instructed")
        name = fact.body[f"{kind}_id"]
        self._answered.add(name)
        fails = kind == "refund" and life.journey.fails and not life.failed
        life.failed = life.failed or fails
        body = {f"{kind}_id": name, ("party" if kind == "payout" else "order_id"): fact.key, "occurred_at": now}
        value = json.dumps(body | ({"reason": "account closed"} if fails else {}))
        self._post("psp", f"{kind}.{'failed' if fails else 'succeeded'}", fact.key, value, f"answer-{name}", life)

    def _learn_card(self, life: Life, step: Step) -> None:
        """The card by its name in braces: of the buyer, or of the other account."""
        for name, buyer in (("card", "buyer"), ("theirs", "double")):
            if f"{{{name}}}" in step.body.values() and name not in life.names:
                granted = self.town.fact(f"buyer:{life.names[buyer]}", "trust.v1", "card.granted")
                life.names[name] = granted["card_id"]

    def _read(self) -> None:
        self._facts: dict[str, list[Fact]] = defaultdict(list)
        for _, facts in sorted(self.town.read().items()):
            for fact in facts.values():
                self._facts[fact.key].append(fact)

    def facts(self, life: Life, *topics: str, kind: str = "") -> list[Fact]:
        """Of all that is the journey's own."""
        found = (fact for key in sorted(life.keys) for fact in self._facts[key])
        return [fact for fact in found if (not topics or fact.topic in topics) and kind in ("", fact.type)]

    def refused(self, life: Life) -> set[str]:
        return {fact.headers["x-reason"] for fact in self.facts(life) if fact.topic.endswith(".parked.v1")}

    def owned(self, life: Life, *accounts: str) -> int:
        """What stands on these accounts of the ledger by the postings of all facts of the journey, in fen."""
        facts = self.facts(life, "payment.v1", "party.v1")
        moves = [fact.body["moves"] for fact in facts if fact.body.get("moves")]
        wanted = {life.told(account) for account in accounts}
        return sum(one["amount_minor"] for move in moves for one in move["postings"] if one["account"] in wanted)

    def explained(self, life: Life) -> str:
        """What `laotie explain` prints of the order of which the first refusal was."""
        copies = (fact.key for fact in self.facts(life) if fact.topic == "refund.parked.v1")
        with contextlib.redirect_stdout(io.StringIO()) as told:
            show(asyncio.run(tell(self.town.stack, next(copies, life.names["order"]))))
        return told.getvalue()


def fits(one: Journey, how: How) -> bool:
    return how != "shuffled" or not one.in_order


def named(number: int) -> dict[str, str]:
    """Lower numbers are lesser ids."""
    mark = f"a{number:03d}-{uuid.uuid4().hex[:6]}"
    who = {"order": "o", "second": "o2", "buyer": "b1", "double": "b2", "seller": "s1", "other": "s2", "promoter": "pr"}
    return {name: f"{prefix}-{mark}" for name, prefix in who.items()}
