"""The policy document: versioned, strict, effective from a time. Source: R9.1."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.trust.decide.found import found
from shared.policy import InvalidPolicy, Policies, document
from shared.policy.policies import configured, parse
from shared.policy.words import rule_at
from tests.unit.builders import POLICIES, POLICY

FILE = Path(__file__).parents[2] / "deploy" / "policy.yaml"
TEXT = FILE.read_text(encoding="utf-8")
SHAM = next(line for line in TEXT.splitlines(keepends=True) if line.startswith("    sham: {weight"))


def changed(old: str, new: str) -> str:
    assert TEXT.count(old) == 1, old
    return TEXT.replace(old, new)


def test_the_deployed_policy_holds_the_values_of_the_rules() -> None:
    assert POLICY.zone == "Asia/Shanghai"
    assert (POLICY.order.pay_minutes, POLICY.order.ship_hours, POLICY.order.ship_hours_24h) == (30, 48, 24)  # R2.2, R2.4
    confirm = POLICY.order.confirm_signed_days, POLICY.order.confirm_check_days, POLICY.order.confirm_latest_days
    assert (*confirm, POLICY.order.extend_days) == (10, 20, 30, 3)  # R2.5
    late, sham = POLICY.order.late, POLICY.order.sham
    assert (late.bp, late.min_minor["CNY"], late.max_minor["CNY"]) == (1_000, 5_00, 500_00)  # R2.4
    assert (sham.bp, sham.min_minor["CNY"], sham.max_minor["CNY"], POLICY.order.collect_hours) == (3_000, 5_00, 200_00, 24)  # R2.4
    assert POLICY.order.ad_days == 7  # R2.9
    rights = ("refund_without_return", "return_freight", "authentic_x3", "authentic_x9", "damaged_refund")
    assert POLICY.order.tags == ("ship_24h", *rights)  # R2.4, R4.7
    assert (POLICY.payment.settle_days, POLICY.payment.sweep) == (7, True)  # R2.6, R3.1
    assert (POLICY.payment.clawback_days, POLICY.payment.clawback_days_short) == (15, 7)  # R3.6
    assert POLICY.order.suspension_look_back_hours == 72  # R2.8
    assert (POLICY.trust.suspension_lead_minutes, POLICY.trust.suspension_days) == (10, (7, 30, 120, 360))  # R2.8, R6.2
    held = POLICY.trust.violations
    assert (held.b_points, held.a_points, held.remove_points, held.study_points_max) == (10, 100, 100, 100)  # R6.1
    assert held.appeal_days == 7  # R6.2
    cases = POLICY.refund.answer_hours, POLICY.refund.post_days, POLICY.refund.inspect_days, POLICY.refund.refused_days
    assert (POLICY.refund.no_reason_days, *cases, POLICY.refund.attempts_max) == (7, 48, 10, 7, 7, 5)  # R4.2-R4.5
    promised = POLICY.refund.guarantees
    days = promised.first_order_days, promised.quality_days, promised.wrong_item_days, promised.not_received_days, promised.negotiated_days
    assert (*days, promised.damaged_hours, promised.fault_freight_minor) == (100, 15, 15, 7, 15, 48, {"CNY": 100_00})  # R4.2, R4.6
    card, law = promised.trust_card, promised.authenticity
    assert (card.without_return_days, card.damaged_hours, card.freight_minor) == (7, 24, {"CNY": 20_00})  # R4.7
    assert (promised.instant.score_min, promised.instant.below_minor) == (600, {"CNY": 300_00})  # R4.8
    assert (law.days, law.fraud_multiple, law.fraud_min_minor) == (7, 3, {"CNY": 500_00})  # R4.9
    assert (law.food_multiple, law.food_min_minor) == (10, {"CNY": 1_000_00})  # R4.9
    assert {role: score.half_life_days for role, score in POLICY.trust.roles.items()} == {
        "seller": 90,
        "promoter": 90,
        "buyer": 180,
    }  # R5.2
    assert POLICY.trust.roles["seller"].dimensions == {"goods": 40, "logistics": 20, "after_sales": 25, "content": 15}  # R5.4
    assert POLICY.trust.evidence["completed"].counts_for["buyer"] == ("fulfilment", "after_sales")  # R5.5
    weights = {kind: evidence.weight for kind, evidence in POLICY.trust.evidence.items()}
    assert weights == {
        "completed": 1, "shipped_on_time": 1, "late": -2, "sham": -5, "quality_refund": -3, "counterfeit": -10, "answered": 1,
        "timed_out": -1, "dispute_lost": -3, "violation_c": -2, "violation_b": -5, "violation_a": -15, "chargeback_lost": -6,
        "false_claim": -4, "swapped_parcel": -10,
    }  # fmt: skip  # R5.5
    assert (POLICY.trust.ceiling.days, POLICY.trust.ceiling.score) == (90, 399)  # R5.3
    tiers = [(tier.least, tier.traffic_pct, tier.escrow_days) for tier in POLICY.trust.tiers]
    assert tiers == [(900, 120, 3), (800, 100, 7), (700, 90, 10), (600, 70, 15), (0, 40, 30)]  # R5.7
    assert (POLICY.trust.tier_new.traffic_pct, POLICY.trust.tier_new.escrow_days) == (100, 7)  # R5.7


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("pay_minutes: 30", "pay_minutes: 0", "order.pay_minutes"),
        ("pay_minutes: 30", "pay_minutes: 30.0", "order.pay_minutes"),
        ("pay_minutes: 30", "pay_minutes: '30'", "order.pay_minutes"),
        ("pay_minutes: 30", "pay_minutes: true", "order.pay_minutes"),
        ("pay_minutes: 30", "pay_minutes: 030", "030 is no number as JSON writes it"),  # to YAML it is 24
        ("pay_minutes: 30", "pay_minutes: 1:30", "1:30 is no number as JSON writes it"),  # to YAML it is 90
        ("pay_minutes: 30", "pay_minutes: " + "[" * 1_000, "recursion"),
        ("pay_minutes: 30", "pay_minute: 30", "order.pay_minute"),
        ("pay_minutes: 30", "pay_minutes: 30\n  pay_minutes: 40", "stands twice"),
        ("confirm_check_days: 20", "confirm_check_days: 10", "in the order signed, check, latest"),
        ("confirm_latest_days: 30", "confirm_latest_days: 20", "in the order signed, check, latest"),
        ("ship_hours_24h: 24", "ship_hours_24h: 49", "longer than the usual one"),
        ("fee_bp: 500", "fee_bp: 10001", "payment.fee_bp"),
        ("sweep: true", "sweep: 1", "payment.sweep"),
        ("clawback_days_short: 7", "clawback_days_short: 16", "longer than the usual one"),
        ("provider_silent_hours: 72", "provider_silent_hours: 0", "payment.provider_silent_hours"),
        ("goods: 40, logistics: 20", "goods: 41, logistics: 20", "sum to 101, not to 100"),
        ("      counts_for: {seller: [logistics]}", "      counts_for: {seller: [speed]}", r"\['speed'\], which seller does not have"),
        (
            "      counts_for: {seller: [logistics]}",
            "      counts_for: {carrier: [logistics]}",
            "trust.evidence.shipped_on_time.counts_for.carrier",
        ),
        ("prior_good: 8 ", "prior_good: 11 ", "larger than the whole"),
        ("name: good, least: 800", "name: good, least: 900", "tiers do not descend to 0"),
        ("name: poor, least: 0", "name: poor, least: 1", "tiers do not descend to 0"),
        ("name: fair", "name: new", "two tiers have the same name"),
        ("b_points: 10 ", "b_points: 100 ", "class A begins where class B does"),
        ("points: [100], level: 0}", "points: [], level: 0}", "trust.violations.kinds.counterfeit_sale.points"),
        ("points: [5], level: 0}", "points: [0], level: 0}", "trust.violations.kinds.poor_show.points"),
        ("points: [5], level: 0}", "points: [5], level: 6}", "trust.violations.kinds.poor_show.level"),
        ("poor_show: {", "Poor Show: {", "trust.violations.kinds"),
        ("study_points_max: 100 ", "study_points_max: -1 ", "trust.violations.study_points_max"),
        ("kinds: [counterfeit, swapped_parcel]", "kinds: [counterfeit, theft]", "trust.ceiling.kinds"),
        ("zone: Asia/Shanghai", "zone: Asia/Xanadu", "no time zone 'Asia/Xanadu'"),
        ("zone: Asia/Shanghai", "zone: ../../etc/passwd", "no time zone"),
        ("zone: Asia/Shanghai", "zone: localtime", "no name of IANA's"),
        ("zone: Asia/Shanghai", "zone: right/Asia/Shanghai", "no name of IANA's"),
        ("effective_from: 2020-01-01T00:00:00+08:00", "effective_from: 2020-01-01", "effective_from"),
        ("effective_from: 2020-01-01T00:00:00+08:00", "effective_from: 2020-01-01T00:00:00", "effective_from"),
        ('version: "1"', 'version: ""', "version"),
        ('version: "1"', "version: 1", "version"),
        ("refund:\n", "refunds:\n", "refund"),
        ("trust:\n", "trust: [\n", "expected"),
    ],
)
def test_an_invalid_document_is_refused_and_says_where(old: str, new: str, message: str) -> None:
    with pytest.raises(InvalidPolicy, match=message):
        parse(changed(old, new))


@pytest.mark.parametrize(("good", "total", "score"), [(8, 10, 800), (1, 16, 63), (1, 3, 333), (2, 3, 667), (0, 1, 0)])
def test_of_whom_nothing_is_known_the_score_is_rounded_half_up_r5_3(good: int, total: int, score: int) -> None:
    assert POLICY.trust.model_copy(update={"prior_good": good, "prior_total": total}).score_at_start == score


def test_a_file_without_a_policy_is_refused(tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text("# nothing\n")
    with pytest.raises(InvalidPolicy, match="there is no policy"):
        Policies.load(tmp_path / "policy.yaml")


def test_a_file_may_hold_many_versions(tmp_path: Path) -> None:
    later = changed('version: "1"', 'version: "2"').replace("2020-01-01", "2026-07-01").replace("fee_bp: 500", "fee_bp: 600")
    (tmp_path / "policy.yaml").write_text(f"{later}\n---\n{TEXT}")
    policies = Policies.load(tmp_path / "policy.yaml")
    start = policies.versions[1].effective_from
    assert [policies.version_at(start - timedelta(microseconds=1)), policies.version_at(start)] == ["1", "2"]
    assert [policies.at(start + days).payment.fee_bp for days in (timedelta(-1), timedelta(0), timedelta(1))] == [500, 600, 600]


def test_before_the_first_version_the_first_counts() -> None:
    later = POLICY.model_copy(update={"version": "2", "effective_from": POLICY.effective_from + timedelta(days=1)})
    for policies in (POLICIES, Policies([later, POLICY])):
        assert policies.version_at(datetime(1999, 1, 1, tzinfo=UTC)) == "1"


@pytest.mark.parametrize(("field", "value"), [("version", "1"), ("effective_from", POLICY.effective_from)])
def test_two_versions_that_contradict_each_other_are_refused(field: str, value: object) -> None:
    other = POLICY.model_copy(update={"version": "2", "effective_from": datetime(2026, 1, 1, tzinfo=UTC)} | {field: value})
    with pytest.raises(InvalidPolicy, match=f"same {field}"):
        Policies([POLICY, other])


@given(
    st.lists(st.datetimes(timezones=st.just(UTC)), min_size=1, max_size=6, unique=True), st.datetimes(timezones=st.just(UTC)), st.randoms()
)
def test_the_version_in_force_is_the_last_that_began(starts: list[datetime], time: datetime, chance: Random) -> None:
    versions = [POLICY.model_copy(update={"version": str(number), "effective_from": start}) for number, start in enumerate(starts)]
    expected = max((start for start in starts if start <= time), default=min(starts))
    chance.shuffle(versions)
    assert Policies(versions).at(time).effective_from == expected


def test_every_program_reads_the_policy_that_the_environment_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Services, `laotie explain` and `laotie verify` alike."""
    monkeypatch.delenv("LAOTIE_POLICY", raising=False)
    assert configured().versions[0].version == "1"
    other = tmp_path / "other.yaml"
    other.write_text(changed('version: "1"', 'version: "of-the-shop"'), encoding="utf-8")
    monkeypatch.setenv("LAOTIE_POLICY", str(other))
    assert configured().versions[0].version == "of-the-shop"


