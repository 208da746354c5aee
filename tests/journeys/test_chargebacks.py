"""Journeys in the words of a buyer's bank: it takes money back, or decides that it may stay. Source: R3.8."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.journeys.conftest import Town
from tests.journeys.deal import Deal, line

pytestmark = [pytest.mark.stack, pytest.mark.timeout(900)]


class Bank:
    """Each word of it is sent twice."""

    def __init__(self, deal: Deal, payment_id: str) -> None:
        self.deal, self.payment_id = deal, payment_id

    def disputes(self, amount: int, chargeback_id: str) -> None:
        body = {"chargeback_id": chargeback_id, "payment_id": self.payment_id, "amount_minor": amount, "currency": "CNY", "reason": "10.4"}
        self._says("opened", body)

    def decides(self, outcome: str, chargeback_id: str, **more: object) -> None:
        self._says("closed", {"chargeback_id": chargeback_id, "outcome": outcome, **more})

    def _says(self, what: str, body: dict[str, object]) -> None:
        order = self.deal.order
        self.deal.outside.send("psp", f"chargeback.{what}", order, {"order_id": order, **body}, copies=2)
        self.deal.outside.idle()


def delivered(town: Town, name: str) -> tuple[Deal, Bank]:
    deal = Deal(town, name)
    deal.placed(line(1, 60_00, quantity=2), line(2, 80_00), due=200_00)
    town.idle()
    bank = Bank(deal, deal.paid(200_00))
    deal.stated(bank.payment_id, 200_00)
    town.idle()
    deal.shipped()
    deal.signed()
    town.idle()
    return deal, bank


def unsent(town: Town, name: str) -> tuple[Deal, Bank]:
    """Paid, and disputed a day before it is to be sent."""
    deal = Deal(town, name)
    deal.placed(line(1, 100_00), due=100_00)
    town.idle()
    bank = Bank(deal, deal.paid(100_00))
    deal.stated(bank.payment_id, 100_00)
    town.idle()
    town.until(timedelta(days=1))
    bank.disputes(100_00, f"{name}-{deal.order}")
    return deal, bank


def test_what_is_disputed_before_it_left_may_wait_for_the_bank_and_is_not_late(town: Town) -> None:
    """Won, it is sent and settled; lost, the storefront takes it back, and nobody is paid twice."""
    kept, gone = unsent(town, "kept"), unsent(town, "gone")
    town.until(timedelta(days=3))
    for (deal, bank), outcome in ((kept, "won"), (gone, "lost")):
        bank.decides(outcome, f"{'kept' if outcome == 'won' else 'gone'}-{deal.order}")
    assert [deal.fact("order.v1", "order.undisputed")["taken"] for deal, _ in (kept, gone)] == [[], [1]]
    kept[0].shipped()
    kept[0].signed()
    kept[0].confirmed()
    deal, bank = gone
    deal.stated(f"gone-{deal.order}", 100_00, kind="chargeback")
    back = {"order_id": deal.order, "cancel_id": "back", "buyer_id": deal.buyer, "payment_id": bank.payment_id}
    town.send("storefront", "order.cancel_requested", deal.order, back)
    town.idle()
    town.until(timedelta(days=9))
    assert kept[0].fact("payment.v1", "line.settled")["seller_minor"] == 95_00
    assert "refund.refused" in deal.types("payment.v1")
    for deal, _ in (kept, gone):
        assert not {"shipping.late", "compensation.instructed"} & {*deal.types("order.v1", "payment.v1")}
        assert "break.found" not in deal.types("payment.v1")


def test_a_dispute_that_is_won_freezes_the_order_and_lets_it_go_on(town: Town) -> None:
    """A refund that the seller granted meanwhile is paid afterwards; the other line is settled at once, weeks late."""
    deal, bank = delivered(town, "won")
    bank.disputes(200_00, f"won-{deal.order}")
    deal.returned("held")
    assert deal.types("payment.v1")[-1] == "refund.held"
    deal.confirmed()
    town.until(timedelta(days=21))
    assert not {"line.settled", "refund.reserved"} & {*deal.types("payment.v1")}
    bank.decides("won", f"won-{deal.order}")
    assert deal.fact("payment.v1", "line.settled")["seller_minor"] == 76_00
    deal.provider_pays()
    assert deal.fact("payment.v1", "chargeback.ended")["buyer_id"] == deal.buyer
    assert deal.fact("refund.v1", "case.closed")["refunded_minor"] == 60_00
    town.until(timedelta(days=8))  # the line with the case was confirmed when that closed
    settled = [fact.body["seller_minor"] for fact in town.facts(deal.order, "payment.v1") if fact.type == "line.settled"]
    assert sorted(settled) == [57_00, 76_00]


def test_a_dispute_that_is_lost_after_settlement_is_borne_by_the_seller(town: Town) -> None:
    """Paid out before, so that it owes it; the statement shows what the bank took, and agrees."""
    deal, bank = delivered(town, "lost")
    deal.confirmed()
    town.until(timedelta(days=9))
    deal.provider_pays()
    bank.disputes(50_00, f"lost-{deal.order}")
    bank.decides("lost", f"lost-{deal.order}")
    deal.stated(f"lost-{deal.order}", 50_00, kind="chargeback")
    town.idle()
    told = [fact.body for fact in deal.of_seller() if fact.type == "balance.debited"]
    assert [(one["reason"], one["as_debt_minor"]) for one in told] == [("chargeback", 30_00 - 1_50), ("chargeback", 20_00 - 1_00)]
    bank.decides("won", f"lost-{deal.order}")
    assert deal.refused()[-1] == "chargeback.contradicted"
    assert "break.found" not in deal.types("payment.v1")
    assert "50.00" in town.laotie("ledger", "show", deal.order)
