"""What the trust service refuses, and what it has wait."""

from __future__ import annotations

from shared.contracts.explained import ScoreExplanationRequested
from shared.contracts.member import TrustCardClaimed
from tests.unit import builders as b
from tests.unit.refusals.judged import Life, Row, Waiting
from tests.unit.refusals.of_order import NEXT
from tests.unit.trust.rulebook import appeal, lesson, uphold, violation, void
from tests.unit.trust.test_votes import vote


def explained(subject_id: str, when: str = NEXT) -> ScoreExplanationRequested:
    return ScoreExplanationRequested(subject_id=subject_id, request_id="r1", occurred_at=b.at(when))


def card(claim_id: str, when: str = NEXT) -> TrustCardClaimed:
    return TrustCardClaimed(buyer_id=b.BUYER, claim_id=claim_id, occurred_at=b.at(when))


HELD = Life((violation("v1"), violation("v2"), lesson("l1"), violation("old", when="05-01 10:00")))
LIVES = {
    "violations": HELD,
    "voided": HELD.then(void("v1")),
    "appeals": HELD.then(appeal("v1")),
    "upheld": HELD.then(appeal("v1"), appeal("v2"), uphold("v1")),
    "card claimed": Life((card("w1", "06-01 10:00"),)),
    "voted": Life((vote("b9", "k9"),)),
}
ROWS = [
    Row("card.claim_known", "card claimed", card("w1"), card("w2")),
    Row("score.subject_unknown", "violations", explained("seller:nobody"), explained("seller:s1")),
    Row("study.known", "violations", lesson("l1", 50), lesson("l2", 50)),
    Row("violation.appeal_ended", "voided", appeal("v1"), appeal("v2")),
    Row("violation.appeal_ended", "upheld", uphold("v1"), uphold("v2")),
    Row("violation.appeal_known", "appeals", appeal("v1", "06-03 10:00"), appeal("v2", "06-03 10:00")),
    Row("violation.appeal_too_early", "violations", appeal("v1", "06-01 09:59"), appeal("v1", "06-01 10:00")),
    Row("violation.appeal_too_early", "appeals", uphold("v1", "06-02 09:59"), uphold("v1", "06-02 10:00")),
    Row("violation.appeal_too_late", "violations", appeal("v1", "06-08 10:00"), appeal("v1", "06-08 09:59")),
    Row("violation.kind_unknown", "violations", violation("v3", kind="bad_mood"), violation("v3")),
    Row("violation.known", "violations", violation("v1", 5), violation("v3", 5)),
    Row("violation.points_differ", "violations", violation("v3", 15), violation("v3", 10)),
    Row("violation.void_known", "voided", void("v1", "06-06 10:00"), void("v2", "06-06 10:00")),
    Row("vote.day_used", "voted", vote("b9", "k8", "other"), vote("b8", "k8", "other")),
    Row("vote.for_oneself", "voted", vote("k7", "k7"), vote("k7", "k9")),
    Row("vote.known", "voted", vote("b9", "k9"), vote("b8", "k9")),
]
WAITS = [
    Waiting("violation.before_appealed", "violations", uphold("v1"), (appeal("v1"),)),
    Waiting("violation.before_recorded", "none", appeal("v1"), (violation("v1"),)),
]
