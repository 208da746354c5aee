"""What a buyer claims that is no change of mind: goods that are bad, wrong, false, lost or not sent, and what promises bring at once.

Each step is told on a day of its own, for the apps' topics know nothing of each other.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from deploy.market import apps, desks
from deploy.market.apps import Parcel
from deploy.market.life import Gain, Life
from deploy.market.sent import closing

SOON, LATE_S = timedelta(hours=2), 3_600  # after signing: at once by the card; too late for that


def case_of(life: Life, number: int = 1) -> str:
    return f"c-{life.cart.order_id}" + (f"-{number}" if number > 1 else "")


def arrived(life: Life) -> int:
    """Sent in time and signed for; the phase in which line 1 was."""
    life.place()
    life.pay()
    life.ship(1)
    life.sign()
    return life.signed_of[1]


def ask(life: Life, phase: int, kind: str, ground: str, *, refused: str = "", number: int = 1, quantity: int = 0, **more: Any) -> str:
    """About line 1, all its units unless told otherwise."""
    case = case_of(life, number)
    units = quantity or life.first.quantity
    life.sent.append(apps.requested(life.cart, life.day(phase), case, 1, units, refused, kind, ground, **more))
    return case


def accept(life: Life, phase: int, case: str) -> None:
    life.sent.append(apps.accepted(life.cart, life.day(phase), case, life.first.answers))


def ended(life: Life, case: str, code: str, *gains: Gain) -> None:
    life.gains += gains
    life.expected.cases[case] = code
    life.settle()


def whole(life: Life, *, at_fault: bool = False, fund: bool = False) -> Gain:
    return Gain(1, life.first.quantity, at_fault=at_fault, fund=fund)


def bad_quality(life: Life) -> None:
    """Refunded without a return, the seller agreeing; its fault, so its freight goes back too. Source: R4.2, R3.10."""
    case = ask(life, phase := arrived(life) + 1, "refund_only", "quality")
    accept(life, phase + 1, case)
    ended(life, case, "case.refunded", whole(life, at_fault=True))


def sent_back_at_its_cost(life: Life) -> None:
    """The wrong item goes back, signed for at the seller's door; the seller bears the freight. Source: R4.4, R4.9."""
    case = ask(life, phase := arrived(life) + 1, "return_and_refund", "wrong_item")
    accept(life, phase + 1, case)
    _goods_back(life, case, phase + 2, spent_minor=1_250)
    life.owed[life.first.seller_id] += 1_250
    ended(life, case, "case.refunded", whole(life, at_fault=True))


def exchanged(life: Life) -> None:
    """Bad goods go back, good ones come. Source: R4.10."""
    case = ask(life, phase := arrived(life) + 1, "exchange", "quality")
    accept(life, phase + 1, case)
    _goods_back(life, case, phase + 2)
    life.sent.append(desks.replaced(life.cart, life.day(phase + 5), case, life.first.answers))
    life.sent.append(desks.replacement("signed", life.cart, life.day(phase + 7), case))
    ended(life, case, "case.replacement_arrived")


def never_exchanged(life: Life) -> None:
    """The seller has the goods and sends none: refunded after two days. Source: R4.10."""
    case = ask(life, phase := arrived(life) + 1, "exchange", "no_reason")
    accept(life, phase + 1, case)
    _goods_back(life, case, phase + 2)
    life.refunded[1] = life.first.quantity
    ended(life, case, "case.refunded")


def sent_again(life: Life) -> None:
    """Broken on the way, and sent again. Source: R4.2, R4.10."""
    signed = arrived(life)
    asked = _signed_at(life) + timedelta(seconds=LATE_S)
    case = case_of(life)
    life.sent.append(apps.requested(life.cart, asked, case, 1, life.first.quantity, "", "resend", "damaged"))
    accept(life, signed + 1, case)
    life.sent.append(desks.replaced(life.cart, life.day(signed + 2), case, life.first.answers))
    life.sent.append(desks.replacement("signed", life.cart, life.day(signed + 4), case))
    ended(life, case, "case.replacement_arrived")


