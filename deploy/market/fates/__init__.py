"""What may happen to an order, and how often: each fate is played by the apps and says what must come of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from deploy.market.checkout import ANYTHING, CHEAP_MINOR, DEAR_MINOR, FEW, ONE_EACH, ROOMY, UNSEEN, Wants
from deploy.market.fates import claims, delivery, disputes, others, paying, returns, rulings
from deploy.market.life import Life
from deploy.market.people import FARMER, SERIAL, SHAM, SILENT, SWAPPER, WARDROBE


@dataclass(frozen=True, slots=True)
class Fate:
    """weight: in two hundred or so. prepared: it needs the first day for what comes before the order."""

    weight: int
    play: Callable[[Life], None]
    wants: Wants = ANYTHING
    prepared: bool = False


QUICK = ("ship_24h",)
NEWCOMER = Wants(newcomer=True, sellers=1)
NEW_THERE = Wants(newcomer=True)  # line 1's: whose tier, so whose days in escrow, nothing has changed
PROMOTED = Wants(promoted=True)
ONE_LINE = Wants(lines=1)
OF_SERIAL, OF_SILENT = Wants(habit=SERIAL), Wants(sells=SILENT)
FIRST = Wants(lines=1, stranger=True, currency="CNY", price=CHEAP_MINOR)


def carded(*tags: str, cap_minor: int | None = None, sells: str = "") -> Wants:
    """What the seller offers to holders of the card, of whom the buyer is one."""
    return Wants(lines=1, stranger=True, card=True, currency="CNY", tags=tags, cap_minor=cap_minor, sells=sells)


FATES = {
    "confirmed by the buyer": Fate(60, delivery.confirmed_by_buyer),
    "confirmed by time": Fate(42, delivery.confirmed_by_time),
    "never signed": Fate(6, delivery.never_signed),
    "rejected": Fate(4, paying.rejected),
    "rejected, paid all the same": Fate(2, paying.rejected_and_paid),
    "never paid": Fate(12, paying.never_paid),
    "paid late": Fate(5, paying.paid_late),
    "paid the wrong amount": Fate(3, paying.paid_wrong),
    "paid wrong, then right": Fate(2, paying.paid_wrong_then_right),
    "paid twice": Fate(3, paying.paid_twice),
    "paid twice, which came back": Fate(1, paying.paid_twice_and_bounced),
    "called off unpaid": Fate(2, paying.called_off),
    "called off by the seller": Fate(1, paying.called_off_by_seller),
    "called off and paid": Fate(1, paying.called_off_and_paid),
    "cancelled": Fate(4, paying.cancelled),
    "cancelled, refund failed": Fate(1, paying.cancelled_unrefunded),
    "cancelled, refund came back": Fate(1, paying.cancelled_and_bounced),
    "cancelled in part": Fate(2, paying.cancelled_in_part, Wants(units=3)),
    "cancelled in part, refund failed": Fate(1, paying.cancelled_in_part_unrefunded, Wants(units=3)),
    "given up by the seller": Fate(2, paying.given_up, Wants(sellers=1)),
    "given up by one of two": Fate(2, paying.given_up_by_one, Wants(sellers=2)),
    "given up in part": Fate(1, paying.given_up_in_part, Wants(units=2)),
    "never sent, then cancelled": Fate(1, paying.never_sent),
    "sent late": Fate(2, delivery.late),
    "sent late, not compensated": Fate(1, delivery.late_uncompensated),
    "sent late, compensation came back": Fate(1, delivery.late_and_bounced),
    "sent within 24 hours": Fate(2, delivery.within_24_hours, Wants(tags=QUICK)),
    "24 hours missed": Fate(1, delivery.late, Wants(tags=QUICK)),
    "sham waybill": Fate(1, delivery.sham, Wants(sells=SHAM)),
    "no sham waybill": Fate(1, delivery.no_sham),
    "refused at the door": Fate(2, delivery.refused_at_the_door),
    "lost, then cancelled": Fate(2, delivery.lost),
    "receipt extended": Fate(3, delivery.extended),
    "voucher used up": Fate(3, delivery.used, Wants(units=3, kind="virtual")),
    "voucher used in part": Fate(1, delivery.used_in_part, Wants(units=3, kind="virtual")),
    "sent by another party": Fate(2, delivery.confirmed_by_buyer, Wants(fulfilled=True)),
    "came from another promoter": Fate(3, delivery.confirmed_by_time, Wants(visited="another")),
    "came from the shop's page": Fate(2, delivery.confirmed_by_buyer, Wants(visited="own")),
    "returned": Fate(6, returns.returned),
    "returned, as ever": Fate(9, returns.returned, OF_SERIAL),
    "returned, the seller silent": Fate(8, returns.returned_after_silence, OF_SILENT),
    "returned in part": Fate(6, returns.returned_in_part, Wants(units=3)),
    "returned, never inspected": Fate(6, returns.returned_uninspected, OF_SILENT),
    "returned, part was cancelled": Fate(1, returns.returned_after_cancelling, Wants(units=3)),
    "returned to another party": Fate(2, returns.returned_to_another, Wants(fulfilled=True)),
    "returned after settlement": Fate(4, returns.returned_after_settlement, NEW_THERE),
    "returned, freight due again": Fate(2, returns.returned, Wants(threshold="lost")),
    "returned, freight stays free": Fate(1, returns.returned, Wants(threshold="kept")),
    "refund failed at PSP": Fate(3, returns.refund_failed),
    "refund came back": Fate(1, returns.refund_bounced),
    "case refused": Fate(6, returns.case_refused),
    "case withdrawn": Fate(4, returns.case_withdrawn),
    "case never posted": Fate(4, returns.case_not_posted),
    "asked too late": Fate(2, returns.asked_too_late),
    "asked for fresh goods": Fate(1, returns.asked_for_excluded, Wants(category="fresh")),
    "asked for waived goods": Fate(1, returns.asked_for_waived, Wants(waived=True)),
    "in a campaign": Fate(4, delivery.confirmed_by_time, Wants(campaign=ROOMY), prepared=True),
    "in a campaign, cancelled": Fate(1, paying.cancelled, Wants(campaign=ROOMY), prepared=True),
    "in a campaign, never paid": Fate(1, paying.never_paid, Wants(campaign=ROOMY), prepared=True),
    "not of the campaign": Fate(1, others.not_to_be_had, Wants(campaign=UNSEEN), prepared=True),
    "beyond the campaign's limit": Fate(1, others.not_to_be_had, Wants(campaign=ONE_EACH, units=2), prepared=True),
    "too few in the campaign": Fate(3, others.contended, Wants(campaign=FEW), prepared=True),
    "second accounts of one buyer": Fate(2, others.contended, Wants(campaign=ONE_EACH, ring=True), prepared=True),
    "seller with a deposit": Fate(1, others.with_deposit, NEWCOMER, prepared=True),
    "seller draws at once": Fate(1, others.withdrawn, NEWCOMER, prepared=True),
    "charged back": Fate(1, disputes.charged_back),
    "charged back in vain": Fate(1, disputes.charged_back_in_vain),
    "charged back, no end": Fate(1, disputes.never_decided),
    "charged back, not sent yet": Fate(1, disputes.held_back),
    "promoter short of subsidies": Fate(1, others.short_of_subsidies, PROMOTED, prepared=True),
    "promoter short, cancelled": Fate(1, others.short_and_cancelled, PROMOTED, prepared=True),
    "seller suspended": Fate(1, others.suspended, NEWCOMER, prepared=True),
    "streamer suspended": Fate(1, others.streamer_suspended, PROMOTED, prepared=True),
    "seller found suspended": Fate(1, others.found_suspended, NEWCOMER, prepared=True),
    "seller removed": Fate(1, others.removed, NEWCOMER, prepared=True),
    "seller studied": Fate(1, others.studied, NEWCOMER, prepared=True),
    "seller acquitted": Fate(1, others.acquitted, NEWCOMER, prepared=True),
    "bad, refunded": Fate(3, claims.bad_quality),
    "wrong, sent back": Fate(2, claims.sent_back_at_its_cost, Wants(currency="CNY")),
    "bad, exchanged": Fate(2, claims.exchanged),
    "never exchanged": Fate(1, claims.never_exchanged, OF_SILENT),
    "broken, sent again": Fate(1, claims.sent_again, ONE_LINE),
    "broken, by the card": Fate(1, claims.broken, carded("damaged_refund"), prepared=True),
    "kept, by the card": Fate(1, claims.kept_goods, carded("refund_without_return", cap_minor=5_000), prepared=True),
    "freight back, by the card": Fate(1, claims.freight_borne, carded("return_freight"), prepared=True),
    "returned one by one": Fate(2, claims.one_of_several, Wants(units=3, habit=SERIAL)),
    "agreed on part": Fate(2, claims.agreed_on),
    "lost, claimed": Fate(2, claims.lost_on_the_way, ONE_LINE),
    "never came, sent again": Fate(1, claims.never_came, ONE_LINE),
    "not sent, at once": Fate(2, claims.not_sent, Wants(lines=1, currency="CNY", price=CHEAP_MINOR)),
    "not sent, agreed": Fate(1, claims.not_sent_agreed, Wants(lines=1, price=DEAR_MINOR)),
    "sent against the case": Fate(1, claims.sent_against_the_case, Wants(lines=1, price=DEAR_MINOR)),
    "had left when asked": Fate(1, claims.sent_before),
    "counterfeit, admitted": Fate(1, claims.counterfeit),
    "first order, the seller's": Fate(1, claims.first_order, FIRST),
    "first order, the platform's": Fate(2, claims.first_order_of_the_platform, FIRST),
    "first order, by a person": Fate(1, claims.first_order_by_a_person, Wants(lines=1, stranger=True, currency="HKD")),
    "one of ten accounts": Fate(4, claims.farmed, Wants(lines=1, habit=FARMER, currency="CNY", price=CHEAP_MINOR)),
    "disputed, for the buyer": Fate(2, rulings.ruled_for_buyer),
    "disputed, for the seller": Fate(2, rulings.ruled_for_seller),
    "disputed, never ruled": Fate(1, rulings.never_ruled),
    "disputed, ruled in part": Fate(1, rulings.ruled_in_part),
    "disputed by the seller": Fate(1, rulings.escalated),
    "appeal won by the buyer": Fate(1, rulings.buyer_wins_appeal),
    "appeal won by the seller": Fate(1, rulings.seller_wins_appeal),
    "appealed in vain": Fate(1, rulings.appealed_in_vain),
    "refund failed, then ruled": Fate(1, rulings.paid_at_the_second_try),
    "counterfeit, ruled": Fate(1, rulings.fake_by_ruling, carded("authentic_x9", sells=SILENT), prepared=True),
    "false claim": Fate(1, rulings.false_claim),
    "parcel swapped": Fate(1, rulings.swapped, Wants(habit=SWAPPER)),
    "worn and sent back": Fate(2, rulings.worn, Wants(habit=WARDROBE)),
}
