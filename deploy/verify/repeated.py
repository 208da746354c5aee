"""What an order is of: the buyer, the terms and the time to pay, as it was placed; and whoever names them later names the same.

Written from the rules' text and shares no code with the services. A field that an older program did not tell is not compared. Sources:
R2.2, R2.4-R2.6, R3.3, R4.1, R4.2.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta
from typing import Any

from pydantic import BaseModel

from deploy.verify.log import Entry, Log, cause
from deploy.verify.report import Check
from shared.contracts.card import CardForfeited, CardRevoked
from shared.contracts.chargeback import ChargebackEnded
from shared.contracts.dispute import CaseRuled
from shared.contracts.order import OrderAccepted, OrderExpired, OrderPaid, OrderRejected, OrderTerms, PaymentUnwanted, Penalty
from shared.contracts.refund import CaseOpened
from shared.contracts.storefront import OrderPlaced
from shared.contracts.types import Line, LineParties
from shared.policy import Policies, Policy

AS_PLACED = ("buyer_id", "coupons", "trust_card_id", "free_shipping")
AS_ACCEPTED = ("buyer_id", "coupons", "trust_card_id", "placed_at")
PARTIES = ("seller_id", "promoter_id")


def checks(log: Log, policies: Policies) -> Iterator[Check]:
    yield _as_placed(log, policies)
    yield _named(log)


def _as_placed(log: Log, policies: Policies) -> Check:
    check = Check("placed: buyer, coupons, card, terms and the time to pay are as it was placed, by the policy of then, until it is paid")
    carts = log.bodies(OrderPlaced, "order")
    accepted: dict[str, OrderAccepted] = {}
    for entry, order in log.of(OrderAccepted):
        accepted[order.order_id] = order
        cart = cause(carts, entry, due_minor=order.due_minor)
        policy = policies.named(order.terms.policy_version)
        if cart is None or policy is None:
            continue  # said elsewhere
        _same(check, entry, AS_PLACED, cart, order)
        campaigns = {line.line_no: cart.campaign_id if line.kind != "freight" else None for line in cart.lines}
        told = {line.line_no: line.campaign_id for line in order.lines}
        check.that(campaigns == told, f"{entry}: its lines are of the campaigns {campaigns}, told was {told}")
        placed_at = order.placed_at or order.occurred_at
        pay_by = placed_at + timedelta(minutes=policy.order.pay_minutes)
        check.that(placed_at == cart.occurred_at, f"{entry}: placed at {cart.occurred_at}, told was {placed_at}")
        check.that(order.pay_by == pay_by, f"{entry}: to be paid before {pay_by}, told was {order.pay_by}")
        wrong = dict(_other_terms(order.terms, policy, order.currency))
        check.that(not wrong, f"{entry}: by the policy and told are {wrong}")
    for entry, refused in log.of(OrderRejected):
        cart = cause(carts, entry, buyer_id=refused.buyer_id)
        check.that(cart is None or cart.buyer_id == refused.buyer_id, f"{entry}: {refused.buyer_id} did not place it")
    for entry, paid in log.of(OrderPaid):
        if paid.order_id in accepted:
            _same(check, entry, AS_ACCEPTED, accepted[paid.order_id], paid)
    for entry, expired in log.of(OrderExpired):
        until = accepted[expired.order_id].pay_by if expired.order_id in accepted else expired.occurred_at
        check.that(expired.occurred_at == until, f"{entry}: it could be paid until {until}")
    return check


def _same(check: Check, entry: Entry, names: tuple[str, ...], before: Any, told: Any) -> None:
    wrong = {name: (getattr(before, name), getattr(told, name)) for name in names if name in told.model_fields_set}
    wrong = {name: pair for name, pair in wrong.items() if pair[0] != pair[1]}
    check.that(not wrong, f"{entry}: before and now are {wrong}")


def _other_terms(terms: OrderTerms, policy: Policy, currency: str) -> Iterator[tuple[str, Any]]:
    """But for the days of tiers, which the statement of escrow days is about. Of a currency that the policy does not name a penalty has
    no least and no most.
    """
    for name in sorted(terms.model_fields_set):
        told, known = getattr(terms, name), getattr(policy.order, name, None)
        if isinstance(told, Penalty) and known is not None:
            most = known.max_minor.get(currency, told.max_minor)
            known = Penalty(bp=known.bp, min_minor=known.min_minor.get(currency, 0), max_minor=most)
        elif name in ("zone", "settle_days"):
            known = policy.zone if name == "zone" else policy.payment.settle_days
        if known is not None and told != known:
            yield name, (known, told)


def _named(log: Log) -> Check:
    check = Check("whoever tells of an order names its buyer, its lines' seller, promoter and kind, and its cases' lines, as they are")
    orders = {fact.order_id: fact for _, fact in log.of(OrderAccepted)}
    lines = {order_id: {line.line_no: line for line in order.lines} for order_id, order in orders.items()}
    cases = {(fact.order_id, fact.case_id): fact for _, fact in log.of(CaseOpened)}
    payments = {(paid.order_id, paid.payment_id) for _, paid in log.of(OrderPaid)}
    unwanted = {(fact.order_id, fact.payment_id) for _, fact in log.of(PaymentUnwanted)}
    payments |= unwanted
    for entry in log.facts():
        fact: Any = entry.event
        order = orders.get(vars(fact).get("order_id") or "") if fact is not None else None
        if order is None or isinstance(fact, OrderAccepted):
            continue
        wrong = [*_of_order(fact, order, unwanted), *_of_lines(fact, lines[order.order_id]), *_of_case(fact, cases)]
        payment = vars(fact).get("payment_id")
        if payment is not None and (order.order_id, payment) not in payments:
            wrong.append(f"payment {payment}")
        if check.fails(not wrong):
            check.differ(f"{entry}: of {order.order_id} are not {', '.join(wrong)}")
    return check


def _of_order(fact: Any, order: OrderAccepted, unwanted: Collection[tuple[str, str]]) -> Iterator[str]:
    """What took a card of one account may be the abuse of another of its person (R4.7); who lost is told of a dispute only (R4.11), and of
    an unwanted payment nobody need know whose it was (R3.8).
    """
    buyer = vars(fact).get("buyer_id")
    untold = buyer is None and (
        (isinstance(fact, CaseRuled) and fact.appeal_until is None)
        or (isinstance(fact, ChargebackEnded) and (fact.order_id, fact.payment_id) in unwanted)
    )
    if "buyer_id" in fact.model_fields_set and buyer != order.buyer_id and not untold and not isinstance(fact, CardForfeited | CardRevoked):
        yield f"buyer {buyer}"


def _of_lines(fact: BaseModel, lines: Mapping[int, Line]) -> Iterator[str]:
    """Of the fact itself and of what it holds."""
    for part in (fact, *(one for value in vars(fact).values() if isinstance(value, tuple) for one in value if isinstance(one, BaseModel))):
        said = vars(part)
        line = lines.get(said.get("line_no") or 0)
        if line is None:
            if said.get("line_no") is not None:
                yield f"line {said['line_no']}"
            continue
        names = [*PARTIES, "kind"] if isinstance(part, LineParties) else PARTIES
        told = part.model_fields_set if said.get("seller_id", "") is not None else set()
        yield from (f"{name} {getattr(part, name)}" for name in names if name in told and getattr(part, name) != getattr(line, name))


def _of_case(fact: Any, cases: Mapping[tuple[str, str], CaseOpened]) -> Iterator[str]:
    """A ruling may give it another kind, never another line or ground."""
    opened = cases.get((fact.order_id, vars(fact).get("case_id") or ""))
    if opened is not None:
        told = fact.model_fields_set & {"line_no", "ground"}
        yield from (f"{name} {getattr(fact, name)}" for name in sorted(told) if getattr(fact, name) != getattr(opened, name))
