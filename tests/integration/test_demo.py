"""`make demo` as a person runs it: a whole market on a stack of its own, judged truthfully, and nothing left behind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deploy.market.market import build
from deploy.market.totals import ESCROW, FUND
from tests.infra import Infra
from tests.integration.markets import Demo, demo

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]
KEYS = ["orders", "events", "lost", "doubled", "parked", "ledger_sum_minor", "escrow_minor", "seconds", "verified", "totals"]
LOSE_A_POSTING = """
ALTER TABLE payment.posting DISABLE TRIGGER posting_keep;
DELETE FROM payment.posting WHERE (tx, ordinal) IN
 (SELECT tx, ordinal FROM payment.posting WHERE account LIKE 'balance:%' AND amount_minor > 0 ORDER BY tx LIMIT 1)
"""
ORDERS, SEED = 112, 8  # every fate at least once, a promoter's share of a refund among them


@pytest.fixture(scope="module")
def plain(infra: Infra, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with demo(infra, tmp_path_factory.mktemp("plain"), ORDERS, SEED, "--shuffle", "1") as found:
        assert found.home.owner() is None, "something was left running"
        yield found


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
