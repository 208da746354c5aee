"""A small market in which everything happens that money can come to; told in memory, always the same. Times: Shanghai, 2026."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from shared.contracts.governance import StudyCredited, ViolationAppealed, ViolationRecorded, ViolationUpheld, ViolationVoided
from shared.contracts.handling import MoneyHandled
from shared.contracts.member import TrustCardClaimed, VoteCast
from shared.contracts.payment import CompensationInstructed, PayoutDone, PayoutInstructed, RefundInstructed
from shared.contracts.psp import CompensationSucceeded, PayoutFailed
from shared.contracts.seller import DepositToppedUp, PrefundToppedUp, SellerRegistered, WithdrawalRequested
from shared.contracts.storefront import OrderPlaced
from shared.messaging.message import Message
from shared.policy import Policies
from tests.unit import builders as b
from tests.unit.order.fair import allotted, linked, reviewed, wanted
from tests.unit.payment import disputes
from tests.unit.refund import acts, life
from tests.unit.refund.firsts import before, claimed
from tests.unit.town import Town
from tests.unit.verify import putting_in
from tests.unit.verify.contradicting import both, bounced, came_back, found, no, paid_after_all, refused


class Market(Town):
    """The provider pays all but the first payouts of s3, s6, s8, what is of `hand`, the appraisal of `won`; each event is told twice."""

    def provider(self, fact: Message) -> Iterable[Message]:
        if isinstance(fact, RefundInstructed | CompensationInstructed) and refused(fact):
            yield no(fact)
        elif isinstance(fact, CompensationInstructed):
            yield CompensationSucceeded(order_id=fact.order_id, compensation_id=fact.compensation_id, occurred_at=fact.occurred_at)
        elif isinstance(fact, PayoutInstructed) and fact.party in ("s3", "s6", "s8") and self.of(fact) == 1:
            yield PayoutFailed(party=fact.party, payout_id=fact.payout_id, reason="account closed", occurred_at=fact.occurred_at)
        else:
            yield from super().provider(fact)

    def of(self, fact: PayoutInstructed) -> int:
        """Payouts of the party so far."""
        return sum(isinstance(told, PayoutInstructed) and told.party == fact.party for _, told in self.services["payment"].out)

    def day(self, until: str, *events: Message) -> None:
        """By their times; then the clock goes on."""
        for event in sorted(events, key=lambda event: event.occurred_at):
            self.advance(event.occurred_at)
            self.tell([(f"e{len(self.sent)}", event)] * 2)
        self.advance(b.at(until))


def of(order_id: str, *events: Message) -> list[Message]:
    return [event.model_copy(update={"order_id": order_id}) for event in events]


def bought(order_id: str, placed: OrderPlaced, when: str = b.PAID) -> list[Message]:
    paid = b.succeeded(placed.due_minor, f"pay-{order_id}", when)
    return of(order_id, placed, paid)


def arrived(order_id: str, units: dict[int, int], sent: str = "06-02 09:00", signed: str = "06-02 18:00", **fields: Any) -> list[Message]:
    """Sent, collected, signed for and confirmed."""
    parcel = f"parcel-{order_id}"
    signing = b.signed(parcel, signed)
    confirmed = b.receipt(when=signed).model_copy(update={"occurred_at": b.at(signed.replace(":00", ":30"))})
    return of(order_id, b.shipped(parcel, units, sent, **fields), b.collected(parcel, sent), signing, confirmed)


def returned(order_id: str, quantity: int, asked: str, posted: str, inspected: str, case_id: str = "", line_no: int = 1) -> list[Message]:
    """A no-reason return, accepted whole."""
    case = case_id or f"case-{order_id}"
    return of(
        order_id,
        life.requested(case, line_no=line_no, quantity=quantity, when=asked),
        life.accepted(case, when=posted),
        life.posted(case, when=posted),
        life.confirmed(case, quantity, when=inspected),
    )


def stopped(order_id: str) -> list[Message]:
    """One unit is asked back before it left, and refunded; the parcel with both is stopped, and the other unit leaves again."""
    wish = life.requested(f"case-{order_id}", quantity=1, kind="refund_only", ground="not_shipped", when="06-01 12:00")
    parcels = b.shipped("both", {1: 2}, "06-01 13:00"), b.shipped("other", {1: 1}, "06-01 14:00")
    return [*bought(order_id, b.placed(b.cart(1, 20_00, 2))), *of(order_id, wish, *parcels)]


def _gift(order_id: str) -> list[Message]:
    """Tea with a cup for nothing, taken back before they left."""
    tea = b.cart(1, 80_00, tags=("refund_without_return",), without_return_cap_minor=50_00)
    placed = b.placed(tea, b.cart(2, 15_00, gift_of=1), coupons=[b.coupon(15_00, 2, funder="seller", coupon_id="cp4")])
    return [*bought(order_id, placed), *of(order_id, b.cancel(payment_id=f"pay-{order_id}", when="06-01 12:00"))]


def _by_hand(town: Market) -> list[Message]:
    """A person settles all that the provider refused, and finds that it did not pay the first payout of s6."""
    told = [fact for _, fact in town.services["payment"].out if isinstance(fact, RefundInstructed | CompensationInstructed)]
    words: list[Message] = []
    for number, fact in enumerate(one for one in told if refused(one)):
        item = fact.refund_id if isinstance(fact, RefundInstructed) else fact.compensation_id
        said: dict[str, Any] = {"of": "refund" if isinstance(fact, RefundInstructed) else "compensation", "item_id": item}
        said |= {"how": "paid" if number else "unclaimed", "by": "ops-7", "reason": "account closed", "reference": f"bank-{number}"}
        words.append(MoneyHandled(order_id=fact.order_id, handling_id=f"h{number}", **said, occurred_at=b.at("06-10 10:00")))
    return [*words, found("s6", "not_paid", "06-10 10:00"), *came_back(told)]


def _voucher(order_id: str) -> list[Message]:
    """One of two is paid for by the platform's fund; then the seller gives up both."""
    placed = b.placed(b.cart(1, 20_00, 2, kind="virtual", seller_id="s5", promoter_id=None, commission_bp=0), buyer_id="b3")
    lost = b.seller_cancels(seller_id="s5", payment_id=f"pay-{order_id}", when="06-01 14:00")
    return [*bought(order_id, placed), claimed(order_id, "b3", when="06-01 12:00"), *of(order_id, lost)]


