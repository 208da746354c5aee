"""Campaigns: only what was reviewed, never more than allotted, no identity beyond its limit; what is given up can be sold again.

Taking and giving back are decided with the order, under its lock: units are held as long as the order's line has them unsent, so
they come back once, whatever comes twice. The allotment's lock makes orders of one product follow each other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime

from services.order.model import ALLOTMENT, CLUSTER, REVIEWS_MAX, Allotment, Cluster, Order, product
from shared.contracts.campaign import (
    AllotmentReleased,
    AllotmentReviewed,
    AllotmentSized,
    AllotmentTaken,
    LimitMoved,
    LimitReleased,
    LimitShifted,
    LimitTaken,
)
from shared.contracts.governance import AllotmentSet, ProductReviewed
from shared.contracts.storefront import OrderPlaced
from shared.errors import Code
from shared.messaging.message import Message
from shared.messaging.shape import Outcome, Reject, Touch, given


def review(event: ProductReviewed, allotment: Allotment | None) -> Outcome:
    """Counts from when it was taken to the next one, in whatever order they are told; of the same moment, the first told. Source: R2.7."""
    known = [one.at for one in allotment.reviews] if allotment is not None else []
    if event.occurred_at in known or (len(known) == REVIEWS_MAX and event.occurred_at < known[0]):
        return Reject("campaign.outdated")
    return (AllotmentReviewed(campaign_id=event.campaign_id, sku=event.sku, approved=event.approved, occurred_at=event.occurred_at),)


def size(event: AllotmentSet, allotment: Allotment | None) -> Outcome:
    """Effective at once; what is taken stays taken, so no less than that. Source: R2.7."""
    if allotment is not None and allotment.sized_at is not None and event.occurred_at <= allotment.sized_at:
        return Reject("campaign.outdated")
    if allotment is not None and event.units < allotment.taken:
        return Reject("campaign.below_taken", f"{allotment.taken} are taken")
    return (
        AllotmentSized(
            campaign_id=event.campaign_id,
            sku=event.sku,
            units=event.units,
            limit_per_identity=event.limit_per_identity,
            occurred_at=event.occurred_at,
        ),
    )


def shift(event: LimitShifted, cluster: Cluster | None) -> Outcome:
    """On to where the identity counts now."""
    if cluster is not None and cluster.into is not None:
        return (event.model_copy(update={"cluster": cluster.into}),)
    moved = {"cluster": event.cluster, "order_id": event.order_id, "campaign_id": event.campaign_id, "sku": event.sku}
    return (LimitMoved(**moved, units=event.units, occurred_at=event.occurred_at),)


def wanted(event: OrderPlaced) -> dict[str, int]:
    """Units by sku; freight is no product."""
    units = Counter[str]()
    for line in event.lines:
        if line.kind != "freight":
            units[line.sku] += line.quantity
    return dict(units)


def products(event: OrderPlaced) -> Iterator[str]:
    """The keys of the allotments that the order draws on."""
    return (product(event.campaign_id or "", sku) for sku in wanted(event))


def refused(event: OrderPlaced, allotments: Mapping[str, Allotment], cluster: Cluster | None) -> tuple[Code, str] | None:
    """The code and the product, if one line cannot be had: then none is. Source: R2.7."""
    for sku, units in wanted(event).items():
        name = product(event.campaign_id or "", sku)
        allotment = allotments.get(name)
        if allotment is None or not allotment.approved(event.occurred_at):
            return "campaign.not_reviewed", sku
        if allotment.units is None:
            return "campaign.no_allotment", sku
        if units > allotment.left:
            return "campaign.sold_out", sku
        if allotment.limit is not None and (cluster.units.get(name, 0) if cluster else 0) + units > allotment.limit:
            return "campaign.limit_reached", sku
    return None


def taken(event: OrderPlaced, allotments: Mapping[str, Allotment], at: str, cluster: Cluster | None) -> Iterator[Message]:
    """at: the identity's cluster; if that has merged meanwhile, what it became part of counts the units too."""
    for sku, units in wanted(event).items():
        campaign_id, order_id, when = event.campaign_id or "", event.order_id, event.occurred_at
        left = allotments[product(campaign_id, sku)].left - units
        yield AllotmentTaken(order_id=order_id, campaign_id=campaign_id, sku=sku, units=units, left=left, occurred_at=when)
        yield LimitTaken(order_id=order_id, cluster=at, campaign_id=campaign_id, sku=sku, units=units, occurred_at=when)
        if cluster is not None and cluster.into is not None:
            yield LimitShifted(cluster=cluster.into, order_id=order_id, campaign_id=campaign_id, sku=sku, units=units, occurred_at=when)


def held_allotments(order: Order | None) -> Touch[Mapping[str, Allotment]]:
    """What releasing units of that order touches, with `own_cluster`; nothing for an order of no campaign."""
    keys = [product(line.line.campaign_id, line.line.sku) for line in order.lines.values() if line.line.campaign_id] if order else []
    return ALLOTMENT.many(keys) if keys else given({})


def own_cluster(order: Order | None) -> Touch[Cluster | None]:
    """The cluster that bears the buyer's own id: from there the way leads to the one that counts."""
    of_campaign = order is not None and any(line.line.campaign_id for line in order.lines.values())
    return CLUSTER.one(order.buyer_id) if order is not None and of_campaign else given(None)


def unsent(order: Order) -> dict[int, int]:
    """Units that are neither sent nor given up, by line."""
    return {line_no: line.unsent for line_no, line in order.lines.items()}


def given_up(before: Order, after: Order) -> dict[int, int]:
    """Units that can be sold again, by line."""
    return {line_no: line.reserved - after.lines[line_no].reserved for line_no, line in before.lines.items()}


def let_go(after: Order, line_nos: Collection[int]) -> tuple[int, ...] | None:
    """Gifts that have units of their campaign and are waited for no more, now that units of these lines went back, or a case on one of
    them ended. None: there are none. Whether they leave all the same or not, this happens once. Source: R2.7, R4.5.
    """
    theirs = (one for line_no, one in after.lines.items() if line_no in line_nos or one.line.gift_of in line_nos)
    gifts = (one for one in theirs if one.line.campaign_id and not one.let_go and one.reserved and after.goes_along(one))
    return tuple(one.line.line_no for one in gifts) or None


def released(
    order: Order, units: Mapping[int, int], allotments: Mapping[str, Allotment], cluster: Cluster | None, at: datetime
) -> Iterator[Message]:
    """units by line, as they are given up by a fact of the same decision. Nothing for lines of no campaign. Source: R2.7."""
    freed = Counter[tuple[str, str]]()
    for line_no, quantity in units.items():
        line = order.lines[line_no].line
        if line.campaign_id is not None and quantity:
            freed[(line.campaign_id, line.sku)] += quantity
    for (campaign_id, sku), quantity in freed.items():
        fields = {"order_id": order.id, "campaign_id": campaign_id, "sku": sku}
        left = allotments[product(campaign_id, sku)].left + quantity
        yield AllotmentReleased(**fields, units=quantity, left=left, occurred_at=at)
        if cluster is not None and cluster.into is not None:
            yield LimitShifted(**fields, cluster=cluster.into, units=-quantity, occurred_at=at)
        else:
            yield LimitReleased(**fields, cluster=order.buyer_id, units=quantity, occurred_at=at)
