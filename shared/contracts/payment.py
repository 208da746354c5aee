"""Facts of the payment service: it alone moves money. Facts that move money carry their postings, which sum to zero."""

from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, Field

from shared.contracts.topics import ACCOUNT, PARTY, PAYMENT, PAYMENT_TIMER
from shared.contracts.types import Bearer, Currency, Day, Id, Line, LineNo, Minor, Movement, Moves, Part, SettleDays, SomeOrNone, Text
from shared.messaging.message import Message, Topic

ByHand = Literal["", "paid", "unclaimed"]
PaidOf = Literal["deposit"] | None  # what a payout is taken from, and comes back to; None: the balance


class ClawbackDays(Part):
    """Until so many days from the day after a line's confirmation promoter and platform bear their share of its refunds. Source: R3.6."""

    usual: int
    short: int  # fresh and virtual lines


class EscrowFunded(Message):
    """The buyer's money and the subsidies of platform and promoter are in escrow. moves None: no money at all came in. Source: R3.2.

    clawback None: funded before there was any; the policy at the refund counts. statement_days: within which the provider's
    statement must show what it moved for this order; 0: it sends none. buyer_id None: paid before that was told. prefunded: each
    promoter's account is asked for its subsidies; False: paid before there were any to ask. settle_days_of: of lines of these sellers,
    in place of settle_days. Source: R3.1, R3.6, R3.9, R5.7.

    Producer: payment. Consumers: outsiders.
    """

    type: ClassVar[str] = "escrow.funded"
    topic: ClassVar[Topic] = PAYMENT

    order_id: Id
    payment_id: Id
    currency: Currency
    lines: tuple[Line, ...]
    settle_days: int
    zone: str
    moves: Moves | None
    clawback: ClawbackDays | None = None
    statement_days: int = 0
    buyer_id: Id | None = None
    prefunded: bool = False
    settle_days_of: tuple[SettleDays, ...] = ()


class RefundReserved(Message):
    """The amount is set aside for this refund, under the one lock of its order. Source: R3.5, R3.6.

    buyer_minor goes to the buyer; the subsidies' part goes back to its funders when the refund is done. fronted: the line was settled
    before, so the platform pays and its parties return it. commission_minor, fee_minor: what promoter and platform had of it; clawback:
    whether they bear that, or the seller with all the rest. funder platform: it comes from the guarantee fund and leaves the line's
    escrow, its subsidies and its parties alone (R4.6). cancelled_at: no case asks for it, units were cancelled; when that was asked for.
    again_of: the failed refund in whose place a person set it aside (`handling.noted`). fund_minor, fund_quantity: of the units that go
    back, what the guarantee fund had paid or is to pay; it goes back to the fund once both refunds are done. asked_minor: what was asked
    for, where it was more than is left as banks, or of cancelled units the fund or cases, gave the buyer of it before (R1.4, R3.8, R3.5);
    None: it was not.
    Producer: payment. Consumers: outsiders.
    """

    type: ClassVar[str] = "refund.reserved"
    topic: ClassVar[Topic] = PAYMENT

    order_id: Id
    refund_id: Id
    line_no: LineNo
    quantity: SomeOrNone
    currency: Currency
    buyer_minor: Minor
    platform_minor: Minor
    promoter_minor: Minor
    fronted: bool = False
    commission_minor: Minor = 0
    fee_minor: Minor = 0
    clawback: bool = False
    funder: Bearer = "seller"
    cancelled_at: AwareDatetime | None = None
    again_of: Id | None = None
    fund_minor: Minor = 0
    fund_quantity: SomeOrNone = 0
    asked_minor: Minor | None = None


class RefundRefused(Message):
    """Nothing was reserved; code is from the catalogue. Source: R3.5.

    Producer: payment. Consumers: refund.
    """

    type: ClassVar[str] = "refund.refused"
    topic: ClassVar[Topic] = PAYMENT

    order_id: Id
    refund_id: Id
    code: str


class UnwantedReceived(Message):
    """Money came that must go back in full. Source: R2.2, R2.3.

    statement_days, zone: as in `escrow.funded`. Source: R3.9.
    Producer: payment. Consumers: outsiders.
    """

    type: ClassVar[str] = "unwanted.received"
    topic: ClassVar[Topic] = PAYMENT

    order_id: Id
    payment_id: Id
    refund_id: Id
    currency: Currency
    amount_minor: Minor
    moves: Moves
    statement_days: int = 0
    zone: str = ""


