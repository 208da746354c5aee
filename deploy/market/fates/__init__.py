"""What may happen to an order, and how often: each fate is played by the apps and says what must come of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from deploy.market.checkout import ANYTHING, FEW, ONE_EACH, ROOMY, UNSEEN, Wants
from deploy.market.fates import delivery, disputes, others, paying, returns
from deploy.market.life import Life


@dataclass(frozen=True, slots=True)
class Fate:
    """weight: in two hundred or so. prepared: it needs the first day for what comes before the order."""

    weight: int
    play: Callable[[Life], None]
    wants: Wants = ANYTHING
    prepared: bool = False


QUICK = ("ship_24h",)
NEWCOMER = Wants(newcomer=True, sellers=1)
PROMOTED = Wants(promoted=True)
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
    "called off unpaid": Fate(2, paying.called_off),
    "called off by the seller": Fate(1, paying.called_off_by_seller),
    "called off and paid": Fate(1, paying.called_off_and_paid),
    "cancelled": Fate(4, paying.cancelled),
    "cancelled, refund failed": Fate(1, paying.cancelled_unrefunded),
    "cancelled in part": Fate(2, paying.cancelled_in_part, Wants(units=3)),
    "given up by the seller": Fate(2, paying.given_up, Wants(sellers=1)),
    "given up by one of two": Fate(2, paying.given_up_by_one, Wants(sellers=2)),
    "given up in part": Fate(1, paying.given_up_in_part, Wants(units=2)),
    "never sent, then cancelled": Fate(1, paying.never_sent),
    "sent late": Fate(2, delivery.late),
    "sent late, not compensated": Fate(1, delivery.late_uncompensated),
    "sent within 24 hours": Fate(2, delivery.within_24_hours, Wants(tags=QUICK)),
    "24 hours missed": Fate(1, delivery.late, Wants(tags=QUICK)),
    "sham waybill": Fate(1, delivery.sham),
    "no sham waybill": Fate(1, delivery.no_sham),
    "refused at the door": Fate(2, delivery.refused_at_the_door),
    "lost, then cancelled": Fate(2, delivery.lost),
    "receipt extended": Fate(3, delivery.extended),
    "voucher used up": Fate(3, delivery.used, Wants(units=3, kind="virtual")),
    "voucher used in part": Fate(1, delivery.used_in_part, Wants(units=3, kind="virtual")),
    "sent by another party": Fate(2, delivery.confirmed_by_buyer, Wants(fulfilled=True)),
    "came from another promoter": Fate(3, delivery.confirmed_by_time, Wants(visited="another")),
    "came from the shop's page": Fate(2, delivery.confirmed_by_buyer, Wants(visited="own")),
    "returned": Fate(15, returns.returned),
    "returned, the seller silent": Fate(8, returns.returned_after_silence),
    "returned in part": Fate(6, returns.returned_in_part, Wants(units=3)),
    "returned, never inspected": Fate(6, returns.returned_uninspected),
    "returned, part was cancelled": Fate(1, returns.returned_after_cancelling, Wants(units=3)),
    "returned to another party": Fate(2, returns.returned_to_another, Wants(fulfilled=True)),
    "returned after settlement": Fate(4, returns.returned_after_settlement),
    "returned, freight due again": Fate(2, returns.returned, Wants(threshold="lost")),
    "returned, freight stays free": Fate(1, returns.returned, Wants(threshold="kept")),
    "refund failed at PSP": Fate(3, returns.refund_failed),
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
    "promoter short of subsidies": Fate(1, others.short_of_subsidies, PROMOTED, prepared=True),
    "promoter short, cancelled": Fate(1, others.short_and_cancelled, PROMOTED, prepared=True),
    "seller suspended": Fate(1, others.suspended, NEWCOMER, prepared=True),
    "seller found suspended": Fate(1, others.found_suspended, NEWCOMER, prepared=True),
}
