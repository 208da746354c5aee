"""What must become of the money of a paid order, and whom its life speaks for: the rules' arithmetic, written a second time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from deploy.market.checkout import FEE_BP, WAIVED_MINOR, Item
from deploy.market.newrules import LATE_BP, SINCE
from deploy.market.sent import fired_in, phase_of

if TYPE_CHECKING:
    from deploy.market.life import Gain, Life

LATE = (1_000, 500, 50_000)  # basis points, at least and at most in CNY, as deploy/policy.yaml says
LATE_SINCE = (LATE_BP, *LATE[1:])  # of orders from the show on before which ops changed it
SHAM = (3_000, 500, 20_000)
SHIP_HOURS, SHIP_HOURS_24H = 48, 24


def reckon(life: Life) -> None:
    """Fills in life.expected, life.charged, life.given and what completed lines say to life.evidence; the life must be complete."""
    states = {_line(life, item) for item in life.cart.items if item.kind != "freight"}
    states |= {_freight(life, item) for item in life.cart.items if item.kind == "freight"}
    life.expected.state = next(state for state in ("held", "settled", "closed") if state in states)
    if not life.psp_fails:
        owed = {seller: amount for seller in life.cart.sellers if (amount := _owed(life, seller) + life.owed[seller])}
        life.expected.compensated = owed
        life.charged.update(owed)


def _line(life: Life, item: Item) -> str:
    """Its units cancelled and returned go back, the rest to its parties; time confirms what nobody did. Source: R2.5, R3.3, R3.4."""
    if life.dispute in ("lost", "open"):
        return _disputed(life, item)
    expected, line_no = life.expected, item.line_no
    units = life.gone(line_no) + life.refunded.get(line_no, 0)
    asked = line_no in life.refunded or any(gain.line_no == line_no for gain in life.gains)
    stuck = life.psp_fails and (units or asked)
    if item.promoter_id:
        life.given[item.promoter_id] += item.subsidies.get("promoter", 0)
    if stuck:
        expected.escrow_minor += item.paid_minor + item.funded_minor
        _completed(life, item, by_time=not asked and units < item.quantity)
        return "held"
    share = item.paid_minor * units // item.quantity
    back = share - min(_waived(life, item), share)
    for gain in life.gains:
        if gain.line_no == line_no and not gain.fund:
            back += _worth(item, gain, units)
            units += gain.units
    _completed(life, item, by_time=back < item.paid_minor)
    if units or back:
        expected.refunds[line_no] = back
        expected.returned_minor += back
    _of_fund(life, item, units)
    whole = back == item.paid_minor * units // item.quantity
    funded = sum(_part(item, funder, units, back, whole=whole) for funder in ("platform", "promoter"))
    if item.promoter_id:
        life.given[item.promoter_id] -= _part(item, "promoter", units, back, whole=whole)
    if line_no in life.won_back:
        cost = shares(item, 0, 0)[0] - shares(item, back, funded)[0] + life.owed[item.seller_id]
        life.reimbursed[item.seller_id] += cost
        expected.fund_minor += cost
    if line_no in life.returned_late:
        expected.lines[line_no] = shares(item, 0, 0)
        life.charged.update(dict(_charged(item, back, funded)))
        return "settled"
    if back == item.paid_minor:
        return "closed"
    expected.lines[line_no] = shares(item, back, funded)
    return "settled"


def _worth(item: Item, gain: Gain, before: int) -> int:
    """Behind so many units that went back before. Source: R1.4."""
    if gain.minor is not None:
        return gain.minor
    return item.paid_minor * (before + gain.units) // item.quantity - item.paid_minor * before // item.quantity


def _of_fund(life: Life, item: Item, before: int) -> None:
    """The buyer has it all the same. Source: R4.6."""
    for gain in life.gains:
        if gain.line_no == item.line_no and gain.fund:
            minor = _worth(item, gain, before)
            life.expected.refunds[item.line_no] = life.expected.refunds.get(item.line_no, 0) + minor
            life.expected.returned_minor += minor
            life.expected.fund_minor += minor


def _disputed(life: Life, item: Item) -> str:
    """Time confirms it all the same. Lost: the bank took all of it, and the line is settled with nothing. Open: nothing moves. R3.8."""
    if item.kind != "freight":
        _completed(life, item, by_time=True)
    if life.dispute == "lost":
        life.expected.charged_back_minor += item.paid_minor
        life.expected.lines[item.line_no] = (0, 0, 0)
        return "settled"
    if item.promoter_id:
        life.given[item.promoter_id] += item.subsidies.get("promoter", 0)
    life.expected.escrow_minor += item.paid_minor + item.funded_minor
    return "held"


def _part(item: Item, funder: str, units: int, back: int, *, whole: bool) -> int:
    """Of a funder's subsidy what goes back with the units, or with the amount where that is not their whole slice. Source: R1.4."""
    share = item.subsidies.get(funder, 0)
    return share * units // item.quantity if whole else share * back // item.paid_minor


def _waived(life: Life, item: Item) -> int:
    """The seller's waived freight, if what is returned makes the basket too small. Source: R3.10."""
    threshold = life.cart.thresholds.get(item.seller_id)
    if threshold is None or item.line_no not in life.refunded:
        return 0
    kept = sum(
        other.paid_minor - other.paid_minor * life.refunded.get(other.line_no, 0) // other.quantity
        for other in life.cart.of_seller(item.seller_id)
    )
    return WAIVED_MINOR if kept < threshold else 0


