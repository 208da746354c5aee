"""The simulated market played on all services in memory: each fate comes out as the market's own arithmetic says, whoever is faster."""

from __future__ import annotations

from collections import Counter

import pytest

from deploy.market.checkout import CURRENCIES
from deploy.market.clients import Read
from deploy.market.fates import FATES
from deploy.market.market import Market, build
from deploy.market.newrules import SINCE, policies
from deploy.market.outcome import TOPICS, differences, read, told
from deploy.market.totals import ESCROW, FUND, total
from deploy.market.verdict import BY_HAND, deposit_of
from shared.contracts import registry
from tests.unit.fairground import Fairground
from tests.unit.verify.recorded import checked, wrong

# What no fate plays: what the simulated provider says when it is asked, and what takes a race, a bank's silence, a person's hand or a
# shop that moves here.
NOT_PLAYED = {
    "governance.v1": {"score.explanation_requested"},
    "member.v1": {"member.ordered_before"},
    "order.v1": {"order.closed", "ruling.noted", "shipment_hold.refused"},
    "party.v1": {
        *("payout.overdue", "payout.returned"),
        *("prefund.release_noted", "prefund.released"),
    },
    "payment.v1": {
        *("chargeback.contested", "chargeback.overdue", "refund.held", "refund.refused", "reimbursement.outstanding"),
    },
    "psp.v1": {
        *("compensation.failed", "compensation.succeeded", "payout.failed", "payout.succeeded", "refund.failed", "refund.succeeded"),
        *("statement.line", "statement.payout", "statement.put_in"),
    },
    "refund.v1": {"first_order.doubled"},
    "ruling.v1": {"money.handled", "payout.handled"},
    "trust.v1": {"card.refused", "card.revoked", "score.explained"},
}
SAID_AGAIN = {  # of the provider, under another id
    *("refund.ended", "compensation.ended", "payout.closed"),
    *("refund.contradicted", "compensation.contradicted", "payout.contradicted"),
}


@pytest.fixture(scope="module")
def market() -> Market:
    return build(255, len(FATES))


@pytest.fixture(scope="module")
def straight(market: Market) -> Fairground:
    return Fairground(market).play()


def facts(ground: Fairground) -> list[Read]:
    return [one for one in ground.records() if one.topic in TOPICS]


def test_every_fate_comes_to_what_the_market_expects_of_it_r4_2(market: Market, straight: Fairground) -> None:
    found = read(facts(straight))
    assert differences(market, found) == []
    assert (found.doubled, straight.waiting()) == ([], [])
    (won,) = (life for life in market.lives if life.fate == "appeal won by the seller")
    assert len(won.expected.refunds) > 1, "freight went back for a fault that fell"


def test_every_fate_speaks_for_and_against_whom_it_must_by_items_of_every_kind_r5_5(market: Market, straight: Fairground) -> None:
    told = [(one.type, (one.body or {}).get("evidence_id", "")) for one in straight.records() if one.topic == "trust.evidence.v1"]
    items = {item for kind, item in told if kind == "evidence.found"} - {item for kind, item in told if kind == "evidence.voided"}
    assert Counter("/".join(item.split("/")[:2]) for item in items) == market.evidence
    kinds = {said.partition("/")[2] for said in market.evidence}
    assert kinds == {
        *("completed", "shipped_on_time", "late", "sham", "quality_refund", "counterfeit", "answered", "timed_out", "dispute_lost"),
        *("violation", "chargeback_lost", "false_claim", "swapped_parcel"),
    }


def test_every_event_of_apps_and_every_fact_that_they_read_is_played(market: Market, straight: Fairground) -> None:
    """Else neither the demo nor chaos nor what verify recomputes of them ever meets it."""
    played = {(one.topic, one.type) for one in market.sent} | {(one.topic, one.type) for one in straight.records()}
    known = {(one.topic.name, one.kind.type) for one in registry.entries() if one.direction in ("upstream", "own")}
    unplayed = sorted("/".join(one) for one in known - played if one[1] not in NOT_PLAYED.get(one[0], ()))
    assert not unplayed, f"deploy/market/fates: no fate brings about {', '.join(unplayed)}; or in NOT_PLAYED here, and tests of its own"


