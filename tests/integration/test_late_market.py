"""A market whose news comes late, by `make demo` that leaves it running: judged, and then decided again by what-if. Source: R2.1, R9.2."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from confluent_kafka import KafkaException, Producer

from deploy.local.kafka import quiet
from deploy.local.policies import policies_of
from deploy.local.stack import Stack
from deploy.market.demo import STRIPES
from deploy.verify.log import TOPICS, Lane
from deploy.verify.run import ends_of
from deploy.whatif import whatif
from deploy.whatif.read import recorded
from shared import postgres
from shared.policy import Policies
from tests.infra import EXTERNAL, Infra
from tests.integration.markets import Demo, demo

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]
ORDERS, SEED = 40, 2


@pytest.fixture(scope="module")
def late(infra: Infra, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Its topics overtake each other, too. Supervised, so on a stack that another process starts."""
    with demo(infra, tmp_path_factory.mktemp("late"), ORDERS, SEED, "--delays", "3d", "--shuffle", "3", "--keep") as found:
        yield found


@pytest.fixture
def played(late: Demo, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """What is left running."""
    for name in EXTERNAL:
        monkeypatch.delenv(name, raising=False)
    return Stack(late.home.root, clock="manual", stripes=STRIPES)


def test_a_market_that_is_kept_is_verified_and_left_running(late: Demo) -> None:
    """With as many partitions as the market walks."""
    assert (late.status, late.report["verified"], late.phase) == (0, True, "ready"), late.said


def test_late_news_loses_nothing_and_pays_nobody_twice_r2_1(late: Demo) -> None:
    """Up to three days late and out of order, past the deadlines that it would have met."""
    assert (late.status, late.report["verified"]) == (0, True), late.said
    assert {name: late.report[name] for name in ("lost", "doubled", "ledger_sum_minor")} == dict.fromkeys(
        ("lost", "doubled", "ledger_sum_minor"), 0
    )
    assert late.report["parked"] > 0, "nothing came too late for what it waited for"
    assert f"of {ORDERS} orders came out as if it had been told in time" in late.said


def ends(stack: Stack) -> dict[Lane, int]:
    return ends_of(stack, [topic.name for topic in TOPICS.values() if not topic.single])


def test_under_the_policy_in_force_nothing_differs_and_nothing_is_written_r9_2(played: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """No topic grows, and no database is even asked."""
    before = ends(played)
    monkeypatch.setattr("asyncpg.connect", None)
    report = whatif(recorded(played), policies_of(played), policies_of(played))
    assert (report.differences, report.read["open"]) == (0, 0)
    assert report.tally.same == report.read["facts"] > 40 * ORDERS
    assert report.read["orders"] == ORDERS
    assert ends(played) == before


def test_another_policy_writes_nothing_either_and_moves_the_fee_alone_r9_2_r3_3(played: Stack) -> None:
    """6% in place of 5%: what the platform has more, all the sellers together have less."""
    in_force = policies_of(played)
    dearer = Policies(one.model_copy(update={"payment": one.payment.model_copy(update={"fee_bp": 600})}) for one in in_force.versions)
    before = ends(played)
    data = whatif(recorded(played), in_force, dearer).data()
    assert ends(played) == before
    assert {value["path"] for value in data["values"]} == {"payment.fee_bp"}  # in each version
    (rule,) = (row for row in data["by_rule"] if row["rule"] == "R3.3")
    more = {(row["what"], row["currency"]): row["difference_minor"] for row in rule["money"]}
    assert more["fee", "CNY"] == -more["seller", "CNY"] > 0
    assert data["refusals_come"] == data["refusals_go"] == []


def test_who_replays_may_not_write_our_topics_r9_2(played: Stack) -> None:
    """It reads as ops do, whom the broker lets write nothing of what is decided."""
    refused: list[object] = []
    producer = Producer({**quiet(played.settings(postgres.OPS).confluent()), "delivery.timeout.ms": 10_000})
    try:
        producer.produce("order.v1", b"{}", b"o", on_delivery=lambda error, _: refused.append(error))
        producer.flush(timedelta(seconds=20).total_seconds())
    except KafkaException as error:
        refused.append(error)
    assert refused
    assert refused[0] is not None
