"""What the provider will not pay and no case can rule on, settled by a person outside of the provider. Source: R3.5, R3.1.

The provider has said no, so it does not pay any more; should it have paid all the same, its word is told as a contradiction while the
item waits, refused after that, and its statement shows a movement that is missing here. What may still be paid by the provider cannot
be settled otherwise. Of what it paid and says came back to it, a person says who has it: it is never instructed again.
"""

from __future__ import annotations

from services.payment import ledger
from services.payment.decide.compensation import paid as compensation_paid
from services.payment.decide.debits import unwanted_refund
from services.payment.decide.failed import instead, rests
from services.payment.decide.parts import part
from services.payment.decide.reconciliation import reconciled
from services.payment.decide.refunds import paid as refund_paid
from services.payment.decide.refunds import set_aside
from services.payment.decide.reimbursement import cost, made_good
from services.payment.decide.settlement import settle_freed, settle_now
from services.payment.model import Compensation, Cut, Payment, Refund
from services.payment.model.cut import cut, in_the_way, resting
from services.payment.model.payment import evolve, folded
from shared.contracts.handling import HandledHow, HandlingNoted, MoneyHandled
from shared.contracts.payment import RefundDone
from shared.messaging.message import Message
from shared.messaging.shape import Outcome, Reject
from shared.policy import Policy


@reconciled
def handle(event: MoneyHandled, payment: Payment | None, policy: Policy) -> Outcome:
    """Booked as if it had been paid, but for the account that it is paid from: the platform's own, or what it owes. Once.
    Where banks or other refunds have all of it, that nobody could be paid is noted and books nothing: it waits for a person no more, nor
    does the line's settlement for it.

    Errors: handling.known, handling.unknown, handling.not_failed, handling.not_bounced, handling.of_case, handling.disputed,
    handling.nothing_left.
    """
    if payment is not None and event.handling_id in payment.handlings:
        return Reject("handling.known")
    if payment is None:
        return Reject("handling.unknown")
    noted, how = HandlingNoted(**event.model_dump()), event.how
    item = payment.refunds.get(event.item_id) if event.of == "refund" else payment.compensations.get(event.item_id)
    if item is not None and item.bounced:
        return (_back(noted, item),)
    if how == "arrived":
        return Reject("handling.not_bounced", item.state) if item is not None else Reject("handling.unknown")
    if event.of == "compensation":
        return _compensated(event, payment, noted, how)
    refund = payment.refunds.get(event.item_id)
    against = _against(refund, payment, event.item_id)
    if refund is None or against is not None:
        return against or Reject("handling.unknown")
    after = evolve(payment, noted)
    facts = _unwanted(event, after, refund, how) if refund.line_no is None else _cancelled(event, after, refund, policy, how)
    if not isinstance(facts, Reject):
        return (noted, *facts)
    if how != "unclaimed" or _under_way(payment, refund):
        return facts
    return (noted, *(() if refund.line_no is None else settle_freed(payment, after, refund.line_no, event.occurred_at)))


def _back(noted: HandlingNoted, item: Refund | Compensation) -> HandlingNoted:
    """The provider holds it again, of what the platform paid itself or owes; what it was of, and who bore it, stays as booked. Arrived:
    nothing moves. Source: R3.5, R3.1.
    """
    if noted.how == "arrived":
        return noted
    amount = item.buyer_minor if isinstance(item, Refund) else item.amount_minor
    return noted.model_copy(update={"moves": ledger.moves(item.currency, [(ledger.CASH, -amount), (ledger.by_hand(noted.how), amount)])})


def _under_way(payment: Payment, refund: Refund) -> bool:
    """Of its line another refund is not answered yet: if that fails, something is left."""
    return refund.line_no is not None and any(one.state == "reserved" for one in payment.refunds_of(refund.line_no))


def _compensated(event: MoneyHandled, payment: Payment, noted: HandlingNoted, how: HandledHow) -> Outcome:
    compensation = payment.compensations.get(event.item_id)
    if compensation is None:
        return Reject("handling.unknown")
    if compensation.state != "failed":
        return Reject("handling.not_failed", compensation.state)
    done = compensation_paid(payment, event.item_id, compensation, event.occurred_at, how)
    return (noted, *done, *made_good(payment, event.item_id, event.occurred_at, compensations_minor=compensation.amount_minor))