def _rest(order_id: str) -> list[Message]:
    """Asked back, after a bank took a part of it."""
    return of(order_id, life.requested(f"case-{order_id}", quantity=2, kind="refund_only", ground="not_shipped", when="06-17 10:00"))


def won() -> OrderPlaced:
    freight = b.cart(2, 8_00, kind="freight", seller_id="s6", promoter_id=None, commission_bp=0)
    return b.placed(b.cart(1, 60_00, 2, seller_id="s6"), freight, coupons=[b.coupon(20_00)])


def _won(order_id: str) -> list[Message]:
    """The platform rules for the buyer, who is paid, freight too, and on appeal for the seller."""
    case, seller = f"case-{order_id}", "s6"
    return of(
        order_id,
        life.requested(case, quantity=2, kind="refund_only", ground="quality", when="06-03 10:00"),
        life.declined(case, seller=seller, when="06-03 12:00"),
        acts.disputed(case, when="06-03 14:00"),
        acts.ruled(case_id=case, when="06-06 10:00", finding="counterfeit", appraisal_minor=5_00),
        acts.appealed_by_seller(case, seller=seller, when="06-07 10:00"),
        acts.appeal_ruled(case_id=case, when="06-07 20:00"),
    )


def _exchanged(order_id: str) -> list[Message]:
    """Three go back for others; the seller accepts two of them, and sends two."""
    wish = life.requested(kind="exchange", when="06-05 10:00"), life.accepted(seller="s12", when="06-05 11:00")
    back = life.posted(when="06-05 12:00"), life.confirmed(quantity=2, seller="s12", when="06-06 09:00")
    return [*arrived(order_id, {1: 3}), *of(order_id, *wish, *back, acts.replaced(seller="s12", when="06-07 10:00"))]


