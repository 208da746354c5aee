"""Corruptions of what is paid, and when, that take more than one step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from deploy.verify.money import SUMMED
from shared.contracts.chargeback import ChargebackReceived, OrderDisputed
from shared.contracts.order import OrderAccepted, OrderPaid, ShippingLate
from shared.contracts.owed import CompensationGranted, SellerReimbursed
from shared.contracts.payment import (
    AccountCharged,
    AccountCredited,
    CompensationDone,
    CompensationInstructed,
    EscrowFunded,
    PayoutDone,
    RefundDone,
    RefundNotPaid,
    RefundReserved,
)
from shared.contracts.refund import CaseClosed, CaseOpened, RefundGranted
from shared.contracts.types import SettleDays
from tests.unit import builders as b
from tests.unit.verify.damaged import Copy, Which, more, moved, of_order


def a_cancelled_unit_that_was_not_paid_back(copy: Copy) -> None:
    """The provider's yes is told as its no."""
    done = copy.find(RefundDone, lambda fact: fact.order_id == "gone" and fact.line_no == 1)
    assert isinstance(done.event, RefundDone)
    said = {"order_id": "gone", "refund_id": done.event.refund_id, "line_no": 1, "reason": "account closed"}
    refused = RefundNotPaid.model_validate({**said, "occurred_at": done.event.occurred_at})
    copy.put(done, [replace(done, type=refused.type, event=refused, value=refused.to_json())])


def a_payout_with_a_day_more_to_be_stated(copy: Copy) -> None:
    """One of which the timer still stands."""
    looks = copy.tables.looks
    done = copy.find(PayoutDone, lambda fact: f"{fact.party}/{fact.payout_id}" in looks)
    assert isinstance(done.event, PayoutDone)
    copy.forge(PayoutDone, lambda fact: fact == done.event, stated_by=lambda at: at + timedelta(days=1))


def a_tier_that_nobody_told_of(copy: Copy) -> None:
    _of_tier(copy, SettleDays(seller_id="s1", days=3, tier="excellent", effective_from=b.at("05-01 00:00")))


def a_newcomer_with_days_of_its_own(copy: Copy) -> None:
    _of_tier(copy, SettleDays(seller_id="s1", days=3, tier="new"))


def _of_tier(copy: Copy, made_up: SettleDays) -> None:
    """And so say all that carry the terms."""
    for kind in (OrderAccepted, OrderPaid):
        copy.forge(kind, of_order("own"), terms=lambda terms: terms.model_copy(update={"settle_days_of": (made_up,)}))
    copy.forge(EscrowFunded, of_order("own"), settle_days_of=(made_up,))


def a_seller_who_was_not_asked(copy: Copy) -> None:
    copy.forge(RefundGranted, of_order("split"), by="promise")


def a_fen_that_stays_in_escrow(copy: Copy) -> None:
    """Of what the fund had paid for a unit that was cancelled with another."""
    back = moved({"escrow:voucher": 1, "platform:guarantee_fund": -1})
    copy.forge(RefundDone, lambda fact: fact.restored_minor > 0, restored_minor=more(-1), moves=back)


def a_chargeback_of_another_amount(copy: Copy) -> None:
    copy.forge(ChargebackReceived, amount_minor=more(1))


def a_fen_less_than_a_bank_left(copy: Copy) -> None:
    """Set aside, paid, and so told by the case."""
    clipped = copy.find(RefundReserved, lambda fact: fact.asked_minor is not None and fact.cancelled_at is None)
    refund = clipped.event
    assert isinstance(refund, RefundReserved)
    copy.forge(RefundReserved, lambda fact: fact == refund, buyer_minor=more(-1))
    moves = moved({f"escrow:{refund.order_id}": 1, "psp:cash": -1})
    this: Which = lambda fact: fact.refund_id == refund.refund_id  # noqa: E731
    copy.forge(RefundDone, this, amount_minor=more(-1), bank_minor=more(1), moves=moves)
    copy.forge(CaseClosed, of_order(refund.order_id), refunded_minor=more(-1), bank_minor=more(1))


def a_fen_of_a_bank(copy: Copy) -> None:
    copy.forge(CaseClosed, lambda fact: fact.bank_minor > 0, refunded_minor=more(-1), bank_minor=more(1))


def a_floor_for_each_claim(copy: Copy) -> None:
    """The second unit's costs 500.00 too, in place of what both cost beyond that. And so says all that follows from it."""
    second: Callable[[Any], bool] = lambda fact: fact.order_id == "fake" and fact.amount_minor == 70_00  # noqa: E731
    for kind in (CompensationGranted, CompensationInstructed):
        copy.forge(kind, second, amount_minor=more(430_00))
    paid = moved({"platform:advance": -430_00, "psp:cash": 430_00})
    copy.forge(CompensationDone, second, amount_minor=more(430_00), moves=paid)
    copy.forge(AccountCharged, second, amount_minor=more(430_00))


def a_card_that_nobody_was_granted(copy: Copy) -> None:
    copy.forge(CaseOpened, of_order("fake"), card=True)


def a_fen_more_than_a_case_cost(copy: Copy) -> None:
    """And so says what its account is told."""
    moves = moved({"platform:guarantee_fund": -1, "balance:s6": 1})
    copy.forge(SellerReimbursed, of_order("won"), refund_minor=more(1), moves=moves)
    copy.forge(AccountCredited, of_order("won"), amount_minor=more(1))


def what_was_settled_later_is_not_made_good(copy: Copy) -> None:
    copy.lose(SellerReimbursed, lambda fact: fact.granted_as is not None)
    copy.lose(AccountCredited, lambda fact: fact.party == "s6" and fact.amount_minor == 5_00)


def a_seller_called_late_for_what_a_bank_disputes(copy: Copy) -> None:
    """Told behind the dispute, in the words of another order's."""
    disputed, late = copy.find(OrderDisputed, of_order("denied")), copy.find(ShippingLate, of_order("late")).event
    assert isinstance(late, ShippingLate)
    paid: Any = copy.find(OrderPaid, of_order("denied")).event
    fact = late.model_copy(
        update={"order_id": "denied", "base_minor": 21_22, "occurred_at": paid.occurred_at + timedelta(hours=late.hours)}
    )
    copy.put(disputed, [disputed, replace(disputed, id="late-denied", type=fact.type, event=fact, value=fact.to_json())])


def a_sum_that_is_too_large(copy: Copy) -> None:
    """As the database's owner may write it: the ledger's check would let the account be overdrawn by that."""
    rows = [row for row in copy.tables.postings if row.account.startswith(SUMMED)]
    sums: Counter[tuple[str, str]] = Counter()
    for row in rows:
        sums[(row.account, row.currency)] += row.amount_minor
    sums[(rows[0].account, rows[0].currency)] += 1
    copy.tables = replace(copy.tables, sums=sums)
