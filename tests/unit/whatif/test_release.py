"""What an older release recorded and this one decides otherwise: a what-if halts, or lets this one decide both sides. Source: R9.2.

The older release is played by other values under the same version: deadlines, verdicts and money come out otherwise, as after a mend.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.cli.replay import lines
from deploy.whatif import NoReplay, whatif
from deploy.whatif.desk import Decided
from deploy.whatif.differs import said
from deploy.whatif.retrace import Retrace
from deploy.whatif.route import Delivery
from services.trust import decide
from shared.contracts.member import VoteCast
from shared.contracts.payment import PayoutContradicted
from shared.contracts.vote import VoterNoted
from shared.messaging.message import Message
from shared.policy import Policies
from tests.unit import builders as b
from tests.unit.test_shuffled_lives import ENDS, Life, lives, mixed
from tests.unit.whatif.tape import TapedTown
from tests.unit.whatif.test_other import DAY, END, OTHER, changed, of, returned
from tests.unit.whatif.test_versions import perturbed

STEPS: tuple[tuple[list[Message], str], ...] = (
    ([*DAY, *of(OTHER, DAY)], "06-05 00:00"),
    ([*of(OTHER, returned("06-06 10:00")), *returned("06-09 10:00")], END),
)
COMPARED = ("by_rule", "by_seller", "by_promoter", "accounts", "parties", "scores", "refusals_come", "refusals_go", "orders")
CANDIDATE = changed("payment.fee_bp", 700)


def compared(town: TapedTown) -> dict[str, Any]:
    data = whatif(town.past(whole=True), b.POLICIES, CANDIDATE).data()
    return {name: data[name] for name in COMPARED}


OLDER = [("refund.no_reason_days", 3), ("payment.fee_bp", 600), ("order.confirm_signed_days", 7), ("payment.settle_days", 3)]


@pytest.mark.parametrize(("path", "value"), OLDER)
def test_what_an_older_release_decided_otherwise_halts_or_is_decided_by_this_one_on_both_sides_r9_2(path: str, value: int) -> None:
    old, true = TapedTown(changed(path, value)).live(*STEPS), TapedTown().live(*STEPS)
    with pytest.raises(NoReplay, match=r"halt\.replay_differs"):
        whatif(old.past(), b.POLICIES, b.POLICIES)
    again = whatif(old.past(whole=True), b.POLICIES, b.POLICIES)
    assert again.differences == 0
    assert again.otherwise
    assert compared(old) == compared(true)


def test_where_nothing_is_otherwise_it_is_as_without_r9_2() -> None:
    town = TapedTown().live(*STEPS)
    assert whatif(town.past(whole=True), b.POLICIES, CANDIDATE).data() == whatif(town.past(), b.POLICIES, CANDIDATE).data()


def test_what_stands_aside_is_gone_through_once_however_much_is_otherwise_r9_2(monkeypatch: pytest.MonkeyPatch) -> None:
    passes: list[Retrace] = []
    left = Retrace._left

    def counted(trace: Retrace) -> list[Delivery]:
        passes.append(trace)
        return left(trace)

    monkeypatch.setattr(Retrace, "_left", counted)
    town = TapedTown(changed(*OLDER[1])).live(*STEPS)
    assert len(whatif(town.past(whole=True), b.POLICIES, b.POLICIES).otherwise) > 1
    assert len(passes) == len({id(trace) for trace in passes})


def played_by(policies: Policies, played: Life, dice: random.Random | None = None) -> TapedTown:
    town = TapedTown(policies, dice)
    for number, (events, end) in enumerate(zip(played.steps, ENDS, strict=True)):
        told = [(f"e{number}-{place}", event) for place, event in enumerate(events)]
        town.tell(mixed(told, dice) if dice is not None else told)
        town.advance(b.at(end))
    return town


@settings(max_examples=3, deadline=None)
@given(lives(), st.integers(0, 2**32))
def test_whatever_an_older_release_did_a_candidate_differs_from_this_one_alone_r9_2(played: Life, seed: int) -> None:
    """Nothing differs where the candidate is what was in force, however topics raced; else all that differs where this one had run then."""
    dice = random.Random(seed)
    older = Policies([perturbed(dice, b.POLICY.version, b.POLICY.effective_from)])
    assert whatif(played_by(older, played, dice).past(whole=True), b.POLICIES, b.POLICIES).differences == 0
    assert compared(played_by(older, played)) == compared(played_by(b.POLICIES, played))


def test_a_release_that_said_less_is_borne_with_r6_3_r9_2(monkeypatch: pytest.MonkeyPatch) -> None:
    """Votes once made no note of the voter."""
    cast = VoteCast(buyer_id="b1", vote_id="v1", promoter_id="k1", occurred_at=b.at("06-01 10:00"))
    today: Callable[..., Iterable[Message]] = decide.vote  # type: ignore[assignment]
    monkeypatch.setattr(decide, "vote", lambda *given: tuple(fact for fact in today(*given) if not isinstance(fact, VoterNoted)))
    town = TapedTown().live(([cast], "06-02 00:00"))
    monkeypatch.undo()
    report = whatif(town.past(whole=True), b.POLICIES, b.POLICIES)
    assert report.differences == 0
    assert report.otherwise == [
        "trust took vote.cast of b1: recorded is vote.noted + vote.given, decided again it is vote.noted + voter.noted + vote.given"
    ]


def test_what_follows_from_nothing_recorded_halts_all_the_same_r9_2() -> None:
    town = TapedTown().live(*STEPS)
    town.tape.entries = [entry for entry in town.tape.entries if entry.type != "payment.succeeded"]
    with pytest.raises(NoReplay, match=r"halt\.replay_differs"):
        whatif(town.past(whole=True), b.POLICIES, b.POLICIES)


def test_people_are_told_how_much_is_otherwise_r9_2() -> None:
    report = whatif(TapedTown(changed("payment.fee_bp", 600)).live(*STEPS).past(whole=True), b.POLICIES, b.POLICIES)
    said = "\n".join(lines(report))
    assert (
        f"{len(report.otherwise)} decisions are otherwise than an older release recorded; what was is what this one makes of it\n" in said
    )
    assert f"  {report.otherwise[0]}\n" in said
    assert said.endswith("nothing differs")


def test_facts_that_differ_in_their_fields_alone_say_in_which_r9_2() -> None:
    old = TapedTown(changed("payment.fee_bp", 600)).live(*STEPS)
    otherwise = whatif(old.past(whole=True), b.POLICIES, b.POLICIES).otherwise
    assert any(
        "decided again it is order.accepted + order.attributed + order.attributed with another lines" in line for line in otherwise
    ), otherwise
    with pytest.raises(NoReplay, match=r"order.attributed with other content"):
        whatif(old.past(), b.POLICIES, b.POLICIES)


def test_a_refusal_by_the_name_of_a_fact_is_not_taken_for_that_fact_r9_2() -> None:
    """`payout.contradicted` is both: what an older release refused with it may be told by this one."""
    event = b.succeeded()
    what: dict[str, Any] = {"party": "s1", "payout_id": "p1", "currency": "CNY", "amount_minor": 5, "held_minor": 5}
    fact = PayoutContradicted(**what, occurred_at=event.occurred_at)
    refused = Delivery(1, -1, "e1", "psp", event, False, [], PayoutContradicted.type, 0, 0)
    words = said(TapedTown(b.POLICIES).live(*STEPS).past(), refused, event, Decided((fact,), (1,), (None,), {}), "")
    assert words.endswith("recorded is code payout.contradicted, decided again it is payout.contradicted")