def _lies(order_id: str, ruled: str) -> list[Message]:
    """b11, who is b10, says that the goods are bad, and the ruling finds a false claim."""
    case, buyer, seller = f"case-{order_id}", "b11", "s11"
    line = b.cart(1, 50_00, seller_id=seller, promoter_id=None, commission_bp=0)
    told = of(
        order_id,
        life.requested(case, quantity=1, buyer=buyer, ground="quality", when="05-23 10:00"),
        life.declined(case, seller=seller, when="05-23 12:00"),
        acts.disputed(case, buyer=buyer, when="05-23 14:00"),
        acts.ruled(False, case_id=case, when=ruled, fault="buyer", finding="false_claim"),
    )
    placed = b.placed(line, buyer_id=buyer, when="05-21 10:00")
    return [*bought(order_id, placed, "05-21 10:05"), *arrived(order_id, {1: 1}, "05-21 12:00", "05-22 12:00")[:3], *told]


def _person() -> list[Message]:
    """b10 has a card, and loses it when b11 lies; once that falls on appeal it has another, until b11 lies again."""
    links = [linked(buyer, "t2", when="05-20 13:00") for buyer in ("b10", "b11")]
    claims = [("b10", "05-21 10:00"), ("b10", "05-26 11:00"), ("b10", "05-27 10:00"), ("b11", "05-27 14:00")]
    cards = [
        TrustCardClaimed(buyer_id=buyer, claim_id=f"w-{when[:5]}-{buyer}-{when[6:8]}", occurred_at=b.at(when)) for buyer, when in claims
    ]
    appeal = acts.appealed("case-lie1", buyer="b11", when="05-26 12:00"), acts.appeal_ruled(case_id="case-lie1", when="05-26 20:00")
    return [*links, *cards, *_lies("lie1", "05-26 10:00"), *_lies("lie2", "05-27 12:00"), *of("lie1", *appeal)]


POLICIES = b.with_policy("payment", chargeback_silent_days=10)


