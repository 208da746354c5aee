"""One value differs: exactly the orders that it touches come out otherwise, by money reckoned by hand. Source: R9.2."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import pytest

from deploy.whatif import Report, Span, whatif
from shared.contracts.payment import PayoutDone, PayoutInstructed
from shared.messaging.message import Message
from shared.policy import Policies
from tests.unit import builders as b
from tests.unit.payment.asks import payout_handled
from tests.unit.refund import life
from tests.unit.whatif.tape import TapedTown

OTHER = "o2"
END = "07-20 00:00"
DAY = [b.placed(), b.succeeded(), b.shipped(), b.signed(when="06-04 12:00")]  # the seven days: until 06-12 00:00


def of(order_id: str, events: Iterable[Message]) -> list[Message]:
    """The same of another order; payments and waybills are the order's own."""
    own = {"payment_id": f"pay-{order_id}", "waybill": f"w-{order_id}"}
    return [
        event.model_copy(update={"order_id": order_id} | {name: value for name, value in own.items() if hasattr(event, name)})
        for event in events
    ]


def changed(path: str, value: object) -> Policies:
    """The policy in force but for one value. path: dotted, into the sections."""
    policy = b.POLICY

    def put(section: Any, names: list[str]) -> Any:
        if isinstance(section, dict):
            return section | {names[0]: put(section[names[0]], names[1:]) if names[1:] else value}
        inner = getattr(section, names[0])
        return section.model_copy(update={names[0]: put(inner, names[1:]) if names[1:] else value})

    return Policies([put(policy, path.split("."))])


def asked(town: TapedTown, candidate: Policies, span: Span | None = None, in_force: Policies = b.POLICIES) -> dict[str, Any]:
    assert whatif(town.past(), in_force, in_force, span).differences == 0
    report: Report = whatif(town.past(), in_force, candidate, span)
    return report.data()


def ids(data: dict[str, Any]) -> list[str]:
    return [order["order_id"] for order in data["orders"]]


def money(rows: list[dict[str, Any]], name: str, whose: str) -> dict[str, tuple[int, int]]:
    """By what it is: recorded, and under the candidate."""
    (row,) = (row for row in rows if row[name] == whose)
    return {one["what"]: (one["recorded_minor"], one["candidate_minor"]) for one in row["money"]}


def parties(data: dict[str, Any]) -> dict[str, int]:
    """What each would have more or less."""
    return {row["party"]: row["difference_minor"] for row in data["parties"]}


def said(data: dict[str, Any], order_id: str, what: str) -> tuple[Any, Any]:
    (order,) = (order for order in data["orders"] if order["order_id"] == order_id)
    (found,) = (one for one in order["decisions"] if one["what"] == what)
    return found["recorded"], found["candidate"]


def returned(when: str) -> list[Message]:
    day = f"06-{int(when[3:5]) + 1:02}"
    return [
        life.requested(quantity=1, when=when),
        life.accepted(when=f"{day} 10:00"),
        life.posted(when=f"{day} 11:00"),
        life.confirmed(quantity=1, when=f"{day} 12:00"),
    ]


@pytest.fixture(scope="module")
def returns() -> TapedTown:
    """Two orders alike, returned without reason: one on the second day after signing, one on the fifth."""
    early = [*of(OTHER, DAY), *of(OTHER, returned("06-06 10:00"))]
    return TapedTown().live(([*DAY, *of(OTHER, DAY)], "06-05 00:00"), ([*early[4:], *returned("06-09 10:00")], END))


