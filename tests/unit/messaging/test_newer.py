"""What a newer release wrote, read by this program while both run: it stands, and is never dropped or taken in part. N1, L3."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any, Literal, cast

import pytest
from pydantic import BaseModel, ValidationError

from shared.messaging.consume import Batch, Consumer, Run
from shared.messaging.envelope import decode
from shared.messaging.message import Topic
from shared.messaging.newer import Newer
from shared.messaging.queues import Stream
from shared.messaging.record import Held, Incoming, Record, Unreadable
from shared.messaging.recovery.lost import Lost, NoRecovery
from shared.messaging.recovery.rebuild import NoRebuild, Rebuild
from shared.messaging.shape import Kind
from shared.messaging.store import Opened, Store
from shared.messaging.versions import Static
from tests.unit.messaging.test_consume import KEY, TOPICS
from tests.unit.messaging.test_flow import arrange, arrive, turns
from tests.unit.messaging.trade import JAR, NOON, PANTRY, SERVICE, SHOP, Coin, Jar, Lid, Taken, Versions

TRACE = b"00-" + b"1" * 32 + b"-" + b"2" * 16 + b"-01"
TIMERS = TOPICS["pantry.timer.v1"]


class Terms(BaseModel):
    days: int = 7


@dataclass(frozen=True)
class Line:
    state: Literal["open", "done"] = "open"
    terms: Terms | None = None


@dataclass(frozen=True)
class Cart:
    lines: dict[str, Line]
    pairs: tuple[tuple[str, Line], ...] = ()


def evolve(cart: Cart | None, fact: Taken) -> Cart:
    return cart or Cart({})


CART = Kind("cart", Taken, lambda fact: fact.jar, evolve)


def told(type: str = "lid", source: str = "laotie/pantry", topic: str = TIMERS.name, sequence: int = 1, **more: Any) -> Record:
    """As a service's relay writes it."""
    texts = {"ce_type": type, "ce_id": "e", "ce_source": source, "ce_correlationid": "c", "ce_sequence": str(sequence)}
    headers = tuple((name, text.encode()) for name, text in texts.items())
    body = {"occurred_at": NOON.isoformat(), "jar": KEY, **more}
    return Record(topic, 0, 0, KEY.encode(), json.dumps(body).encode(), (*headers, ("traceparent", TRACE)))


@pytest.mark.parametrize(
    "newer",
    [
        {"lines": {}, "held_minor": 5},
        {"lines": {"1": {"held_minor": 5}}},
        {"lines": {"1": {"state": "contradicted"}}},
        {"lines": {"1": {"terms": {"days": 7, "hours": 1}}}},
        {"lines": {}, "pairs": [["a", {"spans": []}]]},
    ],
    ids=str,
)
def test_n1_a_row_with_more_than_is_known_here_is_not_read_so_it_is_not_written_back_without_that(newer: dict[str, Any]) -> None:
    with pytest.raises(Newer):
        CART.parse(json.dumps(newer))


def test_n1_what_an_older_release_kept_is_read_and_what_is_no_such_row_is_no_newer_release() -> None:
    assert CART.parse('{"lines": {"1": {}}}') == Cart({"1": Line()})
    assert JAR.parse(JAR.dump(Jar("a", (1,), lid=NOON))) == Jar("a", (1,), lid=NOON)
    with pytest.raises(ValidationError):
        CART.parse('{"lines": 5}')


def test_n1_of_a_fact_of_ours_a_field_more_is_not_ignored_of_an_apps_event_it_is() -> None:
    newer = decode(told(until="x"), TOPICS, "pantry", (Lid,), NOON)
    assert isinstance(newer, Unreadable)
    assert (newer.code, newer.detail.partition(":")[0]) == ("event.invalid", "until")
    assert isinstance(decode(told(), TOPICS, "pantry", (Lid,), NOON), Incoming)
    headers = (("ce_specversion", b"1.0"), ("ce_id", b"1"), ("ce_source", b"s"), ("ce_type", b"coin"))
    more = json.dumps({"occurred_at": NOON.isoformat(), "jar": KEY, "n": 1, "more": 1}).encode()
    assert isinstance(decode(Record("shop.v1", 0, 0, KEY.encode(), more, headers), TOPICS, "pantry", (Coin,), NOON), Incoming)


def test_n1_a_type_that_is_not_known_is_nobodys_business_on_no_topic_of_ours() -> None:
    """A reader that is not the topic's warden cannot know that it is for others."""
    found = decode(told("taken_back", topic=PANTRY.name), TOPICS, "cellar", (), NOON)
    assert isinstance(found, Unreadable)
    assert found.code == "event.unknown_type"
    assert decode(told("taken", topic=PANTRY.name), TOPICS, "cellar", (), NOON) is None


