"""`make demo` as a person runs it: a whole market on a stack of its own, judged truthfully, nothing left behind but what is to be kept; and
decided again by what-if. Source: R9.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from confluent_kafka import KafkaException, Producer

from deploy.local.kafka import quiet
from deploy.local.policies import policies_of
from deploy.local.stack import Stack
from deploy.market.demo import STRIPES
from deploy.market.market import build
from deploy.market.totals import ESCROW, FUND
from deploy.verify.log import TOPICS, Lane
from deploy.verify.run import ends_of
from deploy.whatif import whatif
from deploy.whatif.read import recorded
from shared import postgres
from shared.policy import Policies
from tests.infra import EXTERNAL, Infra
from tests.integration.markets import Demo, demo

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]
KEYS = ["orders", "events", "lost", "doubled", "parked", "ledger_sum_minor", "escrow_minor", "seconds", "verified", "totals"]
LOSE_A_POSTING = """
ALTER TABLE payment.posting DISABLE TRIGGER posting_keep;
DELETE FROM payment.posting WHERE (tx, ordinal) IN
 (SELECT tx, ordinal FROM payment.posting WHERE account LIKE 'balance:%' AND amount_minor > 0 ORDER BY tx LIMIT 1)
"""
ORDERS, SEED = 112, 2  # every fate at least once, a promoter's share of a refund among them


@pytest.fixture(scope="module")
def plain(infra: Infra, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Supervised, so on a stack that another process starts."""
    with demo(infra, tmp_path_factory.mktemp("plain"), ORDERS, SEED, "--shuffle", "1", "--keep") as found:
        yield found


@pytest.fixture
def played(plain: Demo, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """What is left running."""
    for name in EXTERNAL:
        monkeypatch.delenv(name, raising=False)
    return Stack(plain.home.root, clock="manual", stripes=STRIPES)


@pytest.fixture(scope="module")
def spoilt(infra: Infra, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The same market, its topics overtaking each other in another way; something is taken from the tables when it is over."""
    with demo(infra, tmp_path_factory.mktemp("spoilt"), ORDERS, SEED, "--shuffle", "2", "--spoil", LOSE_A_POSTING) as found:
        assert found.home.owner() is None, "something was left running"
        yield found


def test_a_market_with_every_fate_comes_out_right(plain: Demo) -> None:
    report, market = plain.report, build(SEED, ORDERS)
    held = sum(life.expected.escrow_minor for life in market.lives)
    assert (plain.status, report["verified"], list(report)) == (0, True, KEYS), plain.said
    assert plain.errors == []  # nothing that only came right at a second try
    assert report["orders"] == ORDERS
    assert report["events"] > len(market.sent)  # the provider's answers come on top
    assert {name: report[name] for name in ("lost", "doubled", "parked", "ledger_sum_minor")} == dict.fromkeys(
        ("lost", "doubled", "parked", "ledger_sum_minor"), 0
    )
    assert report["escrow_minor"] == held > 0
    assert {one["funder"] for one in report["totals"]} == {ESCROW, FUND, "seller", "promoter", "platform"}
    for text in (
        "What went back, by rule and funder",
        "What became of the orders",
        "Money, per currency",
        "Trust scores",
        f"order o-{SEED}-",
        *("Ops publish other rules", "A flash sale", "A first order is guaranteed", "A trust card refunds"),
        *("A counterfeit", "A streamer dealt off the platform"),
        "no deadline stands",
        "verified in",
    ):
        assert text in plain.said


def test_a_market_that_is_kept_is_left_running(plain: Demo) -> None:
    """With as many partitions as the market walks."""
    assert (plain.status, plain.phase) == (0, "ready"), plain.said


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


def test_a_posting_that_vanished_is_noticed_and_named(spoilt: Demo) -> None:
    assert (spoilt.status, spoilt.report["verified"]) == (1, False), spoilt.said
    assert spoilt.report["ledger_sum_minor"] > 0
    assert "NOT VERIFIED" in spoilt.said
    problems = [line for line in spoilt.said.splitlines() if line.startswith("  NO  ")]
    assert any(line.startswith("  NO  verify: ") for line in problems), spoilt.said  # recomputed from the topics
    assert any("sum of the ledger" in line for line in problems), spoilt.said  # and by the market's own arithmetic


def test_the_same_seed_plays_the_same_market_whichever_topic_or_service_is_faster_r2_1(plain: Demo, spoilt: Demo) -> None:
    """Every fact and every refusal under the same id, at the same time, with the same money. Only the tables were spoilt."""
    assert plain.facts.splitlines() == spoilt.facts.splitlines()
    assert plain.facts.count('"payout.instructed"') > ORDERS / 2
