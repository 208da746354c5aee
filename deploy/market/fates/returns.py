"""Goods that come back, or should have: cases, and what both sides do in them."""

from __future__ import annotations

from dataclasses import dataclass

from deploy.market import apps
from deploy.market.apps import Parcel
from deploy.market.fates.delivery import bought, delivered
from deploy.market.life import Life


def returned(life: Life) -> None:
    bought(life)
    case = _claim(life)
    _goods_back(life, case, *_accept(life, case))
    _ended(life, case, "case.refunded", case.quantity)


def returned_after_silence(life: Life) -> None:
    """The seller does not answer: agreed after 48 hours."""
    bought(life)
    case = _claim(life)
    _goods_back(life, case, case.phase + 3, case.quantity)
    _ended(life, case, "case.refunded", case.quantity)


def returned_in_part(life: Life) -> None:
    """The seller accepts all units but one on inspection."""
    bought(life)
    case = _claim(life)
    after, _ = _accept(life, case)
    _goods_back(life, case, after, case.quantity - 1)
    _ended(life, case, "case.refunded", case.quantity - 1)


def returned_uninspected(life: Life) -> None:
    """The seller has the goods and says nothing for seven days."""
    bought(life)
    case = _claim(life)
    after, _ = _accept(life, case)
    life.sent.append(apps.posted(life.cart, life.day(after), case.id))
    _ended(life, case, "case.refunded", case.quantity)


def refund_failed(life: Life) -> None:
    """The provider does not pay: a person looks at it, the money stays where it is."""
    bought(life)
    case = _claim(life)
    _goods_back(life, case, *_accept(life, case))
    life.psp_fails = True
    _ended(life, case, "", case.quantity)


def refund_bounced(life: Life) -> None:
    """The provider pays, and has it again days later: the case is not opened again, the platform pays the buyer itself. Source: R3.5."""
    life.bounces = "paid"
    returned(life)


def case_refused(life: Life) -> None:
    bought(life)
    case = _claim(life)
    life.sent.append(apps.refused(life.cart, life.day(case.phase + 1), case.id, life.first.answers))
    _ended(life, case, "case.refusal_over", 0)


def case_withdrawn(life: Life) -> None:
    bought(life)
    case = _claim(life)
    life.sent.append(apps.withdrawn(life.cart, life.day(case.phase + 1), case.id))
    _ended(life, case, "case.withdrawn", 0)


def case_not_posted(life: Life) -> None:
    """Agreed, and the buyer keeps the goods."""
    bought(life)
    case = _claim(life)
    _accept(life, case)
    _ended(life, case, "case.not_posted", 0)


def asked_too_late(life: Life) -> None:
    bought(life)
    _in_vain(life, life.signed + 9, "no_reason.window_over")


def asked_for_excluded(life: Life) -> None:
    bought(life)
    _in_vain(life, life.signed + 1, "no_reason.excluded")


def asked_for_waived(life: Life) -> None:
    bought(life)
    _in_vain(life, life.signed + 1, "no_reason.waived")


def returned_after_cancelling(life: Life) -> None:
    """Some units were never sent; all that came goes back."""
    life.place()
    life.pay()
    life.cancel({1: 1})
    delivered(life)
    case = _claim(life)
    _goods_back(life, case, *_accept(life, case))
    _ended(life, case, "case.refunded", case.quantity)


def returned_after_settlement(life: Life) -> None:
    """Confirmed on the day of signing and settled a week later, 00:00; the window admits the same day. Source: R3.6, R4.5."""
    bought(life)
    signed = life.signed_of[1]
    life.confirm(signed, life.cart.items[:1])
    case = _Case(f"c-{life.cart.order_id}", signed + 7, life.first.quantity)
    life.sent.append(apps.requested(life.cart, life.day(case.phase), case.id, 1, case.quantity, ""))
    _goods_back(life, case, *_accept(life, case))
    life.returned_late.add(1)
    _ended(life, case, "case.refunded", case.quantity)


def returned_to_another(life: Life) -> None:
    """Another party sends the goods and answers to the case; what the seller says of either is refused. Source: R8.1."""
    life.place()
    life.pay()
    life.ship()
    foreign = Parcel(f"{life.cart.order_id}-foreign", life.first.seller_id, "zto", life.day(life.show + 1), {1: 1}, life.first.seller_id)
    life.sent.append(apps.shipped(life.cart, foreign, "parcel.shipper_differs"))
    life.sign()
    case = _claim(life)
    unasked = apps.accepted(life.cart, life.day(case.phase + 1), case.id, life.first.seller_id, "seller.differs")
    life.sent.append(unasked)
    _goods_back(life, case, *_accept(life, case))
    _ended(life, case, "case.refunded", case.quantity)


@dataclass(frozen=True, slots=True)
class _Case:
    """phase: in which it was opened."""

    id: str
    phase: int
    quantity: int


def _claim(life: Life) -> _Case:
    """All units of line 1 that were sent back; some buyers had confirmed it, some confirm the other lines."""
    others, case_id = life.cart.goods[1:], f"c-{life.cart.order_id}"
    phase = life.signed + life.rng.randint(1, 2)
    habit = life.rng.random()
    if habit < 0.25:
        life.confirm(phase := life.signed + 1)
        phase += 1
    elif habit < 0.5 and others:
        life.confirm(phase, others)
    quantity = life.first.quantity - life.gone(1)
    life.sent.append(apps.requested(life.cart, life.day(phase), case_id, 1, quantity, ""))
    return _Case(case_id, phase, quantity)


def _accept(life: Life, case: _Case) -> tuple[int, int]:
    """The phase in which the buyer posts, and how many units come back."""
    life.sent.append(apps.accepted(life.cart, life.day(case.phase + 1), case.id, life.first.answers))
    return case.phase + 1 + life.rng.randint(1, 2), case.quantity


def _goods_back(life: Life, case: _Case, phase: int, accepted: int) -> None:
    inspection = life.day(phase + life.rng.randint(1, 2))
    life.sent.append(apps.posted(life.cart, life.day(phase), case.id))
    life.sent.append(apps.inspected(life.cart, inspection, case.id, life.first.answers, accepted))


def _ended(life: Life, case: _Case, code: str, units: int) -> None:
    if units:
        life.refunded[1] = units
    life.expected.cases[case.id] = code
    life.settle()


def _in_vain(life: Life, phase: int, code: str) -> None:
    case_id, quantity = f"c-{life.cart.order_id}", life.first.quantity
    life.sent.append(apps.requested(life.cart, life.day(phase), case_id, 1, quantity, code))
    life.settle()