class RefundInstructed(Message):
    """The PSP connector pays this amount of this payment back to the buyer, once per refund_id. Source: R3.1.

    answer_by: when its silence is announced.
    Producer: payment. Consumers: the PSP connector.
    """

    type: ClassVar[str] = "refund.instructed"
    topic: ClassVar[Topic] = PAYMENT

    order_id: Id
    refund_id: Id
    payment_id: Id
    currency: Currency
    amount_minor: Minor
    answer_by: AwareDatetime | None = None


class RefundDone(Message):
    """The provider paid; the reserved money left escrow, or was fronted by the platform, or came from its fund. Source: R3.4-R3.6, R4.6.

    line_no None: money that was unwanted. moves None: there was none to move. An amount of 0 needs no provider and is done at once.
    by_hand: how a person settled what the provider would not pay; empty: the provider paid. restored_minor: what is the guarantee
    fund's again out of the line's escrow, as it was paid for units that went back all the same: nothing settles for them (R3.2, R4.6).
    bank_minor: of what a case granted, what banks had given the buyer before, so that amount_minor is less by it (R3.8).

    Producer: payment. Consumers: refund.
    """

    type: ClassVar[str] = "refund.done"
    topic: ClassVar[Topic] = PAYMENT

    order_id: Id
    refund_id: Id
    line_no: LineNo | None
    amount_minor: Minor
    moves: Moves | None
    by_hand: ByHand = ""
    restored_minor: Minor = 0
    bank_minor: Minor = 0


class RefundNotPaid(Message):
    """The provider refused; the reservation is lifted, the money is where it was. A person looks at it. Source: R3.5.

    line_no None: money that was unwanted.
    Producer: payment. Consumers: refund.
    """

    type: ClassVar[str] = "refund.not_paid"
    topic: ClassVar[Topic] = PAYMENT

    order_id: Id
    refund_id: Id
    line_no: LineNo | None
    reason: Text


class RefundOverdue(Message):
    """The provider has said nothing about this refund until now: a person asks it. A late answer still counts. Source: R3.5.

    line_no None: money that was unwanted.
    Producer: payment. Consumers: outsiders.
    """

    type: ClassVar[str] = "refund.overdue"
    topic: ClassVar[Topic] = PAYMENT

    order_id: Id
    refund_id: Id
    line_no: LineNo | None


class RefundContradicted(Message):
    """The provider says that it paid a refund of which it had said that it does not, and which waits for a person; or (bounced) that one
    came back that it had paid: nothing moves, its first answer stands, and whoever settles the refund asks first. Source: R3.5.

    line_no None: money that was unwanted. reason: why it bounced, as the provider says.
    Producer: payment. Consumers: outsiders.
    """

    type: ClassVar[str] = "refund.contradicted"
    topic: ClassVar[Topic] = PAYMENT

    order_id: Id
    refund_id: Id
    line_no: LineNo | None
    bounced: Annotated[bool, Field(exclude_if=lambda value: not value)] = False
    reason: Annotated[Text, Field(exclude_if=lambda value: not value)] = ""


class RefundDecided(Message):
    """A refund that the provider did not pay waits for nobody any more: a ruling granted it again under another id, or gave it up.

    Source: R3.5.
    Producer: payment. Consumers: outsiders.
    """

    type: ClassVar[str] = "refund.decided"
    topic: ClassVar[Topic] = PAYMENT

    order_id: Id
    refund_id: Id
    how: Literal["granted_again", "given_up"]


class CompensationInstructed(Message):
    """The PSP connector pays this amount to the payee, once per compensation_id; the payer bears it. Source: R3.5.

    It is no refund: it counts toward no ceiling. rule: the one that it follows. answer_by: when the provider's silence is announced.
    payment_id: the one that the order was paid with; None: instructed before that was told.
    Producer: payment. Consumers: the PSP connector.
    """

    type: ClassVar[str] = "compensation.instructed"
    topic: ClassVar[Topic] = PAYMENT

    order_id: Id
    compensation_id: Id
    payee: Id
    payer: Id
    currency: Currency
    amount_minor: Minor
    rule: str
    answer_by: AwareDatetime
    payment_id: Annotated[Id | None, Field(exclude_if=lambda value: value is None)] = None


