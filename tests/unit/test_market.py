"""The simulated market: the same seed plays the same lives, every message is of the contract, the money adds up before it is sent."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from deploy.cli.contract import ROOT, baseline
from deploy.market.books import SERVICES, Fates, account_for
from deploy.market.checkout import Cart, Item, Offer, allocate
from deploy.market.clients import Published, Read
from deploy.market.disorder import delay, waves
from deploy.market.fates import FATES
from deploy.market.market import ROOM, Market, build
from deploy.market.noise import hasten
from deploy.market.outcome import differences, once, read, told
from deploy.market.sent import AHEAD, Sent, closing, phase_of
from shared.contracts import ALL
from shared.days import day_after
from shared.messaging.envelope import decode
from shared.messaging.record import Incoming, Record, Unreadable
from tests.unit.builders import ZONE

MARKET = build(1, 120)
VALIDATORS = {name: Draft202012Validator(schema) for name, schema in baseline(ROOT).schemas.items()}
TOPICS = {topic.name: topic for topic in ALL}
INPUTS = [kind for topic in ALL for kind in topic.types.values()]


def wire(sent: Iterable[Sent]) -> list[tuple[str, bytes, list[tuple[str, bytes]], bytes]]:
    return [(one.topic, one.key.encode(), one.headers, one.value) for one in sent]


def readable(market: Market) -> list[Sent]:
    return [one for one in market.sent if not one.refused.startswith("event.")]


@given(st.integers(0, 2**32), st.integers(1, 40))
def test_the_same_seed_sends_the_same_bytes(seed: int, orders: int) -> None:
    assert wire(build(seed, orders).sent) == wire(build(seed, orders).sent)


def test_another_seed_sends_others() -> None:
    assert wire(build(2, 120).sent) != wire(MARKET.sent)


def test_every_message_is_of_its_committed_schema() -> None:
    wrong = [
        (one.id, error.message)
        for one in readable(MARKET)
        for error in VALIDATORS[f"{one.topic}/{one.type}"].iter_errors(json.loads(one.value))
    ]
    assert wrong == []


@pytest.mark.parametrize("expected", sorted({one.refused for one in MARKET.sent if one.refused.startswith("event.")} - {"event.id_reused"}))
def test_every_spoilt_message_is_spoilt_in_the_way_it_says(expected: str) -> None:
    spoilt = [one for one in MARKET.sent if one.refused == expected]
    codes = {found.code for one in spoilt if isinstance(found := decoded(one), Unreadable)}
    assert (len(spoilt), codes) == (max(len(spoilt), 1), {expected})


def test_all_others_are_read_at_the_time_of_their_phase() -> None:
    assert [one.id for one in readable(MARKET) if not isinstance(decoded(one), Incoming)] == []


def decoded(one: Sent) -> Incoming | Unreadable | None:
    """As the service would read it that answers for what cannot be read."""
    record = Record(one.topic, 0, 1, one.key.encode(), one.value, tuple(one.headers))
    return decode(record, TOPICS, TOPICS[one.topic].warden, INPUTS, closing(one.phase))


def test_every_fate_is_played_where_there_are_orders_enough() -> None:
    assert Counter(life.fate for life in build(3, len(FATES)).lives) == dict.fromkeys(FATES, 1)


def test_a_small_market_plays_any_of_the_fates() -> None:
    played = {life.fate for seed in range(40) for life in build(seed, 20).lives}
    assert played == set(FATES)


@given(st.integers(0, 2**32))
def test_what_is_captured_and_funded_is_returned_settled_or_in_escrow(seed: int) -> None:
    """What goes back of a settled line comes from its parties, so it is counted on both sides. Source: R3.1-R3.6."""
    for life in build(seed, 70).lives:
        expected, back, fronted = life.expected, 0, 0
        came = expected.captured_minor + expected.fund_minor - sum(life.reimbursed.values())
        gains = {gain.line_no: gain for gain in life.gains if not gain.fund}
        for item in life.cart.items if life.paid_at else ():
            came += sum(item.funded_parts)
            back += sum(item.funded_parts) if life.dispute == "lost" else 0
            units, refund = life.gone(item.line_no) + life.refunded.get(item.line_no, 0), expected.refunds.get(item.line_no, 0)
            units += gains[item.line_no].units if item.line_no in gains else 0
            own = refund if not any(gain.fund for gain in life.gains) else 0
            if life.psp_fails or not own:
                continue
            by_units = own == item.paid_minor * units // item.quantity
            funded = sum(s * units // item.quantity if by_units else s * own // item.paid_minor for s in item.funded_parts)
            back += funded
            fronted += own + funded if item.line_no in life.returned_late else 0
        settled = sum(sum(shares) for shares in expected.lines.values())
        assert came + fronted == expected.returned_minor + expected.charged_back_minor + back + settled + expected.escrow_minor
        own = sum(shares[2] for line_no, shares in expected.lines.items() if line_no in life.returned_late)
        assert 0 <= fronted - (sum(life.charged.values()) - sum(expected.compensated.values())) <= own


def test_news_comes_at_most_so_late_and_in_the_order_of_its_topic() -> None:
    straight, late = build(1, 120), build(1, 120, 3)
    told = {id_of(one): one.phase for one in straight.sent if not one.refused}
    lags = [one.phase - told[id_of(one)] for one in late.sent if not one.refused and id_of(one) in told]
    assert max(lags) >= 3
    phases: dict[tuple[str, str], int] = {}
    for one in delay(Random(1), straight.sent, 3):
        assert one.phase >= phases.get((one.topic, one.key), 0)
        phases[(one.topic, one.key)] = one.phase


def id_of(one: Sent) -> tuple[str, str]:
    return one.source, one.id


@pytest.mark.parametrize("shuffle", range(5))
def test_a_shuffle_tells_everything_once_in_the_order_of_each_topic(shuffle: int) -> None:
    for phase in MARKET.phases:
        told, mixed = MARKET.of_phase(phase), [one for wave in waves(MARKET.of_phase(phase), shuffle) for one in wave]
        lanes = {(one.topic, one.key) for one in told}
        assert len(told) == len(mixed)
        for lane in lanes:
            assert wire(one for one in told if (one.topic, one.key) == lane) == wire(one for one in mixed if (one.topic, one.key) == lane)


def test_shuffles_let_topics_overtake_each_other() -> None:
    def tells(shuffle: int) -> list[str]:
        return [one.id for wave in waves(MARKET.of_phase(3), shuffle) for one in wave]

    assert tells(1) == tells(1) != tells(2)


def test_the_cart_of_the_rule_is_split_as_the_rule_says() -> None:
    """Lines 100.00 and 110.00 with a 20.00 coupon: paid 90.48 and 99.52. Source: R1.5."""
    items = tuple(Item(number, f"sku-{number}", "s-1", None, 1, price, 0) for number, price in ((1, 100_00), (2, 110_00)))
    cart = Cart("o-1", "b-1", "CNY", items, (Offer("cp-1", "seller", 20_00, (1, 2)),))
    allocate(cart)
    assert [item.paid_minor for item in items] == [90_48, 99_52]


def test_nothing_is_sent_before_it_happened_and_answers_beat_their_deadlines_by_a_phase() -> None:
    for one in readable(MARKET):
        assert one.at <= closing(one.phase) + AHEAD
    for life in MARKET.lives:
        times = {one.type: one for one in life.sent}
        claim = "refund.requested" in times and times["refund.requested"].body["kind"] == "claim"  # R4.9: it has seven days
        if "refund.requested" in times and not claim and (answer := times.get("case.accepted") or times.get("case.refused")):
            assert answer.phase < phase_of(times["refund.requested"].at + timedelta(hours=48))  # Source: R4.3


class Hasty(Random):
    """Every order has an event that comes before its cause, if any of its events can."""

    def random(self) -> float:
        return 0.0

    def getrandbits(self, k: int, /) -> int:
        """Spelled so that `choice` still chooses by it: without it here, that would go by random()."""
        return super().getrandbits(k)


def test_what_overtakes_its_cause_is_never_ahead_of_its_own_time() -> None:
    """Not even where the one parcel that is signed is a replacement, which comes after the request."""
    for life in MARKET.lives:
        for seed in range(8):
            for one in hasten(Hasty(seed), life.sent):
                assert one.at <= closing(one.phase) + AHEAD, (life.fate, one.id)


def test_a_phase_ends_before_the_midnight_that_pays_out_what_it_brought() -> None:
    """Source: R3.1."""
    assert {day_after(closing(phase), 1, ZONE) - closing(phase) for phase in range(60)} == {timedelta(seconds=1)}


def test_what_is_refused_against_expectation_and_what_is_lost_without_a_notice_is_named() -> None:
    sent = next(one for one in MARKET.sent if one.type == "order.placed" and not one.refused)
    at = {"x-original-topic": sent.topic, "x-original-partition": "0", "x-original-offset": "7", "x-reason": "order.closed"}
    takers = frozenset((service, sent.source, sent.id) for service in SERVICES)
    notice, told = Read("order.refused.v1", 0, 0, sent.key, at, None), [Published(sent, 0, 7)]
    assert account_for(told, [], takers) == Fates((), (), 0)
    assert len(account_for(told, [notice], takers).wrong) == 1
    assert len(account_for(told, [], frozenset()).lost) == 1
    assert account_for(told, [notice], frozenset()).lost == ()


def test_a_break_between_statement_and_ledger_is_found() -> None:
    headers = {"ce_type": "break.found", "ce_id": "f-1", "ce_sequence": "1"}
    body = {"order_id": "o-1", "break_kind": "amount", "movement": "capture", "reference": "pay-1", "break_id": "b-1"}
    found = Read("payment.v1", 0, 0, "o-1", headers, body)
    explained = replace(found, headers={"ce_type": "break.explained", "ce_id": "f-2", "ce_sequence": "2"}, offset=1)
    known = {"b-1": "o-1: amount of capture pay-1"}
    assert (read([found]).breaks, read([found]).standing) == (known, known)
    of_party = {"party": "s-1", "break_kind": "duplicate", "payout_id": "po-1", "break_id": "b-2"}
    payout = replace(found, topic="party.v1", headers={"ce_type": "payout.break_found", "ce_id": "f-3", "ce_sequence": "1"}, body=of_party)
    assert read([payout]).standing == {"b-2": "s-1: duplicate of payout po-1"}
    assert (read([found, explained]).breaks, read([found, explained]).standing) == (known, {})


def test_whoever_is_first_has_what_is_too_scarce_and_no_more_than_there_is_r2_7() -> None:
    market = build(3, 400)
    contest, lives = max(market.contests.items(), key=lambda one: len(one[1]))
    room = ROOM[lives[0].first.sku]
    assert len(lives) > room

    def outcome(winners: int) -> list[str]:
        alone = replace(market, lives=tuple(lives), sent=())
        states = ["order.expired" if number < winners else "order.rejected" for number in range(len(lives))]
        facts = [
            Read("order.v1", 0, number, life.cart.order_id, {"ce_type": state, "ce_id": str(number)}, {"order_id": life.cart.order_id})
            for number, (life, state) in enumerate(zip(lives, states, strict=True))
        ]
        return differences(alone, read(facts))

    assert outcome(room) == []
    assert outcome(room + 1) == [f"{contest}: {room + 1} of {len(lives)} orders have it, expected {room}"]
    assert outcome(room - 1) == [f"{contest}: {room - 1} of {len(lives)} orders have it, expected {room}"]


def test_who_was_first_is_left_out_of_what_two_plays_have_in_common() -> None:
    fact = Read("order.v1", 0, 0, "o-1", {"ce_type": "order.expired", "ce_id": "f-1"}, {"order_id": "o-1"})
    repaid = Read("party.v1", 0, 0, "s-1", {"ce_type": "debt.repaid", "ce_id": "f-2"}, {"party": "s-1", "amount_minor": 5})
    assert len(told([fact, repaid], ())) == 1
    assert told([fact], {"o-1"}) == []


def test_an_order_that_came_out_otherwise_is_named() -> None:
    rejected = next(life for life in MARKET.lives if life.fate == "rejected")
    alone = replace(MARKET, lives=(rejected,), sent=())
    body = {"order_id": rejected.cart.order_id}
    fact = Read("order.v1", 0, 0, rejected.cart.order_id, {"ce_type": "order.rejected", "ce_id": "f-1", "ce_sequence": "1"}, body)
    assert differences(alone, read([fact])) == []
    expired = replace(fact, headers={**fact.headers, "ce_type": "order.expired"})
    name = f"{rejected.cart.order_id} (rejected)"
    assert differences(alone, read([expired])) == [f"{name}: state is 'expired', expected 'rejected'"]


def test_an_effect_under_two_numbers_is_found_and_a_copy_of_one_record_is_none() -> None:
    headers = {"ce_type": "order.expired", "ce_id": "f-1", "ce_sequence": "1"}
    fact = Read("order.v1", 0, 0, "o-1", headers, {"order_id": "o-1"})
    copy, second = replace(fact, offset=1), replace(fact, offset=2, headers={**headers, "ce_id": "f-2", "ce_sequence": "2"})
    assert read(once([fact, copy])).doubled == []
    assert read(once([fact, copy, second])).doubled == ["order.v1 order.expired o-1"]


def test_of_a_ruling_only_the_service_that_it_concerns_has_to_know_r2_1() -> None:
    for matter, taker in (("sham_shipping", "order"), ("case", "refund")):
        sent = next(one for one in MARKET.sent if one.type == "ruling.made" and one.body["matter"] == matter and not one.refused)
        for service in SERVICES:
            fates = account_for([Published(sent, 0, 7)], [], frozenset({(service, sent.source, sent.id)}))
            assert bool(fates.lost) is (service != taker)
