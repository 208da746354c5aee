"""A trade small enough to be checked by eye: a jar takes coins in order, a shelf counts them for all jars."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from shared.messaging.consume import _offered as offered
from shared.messaging.envelope import MAX_OUT_BYTES
from shared.messaging.fold import Fold
from shared.messaging.message import COPIES, Message, Topic
from shared.messaging.record import Envelope, Held, Incoming, Record, Unreadable
from shared.messaging.shape import Kind, Outcome, Plan, Reject, Rows, Service, Touch, Wait, given, on
from shared.messaging.store import HELD_PER_KEY

SHOP = Topic("shop.v1", "jar", ("shop",), ("pantry",), warden="pantry")
PANTRY = Topic("pantry.v1", "jar", ("pantry",), own=True)
SHELVES = Topic("pantry.shelf.v1", "shelf", ("pantry",), own=True, internal=True)
TIMER = Topic("pantry.timer.v1", "jar", ("pantry",), ("pantry",), own=True, warden="pantry")
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


class Coin(Message):
    """n waits for n - 1. what: ok; no is refused, never only once it waits no more; boom raises; big is too large with its headers;
    far names another shelf; mute says nothing; twice is taken twice; stray names another jar; alien says what this service does not
    say; theirs is another service's.
    """

    type: ClassVar[str] = "coin"
    topic: ClassVar[Topic] = SHOP
    jar: str
    n: int
    what: str = "ok"

    def concerns(self, service: str) -> bool:
        return self.what != "theirs"


class Taken(Message):
    type: ClassVar[str] = "taken"
    topic: ClassVar[Topic] = PANTRY
    jar: str
    n: int
    filler: str = ""


class Shelved(Message):
    type: ClassVar[str] = "shelved"
    topic: ClassVar[Topic] = PANTRY
    key_field: ClassVar[str] = "shelf"
    shelf: str
    jar: str


class Told(Message):
    """Changes no entity."""

    type: ClassVar[str] = "told"
    topic: ClassVar[Topic] = SHELVES
    shelf: str


class Lid(Message):
    """Timer: the jar is closed an hour after its last coin; every fifth stays open."""

    type: ClassVar[str] = "lid"
    topic: ClassVar[Topic] = TIMER
    jar: str


class Closed(Message):
    type: ClassVar[str] = "closed"
    topic: ClassVar[Topic] = PANTRY
    jar: str


@dataclass(frozen=True)
class Jar:
    jar: str
    coins: tuple[int, ...] = ()
    shelf: str = "s"
    lid: datetime | None = None


@dataclass(frozen=True)
class Shelf:
    count: int


def evolve(jar: Jar | None, fact: Taken | Closed) -> Jar:
    now = jar or Jar(fact.jar)
    if isinstance(fact, Taken):
        shelf = "far" if fact.filler == "far" else now.shelf
        return replace(now, coins=(*now.coins, fact.n), lid=fact.occurred_at + timedelta(hours=1), shelf=shelf)
    return replace(now, lid=None)


def due(jar: Jar) -> Iterator[Message]:
    if jar.lid is not None:
        yield Lid(jar=jar.jar, occurred_at=jar.lid)


def shelve(shelf: Shelf | None, fact: Shelved) -> Shelf:
    return Shelf((shelf.count if shelf else 0) + 1)


JAR = Kind("jar", Taken | Closed, lambda fact: fact.jar, evolve, due)
SHELF = Kind("shelf", Shelved, lambda fact: fact.shelf, shelve)
LEDGER = Rows("ledger", {"fact": "uuid", "n": "int"}, (Taken,), lambda fact, id: [(id, fact.n)])
MEND: set[str] = set()  # what no longer raises


def take(event: Coin, jar: Jar | None, shelf: Shelf | None) -> Outcome:
    coins = jar.coins if jar else ()
    if event.what == "no":
        return Reject("order.closed", "no")
    if event.n > len(coins) + 1:
        return Wait("payment.before_order")
    if event.what == "never":
        return Reject("order.closed", "never")
    if event.what == "boom" and "boom" not in MEND:
        raise RuntimeError("boom")
    if event.what == "mute":
        return ()
    at = event.occurred_at
    filler = "x" * (MAX_OUT_BYTES - 4_096) if event.what == "big" else event.what if event.what == "far" else ""
    taken = Taken(jar="other" if event.what == "stray" else event.jar, n=event.n, filler=filler, occurred_at=at)
    if event.what == "alien":
        return (Lid(jar=event.jar, occurred_at=at),)
    if event.what == "twice":
        return (taken, taken)
    if event.what == "half":
        return (taken, Shelved(shelf="nowhere", jar=event.jar, occurred_at=at))
    return (taken, Shelved(shelf=jar.shelf if jar else "s", jar=event.jar, occurred_at=at), Told(shelf="s", occurred_at=at))


def close(event: Lid, jar: Jar | None) -> Outcome:
    if jar is not None and len(jar.coins) % 5 == 0:
        return ()
    return (Closed(jar=event.jar, occurred_at=event.occurred_at),)


def handle(event: Coin | Lid, policy: object) -> Plan:
    if isinstance(event, Coin):
        if event.what == "plan":
            raise RuntimeError("plan")
        return on(event, take, JAR.one(event.jar), no_shelf if event.what == "touch" else shelf_of)
    return on(event, close, JAR.one(event.jar))


def shelf_of(jar: Jar | None) -> Touch[Shelf | None]:
    return SHELF.one(jar.shelf if jar else "s")


def no_shelf(jar: Jar | None) -> Touch[Shelf | None]:
    raise RuntimeError("touch")


class Versions:
    def version_at(self, at: object) -> str:
        return "7"


SERVICE = Service("pantry", Coin | Lid, handle, (JAR, SHELF), (Told,), (LEDGER,))
NOTHING: Touch[Any] = given(None)


class Desk:
    """Holds what a store would, and runs batches over it exactly as the consumer does: load, fold, keep."""

    def __init__(self) -> None:
        self.entities: dict[tuple[str, str], tuple[int, Any]] = {}
        self.held: list[Held] = []
        self.facts: list[tuple[str, Any, dict[str, str]]] = []  # topic, value, headers
        self.copies: list[tuple[str, str]] = []
        self.inbox: set[str] = set()
        self.armed: dict[tuple[str, str], datetime] = {}
        self.items: dict[str, Incoming] = {}
        self.unread: dict[str, Unreadable] = {}  # of these, what this version of the service cannot read
        self.now = NOON
        self.offset = 0

    def coin(self, jar: str, n: int, what: str = "ok", id: str = "") -> Incoming:
        return self.incoming(Coin(jar=jar, n=n, what=what, occurred_at=NOON), id)

    def incoming(self, event: Message, id: str = "") -> Incoming:
        self.offset += 1
        envelope = Envelope(id or f"e{self.offset}", "shop", None, "c", "00-" + "1" * 32 + "-" + "2" * 16 + "-01")
        headers = (("ce_id", envelope.id.encode()), ("ce_source", b"shop"))
        record = Record(event.topic.name, 0, self.offset, event.key.encode(), event.to_json(), headers)
        item = self.items[record.ref] = Incoming(record, envelope, event, event.key, event.topic is SHOP, b"h")
        return item

    def fold(self, keys: Iterable[str], events: Iterable[Message], *, careful: bool = False) -> Fold:
        held = {key: self.first_held(key) for key in keys}
        fold = Fold(SERVICE, Versions(), self.now, careful=careful)
        again = {row.ref: self.unread.get(row.ref) or self.items[row.ref] for rows in held.values() for row in rows}
        fold.put_held(held, again)
        for event in [*events, *(item.event for item in offered(held, again))]:
            fold.expect(event)
        for kind in SERVICE.kinds:
            asked = fold.wanted(kind)
            fold.put(kind, {key: self.entities[(kind.name, key)] for key in asked if (kind.name, key) in self.entities})
        return fold

    def forget(self, item: Incoming) -> None:
        self.unread[item.record.ref] = Unreadable(item.record, "event.invalid", "n: no coin")

    def first_held(self, key: str) -> list[Held]:
        """As many as the store loads, in the order in which they were held."""
        rows = [row for row in self.held if row.key == key]
        loaded = {row.ref for row in sorted(rows, key=lambda row: row.state == "expired")[:HELD_PER_KEY]}
        return [row for row in rows if row.ref in loaded]

    def batch(self, *items: Incoming | Unreadable) -> int:
        """How many were taken."""
        good = [item for item in items if isinstance(item, Incoming)]
        fold = self.fold({item.key for item in good}, [item.event for item in good])
        taken = 0
        for item in items:
            if isinstance(item, Unreadable):
                fold.refuse(item)
            elif not fold.offer(item):
                break
            taken += 1
        self.keep(fold)
        return taken

    def all(self, *items: Incoming) -> None:
        rest = list(items)
        while rest:
            rest = rest[self.batch(*rest) :]

    def turn(self, key: str, *, careful: bool = False) -> None:
        fold = self.fold([key], [], careful=careful)
        fold.offer_ready(key)
        self.keep(fold)

    def turns(self) -> None:
        """All turns that stand, until none does."""
        while keys := sorted({subject for kind, subject in self.armed if kind == "engine.offer"}):
            for key in keys:
                self.turn(key)

    def redrive(self, key: str) -> bool:
        fold = self.fold([key], [])
        done = fold.redrive(key)
        self.keep(fold)
        return done

    def discard(self, key: str, ref: str) -> bool:
        fold = self.fold([key], [])
        done = fold.discard(key, ref)
        self.keep(fold)
        return done

    def wait_over(self, item: Incoming, until: datetime) -> None:
        fold = self.fold([item.key], [])
        fold.wait_over(item.key, item.record.ref, until.isoformat())
        self.keep(fold)

    def keep(self, fold: Fold) -> None:
        effects = fold.take()
        for (kind, key), changed in effects.entities.items():
            assert changed.base == self.entities.get((kind.name, key), (0, None))[0]
            self.entities[(kind.name, key)] = (changed.version, changed.after)
        for key, old, new, at in effects.restated:
            self.held = [replace(row, state=new, at=at or row.at) if (row.key, row.state) == (key, old) else row for row in self.held]
        self.held = [row for row in self.held if row.ref not in effects.released]
        for ref, row in effects.held.items():
            places = [n for n, other in enumerate(self.held) if other.ref == ref]
            if places:
                self.held[places[0]] = row
            else:
                self.held.append(row)
        self.inbox -= {id for _, id in effects.inbox_gone}
        self.inbox |= {id for _, id in effects.inbox}
        for place in effects.disarmed - effects.armed.keys():
            self.armed.pop(place, None)
        self.armed |= {place: armed.due_at for place, armed in effects.armed.items()}
        for out in effects.facts:
            headers = {name: (data or b"").decode() for name, data in out.headers}
            if "x-reason" in headers:
                self.copies.append(((out.key or b"").decode(), headers["x-reason"]))
            else:
                self.facts.append((out.topic, out.value, headers))
        types = ["copy" if out.topic.endswith(COPIES) else dict(out.headers)["ce_type"].decode() for out in effects.facts]
        assert effects.said == types, "what a stranger called a refused event is no label"

    def coins(self, jar: str) -> tuple[int, ...]:
        entity = self.entities.get(("jar", jar), (0, None))[1]
        return entity.coins if entity else ()

    def states(self, key: str) -> list[str]:
        return [row.state for row in self.held if row.key == key]