class Kept(Store):
    """held: what a batch finds held back. saved: how many times it wrote."""

    def __init__(self, *held: Held) -> None:
        super().__init__(SERVICE, 4)
        self.held, self.saved = held, 0

    async def begin(self, *_: Any) -> None: ...

    async def open(self, connection: Any, at: Any, ids: Any, keys: Any, first: Any) -> Opened:
        return Opened(dict.fromkeys(at, (0, None)), {}, bool(self.held))

    async def load_held(self, *_: Any) -> dict[str, list[Held]]:
        return {KEY: list(self.held)}

    async def load(self, *_: Any) -> dict[str, tuple[int, Any]]:
        return {}

    async def save(self, *_: Any) -> list[Any]:
        self.saved += 1
        return []


def consumer(store: Store) -> Consumer:
    return Consumer(SERVICE, TOPICS, Static(Versions()), 4, lambda: NOON, store)


@pytest.mark.parametrize("record", [told("lid_again"), told(until="x"), told(jar=5)], ids=["type", "field", "value"])
async def test_l3_its_partition_stands_with_a_code_until_a_newer_program_goes_on_and_nothing_is_refused_or_parked(record: Record) -> None:
    store = Kept()
    flow = arrange(consumer(store))
    flow.queues.partitions[0].streams[TIMERS.name] = Stream(0, 0)
    arrive(flow, record)
    await turns()
    partition = flow.queues.partitions[0]
    assert (partition.halted, partition.where, store.saved) == ("halt.newer_release", f"{TIMERS.name}/0/0", 0)
    assert [one.offset for one in flow.queues.stream(TIMERS.name, 0).records] == [0]


@pytest.mark.parametrize(
    "record", [told("lid_again", sequence=3), told("lid_again", source="laotie/stranger"), told(until="x", sequence=2)], ids=str
)
async def test_e2_a_copy_or_a_strangers_stops_nothing(record: Record) -> None:
    store = Kept()

    async def seen(connection: Any, at: Any, ids: Any, keys: Any, first: Any) -> Opened:
        return Opened(dict.fromkeys(at, (0, 3)), {}, False)

    store.open = seen  # type: ignore[method-assign]
    made = Batch([0], {(TIMERS.name, 0): Run(TIMERS.name, 0, 0, 1, [record])}, [record])
    done = await consumer(store).run(cast("Any", Quiet()), made)
    assert (done.taken, store.saved) == (1, 1)


class Quiet:
    def is_closed(self) -> bool:
        return False

    async def execute(self, *_: Any) -> None: ...


def held(type: str, topic: Topic) -> Held:
    record = told(type, topic=topic.name)
    record.headers = (("ce_specversion", b"1.0"), *record.headers)
    return Held("ref", "waiting", KEY, record, "payment.before_order", "", 1, NOON)


@pytest.mark.parametrize(("type", "topic"), [("coin_of_gold", SHOP), ("lid_again", TIMERS)])
async def test_n1_what_a_newer_release_holds_back_is_not_let_go_by_an_older_one(type: str, topic: Topic) -> None:
    headers = (("ce_specversion", b"1.0"), ("ce_id", b"1"), ("ce_source", b"s"), ("ce_type", b"coin"))
    coin = Record("shop.v1", 0, 0, KEY.encode(), Coin(jar=KEY, n=1, occurred_at=NOON).to_json(), headers)
    made = Batch([0], {("shop.v1", 0): Run("shop.v1", 0, 0, 1, [coin])}, [coin])
    with pytest.raises(Newer, match=type):
        await consumer(Kept(held(type, topic))).run(cast("Any", Quiet()), made)


async def test_n1_nothing_is_made_again_from_a_fact_of_which_part_is_not_known_here() -> None:
    """An older release that is asked to make rows again wrote them without it, at the version that the fact had made."""
    taken = told("taken", topic=PANTRY.name, n=1)
    fact = replace(taken, headers=(*taken.headers, ("ce_entityversion", b"1")))
    more = replace(fact, value=json.dumps({**json.loads(fact.value or b""), "kept": 5}).encode())
    topics = {topic.name: topic for topic in (SHOP, PANTRY, TIMERS)}

    async def staged(*_: Any, **__: Any) -> None: ...

    connection = cast("Any", SimpleNamespace(transaction=lambda: None, copy_records_to_table=staged))
    await Rebuild(SERVICE, topics, 1, connection).take([fact])
    with pytest.raises(NoRebuild, match=r"^halt.replay_unreadable: taken at pantry.v1/0/0: kept: "):
        await Rebuild(SERVICE, topics, 1, connection).take([more])
    Lost(SERVICE, topics, {}).take(fact)
    with pytest.raises(NoRecovery, match=r"^halt.replay_unreadable: taken at pantry.v1/0/0$"):
        Lost(SERVICE, topics, {}).take(more)