class CompensationDone(Message):
    """The provider paid; the platform has fronted it, and the payer's account is asked for it. by_hand: how a person settled what the
    provider would not pay; empty: the provider paid. Source: R3.5.

    Producer: payment. Consumers: outsiders.
    """

    type: ClassVar[str] = "compensation.done"
    topic: ClassVar[Topic] = PAYMENT

    order_id: Id
    compensation_id: Id
    payer: Id
    amount_minor: Minor
    moves: Moves
    by_hand: ByHand = ""


class CompensationNotPaid(Message):
    """The provider refused; nothing moved. A person looks at it. Source: R3.5.

    Producer: payment. Consumers: outsiders.
    """

    type: ClassVar[str] = "compensation.not_paid"
    topic: ClassVar[Topic] = PAYMENT

    order_id: Id
    compensation_id: Id
    reason: Text


class CompensationContradicted(Message):
    """The provider says that it paid a compensation of which it had said that it does not pay it; or (bounced) that one came back that it
    had paid: nothing moves, its first answer stands, and whoever settles it asks first. Source: R3.5.

    reason: why it bounced, as the provider says.
    Producer: payment. Consumers: outsiders.
    """

    type: ClassVar[str] = "compensation.contradicted"
    topic: ClassVar[Topic] = PAYMENT

    order_id: Id
    compensation_id: Id
    bounced: Annotated[bool, Field(exclude_if=lambda value: not value)] = False
    reason: Annotated[Text, Field(exclude_if=lambda value: not value)] = ""


class CompensationOverdue(Message):
    """The provider has said nothing about this compensation until now: a person asks it. A late answer still counts. Source: R3.5.

    Producer: payment. Consumers: outsiders.
    """

    type: ClassVar[str] = "compensation.overdue"
    topic: ClassVar[Topic] = PAYMENT

    order_id: Id
    compensation_id: Id


class SettlementPlanned(Message):
    """The line is confirmed and will be settled at occurred_at's local date plus its days, 00:00. Source: R2.6, R5.7.

    Its days: those of `settle_days_of` for its seller, else `settle_days`, of the payment's `escrow.funded`, in its zone. settle_at:
    that moment, unless something holds the line then or nothing of it is left; None: planned before that was told.
    Producer: payment. Consumers: outsiders.
    """

    type: ClassVar[str] = "settlement.planned"
    topic: ClassVar[Topic] = PAYMENT

    order_id: Id
    line_no: LineNo
    settle_at: Annotated[AwareDatetime | None, Field(exclude_if=lambda value: value is None)] = None


class SettlementHeld(Message):
    """A case is open: the line's money stays. Source: R2.6.

    Producer: payment. Consumers: outsiders.
    """

    type: ClassVar[str] = "settlement.held"
    topic: ClassVar[Topic] = PAYMENT

    order_id: Id
    line_no: LineNo
    case_id: Id


class SettlementFreed(Message):
    """The case ended: the line settles when due, or now if it was due. Source: R2.6.

    Producer: payment. Consumers: outsiders.
    """

    type: ClassVar[str] = "settlement.freed"
    topic: ClassVar[Topic] = PAYMENT

    order_id: Id
    line_no: LineNo
    case_id: Id


class LineSettled(Message):
    """The rest of the line's escrow went to seller, promoter and platform. Source: R3.3, R3.4.

    Producer: payment. Consumers: order.
    """

    type: ClassVar[str] = "line.settled"
    topic: ClassVar[Topic] = PAYMENT

    order_id: Id
    line_no: LineNo
    seller_id: Id
    promoter_id: Id | None
    seller_minor: Minor
    promoter_minor: Minor
    platform_minor: Minor
    moves: Moves | None  # None: nothing was left of it


class SettlementDue(Message):
    """Timer: the line's settlement. Source: R2.6."""

    type: ClassVar[str] = "settlement.due"
    topic: ClassVar[Topic] = PAYMENT_TIMER

    order_id: Id
    line_no: LineNo

    @property
    def subject(self) -> str:
        return f"{self.order_id}/{self.line_no}"