def broken(life: Life) -> None:
    """Said within a day by the holder of a card: the money is back at once. Source: R4.7."""
    card(life)
    arrived(life)
    case = case_of(life)
    life.sent.append(apps.requested(life.cart, _signed_at(life) + SOON, case, 1, life.first.quantity, "", "refund_only", "damaged"))
    ended(life, case, "case.refunded", whole(life, at_fault=True))


def kept_goods(life: Life) -> None:
    """By the card, up to what the seller offers for the line. Source: R4.7."""
    card(life)
    case = ask(life, arrived(life) + 1, "refund_only", "trust_card")
    cap = min(life.first.paid_minor, life.first.cap_minor or 0)
    ended(life, case, "case.refunded", Gain(1, life.first.quantity, cap))


def freight_borne(life: Life) -> None:
    """By the card, what the way back of a change of mind cost, to its bound. Source: R4.7."""
    card(life)
    case = ask(life, phase := arrived(life) + 1, "return_and_refund", "no_reason")
    accept(life, phase + 1, case)
    _goods_back(life, case, phase + 2, spent_minor=2_600)
    life.owed[life.first.seller_id] += 2_000
    life.refunded[1] = life.first.quantity
    ended(life, case, "case.refunded")


def one_of_several(life: Life) -> None:
    """One unit, then, on the last day, another: each its slice. Source: R1.4, R4.3, R4.5."""
    signed = arrived(life)
    for number, phase in enumerate((signed, signed + 7), start=1):
        asked = life.day(phase) if number > 1 else _signed_at(life) + timedelta(minutes=20)
        case = case_of(life, number)
        life.sent.append(apps.requested(life.cart, asked, case, 1, 1))
        accept(life, phase + 1, case)
        life.sent.append(apps.posted(life.cart, life.day(phase + 1) + timedelta(hours=1), case))
        life.sent.append(apps.inspected(life.cart, life.day(phase + 2), case, life.first.answers, 1))
        life.expected.cases[case] = "case.refunded"
    life.refunded[1] = 2
    life.settle()


def agreed_on(life: Life) -> None:
    """Part of the money, the goods are kept. Source: R4.2, R1.4."""
    minor = life.first.paid_minor // 3 + 1
    case = ask(life, phase := arrived(life) + 1, "refund_only", "negotiated", amount_minor=minor)
    accept(life, phase + 1, case)
    ended(life, case, "case.refunded", Gain(1, 0, minor))


def lost_on_the_way(life: Life) -> None:
    """By the carrier's own word: at once. Source: R2.5, R4.2."""
    life.place()
    life.pay()
    life.ship(1)
    for parcel in life.parcels:
        life.track("lost", parcel, life.show + 3)
    case = ask(life, life.show + 4, "refund_only", "not_received")
    ended(life, case, "case.refunded", whole(life, at_fault=True))


def never_came(life: Life) -> None:
    """The seller sends it again. Source: R4.2."""
    life.place()
    life.pay()
    life.ship(1)
    case = ask(life, phase := life.show + 4, "resend", "not_received")
    accept(life, phase + 1, case)
    life.sent.append(desks.replaced(life.cart, life.day(phase + 2), case, life.first.answers))
    life.sent.append(desks.replacement("signed", life.cart, life.day(phase + 4), case))
    ended(life, case, "case.replacement_arrived")


def not_sent(life: Life) -> None:
    """Cheap and not sent yet: the money is back at once. Source: R4.8."""
    life.place()
    life.pay()
    _unsent(life, ask(life, life.show + 1, "refund_only", "not_shipped"))


def not_sent_agreed(life: Life) -> None:
    """Too dear for that: the seller agrees. Source: R4.8, R4.3."""
    life.place()
    life.pay()
    case = ask(life, life.show + 1, "refund_only", "not_shipped")
    accept(life, life.show + 2, case)
    _unsent(life, case)


