"""What a case brings beside its refund: compensations, a reimbursement, coupons; and what payment says of a reimbursement."""

from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, Field

from shared.contracts.topics import PAYMENT, REFUND
from shared.contracts.types import Currency, Id, LineNo, Minor, Moves
from shared.messaging.message import Message, Topic


class CompensationGranted(Message):
    """A case ended such that the buyer is due this beside the refund, once per compensation_id, from the seller. Source: R4.7, R4.9, R4.12.

    why: authentic, by the card's promised multiple; statutory, by the law's; appraisal and return_freight, what the buyer spent.
    Producer: refund. Consumers: payment.
    """

    type: ClassVar[str] = "compensation.granted"
    topic: ClassVar[Topic] = REFUND

    order_id: Id
    case_id: Id
    line_no: LineNo
    compensation_id: Id
    payee: Id
    payer: Id
    currency: Currency
    amount_minor: Minor
    why: Literal["authentic", "statutory", "appraisal", "return_freight"]
    rule: str


class ReimbursementGranted(Message):
    """A seller won on appeal: the platform pays it what refund and compensations of the case cost it; the buyer keeps them. Source: R4.11.

    refund_id None: nothing was refunded. compensation_ids: those of the case. Freight that went back for the fault of cases is granted by
    itself once the last of them has fallen, refund_id its own (R3.10).
    Producer: refund. Consumers: payment.
    """

    type: ClassVar[str] = "reimbursement.granted"
    topic: ClassVar[Topic] = REFUND

    order_id: Id
    case_id: Id
    line_no: LineNo
    reimbursement_id: Id
    seller_id: Id
    refund_id: Id | None
    compensation_ids: tuple[Id, ...] = ()
    rule: str


class CouponRestored(Message):
    """All lines that a platform's coupon covers were refunded in full: the buyer has it again, with its first expiry. Source: R4.13.

    expires_at None: it does not expire.
    Producer: refund. Consumers: outsiders.
    """

    type: ClassVar[str] = "coupon.restored"
    topic: ClassVar[Topic] = REFUND

    order_id: Id
    buyer_id: Id
    coupon_id: Id
    expires_at: AwareDatetime | None


class ReimbursementOutstanding(Message):
    """Of what a seller has back that won on appeal, the provider did not pay this, so it cost the seller nothing yet. Settled by hand after
    that, it is paid back then: `seller.reimbursed` with granted_as. refund_id None: no refund. Source: R4.11, R3.5.

    Producer: payment. Consumers: outsiders.
    """

    type: ClassVar[str] = "reimbursement.outstanding"
    topic: ClassVar[Topic] = PAYMENT

    order_id: Id
    case_id: Id
    line_no: LineNo
    reimbursement_id: Id
    seller_id: Id
    refund_id: Id | None
    compensation_ids: tuple[Id, ...] = ()


class SellerReimbursed(Message):
    """The platform paid a seller what a case cost it that it won on appeal: its part of the refund, and compensations. Source: R4.11.

    granted_as: the reimbursement_id under which it was outstanding, of what a person settled by hand since; this one has an id of its own.
    Producer: payment. Consumers: outsiders.
    """

    type: ClassVar[str] = "seller.reimbursed"
    topic: ClassVar[Topic] = PAYMENT

    order_id: Id
    case_id: Id
    line_no: LineNo
    reimbursement_id: Id
    seller_id: Id
    refund_minor: Minor
    compensations_minor: Minor
    moves: Moves
    granted_as: Annotated[Id | None, Field(exclude_if=lambda value: value is None)] = None