class RefundAnswerDue(Message):
    """Timer: the provider has not answered about a refund. Source: R3.5."""

    type: ClassVar[str] = "refund_answer.due"
    topic: ClassVar[Topic] = PAYMENT_TIMER

    order_id: Id
    refund_id: Id

    @property
    def subject(self) -> str:
        return f"{self.order_id}/{self.refund_id}"


class CompensationAnswerDue(Message):
    """Timer: the provider has not answered about a compensation. Source: R3.5."""

    type: ClassVar[str] = "compensation_answer.due"
    topic: ClassVar[Topic] = PAYMENT_TIMER

    order_id: Id
    compensation_id: Id

    @property
    def subject(self) -> str:
        return f"{self.order_id}/{self.compensation_id}"


class StatementNoted(Message):
    """A line of the provider's statement was compared with the ledger; breaks that it opens or explains follow. Source: R3.9.

    known_by: if nothing is known of its movement until then, it is a break.
    Producer: payment. Consumers: outsiders.
    """

    type: ClassVar[str] = "statement.noted"
    topic: ClassVar[Topic] = PAYMENT

    order_id: Id
    statement_id: Id
    line_id: Id
    day: Day
    movement: Movement
    reference: Id
    amount_minor: Minor
    currency: Currency
    known_by: AwareDatetime


class BreakFound(Message):
    """The provider's statement and the ledger differ on one movement of money; a person asks the provider. Source: R3.9.

    missing_here: they state what we did not know in time. missing_there: we know what they did not state in time. amount, currency:
    stated otherwise than known. duplicate: stated again under another line. ours None: we know of none; theirs and line_id
    None: they stated none. day: the line's, else the local date on which the money moved.
    Producer: payment. Consumers: outsiders.
    """

    type: ClassVar[str] = "break.found"
    topic: ClassVar[Topic] = PAYMENT

    order_id: Id
    break_id: Id
    break_kind: Literal["missing_here", "missing_there", "amount", "currency", "duplicate"]
    day: Day
    movement: Movement
    reference: Id
    line_id: Id | None
    ours_minor: Minor | None
    ours_currency: Currency | None
    theirs_minor: Minor | None
    theirs_currency: Currency | None


class BreakExplained(Message):
    """A break is none any more: the statement was corrected or completed, or the ledger learnt what was stated. Source: R3.9.

    Producer: payment. Consumers: outsiders.
    """

    type: ClassVar[str] = "break.explained"
    topic: ClassVar[Topic] = PAYMENT

    order_id: Id
    break_id: Id
    by: Literal["statement", "ledger"]


class StatementDue(Message):
    """Timer: the provider's statement should have shown this movement by now, or we should know what it showed. Source: R3.9."""

    type: ClassVar[str] = "statement.due"
    topic: ClassVar[Topic] = PAYMENT_TIMER

    order_id: Id
    movement: Movement
    reference: Id

    @property
    def subject(self) -> str:
        return f"{self.order_id}/{self.movement}/{self.reference}"


class AccountCredited(Message):
    """A party's share was posted to its balance; told to the party's own account by its key. Source: R3.1.

    Producer: payment. Consumers: payment.
    """

    type: ClassVar[str] = "account.credited"
    topic: ClassVar[Topic] = ACCOUNT

    party: Id
    currency: Currency
    amount_minor: Minor
    order_id: Id
    line_no: LineNo
    zone: str


class AccountCharged(Message):
    """The platform has fronted this party's share; told to the party's own account by its key. Source: R3.5, R3.6.

    clawback: taken as a whole or not at all. Else always taken: from the balance, then the deposit, the rest is a debt.
    charge_id: one for each share. line_no None: it concerns several lines.
    Producer: payment. Consumers: payment.
    """

    type: ClassVar[str] = "account.charged"
    topic: ClassVar[Topic] = ACCOUNT

    party: Id
    charge_id: Id
    currency: Currency
    amount_minor: Minor
    reason: Literal["refund", "clawback", "compensation", "chargeback"]
    order_id: Id
    line_no: LineNo | None
    zone: str


