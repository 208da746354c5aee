"""What the payment service refuses, and what it has wait. The provider says what is written here, and nothing by itself."""

from __future__ import annotations

from typing import Any, Literal

from services.payment.decide.chargebacks import CHARGEBACKS_MAX
from shared.contracts.handling import MoneyHandled, PayoutHandled
from shared.contracts.payment import CompensationInstructed, PayoutInstructed, RefundInstructed
from shared.contracts.psp import CompensationFailed, CompensationSucceeded, PayoutFailed, PayoutSucceeded, RefundFailed, RefundSucceeded
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.payment.asks import prefunded, registered, topped_up, withdrawal
from tests.unit.payment.disputes import closed, opened
from tests.unit.refund import life
from tests.unit.refusals.judged import Life, Made, Row, Waiting
from tests.unit.refusals.of_order import NEXT, NOON, SIGNED, ask, of, other
from tests.unit.town import Town

How = Literal["paid", "failed"]
REFUSED: dict[str, Any] = {"reason": "account closed"}
ANSWERS: dict[type[Message], tuple[tuple[str, str], type[Message], type[Message]]] = {
    RefundInstructed: (("order_id", "refund_id"), RefundSucceeded, RefundFailed),
    CompensationInstructed: (("order_id", "compensation_id"), CompensationSucceeded, CompensationFailed),
    PayoutInstructed: (("party", "payout_id"), PayoutSucceeded, PayoutFailed),
}


def instructed(town: Town, kind: type[Message], nth: int) -> Any:
    return [fact for fact in town.services["payment"].facts if isinstance(fact, kind)][nth]


def answered(kind: type[Message], nth: int, how: How, when: str) -> Made:
    """The provider's word on what it was told to do."""
    names, paid, failed = ANSWERS[kind]

    def made(town: Town) -> Message:
        asked = instructed(town, kind, nth)
        said: dict[str, Any] = {**{name: getattr(asked, name) for name in names}, "occurred_at": b.at(when)}
        return paid(**said) if how == "paid" else failed(**said, **REFUSED)

    return made


def refund(nth: int, how: How = "paid", when: str = NEXT) -> Made:
    return answered(RefundInstructed, nth, how, when)


def compensation(nth: int, how: How = "paid", when: str = NEXT) -> Made:
    return answered(CompensationInstructed, nth, how, when)


def payout(nth: int, how: How = "paid", when: str = "06-15 10:00") -> Made:
    return answered(PayoutInstructed, nth, how, when)


def handled(
    nth: int | str,
    handling_id: str = "h1",
    kind: type[Message] = RefundInstructed,
    how: Literal["paid", "unclaimed", "arrived"] = "unclaimed",
    when: str = "06-06 10:00",
) -> Made:
    """nth: which was instructed, or an id."""

    def made(town: Town) -> Message:
        asked = instructed(town, kind, nth) if isinstance(nth, int) else None
        item: Any = nth if asked is None else asked.refund_id if kind is RefundInstructed else asked.compensation_id
        return MoneyHandled(
            order_id=b.ORDER if asked is None else asked.order_id,
            handling_id=handling_id,
            of="refund" if kind is RefundInstructed else "compensation",
            item_id=item,
            how=how,
            by="clerk1",
            reference="t-1",
            reason="account closed",
            occurred_at=b.at(when),
        )

    return made


def found(nth: int, handling_id: str = "h1", how: Literal["paid", "not_paid"] = "not_paid", when: str = "06-16 10:00") -> Made:
    """Of a payout of which the provider said both."""

    def made(town: Town) -> Message:
        asked = instructed(town, PayoutInstructed, nth)
        said: dict[str, Any] = {"how": how, "by": "clerk1", "reference": "t-1", "reason": "asked the provider"}
        return PayoutHandled(party=asked.party, payout_id=asked.payout_id, handling_id=handling_id, **said, occurred_at=b.at(when))

    return made


