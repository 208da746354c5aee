"""Money alone is agreed to for a line in the moment in which its units are cancelled: through all four services. Source: R3.5, R2.1."""

from __future__ import annotations

import random

import pytest

from services.payment.model import PAYMENT
from shared.contracts.payment import RefundDone
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.payment.test_handling import handled
from tests.unit.refund import life as l
from tests.unit.test_cases_together import Street
from tests.unit.test_refund_or_goods import fine


@pytest.mark.parametrize("by_seller", [False, True])
@pytest.mark.parametrize("failures", [0, 1])
@pytest.mark.parametrize("seed", range(12))
def test_all_that_was_paid_goes_back_whoever_is_heard_first_and_never_more_r3_5(seed: int, failures: int, *, by_seller: bool) -> None:
    """Unless the order knows of the case: then it cancels nothing. One that the provider does not pay is paid by hand."""
    money = l.requested(kind="refund_only", ground="negotiated", quantity=2, when="06-04 13:00").model_copy(update={"amount_minor": 50_00})
    taken: Message = b.cancel({1: 2}, b.PAYMENT_ID, when="06-04 13:00")
    given_up = b.seller_cancels({1: 2}, payment_id=b.PAYMENT_ID, when="06-04 13:00")
    town = Street(b.POLICIES, random.Random(seed))
    town.tell((one.type, one) for one in (b.placed(b.cart(quantity=2)), b.succeeded(200_00)))
    town.failures = failures
    town.tell((one.type, one) for one in (money, l.accepted(when="06-04 13:00"), given_up if by_seller else taken))
    town.advance(b.at("06-20 00:00"))
    known = [code for _, code in town.refused()] == ["cancel.case_open"]
    refunds = town.entity("payment", PAYMENT, b.ORDER).refunds
    (waits, *_) = [name for name, one in refunds.items() if one.cancelled and one.waits] or [""]
    town.tell([("h", handled(waits, when="06-20 10:00"))] if waits else [])
    back = sum(fact.amount_minor for _, fact in town.services["payment"].out if isinstance(fact, RefundDone))
    assert back == (50_00 * (1 - failures) if known else 200_00)
    assert fine(town)[2] == []