def sent_against_the_case(life: Life) -> None:
    """The goods were kept back for the case, and leave all the same: the parcel is announced to be stopped. Source: R4.8."""
    life.place()
    life.pay()
    case = ask(life, life.show + 1, "refund_only", "not_shipped")
    parcel = Parcel(f"{life.cart.order_id}-stopped", life.first.seller_id, "zto", life.day(life.show + 2), {1: life.first.quantity})
    life.sent.append(apps.shipped(life.cart, parcel))
    accept(life, life.show + 2, case)
    _unsent(life, case)


def sent_before(life: Life) -> None:
    """It had left when the buyer asked. Source: R4.8."""
    life.place()
    life.pay()
    life.ship(1)
    ask(life, life.show + 2, "refund_only", "not_shipped", refused="not_shipped.sent")
    life.sign()
    life.settle()


def counterfeit(life: Life) -> None:
    """The seller admits it: the money, and what the law gives. Source: R4.9."""
    case = ask(life, phase := arrived(life) + 1, "claim", "counterfeit", evidence_ids=["photo-1"])
    accept(life, phase + 2, case)
    life.owed[life.first.seller_id] += by_law(life)
    ended(life, case, "case.refunded", whole(life, at_fault=True))


def by_law(life: Life, times: int = 3, least_minor: int = 50_000) -> int:
    """So often what was paid, at least so much in CNY. Source: R4.9."""
    return max(times * life.first.paid_minor, least_minor if life.cart.currency == "CNY" else 0)


def first_order(life: Life) -> None:
    """Within the seller's own seven days: it pays. Source: R4.6."""
    case = ask(life, arrived(life) + 1, "refund_only", "first_order")
    ended(life, case, "case.refunded", whole(life))


def first_order_of_the_platform(life: Life) -> None:
    """Later: the platform's fund does, and the line is settled as if nothing had been. Source: R4.6."""
    case = ask(life, arrived(life) + 9, "refund_only", "first_order")
    ended(life, case, "case.refunded", whole(life, fund=True))


def first_order_by_a_person(life: Life) -> None:
    """A currency for which the fund has no budget: a person decides. Source: R4.6."""
    case = ask(life, phase := arrived(life) + 9, "refund_only", "first_order")
    life.sent.append(desks.judged(life.cart, life.day(phase + 2), case, upheld=True))
    ended(life, case, "case.refunded", whole(life, fund=True))


def farmed(life: Life) -> None:
    """One of ten accounts of one person; which of them was first is known when all have ordered."""
    arrived(life)


def harvest(life: Life, *, first: bool, phase: int) -> None:
    """Each claims it. phase: in which the first one does, the others on the days around it. Source: R4.6."""
    if first:
        ended(life, ask(life, phase, "refund_only", "first_order"), "case.refunded", whole(life))
        return
    early = life.rng.random() < 0.3
    code = "first_order.not_first" if early else "first_order.used"
    ask(life, phase - 1 if early else phase + 1, "refund_only", "first_order", refused=code)
    life.settle()


def card(life: Life) -> None:
    """Wanted on the first day, and granted: nothing speaks against a buyer of whom nothing is known. Source: R4.7."""
    life.sent.append(desks.card_wanted(life.cart.buyer_id, closing(0) - timedelta(minutes=50)))


def _signed_at(life: Life) -> Any:
    return max(one.at for one in life.sent if one.type == "parcel.signed")


def _goods_back(life: Life, case: str, phase: int, spent_minor: int | None = None) -> None:
    """Posted, at the seller's door, inspected; a day each."""
    life.sent.append(apps.posted(life.cart, life.day(phase), case, spent_minor))
    life.sent.append(desks.return_signed(life.cart, life.day(phase + 1), case))
    life.sent.append(apps.inspected(life.cart, life.day(phase + 2), case, life.first.answers, life.first.quantity))


def _unsent(life: Life, case: str) -> None:
    """All of line 1, before it left: as if it had been cancelled then; nothing is late, for the case was open."""
    asked = next(one.at for one in life.sent if one.type == "refund.requested")
    life.cancelled.append((asked, {1: life.first.quantity}))
    life.expected.cases[case] = "case.refunded"
    life.settle()
