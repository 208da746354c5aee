"""The back office of sellers and promoters, about their money: deposits, subsidies put in before, withdrawals. Keyed by the party."""

from typing import Annotated, ClassVar, Literal

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


class PrefundToppedUp(Message):
    """The promoter's money for the subsidies that it gives to orders is at the provider; it counts once per prefund_id. Source: R3.1.

    Needs no registration: who announces a coupon puts the money in before. What it does not cover the platform advances, as a debt of
    the promoter that this money repays first; what is left stays for later orders. Keyed by the promoter, who has its account there
    as a seller has, by the same id where one party is both.
    Producer: seller. Consumers: payment.
    """

    type: ClassVar[str] = "prefund.topped_up"
    topic: ClassVar[Topic] = SELLER
    key_field: ClassVar[str] = "promoter_id"

    promoter_id: Id
    prefund_id: Id
    amount_minor: Asked
    currency: Currency


class WithdrawalRequested(Message):
    """The seller, or under its id a promoter, wants this much of its balance now; paid out once per withdrawal_id. of prefunded: what it
    put in for subsidies and does not need any more; it is in its balance once no order that was accepted before can draw on it (R3.1).
    of deposit: what that holds above what is required, paid out at once as of the balance (R3.7).

    Producer: seller. Consumers: payment.
    """

    type: ClassVar[str] = "withdrawal.requested"
    topic: ClassVar[Topic] = SELLER

    seller_id: Id
    withdrawal_id: Id
    amount_minor: Asked
    currency: Currency
    of: Literal["balance", "prefunded", "deposit"] = "balance"
