"""The platform's guarantee fund: a budget a day, a breaker an hour, and a person beyond them. Source: R4.6."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from shared.contracts.first_order import ClaimWaitsForFund, FundDrawn, FundStopped
from shared.contracts.refund import CaseClosed
from shared.messaging.message import Message
from shared.policy import Policies
from shared.policy.document import FundPolicy
from tests.unit import builders as b
from tests.unit.refund.firsts import NO_SELLER, Desk, claimed, life, money_came, money_failed, ruled
from tests.unit.refund.life import accepted, declined, withdrawn

CASE = f"c-{b.ORDER}-1"


def limits(day: int = 1_000_00, claims: int = 100, bp: int = 10_000, currency: str = "CNY") -> Policies:
    return b.with_policy("refund", fund=FundPolicy(day_minor={currency: day}, hour_claims_max=claims, hour_bp=bp))


def desk(*claims: tuple[str, str | datetime], policies: Policies) -> Desk:
    """One buyer and order of 100.00 for each claim: order and time."""
    found = Desk(*(fact for order, _ in claims for fact in life(order, f"b-{order}", NO_SELLER)), policies=policies)
    for order, when in claims:
        found.when(claimed(order, f"b-{order}", when=when))
    return found


def waits(found: Desk) -> list[tuple[str, str]]:
    return [(fact.order_id, fact.code) for fact in found.facts if isinstance(fact, ClaimWaitsForFund)]


def paid_for(found: Desk) -> list[str]:
    return [fact.order_id for fact in found.granted]


def waiting(*more: Message) -> Desk:
    found = Desk(*life(b.ORDER, b.BUYER, NO_SELLER), claimed(), policies=limits(0))
    found.when(*more)
    return found


def test_beyond_the_days_budget_a_claim_waits_for_a_person_announced_r4_6() -> None:
    found = desk(("o1", "06-17 10:00"), ("o2", "06-17 12:00"), ("o3", "06-17 14:00"), policies=limits(250_00))
    assert (paid_for(found), waits(found)) == (["o1", "o2"], [("o3", "fund.budget_spent")])
    told = found.facts[-1]
    assert isinstance(told, ClaimWaitsForFund)
    assert (told.state, told.turn, told.deadline, told.amount_minor, told.currency) == (10, "platform", None, 100_00, "CNY")


def test_the_budget_is_of_the_platforms_day_r4_6_r1_2() -> None:
    found = desk(("o1", "06-17 23:59:59"), ("o2", "06-18 00:00:00"), policies=limits(100_00))
    assert (paid_for(found), waits(found)) == (["o1", "o2"], [])


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/Los_Angeles", "Pacific/Apia"])
def test_claims_about_midnight_draw_on_their_own_day_in_whatever_order_they_are_told_r4_6_r1_2(zone: str) -> None:
    """A microsecond before it and at it, said in another zone, late and twice: of each day's three the budget pays the two that came."""
    policies = Policies([limits(200_00).versions[0].model_copy(update={"zone": zone})])
    midnight = b.at("06-18 00:00", zone).astimezone(UTC)
    ages = [
        timedelta(hours=-1),
        timedelta(minutes=-1),
        timedelta(microseconds=-1),
        timedelta(0),
        timedelta(microseconds=1),
        timedelta(hours=1),
    ]
    claims = [(f"o{number}", midnight + age) for number, age in enumerate(ages)]
    for seed in range(8):
        told = Random(seed).sample(claims, len(claims))
        found = desk(*told, policies=policies)
        found.when(*(claimed(order, f"b-{order}", when=when) for order, when in told))
        for day, date in ((claims[:3], "2026-06-17"), (claims[3:], "2026-06-18")):
            first = [order for order, when in told if (order, when) in day]
            drawn = [fact for fact in found.facts if isinstance(fact, FundDrawn) and fact.day == date]
            assert [fact.order_id for fact in drawn] == first[:2]
            assert sum(fact.amount_minor for fact in drawn) == 200_00
            assert (first[2], "fund.budget_spent") in waits(found)


def test_to_the_last_fen() -> None:
    assert paid_for(desk(("o1", "06-17 10:00"), ("o2", "06-17 12:00"), policies=limits(200_00))) == ["o1", "o2"]
    assert paid_for(desk(("o1", "06-17 10:00"), ("o2", "06-17 12:00"), policies=limits(199_99))) == ["o1"]


def test_a_currency_without_budget_waits() -> None:
    assert waits(desk(("o1", "06-17 10:00"), policies=limits(currency="USD"))) == [("o1", "fund.budget_spent")]


def test_too_many_claims_within_an_hour_stop_it_for_the_rest_of_the_day_r4_6() -> None:
    times = ("06-17 10:00", "06-17 10:59", "06-17 10:59:59", "06-17 15:00", "06-18 00:00")
    found = desk(*((f"o{number}", when) for number, when in enumerate(times)), policies=limits(claims=2))
    assert (paid_for(found), waits(found)) == (["o0", "o1", "o4"], [("o2", "fund.stopped"), ("o3", "fund.stopped")])
    assert len([fact for fact in found.facts if isinstance(fact, FundStopped)]) == 1