def test_a_shorter_no_reason_window_refuses_what_came_after_it_r4_5(returns: TapedTown) -> None:
    """Paid 100.00: commission 20%, fee 5%. Refused, it is settled: 75.00, 20.00 and 5.00 in place of 100.00 back."""
    data = asked(returns, changed("refund.no_reason_days", 3))
    assert [value["path"] for value in data["values"]] == ["refund.no_reason_days"]
    assert ids(data) == [b.ORDER]
    assert said(data, b.ORDER, "case") == (
        {"way": "refunded", "amount_minor": 100_00, "detail": "seller"},
        {"way": "refused", "amount_minor": 0, "detail": "no_reason.window_over"},
    )
    assert money(data["by_rule"], "rule", "R4.5") == {"refund": (200_00, 100_00)}
    assert money(data["by_rule"], "rule", "R3.3") == {"seller": (0, 75_00), "commission": (0, 20_00), "fee": (0, 5_00)}
    assert parties(data) == {b.SELLER: 75_00, b.PROMOTER: 20_00}
    (rule,) = (row for row in data["by_rule"] if row["rule"] == "R4.5")
    assert (rule["refused"], rule["granted"], rule["promises"]) == (1, 0, 2)
    assert data["refusals_come"] == [{"service": "refund", "type": "refund.requested", "code": "no_reason.window_over", "count": 1}]
    assert [row["buyer_tier"] for row in data["by_buyer_tier"]] == ["new"]
    assert data["orders"][0]["decisions"][0]["because"] == ["refund.no_reason_days"]


def test_from_a_time_on_earlier_orders_keep_what_they_were_promised_r4_1(returns: TapedTown) -> None:
    since = b.at("06-01 10:05")  # both were placed before, and are judged by what was promised then
    data = asked(returns, changed("refund.no_reason_days", 3), Span(since, None))
    assert (data["differences"], data["orders"]) == (0, [])


def test_what_happened_after_the_span_does_not_count_r9_2(returns: TapedTown) -> None:
    data = asked(returns, changed("refund.no_reason_days", 3), Span(None, b.at("06-08 00:00")))
    assert (data["orders"], data["parties"], data["refusals_come"]) == ([], [], [])
    assert data["facts"]["changed"] == 2  # the certificates


def test_a_longer_window_pays_what_was_refused_and_assumes_the_provider_does_r3_5() -> None:
    """Recorded under three days: everything that followed the request was refused or waited. Under seven the case runs, and is paid."""
    in_force = changed("refund.no_reason_days", 3)
    town = TapedTown(in_force).live((DAY, "06-05 00:00"), (returned("06-09 10:00"), END))
    data = asked(town, b.POLICIES, in_force=in_force)
    assert ids(data) == [b.ORDER]
    assert said(data, b.ORDER, "case")[1] == {"way": "refunded", "amount_minor": 100_00, "detail": "seller"}
    assert money(data["by_rule"], "rule", "R4.5") == {"refund": (0, 100_00)}
    assert parties(data) == {b.SELLER: -75_00, b.PROMOTER: -20_00}
    assert data["assumed"]["answers"] == [{"kind": "refund", "currency": "CNY", "amount_minor": 100_00}]
    assert data["assumed"]["answers_left_out"] == 2  # payouts of seller and promoter
    assert data["refusals_go"] == [{"service": "refund", "type": "refund.requested", "code": "no_reason.window_over", "count": 1}]


def test_a_dearer_delay_costs_the_late_seller_more_r2_4() -> None:
    """100.00 unsent after 48 h: 10% are 10.00, 20% are 20.00; the other order was sent in time."""
    late = [b.placed(), b.succeeded(), b.shipped(when="06-05 10:00")]
    town = TapedTown().live(
        ([*late[:2], *of(OTHER, DAY[:2])], "06-02 12:00"), (of(OTHER, DAY[2:]), "06-05 12:00"), (late[2:], "07-20 00:00")
    )
    data = asked(town, changed("order.late", b.POLICY.order.late.model_copy(update={"bp": 2_000})))
    assert ids(data) == [b.ORDER]
    assert said(data, b.ORDER, "late") == (
        {"way": "owed", "amount_minor": 10_00, "detail": ""},
        {"way": "owed", "amount_minor": 20_00, "detail": ""},
    )
    assert parties(data) == {b.SELLER: -10_00}
    assert money(data["by_seller"], "seller", b.SELLER) == {"compensation": (10_00, 20_00)}


def test_a_higher_fee_takes_it_from_the_seller_r3_3() -> None:
    """5% of 100.00 are 5.00, 6% are 6.00."""
    town = TapedTown().live(([*DAY, b.receipt()], END))
    data = asked(town, changed("payment.fee_bp", 600))
    assert ids(data) == [b.ORDER]
    assert money(data["by_rule"], "rule", "R3.3") == {"fee": (5_00, 6_00), "seller": (75_00, 74_00)}
    assert parties(data) == {b.SELLER: -1_00}
    assert {row["account"]: row["difference_minor"] for row in data["accounts"]} == {"platform:commission": 1_00, "psp:cash": -1_00}