class BalanceCredited(Message):
    """The party may draw on this share. sweep_at: when the balance is paid out, None while the daily sweep is off. Source: R3.1, R3.7.

    balance_minor: with it. It has no moves of its own: it was posted with `line.settled` or `seller.reimbursed` of its order.
    Debt that is repaid, and a deposit that is filled by it, are told next.
    Producer: payment. Consumers: outsiders.
    """

    type: ClassVar[str] = "balance.credited"
    topic: ClassVar[Topic] = PARTY

    party: Id
    currency: Currency
    amount_minor: Minor
    balance_minor: Minor
    order_id: Id
    line_no: LineNo
    zone: str
    sweep_at: AwareDatetime | None


class BalanceDebited(Message):
    """The party gave back what the platform had fronted: from its balance, its deposit, and as a debt. Source: R3.5, R3.6.

    amount_minor: the three parts together; of a clawback all is from the balance. debt_minor: all that the party owes now.
    order_id, line_no: what it was fronted for; of several old clawbacks that were put together, the first one's.
    Producer: payment. Consumers: outsiders.
    """

    type: ClassVar[str] = "balance.debited"
    topic: ClassVar[Topic] = PARTY

    party: Id
    charge_id: Id
    currency: Currency
    amount_minor: Minor
    from_balance_minor: Minor
    from_deposit_minor: Minor
    as_debt_minor: Minor
    debt_minor: Minor
    reason: Literal["refund", "clawback", "compensation", "chargeback"]
    order_id: Id
    line_no: LineNo | None
    zone: str
    moves: Moves


class ClawbackDelayed(Message):
    """The balance does not suffice, or older ones stand before it: nothing is taken, withdrawals and sweeps stop. Source: R3.6.

    It is tried again at try_at, and whenever money comes in. The platform fronts it meanwhile.
    Producer: payment. Consumers: outsiders.
    """

    type: ClassVar[str] = "clawback.delayed"
    topic: ClassVar[Topic] = PARTY

    party: Id
    charge_id: Id
    currency: Currency
    amount_minor: Minor
    order_id: Id
    line_no: LineNo | None
    zone: str
    try_at: AwareDatetime


class DebtRepaid(Message):
    """Of what came in, this much repaid what the party owes; debt_minor is left. Source: R3.7.

    source: what it came from; money put into the deposit, or in before for subsidies, repays debt, too.
    Producer: payment. Consumers: outsiders.
    """

    type: ClassVar[str] = "debt.repaid"
    topic: ClassVar[Topic] = PARTY

    party: Id
    currency: Currency
    amount_minor: Minor
    debt_minor: Minor
    source: Literal["balance", "deposit", "prefunded"]
    moves: Moves


class DepositFilled(Message):
    """Of what came in, this much went into the deposit, up to what is required. Source: R3.7.

    Producer: payment. Consumers: outsiders.
    """

    type: ClassVar[str] = "deposit.filled"
    topic: ClassVar[Topic] = PARTY

    party: Id
    currency: Currency
    amount_minor: Minor
    deposit_minor: Minor
    moves: Moves


class DepositReceived(Message):
    """The seller put money into its deposit. deposit_minor: with it, before any debt is repaid. Source: R3.7, R3.9.

    day: the local one. stated_by: when the provider's statement must show it, None: it need not. Both None: put in before such lines were
    compared.
    Producer: payment. Consumers: outsiders.
    """

    type: ClassVar[str] = "deposit.received"
    topic: ClassVar[Topic] = PARTY

    party: Id
    deposit_id: Id
    currency: Currency
    amount_minor: Minor
    deposit_minor: Minor
    moves: Moves
    day: Day | None = None
    stated_by: AwareDatetime | None = None


class DepositRequired(Message):
    """What the seller's deposit is to hold from now on; filled by what comes in next. Source: R3.7.

    Producer: payment. Consumers: outsiders.
    """

    type: ClassVar[str] = "deposit.required"
    topic: ClassVar[Topic] = PARTY

    party: Id
    currency: Currency
    required_minor: Minor


class WithdrawalRefused(Message):
    """Nothing was paid out; code is from the catalogue. The same request may come again. Source: R3.1, R3.7.

    Producer: payment. Consumers: outsiders.
    """

    type: ClassVar[str] = "withdrawal.refused"
    topic: ClassVar[Topic] = PARTY

    party: Id
    withdrawal_id: Id
    currency: Currency
    amount_minor: Minor
    code: str


