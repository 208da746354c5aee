"""Before anything is sent: rejected, paid or not, rightly or wrongly, called off."""

from __future__ import annotations

from datetime import datetime, timedelta

from deploy.market import apps
from deploy.market.fates.delivery import delivered
from deploy.market.life import Life


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
    delivered(life)
    life.settle()


def paid_twice(life: Life) -> None:
    """The second payment goes back."""
    life.place()
    life.pay(after_s=(20, 200))
    life.pay(after_s=(201, 540), wanted=False)
    delivered(life)
    life.settle()


def paid_twice_and_bounced(life: Life) -> None:
    """What went back came back, says the provider; the buyer has it all the same. Source: R3.5."""
    life.bounces = "arrived"
    paid_twice(life)


def called_off(life: Life) -> None:
    """By the buyer, unpaid."""
    life.place()
    life.sent.append(apps.cancelled(life.cart, _soon(life), 0, None, {}))
    life.expected.state = "cancelled"


def called_off_by_seller(life: Life) -> None:
    """One of its sellers; the order is one checkout and falls as a whole."""
    life.place()
    life.sent.append(apps.given_up(life.cart, _soon(life), life.first.answers, None, {}))
    life.expected.state = "cancelled"


def called_off_and_paid(life: Life) -> None:
    """What was paid in the same minutes, and told later, goes back."""
    called_off(life)
    life.pay(wanted=False, late_news=1)


def cancelled(life: Life) -> None:
    """By the buyer, paid, nothing sent: all of it goes back at once, freight too."""
    life.place()
    life.pay()
    life.cancel({})
    life.settle()


def cancelled_unrefunded(life: Life) -> None:
    """The provider does not pay the money back: a person looks at it."""
    life.psp_fails = True
    cancelled(life)


def cancelled_and_bounced(life: Life) -> None:
    """The provider pays the money back, and has it again days later: nobody can be paid. Source: R3.5."""
    life.bounces = "unclaimed"
    cancelled(life)


def cancelled_in_part(life: Life) -> None:
    life.place()
    life.pay()
    life.cancel({1: life.rng.randint(1, life.first.quantity - 1)})
    delivered(life)
    life.settle()


def cancelled_in_part_unrefunded(life: Life) -> None:
    """The rest of the line arrives; until a person has settled it with the buyer, nobody is paid for it. Source: R2.6, R3.5."""
    life.psp_fails = True
    cancelled_in_part(life)


def given_up(life: Life) -> None:
    """By the one seller."""
    life.place()
    life.pay()
    life.cancel({}, by=life.first.answers)
    life.settle()


def given_up_by_one(life: Life) -> None:
    """One of two sellers sends nothing; the other goes on."""
    life.place()
    life.pay()
    life.cancel({}, by=life.first.answers)
    delivered(life)
    life.settle()


def given_up_in_part(life: Life) -> None:
    life.place()
    life.pay()
    life.cancel({1: 1}, by=life.first.answers)
    delivered(life)
    life.settle()


def never_sent(life: Life) -> None:
    """The seller owes for it; days later the buyer cancels."""
    life.place()
    life.pay()
    life.cancel({}, life.show + 4)
    life.settle()


def _soon(life: Life) -> datetime:
    """Within the payment window."""
    assert life.placed_at is not None
    return life.placed_at + timedelta(seconds=life.rng.randrange(10, 120))
