"""What the refund service refuses, and what it has wait."""

from __future__ import annotations

from services.refund.decide.step import EVIDENCE_MAX
from services.trust.decide.card import card_id_of
from shared.contracts.member import TrustCardClaimed
from shared.contracts.storefront import RefundRequested
from tests.unit import builders as b
from tests.unit.order.fair import linked
from tests.unit.refund import acts, life
from tests.unit.refund.firsts import before, claimed
from tests.unit.refusals.judged import Life, Row, Step, Waiting
from tests.unit.refusals.of_order import NEXT, NOON, SIGNED, TOTAL, ask, of, other

DAY2, DAY3, HEARD, RULED = "06-05 10:00", "06-06 10:00", "06-07 12:00:05", "06-08 10:00"
# c1 and c6 are of s1, c5 is of s2 whose fulfiller f1 answers; c3 asks for what has not left.
THREE: tuple[Step, ...] = (ask("c1"), ask("c5", 5), ask("c6", 6))
ASKED = SIGNED.then(*THREE)
REFUSED = ASKED.then(
    life.declined("c1", when=DAY2), life.declined("c5", seller="f1", when=DAY2), life.declined("c6", when=DAY2)
)  # fmt: skip
DISPUTED = REFUSED.then(*(acts.disputed(name, when="06-05 12:00") for name in ("c1", "c5", "c6")))
HEARD_ALL = DISPUTED.then(HEARD)
RULED_ALL = HEARD_ALL.then(
    acts.ruled(False, "rl1", "c1", when=RULED), acts.ruled(True, "rl5", "c5", when=RULED), acts.ruled(False, "rl6", "c6", when=RULED)
)
APPEALED = RULED_ALL.then(acts.appealed("c1", when="06-09 10:00"), acts.appealed("c6", when="06-09 10:00"))
APPROVED = ASKED.then(
    life.accepted("c1", when=DAY2), life.accepted("c5", seller="f1", when=DAY2), life.accepted("c6", when=DAY2)
)  # fmt: skip
POSTED = APPROVED.then(life.posted("c1", when=DAY3), life.posted("c5", when=DAY3))
EXCHANGE = SIGNED.then(
    ask("c1", kind="exchange"), ask("c6", 6, kind="exchange"), life.accepted("c1", when=DAY2), life.accepted("c6", when=DAY2),
    life.posted("c1", when=DAY3), life.posted("c6", when=DAY3), life.confirmed("c1", 1, when="06-07 10:00"),
    life.confirmed("c6", 1, when="06-07 10:00"),
)  # fmt: skip
CARD = TrustCardClaimed(buyer_id=b.BUYER, claim_id="w1", occurred_at=b.at("05-01 10:00"))
LATE_CARD = CARD.model_copy(update={"occurred_at": b.at("06-01 11:00")})
TAGGED = b.cart(tags=("refund_without_return",))


def carded(*before: Step, card: TrustCardClaimed | None = CARD, buyer_id: str = b.BUYER) -> Life:
    """Ordered with that card."""
    placed = b.placed(TAGGED, trust_card_id=card_id_of(card) if card is not None else None, buyer_id=buyer_id)
    return Life((*before, placed, b.succeeded(), b.shipped(when=NOON), b.signed(when="06-03 12:00")))


def by_card(when: str = NEXT) -> RefundRequested:
    return ask("c1", kind="refund_only", ground="trust_card", when=when)