class PayoutInstructed(Message):
    """The PSP connector pays this amount to the party, once per payout_id. Source: R3.1, R3.7.

    withdrawal_id: the party asked for it; None, it is the daily sweep. answer_by: when the provider's silence is announced.
    of: what it is taken from; None, the balance.
    Producer: payment. Consumers: the PSP connector.
    """

    type: ClassVar[str] = "payout.instructed"
    topic: ClassVar[Topic] = PARTY

    party: Id
    payout_id: Id
    currency: Currency
    amount_minor: Minor
    moves: Moves
    withdrawal_id: Id | None = None
    answer_by: AwareDatetime | None = None
    of: Annotated[PaidOf, Field(exclude_if=lambda value: value is None)] = None


class PayoutDone(Message):
    """The provider paid the party. day: the local one. stated_by: when its statement must show it, None: it sends none. Source: R3.1, R3.9.

    Both None: paid before statements of payouts were compared.
    Producer: payment. Consumers: outsiders.
    """

    type: ClassVar[str] = "payout.done"
    topic: ClassVar[Topic] = PARTY

    party: Id
    payout_id: Id
    amount_minor: Minor
    moves: Moves
    day: Day | None = None
    stated_by: AwareDatetime | None = None


class PayoutReturned(Message):
    """The provider refused; the amount is back in the balance and is swept again the next day, at sweep_at. Source: R3.1, R3.7.

    swept_again False: it was withdrawn while there is no daily sweep, and stays in the balance; or of the deposit, where it is again.
    Producer: payment. Consumers: outsiders.
    """

    type: ClassVar[str] = "payout.returned"
    topic: ClassVar[Topic] = PARTY

    party: Id
    payout_id: Id
    amount_minor: Minor
    reason: Text
    sweep_at: AwareDatetime
    moves: Moves
    swept_again: bool = True
    of: Annotated[PaidOf, Field(exclude_if=lambda value: value is None)] = None


class PayoutContradicted(Message):
    """The provider says that it paid a payout that it had returned, or (bounced) that one came back that it had paid: nothing moves, and a
    person finds which holds. Source: R3.5.

    held_minor: of what it is back in, the balance or (of) the deposit, so much is not paid out until then, as far as it stays there; of
    what bounced nothing is there. reason: why it bounced, as the provider says.
    Producer: payment. Consumers: outsiders.
    """

    type: ClassVar[str] = "payout.contradicted"
    topic: ClassVar[Topic] = PARTY

    party: Id
    payout_id: Id
    currency: Currency
    amount_minor: Minor
    held_minor: Minor
    of: Annotated[PaidOf, Field(exclude_if=lambda value: value is None)] = None
    bounced: Annotated[bool, Field(exclude_if=lambda value: not value)] = False
    reason: Annotated[Text, Field(exclude_if=lambda value: not value)] = ""


class PayoutOverdue(Message):
    """The provider has said nothing about this payout until now: a person asks it. A late answer still counts. Source: R3.1.

    Producer: payment. Consumers: outsiders.
    """

    type: ClassVar[str] = "payout.overdue"
    topic: ClassVar[Topic] = PARTY

    party: Id
    payout_id: Id


class PayoutAnswerDue(Message):
    """Timer: the provider has not answered about a payout. Source: R3.1."""

    type: ClassVar[str] = "payout_answer.due"
    topic: ClassVar[Topic] = PAYMENT_TIMER
    key_field: ClassVar[str] = "party"

    party: Id
    payout_id: Id

    @property
    def subject(self) -> str:
        return f"{self.party}/{self.payout_id}"


class ClawbackDue(Message):
    """Timer: the oldest clawback that waits for a party's balance is tried again. Source: R3.6."""

    type: ClassVar[str] = "clawback.due"
    topic: ClassVar[Topic] = PAYMENT_TIMER
    key_field: ClassVar[str] = "party"

    party: Id
    currency: Currency

    @property
    def subject(self) -> str:
        return f"{self.party}/{self.currency}"


class SweepDue(Message):
    """Timer: the daily sweep pays a party's balance out. Source: R3.1."""

    type: ClassVar[str] = "sweep.due"
    topic: ClassVar[Topic] = PAYMENT_TIMER
    key_field: ClassVar[str] = "party"

    party: Id
    currency: Currency

    @property
    def subject(self) -> str:
        return f"{self.party}/{self.currency}"