COMPENSATIONS = CompensationInstructed
BOUGHT = Life((b.placed(b.cart(1, 50_00, 2)), b.succeeded(), *other()), mute=True)
CANCELLED = BOUGHT.then(b.cancel({1: 1}), b.cancel({1: 1}, cancel_id="cancel2"), of("o2", b.cancel(buyer_id="b2")))
FAILED = CANCELLED.then(refund(0, "failed"), refund(1, "failed"), refund(2, "failed"))
LATE = Life((b.placed(b.cart(), b.cart(2, 50_00, seller_id="s2")), b.succeeded(150_00), "06-03 10:11"), mute=True)
SETTLED = BOUGHT.then(
    b.shipped(units={1: 2}, when=NOON), b.signed(when="06-03 12:00"), b.receipt(when=NEXT), "06-13 12:00"
)  # fmt: skip
UNPAID_CASE = Life(SIGNED.steps, mute=True).then(
    ask("c1", kind="refund_only", ground="quality"), life.accepted("c1", when="06-05 10:00"), refund(0, "failed", "06-05 11:00"),
    b.seller_cancels({3: 1}), refund(1, "failed", "06-05 12:00"),
)  # fmt: skip
LIVES = {
    "bought": BOUGHT,
    "seller": Life((registered(), topped_up(), prefunded())),
    "disputed": BOUGHT.then(opened(), opened(10_00, "cb2")),
    "debited": BOUGHT.then(opened(), opened(10_00, "cb2"), closed("lost", amount_minor=60_00)),
    "disputed for ever": BOUGHT.then(*(opened(1, f"n{number}") for number in range(CHARGEBACKS_MAX))),
    "cancelled": CANCELLED,
    "one paid": CANCELLED.then(refund(0)),
    "one bounced": CANCELLED.then(refund(0), refund(0, "failed")),
    "one failed": CANCELLED.then(refund(0, "failed")),
    "failed": FAILED,
    "handled": FAILED.then(handled(0)),
    "failed and disputed": FAILED.then(opened(when="06-05 10:00")),
    "failed and debited": FAILED.then(opened(when="06-05 10:00"), closed("lost", when="06-05 11:00")),
    "late": LATE,
    "late, one paid": LATE.then(compensation(0)),
    "late, one bounced": LATE.then(compensation(0), compensation(0, "failed")),
    "late, one failed": LATE.then(compensation(0, "failed")),
    "paid out": SETTLED.then(payout(0)),
    "settled": SETTLED,
    "one payout bounced": SETTLED.then(payout(0), payout(0, "failed")),
    "one payout contradicted": SETTLED.then(payout(0, "failed"), payout(0), payout(1, "failed")),
    "paid on demand": Life(SETTLED.steps, b.with_policy("payment", sweep=False), mute=True).then(withdrawal(when="06-13 13:00")),
    "stated": BOUGHT.then(b.stated()),
    "payout stated": SETTLED.then(b.payout_stated("l1", "never")),
}
ROWS = [
    Row("chargeback.amount_differs", "disputed", closed("lost", amount_minor=100_01), closed("lost", amount_minor=100_00)),
    Row("chargeback.amount_differs", "disputed", closed("won", amount_minor=1), closed("won")),
    Row("chargeback.contradicted", "debited", closed("won"), closed("won", "cb2")),
    Row("chargeback.contradicted", "disputed", opened(50_00), opened(50_00, "cb3")),
    Row("chargeback.currency_differs", "bought", opened(currency="USD"), opened()),
    Row("chargeback.ended", "debited", closed("lost", amount_minor=60_00), closed("lost", "cb2")),
    Row("chargeback.exceeds_paid", "bought", opened(100_01), opened()),
    Row("chargeback.known", "disputed", opened(when="06-09 10:00"), opened(1, "cb3")),
    Row("chargeback.too_many", "disputed for ever", opened(1), of("o2", opened(1, payment_id="pay2"))),
    Row("compensation.contradicted", "late, one bounced", compensation(0, "failed", "06-07 10:00"), compensation(1, "failed")),
    Row("compensation.ended", "late, one paid", compensation(0, when=NOON), compensation(1)),
    Row(
        "compensation.unknown", "late", CompensationSucceeded(order_id="o1", compensation_id="no", occurred_at=b.at(NEXT)), compensation(0)
    ),
    Row("deposit.currency_differs", "seller", topped_up(1, "d2", currency="USD"), topped_up(1, "d2")),
    Row("deposit.known", "seller", topped_up(1), topped_up(1, "d2")),
    Row("handling.disputed", "failed and disputed", handled(0), until=(closed("won", when="06-05 12:00"),)),
    Row("handling.known", "handled", handled(1), handled(1, "h2")),
    Row("handling.not_failed", "one failed", handled(1), handled(0)),
    Row("handling.not_failed", "late, one failed", handled(1, kind=COMPENSATIONS), handled(0, kind=COMPENSATIONS)),
    Row("handling.not_contradicted", "one payout contradicted", found(1), found(0)),
    Row("handling.not_bounced", "one failed", handled(0, how="arrived"), handled(0)),
    Row("handling.not_bounced", "one paid", handled(0, how="arrived"), handled(0), until=(refund(0, "failed"),)),
    Row("handling.not_contradicted", "paid out", found(0), found(0), until=(payout(0, "failed"),)),
    Row("handling.nothing_left", "failed and debited", handled(0, how="paid"), handled(0)),
    Row("handling.of_case", "case unpaid", handled(0), handled(1)),
    Row("handling.unknown", "failed", handled("never"), handled(0)),
    Row("handling.unknown", "late, one failed", handled("never", kind=COMPENSATIONS), handled(0, kind=COMPENSATIONS)),
    Row("payout.closed", "paid out", payout(0, when="06-15 11:00"), payout(1)),
    Row("payout.contradicted", "one payout bounced", payout(0, "failed", "06-16 10:00"), payout(1, "failed")),
    Row("payout.contradicted", "one payout contradicted", payout(0), payout(1)),
    Row("payout.unknown", "settled", b.payout_paid("never"), payout(0)),
    Row("payout.unknown", "settled", b.payout_failed("never"), payout(0, "failed")),
    Row("prefund.known", "seller", prefunded(1), prefunded(1, "p2")),
    Row("refund.contradicted", "one bounced", refund(0, "failed", "06-05 10:00"), refund(1, "failed")),
    Row("refund.ended", "one paid", refund(0, when="06-05 10:00"), refund(1)),
    Row("refund.ended", "one failed", refund(0, "failed", when="06-05 10:00"), refund(1, "failed")),
    Row("refund.unknown", "cancelled", b.refund_paid("never"), refund(0)),
    Row("refund.unknown", "cancelled", b.refund_failed("never"), refund(0, "failed")),
    Row("seller.known", "seller", registered(), registered(60_00)),
    Row("seller.registered_since", "seller", registered(60_00, when="05-01 09:00"), registered(60_00)),
    Row("statement.known", "stated", b.stated(), b.stated("l2")),
    Row("statement.known", "payout stated", b.payout_stated("l1", "never"), b.payout_stated("l2", "never")),
    Row(
        "statement.stated_since", "stated", b.stated(amount_minor=1_00, when="06-02 00:59"), b.stated(amount_minor=1_00, when="06-02 01:01")
    ),
    Row("statement.of_party", "bought", b.stated(kind="payout"), b.stated()),
    Row("withdrawal.known", "paid on demand", withdrawal(1, when="06-13 14:00"), withdrawal(1, "w2", when="06-13 14:00")),
]
LIVES |= {"case unpaid": UNPAID_CASE}
WAITS = [
    Waiting("chargeback.before_opened", "bought", closed("lost"), (opened(),)),
    Waiting("chargeback.before_payment", "bought", opened(payment_id="pay9"), (b.succeeded(payment_id="pay9"),)),
    Waiting("deposit.before_registration", "none", topped_up(), (registered(),)),
]