FAULT = ask("c1", kind="refund_only", ground="quality")
FIRST = claimed("o1", when=NEXT)
LIVES = {
    "three asked": ASKED,
    "withdrawn": SIGNED.then(ask("c1"), life.withdrawn("c1", when=DAY2), ask("c5", 5, when=DAY2)),
    "tried": SIGNED.then(*(one for n in range(5) for one in (ask(f"n{n}"), life.withdrawn(f"n{n}", when="06-04 11:00")))),
    "refused": REFUSED,
    "disputed by both": DISPUTED,
    "shown": ASKED.then(acts.shown(case_id="c1", when=DAY2)),
    "shown all": ASKED.then(*(acts.shown(f"n{n}", "c1", when=DAY2) for n in range(EVIDENCE_MAX))),
    "heard": HEARD_ALL,
    "ruled": RULED_ALL,
    "appealed": APPEALED,
    "appeal lost": APPEALED.then(acts.appeal_ruled(False, "rl7", "c1", when="06-10 10:00")),
    "ruled, asked anew": RULED_ALL.then(ask("c7", kind="refund_only", ground="quality", when="06-09 10:00")),
    "ruled, spent": RULED_ALL.then(
        ask("c7", quantity=2, kind="refund_only", ground="quality", when="06-09 10:00"), life.accepted("c7", when="06-09 11:00")
    ),
    "approved": APPROVED,
    "posted": POSTED,
    "received": POSTED.then(acts.door_signed("SF1", when="06-07 10:00")),
    "exchange": EXCHANGE,
    "exchanged": EXCHANGE.then(acts.replaced("c1", "r1", "SF9", when=RULED)),
    "in part": SIGNED.then(b.shipped("p9", {3: 1}, NOON)),
    "first": Life((b.placed(), b.succeeded(), *other(buyer_id="b1"), linked("b1", "t"), b.shipped(when=NOON), b.signed(when="06-03 12:00"),
                   of("o2", b.shipped(when=NOON)), of("o2", b.signed(when="06-03 12:00")))),
    "waived": Life((b.placed(b.cart(no_reason_waived=True)), b.succeeded(), b.shipped(when=NOON), b.signed(when="06-03 12:00"))),
    "card unknown": carded(),
    "card too late": carded().then(LATE_CARD),
    "no card": carded(card=None),
    "another's card": carded(CARD, buyer_id="b2"),
}  # fmt: skip
LIVES["first used"] = LIVES["first"].then(FIRST)
LIVES["ordered elsewhere"] = LIVES["first"].then(before("b1"))
ROWS = [
    Row(
        "appeal.ended",
        "appeal lost",
        acts.appeal_ruled(True, "rl8", "c1", when="06-10 11:00"),
        acts.appeal_ruled(True, "rl8", "c6", when="06-10 11:00"),
    ),
    Row(
        "appeal.known", "appealed", acts.appealed("c1", when="06-10 10:00"), acts.appealed_by_seller("c5", seller="f1", when="06-10 10:00")
    ),
    Row(
        "appeal.not_loser",
        "ruled",
        acts.appealed_by_seller("c1", when="06-09 10:00"),
        acts.appealed_by_seller("c5", seller="f1", when="06-09 10:00"),
    ),
    Row("appeal.too_early", "ruled", acts.appealed("c1", when="06-08 09:59:59"), acts.appealed("c1", when=RULED)),
    Row("appeal.too_late", "ruled", acts.appealed("c1", when="06-15 10:00"), acts.appealed("c1", when="06-15 09:59")),
    Row("buyer.differs", "signed", ask("c1", buyer_id="b2"), ask("c1")),
    Row("buyer.differs", "refused", acts.disputed("c1", buyer="b2", when=DAY3), acts.disputed("c1", when=DAY3)),
    Row("case.attempts_used", "tried", ask("c1", when=DAY2), ask("c1", 5, when=DAY2)),
    Row("case.closed", "withdrawn", life.accepted("c1", when=DAY3), life.accepted("c5", seller="f1", when=DAY3)),
    Row("case.known", "withdrawn", ask("c1", when=DAY3), ask("c9", when=DAY3)),
    Row("case.line_open", "three asked", ask("c9", when=DAY2), until=(life.withdrawn("c1", when="06-05 09:00"),)),
    Row("case.line_open", "appealed", ask("c9", when="06-10 09:00"), until=(acts.appeal_ruled(False, "rl7", "c1", when="06-10 08:00"),)),
    Row("case.line_open", "ruled, asked anew", acts.appealed("c1", when="06-10 10:00"), until=(life.withdrawn("c7", when="06-10 09:00"),)),
    Row("case.too_late", "three asked", life.accepted("c1", when=DAY3), life.accepted("c1", when="06-06 09:59")),
    Row("case.too_late", "refused", acts.disputed("c1", when="06-12 10:00"), acts.disputed("c1", when="06-12 09:59")),
    Row("case.wrong_state", "approved", life.accepted("c1", when=DAY3), life.posted("c1", when=DAY3)),
    Row("claim.kind_not_offered", "signed", ask("c1", kind="resend", ground="quality"), FAULT),
    Row("claim.not_signed", "signed", ask("c1", kind="refund_only", ground="quality", when="06-03 11:59"), FAULT),
    Row("claim.window_over", "signed", ask("c1", kind="refund_only", ground="quality", when="06-19 00:00"), FAULT),
    Row("claim.window_over", "signed", ask("c1", kind="refund_only", ground="damaged", when="06-05 12:00"), FAULT),
    Row("evidence.known", "shown", acts.shown(case_id="c1", when=DAY3), acts.shown("ev2", "c1", when="06-05 12:00")),
    Row("evidence.too_late", "disputed by both", acts.shown("ev1", "c1", when="06-07 12:00"), acts.shown("ev1", "c1", when="06-07 11:59")),
    Row("evidence.too_late", "heard", acts.shown("ev1", "c1", when="06-07 13:00"), why="the time for it is over"),
    Row("evidence.too_many", "shown all", acts.shown("ev1", "c1", when=DAY2), acts.shown("ev1", "c5", when=DAY2)),
    Row("first_order.elsewhere", "ordered elsewhere", FIRST, until=(before("b1", None, "06-04 09:00"),)),
    Row("first_order.elsewhere_known", "ordered elsewhere", before("b1", None, "05-29 10:00"), before("b1", None, "06-04 09:00")),
    Row("first_order.not_first", "first", claimed("o2", when=NEXT), FIRST),
    Row("first_order.used", "first used", claimed("o2", when=DAY2), why="another order had it"),
    Row("no_reason.excluded", "in part", ask("c1", 3), ask("c1")),
    Row("no_reason.not_signed", "signed", ask("c1", when="06-03 11:59"), ask("c1")),
    Row("no_reason.unsealed", "signed", ask("c1", 6, unsealed=True), ask("c1", 6)),
    Row("no_reason.waived", "waived", ask("c1"), FAULT),
    Row("no_reason.window_over", "signed", ask("c1", when="06-11 00:00"), ask("c1", when="06-10 23:59")),
    Row(
        "not_shipped.sent",
        "signed",
        ask("c1", kind="refund_only", ground="not_shipped"),
        ask("c1", 3, kind="refund_only", ground="not_shipped"),
    ),
    Row("parcel.known", "exchanged", acts.replaced("c6", "r1", "SF8", when=RULED), acts.replaced("c6", "r2", "SF8", when=RULED)),
    Row("promise.freight", "signed", ask("c1", 4, kind="refund_only", ground="quality"), FAULT),
    Row("promise.gift", "in part", ask("c1", 7), ask("c1")),
    Row(
        "promise.goods_only",
        "signed",
        ask("c1", 2, kind="refund_only", ground="wrong_item"),
        ask("c1", kind="refund_only", ground="wrong_item"),
    ),
    Row(
        "refund.amount_exceeds",
        "signed",
        FAULT.model_copy(update={"amount_minor": 160_01}),
        FAULT.model_copy(update={"amount_minor": 160_00}),
    ),
    Row("refund.amount_not_fit", "signed", FAULT.model_copy(update={"amount_minor": 0}), FAULT.model_copy(update={"amount_minor": 1})),
    Row("refund.nothing_left", "paid back", ask("c9", when="06-06 10:00"), ask("c9", 5, when="06-06 10:00")),
    Row("refund.nothing_left", "ruled, spent", acts.appealed("c1", when="06-10 10:00"), acts.appealed("c6", when="06-10 10:00")),
    Row("refund.quantity_exceeds", "signed", ask("c1", quantity=3), ask("c1", quantity=2)),
    Row("refund.quantity_exceeds", "posted", life.confirmed("c1", 2, when=RULED), life.confirmed("c1", 1, when=RULED)),
    Row("return.signed_before", "received", acts.door_signed("SF1", when=RULED), acts.door_signed("SF5", when=RULED)),
    Row("return.waybill_used", "posted", life.posted("c6", waybill="SF1", when=DAY3), life.posted("c6", when=DAY3)),
    Row("return.waybill_used", "exchanged", acts.replaced("c6", "r2", "SF1", when=RULED), acts.replaced("c6", "r2", "SF8", when=RULED)),
    Row(
        "ruling.exceeds_claim", "heard", acts.ruled(case_id="c1", quantity=2, when=RULED), acts.ruled(case_id="c1", quantity=1, when=RULED)
    ),
    Row("ruling.exceeds_claim", "heard", acts.ruled(case_id="c1", amount_minor=320_01, when=RULED), acts.ruled(case_id="c1", when=RULED)),
    Row("ruling.known", "ruled", acts.ruled(True, "rl1", "c1", when="06-09 10:00"), why="it stands"),
    Row("ruling.too_early", "disputed by both", acts.ruled(case_id="c1", when=DAY3), acts.ruled(case_id="c1", when=RULED), (HEARD,)),
    Row("ruling.too_early", "heard", acts.ruled(case_id="c1", when=DAY3), acts.ruled(case_id="c1", when=RULED)),
    Row("ruling.too_late", "heard", acts.ruled(case_id="c1", when="06-14 12:00"), acts.ruled(case_id="c1", when="06-14 11:59")),
    Row(
        "ruling.too_late",
        "appealed",
        acts.appeal_ruled(case_id="c1", when="06-16 10:00"),
        acts.appeal_ruled(case_id="c1", when="06-16 09:59"),
    ),
    Row("seller.differs", "three asked", life.accepted("c5", when=DAY2), life.accepted("c5", seller="f1", when=DAY2)),
    Row("seller.differs", "posted", life.confirmed("c1", 1, seller="s2", when=RULED), life.confirmed("c1", 1, when=RULED)),
    Row("trust_card.no_card", "no card", by_card(), FAULT),
    Row("trust_card.not_known", "card unknown", by_card(), until=(CARD,)),
    Row("trust_card.not_offered", "one sent", by_card(), ask("c1", kind="refund_only", ground="not_received")),
    Row("trust_card.not_valid", "card too late", by_card(), FAULT),
    Row(
        "trust_card.of_another",
        "another's card",
        ask("c1", kind="refund_only", ground="trust_card", buyer_id="b2"),
        FAULT.model_copy(update={"buyer_id": "b2"}),
    ),
]
WAITS = [
    Waiting("appeal.before_ruling", "heard", acts.appealed("c1", when="06-09 10:00"), (acts.ruled(False, case_id="c1", when=RULED),)),
    Waiting("case.before_approval", "three asked", life.posted("c1", when=DAY3), (life.accepted("c1", when=DAY2),)),
    Waiting("case.before_certificate", "accepted", ask("c1", kind="refund_only", ground="negotiated", when=NOON), (b.succeeded(TOTAL),)),
    Waiting("case.before_deadline", "three asked", life.withdrawn("c1", when=DAY3), ("06-06 10:00:05",)),
    Waiting("case.before_request", "signed", life.accepted("c1", when=DAY2), (ask("c1"),)),
    Waiting("case.before_return", "approved", life.confirmed("c1", 1, when=RULED), (life.posted("c1", when=DAY3),)),
    Waiting("case.before_return", "approved", acts.door_signed("SF1", when=RULED), (life.posted("c1", when=DAY3),)),
    Waiting("case.before_shipping", "paid", ask("c1", kind="refund_only", ground="not_received"), (b.shipped("p1", {1: 2}, NOON),)),
    Waiting("case.before_shipping", "paid", ask("c1", ground="negotiated"), (b.shipped("p1", {1: 2}, NOON),)),
    Waiting("case.before_signing", "sent", ask("c1"), (b.signed("p1", "06-03 12:00"),)),
    Waiting("case.before_signing", "sent", FAULT, (b.signed("p1", "06-03 12:00"),)),
    Waiting("dispute.before_refusal", "three asked", acts.disputed("c1", when=DAY3), (life.declined("c1", when=DAY2),)),
    Waiting("replacement.before_due", "posted exchange", acts.replaced("c1", when=RULED), (life.confirmed("c1", 1, when="06-07 10:00"),)),
    Waiting(
        "ruling.before_appeal", "ruled", acts.appeal_ruled(case_id="c1", when="06-10 10:00"), (acts.appealed("c1", when="06-09 10:00"),)
    ),
    Waiting("ruling.before_dispute", "refused", acts.ruled(case_id="c1", when=RULED), (acts.disputed("c1", when="06-05 12:00"), HEARD)),
]
LIVES |= {
    "posted exchange": SIGNED.then(ask("c1", kind="exchange"), life.accepted("c1", when=DAY2), life.posted("c1", when=DAY3)),
}
