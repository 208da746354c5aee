"""Money that the provider said it will not pay, and that no case can rule on, or of which it said both: a person settles it."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from shared.contracts.topics import PARTY, PAYMENT, RULING
from shared.contracts.types import Currency, Day, Id, Minor, Moves, Text
from shared.messaging.message import Message, Topic

Handled = Literal["refund", "compensation"]
HandledHow = Literal["paid", "unclaimed"]
FoundHow = HandledHow | Literal["arrived"]
Why = Annotated[Text, Field(min_length=1)]


class _Handling(Message):
    """of, item_id: which refund or compensation. how paid: the platform paid the payee itself, reference says by what; unclaimed: nobody
    could be paid, the platform owes it; arrived: of what bounced, the payee has it all the same, reference says by
    what. by: the person who decided, as an opaque id.
    """

    order_id: Id
    handling_id: Id
    of: Handled
    item_id: Id
    how: FoundHow
    by: Id
    reason: Why
    reference: Text = ""


class MoneyHandled(_Handling):
    """A person settled what the provider will not pay (a compensation, or a refund of money that was unwanted or of units that were
    cancelled; a refund of a case is ruled on instead), or what it paid and what came back to it since, as it says (`bounced`). Once per
    handling_id; after it the item waits for nobody. Source: R3.5.

    Producer: ruling. Consumers: payment.
    """

    type: ClassVar[str] = "money.handled"
    topic: ClassVar[Topic] = RULING

    @model_validator(mode="after")
    def _says_by_what(self) -> Self:
        if self.how != "unclaimed" and not self.reference:
            raise ValueError("reference: what was paid by hand, or arrived, is shown by something")
        return self


class HandlingNoted(_Handling):
    """A person's word on money that the provider did not pay, or has again, as it counts: `refund.done` or `compensation.done`
    with by_hand says what it moved. Of what bounced moves says it: the provider holds it again. Source: R3.5.

    Producer: payment. Consumers: outsiders.
    """

    type: ClassVar[str] = "handling.noted"
    topic: ClassVar[Topic] = PAYMENT

    moves: Annotated[Moves | None, Field(exclude_if=lambda value: value is None)] = None


class _OfPayout(Message):
    """how paid: the provider did pay it, reference says by what; not_paid: it did not, or it came back. by: the person who decided, as an
    opaque id.
    """

    party: Id
    handling_id: Id
    payout_id: Id
    how: Literal["paid", "not_paid"]
    by: Id
    reason: Why
    reference: Text = ""


class PayoutHandled(_OfPayout):
    """A person found whether the party has a payout of which the provider said both, that it paid it and that it did not
    (`payout.contradicted`). Once per handling_id; after it the payout waits for nobody. Source: R3.5.

    Producer: ruling. Consumers: payment.
    """

    type: ClassVar[str] = "payout.handled"
    topic: ClassVar[Topic] = RULING
    key_field: ClassVar[str] = "party"

    @model_validator(mode="after")
    def _says_by_what(self) -> Self:
        if self.how == "paid" and not self.reference:
            raise ValueError("reference: what was paid is shown by something")
        return self


class PayoutSettled(_OfPayout):
    """A person's word on a payout of which the provider said both. Paid: booked as done after all, taken from balance and deposit, the rest
    as debt; on the local day, to be stated as `payout.done` is. Not paid: moves None, what was held is swept at sweep_at, None: it is not.

    Where it had bounced: paid moves nothing, `payout.done` stands. Not paid: it is in the balance again (to_balance_minor) and is used and
    swept like other income; or in the deposit that it was of (to_deposit_minor).

    Source: R3.5, R3.6, R3.7, R3.9.
    Producer: payment. Consumers: outsiders.
    """

    type: ClassVar[str] = "payout.settled"
    topic: ClassVar[Topic] = PARTY

    currency: Currency
    amount_minor: Minor
    from_balance_minor: Minor = 0
    from_deposit_minor: Minor = 0
    as_debt_minor: Minor = 0
    to_balance_minor: Annotated[Minor, Field(exclude_if=lambda value: not value)] = 0
    to_deposit_minor: Annotated[Minor, Field(exclude_if=lambda value: not value)] = 0
    debt_minor: Minor
    moves: Moves | None = None
    day: Day | None = None
    stated_by: AwareDatetime | None = None
    sweep_at: AwareDatetime | None = None
