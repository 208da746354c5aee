"""Suspensions under another policy: orders that would be rejected, and orders that would stand. Source: R9.2, R2.8, R6.2."""

from __future__ import annotations

from shared.contracts.governance import ViolationRecorded
from tests.unit import builders as b
from tests.unit.whatif.tape import TapedTown
from tests.unit.whatif.test_other import END, asked, changed, ids, parties, said


def test_a_longer_suspension_rejects_the_order_placed_in_it_r6_2_r2_8() -> None:
    """Level 1 from 06-01 on: over after 7 days, not after 30. Ordered on 06-10, paid 100.00: rejected, it goes back."""
    broke = ViolationRecorded(
        subject_id=f"seller:{b.SELLER}", violation_id="v1", kind="off_platform", points=10, level=1, occurred_at=b.at("06-01 09:00")
    )
    ordered = [b.placed(when="06-10 10:00"), b.succeeded(when="06-10 10:10"), b.shipped(when="06-11 10:00"), b.signed(when="06-12 10:00")]
    town = TapedTown().live(([broke], "06-10 09:00"), ([*ordered, b.receipt(when="06-13 10:00")], END))
    data = asked(town, changed("trust.suspension_days", (30, 30, 120, 360)))
    assert ids(data) == [b.ORDER]
    recorded, candidate = said(data, b.ORDER, "order")
    assert (recorded["way"], candidate["way"], candidate["detail"]) == ("accepted", "rejected", "order.seller_suspended")
    assert parties(data) == {b.SELLER: -75_00, b.PROMOTER: -20_00}
    assert [(row["what"], row["id"]) for row in data["cards_and_suspensions"]] == [("suspension", "v1")]


def test_an_order_that_was_closed_for_a_suspension_told_of_late_stands_where_that_begins_later_r2_8() -> None:
    """From 09:10 on, told of at 09:20: the order of 09:15 is closed, and what is paid for it at 09:30 goes back; from 09:20 it stands."""
    broke = ViolationRecorded(
        subject_id=f"seller:{b.SELLER}", violation_id="v1", kind="off_platform", points=10, level=1, occurred_at=b.at("06-01 09:00")
    )
    placed, paid = b.placed(when="06-01 09:15"), b.succeeded(when="06-01 09:30")
    town = TapedTown().live(([placed], "06-01 09:20"), ([broke], "06-01 09:25"), ([paid], "06-01 09:40"))
    data = asked(town, changed("trust.suspension_lead_minutes", 20))
    recorded, candidate = said(data, b.ORDER, "order")
    assert (recorded["way"], recorded["detail"], candidate["way"]) == ("closed", "order.seller_suspended", "accepted")
    (change,) = (one for one in data["orders"][0]["decisions"] if one["what"] == "order")
    assert (change["rule"], change["because"]) == ("R2.1", ["trust.suspension_lead_minutes"])
