"""What the provider paid and has again days later: it says so and takes its line back, and a person finds who has the money.

Source: R3.5, R3.9.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from deploy.market.apps import of_app
from deploy.market.sent import Sent

AFTER = timedelta(days=2)
LONG_AFTER = timedelta(days=9)  # by then the statement must have shown it, so that without its line it is a break meanwhile
FOUND_AFTER = timedelta(days=3)  # of that: the line is taken back by then, and a look was had at it
REASON = "account closed"


@dataclass(frozen=True, slots=True)
class Bounce:
    """answer: by which the provider said that it paid. line: as stated. how: what is found, of a payout paid or not_paid, else as
    `money.handled` has it. again: it says so once more.
    """

    answer: Sent
    line: Sent
    how: str
    long_after: bool = False
    again: bool = False

    @property
    def arrived(self) -> bool:
        """The payee has it all the same."""
        return self.how == ("paid" if self.kind == "payout" else "arrived")

    @property
    def kind(self) -> str:
        """payout, refund or compensation."""
        return self.answer.type.partition(".")[0]

    def told(self) -> Iterator[Sent]:
        """By provider and person; its line is stated again where it had arrived."""
        at = self.answer.at + (LONG_AFTER if self.long_after else AFTER)
        body = {**self.answer.body, "reason": REASON}
        yield (said := replace(self.answer, id=f"{self.answer.id}-back", type=f"{self.kind}.failed", at=at, body=body))
        if self.again:
            yield replace(said, id=f"{said.id}-again", at=at + timedelta(minutes=1), refused=f"{self.kind}.contradicted")
        yield self._stated("back", at, 0)
        yield self._handled(at + FOUND_AFTER)
        if self.arrived:
            yield self._stated("there", at + FOUND_AFTER, self.line.body["amount_minor"])

    def _stated(self, what: str, at: datetime, amount_minor: int) -> Sent:
        """Some days after it was stated first, at the same hour."""
        days = timedelta(days=(at - self.line.at).days + 1)
        return replace(
            self.line, id=f"{self.line.id}-{what}", at=self.line.at + days, body={**self.line.body, "amount_minor": amount_minor}
        )

    def _handled(self, at: datetime) -> Sent:
        item, key = str(self.answer.body[f"{self.kind}_id"]), self.answer.key
        body = {"handling_id": f"handling-{item}", "how": self.how, "by": "person-7", "reason": "asked both, 已核实"}
        body |= {"reference": f"transfer-{item}"} if self.how in ("paid", "arrived") else {}
        if self.kind == "payout":
            return of_app("ruling", "arbitration", "payout.handled", f"handling-{item}", key, at, body | {"party": key, "payout_id": item})
        body |= {"order_id": key, "of": self.kind, "item_id": item}
        return of_app("ruling", "arbitration", "money.handled", f"handling-{item}", key, at, body)
