"""Every field of every upstream event by the sort of value that it takes, and what no field of that sort may hold.

Written by hand, not from the classes: a bound that a class loses is missed here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Bad = tuple[Any, ...]
Fields = dict[str, str]  # name → sort; `?` behind it: may be null or left out; `~`: may be left out; `!`: may be null

NO_TEXT: Bad = (7, 1.5, True, [], {})
NO_INT: Bad = (1.5, 100.0, "1", True, [], {})
ID: Bad = (*NO_TEXT, "", "a b", "x" * 65, "o/1", "张三", "o1\n")
SORTS: dict[str, Bad] = {
    "id": ID,
    "text": (*NO_TEXT, "x" * 201),
    "currency": (*NO_TEXT, "cny", "CN", "YUAN", ""),
    "day": (
        *NO_TEXT,
        "20260601",
        "2026-6-1",
        "06-01",
        "",
        "2026-99-99",
        "2026-02-29",
        "0000-01-01",
        "\u0662\u0660\u0662\u0666-\u0660\u0666-\u0660\u0661",
    ),
    "bool": ("yes", 1, 0, "true", []),
    "minor": (*NO_INT, -1, 10**15 + 1),
    "asked": (*NO_INT, 0, -1, 10**15 + 1),
    "quantity": (*NO_INT, 0, -1, 10_001),
    "accepted": (*NO_INT, -1, 10_001),
    "line_no": (*NO_INT, 0, -1, 201),
    "points": (*NO_INT, -1, 1_001),
    "lesson": (*NO_INT, 0, -1, 101),
    "level": (*NO_INT, -1, 6),
    "stock": (*NO_INT, -1, 10**9 + 1),
    "limit": (*NO_INT, 0, -1, 10**6 + 1),
    "time": ("2026-06-01T12:00:00", "2026-06-01", "12:00Z", "yesterday", "", "1780315511", "20260601", 1780315511, 1.5, True, []),
    "movement": (*NO_TEXT, "payment", "Refund", ""),
    "put_in": (*NO_TEXT, "payout", "Deposit", ""),
    "outcome": (*NO_TEXT, "drawn", "Won", ""),
    "token": (*NO_TEXT, "email", ""),
    "matter": (*NO_TEXT, "late_shipping", ""),
    "remedy": (*NO_TEXT, "exchange", ""),
    "handled": (*NO_TEXT, "payout", ""),
    "purse": (*NO_TEXT, "debt", ""),
    "how": (*NO_TEXT, "given_up", ""),
    "fault": (*NO_TEXT, "platform", ""),
    "finding": (*NO_TEXT, "fake", ""),
    "claimed": (*NO_TEXT, "counterfeit", ""),
    "ids": ({}, "x", 1, [1], [""], ["a b"], [None], ["x"] * 21),
    "case": (*NO_TEXT, "return", ""),
    "ground": (*NO_TEXT, "because", ""),
    "subject": (*NO_TEXT, "s1", "shop:s1", "seller:", "seller:a b", "buyer:a/b"),
    "suspendable": (*NO_TEXT, "s1", "buyer:b1", "seller:", "seller:a b"),
}
UNIT = {"line_no": "line_no", "quantity": "quantity"}
PLACED = {
    "line_no": "line_no", "sku": "id", "seller_id": "id", "promoter_id": "id?", "quantity": "quantity", "unit_price_minor": "minor",
    "gift_of": "line_no?", "without_return_cap_minor": "minor?",
}  # fmt: skip
COUPON = {"coupon_id": "id", "amount_minor": "minor", "line_nos": "line_nos+", "new_user": "bool~", "expires_at": "time?"}
WAIVED = {"seller_id": "id", "threshold_minor": "minor", "freight_minor": "minor"}
PARTS: dict[str, tuple[Fields, int, int]] = {  # of lists: fields of one, fewest, most
    "units": (UNIT, 0, 200),
    "units+": (UNIT, 1, 200),
    "cart": (PLACED, 1, 200),
    "coupons": (COUPON, 0, 20),
    "waived": (WAIVED, 0, 200),
}
ONE: dict[str, dict[str, Any]] = {
    "units": {"line_no": 1, "quantity": 1},
    "units+": {"line_no": 1, "quantity": 1},
    "cart": {"line_no": 1, "sku": "a", "seller_id": "s1", "quantity": 1, "unit_price_minor": 1},
    "coupons": {"coupon_id": "c", "funder": "platform", "amount_minor": 1, "line_nos": [1]},
    "waived": {"seller_id": "s1", "threshold_minor": 1, "freight_minor": 1},
}
NUMBERS = frozenset({"minor", "asked", "quantity", "accepted", "line_no", "points", "lesson", "level", "stock", "limit"})

ORDER = {"order_id": "id"}
CASE = {**ORDER, "case_id": "id"}
PARCEL = {**ORDER, "parcel_id": "id"}
MONEY = {"amount_minor": "minor", "currency": "currency"}
CANCEL = {**ORDER, "cancel_id": "id", "payment_id": "id?", "lines": "units~", "reason": "text~"}
EVENTS: dict[str, Fields] = {
    "storefront.v1/order.placed": {
        **ORDER, "buyer_id": "id", "currency": "currency", "lines": "cart", "coupons": "coupons~", "due_minor": "minor",
        "campaign_id": "id?", "free_shipping": "waived~", "trust_card_id": "id?",
    },
    "storefront.v1/order.cancel_requested": {**CANCEL, "buyer_id": "id"},
    "storefront.v1/receipt.confirmed": {**ORDER, "buyer_id": "id", "line_nos": "line_nos~"},
    "storefront.v1/receipt.extended": {**ORDER, "buyer_id": "id", "line_nos": "line_nos~"},
    "storefront.v1/voucher.redeemed": {**ORDER, "redemption_id": "id", "line_no": "line_no", "quantity": "quantity"},
    "storefront.v1/refund.requested": {
        **CASE, "buyer_id": "id", "line_no": "line_no", "kind": "case", "ground": "ground", "quantity": "quantity",
        "amount_minor": "minor?", "unsealed": "bool~", "reason": "text~", "evidence_ids": "ids~",
    },
    "storefront.v1/evidence.submitted": {**CASE, "buyer_id": "id", "evidence_id": "id", "note": "text~"},
    "storefront.v1/dispute.raised": {**CASE, "buyer_id": "id", "reason": "text"},
    "storefront.v1/dispute.appealed": {**CASE, "buyer_id": "id", "reason": "text"},
    "storefront.v1/refund.withdrawn": {**CASE, "buyer_id": "id"},
    "storefront.v1/return.posted": {**CASE, "buyer_id": "id", "carrier": "text", "waybill": "id", "freight_minor": "minor?"},
    "psp.v1/payment.succeeded": {**ORDER, **MONEY, "payment_id": "id"},
    "psp.v1/refund.succeeded": {**ORDER, "refund_id": "id"},
    "psp.v1/refund.failed": {**ORDER, "refund_id": "id", "reason": "text"},
    "psp.v1/compensation.succeeded": {**ORDER, "compensation_id": "id"},
    "psp.v1/compensation.failed": {**ORDER, "compensation_id": "id", "reason": "text"},
    "psp.v1/payout.succeeded": {"party": "id", "payout_id": "id"},
    "psp.v1/payout.failed": {"party": "id", "payout_id": "id", "reason": "text"},
    "psp.v1/chargeback.opened": {
        **ORDER, "chargeback_id": "id", "payment_id": "id", "amount_minor": "asked", "currency": "currency", "reason": "text",
    },
    "psp.v1/chargeback.closed": {**ORDER, "chargeback_id": "id", "outcome": "outcome", "amount_minor": "asked?"},
    "psp.v1/statement.line": {
        **ORDER, **MONEY, "statement_id": "id", "line_id": "id", "day": "day", "kind": "movement", "reference": "id",
    },
    "psp.v1/statement.payout": {**MONEY, "party": "id", "statement_id": "id", "line_id": "id", "day": "day", "payout_id": "id"},
    "psp.v1/statement.put_in": {
        **MONEY, "party": "id", "statement_id": "id", "line_id": "id", "day": "day", "kind": "put_in", "reference": "id",
    },
    "logistics.v1/parcel.shipped": {**PARCEL, "carrier": "text", "waybill": "id", "lines": "units+", "shipper_id": "id?"},
    "logistics.v1/parcel.collected": PARCEL,
    "logistics.v1/parcel.signed": PARCEL,
    "logistics.v1/parcel.refused": PARCEL,
    "logistics.v1/parcel.lost": PARCEL,
    "logistics.v1/return.signed": {**ORDER, "carrier": "text", "waybill": "id"},
    "merchant.v1/case.accepted": {**CASE, "seller_id": "id"},
    "merchant.v1/case.refused": {**CASE, "seller_id": "id", "reason": "text"},
    "merchant.v1/return.confirmed": {**CASE, "seller_id": "id", "accepted_quantity": "accepted", "gifts_returned": "bool~"},
    "merchant.v1/return.disputed": {**CASE, "seller_id": "id", "reason": "text", "finding": "claimed~"},
    "merchant.v1/replacement.sent": {**CASE, "seller_id": "id", "parcel_id": "id", "carrier": "text", "waybill": "id"},
    "merchant.v1/evidence.submitted": {**CASE, "seller_id": "id", "evidence_id": "id", "note": "text~"},
    "merchant.v1/dispute.raised": {**CASE, "seller_id": "id", "reason": "text"},
    "merchant.v1/dispute.appealed": {**CASE, "seller_id": "id", "reason": "text"},
    "merchant.v1/seller.cancelled": {**CANCEL, "seller_id": "id"},
    "seller.v1/seller.registered": {"seller_id": "id", "deposit_required_minor": "minor", "currency": "currency"},
    "seller.v1/deposit.topped_up": {"seller_id": "id", "deposit_id": "id", "amount_minor": "asked", "currency": "currency"},
    "seller.v1/prefund.topped_up": {"promoter_id": "id", "prefund_id": "id", "amount_minor": "asked", "currency": "currency"},
    "seller.v1/withdrawal.requested": {
        "seller_id": "id", "withdrawal_id": "id", "amount_minor": "asked", "currency": "currency", "of": "purse~",
    },
    "member.v1/identity.linked": {"buyer_id": "id", "kind": "token", "token": "id"},
    "member.v1/member.ordered_before": {"buyer_id": "id", "first_paid_at": "time!"},
    "member.v1/trust_card.claimed": {"buyer_id": "id", "claim_id": "id"},
    "member.v1/vote.cast": {"buyer_id": "id", "vote_id": "id", "promoter_id": "id"},
    "governance.v1/product.reviewed": {"campaign_id": "id", "sku": "id", "approved": "bool", "reason": "text~"},
    "governance.v1/allotment.set": {"campaign_id": "id", "sku": "id", "units": "stock", "limit_per_identity": "limit?"},
    "governance.v1/violation.recorded": {
        "subject_id": "suspendable", "violation_id": "id", "kind": "id", "points": "points?", "level": "level?", "by": "id?",
    },
    "governance.v1/score.explanation_requested": {"subject_id": "subject", "request_id": "id"},
    "governance.v1/violation.voided": {"subject_id": "suspendable", "violation_id": "id", "reason": "text~", "by": "id?"},
    "governance.v1/violation.appealed": {"subject_id": "suspendable", "violation_id": "id", "reason": "text~"},
    "governance.v1/violation.upheld": {"subject_id": "suspendable", "violation_id": "id", "reason": "text~", "by": "id?"},
    "governance.v1/study.credited": {"subject_id": "suspendable", "study_id": "id", "points": "lesson"},
    "ruling.v1/money.handled": {
        **ORDER, "handling_id": "id", "of": "handled", "item_id": "id", "how": "how", "by": "id", "reason": "text", "reference": "text~",
    },
    "ruling.v1/payout.handled": {
        "party": "id", "handling_id": "id", "payout_id": "id", "how": "how", "by": "id", "reason": "text", "reference": "text~",
    },
    "ruling.v1/ruling.made": {
        **ORDER, "parcel_id": "id?", "case_id": "id?", "ruling_id": "id", "matter": "matter", "upheld": "bool", "remedy": "remedy~",
        "amount_minor": "minor?", "quantity": "quantity?", "fault": "fault~", "finding": "finding~", "appraisal_minor": "minor~",
        "reason": "text~", "by": "id?",
    },
}  # fmt: skip
UNTOLD = {"storefront.v1/order.placed": {"visits"}}  # proven by name: tests/unit/order/test_attribution.py


def spoilt(fields: Fields) -> Iterator[tuple[str, Any, str]]:
    """(field, value, code) of each way to spoil one field; the value ... leaves it out."""
    for name, sort in {**fields, "occurred_at": "time"}.items():
        yield from ((name, value, code) for value, code in _of(sort))


NO_LINES: Bad = (1, "1", {}, [0], [201], [-1], [1.0], ["1"], [None], [1] * 201)


def _of(sort: str) -> Iterator[tuple[Any, str]]:
    bare = sort.rstrip("?~!")
    if not sort.endswith(("?", "!")):
        yield None, "event.invalid"
    if sort == bare or sort.endswith("!"):
        yield ..., "event.invalid"
    if bare in NUMBERS:
        yield from ((number, "event.number_out_of_range") for number in (2**63, -(2**63) - 1, 10**30))
    if bare.startswith("line_nos"):
        yield from ((value, "event.invalid") for value in (*NO_LINES, *[[]] * bare.endswith("+")))
        yield [2**63], "event.number_out_of_range"
    elif bare in PARTS:
        yield from _lists(bare)
    else:
        yield from ((value, "event.invalid") for value in SORTS[bare])


def _lists(sort: str) -> Iterator[tuple[Any, str]]:
    fields, fewest, most = PARTS[sort]
    wrong: Bad = ({}, "x", 1, [1], [[]], [None], [ONE[sort]] * (most + 1))
    yield from ((value, "event.invalid") for value in wrong)
    if fewest:
        yield [], "event.invalid"
    for name, inner in fields.items():
        for value, code in _of(inner):
            one = {**ONE[sort], name: value}
            yield [{field: held for field, held in one.items() if held is not ...}], code
