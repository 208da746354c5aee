"""Time alone moves scores: each subject is looked at on the days on which its score may change. Source: R5.1, R5.7."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest

from deploy.verify.scores import checks
from services.trust.rules.tier import look_on
from shared.contracts.trust import ScoreDue, ScoreLooked, TierChanged
from shared.days import local_date
from shared.messaging.memory import Memory
from shared.policy import Policies
from tests.unit.builders import POLICIES
from tests.unit.town import Town
from tests.unit.trust import naive
from tests.unit.trust.facts import ruled
from tests.unit.trust.market import TODAY, ago, changes, completed, evidence, noon, parties, score_of, shipped, trust, voided
from tests.unit.verify.recorded import log_of

POLICY = POLICIES.versions[0]


def until(memory: Memory, days: int) -> Memory:
    memory.advance(noon(TODAY + timedelta(days=days)))
    return memory


def test_a_capped_seller_is_told_its_new_score_when_the_90_days_are_over_r5_3() -> None:
    memory = until(trust(ruled(finding="counterfeit")), 91)
    told = changes(memory)
    assert next((fact.score, fact.as_of) for fact in told if fact.as_of >= "2026-09-13") == (693, "2026-09-14")
    assert {fact.score for fact in told[:-1] if fact.as_of < "2026-09-14"} == {399}
    assert len([fact for fact in told if fact.as_of < "2026-09-14"]) == 1, "the days on which nothing changes are not told"


def test_what_is_told_day_by_day_is_what_the_definition_says_of_each_day() -> None:
    memory = until(trust(*(shipped(f"o{n}", parties(), buyer=f"b{n}") for n in range(20)), ruled()), 200)
    facts = [naive.Fact(f"o{n}", TODAY, ("logistics",), 1, f"b{n}") for n in range(20)]
    facts.append(naive.Fact("r", TODAY, ("after_sales",), -3, "b1"))
    told = {fact.as_of: fact.score for fact in changes(memory)}
    shown = told[TODAY.isoformat()]
    for day in (TODAY + timedelta(days=n) for n in range(200)):
        shown = told.get(day.isoformat(), shown)
        assert shown == naive.explain(facts, "seller", day)[0], day


def test_quiet_days_are_skipped_in_bounded_steps_and_end_when_nothing_is_left() -> None:
    memory = until(trust(completed()), 4_000)
    looks = [fact for fact in memory.facts if isinstance(fact, ScoreLooked) and fact.subject_id == "seller:s1"]
    assert 0 < len(looks) < 100
    assert score_of(memory).look_at is None
    assert [timer for timer in memory.armed.values() if isinstance(timer, ScoreDue)] == []
    assert changes(memory)[-1].score == 800


def test_after_an_item_or_a_tombstone_a_subject_is_looked_at_on_the_next_day_r5_1() -> None:
    memory = trust(evidence("e1"))
    for event in (evidence("e2", when=ago(30)), voided("e1", when=ago(10)), voided("e3", when=ago(-1))):
        as_of = date.fromisoformat(score_of(memory).as_of)
        assert score_of(memory).look_at == look_on("seller:s1", as_of + timedelta(days=1), POLICY)
        memory.send(event)
    assert score_of(memory).look_at == look_on("seller:s1", TODAY + timedelta(days=2), POLICY)


def test_a_subject_of_whom_nothing_is_known_has_no_deadline() -> None:
    assert trust().armed == {}


def test_evidence_of_an_earlier_day_does_not_turn_a_looked_at_day_back() -> None:
    memory = until(trust(completed("o1")), 40)
    before = score_of(memory).as_of
    memory.send(completed("o2", buyer="b2", when=ago(0)))
    assert score_of(memory).as_of == before > TODAY.isoformat()


@pytest.mark.parametrize("subject", [f"seller:s{n}" for n in range(20)])
def test_subjects_are_spread_over_the_first_minutes_of_the_day(subject: str) -> None:
    at = look_on(subject, date(2026, 6, 17), POLICY)
    assert local_date(at, POLICY.zone) == date(2026, 6, 17)
    assert at < noon(date(2026, 6, 16)) + timedelta(hours=4, minutes=POLICY.trust.pass_minutes)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Auckland", "Asia/Shanghai", "America/Sao_Paulo", "Pacific/Pago_Pago"])
@pytest.mark.parametrize("day", [date(2018, 11, 4), date(2026, 6, 17), date(2026, 12, 31)])
def test_a_day_is_looked_at_on_that_day_wherever_the_shop_is_r1_2(zone: str, day: date) -> None:
    """14 hours before Greenwich to 11 after; once with a midnight that the clocks skip."""
    policy = POLICY.model_copy(update={"zone": zone})
    at = look_on("seller:s1", day, policy)
    assert local_date(at, zone) == day
    assert local_date(at - timedelta(minutes=policy.trust.pass_minutes), zone) == day - timedelta(days=1)


def test_a_tier_is_told_with_what_it_earns_and_costs_ten_minutes_later_r5_7_r2_8() -> None:
    memory = trust(*(shipped(f"o{n}", parties(), buyer=f"b{n}") for n in range(10)))
    (tier,) = [fact for fact in memory.facts if isinstance(fact, TierChanged)]
    said = (tier.before, tier.tier, tier.traffic_pct, tier.escrow_days, tier.effective_from - tier.occurred_at)
    assert said == ("new", "good", 100, 7, timedelta(minutes=10))
    assert tier.score == changes(memory)[-1].score >= 800


@pytest.mark.parametrize(("bad", "tier", "days"), [(0, "good", 7), (1, "fair", 10), (12, "weak", 15), (14, "poor", 30)])
def test_each_tier_has_its_days_r5_7(bad: int, tier: str, days: int) -> None:
    good = [shipped(f"o{n}", parties(), buyer=f"b{n}") for n in range(10)]
    memory = trust(*good, *(ruled(case_id=f"c{n}", finding="counterfeit" if bad == 14 else "none") for n in range(bad)))
    tiers = [fact for fact in memory.facts if isinstance(fact, TierChanged) and fact.subject_id == "seller:s1"]
    assert (tiers[-1].tier, tiers[-1].escrow_days, score_of(memory).tier) == (tier, days, tier)


def test_of_many_subjects_few_fall_due_in_the_same_second_r5_1() -> None:
    """Ten thousand over an hour: about three a second, never thirty."""
    at = Counter(look_on(f"seller:s{n}", date(2026, 6, 17), POLICY) for n in range(10_000))
    assert len(at) > 3_000
    assert max(at.values()) < 30


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York"])
def test_who_is_new_by_another_rule_is_told_so_though_no_point_has_changed_r5_3_r5_7_r9_1(zone: str) -> None:
    """Five parcels of two years ago: 800 for as long as anybody looks. Three make a subject shown, from the second version on."""
    terms = POLICY.trust.model_copy(update={"shown_from_items": 3})
    second = POLICY.model_copy(update={"version": "2", "effective_from": ago(-5), "zone": zone, "trust": terms})
    town = Town(Policies([POLICY, second]), services=("trust",))
    town.tell((f"e{n}", shipped(f"o{n}", parties(), buyer=f"b{n}", when=ago(730))) for n in range(5))
    town.advance(ago(-5))
    assert score_of(town.services["trust"]).tier == "new"
    town.advance(ago(-37))
    (told,) = (fact for _, fact in town.services["trust"].out if isinstance(fact, TierChanged))
    assert (told.tier, told.score, changes(town.services["trust"])[-1].new) == ("good", 800, False)
    assert [one.first for one in checks(log_of(town), Policies([POLICY, second])) if not one.holds] == []
