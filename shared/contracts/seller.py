"""The seller's back office, about its money: the deposit that it is to hold, and what it wants paid out. Keyed by the seller."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from shared.contracts.topics import SELLER
from shared.contracts.types import Currency, Id, Minor
from shared.messaging.message import Message, Topic

Asked = Annotated[Minor, Field(ge=1)]  # nobody puts in or draws nothing


class SellerRegistered(Message):
    """The seller is to hold this deposit; sent again when the amount changes. 0: none.

    Producer: seller. Consumers: payment.
    """

    type: ClassVar[str] = "seller.registered"
    topic: ClassVar[Topic] = SELLER

    seller_id: Id
    deposit_required_minor: Minor
    currency: Currency


class DepositToppedUp(Message):
    """The seller's money for its deposit is at the provider; it counts once per deposit_id.

    Producer: seller. Consumers: payment.
    """

    type: ClassVar[str] = "deposit.topped_up"
    topic: ClassVar[Topic] = SELLER

    seller_id: Id
    deposit_id: Id
    amount_minor: Asked
    currency: Currency


class WithdrawalRequested(Message):
    """The seller wants this much of its balance now; paid out once per withdrawal_id.

    Producer: seller. Consumers: payment.
    """

    type: ClassVar[str] = "withdrawal.requested"
    topic: ClassVar[Topic] = SELLER

    seller_id: Id
    withdrawal_id: Id
    amount_minor: Asked
    currency: Currency