def market(policies: Policies = POLICIES) -> Market:
    (town := Market(policies)).day("05-20 12:05", *of("under", b.placed(b.cart(1, seller_id="s9", promoter_id=None), when="05-20 12:00")))
    town.day("05-31 00:00", *_before(), *_governed(), *_person())  # s9 is suspended from 10:10 on
    freight, three = b.cart(2, 8_00, kind="freight", promoter_id=None, commission_bp=0), b.cart(1, 60_01, 3)
    coupons = [b.coupon(20_00), b.coupon(5_01, funder="promoter", coupon_id="cp2"), b.coupon(3_00, funder="seller", coupon_id="cp3")]
    split, after = b.placed(three, freight, coupons=coupons), b.placed(b.cart(1, 100_00, 3), coupons=[b.coupon(20_00)])
    gone = b.placed(b.cart(1, 33_33, 3), b.cart(2, 10_00), coupons=[b.coupon(10_00, 1, 2)])
    first: list[Message] = [*bought("split", split), *bought("after", after), *bought("gone", gone), *bought("fake", fake())]
    first += bought("late", b.placed(b.cart(1, 45_55, 2))) + bought("earning", b.placed(b.cart(1, 400_00)))
    first += bought("first", b.placed(b.cart(1, 60_00, seller_id="s3", no_reason_waived=True), buyer_id="b5"))
    first += bought("own", b.placed(b.cart(1, 30_00, seller_id="s2", promoter_id=None, commission_bp=0)))
    first += bought("other", b.placed(b.cart(1, 70_00, seller_id="s3", promoter_id=None, commission_bp=0)))
    first += bought("swap", b.placed(b.cart(1, 10_00, 3, seller_id="s12", promoter_id=None, commission_bp=0)))
    first += bought("disputed", b.placed(b.cart(1, 90_00, 3), coupons=[b.coupon(9_00)]))
    first += bought("denied", b.placed(b.cart(1, 11_11, 2), coupons=[b.coupon(1_00)]))
    first += [*_gift("gift"), *_voucher("voucher"), *bought("won", won())]
    first += bought("hand", b.placed(b.cart(1, 30_00, 2, seller_id="s4", promoter_id=None, commission_bp=0)))
    first += of("hand", b.succeeded(60_00, "again-hand", "06-01 10:20"), b.cancel({1: 1}, "pay-hand", when="06-01 12:00"))
    first += of("denied", disputes.opened(22_22 - 1_00, "cb2", "06-01 15:00", "pay-denied"))
    first += of("own", b.succeeded(30_00, "again", "06-01 10:20")) + of("gone", b.cancel({1: 1}, "pay-gone", when="06-01 12:00"))
    first += [linked("b12", "t3", when="05-20 13:00"), linked("b13", "t3", when="05-20 13:00")]  # told late: b13 has voted since
    first += [wanted("fair1", "b7", 2, when="06-01 10:00"), wanted("fair2", "b8", when="06-01 10:00"), wanted("fair3", "b9", 3)]
    first += of("fair1", b.succeeded(2_00, "pay-fair1")) + of("fair1", b.cancel({1: 1}, "pay-fair1", "b7", "06-01 11:00"))
    first += [*of("fair1", disputes.opened(1_00, "cb3", "06-01 16:00", "pay-fair1")), *stopped("kept")]  # the bank never says the end
    town.day("06-02 00:00", *first)
    town.day(
        "06-03 00:00",
        *(event for order_id in ("split", "after", "disputed") for event in arrived(order_id, {1: 3})),
        *(event for order_id in ("own", "other") for event in arrived(order_id, {1: 1})),
        *arrived("won", {1: 2}),
        *arrived("fake", {1: 2}),
        *arrived("first", {1: 1})[:3],
    )
    stated = of("split", b.stated("l1", "pay-split", split.due_minor)) + of("own", b.stated("l1", "pay-own", 29_99))
    late = arrived("late", {1: 2}, "06-04 09:00", "06-07 12:00")[:1]
    town.day("06-05 00:00", *late, *stated, *arrived("gone", {1: 2, 2: 1}, "06-03 09:00", "06-04 10:00"))
    town.day(
        "06-08 00:00",
        *returned("split", 1, "06-05 10:00", "06-05 12:00", "06-06 09:00"),
        *arrived("earning", {1: 1}, "06-03 08:00", "06-05 10:00"),
        *(event for told in (_counterfeit("fake"), _won("won"), _exchanged("swap")) for event in told),
        claimed("first", "b5", when="06-05 11:00"),
    )
    town.day("06-09 12:00", *of("late", b.ruling(parcel_id="parcel-late", when="06-08 09:00")), paid_after_all("s6", "06-08 10:00"))
    wish = WithdrawalRequested(seller_id="s2", withdrawal_id="w1", amount_minor=5_00, currency="CNY", occurred_at=b.at("06-09 13:00"))
    town.day("06-11 00:00", wish, *_by_hand(town), *_disputed(), *returned("after", 1, "06-09 22:00", "06-10 10:00", "06-10 12:00"))
    lost = of("disputed", disputes.closed("lost", "cb1", "06-15 10:00")) + of("denied", disputes.closed("lost", "cb2", "06-16 10:00", 7_00))
    asked = of("own", life.requested("case-own", quantity=1, when="06-15 10:00")) + _rest("denied") + bounced(s11="not_paid", k1="paid")
    town.day("06-20 00:00", *returned("gone", 2, "06-11 10:00", "06-11 11:00", "06-11 12:00"), *lost, *asked, *both("s3"), *_paid_out(town))
    return town


def _paid_out(town: Market) -> Iterable[Message]:
    """Of the payouts so far the provider states one alike, one with a fen less, one twice, one that nobody knows of, the rest never.

    Another policy may have made fewer by then.
    """
    done = [fact for _, fact in town.services["payment"].out if isinstance(fact, PayoutDone)]
    lines = [("a", done[:1], 0), ("b", done[1:2], -1), ("c", done[2:3], 0), ("d", done[2:3], 0)]
    for line_id, fact, more in ((line_id, fact, more) for line_id, facts, more in lines for fact in facts):
        paid, amount = {"party": fact.party, "payout_id": fact.payout_id}, fact.amount_minor + more
        yield b.payout_stated(**paid, line_id=line_id, amount_minor=amount, when="06-12 02:00", day="2026-06-11")
    yield b.payout_stated("e", "po-unknown", when="06-12 02:00", day="2026-06-11")
    yield from putting_in.stated()


def _disputed() -> list[Message]:
    """Returned, disputed with the bank, and returned again while that is open. Another bank wants what went back as unwanted."""
    back = returned("disputed", 1, "06-09 13:00", "06-09 14:00", "06-09 15:00")
    back += of("disputed", disputes.opened(200_00, "cb1", "06-09 16:00", "pay-disputed"))
    back += returned("disputed", 1, "06-09 17:00", "06-09 18:00", "06-09 19:00", "case-held")
    return back + of("own", disputes.opened(30_00, "cb4", "06-10 20:00", "again"))