def test_a_kind_of_evidence_that_came_later_may_be_missing_and_counts_for_nothing_no_other_r5_5(monkeypatch: pytest.MonkeyPatch) -> None:
    """Documents that are published stay valid for ever; of a release with one more kind they would not be."""
    before = re.sub(r"\n    swapped_parcel:.*", "", TEXT).replace("kinds: [counterfeit, swapped_parcel]", "kinds: [counterfeit]")
    with pytest.raises(InvalidPolicy, match="every kind of evidence has its entry, swapped_parcel has none"):
        parse(before)
    monkeypatch.setattr(document, "LATER", frozenset({"swapped_parcel"}))
    told = partial(found, role="buyer", party="b1", counterparty="s1", fact="o1/c1", at=POLICY.effective_from, event_id=None)
    assert list(told(kind="swapped_parcel", policy=parse(before)[0])) == []
    assert [item.weight for item in told(kind="swapped_parcel", policy=parse(TEXT)[0])] == [-10]


@pytest.mark.parametrize(
    ("path", "rules"),
    [
        *(("zone", "R1.2"), ("lead_minutes", "R2.8, R9.1"), ("order.pay_minutes", "R2.2")),
        *(("order.late", "R2.4"), ("order.late.max_minor", "R2.4"), ("order.late.max_minor.CNY", "R2.4")),
        *(("order.tags.3", "R2.4, R4.7"), ("refund.fund.day_minor.CNY.more", "R4.6"), ("trust.tiers.1.least", "R5.7")),
        *(("refund.guarantees.trust_card.damaged_hours", "R4.7"), ("trust.roles.seller.half_life_days", "R5.2")),
        *(("order", ""), ("order.unheard", ""), ("version", "")),
    ],
)
def test_a_fault_names_the_rule_of_its_value_or_of_the_nearest_section_that_has_some_each_once_r9_1(path: str, rules: str) -> None:
    assert rule_at(path) == (f" ({rules})" if rules else "")


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("confirm_check_days: 20", "confirm_check_days: 40", "order: confirmation is looked at in the order signed, check, latest (R2.5)"),
        ("ship_hours_24h: 24", "ship_hours_24h: 49", "order: the quick shipping promise is longer than the usual one (R2.4)"),
        ("max_minor: {CNY: 20000}", "max_minor: {CNY: 1}", "order.sham: the least amount is above the highest (R2.4)"),
        ("tags: [ship_24h,", "tags: [ship_24h, ship_24h,", "order.tags: something stands twice (R2.4, R4.7)"),
        ("content: 15}", "content: 16}", "trust.roles.seller: dimension weights sum to 101, not to 100 (R5.2, R5.4)"),
        ("name: good, least: 800", "name: good, least: 900", "trust: tiers do not descend to 0 (R5.7)"),
        ("name: fair", "name: new", "trust: two tiers have the same name (R5.7)"),
        ("prior_good: 8 ", "prior_good: 11 ", "trust: the prior's good part is larger than the whole (R5.3)"),
        (SHAM, "", "trust: every role and every kind of evidence has its entry, sham has none (R5.4, R5.5)"),
        (
            "chargeback_lost: {weight: -6, counts_for: {buyer: [fulfilment]}}",
            "chargeback_lost: {weight: -6, counts_for: {buyer: [goods]}}",
            "trust: chargeback_lost counts in ['goods'], which buyer does not have (R5.4, R5.5)",
        ),
        ("kinds: [counterfeit, swapped_parcel]", "kinds: [late, late]", "trust.ceiling.kinds: something stands twice (R5.3)"),
        ("b_points: 10 ", "b_points: 100 ", "trust.violations: class A begins where class B does, or before (R6.1, R5.5, R6.2)"),
    ],
)
def test_values_that_contradict_each_other_are_a_fault_with_its_rule_r9_1(old: str, new: str, fault: str) -> None:
    """As a shop manager reads it who validates a document."""
    with pytest.raises(InvalidPolicy) as refused:
        parse(changed(old, new))
    assert refused.value.faults == (fault,)


def test_an_empty_document_between_the_versions_is_none_of_them_r9_1() -> None:
    assert parse(f"---\n---\n{TEXT}\n---\n") == parse(TEXT)
    assert parse("") == []
