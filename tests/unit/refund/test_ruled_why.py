"""Why the platform ruled so, for both sides: told with the verdict, and nothing but told. Source: R4.11, R3.5, R4.6, R2.4."""

from __future__ import annotations

import pytest

from shared.contracts.dispute import CaseAppealEnded, CaseRuled
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.refund import acts as a
from tests.unit.refund import firsts
from tests.unit.refund.life import STUCK
from tests.unit.refund.matrix import shop
from tests.unit.refund.test_fund import waiting

WHY = "照片与聊天记录一致, as both sides said"
HEARD = (*a.DISPUTED, a.HEARD)


def verdicts(facts: tuple[Message, ...]) -> list[str]:
    return [fact.reason for fact in facts if isinstance(fact, CaseRuled | CaseAppealEnded)]


def unsaid(facts: tuple[Message, ...]) -> list[Message]:
    return [fact.model_copy(update={"reason": ""}) if isinstance(fact, CaseRuled | CaseAppealEnded) else fact for fact in facts]


@pytest.mark.parametrize("upheld", [True, False])
@pytest.mark.parametrize("won", [True, False])
def test_rulings_on_a_dispute_and_its_appeal_say_why_and_decide_as_without_words_r4_11(upheld: bool, won: bool) -> None:
    appeals = a.appealed_by_seller() if upheld else a.appealed()
    wordy, silent = (
        tuple(shop(*HEARD, a.ruled(upheld, reason=why), appeals, a.appeal_ruled(won, reason=why and f"{why}!")).facts) for why in (WHY, "")
    )
    assert verdicts(wordy) == [WHY, f"{WHY}!"]
    assert unsaid(wordy) == list(silent)


@pytest.mark.parametrize("upheld", [True, False])
def test_so_does_one_on_a_refund_that_the_provider_failed_r3_5(upheld: bool) -> None:
    assert verdicts(tuple(shop(*STUCK, a.ruled(upheld, when="06-23 12:00", reason=WHY)).facts)) == [WHY]


@pytest.mark.parametrize("upheld", [True, False])
def test_so_does_one_on_what_the_fund_does_not_pay_by_itself_r4_6(upheld: bool) -> None:
    assert verdicts(tuple(waiting(firsts.ruled(upheld=upheld, reason=WHY)).facts)) == [WHY]


def test_a_default_judgment_has_no_words_r4_11() -> None:
    memory = shop(*HEARD)
    memory.advance(b.at("06-28 12:00:05"))
    assert verdicts(tuple(memory.facts)) == [""]
