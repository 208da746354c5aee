"""What is promised for a line, and how a claim is judged by it: the rules alone, without the machine. Times: Shanghai, 2026."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from services.refund import rules
from services.refund.rules.claim import Bought, Claim
from shared.contracts.certificate import Guarantee
from shared.contracts.storefront import CaseKind, Ground
from shared.contracts.types import Line
from shared.messaging.shape import Reject, Wait
from tests.unit import builders as b

SIGNED = b.at("06-16 23:59:59")
SECOND = timedelta(seconds=1)
CARD = "card1"
OFFERED = ("refund_without_return", "return_freight", "damaged_refund", "authentic_x9")


def bought(card: str | None = CARD, score: int = b.POLICY.trust.score_at_start, currency: str = "CNY") -> Bought:
    return Bought(b.at(b.PLACED), "" if card is not None else "trust_card.no_card", score, currency, b.TERMS)


def promise(name: str, line: Line | None = None, of: Bought | None = None) -> Guarantee:
    (found,) = [
        rule.promise(line or b.line(tags=OFFERED), of or bought(), b.POLICY.refund) for rule in rules.CATALOGUE if rule.name == name
    ]
    return found


def claim(when: datetime, kind: CaseKind = "return_and_refund", **fields: Any) -> Claim:
    return Claim(when, SIGNED, b.ZONE, **{"kind": kind, "card": True, "sent": 1, **fields})


def judged(kind: CaseKind, ground: Ground, claimed: Claim, line: Line | None = None, of: Bought | None = None) -> Reject | Wait | None:
    rule = rules.find(kind, ground)
    assert rule is not None
    return rule.judge(promise(rule.name, line, of), claimed)
