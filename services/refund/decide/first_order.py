"""The first-order guarantee, claimed: decided then, once a person, and paid at once by the seller or by the platform's fund.

The seller pays while its own no-reason promise for the line runs; else the platform's fund is asked, by a message, so that only
such claims touch the fund's one row. The use is bound to the order by the claim that is won, whatever becomes of its money.
Source: R4.6.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime

from services.refund.decide.claim import request
from services.refund.decide.clusters import cluster_of
from services.refund.decide.follow import grant
from services.refund.decide.step import ended, said
from services.refund.model import FUND, Case, Cluster, Fund, Hour, Member, Purchase, evolve, fund_key, local_hour
from shared.contracts.dispute import CaseRuled
from shared.contracts.first_order import ClaimWaitsForFund, FirstOrderUsed, FundAsked, FundDrawn, FundReason, FundStopped
from shared.contracts.refund import By, RefundGranted
from shared.contracts.ruling import RulingMade
from shared.contracts.storefront import RefundRequested
from shared.contracts.types import Bearer
from shared.days import window_end
from shared.messaging.shape import Outcome, Reject, Touch, Wait
from shared.policy import Policy
from shared.policy.document import FundPolicy


def claim(event: RefundRequested, member: Member | None, purchase: Purchase | None, cluster: Cluster | None) -> Outcome:
    """As any claim, and the order must be the first of its buyer's cluster as known now, or have used the guarantee before."""
    claimed = request(event, purchase, None)
    if not isinstance(claimed, tuple) or purchase is None:
        return claimed
    used = any(case.ground == "first_order" for case in purchase.cases.values())
    if not used and cluster is not None and cluster.uses:
        return Reject("first_order.used")
    if not used and cluster is not None and cluster.began_elsewhere:
        return Reject("first_order.elsewhere")
    if not used and (cluster is None or cluster.first != event.order_id):
        return Reject("first_order.not_first")
    opened, *at_once = claimed
    use = () if used or cluster is None else _use(event, member, cluster)
    if funder(purchase, event) == "seller":
        return (opened, *use, *at_once)
    return (opened, *use, FundAsked(order_id=event.order_id, case_id=event.case_id, occurred_at=event.occurred_at))


def funder(purchase: Purchase, event: RefundRequested) -> Bearer:
    """The seller while the certificate's no-reason promise for the line runs when it is applied for; else the platform, from the start
    where there is none, or none for what the buyer unsealed. Source: R4.6, R4.5.
    """
    own, signed_at = purchase.promise(event.line_no, "no_reason"), purchase.lines[event.line_no].signed_at
    if own is None or own.withheld or signed_at is None or (event.unsealed and "sealed" in own.conditions):
        return "platform"
    return "seller" if event.occurred_at < window_end(signed_at, own.days, purchase.terms.zone) else "platform"


def asked_fund(event: FundAsked, policy: Policy) -> Callable[[Purchase | None], Touch[Fund | None]]:
    """The one row of the local day and the order's currency."""

    def row(purchase: Purchase | None) -> Touch[Fund | None]:
        day, _ = local_hour(event.occurred_at, policy.zone)
        return FUND.one(fund_key(day, purchase.currency if purchase is not None else ""))

    return row


def ask(event: FundAsked, purchase: Purchase | None, fund: Fund | None, policy: Policy) -> Outcome:
    """Paid at once within the day's budget; else a person decides. No facts for a claim that ended meanwhile. Source: R4.6."""
    if purchase is None:
        raise AssertionError(f"{event.type} of an unknown order")
    case = purchase.cases[event.case_id]
    if case.state != 10:
        return ()
    money = by_platform(purchase, case, event.occurred_at, "promise")
    day, hour = local_hour(event.occurred_at, policy.zone)
    drawn = FundDrawn(
        order_id=event.order_id,
        case_id=event.case_id,
        day=day,
        currency=purchase.currency,
        hour=hour,
        amount_minor=money.amount_minor,
        occurred_at=event.occurred_at,
    )
    reason = _beyond(fund or Fund(), drawn, policy.refund.fund)
    if reason is None:
        return drawn, money
    waits = ClaimWaitsForFund(
        **said(purchase, case, 10, "platform", None, event.occurred_at, "R4.6", reason),
        currency=purchase.currency,
        amount_minor=money.amount_minor,
    )
    if reason == "fund.budget_spent" or (fund is not None and fund.stopped):
        return (waits,)
    return FundStopped(**drawn.model_dump(exclude={"amount_minor"})), waits


def approve(event: RulingMade, purchase: Purchase, case: Case) -> Outcome:
    """A person decides what the fund did not pay by itself; that draws on no budget. It is no dispute: nobody appeals. Source: R4.6.

    So nothing can be found of anybody, which would cost score and card (R4.7, R5.5) with no way to be heard (R4.11).
    """
    if case.turn != "platform":
        return Wait("ruling.before_dispute")
    if event.finding != "none":
        return Reject("ruling.finds_unheard", event.finding)
    code = "fund.approved" if event.upheld else "fund.declined"
    ruled = CaseRuled(
        **said(purchase, case, 10, "platform", None, event.occurred_at, "R4.6", code, event.reason),
        by="ruling",
        ruling_id=event.ruling_id,
        upheld=event.upheld,
        kind=case.kind,
        quantity=event.quantity or case.quantity,
        amount_minor=case.amount_minor if event.amount_minor is None else event.amount_minor,
        fault=event.fault,
        finding="none",
        appraisal_minor=0,
        appeal_until=None,
    )
    after = evolve(purchase, ruled)
    if event.upheld:
        return ruled, by_platform(after, after.cases[case.id], event.occurred_at, "ruling", "fund.approved")
    return (ruled, *ended(after, after.cases[case.id], event.occurred_at, "fund.declined", "R4.6"))


def by_platform(purchase: Purchase, case: Case, at: datetime, by: By, code: str = "") -> RefundGranted:
    """As any grant, but for who pays. Source: R4.4."""
    return grant(purchase, replace(case, funder="platform"), case.quantity, at, by, code, "R4.6")


def _use(event: RefundRequested, member: Member | None, cluster: Cluster) -> Iterator[FirstOrderUsed]:
    yield FirstOrderUsed(
        order_id=event.order_id,
        case_id=event.case_id,
        buyer_id=event.buyer_id,
        cluster=cluster_of(member, event.buyer_id),
        payment_id=cluster.orders[event.order_id].payment_id,
        occurred_at=event.occurred_at,
    )


def _beyond(fund: Fund, drawn: FundDrawn, limits: FundPolicy) -> FundReason | None:
    """Why it is not paid without a person. The breaker looks at the claim's own hour, this claim included. Source: R4.6."""
    budget = limits.day_minor.get(drawn.currency, 0)
    hour = fund.hours.get(drawn.hour, Hour())
    if fund.stopped:
        return "fund.stopped"
    if fund.minor + drawn.amount_minor > budget:
        return "fund.budget_spent"
    too_much = (hour.minor + drawn.amount_minor) * 10_000 > budget * limits.hour_bp
    return "fund.stopped" if too_much or hour.claims >= limits.hour_claims_max else None
