"""Facts of the payment service about what parties are paid and put in on the provider's statement, as those of `payment.v1` are about
orders. Source: R3.9.
"""

from typing import ClassVar, Literal

from pydantic import AwareDatetime

from shared.contracts.topics import PARTY, PAYMENT_TIMER
from shared.contracts.types import Currency, Day, Id, Minor, PutIn
from shared.messaging.message import Message, Topic


class PayoutStated(Message):
    """A line of the provider's statement was compared with the party's payouts; breaks that it opens or explains follow. Source: R3.9.

    known_by: if nothing is known of the payout until then, it is a break.
    Producer: payment. Consumers: outsiders.
    """

    type: ClassVar[str] = "payout.stated"
    topic: ClassVar[Topic] = PARTY

    party: Id
    statement_id: Id
    line_id: Id
    day: Day
    payout_id: Id
    amount_minor: Minor
    currency: Currency
    known_by: AwareDatetime


class PayoutBreakFound(Message):
    """The provider's statement and the books differ on one payout; a person asks the provider. The fields are those of an order's
    `break.found`. missing_here: also of a payout that it had said it did not pay. Source: R3.9.

    Producer: payment. Consumers: outsiders.
    """

    type: ClassVar[str] = "payout.break_found"
    topic: ClassVar[Topic] = PARTY

    party: Id
    break_id: Id
    break_kind: Literal["missing_here", "missing_there", "amount", "currency", "duplicate"]
    day: Day
    payout_id: Id
    line_id: Id | None
    ours_minor: Minor | None
    ours_currency: Currency | None
    theirs_minor: Minor | None
    theirs_currency: Currency | None


class PayoutBreakExplained(Message):
    """A break is none any more: the statement was corrected or completed, or the books learnt what was stated. Source: R3.9.

    Producer: payment. Consumers: outsiders.
    """

    type: ClassVar[str] = "payout.break_explained"
    topic: ClassVar[Topic] = PARTY

    party: Id
    break_id: Id
    by: Literal["statement", "ledger"]


class PayoutStatementDue(Message):
    """Timer: the provider's statement should have shown this payout by now, or we should know of what it showed. Source: R3.9."""

    type: ClassVar[str] = "payout_statement.due"
    topic: ClassVar[Topic] = PAYMENT_TIMER
    key_field: ClassVar[str] = "party"

    party: Id
    payout_id: Id

    @property
    def subject(self) -> str:
        return f"{self.party}/{self.payout_id}"


class PutInStated(Message):
    """A line of the provider's statement was compared with what the party put in; breaks that it opens or explains follow. Source: R3.9.

    known_by: if nothing is known of that money until then, it is a break.
    Producer: payment. Consumers: outsiders.
    """

    type: ClassVar[str] = "put_in.stated"
    topic: ClassVar[Topic] = PARTY

    party: Id
    statement_id: Id
    line_id: Id
    day: Day
    movement: PutIn
    reference: Id
    amount_minor: Minor
    currency: Currency
    known_by: AwareDatetime


class PutInBreakFound(Message):
    """The provider's statement and the books differ on money that a party put in; a person asks the provider. The fields are those of an
    order's `break.found`. missing_there: booked as the back office told it, and by the provider's word it never came. Source: R3.9.

    Producer: payment. Consumers: outsiders.
    """

    type: ClassVar[str] = "put_in.break_found"
    topic: ClassVar[Topic] = PARTY

    party: Id
    break_id: Id
    break_kind: Literal["missing_here", "missing_there", "amount", "currency", "duplicate"]
    day: Day
    movement: PutIn
    reference: Id
    line_id: Id | None
    ours_minor: Minor | None
    ours_currency: Currency | None
    theirs_minor: Minor | None
    theirs_currency: Currency | None


class PutInBreakExplained(Message):
    """A break is none any more: the statement was corrected or completed, or the books learnt what was stated. Source: R3.9.

    Producer: payment. Consumers: outsiders.
    """

    type: ClassVar[str] = "put_in.break_explained"
    topic: ClassVar[Topic] = PARTY

    party: Id
    break_id: Id
    by: Literal["statement", "ledger"]


class PutInStatementDue(Message):
    """Timer: the provider's statement should have shown this money by now, or we should know of what it showed. Source: R3.9."""

    type: ClassVar[str] = "put_in_statement.due"
    topic: ClassVar[Topic] = PAYMENT_TIMER
    key_field: ClassVar[str] = "party"

    party: Id
    movement: PutIn
    reference: Id

    @property
    def subject(self) -> str:
        return f"{self.party}/{self.movement}/{self.reference}"
