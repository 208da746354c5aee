"""Who may ask for what, and when. Source: R4.2, R4.3, R4.5, R1.3."""

from __future__ import annotations

import pytest

from shared.contracts.refund import CaseOpened
from shared.contracts.storefront import CaseKind, Ground
from tests.unit.builders import CASE, ORDER, at
from tests.unit.refund import acts as a
from tests.unit.refund.life import (
    APPROVED,
    DONE,
    OPEN,
    SIGNED,
    WITHDRAWN,
    case_of,
    codes,
    confirmed,
    declined,
    delivered,
    done,
    in_zone,
    line,
    paid,
    posted,
    purchase_of,
    requested,
    shop,
    withdrawn,
)


def test_a_request_in_time_opens_a_case_and_the_seller_has_48_hours() -> None:
    opened = shop(*OPEN).facts[-1]
    assert isinstance(opened, CaseOpened)
    assert (opened.state, opened.turn, opened.deadline) == (10, "seller", at("06-19 10:00"))
    assert (opened.case_id, opened.line_no, opened.seller_id, opened.quantity, opened.rule) == (CASE, 1, "s1", 3, "R4.5")


@pytest.mark.parametrize(
    ("applied", "refused"),
    [
        ("06-16 23:59:59", []),
        ("06-23 23:59:59", []),
        ("06-24 00:00:00", ["no_reason.window_over"]),
        ("06-16 23:59:58", ["no_reason.not_signed"]),
    ],
)
def test_seven_days_run_from_the_day_after_signing(applied: str, refused: list[str]) -> None:
    """R1.3's example: signed 06-16 23:59:59, both edges to the second."""
    memory = shop(paid(), delivered(when="06-16 23:59:59"), requested(when=applied))
    assert codes(memory) == refused
    assert (CASE in purchase_of(memory).cases) is not bool(refused)


@pytest.mark.parametrize(("applied", "admitted"), [("11-04 22:59:59", True), ("11-04 23:00:00", False)])
def test_seven_days_are_seven_times_24_hours_where_clocks_change(applied: str, admitted: bool) -> None:
    """R1.3: New York leaves summer time on 2026-11-01, so the local end moves by an hour."""
    zone = "America/New_York"
    memory = shop(paid(), delivered(when="10-28 20:00", zone=zone), requested(when=at(applied, zone)), policies=in_zone(zone))
    assert (CASE in purchase_of(memory).cases) is admitted


@pytest.mark.parametrize(("zone", "admitted"), [("Asia/Shanghai", False), ("America/New_York", True)])
def test_the_signing_date_is_that_of_the_policy_zone(zone: str, admitted: bool) -> None:
    """R1.2: 06-17 00:30 in Shanghai is still 06-16 12:30 in New York."""
    memory = shop(paid(), delivered(when="06-17 00:30"), requested(when="06-25 00:00"), policies=in_zone(zone))
    assert codes(memory) == ["no_reason.window_over"]
    late = shop(paid(), delivered(when="06-16 23:30"), requested(when="06-24 11:00"), policies=in_zone(zone))
    assert (CASE in purchase_of(late).cases) is admitted


def test_the_time_of_application_counts_not_the_time_of_arrival() -> None:
    """R1.2: consumed after events of a later day."""
    memory = shop(paid(line(1), line(2)), delivered(1, 2), requested("c2", line_no=2, when="06-23 12:00"), requested(when="06-17 10:00"))
    assert sorted(purchase_of(memory).cases) == ["c1", "c2"]


def test_a_request_that_overtook_payment_and_signing_waits_for_both() -> None:
    """R2.1."""
    memory = shop(requested())
    assert [held.reason for held in memory.held(ORDER)] == ["case.before_certificate"]
    memory.send(paid())
    assert [held.state for held in memory.held(ORDER)] == ["waiting"]
    memory.send(delivered())
    assert case_of(memory).state == 10
    assert memory.held(ORDER) == []


def test_a_request_made_before_signing_is_refused_once_the_signing_is_known() -> None:
    """R4.5."""
    memory = shop(paid(), requested(when="06-16 09:59:59"), delivered(when="06-16 10:00"))
    assert memory.refused == [("refund.requested", "no_reason.not_signed")]


def test_a_line_that_is_not_signed_waits_though_another_line_is() -> None:
    memory = shop(paid(line(1), line(2)), delivered(2), requested())
    assert [held.reason for held in memory.held(ORDER)] == ["case.before_signing"]


@pytest.mark.parametrize(
    ("kind", "ground"),
    [
        ("refund_only", "no_reason"),
        ("resend", "no_reason"),
        ("return_and_refund", "not_shipped"),
        ("refund_only", "counterfeit"),
        ("claim", "quality"),
    ],
)
def test_what_no_rule_offers_is_refused_as_such_r4_2(kind: CaseKind, ground: Ground) -> None:
    memory = shop(*SIGNED, requested(kind=kind, ground=ground))
    assert codes(memory) == ["claim.kind_not_offered"]


