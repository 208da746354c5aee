"""The connector of the payment service provider: what the provider says happened to money."""

from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from shared.contracts.topics import PSP
from shared.contracts.types import Currency, Day, Id, Minor, Movement, PutIn, Text
from shared.messaging.message import Message, Topic


def _calendar(day: str) -> str:
    """The schema's pattern has the 99th of a 99th month, and here digits of any script, which no table takes."""
    if not day.isascii():
        raise ValueError("its digits are 0 to 9")
    return date.fromisoformat(day).isoformat()


Stated = Annotated[Day, AfterValidator(_calendar)]
Disputed = Annotated[Minor, Field(ge=1)]  # nobody disputes nothing


class PaymentSucceeded(Message):
    """The provider captured the buyer's money. Source: R2.2, R2.3.

    amount_minor: what the buyer paid, no fee taken off. Another amount or currency than was due, half of it too, goes back in full; so
    does what is told after the order expired, however early it was captured.
    Producer: psp. Consumers: order.
    """

    type: ClassVar[str] = "payment.succeeded"
    topic: ClassVar[Topic] = PSP

    order_id: Id
    payment_id: Id
    amount_minor: Minor
    currency: Currency


class RefundSucceeded(Message):
    """The provider paid `refund.instructed` out, in full and for good.

    Producer: psp. Consumers: payment.
    """

    type: ClassVar[str] = "refund.succeeded"
    topic: ClassVar[Topic] = PSP

    order_id: Id
    refund_id: Id


class RefundFailed(Message):
    """The provider did not and will not pay this instruction.

    Producer: psp. Consumers: payment.
    """

    type: ClassVar[str] = "refund.failed"
    topic: ClassVar[Topic] = PSP

    order_id: Id
    refund_id: Id
    reason: Text


class CompensationSucceeded(Message):
    """The provider paid `compensation.instructed` out, in full and for good.

    Producer: psp. Consumers: payment.
    """

    type: ClassVar[str] = "compensation.succeeded"
    topic: ClassVar[Topic] = PSP

    order_id: Id
    compensation_id: Id


class CompensationFailed(Message):
    """The provider did not and will not pay this instruction.

    Producer: psp. Consumers: payment.
    """

    type: ClassVar[str] = "compensation.failed"
    topic: ClassVar[Topic] = PSP

    order_id: Id
    compensation_id: Id
    reason: Text


class PayoutSucceeded(Message):
    """The provider paid `payout.instructed` to the party's account, in full and for good. Keyed by the party.

    Producer: psp. Consumers: payment.
    """

    type: ClassVar[str] = "payout.succeeded"
    topic: ClassVar[Topic] = PSP
    key_field: ClassVar[str] = "party"

    party: Id
    payout_id: Id


class PayoutFailed(Message):
    """The provider did not and will not pay this instruction. Keyed by the party.

    Producer: psp. Consumers: payment.
    """

    type: ClassVar[str] = "payout.failed"
    topic: ClassVar[Topic] = PSP
    key_field: ClassVar[str] = "party"

    party: Id
    payout_id: Id
    reason: Text


class ChargebackOpened(Message):
    """The buyer's bank disputes a payment, or part of it; `chargeback.closed` says how that ended. Source: R3.8.

    chargeback_id: the provider's, one for each dispute. payment_id: of the capture. amount_minor: what is disputed, never more than
    the payment; currency: the payment's. reason: the bank's. Some providers take the money now and give it back if the bank
    says no, others take it at the end: to us both say the same, and the money is booked when it is lost.
    Producer: psp. Consumers: payment.
    """

    type: ClassVar[str] = "chargeback.opened"
    topic: ClassVar[Topic] = PSP

    order_id: Id
    chargeback_id: Id
    payment_id: Id
    amount_minor: Disputed
    currency: Currency
    reason: Text


class ChargebackClosed(Message):
    """The bank has decided, for good. won: the money stays with the platform; lost: the buyer has it. Source: R3.8.

    amount_minor: of a lost one what the bank took, where that is less than was disputed; None: all of it. A won one has none.
    Producer: psp. Consumers: payment.
    """

    type: ClassVar[str] = "chargeback.closed"
    topic: ClassVar[Topic] = PSP

    order_id: Id
    chargeback_id: Id
    outcome: Literal["won", "lost"]
    amount_minor: Disputed | None = None


class StatementLine(Message):
    """A line of the provider's statement of a day: money that it says it moved for this order. Source: R3.9.

    line_id: the provider's, of one order never the same for two movements; sent again with other content it corrects what was said
    at an earlier occurred_at, and an amount of 0 takes it back. day: the provider's. reference: the payment_id of a capture, the
    refund_id of a refund, the compensation_id of a compensation, the chargeback_id of a chargeback: what the bank took in the end,
    though the provider may take it at the opening; a line of one that was won is taken back. amount_minor: what was moved, in either
    direction.
    kind payout: refused, `statement.of_party`. It is of a party and of no order: `statement.payout` tells of it.
    Producer: psp. Consumers: payment.
    """

    type: ClassVar[str] = "statement.line"
    topic: ClassVar[Topic] = PSP

    order_id: Id
    statement_id: Id
    line_id: Id
    day: Stated
    kind: Movement | Literal["payout"]
    reference: Id
    amount_minor: Minor
    currency: Currency


class PayoutLine(Message):
    """A line of the provider's statement of a day: money that it says it paid to this party. Keyed by the party. Source: R3.9.

    line_id: the provider's, of one party never the same for two payouts; sent again with other content it corrects what was said at an
    earlier occurred_at, and an amount of 0 takes it back: so does the line of a payout that came back. day: the provider's.
    payout_id: of `payout.instructed`.
    Producer: psp. Consumers: payment.
    """

    type: ClassVar[str] = "statement.payout"
    topic: ClassVar[Topic] = PSP
    key_field: ClassVar[str] = "party"

    party: Id
    statement_id: Id
    line_id: Id
    day: Stated
    payout_id: Id
    amount_minor: Minor
    currency: Currency


class PutInLine(Message):
    """A line of the provider's statement of a day: money of this seller or promoter that it says came in. Keyed by the party. Source: R3.9.

    line_id: the provider's, of one party never the same for two sums put in; sent again with other content it corrects what was said at an
    earlier occurred_at, and an amount of 0 takes it back. day: the provider's. reference: the deposit_id of `deposit.topped_up`, the
    prefund_id of `prefund.topped_up`.
    Producer: psp. Consumers: payment.
    """

    type: ClassVar[str] = "statement.put_in"
    topic: ClassVar[Topic] = PSP
    key_field: ClassVar[str] = "party"

    party: Id
    statement_id: Id
    line_id: Id
    day: Stated
    kind: PutIn
    reference: Id
    amount_minor: Minor
    currency: Currency