def test_the_statement_shows_the_payouts_that_are_made_now_r3_9() -> None:
    """The seller gets 74.00 in place of 75.00, and a line that said 75.00 says so; a wrong one stays wrong, of the promoter's 20.00."""
    town = TapedTown().live(([*DAY, b.receipt()], "06-20 00:00"))
    paid = {fact.party: fact for _, fact in town.services["payment"].out if isinstance(fact, PayoutDone)}
    amounts = {b.SELLER: 75_00, b.PROMOTER: 20_01}
    lines = [b.payout_stated("l1", paid[party].payout_id, amount, party=party, when="06-20 01:00") for party, amount in amounts.items()]
    town.tell((line.party, line) for line in lines)
    town.advance(b.at(END))
    data = asked(town, changed("payment.fee_bp", 600))
    assert (data["facts"]["new"], data["facts"]["gone"], data["assumed"]["answers"]) == (0, 0, [])
    assert parties(data) == {b.SELLER: -1_00}


def test_a_shorter_first_order_guarantee_refuses_the_late_claim_r4_6() -> None:
    """Day 40 after signing: the platform's fund paid 100.00, and the line was settled as if nothing had been."""
    claim = life.requested(quantity=1, kind="refund_only", ground="first_order", when="07-15 10:00")
    town = TapedTown().live(([*DAY, b.receipt()], "07-15 00:00"), ([claim], "08-01 00:00"))
    data = asked(town, changed("refund.guarantees.first_order_days", 30))
    assert ids(data) == [b.ORDER]
    assert said(data, b.ORDER, "case") == (
        {"way": "refunded", "amount_minor": 100_00, "detail": "platform"},
        {"way": "refused", "amount_minor": 0, "detail": "claim.window_over"},
    )
    assert money(data["by_rule"], "rule", "R4.6") == {"refund by the fund": (100_00, 0)}
    assert parties(data) == {}
    assert {row["account"]: row["difference_minor"] for row in data["accounts"]} == {"platform:guarantee_fund": 100_00, "psp:cash": -100_00}


def test_a_lower_bound_of_instant_refunds_leaves_it_to_the_seller_r4_8() -> None:
    """100.00 is below 300.00: granted at once, and the seller's refusal came too late. Below 50.00 it is not: the seller refuses."""
    claim = life.requested(quantity=1, kind="refund_only", ground="not_shipped", when="06-01 12:00")
    town = TapedTown().live((DAY[:2], "06-01 11:00"), ([claim, life.declined(when="06-01 13:00")], "07-19 00:00"))
    town.tell([("later", of(OTHER, [b.placed(when="07-19 10:00")])[0])])  # the record goes on
    town.advance(b.at(END))
    data = asked(town, changed("refund.guarantees.instant.below_minor", {"CNY": 50_00}))
    assert ids(data) == [b.ORDER]
    recorded, candidate = said(data, b.ORDER, "case")
    assert recorded == {"way": "refunded", "amount_minor": 100_00, "detail": "seller"}
    assert (candidate["way"], candidate["amount_minor"]) == ("rejected", 0)
    assert money(data["by_rule"], "rule", "R4.8") == {"refund": (100_00, 0)}
    assert {row["account"]: row["difference_minor"] for row in data["accounts"]} == {"escrow": 100_00, "psp:cash": -100_00}


def test_a_heavier_item_lifts_the_score_and_nothing_else_r5_5() -> None:
    """One item of weight 1 for goods, one for logistics three days older: 811; of weight 2: 9/11 becomes 10/12, 817."""
    heavier = b.POLICY.trust.evidence["completed"].model_copy(update={"weight": 2})
    town = TapedTown().live(([*DAY, b.receipt()], "06-06 00:00"))
    data = asked(town, changed("trust.evidence.completed", heavier))
    scores = {row["subject"]: (row["recorded"]["score"], row["candidate"]["score"]) for row in data["scores"]}
    assert scores[f"seller:{b.SELLER}"] == (811, 817)
    assert set(scores) == {f"seller:{b.SELLER}", f"buyer:{b.BUYER}", f"promoter:{b.PROMOTER}"}
    assert (data["orders"], data["parties"], data["decisions"]) == ([], [], 0)


