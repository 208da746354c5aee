"""Orders and money on the four services, the provider answering, beside the plain loop doing as many durable steps.

A durable step is an event that a service has taken for good; the plain loop decides next to nothing in one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from confluent_kafka import Producer

from deploy.cli.idle import Idle
from deploy.local.kafka import quiet
from deploy.local.process import Process
from tests.bench.apps import LINES_MAX, campaign, send
from tests.bench.mini import variant
from tests.bench.psp import GROUP
from tests.bench.whole import ROOT, Whole
from tests.toy.outside import until

RAW_SERVICES = 3
SELLERS = 1_000
STATUSES = """SELECT body ->> 'status' FROM "order"."order" WHERE key LIKE $1"""


class Money:
    """sizes: `orders` of the usual sections, `wide`, `settling` and `rush` of those, `units` that the rush is for."""

    def __init__(self, lives: Whole, sizes: Mapping[str, int], say: Callable[[str], None]) -> None:
        self.lives, self.sizes, self.say = lives, sizes, say

    def life(self) -> dict[str, Any]:
        """Placed, paid, delivered, confirmed, settled, paid out, stated by the provider's answers."""
        return self.told("life", self.lives.live(self.sizes["orders"], SELLERS))

    def refunds(self) -> dict[str, Any]:
        """Three of ten orders send a line back, before they are settled."""
        return self.told("refunds", self.lives.live(self.sizes["orders"], SELLERS, "refunds"))

    def wide(self) -> dict[str, Any]:
        """Orders of 200 lines; settled line by line."""
        found = self.lives.live(self.sizes["wide"], SELLERS, "wide")
        return self.told("wide", found | {"lines_per_s": found["lives_per_s"] * LINES_MAX})

    def settling(self) -> dict[str, Any]:
        """All orders of one seller fall due at one midnight: how long until its balance has everything and is paid out."""
        found = self.lives.live(self.sizes["settling"], 1)
        kept = ("settle_s", "settle_lives_per_s", "settle_steps_per_s")
        return self.told("settling", {"orders": self.sizes["settling"]} | {name: found[name] for name in kept}, "settle_steps_per_s")

    def rush(self) -> dict[str, Any]:
        """So many orders for so few units, each by another buyer, as fast as they can be published."""
        orders, units = self.sizes["rush"], self.sizes["units"]
        self._open(units)
        before, cpu = self.lives.handled(), self.lives.cpu()
        seconds = self.lives.told(orders, 1, "flash")
        steps = self.lives.handled() - before
        states = self._states(f"{self.lives.prefix}%")
        if states != {"accepted": min(units, orders), "rejected": max(0, orders - units)}:
            raise RuntimeError(f"{units} units were sold as {dict(states)}")
        spent = (self.lives.cpu() - cpu) * 1000 / orders
        return self.told("rush", {"orders_per_s": orders / seconds, "steps_per_s": steps / seconds, "cpu_ms_per_order": spent})

    def raw(self, steps_per_life: float) -> dict[str, Any]:
        """The plain loop on the same servers, each life with as many steps as a whole one has; the four services are idle meanwhile."""
        steps = RAW_SERVICES * round(steps_per_life / RAW_SERVICES)
        os.environ["BENCH_STEPS"] = str(steps)
        try:
            with variant(self.lives.stack, "raw") as made:
                made.load(max(100, self.sizes["orders"] // 10))
                found = made.load(self.sizes["orders"])
        finally:
            del os.environ["BENCH_STEPS"]
        return self.told("raw", {"lives_per_s": found["lives_per_s"], "steps_per_s": found["lives_per_s"] * steps})

    def quiet(self, rate: float, seconds: float, *, rest: bool = True) -> dict[str, float]:
        """Latency at that rate, in milliseconds: from an order and its payment to the certificate, over order, payment and refund.

        rest: what follows is waited for.
        """
        arguments = [sys.executable, "-m", "tests.bench.quiet", str(rate), str(seconds), self.lives.idle.clock().isoformat()]
        done = subprocess.run(arguments, env=self.lives.environment, cwd=ROOT, check=True, capture_output=True, text=True)
        found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
        if rest:
            self.lives.idle.wait()
        self.say(f"quiet, {rate:.0f}/s: p50 {found['p50_ms']:.1f} ms, p99 {found['p99_ms']:.1f} ms")
        return found

    def told(self, name: str, found: dict[str, Any], key: str = "steps_per_s") -> dict[str, Any]:
        load = os.getloadavg()[0]
        self.say(f"{name}: {found[key]:.0f} durable steps/s (load {load:.1f})")
        return found | {"load": load}

    def _open(self, units: int) -> None:
        producer = Producer(quiet(self.lives.stack.settings("admin").confluent()))
        for event in campaign(units):
            send(producer, event, self.lives.idle.clock() - timedelta(minutes=10))  # known before anybody orders
        assert producer.flush(30) == 0
        self.lives.idle.wait()

    def _states(self, prefix: str) -> Counter[str]:
        return Counter(row[0] for row in self.lives.rows(STATUSES, prefix))


@contextmanager
def answered(lives: Whole) -> Iterator[None]:
    """The provider's connector beside them; nothing counts as done before it has answered."""
    process = Process("psp", [sys.executable, "-m", "tests.bench.psp"], lives.stack.home.log("psp"), env=lives.environment, cwd=ROOT)
    before = lives.idle
    try:
        until(lambda: "ready" in process.log.read_text(), 60, lambda: "the provider does not start")
        with Idle(lives.stack, [GROUP]) as lives.idle:
            yield
    finally:
        lives.idle = before
        process.kill()
