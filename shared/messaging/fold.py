"""The fold: a batch of events over loaded entities, in memory, to the effects that one transaction writes.

Invariants kept here, on any store:
 F1 A fact changes exactly one touched entity, and its version is that entity's next.
 F2 An event is folded whole or not at all: a decision that raises leaves no trace but the parked event.
 F3 Events of a key are done one after the other: behind a parked one they queue; behind ready ones too.
 F4 A waiting event is offered again after each later event of its key that changed something, in order. It expires WAIT_MAX
    after it was first held or a person last let it go on (redrive, discard); what the engine offers again does not begin anew.
 F5 A rejected event changes nothing and leaves no inbox row, nor does one that is another service's: a corrected resend is welcome.
 F6 A timer that no longer stands is dropped; one that still stands after its decision is a bug (parked).
 F7 The timers armed are always those that `due` names: the difference is what is written.
 F8 What could not be sent does not commit.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, Literal

from shared.errors import Code
from shared.messaging.envelope import MAX_OUT_BYTES, copy_headers, fact_headers
from shared.messaging.message import COPIES, Message, source_of
from shared.messaging.numbered import Numbered
from shared.messaging.record import (
    Armed,
    Changed,
    Effects,
    Held,
    HeldState,
    Incoming,
    Out,
    Record,
    Restated,
    Told,
    Unreadable,
    size_of,
)
from shared.messaging.shape import EVENT_ID, Both, Given, Kind, Many, One, Plan, Policies, Reject, Service, Wait

WAITING_MAX = 100  # waiting events a key; one more is rejected, or a person's if it is one of ours: wait.too_many
WAIT_MAX = timedelta(hours=24)  # of the business clock; then the event expires into a person's hands
OFFERS_MAX = 100  # ready events offered in one batch and key; the rest follow in the next
COPY_MAX = 4 * 1024 * 1024 + 64 * 1024  # bytes of a record that is copied whole: more than can come uncompressed, less than can go
HEADERS_MAX = 8 * 1024  # more than all headers of a fact can take: each is bounded
_NAMESPACE_BYTES = uuid.NAMESPACE_URL.bytes
_VARIANTS = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
PAST = timedelta(hours=1)  # an engine's own turn is due at once: no grace is as long
ABSENT = Changed(0, 0, None, None)  # replaced, never changed
OFFER = "engine.offer"
WAIT_OVER = "engine.wait_over"

Place = tuple[Kind[Any, Any], str]


class NotLoaded(Exception):
    """A touch grew while folding: this event begins the next batch."""


class Untouched(Exception):
    """A decision returned a fact about an entity that its plan does not touch, or of a type that no kind has."""


class StillDue(Exception):
    """A timer fired, was decided, and still stands."""


class TooLarge(Exception):
    """A fact is larger than the relay may send."""


def fact_id(source: str, cause_source: str, cause_id: str, ordinal: int) -> str:
    """uuid5(source, cause, ordinal): a replay spells the same id."""
    return uuid5(f"{source}\n{cause_source}\n{cause_id}\n{ordinal}")  # no header holds a line break: no two causes spell the same


def uuid5(name: str) -> str:
    """RFC 9562 §5.5 in the URL namespace; the standard library's costs three times as much."""
    digest = hashlib.sha1(_NAMESPACE_BYTES + name.encode(), usedforsecurity=False).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{_VARIANTS[digest[16]]}{digest[17:20]}-{digest[20:32]}"


def timer_id(kind: str, subject: str, due_at: datetime) -> str:
    return uuid5(f"{kind}\n{subject}\n{due_at.isoformat()}")


def _until(waiting: Held) -> datetime:
    """F4."""
    return waiting.at + WAIT_MAX


