"""Facts of the payment service about promoters' subsidies: what was put in for them, what orders take of it. Source: R3.1."""

from typing import ClassVar

from pydantic import AwareDatetime

from shared.contracts.topics import ACCOUNT, PARTY, PAYMENT_TIMER
from shared.contracts.types import Currency, Day, Id, LineNo, Minor, Moves
from shared.messaging.message import Message, Topic


class SubsidyCharged(Message):
    """The promoter's subsidies of one order are in its escrow; told to the promoter's own account by its key. Source: R3.1, R3.2.

    charge_id: one for each order and promoter.
    Producer: payment. Consumers: payment.
    """

    type: ClassVar[str] = "subsidy.charged"
    topic: ClassVar[Topic] = ACCOUNT

    party: Id
    charge_id: Id
    currency: Currency
    amount_minor: Minor
    order_id: Id
    zone: str


class SubsidyReturned(Message):
    """Of a line that went back to its buyer, the promoter's part of the subsidy comes back; told to its account. Source: R3.4, R3.6, R3.8.

    return_id: one for each refund, and for each part of a lost chargeback.
    Producer: payment. Consumers: payment.
    """

    type: ClassVar[str] = "subsidy.returned"
    topic: ClassVar[Topic] = ACCOUNT

    party: Id
    return_id: Id
    currency: Currency
    amount_minor: Minor
    order_id: Id
    line_no: LineNo


class PrefundReceived(Message):
    """The promoter put money in for its subsidies. prefunded_minor: with it, before any debt is repaid. Source: R3.1, R3.9.

    day, stated_by: as of `deposit.received`.
    Producer: payment. Consumers: outsiders.
    """

    type: ClassVar[str] = "prefund.received"
    topic: ClassVar[Topic] = PARTY

    party: Id
    prefund_id: Id
    currency: Currency
    amount_minor: Minor
    prefunded_minor: Minor
    moves: Moves
    day: Day | None = None
    stated_by: AwareDatetime | None = None


class SubsidyDrawn(Message):
    """An order's subsidies came from what the promoter had prefunded; what that lacked is a platform advance, its debt. Source: R3.1.

    amount_minor: the two parts together. prefunded_minor: what is left. debt_minor: all that the party owes now.
    Producer: payment. Consumers: outsiders.
    """

    type: ClassVar[str] = "subsidy.drawn"
    topic: ClassVar[Topic] = PARTY

    party: Id
    charge_id: Id
    currency: Currency
    amount_minor: Minor
    from_prefunded_minor: Minor
    as_debt_minor: Minor
    prefunded_minor: Minor
    debt_minor: Minor
    order_id: Id
    zone: str
    moves: Moves


class SubsidyRestored(Message):
    """A subsidy's part is with the promoter's prefunded money again. prefunded_minor: with it, before any debt is repaid. Source: R3.4.

    Producer: payment. Consumers: outsiders.
    """

    type: ClassVar[str] = "subsidy.restored"
    topic: ClassVar[Topic] = PARTY

    party: Id
    return_id: Id
    currency: Currency
    amount_minor: Minor
    prefunded_minor: Minor
    order_id: Id
    line_no: LineNo
    moves: Moves


class PrefundReleaseNoted(Message):
    """The promoter asked for money that it had put in for subsidies: at release_at it has what is left of that, when no order that was
    accepted before it asked can draw on it any more. Orders draw on all of it until then. Source: R3.1.

    Producer: payment. Consumers: outsiders.
    """

    type: ClassVar[str] = "prefund.release_noted"
    topic: ClassVar[Topic] = PARTY

    party: Id
    withdrawal_id: Id
    currency: Currency
    amount_minor: Minor
    release_at: AwareDatetime


class PrefundReleased(Message):
    """What a promoter prefunded and does not need is in its balance, as any income: what was asked for, or what is left. Source: R3.1.

    prefunded_minor: what stays for subsidies. sweep_at: when the balance is paid out, None while the daily sweep is off. Debt that is
    repaid, and a deposit that is filled by it, are told next.
    Producer: payment. Consumers: outsiders.
    """

    type: ClassVar[str] = "prefund.released"
    topic: ClassVar[Topic] = PARTY

    party: Id
    withdrawal_id: Id
    currency: Currency
    amount_minor: Minor
    prefunded_minor: Minor
    zone: str
    sweep_at: AwareDatetime | None
    moves: Moves


class PrefundReleaseDue(Message):
    """Timer: no order that was accepted before the promoter asked can draw on its money any more. Source: R3.1."""

    type: ClassVar[str] = "prefund.release_due"
    topic: ClassVar[Topic] = PAYMENT_TIMER
    key_field: ClassVar[str] = "party"

    party: Id
    withdrawal_id: Id
    currency: Currency

    @property
    def subject(self) -> str:
        return f"{self.party}/{self.withdrawal_id}"
