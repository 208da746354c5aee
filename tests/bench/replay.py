"""How fast recorded orders are decided again, twice: as they were, and under a candidate. In memory, on one core; nothing must differ.

python -m tests.bench.replay [--orders N] [--kind plain|market]

plain: orders that are placed, paid, sent, signed for, confirmed and settled, of many sellers and buyers. market: every fate of the
simulated market, after-sale and governance included, its topics overtaking each other. CPU seconds; the largest a machine allows is a
matter of memory: the topics of a market are first played and kept there.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from deploy.market import newrules
from deploy.market.market import build
from deploy.whatif import Past, gather, whatif
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.whatif.tape import Tape, TapedFairground, TapedTown

ORDERS = {"plain": 1_000, "market": 300}
SELLERS = 200
AT_ONCE = 200  # orders told between two steps of the clock


def report(kind: str, orders: int) -> dict[str, Any]:
    """orders_per_s, decisions_per_s: of CPU time for both passes. megabytes: the most that the process had, with the topics."""
    tape = _market(orders) if kind == "market" else _plain(orders)
    past, gathering = _timed(tape)
    began = time.process_time()
    in_force = newrules.policies() if kind == "market" else b.POLICIES
    found = whatif(past, in_force, in_force)
    spent = time.process_time() - began
    if found.differences:
        raise AssertionError(f"{found.differences} differences under the policy in force")
    decisions = found.read["decisions"] + found.read["decisions_again"]
    return {
        "kind": kind,
        "orders": orders,
        "records": past.records,
        "decisions_of_an_order": round(found.read["decisions"] / orders, 1),
        "gathering_s": round(gathering, 2),
        "deciding_twice_s": round(spent, 2),
        "us_a_decision": round(spent / decisions * 1e6, 1),
        "decisions_per_s": round(decisions / spent),
        "orders_per_s": round(orders / (spent + gathering), 1),
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def rows(found: Mapping[str, Mapping[str, Any]], add: Callable[[str, str], None]) -> None:
    """For people."""
    for kind, one in found.items():
        said = f"{one['orders_per_s']} orders/s, {one['us_a_decision']} µs a decision"
        add(f"recorded orders decided again twice, {kind}, {one['decisions_of_an_order']} decisions each", said)


def _timed(tape: Tape) -> tuple[Past, float]:
    began = time.process_time()
    past = gather(tape.entries)
    return past, time.process_time() - began


def _market(orders: int) -> Tape:
    ground = TapedFairground(build(1, orders), shuffle=1, dice=random.Random(1))
    ground.play()
    return ground.tape


def _plain(orders: int) -> Tape:
    town = TapedTown()
    for first in range(0, orders, AT_ONCE):
        town.tell(
            (f"{nth}-{number}", event) for nth in range(first, min(orders, first + AT_ONCE)) for number, event in enumerate(_life(nth))
        )
    town.advance(b.at("07-20 00:00"))
    return town.tape


def _life(nth: int) -> Iterator[Message]:
    order, seller = f"o-{nth}", f"s-{nth % SELLERS}"
    own = {"order_id": order, "buyer_id": f"b-{nth // 3}", "payment_id": f"pay-{nth}", "parcel_id": f"parcel-{nth}"}
    cart = b.cart(seller_id=seller, promoter_id=f"k-{nth % 7}")
    for event in (b.placed(cart), b.succeeded(), b.shipped(), b.signed(), b.receipt()):
        yield event.model_copy(update={name: value for name, value in own.items() if hasattr(event, name)})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=500)
    parser.add_argument("--kind", choices=["plain", "market"], default="plain")
    options = parser.parse_args()
    print(json.dumps(report(options.kind, options.orders), indent=1))


if __name__ == "__main__":
    main()
