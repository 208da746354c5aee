"""One toy world on real Kafka and Postgres: what becomes of good and of bad events. Each test has its own keys."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deploy.local.stack import Stack
from shared.messaging.store import HELD_PER_KEY
from shared.messaging.stripes import stripe_of
from tests.toy.ask import codes, notes, of, steps
from tests.toy.outside import NAMES
from tests.toy.world import World

pytestmark = pytest.mark.stack

SIX = [("alpha", "1"), ("beta", "2"), ("gamma", "3"), ("alpha", "4"), ("beta", "5"), ("gamma", "6")]


@pytest.fixture(scope="module")
def world(stack: Stack) -> Iterator[World]:
    with World(stack) as it:
        it.spawn_all()
        yield it


def test_a_life_takes_its_six_steps_once_and_in_order(world: World) -> None:
    lives = [f"flow{n}" for n in range(30)]
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    begun = {life: world.publish("life.begin", life, traceparent=f"00-{trace}-00f067aa0ba902b7-01") for life in lives}
    world.flush()
    world.idle()
    for life in lives:
        facts = steps(world, life)
        assert [(seen.topic.removeprefix(world.ns).split(".")[0], str(seen.value["step"])) for seen in facts] == SIX
        assert [seen.headers["ce_causationid"] for seen in facts] == [begun[life], *(seen.headers["ce_id"] for seen in facts[:-1])]
        assert {seen.headers["ce_correlationid"] for seen in facts} == {begun[life]}
        assert {seen.headers["traceparent"][3:35] for seen in facts} == {trace}, "one trace over all steps"
        assert len({seen.headers["traceparent"][36:52] for seen in facts}) == 6, "each step its own span"
        assert {seen.partition for seen in facts} == {stripe_of(life, world.stripes)}
    assert world.rows("alpha", "SELECT count(*) AS n FROM entry WHERE life_id LIKE 'flow%'")[0]["n"] == 30


def test_c3_a_copy_of_an_upstream_event_takes_effect_once(world: World) -> None:
    for n in range(3):  # in one batch, and again in later ones, by any partition
        world.publish("life.begin", "twice", id="twice-1", at="2026-01-02T03:04:05+00:00")
        world.publish("life.note", "twice", id="twice-2", n=1, at="2026-01-02T03:04:05+00:00", partition=n)
        world.flush()
        world.idle()
    assert len(steps(world, "twice")) == 6
    assert notes(world, "twice") == [1]
    assert codes(world, "alpha", "twice") == []


def test_c3_the_same_id_with_another_body_is_refused(world: World) -> None:
    world.publish("life.begin", "reused", id="reused-1")
    world.publish("life.note", "reused", id="reused-1", n=1)  # with it in one batch
    world.flush()
    world.idle()
    world.publish("life.note", "reused", id="reused-1", n=2)  # behind the committed inbox
    world.publish("life.note", "reused", n=3)
    world.flush()
    world.idle()
    assert notes(world, "reused") == [3]
    assert codes(world, "alpha", "reused") == ["event.id_reused"] * 2


def test_f5_a_refused_event_may_be_sent_again(world: World) -> None:
    """A rejected one leaves no inbox row: the same id is taken once the state allows it."""
    world.publish("life.poke", "again", id="again-1", n=1)
    world.publish("life.begin", "again", id="again-0", pool="scarce", units=101)
    world.flush()
    world.idle()
    assert codes(world, "alpha", "again") == ["order.closed"]
    world.publish("life.begin", "again", id="again-0", pool="scarce", units=100)
    world.flush()
    world.idle()
    assert len(of(world, "alpha.v1", "again", "life.begun")) == 1
    assert world.rows("alpha", "SELECT count(*) AS n FROM pool WHERE key = 'scarce' AND body->>'total' = '100'")[0]["n"] == 1


def test_f4_pokes_out_of_order_and_off_their_partition_wait_and_apply(world: World) -> None:
    order = [5, 3, 4, 1, 8, 2, 7, 6]
    for n in order:
        world.publish("life.poke", "poked", n=n, partition=n % world.stripes)
        if n in (4, 8):
            world.flush()
            world.idle()
    world.publish("life.begin", "poked")
    world.flush()
    world.idle()
    assert [seen.value["n"] for seen in of(world, "alpha.v1", "poked", "life.poked")] == list(range(1, 9))
    assert world.held("alpha", "poked") == []
    assert [row["n"] for row in world.rows("alpha", "SELECT count(*) AS n FROM timer WHERE kind = 'engine.wait_over'")] == [0]


def test_f4_what_waits_for_an_event_of_its_own_batch_fails_no_batch(world: World) -> None:
    lives, before = [f"close{n}" for n in range(30)], failed(world, "alpha")
    for life in lives:
        world.publish("life.poke", life, n=1)
        world.publish("life.begin", life)
    world.flush()
    world.idle()
    assert [len(of(world, "alpha.v1", life, "life.poked")) for life in lives] == [1] * len(lives)
    assert failed(world, "alpha") == before


def failed(world: World, name: str) -> list[str]:
    """Batches that were rolled back, as monitoring sees them."""
    _, text = world.probe(world.living(name)[0], "metrics")
    return [line for line in text.splitlines() if line.startswith("laotie_batch_retries_total")]


def test_f2_f3_a_bug_parks_its_key_alone_and_redrive_restores_the_order(world: World) -> None:
    world.flag("boom")
    world.publish("life.begin", "bug")
    for n in range(1, 6):
        world.publish("life.note", "bug", n=n, mode="boom" if n == 2 else "ok")
    world.publish("life.begin", "sane")
    world.publish("life.note", "sane", n=1)
    world.flush()
    world.idle()
    assert notes(world, "bug") == [1]
    assert notes(world, "sane") == [1], "other keys flow"
    assert world.held("alpha", "bug") == [("parked", "parked.raised"), *[("parked", "parked.behind")] * 4], "and the life's own step"
    assert codes(world, "alpha", "bug") == ["parked.raised"]
    world.redrive("alpha", "bug")  # too early: parked again, nothing passes
    world.publish("life.note", "bug", n=6)
    world.flush()
    world.idle()
    assert notes(world, "bug") == [1]
    assert [state for state, _ in world.held("alpha", "bug")] == ["parked"] * 6
    world.flag("boom", False)
    world.redrive("alpha", "bug")
    world.publish("life.note", "bug", n=7)
    world.flush()
    world.idle()
    assert notes(world, "bug") == [1, 2, 3, 4, 5, 6, 7]
    assert world.held("alpha", "bug") == []


def test_f3_discard_lets_the_rest_flow(world: World) -> None:
    world.flag("boom")
    world.publish("life.begin", "gone")
    for n in range(1, 4):
        world.publish("life.note", "gone", n=n, mode="boom" if n == 1 else "ok")
    world.flush()
    world.idle()
    ref = world.rows("alpha", "SELECT ref FROM parked WHERE key = 'gone' ORDER BY n LIMIT 1")[0]["ref"]
    world.discard("alpha", "gone", ref)
    world.idle()
    assert notes(world, "gone") == [2, 3]
    assert world.held("alpha", "gone") == []
    world.flag("boom", False)


def test_f3_what_was_discarded_never_happens_however_many_copies_come(world: World) -> None:
    world.flag("boom")
    world.publish("life.begin", "never")
    at = world.now()
    for _ in range(2):
        world.publish("life.note", "never", n=1, mode="boom", id="never-1", at=at)
    world.flush()
    world.idle()
    ref = world.rows("alpha", "SELECT ref FROM parked WHERE key = 'never' ORDER BY n LIMIT 1")[0]["ref"]
    world.discard("alpha", "never", ref)
    world.idle()
    world.flag("boom", False)
    world.publish("life.note", "never", n=1, mode="boom", id="never-1", at=at)
    world.publish("life.note", "never", n=2)
    world.flush()
    world.idle()
    assert notes(world, "never") == [2]


def test_f3_the_last_of_very_many_can_be_discarded(world: World) -> None:
    """More stand behind a parked event than one batch reads of a key."""
    world.flag("boom")
    world.publish("life.begin", "long")
    count = HELD_PER_KEY + 30
    for n in range(1, count + 1):
        world.publish("life.note", "long", n=n, mode="boom" if n == 1 else "ok")
    world.flush()
    world.idle()
    mine = "FROM parked WHERE key = 'long' AND topic LIKE '%toy.v1' ORDER BY n"
    for last in (f"SELECT ref {mine} DESC LIMIT 1", f"SELECT ref {mine} LIMIT 1"):
        world.discard("alpha", "long", world.rows("alpha", last)[0]["ref"])
        world.idle()
    world.flag("boom", False)
    assert notes(world, "long") == list(range(2, count))
    assert world.held("alpha", "long") == []


def test_l1_what_the_database_refuses_is_parked_alone(world: World) -> None:
    """Redriven while it is still refused, it is parked again and stops nothing but its key."""
    world.flag("boom")
    lives = [f"mate{n}" for n in range(20)]
    for n, life in enumerate(lives):
        if n == 10:
            world.publish("life.begin", "refusal", mode="database")
            world.publish("life.note", "refusal", n=1)
        world.publish("life.begin", life)
    world.flush()
    world.idle()
    assert all(len(steps(world, life)) == 6 for life in lives)
    assert world.held("alpha", "refusal") == [("parked", "parked.raised"), ("parked", "parked.behind")]
    world.redrive("alpha", "refusal")
    world.publish("life.begin", "mate20")
    world.flush()
    world.idle()
    assert len(steps(world, "mate20")) == 6
    assert [state for state, _ in world.held("alpha", "refusal")] == ["parked", "parked"]
    world.flag("boom", False)
    world.redrive("alpha", "refusal")
    world.idle()
    assert len(steps(world, "refusal")) == 6
    assert notes(world, "refusal") == [1]


def test_f8_a_fact_too_large_to_send_is_parked_and_not_committed(world: World) -> None:
    world.publish("life.begin", "large", mode="big")
    world.publish("life.begin", "small")
    world.flush()
    world.idle()
    assert world.held("alpha", "large") == [("parked", "parked.raised")]
    assert world.rows("alpha", "SELECT 1 FROM life WHERE key = 'large'") == []
    assert len(steps(world, "small")) == 6


def test_e1_e2_bad_records_never_block(world: World) -> None:
    world.raw("toy.v1", b"bad", None, {}, 0)  # a tombstone
    world.raw("toy.v1", None, b"{}", {}, 0)
    world.raw("toy.v1", b"\xff\xfe", b"\xff", {"ce_id": b"\xff"}, 0)
    head = {"ce_specversion": "1.0", "ce_id": "x1", "ce_source": "toy/app", "ce_type": "life.note"}
    world.raw("toy.v1", b"bad", None, head, 0)
    world.raw("toy.v1", b"bad", b"\xff\xfe\x00", head, 0)
    world.raw("toy.v1", b"other", b'{"life_id": "bad", "n": 1, "occurred_at": "2026-01-01T00:00:00Z"}', head, 0)
    world.raw("toy.v1", b"bad", b"{}", {**head, "ce_type": "life.unheard"}, 0)
    world.raw("alpha.v1", b"bad", b"{}", {**head, "ce_type": "life.begun"}, 0)  # a stranger on our topic
    world.raw("alpha.v1", b"bad", b"{}", {**head, "ce_type": "life.begun", "ce_sequence": "next"}, 0)
    next_one = str(world.ends(("beta.v1",))[("beta.v1", 0)] + 1)  # or one beyond
    world.raw("beta.v1", b"bad", b"{}", {**head, "ce_type": "life.noted", "ce_sequence": next_one}, 0)
    world.raw("alpha.timer.v1", b"bad", b"{}", {**head, "ce_type": "deadline.due"}, 0)
    world.raw("alpha.timer.v1", b"bad", b"{}", {**head, "ce_type": "engine.offer"}, 0)
    world.publish("life.begin", "fine", partition=0)
    world.flush()
    world.idle()
    assert len(steps(world, "fine")) == 6
    found = sorted(code for key, code in world.refused("alpha") if key in ("bad", "other", "", "��"))
    assert found.count("event.missing_header") >= 2
    assert {"event.bad_header", "event.no_value", "event.not_utf8", "event.key_mismatch", "event.unknown_type"} <= set(found)
    assert [code for key, code in world.refused("beta") if key == "bad"] == ["event.foreign"] * 2
    assert [code for key, code in world.refused("gamma") if key == "bad"] == ["event.foreign"], "under our number too"
    assert found.count("event.foreign") == 2, "a stranger's deadline, and a stranger's turn"


def test_ops_asking_for_what_is_not_parked_are_told(world: World) -> None:
    world.redrive("alpha", "nobody")
    world.discard("beta", "nobody", "toy.v1/0/0")
    world.redrive("delta", "astray")
    world.discard("delta", "astray", "toy.v1/0/0")
    world.idle()
    assert codes(world, "alpha", "nobody") == ["ops.nothing_parked"]
    assert codes(world, "beta", "nobody") == ["ops.nothing_parked"]
    assert codes(world, "gamma", "nobody") == []
    assert [codes(world, name, "astray") for name in NAMES] == [["ops.unknown_service"] * 2, [], []], (
        "the warden answers, the others do not"
    )


def test_probes_and_metrics(world: World) -> None:
    alpha = world.living("alpha")[0]
    assert [world.probe(alpha, path) for path in ("startupz", "readyz", "livez")] == [(200, "ok")] * 3
    status, text = world.probe(alpha, "metrics")
    assert status == 200
    for name in ("events_total", "rejected_total", "batch_seconds_count", "outbox_rows", "timers_due", "relayed_total", "held_rows"):
        assert f"laotie_{name}" in text
    assert 'laotie_events_total{outcome="handled"}' in text
    assert "_created" not in text
    _, alone = world.probe(alpha, "metrics?name[]=laotie_events_total")
    assert {line.partition("{")[0] for line in alone.splitlines() if not line.startswith("#")} == {"laotie_events_total"}
