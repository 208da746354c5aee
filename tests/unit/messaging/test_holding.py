"""Parking, waiting, redriving and discarding, in any order, against a model of a few lines (F3, F4)."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.unit.messaging.trade import MEND, Desk

JARS = ("a", "b")


@dataclass
class Model:
    """One key: what was done, and what is held back, in order of arrival."""

    coins: list[int] = field(default_factory=list)
    held: list[list[object]] = field(default_factory=list)  # [n, what, state]

    def send(self, n: int, what: str) -> None:
        states = [row[2] for row in self.held]
        if "parked" in states or "ready" in states:
            self.held.append([n, what, "parked" if "parked" in states else "ready"])
            return
        row = [n, what, ""]
        self.held.append(row)
        self._try(row)

    def redrive(self) -> None:
        """And all turns that follow."""
        for row in self.held:
            row[2] = "ready" if row[2] == "parked" else row[2]
        self.turns()

    def discard(self, nth: int) -> None:
        self.held.pop(nth)
        self.redrive()

    def turns(self) -> None:
        for row in [row for row in self.held if row[2] == "ready"]:
            self._try(row)
            if row[2] == "parked":
                for other in self.held:
                    other[2] = "parked" if other[2] == "ready" else other[2]
                return

    def _try(self, row: list[object]) -> None:
        n, what, _ = row
        if int(str(n)) > len(self.coins) + 1:
            row[2] = "waiting"
        elif what == "boom" and "boom" not in MEND:
            row[2] = "parked"
        else:
            self.held.remove(row)
            if what == "no":
                return
            self.coins.append(int(str(n)))
            self._wake()

    def _wake(self) -> None:
        for row in [row for row in self.held if row[2] == "waiting"]:
            before = len(self.coins)
            self._try(row)
            if row[2] == "parked" or len(self.coins) > before:
                return


class Holding(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        MEND.clear()
        self.desk = Desk()
        self.models = {jar: Model() for jar in JARS}

    @rule(
        events=st.lists(
            st.tuples(st.sampled_from(JARS), st.integers(0, 3), st.sampled_from(["ok", "ok", "ok", "boom"])), min_size=1, max_size=5
        )
    )
    def send(self, events: list[tuple[str, int, str]]) -> None:
        """One batch; n is counted from what was done at its beginning."""
        items = []
        for jar, ahead, what in events:
            n = len(self.models[jar].coins) + ahead
            items.append(self.desk.coin(jar, n, what))
            self.models[jar].send(n, what)
        self.desk.all(*items)

    @rule(jar=st.sampled_from(JARS))
    def redrive(self, jar: str) -> None:
        parked = any(row[2] == "parked" for row in self.models[jar].held)
        assert self.desk.redrive(jar) == parked
        self.desk.turns()
        if parked:
            self.models[jar].redrive()

    @rule(jar=st.sampled_from(JARS), nth=st.integers(0, 5))
    def discard(self, jar: str, nth: int) -> None:
        rows = [row for row in self.desk.held if row.key == jar]
        if nth < len(rows):
            waiting = rows[nth].state == "waiting"
            assert self.desk.discard(jar, rows[nth].ref)
            self.desk.turns()
            if waiting:
                self.models[jar].held.pop(nth)
            else:
                self.models[jar].discard(nth)

    @rule(mended=st.booleans())
    def mend(self, mended: bool) -> None:
        MEND.clear()
        MEND.update({"boom"} if mended else ())

    @invariant()
    def same(self) -> None:
        for jar, model in self.models.items() if hasattr(self, "models") else ():
            assert self.desk.coins(jar) == tuple(model.coins)
            assert self.desk.states(jar) == [row[2] for row in model.held]


TestHolding = Holding.TestCase
TestHolding.settings = settings(max_examples=40, stateful_step_count=15, deadline=None, derandomize=True)
