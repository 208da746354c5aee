"""The market's payment provider: it pays once what it is told to, and states it, now and then wrongly. Source: R3.5, R3.9."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta

import pytest

from deploy.market.apps import topped_up
from deploy.market.clients import Read
from deploy.market.psp import SLIPS, Provider
from deploy.market.sent import DAY, OPENING, Sent, closing
from tests.unit.test_market import MARKET, wire


def instructed(order_id: str, refund_id: str, *, offset: int = 0, minor: int = 5_00, kind: str = "refund") -> Read:
    body = {"order_id": order_id, f"{kind}_id": refund_id, "amount_minor": minor, "currency": "CNY", "occurred_at": OPENING.isoformat()}
    return Read("payment.v1", 0, offset, order_id, {"ce_type": f"{kind}.instructed"}, body)


def test_the_provider_pays_an_instruction_once_however_often_it_comes() -> None:
    provider = Provider(1, failing=[])
    provider.take([instructed("o-1", "r-1"), instructed("o-1", "r-1", offset=1)])
    provider.take([instructed("o-1", "r-1", offset=2)])
    answers = provider.answers(OPENING + 10 * DAY, 10)
    said = [one for one in answers if one.type != "statement.line"]
    assert {(one.type, one.key, one.body["refund_id"]) for one in said} == {("refund.succeeded", "o-1", "r-1")}
    stated = [one for one in answers if one.type == "statement.line"]
    assert [(one.key, one.body["kind"], one.body["reference"], one.body["amount_minor"]) for one in stated] == [
        ("o-1", "refund", "r-1", 5_00)
    ]
    assert all(one.at < stated[0].at for one in said)
    assert provider.paid == {("CNY", "refund"): 5_00}
    assert provider.pending == 0


@pytest.mark.parametrize(("failing", "said"), [([], "compensation.succeeded"), (["o-1"], "compensation.failed")])
def test_the_provider_carries_out_a_compensation_once_and_answers_by_its_order(failing: list[str], said: str) -> None:
    """Source: R3.5."""
    provider = Provider(1, failing)
    provider.take([instructed("o-1", "late-1", offset=offset, kind="compensation") for offset in range(3)])
    answers = provider.answers(OPENING + 10 * DAY, 10)
    stated = [one for one in answers if one.type == "statement.line"]
    told = {(one.type, one.key, one.body["order_id"], one.body["compensation_id"]) for one in answers if one not in stated}
    assert told == {(said, "o-1", "o-1", "late-1")}
    assert [one.body["reference"] for one in stated] == ([] if failing else ["late-1"])
    assert provider.paid == ({} if failing else {("CNY", "compensation"): 5_00})


def test_the_provider_answers_neither_early_nor_otherwise_when_it_reads_late() -> None:
    at_once, late = Provider(1, []), Provider(1, [])
    at_once.take(records := [instructed(f"o-{n}", f"r-{n}", offset=n) for n in range(50)])
    told = [one for day in range(1, 8) for one in at_once.answers(OPENING + day * DAY, 7)]
    late.take(reversed(records))
    assert wire(told) == wire(late.answers(OPENING + 7 * DAY, 7))
    said = [one for one in told if one.type != "statement.line"]
    assert len({one.id for one in said}) > len({one.body["refund_id"] for one in said}) == 50  # some are said again, with another id
    assert len(said) > len({one.id for one in said})  # and some twice over


def test_the_provider_does_not_pay_where_it_is_told_to_fail() -> None:
    provider = Provider(1, failing=["o-1"])
    provider.take([instructed("o-1", "r-1")])
    assert {one.type for one in provider.answers(OPENING + 10 * DAY, 10)} == {"refund.failed"}
    assert provider.paid == {}


def test_the_provider_states_each_payment_once_on_its_local_day_r3_9() -> None:
    provider = Provider(1, failing=[])
    captures = [one for one in MARKET.sent if one.type == "payment.succeeded"]
    provider.capture([*captures, *captures])
    stated = provider.answers(closing(30), 30)
    assert {one.type for one in stated} == {"statement.line"}
    assert sorted(str(one.body["reference"]) for one in stated) == sorted({str(one.body["payment_id"]) for one in captures})
    days = {str(one.body["payment_id"]): (one.at + timedelta(hours=8)).strftime("%Y-%m-%d") for one in captures}
    assert {str(one.body["reference"]): one.body["day"] for one in stated} == days


def test_the_providers_statement_of_payouts_is_wrong_in_each_way_now_and_then_and_every_second_one_is_mended_r3_9() -> None:
    provider, said = Provider(1, failing=[]), list[Sent]()
    for _ in range(2):  # what is read again changes nothing
        provider.take(instructed(f"s-{number % 90}", f"po-{number}", offset=number, kind="payout") for number in range(400))
        said += provider.answers(OPENING + 40 * DAY, 40)
    bounced = {str(one.body["payout_id"]) for one in said if one.type == "payout.failed"}
    paid = {str(one.body["payout_id"]) for one in said if one.type == "payout.succeeded"} - bounced
    lines = {str(one.body["line_id"]): one.body for one in said if one.type == "statement.payout"}
    lines = {line_id: one for line_id, one in lines.items() if one["payout_id"] not in bounced}  # the last of each
    stated = Counter(str(one["payout_id"]) for one in lines.values() if one["amount_minor"])
    kinds = {kind: {line.rpartition(" ")[2] for line in provider.slips if f": {kind} of payout" in line} for kind in SLIPS}
    left = {line.rpartition(" ")[2] for line in provider.left}
    assert all(found & left and found - left for found in kinds.values())
    assert paid - stated.keys() == kinds["missing_there"] & left
    assert stated.keys() - paid == kinds["missing_here"] & left
    assert {payout for payout, count in stated.items() if count > 1} == kinds["duplicate"] & left
    wrong = {str(one["payout_id"]) for one in lines.values() if (one["amount_minor"] or 5_00, one["currency"]) != (5_00, "CNY")}
    assert wrong == (kinds["amount"] | kinds["currency"]) & left


def test_the_providers_statement_of_what_parties_put_in_is_wrong_now_and_then_too_and_says_each_once_r3_9() -> None:
    provider, sent = Provider(1, failing=[]), [topped_up(f"s-{number}", OPENING, 5_00, "CNY") for number in range(100)]
    provider.capture([*sent, *sent])
    said = provider.answers(OPENING + 40 * DAY, 40)
    assert {one.type for one in said} == {"statement.put_in"}
    alike = {one.key for one in said if one.body["amount_minor"] == 5_00 and one.body["reference"] == f"deposit-{one.key}"}
    kinds = {kind: {line.partition(":")[0] for line in provider.slips if f": {kind} of deposit" in line} for kind in SLIPS}
    assert all(kinds.values())
    assert {line.partition(":")[0] for line in provider.slips} > {line.partition(":")[0] for line in provider.left} > set()
    assert {one.key for one in sent} - alike <= kinds["missing_there"] | kinds["amount"]


@pytest.mark.parametrize(("kind", "arrived"), [("payout", "paid"), ("refund", "arrived"), ("compensation", "arrived")])
def test_what_bounces_was_paid_its_line_is_taken_back_and_a_person_finds_what_holds_r3_5_r3_9(kind: str, arrived: str) -> None:
    """Stated again where it had arrived; else a payout is not paid, and the rest is the platform's to pay."""
    bouncing = {} if kind == "payout" else {f"o-{number}": ("unclaimed", "paid", "arrived")[number % 3] for number in range(60)}
    provider, told = Provider(1, [], bouncing=bouncing), defaultdict[str, list[Sent]](list)
    provider.take(instructed(f"o-{number % 90}", f"i-{number}", offset=number, kind=kind) for number in range(200))
    for day in range(40):
        for one in provider.answers(closing(day), day):
            told[str(one.body.get(f"{kind}_id") or one.body.get("item_id") or one.body["reference"])].append(one)
    back = {item: said for item, said in told.items() if any(one.app == "ruling" for one in said)}
    failed = [item for item, said in told.items() if item not in back and any(one.type == f"{kind}.failed" for one in said)]
    for said in back.values():
        first, *again = (one for one in said if one.type == f"{kind}.failed")
        (handled,) = (one for one in said if by_person(one))
        assert [one.type for one in said if one.at < first.at and not by_line(one)][:1] == [f"{kind}.succeeded"]
        assert first.phase < handled.phase
        assert {one.refused for one in again} <= {f"{kind}.contradicted"}
        lines = [one.body["amount_minor"] for one in said if by_line(one)]
        assert lines == [5_00, 0] + [5_00] * (handled.body["how"] == arrived)
    found = Counter(str(one.body["how"]) for said in back.values() for one in said if by_person(one))
    assert set(found) == ({"paid", "not_paid"} if kind == "payout" else {"paid", "unclaimed", "arrived"})
    assert provider.paid[("CNY", kind)] == (200 - len(failed) - found["not_paid"]) * 5_00
    assert provider.back == ({} if kind == "payout" else {("CNY", how): found[how] * 5_00 for how in ("paid", "unclaimed")})


def by_person(one: Sent) -> bool:
    return one.app == "ruling"


def by_line(one: Sent) -> bool:
    return one.type.startswith("statement.")
