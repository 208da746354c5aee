"""Whom an order's life speaks for and against, and with how many items of evidence: R5.5 written a second time, beside the services.

What completed lines say is reckoned with their money. A case speaks once it is closed, of the seller and of the promoter whom its line is
attributed to (R5.4).
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from deploy.market.reckoning import hours_of, unsent

if TYPE_CHECKING:
    from deploy.market.life import Life

ANSWERS = ("case.accepted", "case.refused")
DISPUTES = ("dispute.raised", "return.disputed")
BAD_GOODS = ("quality", "damaged", "wrong_item")
AT_ONCE = ("damaged", "not_received", "not_shipped", "trust_card", "first_order")  # grounds by which nobody need answer: R4.2, R4.6-R4.8


def speak(life: Life) -> None:
    """Adds to life.evidence, by subject/kind; the life must be complete and paid for."""
    _sent(life)
    _late(life)
    life.evidence.update(f"seller:{parcel.seller_id}/sham" for parcel in life.sham)
    if life.dispute == "won":  # by the platform, against the buyer: R3.8
        life.evidence[f"buyer:{life.cart.buyer_id}/chargeback_lost"] += 1
    for case, code in life.expected.cases.items():
        if code:
            _answered(life, case, code)
            _bad_goods(life, case)
            _disputed(life, case)


def _sent(life: Life) -> None:
    """For the seller: a parcel with the last units of some line, in time for all that is in it, and no pretence."""
    assert life.paid_at is not None
    items = {item.line_no: item for item in life.cart.items}
    sent = Counter[int]()
    pretended = {parcel.id for parcel in life.sham}
    steps = [(at, "gone", units, "", "") for at, units in life.cancelled]
    steps += [(parcel.at, "sent", parcel.units, parcel.seller_id, parcel.id) for parcel in life.parcels]
    steps += [(parcel.failed, "failed", parcel.units, "", "") for parcel in life.parcels if parcel.failed]
    for at, step, units, seller_id, parcel_id in sorted(steps, key=lambda one: one[0]):
        sent.update(units) if step != "failed" else sent.subtract(units)
        in_time = all(at < life.paid_at + timedelta(hours=hours_of(items[line_no])) for line_no in units)
        completes = any(sent[line_no] == items[line_no].quantity for line_no in units)
        if step == "sent" and in_time and completes and parcel_id not in pretended:
            life.evidence[f"seller:{seller_id}/shipped_on_time"] += 1


def _late(life: Life) -> None:
    """Against the seller: each deadline that it missed with any units. Source: R2.4."""
    missed = {(item.seller_id, hours) for item in life.cart.items if item.kind == "goods" and unsent(life, item, hours := hours_of(item))}
    life.evidence.update(f"seller:{seller_id}/late" for seller_id, _ in missed)


def _answered(life: Life, case: str, code: str) -> None:
    """In time, or not at all where an answer was due; what was granted at once or taken back says nothing. Source: R4.3."""
    told = _of_case(life, case, *ANSWERS, *DISPUTES)
    answered = any("seller_id" in body for body in told)
    ground = _of_case(life, case, "refund.requested")[0]["ground"]
    if answered or (ground not in AT_ONCE and code != "case.withdrawn"):
        _sellers(life, "answered" if answered else "timed_out")


def _bad_goods(life: Life, case: str) -> None:
    """Refunded by the seller's fault; an appeal that the seller won takes it back. Source: R4.2, R4.11."""
    ground = _of_case(life, case, "refund.requested")[0]["ground"]
    if ground in BAD_GOODS and any(gain.at_fault for gain in life.gains) and not life.won_back:
        _sellers(life, "quality_refund")


def _disputed(life: Life, case: str) -> None:
    """Against who lost in the end, a finding or the dispute itself; without a ruling the seller does. Source: R4.9, R4.11."""
    silent_claim = _of_case(life, case, "refund.requested")[0]["kind"] == "claim" and not _of_case(life, case, *ANSWERS)
    if not _of_case(life, case, *DISPUTES) and not silent_claim:
        return
    rulings = _of_case(life, case, "ruling.made")
    for_buyer = all(body["upheld"] for body in rulings if body["matter"] == "case")
    if any(body["upheld"] for body in rulings if body["matter"] == "appeal"):
        for_buyer = not for_buyer
    found = rulings[-1].get("finding") if rulings else None
    if for_buyer:
        _sellers(life, "counterfeit" if found == "counterfeit" else "dispute_lost")
    else:
        kind = found if found in ("false_claim", "swapped_parcel") else "dispute_lost"
        life.evidence[f"buyer:{life.cart.buyer_id}/{kind}"] += 1


def _sellers(life: Life, kind: str) -> None:
    """Cases are about line 1."""
    life.evidence[f"seller:{life.first.seller_id}/{kind}"] += 1
    if life.first.promoter_id:
        life.evidence[f"promoter:{life.first.promoter_id}/{kind}"] += 1


def _of_case(life: Life, case: str, *types: str) -> list[dict[str, object]]:
    """What the apps told of it and was not refused."""
    return [dict(one.body) for one in life.sent if one.type in types and one.body.get("case_id") == case and not one.refused]
