"""Facts about chargebacks: what a buyer's bank takes back, what that costs whom, and what need not be sent. Source: R3.8, R2.4."""

from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, Field

from shared.contracts.topics import ORDER, PAYMENT, PAYMENT_TIMER
from shared.contracts.types import Bearer, Currency, Id, LineNo, Minor, Moves, Part, SomeOrNone, Text
from shared.messaging.message import Message, Topic


class ChargebackLine(Part):
    """How much of a line's payment a chargeback is about, and whose line it is."""

    line_no: LineNo
    seller_id: Id
    promoter_id: Id | None
    amount_minor: Minor


class ChargebackPart(ChargebackLine):
    """What a lost chargeback takes of a line. platform_minor, promoter_minor: what of their subsidies goes back to them with it.

    fronted, commission_minor, fee_minor, clawback: as in `refund.reserved`. Source: R3.4, R3.6.
    """

    platform_minor: Minor = 0
    promoter_minor: Minor = 0
    fronted: bool = False
    commission_minor: Minor = 0
    fee_minor: Minor = 0
    clawback: bool = False


class ChargebackReceived(Message):
    """The order's lines are frozen: until the chargeback ends nothing of them is settled, and no refund is submitted. Source: R3.8.

    lines: how it lies on them now, by largest remainder over what is paid and neither refunded nor charged back; less than
    amount_minor in all if refunds have left less than that (`chargeback.contested`). Empty: of a payment that was unwanted. answer_by:
    when it is announced that the bank has not said how it ended; None: received before there was such a time. of_order: it is about what
    paid the order, not about money that was unwanted; None: received before this was told.
    It cancels nothing: what has not left may be sent, or cancelled (`order.cancel_requested`), and need not be sent meanwhile
    (`order.disputed`).
    Producer: payment. Consumers: order.
    """

    type: ClassVar[str] = "chargeback.received"
    topic: ClassVar[Topic] = PAYMENT

    order_id: Id
    chargeback_id: Id
    payment_id: Id
    currency: Currency
    amount_minor: Minor
    reason: Text
    lines: tuple[ChargebackLine, ...]
    answer_by: AwareDatetime | None = None
    of_order: Annotated[bool | None, Field(exclude_if=lambda value: value is None)] = None


class ChargebackOverdue(Message):
    """The bank has not said until now how this chargeback ended: a person asks the provider. Source: R3.8.

    What it froze stays frozen, so that nobody is paid twice, and a late end still ends it.
    Producer: payment. Consumers: outsiders.
    """

    type: ClassVar[str] = "chargeback.overdue"
    topic: ClassVar[Topic] = PAYMENT

    order_id: Id
    chargeback_id: Id


class ChargebackAnswerDue(Message):
    """Timer: the bank has not said how a chargeback ended. Source: R3.8."""

    type: ClassVar[str] = "chargeback_answer.due"
    topic: ClassVar[Topic] = PAYMENT_TIMER

    order_id: Id
    chargeback_id: Id

    @property
    def subject(self) -> str:
        return f"{self.order_id}/{self.chargeback_id}"


class ChargebackContested(Message):
    """The PSP connector disputes this much with the buyer's bank: the buyer has it already, or is about to. Source: R3.8.

    paid_minor: by that payment. returned_minor: of it, by refunds submitted or done and by other chargebacks.
    Producer: payment. Consumers: the PSP connector.
    """

    type: ClassVar[str] = "chargeback.contested"
    topic: ClassVar[Topic] = PAYMENT

    order_id: Id
    chargeback_id: Id
    payment_id: Id
    currency: Currency
    amount_minor: Minor
    paid_minor: Minor
    returned_minor: Minor


class ChargebackEnded(Message):
    """The bank has decided. won: the money stays here, so the buyer lost; lost: the buyer has it. Source: R3.8.

    taken_minor: what the provider took of disputed_minor. lines: of a lost one as they were debited, of a won one as they were frozen;
    empty: of a payment that was unwanted. buyer_id None: paid before it was told, or unwanted. nothing_left: lines of which a lost one took
    the last, and those that cost nothing where nothing is left of the whole payment; None: won, unwanted, or ended before it was told.
    of_order: as in `chargeback.received`.
    Producer: payment. Consumers: order, trust.
    """

    type: ClassVar[str] = "chargeback.ended"
    topic: ClassVar[Topic] = PAYMENT

    order_id: Id
    chargeback_id: Id
    payment_id: Id
    buyer_id: Id | None
    outcome: Literal["won", "lost"]
    currency: Currency
    disputed_minor: Minor
    taken_minor: Minor
    lines: tuple[ChargebackLine, ...]
    nothing_left: Annotated[tuple[LineNo, ...] | None, Field(exclude_if=lambda value: value is None)] = None
    of_order: Annotated[bool | None, Field(exclude_if=lambda value: value is None)] = None


class ChargebackDebited(Message):
    """What a lost chargeback takes, from escrow or, of settled lines, fronted by the platform for its parties. Source: R3.8, R3.6.

    amount_minor: of the order, its lines in `parts`, or of a payment that was unwanted. excess_minor: of what the provider took,
    the part that the buyer had already; it is asked back from the provider. Told again when a refund that had counted was not
    paid after all: then so much less is excess.
    Producer: payment. Consumers: outsiders.
    """

    type: ClassVar[str] = "chargeback.debited"
    topic: ClassVar[Topic] = PAYMENT

    order_id: Id
    chargeback_id: Id
    currency: Currency
    amount_minor: Minor
    excess_minor: Minor
    parts: tuple[ChargebackPart, ...]
    moves: Moves


class RefundHeld(Message):
    """A chargeback is open: this refund is not submitted, and decided on when the last one has ended. Source: R3.8, R3.5.

    `refund.reserved` or `refund.refused` follows then. applied_at: when the buyer asked for it. cancelled: no case asks for it, units
    were cancelled; that is held, too, while a refund that the provider has not answered has their money.
    Producer: payment. Consumers: outsiders.
    """

    type: ClassVar[str] = "refund.held"
    topic: ClassVar[Topic] = PAYMENT

    order_id: Id
    refund_id: Id
    line_no: LineNo
    quantity: SomeOrNone
    amount_minor: Minor
    applied_at: AwareDatetime
    funder: Bearer = "seller"
    cancelled: bool = False


class OrderDisputed(Message):
    """The buyer's bank disputes what paid the order: until it has decided nothing of it is late, be it sent or not. Source: R2.4, R3.8.

    A bank disputes a payment, not goods: it is about all lines, however `chargeback.received` spreads the amount. What was told as late
    before stays so.
    Producer: order. Consumers: outsiders.
    """

    type: ClassVar[str] = "order.disputed"
    topic: ClassVar[Topic] = ORDER

    order_id: Id
    chargeback_id: Id


class OrderUndisputed(Message):
    """The bank has decided. What is to be sent by a later time is late then, as ever; a time that passed meanwhile is passed for good.

    taken: lines of which it left nothing: they are never late any more. Source: R2.4, R3.8.
    Producer: order. Consumers: outsiders.
    """

    type: ClassVar[str] = "order.undisputed"
    topic: ClassVar[Topic] = ORDER

    order_id: Id
    chargeback_id: Id
    taken: tuple[LineNo, ...]
