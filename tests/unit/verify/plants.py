"""Corruptions that take more than one step: what a thorough forger would do."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from deploy.verify.log import Entry
from shared.contracts.certificate import CertificateIssued, recomputed
from shared.contracts.chargeback import ChargebackDebited, RefundHeld
from shared.contracts.order import OrderAccepted, OrderPaid, ShippingLate
from shared.contracts.owed import CompensationGranted, CouponRestored
from shared.contracts.payment import (
    AccountCharged,
    BalanceDebited,
    CompensationDone,
    CompensationInstructed,
    DebtRepaid,
    EscrowFunded,
    LineSettled,
    RefundDone,
    RefundInstructed,
    RefundReserved,
)
from shared.contracts.psp import PaymentSucceeded
from shared.contracts.storefront import OrderPlaced
from shared.contracts.trust import EvidenceFound, EvidenceVoided, ScoreChanged, ScoreLooked
from shared.contracts.types import Line, Moves, Part
from tests.unit.verify.damaged import Copy, more, moved, of_order


def in_lines(**changes: Callable[[Any], Any]) -> Callable[[tuple[Line, ...]], tuple[Line, ...]]:
    """Of the first line."""

    def change(lines: tuple[Line, ...]) -> tuple[Line, ...]:
        first = lines[0].model_copy(update={name: one(getattr(lines[0], name)) for name, one in changes.items()})
        return first, *lines[1:]

    return change


def parts(**changes: Callable[[Any], Any]) -> Callable[[tuple[Part, ...]], tuple[Part, ...]]:
    def change(found: tuple[Part, ...]) -> tuple[Part, ...]:
        first = found[0].model_copy(update={name: one(getattr(found[0], name)) for name, one in changes.items()})
        return first, *found[1:]

    return change


def a_fen_of_a_coupon_on_another_line(copy: Copy) -> None:
    """In all three facts that carry the lines, so that they agree."""

    def change(lines: tuple[Line, ...]) -> tuple[Line, ...]:
        one, other = lines
        return _discounted(one, -1), _discounted(other, 1)

    for kind in (OrderAccepted, OrderPaid, EscrowFunded):
        copy.forge(kind, of_order("gone"), lines=change)


def _discounted(line: Line, more_minor: int) -> Line:
    first = line.discounts[0].model_copy(update={"amount_minor": line.discounts[0].amount_minor + more_minor})
    return line.model_copy(update={"discounts": (first,), "paid_minor": line.paid_minor - more_minor})


def _second(**changes: Any) -> Callable[[tuple[Line, ...]], tuple[Line, ...]]:
    return lambda lines: (lines[0], lines[1].model_copy(update=changes))


def a_gift_that_need_not_go_back(copy: Copy) -> None:
    """In all that was told of the lines."""
    for kind in (OrderAccepted, OrderPaid, EscrowFunded):
        copy.forge(kind, of_order("gift"), lines=_second(gift_of=None))


def a_cap_of_a_fen_more(copy: Copy) -> None:
    for kind in (OrderAccepted, OrderPaid, EscrowFunded):
        copy.forge(kind, of_order("gift"), lines=in_lines(without_return_cap_minor=more(1)))


def a_gift_of_itself(copy: Copy) -> None:
    """And so says the cart, each time that it was sent."""
    for kind in (OrderPlaced, OrderPlaced, OrderAccepted, OrderPaid, EscrowFunded):
        copy.forge(kind, lambda fact: fact.order_id == "gift" and fact.lines[1].gift_of == 1, lines=_second(gift_of=2))


def a_gift_that_costs_a_fen_more(copy: Copy) -> None:
    """With a hash that fits."""
    forged = copy.forge(
        CertificateIssued, of_order("gift"), lines=lambda lines: (lines[0], lines[1].model_copy(update={"gift_minor": 15_01}))
    )
    assert isinstance(forged.event, CertificateIssued)
    value = json.loads(forged.event.to_json())
    copy.forge(CertificateIssued, of_order("gift"), terms_sha256=lambda _: recomputed(value))


def a_promise_of_a_day_more(copy: Copy) -> None:
    """With a hash that fits."""
    forged = copy.forge(CertificateIssued, of_order("split"), guarantees=parts(days=more(1))).event
    assert isinstance(forged, CertificateIssued)
    copy.forge(CertificateIssued, of_order("split"), terms_sha256=lambda _: recomputed(json.loads(forged.to_json())))


def a_counterfeit_that_costs_a_fen_less(copy: Copy) -> None:
    """And so says all that follows from it."""
    for kind in (CompensationGranted, CompensationInstructed):
        copy.forge(kind, of_order("fake"), amount_minor=more(-1))
    paid = moved({"platform:advance": 1, "psp:cash": -1})
    copy.forge(CompensationDone, of_order("fake"), amount_minor=more(-1), moves=paid)
    copy.forge(AccountCharged, of_order("fake"), amount_minor=more(-1))


def an_escrow_funded_with_another_amount(copy: Copy) -> None:
    copy.forge(EscrowFunded, of_order("late"), lines=in_lines(paid_minor=more(1)), moves=moved({"psp:cash": -1, "escrow:late": 1}))


def a_coupon_that_is_kept(copy: Copy) -> None:
    copy.lose(CouponRestored)
    copy.renumber("refund.v1")


def a_fen_of_a_settlement_for_the_promoter(copy: Copy) -> None:
    shift = moved({"balance:s1": -1, "balance:k1": 1})
    copy.forge(LineSettled, of_order("split"), seller_minor=more(-1), promoter_minor=more(1), moves=shift)


def a_fen_of_a_subsidy_for_the_buyer(copy: Copy) -> None:
    reserved = copy.forge(RefundReserved, of_order("split"), platform_minor=more(-1), buyer_minor=more(1)).event
    assert isinstance(reserved, RefundReserved)
    for kind in (RefundInstructed, RefundDone):
        copy.forge(kind, lambda fact: fact.refund_id == reserved.refund_id, amount_minor=more(1))
    copy.forge(RefundDone, of_order("split"), moves=moved({"platform:subsidy": -1, "psp:cash": 1}))


def a_subsidy_that_stays_in_escrow(copy: Copy) -> None:
    copy.forge(RefundReserved, of_order("split"), platform_minor=more(-1))
    copy.forge(RefundDone, of_order("split"), moves=moved({"platform:subsidy": -1, "escrow:split": 1}))


def a_refund_paid_twice(copy: Copy) -> None:
    copy.repeat(RefundInstructed, of_order("split"))
    copy.repeat(RefundDone, of_order("split"))


def a_late_compensation_that_is_a_yuan_more(copy: Copy) -> None:
    copy.forge(ShippingLate, of_order("late"), amount_minor=more(100))
    copy.forge(CompensationInstructed, of_order("late"), amount_minor=more(100))
    copy.forge(CompensationDone, of_order("late"), amount_minor=more(100), moves=moved({"platform:advance": -100, "psp:cash": 100}))


def a_share_that_the_promoter_returns_for_the_platform(copy: Copy) -> None:
    copy.forge(RefundReserved, lambda fact: fact.fronted, commission_minor=more(1), fee_minor=more(-1))


def a_compensation_paid_twice(copy: Copy) -> None:
    copy.repeat(CompensationDone)


def a_balance_debited_though_the_deposit_was_used(copy: Copy) -> None:
    which = _from_deposit
    copy.forge(BalanceDebited, which, from_deposit_minor=more(-1), as_debt_minor=more(1), moves=moved({"deposit:s1": 1, "debt:s1": -1}))


def _from_deposit(fact: BalanceDebited) -> bool:
    return fact.from_deposit_minor > 0 and fact.party == "s1"


def an_income_that_fills_the_deposit_before_it_repays_debt(copy: Copy) -> None:
    copy.forge(DebtRepaid, amount_minor=more(-1), moves=moved({"balance:s1": 1, "debt:s1": -1}))


def a_swallowed_payment(copy: Copy) -> None:
    copy.forget("order", copy.find(PaymentSucceeded, of_order("late")).id)


def a_payment_that_the_provider_told_otherwise(copy: Copy) -> None:
    """Both times that it was sent."""
    for _ in range(2):
        copy.forge(PaymentSucceeded, lambda fact: fact.order_id == "late" and fact.amount_minor == 91_10, amount_minor=more(-1))


def a_refund_that_never_was(copy: Copy) -> None:
    """All that is told of it in payment's topic is gone, and what is left is numbered anew."""
    for kind in (RefundReserved, RefundInstructed, RefundDone):
        copy.lose(kind, of_order("split"))
    copy.renumber("payment.v1")


