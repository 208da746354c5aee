"""A refund that the provider pays only once its seller has won on appeal says of the sale what it says where it was paid before.

Source: R4.11, R5.1, R5.5.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest

from services.refund.model import PURCHASE
from shared.contracts.payment import RefundInstructed
from shared.contracts.psp import RefundSucceeded
from shared.contracts.refund import CaseClosed
from shared.contracts.ruling import Fault
from shared.contracts.storefront import Ground
from shared.contracts.trust import EvidenceVoided
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.refund import acts as a
from tests.unit.refund import life as l
from tests.unit.test_cases_together import BOUGHT
from tests.unit.town import Town
from tests.unit.verify.recorded import checked, wrong


class Slow(Town):
    """Its provider pays no refund before it is asked to."""

    def provider(self, fact: Message) -> Iterable[Message]:
        return () if isinstance(fact, RefundInstructed) else super().provider(fact)

    def pay(self) -> None:
        (owed,) = [fact for _, fact in self.services["payment"].out if isinstance(fact, RefundInstructed)]
        self.tell([("paid", RefundSucceeded(order_id=b.ORDER, refund_id=owed.refund_id, occurred_at=owed.occurred_at + timedelta(days=1)))])


def fallen(ground: Ground, by_ruling: Fault, on_appeal: Fault, *, paid_first: bool) -> Slow:
    """A buyer's claim of all of a confirmed line is upheld, and its seller's appeal as well."""
    asked = l.requested(kind="refund_only", ground=ground, quantity=1, when="06-06 10:00")
    case = (b.receipt(1, when="06-05 11:00"), asked, l.declined(when="06-06 11:00"), a.disputed(when="06-06 12:00"))
    evidence = (a.shown(when="06-06 13:00"), a.shown_by_seller(when="06-06 13:00"))
    ruled = (a.ruled(fault=by_ruling, when="06-09 10:00"), a.appealed_by_seller(when="06-10 10:00"))
    town = Slow(b.POLICIES)
    town.tell((f"b{number}", event) for number, event in enumerate(BOUGHT))
    town.tell((f"e{number}", event) for number, event in enumerate((*case, *evidence)))
    town.advance(b.at("06-09 09:00"))
    town.tell((f"r{number}", event) for number, event in enumerate(ruled))
    if paid_first:
        town.pay()
    town.tell([("fell", a.appeal_ruled(fault=on_appeal, when="06-11 10:00"))])
    return town


def struck(ground: Ground, by_ruling: Fault, on_appeal: Fault, *, paid_first: bool) -> set[str]:
    """Items that count nothing."""
    town = fallen(ground, by_ruling, on_appeal, paid_first=paid_first)
    if not paid_first:
        town.pay()
    town.advance(b.at("07-20 00:00"))
    assert (town.refused(), town.waiting(), wrong(checked(town))) == ([], [], [])
    return {fact.evidence_id for _, fact in town.services["trust"].out if isinstance(fact, EvidenceVoided)}


@pytest.mark.parametrize(
    ("ground", "by_ruling", "on_appeal", "completed"),
    [
        ("quality", "nobody", "nobody", True),
        ("negotiated", "nobody", "buyer", False),
        ("negotiated", "nobody", "nobody", False),
        ("negotiated", "seller", "buyer", True),
    ],
)
def test_what_it_says_of_a_completed_line_is_the_rulings_that_granted_it_r5_5(
    ground: Ground, by_ruling: Fault, on_appeal: Fault, completed: bool
) -> None:
    """Goods at fault leave the sale as it is, whenever the provider pays for them; money for no fault does not."""
    first, last = (struck(ground, by_ruling, on_appeal, paid_first=paid_first) for paid_first in (True, False))
    assert first == last
    assert (f"seller:{b.SELLER}/completed/{b.ORDER}/1" not in first) is completed


@pytest.mark.parametrize("fault", ["seller", "nobody"])
def test_where_an_older_release_kept_the_appeal_the_end_says_what_that_one_would_have_said_r4_11_r5_5(fault: Fault) -> None:
    """It kept neither when the ruling fell nor whose fault it had been by it, and the refund is paid after the upgrade."""
    town = fallen("quality", fault, "nobody", paid_first=False)
    rows = town.services["refund"].entities
    version, purchase = rows[PURCHASE.name, b.ORDER]
    case = replace(purchase.cases[b.CASE], fell="", ruled_at=b.at("06-09 10:00"))
    rows[PURCHASE.name, b.ORDER] = version, replace(purchase, cases={b.CASE: case})
    town.pay()
    (end,) = [fact for _, fact in town.services["refund"].out if isinstance(fact, CaseClosed)]
    assert (end.fell, end.ruled_at, wrong(checked(town))) == ("", b.at("06-09 10:00"), [])