class Fold:
    """One batch. put_held() and put() what is loaded, kind by kind; offer() the events in order; take() the effects.

    now: business time, for holding only. careful: offer held events one by one, each in a batch of its own.
    """

    def __init__(
        self,
        service: Service,
        policies: Policies,
        now: datetime,
        *,
        careful: bool = False,
    ) -> None:
        self.service = service
        self.source = source_of(service.name)
        self.policies = policies
        self.now = now
        self.careful = careful
        self.effects = Effects()
        self._plans: dict[int, Plan] = {}  # by id(event): the caller holds the events
        self._wanted: dict[Kind[Any, Any], set[str]] = {}  # what the plans touch
        self._runs: dict[Kind[Any, Any], set[Numbered]] = {}  # beside it, the runs that they look through
        self._asked: dict[Kind[Any, Any], tuple[list[str], set[Numbered]]] = {}  # by asked(), and not put yet
        self._looked: dict[Kind[Any, Any], set[Numbered]] = {}  # runs of which all that exists is in
        self._computed: list[Plan] = []  # those with a touch that is computed from the first, which is not here yet
        self._places: dict[Place, Changed] = {}
        self._held: dict[str, list[Held]] = {}
        self._items: dict[str, Incoming | Unreadable] = {}  # what is held back, decoded, by ref
        self._timer_topic = f"{service.name}.timer.v1"

    # -- loading

    def put_held(self, held: Mapping[str, Iterable[Held]], items: Mapping[str, Incoming | Unreadable]) -> None:
        """By key, the events held back, in order: as many as a batch may need. items: by ref, decoded once more, as the code may have
        been mended since.
        """
        self._held = {key: list(rows) for key, rows in held.items()}
        self._items |= items

    def put(self, kind: Kind[Any, Any], rows: Mapping[str, tuple[int, Any]]) -> None:
        """What the store has of the keys wanted last: key → (version, entity); a key without a row does not exist."""
        keys, runs = self._asked.pop(kind, ((), ()))
        for key, (version, entity) in rows.items():
            self._places.setdefault((kind, key), Changed(version, version, entity, entity))
        for key in keys:
            self._places.setdefault((kind, key), ABSENT)
        self._looked.setdefault(kind, set()).update(runs)

    def expect(self, event: Message) -> None:
        """Plan an event that this batch may fold. Where `handle` raises, the fold meets that again and parks the event (F2)."""
        try:
            self.plan(event)
        except Exception:
            return

    def plan(self, event: Message) -> Plan:
        """What the event touches; asked once."""
        plan = self._plans.get(id(event))
        if plan is None:
            plan = self._plans[id(event)] = self.service.handle(event, self.policies)
            computed = False
            for touch in plan.touches:
                if callable(touch):
                    computed = True
                else:
                    self._want(touch)
            if computed:
                self._computed.append(plan)
        return plan

    def _want(self, touch: object) -> None:
        if isinstance(touch, One):
            self._wanted.setdefault(touch.kind, set()).add(touch.at)
        elif isinstance(touch, Many) and isinstance(touch.at, Numbered):
            self._runs.setdefault(touch.kind, set()).add(touch.at)
        elif isinstance(touch, Many):
            self._wanted.setdefault(touch.kind, set()).update(touch.at)
        elif isinstance(touch, Both):
            self._want(touch.one)
            self._want(touch.other)

    def wanted(self, kind: Kind[Any, Any]) -> list[str]:
        """The keys of that kind which the plans touch and which are not loaded yet: to be put. Earlier kinds must be in."""
        keys, runs = self.asked(kind)
        return [*keys, *chain.from_iterable(runs)]

    def asked(self, kind: Kind[Any, Any]) -> tuple[list[str], set[Numbered]]:
        """The same, the runs unspelled: for a store that knows the keys it has."""
        if self._computed:
            self._computed = [plan for plan in self._computed if not self._compute(plan)]
        if kind not in self._wanted and kind not in self._runs:
            return [], set()
        keys = sorted(key for key in self._wanted.get(kind, ()) if (kind, key) not in self._places)
        self._asked[kind] = keys, self._runs.get(kind, set()) - self._looked.get(kind, set())
        return self._asked[kind]

    def _compute(self, plan: Plan) -> bool:
        """What its first touch leads to. False: that one is not here yet, so this comes with a later kind. Raising is left to the fold."""
        try:
            first = self._value(plan.touches[0], {})
            for touch in plan.touches:
                if callable(touch):
                    self._want(touch(first))
        except NotLoaded:
            return False
        except Exception:
            return True
        return True

    def held(self, key: str) -> list[Held]:
        return self._held.get(key, [])

    # -- folding

    def offer(self, incoming: Incoming) -> bool:
        """Fold one event. False: its touches are not loaded; it and all behind it begin the next batch."""
        key = incoming.key
        states = {row.state for row in self._held[key]} if key in self._held and incoming.event.concerns(self.service.name) else ()
        if "parked" in states:
            self._hold(incoming, "parked", "parked.behind")
        elif "ready" in states:
            self._hold(incoming, "ready", "parked.behind")
        else:
            try:
                changed = self._one(incoming, None)
            except NotLoaded:
                return False
            if changed:
                self._offer_waiting(key)
        return True

    def refuse(self, bad: Unreadable) -> None:
        """F5: copied, nothing else."""
        self._copy(bad.record, bad.code, bad.detail, 1)
        self.effects.told.append(Told("rejected", bad.code, bad.record))

    def drop(self, record: Record, why: Literal["duplicate", "not_ours"]) -> None:
        """A copy of what was handled, or an event for others."""
        self.effects.told.append(Told(why, "", record))

    def offer_ready(self, key: str) -> None:
        """Offer the ready events of a key in order, at most OFFERS_MAX; the rest stay armed for another turn."""
        rows = [row for row in self.held(key) if row.state == "ready"]
        for row in rows[: 1 if self.careful else OFFERS_MAX]:
            item = self._items[row.ref]
            if isinstance(item, Unreadable):
                self._let_go(row)
                self.refuse(item)
                continue
            try:
                changed = self._one(item, row)
            except NotLoaded:
                break
            if changed:
                self._offer_waiting(key)
            if any(other.state == "parked" for other in self.held(key)):
                break
        self.settle_ready(key)

    def settle_ready(self, key: str) -> None:
        """Arm another turn while a key has ready events; park them again behind one that raised."""
        rows = self.held(key)
        place = (OFFER, key)
        if any(row.state == "parked" for row in rows):
            self._restate(key, "ready", "parked")
            self._disarm(place)
        elif any(row.state == "ready" for row in rows):
            self.effects.armed[place] = Armed(OFFER, key, key, self.now - PAST, b"{}")
        else:
            self._disarm(place)

    def redrive(self, key: str) -> bool:
        """Make all that is parked or expired of a key ready. False: there was nothing."""
        if not any(row.state in ("parked", "expired") for row in self.held(key)):
            return False
        self._restate(key, "parked", "ready", self.now)
        self._restate(key, "expired", "ready", self.now)
        self.settle_ready(key)
        return True

    def discard(self, key: str, ref: str) -> bool:
        """One held event never happens, nor does a late copy of it; what stood behind it becomes ready. False: no such event."""
        row = next((row for row in self.held(key) if row.ref == ref), None)
        if row is None:
            return False
        self._let_go(row, keep_inbox=True)
        if row.state == "parked":
            self._restate(key, "parked", "ready", self.now)
            self.settle_ready(key)
        return True

    def wait_over(self, key: str, ref: str, until: str) -> None:
        """Its cause has not come in time. until: as armed (F4)."""
        row = next((row for row in self.held(key) if row.ref == ref and row.state == "waiting"), None)
        if row is not None and _until(row).isoformat() == until:
            self._expire(row, "wait.over", row.reason)

    def park(self, incoming: Incoming, code: str, error: str) -> None:
        """Park an event that the fold never saw end: it killed the process, or the database refused what it wrote."""
        self._hold(incoming, "parked", code, error)
        self.settle_ready(incoming.key)

    def park_ready(self, key: str, code: str, error: str) -> None:
        """The same for the event that a turn offered again: the first ready one, when held events go one by one."""
        row = next((row for row in self.held(key) if row.state == "ready"), None)
        if row is None:
            return
        item = self._items[row.ref]
        if isinstance(item, Incoming):
            self._hold(item, "parked", code, error, row)
        else:
            self._let_go(row)
            self.refuse(item)
        self.settle_ready(key)

    def take(self) -> Effects:
        """F7, and the entities that changed."""
        effects = self.effects
        for place, changed in self._places.items():
            if changed.version != changed.base:
                effects.entities[place] = changed
                if place[0].timed:
                    self._rearm(place[0], changed)
        return effects

    # -- one event

    def _one(self, incoming: Incoming, row: Held | None) -> bool:
        """True if it changed something. row: its held row, if it is offered again."""
        if not incoming.event.concerns(self.service.name):
            if row is not None:
                self._let_go(row)
            self.drop(incoming.record, "not_ours")
            return False
        try:
            outcome = self._decide(incoming)
        except (NotLoaded, TimeoutError):  # of a time whose policies are not known yet (V2): all of it again, later
            raise
        except Exception as error:  # F2: a bug in a decision stops its key, never the others
            self._raised(incoming, row, error)
            return False
        if isinstance(outcome, Wait):
            self._waits(incoming, row, outcome.code)
            return False
        if row is not None:
            self._let_go(row, keep_inbox=not isinstance(outcome, Reject))
        if isinstance(outcome, Reject):
            self.refuse(Unreadable(incoming.record, outcome.code, outcome.detail))
            return False
        if row is None:
            self.seen(incoming)
        return outcome

    def _decide(self, incoming: Incoming) -> bool | Reject | Wait:
        event = incoming.event
        plan = self.plan(event)
        touched: dict[Place, Changed] = {}
        values: list[Any] = []
        for touch in plan.touches:
            if touch is EVENT_ID:
                values.append(incoming.envelope.id)
            else:
                values.append(self._value(touch(values[0]) if callable(touch) else touch, touched))
        timed = event.topic.name == self._timer_topic
        if timed and not self._stands(event, touched):
            self._rearm_moved(event, touched)
            self.effects.told.append(Told("stale_timer", event.type, incoming.record))
            return False
        outcome = plan.decide(event, *values)
        if timed and isinstance(outcome, Reject):
            raise StillDue(f"{event.type} {event.subject} was rejected: {outcome.code} {outcome.detail}")  # F6
        if isinstance(outcome, (Reject, Wait)):
            return outcome
        overlay: dict[Place, Changed] = {}
        facts: list[Out] = []
        rows: list[tuple[Any, tuple[Any, ...]]] = []
        version = self.policies.version_at(event.occurred_at) if outcome else ""
        for ordinal, fact in enumerate(outcome):
            entity_version = self._evolve(fact, touched, overlay)
            identity = fact_id(self.source, incoming.envelope.source, incoming.envelope.id, ordinal)
            value = fact.to_json()
            headers = fact_headers(fact, identity, self.source, incoming.envelope, entity_version, version)
            if len(value) > MAX_OUT_BYTES - HEADERS_MAX:
                raise TooLarge(f"{fact.type} of {len(value)} bytes")  # F8
            facts.append(Out(fact.topic.name, fact.key.encode(), headers, value))
            for table in self.service.rows_of.get(type(fact), ()):
                rows.extend((table, values_of) for values_of in table.of(fact, identity))
        if timed and self._stands(event, touched | overlay):
            raise StillDue(f"{event.type} {event.subject}")  # F6
        self._places.update(overlay)
        self.effects.facts += facts
        for fact in outcome:
            self.effects.said.append(fact.type)
            for count in self.service.counts_of.get(type(fact), ()):
                self.effects.counted.append((count, fact))
        for table, values_of in rows:
            self.effects.rows.setdefault(table, []).append(values_of)
        self.effects.told.append(Told("handled", incoming.event.type, incoming.record))
        return bool(overlay)

    def _evolve(self, fact: Message, touched: Mapping[Place, Changed], overlay: dict[Place, Changed]) -> int:
        """F1. The version that the fact makes; 0 for a message that changes no entity."""
        kind = self.service.kind_of.get(type(fact))
        if kind is None:
            if type(fact) not in self.service.sends:
                raise Untouched(f"{fact.type} belongs to no kind of {self.service.name}, nor to what it sends")
            return 0
        place = (kind, kind.key(fact))
        now = overlay.get(place) or touched.get(place)
        if now is None:
            raise Untouched(f"{fact.type} is about {kind.name} {place[1]}, which {sorted(str(p) for p in touched)} does not hold")
        after = kind.evolve(now.after, fact)
        overlay[place] = Changed(now.base, now.version + 1, now.before, after)
        return now.version + 1

    @staticmethod
    def _stands(event: Message, touched: Mapping[Place, Changed]) -> bool:
        return any(
            timer == event for (kind, _), now in touched.items() if kind.timed and now.after is not None for timer in kind.due(now.after)
        )

    # -- touches

    def _value(self, touch: object, touched: dict[Place, Changed]) -> Any:
        """What `decide` receives for a touch; touched: gets the places it looks at, as they are now."""
        if isinstance(touch, One):
            return self._entity((touch.kind, touch.at), touched)
        if isinstance(touch, Given):
            return touch.value
        if isinstance(touch, Many):
            keys = self._existing(touch.kind, touch.at) if isinstance(touch.at, Numbered) else touch.at
            return {key: entity for key in keys if (entity := self._entity((touch.kind, key), touched)) is not None}
        if isinstance(touch, Both):
            return self._value(touch.one, touched), self._value(touch.other, touched)
        raise TypeError(f"not a touch: {touch!r}")

    def _existing(self, kind: Kind[Any, Any], run: Numbered) -> list[str]:
        """Of thousands of keys those that are there, in the run's order."""
        if run and run not in self._looked.get(kind, ()):
            raise NotLoaded
        return sorted((key for of, key in self._places if of is kind and key in run), key=run.place)

    def _entity(self, place: Place, touched: dict[Place, Changed]) -> Any:
        now = self._places.get(place)
        if now is None:
            raise NotLoaded
        touched[place] = now
        return now.after

    # -- holding

    def _offer_waiting(self, key: str) -> None:
        """F4. Each change begins the round again; a round without a change ends it (each turn takes one away)."""
        if self.careful and any(row.state == "waiting" for row in self.held(key)):
            self._restate(key, "waiting", "ready")
            self.settle_ready(key)
            return
        progress = key in self._held
        while progress:
            progress = False
            for row in [row for row in self.held(key) if row.state == "waiting"]:
                item = self._items[row.ref]
                if isinstance(item, Unreadable):
                    self._let_go(row)
                    self.refuse(item)
                    continue
                try:
                    progress = self._one(item, row)
                except NotLoaded:
                    self._restate(key, "waiting", "ready")
                    self.settle_ready(key)
                    return
                if any(other.state == "parked" for other in self.held(key)):
                    return
                if progress:
                    break

    def _raised(self, incoming: Incoming, row: Held | None, error: Exception) -> None:
        text = f"{type(error).__name__}: {error}"
        self._hold(incoming, "parked", "parked.raised", text, row)

    def _waits(self, incoming: Incoming, row: Held | None, code: Code) -> None:
        full = sum(other.state == "waiting" for other in self.held(incoming.key)) >= WAITING_MAX
        if row is not None and row.state == "waiting":
            return
        if row is not None and full:  # more of a key than is ever loaded would be forgotten
            self._expire(row, "wait.too_many", code)
        elif row is not None:
            self._put_held(replace(row, state="waiting", reason=code))
        elif full and incoming.upstream:
            self.refuse(Unreadable(incoming.record, "wait.too_many", code))
        elif full:  # whoever of ours told it does not tell it again
            self._items[incoming.record.ref] = incoming
            self._expire(Held(incoming.record.ref, "expired", incoming.key, incoming.record, code, "", 1, self.now), "wait.too_many", code)
        else:
            self._hold(incoming, "waiting", code)

    def _expire(self, row: Held, reason: Code, cause: str) -> None:
        """A person looks at it; nothing is blocked and nothing is lost."""
        self._put_held(replace(row, state="expired", reason=reason))
        self._copy(row.record, reason, cause, row.attempts)
        self.effects.told.append(Told("parked", reason, row.record))

    def _hold(self, incoming: Incoming, state: Any, reason: str, error: str = "", row: Held | None = None) -> None:
        attempts = 1 + (row.attempts if row else 0)
        held = Held(incoming.record.ref, state, incoming.key, incoming.record, reason, error, attempts, row.at if row else self.now)
        self._put_held(held)
        self._items[held.ref] = incoming
        if row is None:
            self.seen(incoming)
        if state == "parked" and reason != "parked.behind":
            self._copy(incoming.record, reason, error, attempts)
        outcome: Literal["parked", "waiting"] = "parked" if state in ("parked", "ready") else "waiting"
        self.effects.told.append(Told(outcome, reason, incoming.record))

    def _put_held(self, held: Held) -> None:
        rows = self._held.setdefault(held.key, [])
        for index, row in enumerate(rows):
            if row.ref == held.ref:
                rows[index] = held
                break
        else:
            rows.append(held)
        self.effects.held[held.ref] = held
        place = (WAIT_OVER, held.ref)
        if held.state == "waiting":
            body = json.dumps({"key": held.key, "ref": held.ref, "until": _until(held).isoformat()}).encode()
            self.effects.armed[place] = Armed(WAIT_OVER, held.ref, held.key, _until(held), body)
        else:
            self._disarm(place)

    def _disarm(self, place: tuple[str, str]) -> None:
        self.effects.armed.pop(place, None)
        self.effects.disarmed.add(place)

    def _restate(self, key: str, old: HeldState, new: HeldState, at: datetime | None = None) -> None:
        """Change the state of all rows of a key, here and in the store."""
        self.effects.restated.append(Restated(key, old, new, at))
        for index, row in enumerate(self.held(key)):
            if row.state == old:
                moved = self._held[key][index] = replace(row, state=new, at=at or row.at)
                if row.ref in self.effects.held:
                    self.effects.held[row.ref] = moved

    def _let_go(self, row: Held, *, keep_inbox: bool = False) -> None:
        self._held[row.key] = [other for other in self.held(row.key) if other.ref != row.ref]
        self.effects.held.pop(row.ref, None)
        self.effects.released.add(row.ref)
        self._disarm((WAIT_OVER, row.ref))
        item = self._items[row.ref]
        if not keep_inbox and (isinstance(item, Unreadable) or item.upstream):
            place = (row.record.source, row.record.event_id)
            self.effects.inbox.pop(place, None)
            self.effects.inbox_gone.add(place)

    def seen(self, incoming: Incoming) -> None:
        if incoming.upstream:
            self.effects.inbox[(incoming.envelope.source, incoming.envelope.id)] = incoming.body_hash

    def _copy(self, record: Record, code: str, error: str, attempts: int) -> None:
        """F8: what came compressed may be larger than a broker takes of us; it stays where `x-original-…` says."""
        key, value, theirs = record.key, record.value, record.headers
        ours = copy_headers(record, code, error, attempts)[len(theirs) :]
        cut = []
        if size_of(key, value, theirs) > COPY_MAX:
            cut, value = ["value"], None
        if size_of(key, value, theirs) > COPY_MAX:
            cut, theirs = [*cut, "headers"], ()
        if size_of(key, value, theirs) > COPY_MAX:
            cut, key = [*cut, "key"], None
        if cut:
            ours = (*ours, ("x-cut", " ".join(cut).encode()))
        self.effects.said.append("copy")
        self.effects.facts.append(Out(self.service.name + COPIES, key, theirs + ours, value, record.partition))

    # -- timers

    def _rearm_moved(self, event: Message, touched: Mapping[Place, Changed]) -> None:
        """F7 where `due` itself was changed while the timer stood: what came is not what is named now, and no change tells of it."""
        for (kind, _), now in touched.items():
            for timer in kind.due(now.after) if now.after is not None else ():
                if (timer.type, timer.subject) == (event.type, event.subject):
                    self._arm(timer)

    def _arm(self, timer: Message) -> None:
        place = (timer.type, timer.subject)
        self.effects.armed[place] = Armed(*place, timer.key, timer.occurred_at, timer.to_json())

    def _rearm(self, kind: Kind[Any, Any], changed: Changed) -> None:
        before = {(timer.type, timer.subject): timer for timer in kind.due(changed.before)} if changed.before is not None else {}
        after = {(timer.type, timer.subject): timer for timer in kind.due(changed.after)}
        for place, timer in after.items():
            if before.get(place) != timer:
                self._arm(timer)
        for place in before:
            if place not in after:
                self._disarm(place)