def fake() -> OrderPlaced:
    return b.placed(b.cart(1, 100_00, 2, seller_id="s4", promoter_id=None, commission_bp=0), coupons=[b.coupon(10_00)])


def _counterfeit(order_id: str) -> list[Message]:
    """Claimed unit by unit, and the seller admits it: the money, three times as much, at least 500.00 for both, and the coupon."""
    told: list[Message] = []
    for case, day in ((f"case-{order_id}", "06-06"), (f"case2-{order_id}", "06-07")):
        told.append(life.requested(case, quantity=1, kind="claim", ground="counterfeit", when=f"{day} 10:00"))
        told.append(life.accepted(case, seller="s4", when=f"{day} 12:00"))
    return of(order_id, *told)


def _before() -> Iterable[Message]:
    at = b.at("05-20 10:00")
    yield SellerRegistered(seller_id="s1", deposit_required_minor=80_00, currency="CNY", occurred_at=at)
    yield DepositToppedUp(seller_id="s1", deposit_id="d1", amount_minor=50_00, currency="CNY", occurred_at=at)
    yield PrefundToppedUp(promoter_id=b.PROMOTER, prefund_id="p1", amount_minor=4_00, currency="CNY", occurred_at=at)
    yield PrefundToppedUp(promoter_id="k9", prefund_id="p9", amount_minor=9_00, currency="CNY", occurred_at=at)
    wish: dict[str, Any] = {"seller_id": "k9", "withdrawal_id": "w9", "amount_minor": 6_00, "currency": "CNY", "of": "prefunded"}
    yield WithdrawalRequested(**wish, occurred_at=b.at("05-21 10:00"))
    yield from _gone("s8")
    yield TrustCardClaimed(buyer_id="b5", claim_id="wish", occurred_at=at)
    yield from (reviewed(), allotted(4), linked("b7", "t1"), linked("b6", "t1"))
    yield from (before("b7"), before("b14"), before("b14", None, "05-30 11:00"), before("b14", "02-02 10:00", "05-30 10:30"))


def _gone(seller: str) -> Iterable[Message]:
    """It needs less of a deposit than it put in, and asks for the rest until it is paid."""
    money: dict[str, Any] = {"seller_id": seller, "currency": "CNY"}
    yield SellerRegistered(**money, deposit_required_minor=20_00, occurred_at=b.at("05-20 10:00"))
    yield DepositToppedUp(**money, deposit_id="d8", amount_minor=50_00, occurred_at=b.at("05-20 10:00"))
    for number in (1, 2):
        wish: dict[str, Any] = {"withdrawal_id": f"rest-{number}", "amount_minor": 30_00, "of": "deposit"}
        yield WithdrawalRequested(**money, **wish, occurred_at=b.at(f"05-2{number} 11:00"))


def _governed() -> Iterable[Message]:
    """A seller comes to a hundred points, studies, and has one violation voided on appeal; a streamer loses its appeal and has votes."""
    bad: dict[str, Any] = {"subject_id": "seller:s9"}
    for day in range(20, 25):
        at = b.at(f"05-{day} 10:00")
        yield ViolationRecorded(**bad, violation_id=f"v{day}", kind="off_platform", level=2 if day == 20 else None, occurred_at=at)
    yield StudyCredited(**bad, study_id="l1", points=10, occurred_at=b.at("05-25 10:00"))
    yield ViolationAppealed(**bad, violation_id="v20", occurred_at=b.at("05-26 10:00"))
    yield ViolationVoided(**bad, violation_id="v20", occurred_at=b.at("05-27 10:00"))
    streamer: dict[str, Any] = {"subject_id": "promoter:k9"}
    yield ViolationRecorded(**streamer, violation_id="v1", kind="false_advertising", points=5, level=1, occurred_at=b.at("05-20 11:00"))
    yield ViolationAppealed(**streamer, violation_id="v1", occurred_at=b.at("05-21 11:00"))
    yield ViolationUpheld(**streamer, violation_id="v1", occurred_at=b.at("05-22 11:00"))
    for buyer, day in (("b7", 21), ("b6", 21), ("b5", 21), ("k9", 21), ("b6", 22), ("b13", 24)):
        yield VoteCast(buyer_id=buyer, vote_id=f"{buyer}-{day}", promoter_id="k9", occurred_at=b.at(f"05-{day} 12:00"))