def _freight(life: Life, item: Item) -> str:
    """With the seller's last line: owed if something was sent, else it goes back. What went back for a fault that fell the seller gets
    from the fund. Source: R2.6, R3.10, R4.11.
    """
    if life.dispute in ("lost", "open"):
        return _disputed(life, item)
    expected, others = life.expected, life.cart.of_seller(item.seller_id)
    sent = any(parcel.seller_id == item.seller_id and not parcel.failed for parcel in life.parcels)
    sent = sent or any(other.line_no in life.used for other in others)
    if not all(_over(life, other) for other in others) or (not sent and life.psp_fails):
        expected.escrow_minor += item.paid_minor
        return "held"
    if sent and not _at_fault(life, others):
        expected.lines[item.line_no] = shares(item, 0, 0)
        return "settled"
    expected.refunds[item.line_no] = item.paid_minor
    expected.returned_minor += item.paid_minor
    if sent and _blamed(life, others) <= life.won_back:
        cost, _, _ = shares(item, 0, 0)
        life.reimbursed[item.seller_id] += cost
        expected.fund_minor += cost
    return "closed"


def _at_fault(life: Life, others: list[Item]) -> bool:
    """All of the seller's lines were refunded, and it was to blame for one of them. Source: R3.10."""
    all_back = all(life.expected.refunds.get(other.line_no, 0) == other.paid_minor for other in others)
    return all_back and bool(_blamed(life, others))


def _blamed(life: Life, others: list[Item]) -> set[int]:
    """For which of these lines the seller was to blame, before any appeal."""
    return {gain.line_no for gain in life.gains if gain.at_fault} & {other.line_no for other in others}


def _over(life: Life, item: Item) -> bool:
    """A case without its money stays open, and its line unconfirmed if it was."""
    return not (life.psp_fails and life.refunded.get(item.line_no)) or item.line_no in life.confirmed


def shares(item: Item, back: int, funded_back: int) -> tuple[int, int, int]:
    """Seller, promoter, platform: points on what the buyer paid and kept, the rest to the seller. Source: R3.3, R3.4."""
    paid = item.paid_minor - back
    commission = paid * item.commission_bp // 10_000 if item.promoter_id else 0
    fee = paid * FEE_BP // 10_000
    return paid + item.funded_minor - funded_back - commission - fee, commission, fee


def _charged(item: Item, back: int, funded_back: int) -> Iterator[tuple[str, int]]:
    """Returned after settlement: promoter and platform bear their parts, the seller the rest and the subsidies. Source: R3.6."""
    _, commission, fee = shares(item, 0, 0)
    promoter = commission * back // item.paid_minor
    platform = fee * (back - promoter) // (item.paid_minor - commission)
    yield item.seller_id, back + funded_back - promoter - platform
    if promoter and item.promoter_id:
        yield item.promoter_id, promoter


def _owed(life: Life, seller_id: str) -> int:
    """What the seller's late and sham parcels cost it. Source: R2.4."""
    base, items = 0, [item for item in life.cart.of_seller(seller_id) if item.kind == "goods"]
    for hours in sorted({hours_of(item) for item in items}):
        base += sum(_last(item, unsent(life, item, hours)) for item in items if hours_of(item) == hours)
    parcels = [parcel for parcel in life.sham if parcel.seller_id == seller_id]
    pretended = {item.line_no: min(item.quantity, sum(parcel.units.get(item.line_no, 0) for parcel in parcels)) for item in items}
    sham = sum(_last(item, pretended[item.line_no]) for item in items)
    late = LATE_SINCE if life.show >= SINCE else LATE
    return max(penalty(late, base, life.cart.currency), penalty(SHAM, sham, life.cart.currency))


def hours_of(item: Item) -> int:
    return SHIP_HOURS_24H if "ship_24h" in item.tags else SHIP_HOURS


def _last(item: Item, units: int) -> int:
    """What was paid for the last units of the line. Source: R1.4."""
    return item.paid_minor - item.paid_minor * (item.quantity - units) // item.quantity


def unsent(life: Life, item: Item, hours: int) -> int:
    """Units not sent by the deadline, as far as was known when it fired: once it has, the decision stands. None while the buyer's bank
    disputes the order. Source: R1.2, R2.4.
    """
    assert life.paid_at is not None
    deadline = life.paid_at + timedelta(hours=hours)
    since, until = life.disputed or (deadline, None)
    if since < deadline and (until is None or deadline < until):
        return 0

    def known(at: datetime) -> bool:
        return at < deadline and phase_of(at) < fired_in(deadline)

    sent = sum(parcel.units.get(item.line_no, 0) for parcel in life.parcels if known(parcel.at))
    return item.quantity - sent - sum(units.get(item.line_no, 0) for at, units in life.cancelled if known(at))


def penalty(terms: tuple[int, int, int], base: int, currency: str) -> int:
    """Nothing where nothing was paid; a currency without bounds has none."""
    points, least, most = terms
    amount = base * points // 10_000
    return min(max(amount, least), most) if currency == "CNY" and base else amount


def _completed(life: Life, item: Item, *, by_time: bool) -> None:
    """Each line once, for all its sides. Source: R5.5."""
    if (by_time or item.line_no in life.confirmed) and not _undone(life, item):
        life.evidence.update([f"seller:{item.seller_id}/completed", f"buyer:{life.cart.buyer_id}/completed"])
        life.evidence.update([f"promoter:{item.promoter_id}/completed"] if item.promoter_id else [])


def _undone(life: Life, item: Item) -> bool:
    """A case gave back the last of it, and nobody was to blame: as if it had never been completed. Source: R5.1."""
    gains = [gain for gain in life.gains if gain.line_no == item.line_no]
    units = life.gone(item.line_no) + life.refunded.get(item.line_no, 0) + sum(gain.units for gain in gains)
    return units == item.quantity and not life.psp_fails and not any(gain.at_fault for gain in gains)
