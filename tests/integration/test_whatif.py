"""What-if on what real servers hold: under the policy in force nothing differs, and nothing is written. Source: R9.2."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from confluent_kafka import KafkaException, Producer
from rich.console import Console

from deploy.local.home import Home
from deploy.local.kafka import quiet
from deploy.local.policies import policies_of
from deploy.local.stack import Stack
from deploy.market.demo import BEGINS, running
from deploy.market.market import build
from deploy.market.play import Play
from deploy.verify.log import TOPICS, Lane
from deploy.verify.run import ends_of
from deploy.whatif import whatif
from deploy.whatif.read import recorded
from shared import postgres
from shared.policy import Policies
from tests.infra import EXTERNAL, Infra

pytestmark = pytest.mark.stack
ORDERS, SEED, DELAY_DAYS, SHUFFLE = 30, 5, 1, 2


@pytest.fixture(scope="module")
def played(infra: Infra, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A market whose news comes late and whose topics overtake each other, played to its end by real services."""
    if infra != "local":
        pytest.skip("the market is played on servers of its own")
    home = Home(tmp_path_factory.mktemp("whatif"))
    with pytest.MonkeyPatch.context() as patch:
        for name in EXTERNAL:
            patch.delenv(name, raising=False)
        patch.setenv("LAOTIE_CLOCK_BEGINS", BEGINS.isoformat())
        with running(home, False, Console(file=Path(os.devnull).open("w", encoding="utf-8"))) as stack:
            Play(stack, build(SEED, ORDERS, DELAY_DAYS), SHUFFLE).run(lambda progress: None)
            yield stack
    home.remove()


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