def test_everything_that_is_refused_was_meant_to_be_r2_1(market: Market, straight: Fairground) -> None:
    meant = Counter((one.type, one.refused) for one in market.sent if one.refused and not one.refused.startswith("event."))
    assert Counter(one for one in straight.refused() if one[1] not in SAID_AGAIN) == meant


def test_what_the_statement_of_parties_gets_wrong_is_found_and_what_is_mended_is_explained_r3_9(straight: Fairground) -> None:
    found = read(facts(straight))
    assert straight.psp.slips > straight.psp.left > set()
    assert {line.partition(" of ")[2].split()[0] for line in straight.psp.slips} >= {"payout", "prefund"}
    assert sorted(found.breaks.values()) == sorted(straight.psp.slips)
    assert sorted(found.standing.values()) == sorted(straight.psp.left)


def test_what_came_back_after_it_was_paid_is_found_by_a_person_in_every_way_and_booked_so_r3_5(straight: Fairground) -> None:
    told = {(one.type, (one.body or {}).get("how", "")) for one in straight.records()}
    assert told >= {("payout.settled", how) for how in ("paid", "not_paid")}
    assert told >= {("handling.noted", how) for how in ("paid", "unclaimed", "arrived")}
    moved = Counter[tuple[str, str]]()
    for moves in [(one.body or {}).get("moves") or {} for one in straight.records()]:
        for posting in moves.get("postings", ()):
            moved[(moves["currency"], posting["account"])] += posting["amount_minor"]
    by_hand = {(currency, how): moved[(currency, account)] for currency in CURRENCIES for how, account in BY_HAND.items()}
    assert +Counter(by_hand) == straight.psp.back


def test_rules_change_amid_it_and_what_was_ordered_before_keeps_its_own_r9_1_r2_4(market: Market, straight: Fairground) -> None:
    owed = Counter[str]()
    for one in straight.records():
        owed[one.key] += (one.body or {})["amount_minor"] if one.type == "shipping.late" else 0
    late = [life for life in market.lives if life.fate in ("sent late", "never sent, then cancelled")]
    assert {life.show >= SINCE: round(100 * owed[life.cart.order_id] / life.cart.due_minor) for life in late} == {False: 10, True: 15}


def test_a_seller_has_back_what_its_deposit_holds_above_what_is_required_and_no_fen_more_r3_7(market: Market, straight: Fairground) -> None:
    (life,) = [life for life in market.lives if life.fate == "seller with a deposit"]
    ((seller, put_in),) = life.topped_up.items()
    said = {one.type: one.body for one in straight.records() if one.body and str(one.body.get("withdrawal_id")).startswith(f"w-{seller}")}
    assert (said["withdrawal.refused"]["code"], said["payout.instructed"]["of"]) == ("withdrawal.exceeds_deposit", "deposit")
    assert said["payout.instructed"]["amount_minor"] == put_in - life.first.gross_minor // 4
    moved = [posting for one in straight.records() for posting in ((one.body or {}).get("moves") or {}).get("postings", ())]
    held = sum(posting["amount_minor"] for posting in moved if posting["account"] == f"deposit:{seller}")
    assert held == deposit_of(life, straight.psp, seller)


def test_what_the_fates_leave_behind_is_recomputed_from_the_topics(straight: Fairground) -> None:
    assert wrong(checked(straight, policies())) == []


def test_every_fen_that_went_back_has_a_rule_and_a_funder_r3_4_r4_6(market: Market, straight: Fairground) -> None:
    totals = total(facts(straight))
    for what in ("refund", "compensation"):
        for currency in CURRENCIES:
            assert totals.paid(what, currency) == straight.psp.paid[(currency, what)]
    assert {row[2] for row in totals.minor} == {ESCROW, FUND, "seller", "promoter", "platform"}
    of_fund = sum(minor for row, minor in totals.minor.items() if row[2] == FUND)
    assert of_fund == sum(life.expected.fund_minor for life in market.lives)
    assert {row[0] for row in totals.minor} >= {"R2.1", "R2.2", "R2.4", "R3.10", "R4.2", "R4.5", "R4.6", "R4.7", "R4.8", "R4.9", "R4.11"}


def test_topics_that_overtake_each_other_lead_to_the_same_facts_r2_1(market: Market, straight: Fairground) -> None:
    aside = {life.cart.order_id for life in market.lives if life.contest}
    mixed = Fairground(market, shuffle=2).play()
    assert told(facts(mixed), aside) == told(facts(straight), aside)
