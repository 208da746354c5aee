"""Vouchers that buyer, seller and guarantee fund pay back in any pieces: none that nobody can use stays open. Source: R2.5, R2.6, R4.6."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from services.order.model import ORDER, OrderLine
from services.refund.model import PURCHASE, BoughtLine
from shared.contracts.storefront import RefundRequested
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.refund import life as l
from tests.unit.refund.acts import replaced
from tests.unit.refund.firsts import claimed
from tests.unit.test_cases_together import Street, street
from tests.unit.town import Town
from tests.unit.verify.recorded import checked, wrong

ACTS = ("fund", "fund", "case", "case", "case", "redeemed", "given up", "taken back")


def play(dice: random.Random) -> Street:
    town, units = Street(b.POLICIES), dice.randint(1, 4)
    coupon = dice.choice([0, 0, dice.randint(1, units * 50_00 - 1)])
    placed = b.placed(b.cart(kind="virtual", quantity=units, unit_price_minor=50_00), coupons=[b.coupon(coupon)] if coupon else [])
    town.tell([("placed", placed), ("paid", b.succeeded(units * 50_00 - coupon))])
    for step in range(dice.randint(2, 6)):
        what, some, when = dice.choice(ACTS), dice.randint(1, units), f"06-{2 + 2 * step:02d} 10:00"
        bought: BoughtLine = town.entity("refund", PURCHASE, b.ORDER).lines[1]
        amount = dice.choice([None, max(1, bought.share(some)), dice.randint(1, some * 50_00)])
        if what == "fund":
            town.tell([(f"f{step}", asked(claimed(case_id=f"f{step}", quantity=some, when=when), amount))])
        elif what == "case":
            request = l.requested(f"c{step}", kind="refund_only", ground="negotiated", quantity=some, when=when)
            town.tell([(f"c{step}", asked(request, amount)), (f"a{step}", l.accepted(f"c{step}", when=when.replace("10:", "11:")))])
        elif what == "redeemed":
            town.tell([(f"u{step}", b.redeemed(f"u{step}", quantity=min(some, 2), when=when))])
        else:
            given: Callable[..., Message] = b.seller_cancels if what == "given up" else b.cancel
            town.tell([(f"g{step}", given({1: some}, cancel_id=f"g{step}", when=when))])
    town.advance(b.at("09-01 00:00"))
    return town


def asked(request: RefundRequested, amount_minor: int | None) -> RefundRequested:
    return request.model_copy(update={"amount_minor": amount_minor})


def line(town: Town) -> OrderLine:
    found: OrderLine = town.entity("order", ORDER, b.ORDER).lines[1]
    return found


def in_escrow(town: Town) -> int:
    return sum(row[4] for row in town.services["payment"].rows["posting"] if row[2].startswith("escrow"))


@pytest.mark.parametrize("seed", [*range(16), 27, 109, 118])
def test_a_voucher_is_open_only_while_a_unit_can_be_used_and_once_it_is_over_escrow_is_empty_r2_5_r2_6_r4_6(seed: int) -> None:
    """What stays open can be redeemed, or given up by its seller: what the fund paid is then the fund's again."""
    town = play(random.Random(seed))
    if not line(town).over:
        assert line(town).unsent > line(town).used
        town.tell([("rest", b.seller_cancels(cancel_id="rest", when="09-02 10:00"))])
        town.advance(b.at("10-01 00:00"))
    assert (line(town).over, in_escrow(town), wrong(checked(town))) == (True, 0, [])


@pytest.mark.parametrize("used", [0, 1, 2])
def test_a_voucher_that_is_exchanged_takes_no_other_units_place_r4_10_r2_5(used: int) -> None:
    """Of two, so many used before: what the seller sends for one leaves the rest to be used, and escrow is empty in the end."""
    bought = (b.placed(b.cart(1, 50_00, 2, kind="virtual")), b.succeeded())
    uses = [b.redeemed(f"u{unit}", when="06-01 12:00" if unit < used else "06-06 12:00") for unit in range(2)]
    asked = (l.requested(kind="exchange", ground="quality", quantity=1, when="06-02 10:00"), l.accepted(when="06-02 11:00"))
    back = (l.posted(when="06-02 12:00"), l.confirmed(quantity=1, when="06-03 10:00"))
    town = street(*bought, *uses[:used], *asked, *back, replaced(when="06-03 12:00"), b.signed("r1"), *uses[used:], "09-01 00:00")
    assert (line(town).state, line(town).sent, line(town).used, in_escrow(town)) == ("settled", 0, 2, 0)
    assert (wrong(checked(town)), town.refused(), town.waiting()) == ([], [], [])