def test_only_the_orders_buyer_asks_for_its_lines() -> None:
    assert codes(shop(*SIGNED, requested(buyer="b2"))) == ["buyer.differs"]
    assert codes(shop(*SIGNED, requested(line_no=2))) == ["line.unknown"]


def test_a_line_without_the_guarantee_is_refused_with_the_certificates_reason_without_waiting() -> None:
    assert codes(shop(paid(line(category="fresh")), requested())) == ["no_reason.excluded"]
    assert codes(shop(paid(line(waived=True)), requested())) == ["no_reason.waived"]


def test_one_open_case_per_line_and_another_line_is_free() -> None:
    """R4.3."""
    memory = shop(paid(line(1), line(2)), delivered(1, 2), requested(), requested("c2"), requested("c3", line_no=2))
    assert codes(memory) == ["case.line_open"]
    assert sorted(purchase_of(memory).cases) == ["c1", "c3"]


def test_a_case_id_is_used_once_even_after_the_case_ended() -> None:
    assert codes(shop(*OPEN, requested())) == ["case.known"]
    assert codes(shop(*WITHDRAWN, requested())) == ["case.known"]
    assert codes(shop(paid(line(1), line(2)), delivered(1, 2), requested(), requested(line_no=2))) == ["case.known"]


def test_five_attempts_per_line_withdrawn_ones_included() -> None:
    """R4.3."""
    events = [event for number in range(1, 7) for event in (requested(f"c{number}"), withdrawn(f"c{number}"))]
    memory = shop(*SIGNED, *events)
    assert codes(memory) == ["case.attempts_used"]
    assert purchase_of(memory).lines[1].attempts == 5


def test_more_units_than_bought_are_refused() -> None:
    assert codes(shop(*SIGNED, requested(quantity=4))) == ["refund.quantity_exceeds"]


def test_units_refunded_before_cannot_be_claimed_again() -> None:
    """R3.5."""
    first = (*APPROVED, posted(), confirmed(quantity=2), done(amount_minor=66_66))
    memory = shop(*first, requested("c2", quantity=2, when="06-23 10:00"), requested("c3", quantity=1, when="06-23 10:00"))
    assert codes(memory) == ["refund.quantity_exceeds"]
    assert case_of(memory, "c3").state == 10
    assert codes(shop(*DONE, requested("c2", quantity=1, when="06-23 10:00"))) == ["refund.nothing_left"]


def test_the_same_message_delivered_twice_opens_one_case() -> None:
    memory = shop(*SIGNED)
    assert len(memory.send(requested(), "m1")) == 1
    assert memory.send(requested(), "m1") == ()
    assert (memory.refused, purchase_of(memory).lines[1].attempts) == ([], 1)


def test_a_request_after_the_deadline_of_the_open_case_waits_until_that_is_decided() -> None:
    """R1.2: the refusal was over at 06-23 11:00 though its timer fires a little later."""
    memory = shop(*SIGNED, requested(when="06-16 10:00"), declined(when="06-16 11:00"))
    memory.send(requested("c2", when="06-23 10:59:59"))
    assert codes(memory) == ["case.line_open"]
    memory.send(requested("c3", when="06-23 11:00:00"))
    assert [held.reason for held in memory.held(ORDER)] == ["case.before_deadline"]
    memory.advance(at("06-23 11:00:05"))
    assert (case_of(memory).state, case_of(memory, "c3").state) == (70, 10)
    assert memory.held(ORDER) == []


def test_a_request_after_the_sellers_silence_finds_the_case_approved_and_the_line_taken() -> None:
    memory = shop(*OPEN, requested("c2", when="06-19 10:00"))
    assert memory.refused == []
    memory.advance(at("06-19 10:00:05"))
    assert (case_of(memory).state, codes(memory)) == (30, ["case.line_open"])


def test_a_sellers_appeal_reopens_nothing_so_the_rest_of_the_line_can_be_claimed_meanwhile_r4_3_r4_11() -> None:
    """Its windows do not wait for the platform: the no-reason return of the other two units is over before the appeal is."""
    memory = shop(*SIGNED, requested(quantity=1), declined(), a.disputed())
    memory.advance(at(a.HEARD))
    memory.when(a.ruled(remedy="refund_only", when="06-22 10:00"), done(amount_minor=33_33, when="06-22 10:01"))
    memory.when(a.appealed_by_seller(when="06-22 12:00"), requested("c2", quantity=2, when="06-23 12:00"))
    assert (case_of(memory, "c2").state, purchase_of(memory).lines[1].open_case) == (10, "c2")
    memory.send(a.appeal_ruled())
    assert (case_of(memory).fallen, case_of(memory, "c2").state, codes(memory)) == (True, 10, [])
