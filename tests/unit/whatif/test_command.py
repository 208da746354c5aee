"""What `laotie policy replay` says: to people, to programs, and of what it cannot read. Source: R9.2."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from deploy.cli import replay
from deploy.cli.main import main
from deploy.whatif import NoReplay, Past
from deploy.whatif.values import differing, standing_in
from shared.contracts.governance import ViolationRecorded
from shared.policy import Policies
from shared.policy.policies import POLICY
from tests.unit import builders as b
from tests.unit.whatif.tape import TapedTown

TEXT = POLICY.read_text(encoding="utf-8")
FIELDS = [
    "schema", "candidate", "in_force", "from", "to", "ends", "read", "values", "otherwise", "differences", "facts", "raised", "decisions",
    "by_rule", "by_seller", "by_promoter", "by_buyer_tier", "accounts", "parties", "scores", "cards_and_suspensions",
    "refusals_come", "refusals_go", "orders_affected", "orders", "assumed",
]  # fmt: skip


@pytest.fixture(scope="module")
def past() -> Past:
    return TapedTown().live(([b.placed(), b.succeeded(), b.shipped(), b.signed(), b.receipt()], "07-01 00:00")).past()


@pytest.fixture
def candidate(tmp_path: Path) -> Path:
    return tmp_path / "candidate.yaml"


def run(monkeypatch: pytest.MonkeyPatch, past: Past, *arguments: str) -> Result:
    """On topics that hold that."""
    monkeypatch.setattr(replay, "running", lambda: None)
    monkeypatch.setattr(replay, "recorded", lambda stack, whole: past)
    monkeypatch.setattr(replay, "policies_of", lambda stack: b.POLICIES)
    return CliRunner().invoke(main, ["policy", "replay", *arguments])


def test_people_read_which_value_moves_which_money_r9_2(monkeypatch: pytest.MonkeyPatch, past: Past, candidate: Path) -> None:
    candidate.write_text(TEXT.replace("fee_bp: 500", "fee_bp: 600"), encoding="utf-8")
    said = run(monkeypatch, past, str(candidate)).output
    assert "payment.fee_bp: 500 -> 600 [R3.3]" in said
    assert "fee                            5.00 ->             6.00 CNY  +1.00" in said
    assert "o1: 1.00 CNY would be elsewhere; buyer b1, tier new" in said
    assert "was:      settled 75.00 CNY, promoter 20.00, platform 5.00, " in said
    assert "would be: settled 74.00 CNY, promoter 20.00, platform 6.00, " in said
    assert "because of payment.fee_bp" in said


OTHERS = ("no_reason_days: 7", "answer_hours: 48", "card_score_min: 700", "replace_hours: 48", "post_days: 10", "quality_days: 15")


def points(day: int) -> ViolationRecorded:
    """Twenty."""
    subject = f"seller:{b.SELLER}"
    return ViolationRecorded(subject_id=subject, violation_id=f"v{day}", kind="off_platform", occurred_at=b.at(f"05-0{day} 10:00"))


def test_people_read_what_a_refused_order_is_refused_for_and_from_when_it_would_be_r6_1_r2_8_r9_2(
    monkeypatch: pytest.MonkeyPatch, candidate: Path
) -> None:
    """Six values more are others, of which none has to do with it; the candidate stands in from the day that is asked for."""
    text = TEXT.replace("remove_points: 100", "remove_points: 60").replace("2020-01-01", "2027-01-01")
    for value in OTHERS:
        assert value in text
        text = text.replace(value, f"{value[:-1]}{int(value[-1]) + 1}")
    candidate.write_text(text, encoding="utf-8")
    past = TapedTown().live(([*(points(day) for day in (1, 2, 3)), b.placed(), b.succeeded()], "06-05 00:00")).past()
    said = run(monkeypatch, past, str(candidate), "--from", "2026-05-02T00:00:00+08:00").output
    assert "removed for good become 60 (R6.1), for what happens from 2026-05-02 00:00" in said
    assert "2027" not in said
    assert "would be: rejected, order.seller_suspended" in said
    assert {line.strip() for line in said.splitlines() if "because of" in line} == {"because of trust.violations.remove_points"}


def test_who_reads_a_few_of_many_values_is_told_that_there_are_more() -> None:
    assert replay._because(list("abcdefg")) == "a, b, c, d, e and 2 more"
    assert replay._because(list("abcde")) == "a, b, c, d, e"


def test_programs_read_a_schema_that_stays_r9_2(monkeypatch: pytest.MonkeyPatch, past: Past, candidate: Path) -> None:
    candidate.write_text(TEXT.replace("fee_bp: 500", "fee_bp: 600"), encoding="utf-8")
    data = json.loads(run(monkeypatch, past, str(candidate), "--json").output)
    assert (list(data), data["schema"]) == (FIELDS, "laotie.whatif.v1")
    assert set(data["by_rule"][0]) == {"rule", "decisions", "granted", "refused", "promises", "money"}
    assert set(data["by_rule"][0]["money"][0]) == {"what", "currency", "recorded_minor", "candidate_minor", "difference_minor"}
    assert set(data["orders"][0]) == {
        *("order_id", "buyer_id", "buyer_tier", "placed_at", "currency", "moved_minor", "accounts", "decisions"),
    }
    assert set(data["orders"][0]["decisions"][0]) == {"what", "id", "rule", "seller", "promoter", "recorded", "candidate", "because"}


def test_the_policy_in_force_says_that_nothing_differs_r9_2(monkeypatch: pytest.MonkeyPatch, past: Past) -> None:
    result = run(monkeypatch, past, str(POLICY))
    assert (result.exit_code, result.output.splitlines()[-1]) == (0, "nothing differs")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (TEXT.replace("fee_bp: 500", "fee_pb: 500"), "payment.fee_bp: Field required"),
        (TEXT.replace("fee_bp: 500", "fee_bp: half"), "payment.fee_bp: Input should be a valid integer"),
        (TEXT.replace("fee_bp: 500", "fee_bp: 500\n  fee_bp: 600"), "['fee_bp'] stands twice"),
        ("", "there is no policy"),
        ("{", "expected"),
    ],
)
def test_a_bad_candidate_is_refused_and_the_field_named_r9_2(
    monkeypatch: pytest.MonkeyPatch, past: Past, candidate: Path, text: str, says: str
) -> None:
    candidate.write_text(text, encoding="utf-8")
    result = run(monkeypatch, past, str(candidate))
    assert (result.exit_code, says in result.output) == (1, True)
    assert result.output.startswith(f"Error: {candidate}: ")


def test_a_file_that_is_not_there_or_no_text_is_refused(monkeypatch: pytest.MonkeyPatch, past: Past, candidate: Path) -> None:
    assert run(monkeypatch, past, str(candidate)).output == f"Error: {candidate}: No such file or directory\n"
    candidate.write_bytes(b"\xff\xfe\x00")
    assert run(monkeypatch, past, str(candidate)).exit_code == 1
    assert run(monkeypatch, past, str(candidate.parent)).output == f"Error: {candidate.parent}: Is a directory\n"


def test_a_span_that_ends_before_it_begins_is_wrong_usage(monkeypatch: pytest.MonkeyPatch, past: Past) -> None:
    span = ("--from", "2026-07-01T00:00:00Z", "--to", "2026-06-01T00:00:00Z")
    assert run(monkeypatch, past, str(POLICY), *span).exit_code == 2
    assert "has no zone" in run(monkeypatch, past, str(POLICY), "--from", "2026-07-01T00:00:00").output


def test_what_cannot_be_replayed_ends_with_its_code_r9_2(monkeypatch: pytest.MonkeyPatch, past: Past) -> None:
    def none(stack: object, *, whole: bool) -> Past:
        raise NoReplay("halt.replay_shortened", "psp.v1/3 begins at offset 17: what was before it is gone")

    monkeypatch.setattr(replay, "running", lambda: None)
    monkeypatch.setattr(replay, "recorded", none)
    result = CliRunner().invoke(main, ["policy", "replay", str(POLICY)])
    assert (result.exit_code, result.output) == (
        1,
        "Error: halt.replay_shortened: psp.v1/3 begins at offset 17: what was before it is gone\n",
    )


def version(name: str, begins: str, fee_bp: int) -> Policies:
    policy = b.with_policy("payment", fee_bp=fee_bp).versions[0]
    return Policies([policy.model_copy(update={"version": name, "effective_from": b.at(begins)})])


def test_a_candidate_stands_in_for_every_version_since_under_their_names_r9_1() -> None:
    in_force = Policies([*version("1", "01-01 00:00", 500).versions, *version("2", "06-01 00:00", 550).versions])
    policies, names = standing_in(in_force, version("9", "01-01 00:00", 600), b.at("05-01 00:00"))
    assert [(one.version, one.effective_from, one.payment.fee_bp) for one in policies.versions] == [
        ("1", b.at("01-01 00:00"), 500),
        ("1.instead-1", b.at("05-01 00:00"), 600),
        ("2", b.at("06-01 00:00"), 600),
    ]
    assert names == {b'"1.instead-1"': b'"1"'}
    whole, none = standing_in(in_force, version("9", "01-01 00:00", 600), None)
    assert ([(one.version, one.payment.fee_bp) for one in whole.versions], none) == ([("1", 600), ("2", 600)], {})


def test_the_file_that_was_in_force_stands_in_for_itself_r9_1() -> None:
    in_force = Policies([*version("1", "01-01 00:00", 500).versions, *version("2", "06-01 00:00", 550).versions])
    policies, names = standing_in(in_force, in_force, None)
    assert (policies.versions, names) == (in_force.versions, {})
    assert differing(in_force, in_force, None) == []
