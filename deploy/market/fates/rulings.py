"""Disputes: refused, heard, ruled or not, appealed; and what a provider's failure or an abuser's parcel brings before the platform."""

from __future__ import annotations

from deploy.market import apps, desks
from deploy.market.fates.claims import accept, arrived, ask, by_law, card, ended, whole
from deploy.market.life import Gain, Life

HEARD = 3  # days from a dispute until the platform may rule


def ruled_for_buyer(life: Life) -> None:
    case, phase = _disputed(life)
    life.sent.append(desks.shown(life.cart, life.day(phase + 1), case))
    life.sent.append(desks.shown(life.cart, life.day(phase + 1), case, life.first.answers))
    life.sent.append(desks.judged(life.cart, life.day(phase + HEARD), case, upheld=True))
    ended(life, case, "case.refunded", whole(life, at_fault=True))


def ruled_for_seller(life: Life) -> None:
    case, phase = _disputed(life)
    life.sent.append(desks.judged(life.cart, life.day(phase + HEARD), case, upheld=False, fault="buyer"))
    ended(life, case, "case.ruled_for_seller")


def never_ruled(life: Life) -> None:
    """By default, for the buyer."""
    case, _ = _disputed(life)
    ended(life, case, "case.refunded", whole(life, at_fault=True))


def ruled_in_part(life: Life) -> None:
    """Less than was claimed."""
    case, phase = _disputed(life)
    minor = life.first.paid_minor // 2 + 1
    life.sent.append(desks.judged(life.cart, life.day(phase + HEARD), case, upheld=True, amount_minor=minor))
    ended(life, case, "case.refunded", Gain(1, 0, minor, at_fault=True))


def escalated(life: Life) -> None:
    """The seller neither agrees nor refuses."""
    case = ask(life, phase := arrived(life) + 1, "refund_only", "wrong_item")
    life.sent.append(desks.disputed(life.cart, life.day(phase + 1), case, life.first.answers))
    life.sent.append(desks.judged(life.cart, life.day(phase + 1 + HEARD), case, upheld=True))
    ended(life, case, "case.refunded", whole(life, at_fault=True))


def buyer_wins_appeal(life: Life) -> None:
    """What the first ruling denied is paid after all; the buyer asked for more time, so nothing is confirmed meanwhile. Source: R2.5."""
    case, phase = _disputed(life)
    life.sent.append(apps.extended(life.cart, life.day(life.show + 2)))
    life.sent.append(desks.judged(life.cart, life.day(phase + HEARD), case, upheld=False))
    life.sent.append(desks.appealed(life.cart, life.day(phase + HEARD + 1), case))
    life.sent.append(desks.judged(life.cart, life.day(phase + HEARD + 2), case, upheld=True, matter="appeal", number=2))
    ended(life, case, "case.refunded", whole(life, at_fault=True))


def seller_wins_appeal(life: Life) -> None:
    """The buyer keeps what it has, the platform pays the seller what it cost."""
    case, phase = _disputed(life)
    life.sent.append(desks.judged(life.cart, life.day(phase + HEARD), case, upheld=True))
    life.sent.append(desks.appealed(life.cart, life.day(phase + HEARD + 6), case, life.first.answers))
    life.sent.append(desks.judged(life.cart, life.day(phase + HEARD + 8), case, upheld=True, matter="appeal", number=2))
    life.won_back.add(1)
    ended(life, case, "case.refunded", whole(life, at_fault=True))


def appealed_in_vain(life: Life) -> None:
    case, phase = _disputed(life)
    life.sent.append(desks.judged(life.cart, life.day(phase + HEARD), case, upheld=False))
    life.sent.append(desks.appealed(life.cart, life.day(phase + HEARD + 1), case))
    life.sent.append(desks.judged(life.cart, life.day(phase + HEARD + 3), case, upheld=False, matter="appeal", number=2))
    ended(life, case, "case.ruled_for_seller")


def paid_at_the_second_try(life: Life) -> None:
    """The provider fails, a person looks at it and has it granted again. Source: R3.5."""
    life.psp_fails_first = True
    case = ask(life, phase := arrived(life) + 1, "refund_only", "quality")
    accept(life, phase + 1, case)
    life.sent.append(desks.judged(life.cart, life.day(phase + 7), case, upheld=True))
    ended(life, case, "case.refunded", whole(life, at_fault=True))


def fake_by_ruling(life: Life) -> None:
    """The silent seller: a ruling finds a counterfeit; with the card nine times what was paid, and the appraisal. Source: R4.9."""
    card(life)
    case = ask(life, phase := arrived(life) + 1, "claim", "counterfeit", evidence_ids=["photo-1"])
    ruling = desks.judged(
        life.cart, life.day(phase + 7 + HEARD), case, upheld=True, fault="seller", finding="counterfeit", appraisal_minor=8_800
    )
    life.sent.append(ruling)
    life.owed[life.first.seller_id] += max(9 * life.first.paid_minor, by_law(life)) + 8_800
    ended(life, case, "case.refunded", whole(life, at_fault=True))


def false_claim(life: Life) -> None:
    """The goods are genuine. Source: R4.9."""
    case = ask(life, phase := arrived(life) + 1, "claim", "counterfeit")
    life.sent.append(desks.shown(life.cart, life.day(phase + 1), case))
    life.sent.append(apps.refused(life.cart, life.day(phase + 2), case, life.first.answers))
    life.sent.append(desks.disputed(life.cart, life.day(phase + 3), case))
    ruling = desks.judged(life.cart, life.day(phase + 3 + HEARD), case, upheld=False, fault="buyer", finding="false_claim")
    life.sent.append(ruling)
    ended(life, case, "case.ruled_for_seller")


def swapped(life: Life) -> None:
    """What came back is not what was sent; a ruling says so. Source: R4.11."""
    case, phase = _posted(life)
    life.sent.append(desks.return_disputed(life.cart, life.day(phase), case, life.first.answers, "swapped"))
    ruling = desks.judged(life.cart, life.day(phase + HEARD), case, upheld=False, fault="buyer", finding="swapped_parcel")
    life.sent.append(ruling)
    ended(life, case, "case.ruled_for_seller")


def worn(life: Life) -> None:
    """Worn and sent back: none accepted, and the platform agrees. Source: R4.4, R4.11."""
    case, phase = _posted(life)
    life.sent.append(apps.inspected(life.cart, life.day(phase), case, life.first.answers, 0))
    life.sent.append(desks.disputed(life.cart, life.day(phase + 1), case))
    life.sent.append(desks.judged(life.cart, life.day(phase + 1 + HEARD), case, upheld=False, fault="buyer"))
    ended(life, case, "case.ruled_for_seller")


def _posted(life: Life) -> tuple[str, int]:
    """A return on its way; the phase in which the seller looks at it."""
    case = ask(life, phase := arrived(life) + 1, "return_and_refund", "no_reason")
    accept(life, phase + 1, case)
    life.sent.append(apps.posted(life.cart, life.day(phase + 2), case))
    return case, phase + 4


def _disputed(life: Life) -> tuple[str, int]:
    """A claim for quality, refused; the phase in which the buyer disputes that."""
    case = ask(life, phase := arrived(life) + 1, "refund_only", "quality")
    life.sent.append(apps.refused(life.cart, life.day(phase + 1), case, life.first.answers))
    life.sent.append(desks.disputed(life.cart, life.day(phase + 2), case))
    return case, phase + 2