def a_share_beyond_what_the_promoter_got(copy: Copy) -> None:
    copy.forge(RefundReserved, lambda fact: fact.fronted, commission_minor=more(100_00), fee_minor=0)


def a_fact_told_again_under_its_id(copy: Copy) -> None:
    copy.repeat(LineSettled, of_order("own"), copy.find(LineSettled, of_order("own")).id)


def an_unbalanced_transaction(copy: Copy) -> None:
    """One that our own classes would not read."""

    def change(moves: Moves) -> Moves:
        first = moves.postings[0].model_copy(update={"amount_minor": moves.postings[0].amount_minor - 1})
        return Moves.model_construct(currency=moves.currency, postings=(first, *moves.postings[1:]))

    copy.forge(LineSettled, of_order("own"), moves=change)


def a_record_of_somebody_else(copy: Copy) -> None:
    entry = copy.find(LineSettled)
    copy.log.foreign.append(replace(entry, offset=10**6, sequence=None))


def a_number_that_nobody_gave_out(copy: Copy) -> None:
    entry = copy.find(LineSettled)
    number = len(copy.log.lanes[(entry.topic, entry.partition)]) + 1
    copy.log.ahead.append(replace(entry, offset=10**6, sequence=number))


def a_number_told_twice_with_other_words(copy: Copy) -> None:
    entry = copy.find(LineSettled)
    copy.log.copies.append((entry, replace(entry, value=b"{}")))