def test_another_tier_comes_with_another_score_r5_7() -> None:
    """Shown from one item on, 811 is `good`: announced, where it was `new` before."""
    town = TapedTown().live(([*DAY, b.receipt()], "06-06 00:00"))
    data = asked(town, changed("trust.shown_from_items", 1))
    tiers = {row["subject"]: row["candidate"]["tiers"] for row in data["scores"]}
    assert tiers[f"seller:{b.SELLER}"] == ["good"]


def test_money_of_two_currencies_is_never_added_r1_1() -> None:
    yen = [b.placed(currency="JPY", order_id=OTHER), b.succeeded(currency="JPY").model_copy(update={"order_id": OTHER, "payment_id": "p2"})]
    rest = of(OTHER, [b.shipped("parcel2"), b.signed("parcel2"), b.receipt()])
    town = TapedTown().live(([*DAY, b.receipt(), *yen, *rest], END))
    data = asked(town, changed("payment.fee_bp", 600))
    (rule,) = (row for row in data["by_rule"] if row["rule"] == "R3.3")
    fees = {one["currency"]: one["difference_minor"] for one in rule["money"] if one["what"] == "fee"}
    assert fees == {"CNY": 1_00, "JPY": 1_00}
    assert {(row["party"], row["currency"]) for row in data["parties"]} == {(b.SELLER, "CNY"), (b.SELLER, "JPY")}


def test_a_candidate_that_makes_a_decision_raise_says_so_r9_2(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its order stops there, all others go on."""
    town = TapedTown().live(([*DAY, b.receipt(), *of(OTHER, [*DAY, b.receipt()])], END))
    from services.payment import decide

    fund = decide.fund

    def broken(event: Any, payment: Any, policy: Any) -> Any:
        if policy.payment.fee_bp == 600 and event.order_id == OTHER:
            raise ValueError("no such fee")
        return fund(event, payment, policy)

    monkeypatch.setattr(decide, "fund", broken)
    data = asked(town, changed("payment.fee_bp", 600))
    assert data["raised"] == ["payment took order.paid of o2: ValueError: no such fee"]


def test_times_of_the_span_are_where_they_were_asked_for_r9_2(returns: TapedTown) -> None:
    since = datetime.fromisoformat("2026-06-01T00:00:00+08:00")
    data = asked(returns, changed("refund.no_reason_days", 3), Span(since, None))
    assert (data["from"], data["to"]) == ("2026-06-01T00:00:00+08:00", None)
    assert ids(data) == [b.ORDER]


class Returning(TapedTown):
    """The provider returns what it is to pay the seller."""

    def provider(self, fact: Message) -> Iterable[Message]:
        if isinstance(fact, PayoutInstructed) and fact.party == b.SELLER:
            yield b.payout_failed(fact.payout_id).model_copy(update={"occurred_at": fact.occurred_at})
        else:
            yield from super().provider(fact)


@pytest.mark.parametrize(("kind", "then", "how"), [(Returning, b.payout_paid, "paid"), (TapedTown, b.payout_failed, "not_paid")])
def test_what_was_paid_or_came_back_after_all_the_party_has_r3_5(kind: type[TapedTown], then: Callable[..., Message], how: str) -> None:
    """Under the candidate no payout is made, and the seller has the same."""
    town = kind().live(([*DAY, b.receipt()], "06-13 09:00"))
    (payout,) = [fact for _, fact in town.services["payment"].out if isinstance(fact, PayoutInstructed) and fact.party == b.SELLER]
    town.tell([("then", then(payout.payout_id, when="06-13 10:00"))])
    town.tell([("found", payout_handled(payout.payout_id, how))])
    town.advance(b.at(END))
    assert [fact.type for _, fact in town.services["payment"].out][-1] == "payout.break_found"
    assert parties(asked(town, changed("payment.sweep", value=False))) == {}
