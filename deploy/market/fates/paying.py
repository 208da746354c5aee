"""What may happen to an order, and how often: each fate is played by the apps and says what must come of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from deploy.market import apps
from deploy.market.life import Life


@dataclass(frozen=True, slots=True)
class Fate:
    """weight: in a hundred or so. units, category, waived: what the fate needs of line 1."""

    weight: int
    play: Callable[[Life], None]
    units: int = 0
    category: str = "standard"
    waived: bool = False


def rejected(life: Life) -> None:
    """The checkout showed another price than its coupons give."""
    life.place(more_minor=100)
    life.expected.state = "rejected"


def rejected_and_paid(life: Life) -> None:
    """The buyer pays an order that does not stand."""
    life.place(more_minor=-100)
    life.pay(wanted=False)
    life.expected.state = "rejected"


def never_paid(life: Life) -> None:
    life.place()
    life.expected.state = "expired"


def paid_late(life: Life) -> None:
    """Half an hour is over: the money goes back."""
    life.place()
    life.pay(after_s=(2_400, 5_400), wanted=False)
    life.expected.state = "expired"


def paid_wrong(life: Life) -> None:
    """Not what was due: the money goes back, and nothing more comes."""
    life.place()
    life.pay(more_minor=-1, wanted=False)
    life.expected.state = "expired"


def paid_wrong_then_right(life: Life) -> None:
    life.place()
    life.pay(more_minor=1, after_s=(20, 200), wanted=False)
    life.pay(after_s=(201, 540))
    _deliver(life)
    life.settle()


def paid_twice(life: Life) -> None:
    """The second payment goes back."""
    life.place()
    life.pay(after_s=(20, 200))
    life.pay(after_s=(201, 540), wanted=False)
    _deliver(life)
    life.settle()


def confirmed_by_buyer(life: Life) -> None:
    _buy(life)
    life.confirm(life.signed + life.rng.randint(1, 2))
    life.settle()


def confirmed_by_time(life: Life) -> None:
    _buy(life)
    life.settle()


def never_signed(life: Life) -> None:
    """Confirmed thirty days after shipping in any case."""
    life.place()
    life.pay()
    life.ship()
    life.settle()


def returned(life: Life) -> None:
    _buy(life)
    case = _claim(life)
    _goods_back(life, case, *_accept(life, case))
    _ended(life, case, "case.refunded", case.quantity)


def returned_after_silence(life: Life) -> None:
    """The seller does not answer: agreed after 48 hours."""
    _buy(life)
    case = _claim(life)
    _goods_back(life, case, case.phase + 3, case.quantity)
    _ended(life, case, "case.refunded", case.quantity)


def returned_in_part(life: Life) -> None:
    """The seller accepts all units but one on inspection."""
    _buy(life)
    case = _claim(life)
    after, _ = _accept(life, case)
    _goods_back(life, case, after, case.quantity - 1)
    _ended(life, case, "case.refunded", case.quantity - 1)


def returned_uninspected(life: Life) -> None:
    """The seller has the goods and says nothing for seven days."""
    _buy(life)
    case = _claim(life)
    after, _ = _accept(life, case)
    life.sent.append(apps.posted(life.cart, life.day(after), case.id))
    _ended(life, case, "case.refunded", case.quantity)


def refund_failed(life: Life) -> None:
    """The provider does not pay: a person looks at it, the money stays where it is."""
    _buy(life)
    case = _claim(life)
    _goods_back(life, case, *_accept(life, case))
    life.unpaid_refund = True
    _ended(life, case, "", case.quantity)


def case_refused(life: Life) -> None:
    _buy(life)
    case = _claim(life)
    life.sent.append(apps.refused(life.cart, life.day(case.phase + 1), case.id, life.cart.items[0].seller_id))
    _ended(life, case, "case.refusal_over", 0)


def case_withdrawn(life: Life) -> None:
    _buy(life)
    case = _claim(life)
    life.sent.append(apps.withdrawn(life.cart, life.day(case.phase + 1), case.id))
    _ended(life, case, "case.withdrawn", 0)


def case_not_posted(life: Life) -> None:
    """Agreed, and the buyer keeps the goods."""
    _buy(life)
    case = _claim(life)
    _accept(life, case)
    _ended(life, case, "case.not_posted", 0)


def asked_too_late(life: Life) -> None:
    _buy(life)
    _in_vain(life, life.signed + 9, "no_reason.window_over")


def asked_for_excluded(life: Life) -> None:
    _buy(life)
    _in_vain(life, life.signed + 1, "no_reason.excluded")


def asked_for_waived(life: Life) -> None:
    _buy(life)
    _in_vain(life, life.signed + 1, "no_reason.waived")


@dataclass(frozen=True, slots=True)
class _Case:
    """phase: in which it was opened."""

    id: str
    phase: int
    quantity: int


def _buy(life: Life) -> None:
    life.place()
    life.pay()
    _deliver(life)


def _deliver(life: Life) -> None:
    life.ship()
    life.sign()


def _claim(life: Life) -> _Case:
    """All units of line 1 back; some buyers had confirmed it, some confirm the other lines."""
    others, case_id = list(life.cart.items[1:]), f"c-{life.cart.order_id}"
    phase = life.signed + life.rng.randint(1, 2)
    habit = life.rng.random()
    if habit < 0.25:
        life.confirm(phase := life.signed + 1)
        phase += 1
    elif habit < 0.5 and others:
        life.confirm(phase, others)
    quantity = life.cart.items[0].quantity
    life.sent.append(apps.requested(life.cart, life.day(phase), case_id, 1, quantity, ""))
    return _Case(case_id, phase, quantity)


def _accept(life: Life, case: _Case) -> tuple[int, int]:
    """The phase in which the buyer posts, and how many units come back."""
    life.sent.append(apps.accepted(life.cart, life.day(case.phase + 1), case.id, life.cart.items[0].seller_id))
    return case.phase + 1 + life.rng.randint(1, 2), case.quantity


def _goods_back(life: Life, case: _Case, phase: int, accepted: int) -> None:
    inspection = life.day(phase + life.rng.randint(1, 2))
    life.sent.append(apps.posted(life.cart, life.day(phase), case.id))
    life.sent.append(apps.inspected(life.cart, inspection, case.id, life.cart.items[0].seller_id, accepted))


def _ended(life: Life, case: _Case, code: str, units: int) -> None:
    if units:
        life.refunded[1] = units
    life.expected.cases[case.id] = code
    life.settle()


def _in_vain(life: Life, phase: int, code: str) -> None:
    case_id, quantity = f"c-{life.cart.order_id}", life.cart.items[0].quantity
    life.sent.append(apps.requested(life.cart, life.day(phase), case_id, 1, quantity, code))
    life.settle()


FATES = {
    "confirmed by the buyer": Fate(30, confirmed_by_buyer),
    "confirmed by time": Fate(21, confirmed_by_time),
    "never signed": Fate(3, never_signed),
    "rejected": Fate(2, rejected),
    "rejected, paid all the same": Fate(1, rejected_and_paid),
    "never paid": Fate(7, never_paid),
    "paid late": Fate(3, paid_late),
    "paid the wrong amount": Fate(2, paid_wrong),
    "paid wrong, then right": Fate(1, paid_wrong_then_right),
    "paid twice": Fate(2, paid_twice),
    "returned": Fate(8, returned),
    "returned, the seller silent": Fate(4, returned_after_silence),
    "returned in part": Fate(3, returned_in_part, units=3),
    "returned, never inspected": Fate(3, returned_uninspected),
    "refund failed at PSP": Fate(2, refund_failed),
    "case refused": Fate(3, case_refused),
    "case withdrawn": Fate(2, case_withdrawn),
    "case never posted": Fate(2, case_not_posted),
    "asked too late": Fate(1, asked_too_late),
    "asked for fresh goods": Fate(1, asked_for_excluded, category="fresh"),
    "asked for waived goods": Fate(1, asked_for_waived, waived=True),
}
