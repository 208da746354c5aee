"""Who brought the buyer: the last promoter's page before placement, unless the merchant's own page was last. Source: R2.9."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from shared.contracts.storefront import OrderPlaced, Visit
from shared.contracts.types import Attribution

Attributions = Mapping[int, Attribution]


def attribute(event: OrderPlaced, ad_days: int) -> Attributions:
    """By line number; lines that no visit led to, and freight, are left out.

    The last page visited before placement decides; two of one time are told apart by their place in the trail, the later one counts.
    The click on an ad is the last one within its days.
    """
    found = {}
    for line in event.lines:
        trail = [visit for visit in event.visits if visit.seller_id in (None, line.seller_id) and visit.at <= event.occurred_at]
        if trail and line.kind != "freight":
            found[line.line_no] = _frozen(max(enumerate(trail), key=_place)[1], trail, event.occurred_at - timedelta(days=ad_days))
    return found


def _place(numbered: tuple[int, Visit]) -> tuple[datetime, int]:
    return numbered[1].at, numbered[0]


def _frozen(last: Visit, trail: Iterable[Visit], ads_since: datetime) -> Attribution:
    return Attribution(
        promoter_id=last.promoter_id,
        domain=last.domain,
        channel=last.channel,
        broadcast=last.broadcast,
        visited_at=last.at,
        ad_at=max((visit.at for visit in trail if visit.ad and visit.at > ads_since), default=None),
    )
