"""The guarantees: one file each, one line each in the catalogue. A claim of a kind and ground that none of them has is not offered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from services.refund.rules import (
    authenticity,
    claim,
    damaged,
    exchange,
    first_order,
    freight,
    instant_refund,
    negotiated,
    no_reason,
    not_received,
    not_shipped,
    quality,
    resend,
    shipping,
    trust_card,
    wrong_item,
)
from services.refund.rules.claim import Bought, Claim, Offer, Offered, offer_of
from shared.contracts.certificate import Guarantee
from shared.contracts.storefront import CaseKind, Ground
from shared.contracts.types import Line
from shared.messaging.shape import Reject, Wait
from shared.policy import RefundPolicy


@dataclass(frozen=True, slots=True)
class Rule:
    """One guarantee: what is promised for a line at purchase, and how a claim of these kinds is judged by that promise later.

    source: its rule, which each fact of such a case names. ground None: it is not claimed by itself. at_once: whether it is granted
    without anybody's answer. seller_at_fault: the goods were not as they had to be, if the claim is upheld;
    late_at_fault: only if they should have left by then (R2.4).
    """

    name: str
    source: str
    ground: Ground | None
    kinds: tuple[CaseKind, ...]
    promise: Callable[[Offered, Bought, RefundPolicy], Guarantee]
    judge: Callable[[Guarantee, Claim], Reject | Wait | None] = claim.judge
    at_once: Callable[[Guarantee, Claim], bool] = claim.at_once
    seller_at_fault: bool = False
    late_at_fault: bool = False


def always(promised: Guarantee, claimed: Claim) -> bool:
    """Nobody is asked. Source: R4.6, R4.7."""
    return True


REFUND: CaseKind = "refund_only"
RETURN: CaseKind = "return_and_refund"
FAULTS: tuple[CaseKind, ...] = (RETURN, REFUND, "exchange", "resend")
# fmt: off
CATALOGUE: list[Rule] = [
    #    name                     rule     ground          kinds                         at purchase                at the claim
    Rule("no_reason",             "R4.5",  "no_reason",    (RETURN,),                    no_reason.promise,         no_reason.judge),
    Rule("exchange",              "R4.10", "no_reason",    ("exchange",),                exchange.promise,          no_reason.judge),
    Rule("first_order",           "R4.6",  "first_order",  (REFUND,),                    first_order.promise,       first_order.judge,
         at_once=always),
    Rule("refund_without_return", "R4.7",  "trust_card",   (REFUND,),                    trust_card.without_return, trust_card.judge,
         at_once=always),
    Rule("return_freight",        "R4.7",  None,           (),                           trust_card.return_freight),
    Rule("fault_freight",         "R4.9",  None,           (),                           freight.promise),
    Rule("damaged_refund",        "R4.7",  None,           (),                           trust_card.damaged_refund),
    Rule("instant_refund",        "R4.8",  None,           (),                           instant_refund.promise),
    Rule("not_shipped",           "R4.8",  "not_shipped",  (REFUND,),                    not_shipped.promise,       not_shipped.judge,
         late_at_fault=True),
    Rule("not_received",          "R4.2",  "not_received", (REFUND,),                    not_received.promise,      not_received.judge,
         at_once=not_received.at_once, seller_at_fault=True),
    Rule("resend",                "R4.2",  "not_received", ("resend",),                  resend.promise,            not_received.judge,
         seller_at_fault=True),
    Rule("quality",               "R4.2",  "quality",      (RETURN, REFUND, "exchange"), quality.promise,           seller_at_fault=True),
    Rule("damaged",               "R4.2",  "damaged",      FAULTS,                       damaged.promise,           seller_at_fault=True),
    Rule("wrong_item",            "R4.2",  "wrong_item",   FAULTS,                       wrong_item.promise,        seller_at_fault=True),
    Rule("authenticity",          "R4.9",  "counterfeit",  ("claim",),                   authenticity.promise,      seller_at_fault=True),
    Rule("food_safety",           "R4.9",  None,           (),                           authenticity.food_safety),
    Rule("negotiated",            "R4.2",  "negotiated",   FAULTS,                       negotiated.promise,        negotiated.judge),
    Rule("late_shipping",         "R2.4",  None,           (),                           shipping.late),
    Rule("sham_shipping",         "R2.4",  None,           (),                           shipping.sham),
]
# fmt: on


Promised = tuple[Guarantee, ...]
_KNOWN: dict[tuple[int, int, Offer, Bought], tuple[RefundPolicy, Promised]] = {}
_SHARED: dict[tuple[int, tuple[int, ...]], tuple[Promised, Promised]] = {}
KNOWN_MAX = 4096  # offers: many lines are sold at one price, in one category, with the same tags


def promises(lines: tuple[Line, ...], bought: Bought, policy: RefundPolicy) -> Promised:
    """Each guarantee for each line, given or not; said once for lines to which it says the same. Source: R4.1."""
    groups: dict[object, tuple[Line, Promised, list[int]]] = {}
    for line in lines:
        found = _promised(line, bought, policy)
        first, _, more = groups.setdefault(_likeness(line, found), (line, found, []))
        if first is not line:
            more.append(line.line_no)
    return tuple(one for first, terms, more in groups.values() for one in (_shared(first, terms, tuple(more)) if more else terms))


def _promised(line: Line, bought: Bought, policy: RefundPolicy) -> Promised:
    """The functions are pure: what they said of an equal offer, under this very policy and catalogue, they would say again."""
    place = (id(policy), id(CATALOGUE), offer_of(line), bought)
    known = _KNOWN.get(place)
    if known is not None and known[0] is policy:
        return known[1]
    found = tuple(rule.promise(line, bought, policy) for rule in CATALOGUE)
    if len(_KNOWN) >= KNOWN_MAX:
        _KNOWN.clear()
    _KNOWN[place] = (policy, found)
    return found


def _likeness(line: Line, found: Promised) -> object:
    """Equal where the promises are but for the line, its price, and caps that are its price."""
    caps = tuple(-1 if one.cap_minor == line.paid_minor else one.cap_minor for one in found)
    return offer_of(line)._replace(line_no=0, paid_minor=0), caps


def _shared(first: Line, terms: Promised, more: tuple[int, ...]) -> Promised:
    """What is promised for the first line, for the others too."""
    place = (id(terms), more)
    known = _SHARED.get(place)
    if known is not None and known[0] is terms:
        return known[1]
    found = tuple(one.model_copy(update={"cap_of_line": one.cap_minor == first.paid_minor, "more_lines": more}) for one in terms)
    if len(_SHARED) >= KNOWN_MAX:
        _SHARED.clear()
    _SHARED[place] = (terms, found)
    return found


def find(kind: CaseKind, ground: Ground) -> Rule | None:
    """None: nobody offers that."""
    return next((rule for rule in CATALOGUE if rule.ground == ground and kind in rule.kinds), None)
