"""Where an order stands, in short, from its facts and rows: how `laotie explain` begins. Knows the contract and no service."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from deploy.cli.plain import local
from deploy.cli.story import Story, sentences
from shared.contracts.handling import HandlingNoted
from shared.contracts.order import OrderRejected, PaymentUnwanted
from shared.contracts.owed import CouponRestored
from shared.contracts.payment import CompensationDone, CompensationInstructed, RefundDone, UnwantedReceived
from shared.contracts.refund import STATES, CaseFact
from shared.contracts.types import Moves
from shared.currencies import amount, money
from shared.messaging.message import Message
from shared.texts import numbers_in, numbers_of

ESCROW = {"escrow.funded": "came in", "refund.done": "went back", "chargeback.debited": "taken by the bank", "line.settled": "settled"}
BANK = {"open": "the bank decides", "won": "the bank left the money here", "lost": "the bank gave it back to the buyer"}
BECAME = {
    "reserved": "with the payment provider",
    "instructed": "with the payment provider",
    "held": "held until a chargeback has ended, or a refund is answered",
    "refused": "refused, for nothing is left to refund",
    "failed": "not paid by the provider",
    "done": "done",
}
OWED = "which nobody could be paid: the platform owes it"
WAITS = ("reserved", "instructed")
AHEAD = {"goods": ("not shipped", "shipped in part"), "virtual": ("not used", "used in part"), "freight": ("goes with its goods",) * 2}
SIDES = {"both": "both sides'", "provider": "the payment provider's"}


def in_short(story: Story) -> list[str]:
    """Where it stands, one line a thing; of a rejection and of each case also what buyer and seller read of it."""
    return [*_order(story), *_escrow(story), *_lines(story), *_cases(story), *_payments(story), *_coupons(story)]


def said(event: Message | None) -> tuple[str, Mapping[str, object]]:
    """The code that a fact carries for people, with its numbers; empty where it carries none."""
    match event:
        case CaseFact():
            return event.code, numbers_in(event)
        case OrderRejected():
            return event.code, numbers_of(event.detail)
        case PaymentUnwanted():
            return event.reason, numbers_in(event)
        case _:
            return "", {}


def _order(story: Story) -> Iterator[str]:
    order = story.bodies.get("order")
    if order is None:
        return
    due = f", {money(order['due_minor'], order['currency'])}" if order["currency"] else ""  # of what was rejected nothing is kept
    when = {"accepted": ("pay_by", "to be paid before"), "paid": ("paid_at", "at")}.get(order["status"])
    yield f"order: {order['status']}{due}" + (f", {when[1]} {local(order[when[0]], story.zone)}" if when and order[when[0]] else "")
    for step in story.steps:
        if isinstance(step.entry.event, OrderRejected) and step.copy_of is None:
            yield from _sentences(story, step.entry.event)


def _escrow(story: Story) -> Iterator[str]:
    """What came in and went out of it comes to what is left. Source: R3.2."""
    moved: dict[str, int] = {}
    for step in story.steps:
        for posting in step.moves.postings if step.moves and step.copy_of is None else ():
            if posting.account == f"escrow:{story.order}":
                moved[step.entry.type] = moved.get(step.entry.type, 0) + posting.amount_minor
    if moved:
        parts = (f"{amount(abs(minor), story.currency)} {ESCROW.get(kind, kind)}" for kind, minor in moved.items())
        yield f"escrow, subsidies with it: {', '.join(parts)}, {money(sum(moved.values()), story.currency)} left"


def _lines(story: Story) -> Iterator[str]:
    order = story.bodies.get("order", {})
    for number, line in order.get("lines", {}).items():
        refunded = f", {amount(line['refunded_minor'], order['currency'])} goes back" if line["refunded_minor"] else ""
        held = f", held by {', '.join(line['cases'])}" if line["cases"] else ""
        yield f"line {number}: {reached(line)}{refunded}{held}{_next(story, number, line)}"


def reached(line: Mapping[str, Any]) -> str:
    """How far a stored line got, in the words of its states. Source: R2.1."""
    of, back = line["line"], line["refunded_minor"]
    whole = back >= of["paid_minor"] if of["paid_minor"] else line["refunded"] >= of["quantity"]
    steps = (
        ("settled", line["settled"]),
        ("cancelled", line.get("cancelled", 0) >= of["quantity"]),
        ("refunded in full", whole),
        ("completed", line["completed"]),
        ("delivered", line["signed_at"]),
        ("shipped", line["sent_at"]),
    )
    begun = bool(line.get("sent") or line.get("uses"))
    return next((name for name, done in steps if done), AHEAD[of.get("kind", "goods")][begun])


def _next(story: Story, number: str, line: Mapping[str, Any]) -> str:
    """What time brings next. An open case holds it until it has ended. Source: R2.4-R2.6."""
    due = {(row["kind"], row["subject"]): row["due_at"] for row in story.deadlines}
    settled, looked = (due.get((kind, f"{story.order}/{number}")) for kind in ("settlement.due", "confirmation.due"))
    if settled:
        return f", to be settled at {local(settled, story.zone)} [R2.6]"
    if looked:
        signed = line["signed_at"] if line.get("again_at") is None else line.get("again_signed_at")
        return f", confirmed by itself at {local(looked, story.zone)}{'' if signed else ', sooner once it was signed for'} [R2.5]"
    seller = f"{story.order}/{line['line']['seller_id']}/"
    sent = [at for (kind, subject), at in due.items() if kind == "shipping.due" and subject.startswith(seller)]
    return f", to be sent before {local(min(sent), story.zone)} [R2.4]" if sent and reached(line) in AHEAD["goods"] else ""


def _cases(story: Story) -> Iterator[str]:
    last = {one.case_id: one for step in story.steps if isinstance(one := step.entry.event, CaseFact)}
    for case_id, case in story.bodies.get("refund", {}).get("cases", {}).items():
        until = f" until {local(case['deadline'], story.zone)}" if case["deadline"] else ""
        turn = "" if case["turn"] == "nobody" else f", {SIDES.get(case['turn'], case['turn'] + chr(39) + 's')} turn{until}"
        yield f"case {case_id}: {case['state']} {STATES[case['state']]}{turn}"
        yield from (f"  {line}" for line in appealed(story, case))
        yield from _sentences(story, last.get(case_id))


def appealed(story: Story, case: Mapping[str, Any]) -> Iterator[str]:
    """Of a stored case: whose appeal it is, until when it is ruled on, what it came to. Source: R4.11."""
    appeal = case.get("appeal")
    if not appeal:
        return
    kept = "; the buyer keeps what it has, the platform pays the seller" if appeal["side"] == "seller" and case["state"] == 60 else ""
    until = f"open, the platform rules by {local(appeal['until'], story.zone)}, else the ruling stands"
    stands = {None: until, True: f"won{kept}", False: "lost, the ruling stands"}
    yield f"appeal of the {appeal['side']}: {stands[appeal.get('won')]} [R4.11]"


def _payments(story: Story) -> Iterator[str]:
    events = [step.entry.event for step in story.steps if step.copy_of is None]
    payment, back = story.bodies.get("payment", {}), {one.payment_id: one.refund_id for one in events if isinstance(one, UnwantedReceived)}
    for event in events:
        if isinstance(event, PaymentUnwanted):
            what = f" as refund {back[event.payment_id]}" if event.payment_id in back else ""
            yield f"payment {event.payment_id}: {money(event.amount_minor, event.currency)} goes back{what} [R2.2, R2.3]"
            yield from _sentences(story, event)
    done = {one.refund_id: one.occurred_at for one in events if isinstance(one, RefundDone)}
    owed = set(_owed(events))
    for name, one in payment.get("refunds", {}).items():
        line = f" of line {one['line_no']}" if one.get("line_no") else ""
        paid = money(one["buyer_minor"], one["currency"])
        yield f"refund {name}{line}: {paid} to the buyer, {OWED if name in owed else _became(story, one, done.get(name))} [R3.5]"
    rules = {one.compensation_id: one.rule for one in events if isinstance(one, CompensationInstructed)}
    done = {one.compensation_id: one.occurred_at for one in events if isinstance(one, CompensationDone)}
    for name, one in payment.get("compensations", {}).items():
        paid = f"{money(one['amount_minor'], one['currency'])} to the buyer, borne by {one['payer']}"
        state = OWED if name in owed else _became(story, one, done.get(name))
        yield f"compensation {name}: {paid}, {state} [{rules.get(name, 'R3.5')}]"
    for name, one in payment.get("chargebacks", {}).items():
        yield f"chargeback {name}: {money(one['amount_minor'], one['currency'])} disputed, {BANK[one['state']]} [R3.8]"


def _owed(events: Iterable[Message | None]) -> Iterator[str]:
    """Refunds and compensations that nobody could be paid, as a person found: the platform owes them. Source: R3.5."""
    for event in events:
        match event:
            case RefundDone(by_hand="unclaimed"):
                yield event.refund_id
            case CompensationDone(by_hand="unclaimed"):
                yield event.compensation_id
            case HandlingNoted(how="unclaimed", moves=Moves()):
                yield event.item_id


def _became(story: Story, one: Mapping[str, Any], done: datetime | None) -> str:
    """Of a refund or a compensation, what became of it, and when. What came back after it was paid waits for a person."""
    if one["state"] == "done" and one.get("contradicted") and not (one.get("decided") or one.get("by_hand")):
        return "paid, and back at the provider: a person decides"
    silent = f", which is to answer before {local(one['answer_by'], story.zone)}" if one.get("answer_by") and one["state"] in WAITS else ""
    return BECAME[one["state"]] + silent + (f" at {local(done, story.zone)}" if done else "")


def _coupons(story: Story) -> Iterator[str]:
    events = [step.entry.event for step in story.steps if step.copy_of is None]
    restored = {one.coupon_id: one for one in events if isinstance(one, CouponRestored)}
    for coupon in story.bodies.get("order", {}).get("coupons", ()):
        now = "used"
        if (back := restored.get(coupon["coupon_id"])) is not None:
            now = "the buyer's again" + (f", until {local(back.expires_at, story.zone)}" if back.expires_at else "")
        elif coupon.get("new_user"):
            now = "used, for new users: it never comes back"
        yield f"coupon {coupon['coupon_id']} of the {coupon['funder']}: {now} [R4.13]"


def _sentences(story: Story, event: Message | None) -> Iterator[str]:
    yield from (f"  {line}" for line in sentences(story, *said(event)))