def test_so_many_in_two_hours_do_not() -> None:
    times = ("06-17 10:00", "06-17 10:59", "06-17 11:00", "06-17 11:30")
    assert waits(desk(*((f"o{number}", when) for number, when in enumerate(times)), policies=limits(claims=2))) == []


def test_so_does_too_much_of_the_budget_within_an_hour_r4_6() -> None:
    found = desk(("o1", "06-17 10:00"), ("o2", "06-17 10:30"), ("o3", "06-17 12:00"), policies=limits(bp=1_999))
    assert (paid_for(found), waits(found)) == (["o1"], [("o2", "fund.stopped"), ("o3", "fund.stopped")])


def test_claims_that_the_seller_pays_draw_on_nothing_r4_6() -> None:
    found = Desk(*life(), claimed(), policies=limits(0))
    assert ([fact.funder for fact in found.granted], waits(found)) == (["seller"], [])
    assert not [fact for fact in found.facts if isinstance(fact, FundDrawn | FundStopped)]


def test_the_guarantee_is_used_though_the_claim_waits_r4_6() -> None:
    assert waiting().used == [b.ORDER]


def test_a_ruling_pays_what_waits_once_r4_6() -> None:
    found = waiting(ruled(), ruled(), ruled(ruling_id="rule2"))
    assert [(fact.by, fact.funder, fact.amount_minor) for fact in found.granted] == [("ruling", "platform", 100_00)]
    assert found.codes == ["ruling.known"]
    (closed,) = found.when(money_came())
    assert isinstance(closed, CaseClosed)
    assert (closed.funder, closed.outcome) == ("platform", "refunded")


def test_a_ruling_may_refuse_it_and_the_same_order_may_be_claimed_again_r4_6() -> None:
    found = waiting(ruled(upheld=False))
    told = found.facts[-1]
    assert isinstance(told, CaseClosed)
    assert (told.state, told.code, told.outcome) == (70, "fund.declined", "rejected")
    found.when(claimed(case_id="again", when="06-19 10:00"))
    assert (found.codes, found.used, len(waits(found))) == ([], [b.ORDER], 2)


@pytest.mark.parametrize("upheld", [True, False])
def test_a_ruling_on_what_the_fund_left_to_a_person_finds_nothing_of_anybody_r4_6_r4_11(upheld: bool) -> None:
    """A finding costs score and card, and nobody could appeal it here. Sent without, it is taken."""
    found = waiting(ruled(upheld=upheld, finding="false_claim"))
    assert (found.codes, found.granted) == (["ruling.finds_unheard"], [])
    found.when(ruled(upheld=upheld))
    assert found.facts[-1].type == ("refund.granted" if upheld else "case.closed")


def test_a_ruling_may_give_less_and_not_more_than_was_paid() -> None:
    found = waiting(ruled(amount_minor=100_01), ruled(amount_minor=60_00, ruling_id="rule2"))
    assert ([fact.amount_minor for fact in found.granted], found.codes) == ([60_00], ["ruling.exceeds_claim"])


def test_a_ruling_that_comes_before_the_fund_was_asked_waits() -> None:
    found = Desk(*life(b.ORDER, b.BUYER, NO_SELLER), claimed(), policies=limits(0), asks=False)
    found.when(ruled())
    assert found.granted == []
    asked = next(fact for fact in found.facts if fact.type == "fund.asked")
    found.when(asked)
    assert [fact.by for fact in found.granted] == ["ruling"]


def test_the_buyer_may_withdraw_what_waits_and_the_seller_has_no_say() -> None:
    found = waiting(accepted(CASE), declined(CASE), withdrawn(CASE))
    assert found.codes == ["case.wrong_state", "case.wrong_state"]
    assert (found.facts[-1].type, found.granted) == ("case.closed", [])


def test_a_claim_withdrawn_before_the_fund_was_asked_draws_nothing() -> None:
    found = Desk(*life(b.ORDER, b.BUYER, NO_SELLER), claimed(), withdrawn(CASE, when="06-17 10:00:01"), asks=False)
    asked = next(fact for fact in found.facts if fact.type == "fund.asked")
    assert found.when(asked) == ()


def test_what_the_provider_failed_is_granted_again_by_the_platform_and_draws_no_more_r3_5() -> None:
    found = Desk(*life(b.ORDER, b.BUYER, NO_SELLER), claimed(), money_failed(), ruled(when="06-19 10:00"))
    assert [(fact.attempt, fact.funder) for fact in found.granted] == [(1, "platform"), (2, "platform")]
    assert len([fact for fact in found.facts if isinstance(fact, FundDrawn)]) == 1


@pytest.mark.parametrize("upheld", [True, False])
def test_nor_does_one_on_a_refund_that_failed_find_what_no_dispute_was_about_r3_5_r4_11(upheld: bool) -> None:
    found = Desk(*life(b.ORDER, b.BUYER, NO_SELLER), claimed(), money_failed(), ruled(upheld=upheld, finding="false_claim"))
    assert (found.codes, len(found.granted)) == (["ruling.finds_unheard"], 1)
    found.when(ruled(upheld=upheld))
    assert found.facts[-1].type == ("refund.granted" if upheld else "case.closed")