def _against(refund: Refund | None, payment: Payment, refund_id: str) -> Reject | None:
    """Why that refund is not settled by hand."""
    if refund is None or refund.state == "refused":
        return Reject("handling.unknown")
    if not refund.waits:
        return Reject("handling.not_failed", refund.state)
    if refund.line_no is not None and not refund.cancelled and (payment.lines[refund.line_no].cases or not rests(payment, refund_id)):
        return Reject("handling.of_case")
    disputed = payment.frozen if refund.line_no is not None else any(one == "open" for one, _ in _disputes(payment, refund_id))
    return Reject("handling.disputed") if disputed else None


def _unwanted(event: MoneyHandled, payment: Payment, refund: Refund, how: HandledHow) -> tuple[Message, ...] | Reject:
    """What its bank has not taken back meanwhile. Source: R2.2, R3.8."""
    amount = refund.buyer_minor - sum(taken for _, taken in _disputes(payment, event.item_id))
    if amount <= 0:
        return Reject("handling.nothing_left")
    moves = ledger.moves(refund.currency, [(ledger.unwanted(payment.id), -amount), (ledger.by_hand(how), amount)])
    return (
        RefundDone(
            order_id=payment.id,
            refund_id=event.item_id,
            line_no=None,
            amount_minor=amount,
            moves=moves,
            by_hand=how,
            occurred_at=event.occurred_at,
        ),
    )


def _cancelled(event: MoneyHandled, payment: Payment, refund: Refund, policy: Policy, how: HandledHow) -> tuple[Message, ...] | Reject:
    """Set aside once more, under an id of its own: the line may be settled by now, and a bank may have taken of it. Not while a refund
    under way has some of it. A seller that won on appeal has it back, and a settlement that waited for this happens now. Of what the
    guarantee fund was to pay, the part that units were cancelled for: it comes from the fund, which has it back at once.

    Source: R3.5, R3.6, R2.6, R4.6, R4.11.
    """
    line_no, refund_id = refund.line_no or 0, instead(payment, event.item_id)
    what = payment, line_no, refund.drawn_minor, refund.units
    gone = cut(*what, cancelled=True) if refund.cancelled else _of_fund(payment, line_no, refund)
    if refund.cancelled and in_the_way(*what):
        return Reject("handling.nothing_left")
    if not isinstance(gone, Cut) or (how == "paid" and not gone.minor):  # the fund's own part is all that is left: nobody is paid
        return Reject("handling.nothing_left")
    parts = part(payment, line_no, gone, refund.applied_at or event.occurred_at, policy, refund.funder)
    asked = refund.drawn_minor if refund.cancelled else gone.minor
    reserved = set_aside(payment.id, refund_id, parts, event.occurred_at, refund.applied_at, asked, event.item_id)
    done = (reserved, *refund_paid(evolve(payment, reserved), refund_id, event.occurred_at, how))
    after = folded(payment, done)
    good = made_good(after, event.item_id, event.occurred_at, refund_minor=cost(after, after.refunds[refund_id]))
    return (*done, *good, *settle_now(after, line_no, event.occurred_at))


def _of_fund(payment: Payment, line_no: int, refund: Refund) -> Cut | None:
    """What rests on it, as far as no bank has taken that."""
    minor, units = resting(payment, line_no)
    minor = min(minor, refund.buyer_minor, payment.left_of(line_no)[0])
    return Cut(minor, min(units, refund.quantity)) if minor else None


def _disputes(payment: Payment, refund_id: str) -> list[tuple[str, int]]:
    """Of the unwanted payment that this refund gives back: state, and what the bank took of it."""
    own = [one for one in payment.chargebacks.values() if unwanted_refund(payment.id, one.payment_id) == refund_id]
    return [(one.state, sum(gone.buyer_minor for gone in one.debited)) for one in own]
