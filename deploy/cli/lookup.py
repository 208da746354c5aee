"""Which order a case is of: case ids are an order's own."""

from __future__ import annotations

import asyncio

from deploy.cli.connect import asking
from deploy.cli.errors import Failed
from deploy.local.stack import Stack

SHOWN_MAX = 10
PLACES = """
SELECT order_id, coalesce(seller_id, '') AS seller_id FROM refund.case_task
 WHERE case_id = $1 AND task = 'case' AND ($2::text IS NULL OR order_id = $2) ORDER BY 1 LIMIT $3
"""
ORDERED = 'SELECT EXISTS (SELECT FROM "order"."order" WHERE key = $1)'


def place(stack: Stack, case_id: str, order: str | None) -> tuple[str, str]:
    """Order and seller of the case. Raises Failed: there is no such case, or several orders have one of that name."""
    found = asyncio.run(_ask(stack, case_id, order))[0]
    if not found:
        raise Failed(f"nothing is known of a case {case_id!r}" + (f" of order {order!r}" if order else ""))
    if len(found) > 1:
        named = ", ".join(one for one, _ in found[:SHOWN_MAX])
        raise Failed(f"{case_id!r} is a case of several orders; say of which with --order: {named}")
    return found[0]


def is_case(stack: Stack, name: str) -> bool:
    """A case bears that name, and no order does."""
    found, ordered = asyncio.run(_ask(stack, name, None))
    return bool(found) and not ordered


async def _ask(stack: Stack, name: str, order: str | None) -> tuple[list[tuple[str, str]], bool]:
    async with asking(stack) as connection:
        found = [(row[0], row[1]) for row in await connection.fetch(PLACES, name, order, SHOWN_MAX + 1)]
        return found, bool(await connection.fetchval(ORDERED, name))
