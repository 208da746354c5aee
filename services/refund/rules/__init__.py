"""The guarantees: one file each, one line each in the catalogue. A claim of another kind or ground is not supported."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from services.refund.rules import no_reason
from services.refund.rules.claim import Bought, Claim
from shared.contracts.refund import Guarantee
from shared.contracts.storefront import CaseKind, Ground
from shared.contracts.types import Line
from shared.messaging.shape import Reject, Wait
from shared.policy import RefundPolicy


@dataclass(frozen=True, slots=True)
class Rule:
    """One guarantee: what is promised for a line at purchase, and how a claim of these kinds is judged by that promise later.

    source: its rule, which each fact of such a case names. at_once: whether it is granted without anybody's answer. seller_at_fault:
    the goods were not as they had to be, if the claim is upheld.
    """

    name: str
    source: str
    kinds: tuple[CaseKind, ...]
    promise: Callable[[Line, Bought, RefundPolicy], Guarantee]
    judge: Callable[[Guarantee, Claim], Reject | Wait | None]
    at_once: Callable[[Guarantee, Claim], bool] = lambda promised, claim: False
    seller_at_fault: bool = False


CATALOGUE: dict[Ground, Rule] = {
    "no_reason": Rule("no_reason", "R4.5", ("return_and_refund",), no_reason.promise, no_reason.judge),
}


def promises(lines: tuple[Line, ...], bought: Bought, policy: RefundPolicy) -> tuple[Guarantee, ...]:
    """Each guarantee for each line, given or not. Source: R4.1."""
    return tuple(rule.promise(line, bought, policy) for line in lines for rule in CATALOGUE.values())


def find(kind: CaseKind, ground: Ground) -> Rule | None:
    """None: not built yet."""
    rule = CATALOGUE.get(ground)
    return rule if rule is not None and kind in rule.kinds else None