def a_refund_while_frozen(copy: Copy) -> None:
    """One that was held, told as submitted."""
    held = copy.find(RefundHeld)
    assert isinstance(held.event, RefundHeld)
    fields = held.event.model_dump(include={"order_id", "refund_id", "line_no", "quantity", "occurred_at"})
    reserved = RefundReserved(
        **fields, currency="CNY", buyer_minor=held.event.amount_minor, platform_minor=0, promoter_minor=0, fronted=True
    )
    copy.put(held, [replace(held, type=reserved.type, event=reserved, value=reserved.to_json())])


def a_chargeback_that_spares_the_subsidy(copy: Copy) -> None:
    shift = moved({"platform:subsidy": -1, "escrow:denied": 1})
    copy.forge(ChargebackDebited, of_order("denied"), parts=parts(platform_minor=more(-1)), moves=shift)


def a_decision_by_another_version(copy: Copy) -> None:
    _by_version(copy, b"0")


def a_decision_by_no_version(copy: Copy) -> None:
    _by_version(copy, None)


def _by_version(copy: Copy, version: bytes | None) -> None:
    entry = copy.find(LineSettled)
    copy.put(entry, [replace(entry, headers={**entry.headers, "ce_policyversion": version})])


def a_promise_by_a_later_version(copy: Copy) -> None:
    """In all facts that tell it, so that they agree."""
    for kind in (OrderAccepted, OrderPaid, CertificateIssued):
        copy.forge(kind, of_order("split"), terms=lambda terms: terms.model_copy(update={"policy_version": "2"}))


def a_certificate_of_a_later_version(copy: Copy) -> None:
    copy.forge(CertificateIssued, of_order("split"), terms=lambda terms: terms.model_copy(update={"policy_version": "2"}))


def a_version_kept_that_does_not_count(copy: Copy) -> None:
    _keeping(copy, lambda kept: {**kept, "2": next(iter(kept.values()))})


def other_words_of_a_version(copy: Copy) -> None:
    _keeping(copy, lambda kept: {name: (begins, "0" * 64) for name, (begins, _) in kept.items()})


def _keeping(copy: Copy, change: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> None:
    copy.tables = replace(copy.tables, policies={**copy.tables.policies, "refund": change(copy.tables.policies["refund"])})


def a_policy_refused_twice(copy: Copy) -> None:
    headers = {"x-original-topic": b"policy.v1", "x-original-offset": b"7", "x-reason": b"policy.older"}
    refused = Entry("", "", "trust.parked.v1", 0, 0, b"2", b"{}", headers, 0, 0, None)
    place = (refused.topic, refused.partition)
    copy.log.lanes[place] = [*copy.log.lanes.get(place, []), refused, replace(refused, offset=1)]


def a_tombstone_of_another_item(copy: Copy) -> None:
    struck = copy.find(EvidenceVoided)
    assert isinstance(struck.event, EvidenceVoided)
    said = struck.event
    other = copy.find(EvidenceFound, lambda fact: fact.subject_id == said.subject_id and fact.evidence_id != said.evidence_id).event
    assert isinstance(other, EvidenceFound)
    copy.forge(EvidenceVoided, evidence_id=other.evidence_id)


def a_millionth_more_of_what_is_good(copy: Copy) -> None:
    """It changes no point of the score."""
    copy.forge(ScoreChanged, dimensions=parts(positive=more(1)))


def a_look_at_another_day(copy: Copy) -> None:
    copy.forge(ScoreLooked, as_of=lambda day: (date.fromisoformat(day) - timedelta(days=1)).isoformat())
