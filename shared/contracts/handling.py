"""Money that the provider said it will not pay, and that no case can rule on: a person settles it, outside of the provider."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from shared.contracts.topics import PAYMENT, RULING
from shared.contracts.types import Id, Text
from shared.messaging.message import Message, Topic

Handled = Literal["refund", "compensation"]
HandledHow = Literal["paid", "unclaimed"]
Why = Annotated[Text, Field(min_length=1)]


class _Handling(Message):
    """of, item_id: which refund or compensation. how paid: the platform paid the payee itself, reference says by what; unclaimed: nobody
    could be paid, the platform owes it. by: the person who decided, as an opaque id.
    """

    order_id: Id
    handling_id: Id
    of: Handled
    item_id: Id
    how: HandledHow
    by: Id
    reason: Why
    reference: Text = ""


class MoneyHandled(_Handling):
    """A person settled what the provider will not pay: a compensation, or a refund of money that was unwanted or of units that were
    cancelled. Once per handling_id; after it the item waits for nobody. A refund of a case is ruled on instead. Source: R3.5.

    Producer: ruling. Consumers: payment.
    """

    type: ClassVar[str] = "money.handled"
    topic: ClassVar[Topic] = RULING

    @model_validator(mode="after")
    def _says_by_what(self) -> Self:
        if self.how == "paid" and not self.reference:
            raise ValueError("reference: what was paid by hand is shown by something")
        return self


class HandlingNoted(_Handling):
    """A person's word on money that the provider did not pay, as it counts: `refund.done` or `compensation.done` with by_hand says what
    it moved. Source: R3.5.

    Producer: payment. Consumers: outsiders.
    """

    type: ClassVar[str] = "handling.noted"
    topic: ClassVar[Topic] = PAYMENT
