"""What a part of a line that goes back to the buyer takes from whom: from escrow, or fronted once it is settled. Source: R3.4, R3.6."""

from __future__ import annotations

from datetime import datetime

from services.payment import ledger
from services.payment.decide.fronting import after_settlement, fronted
from services.payment.model import Cut, EscrowLine, Payment, Refund
from shared.contracts.types import Bearer
from shared.policy import Policy


def part(payment: Payment, line_no: int, gone: Cut, applied_at: datetime, policy: Policy, funder: Bearer = "seller") -> Refund:
    """Not set aside yet, within what is left of the line. applied_at: by which promoter and platform bear their share, or not. What
    was subsidized of units that the fund had paid for goes back with them.

    What the guarantee fund pays takes nothing of anybody's part, before or after settlement. Source: R4.6.
    """
    if funder == "platform":
        return Refund("reserved", line_no, payment.currency, gone.units, gone.minor, funder=funder)
    line = payment.lines[line_no]
    others = [refund for refund in payment.drawn_of(line_no) if refund.counts]
    units = gone.units + gone.fund_units + sum(refund.units for refund in others)
    granted = gone.minor + gone.fund_minor + sum(refund.drawn_minor for refund in others)
    found = Refund(
        "reserved",
        line_no,
        payment.currency,
        gone.units,
        gone.minor,
        _funders_part(line.platform_minor, line, units, granted, sum(refund.platform_minor for refund in others)),
        _funders_part(line.promoter_minor, line, units, granted, sum(refund.promoter_minor for refund in others)),
        fund_minor=gone.fund_minor,
        fund_quantity=gone.fund_units,
    )
    return after_settlement(found, applied_at, payment, policy) if line.settled else found


def sources(payment: Payment, refund: Refund) -> list[tuple[str, int]]:
    """Where it comes from, and each subsidy's part to its funder; the buyer's part is left to be posted. Source: R3.4."""
    if refund.line_no is None:
        return [(ledger.unwanted(payment.id), -refund.buyer_minor)]
    if refund.funder == "platform":
        return [(ledger.GUARANTEE_FUND, -refund.buyer_minor)]
    total = refund.buyer_minor + refund.platform_minor + refund.promoter_minor
    entries = fronted(refund, total) if refund.fronted else [(ledger.escrow(payment.id), -total)]
    entries.append((ledger.SUBSIDY, refund.platform_minor))
    if refund.promoter_minor:
        entries.append((ledger.promoter_subsidy(payment.lines[refund.line_no].promoter_id), refund.promoter_minor))
    return entries


def _funders_part(share: int, line: EscrowLine, units: int, granted: int, before: int) -> int:
    """What goes back to a funder of `share`, after `before`, once `units` and `granted` of the line are refunded. Source: R1.4, R3.4.

    By units as long as the buyer got exactly the slices of whole units, else in proportion to the amount; in both ways the
    last refund takes the rest. Neither negative nor beyond it, though an earlier refund may have failed between them.
    """
    by_units = granted == line.paid_minor * units // line.quantity
    target = share * units // line.quantity if by_units else share * granted // line.paid_minor
    return max(0, min(target, share) - before)
