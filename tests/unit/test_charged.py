"""A party reads on its page for which order it was charged, and why: its postings name none. Source: R3.1, R3.5, R3.6."""

from __future__ import annotations

import json
from zoneinfo import ZoneInfo

import pytest

from deploy.cli import ledger
from deploy.cli.charged import WHY, about_each, ahead, sources
from deploy.cli.ledger import Transaction, named
from deploy.verify.log import Entry
from services.payment.decide.fronting import charge_id_of
from services.payment.model import ACCOUNT, Account
from services.payment.model.purse import Clawback, Purse
from shared.contracts.payment import BalanceDebited
from shared.messaging.message import Message
from tests.unit import builders as b

AT = b.at("06-20 10:00")
MOVES = [{"account": "balance:s1", "amount_minor": -57_00}, {"account": "platform:advance", "amount_minor": 57_00}]


def charged(reason: str, line_no: int | None = 2) -> BalanceDebited:
    said = {"party": b.SELLER, "charge_id": "ch1", "currency": "CNY", "reason": reason, "order_id": b.ORDER, "line_no": line_no}
    parts = {"amount_minor": 57_00, "from_balance_minor": 57_00, "from_deposit_minor": 0, "as_debt_minor": 0, "debt_minor": 0}
    moves = {"currency": "CNY", "postings": MOVES}
    return BalanceDebited.model_validate_json(json.dumps({**said, **parts, "zone": b.ZONE, "moves": moves, "occurred_at": AT.isoformat()}))


def entry(event: Message, sequence: int | None = 1) -> Entry:
    return Entry("tx1", event.type, event.topic.name, 0, 1, b.SELLER.encode(), event.to_json(), {}, 0, sequence, event)


@pytest.mark.parametrize("reason", sorted(WHY))
def test_a_charge_says_its_order_its_line_and_why(reason: str) -> None:
    assert about_each([entry(charged(reason))]) == {"tx1": f"order o1, line 2, {WHY[reason]}"}
    assert about_each([entry(charged(reason, None))]) == {"tx1": f"order o1, {WHY[reason]}"}


def test_a_charge_names_the_refund_compensation_or_chargeback_that_it_is_for_r3_5_r3_6_r3_8() -> None:
    """Two refunds of one line were told alike: which of them a seller was charged for, only the causes of causes said."""
    given = sources(b.ORDER, ["r1", "r2"], ["late"], {"cb": {"debited": [{}, {}]}, "won": {}})
    for cause, reason, named_so in (
        ("r1", "refund", "r1"), ("r2", "clawback", "r2"), ("late", "compensation", "late"),
        ("cb/0", "chargeback", "cb"), ("cb/1", "clawback", "cb"),
    ):  # fmt: skip
        fact = charged(reason).model_copy(update={"charge_id": charge_id_of(b.ORDER, cause, reason)})  # type: ignore[arg-type]
        assert about_each([entry(fact)], given) == {"tx1": f"order o1, line 2, {WHY[reason]} {named_so}"}
    assert about_each([entry(charged("refund"))], given) == {"tx1": f"order o1, line 2, {WHY['refund']}"}


def test_each_reason_of_the_contract_has_its_words() -> None:
    assert WHY.keys() == set(BalanceDebited.model_json_schema()["properties"]["reason"]["enum"])


def test_what_a_stranger_wrote_says_nothing() -> None:
    assert about_each([entry(charged("refund"), sequence=None)]) == {}


def test_the_page_of_a_seller_says_why_57_was_taken_r3_6(capsys: pytest.CaptureFixture[str]) -> None:
    taken = Transaction("tx1", "balance.debited", AT, None, (("balance:s1", "CNY", -57_00),))
    ledger._print(named([taken], about_each([entry(charged("refund"))])), ZoneInfo(b.ZONE), running_balance=True)
    assert "a party is charged what was fronted for it: order o1, line 2, its share of a refund" in capsys.readouterr().out


def test_the_columns_of_the_page_say_which_side_they_are_r3_1(capsys: pytest.CaptureFixture[str]) -> None:
    """Amounts have no sign there: an accountant would have to know which column is which."""
    postings = (("psp:cash", "CNY", -88_00), ("escrow:o1", "CNY", 88_00))
    ledger._print([Transaction("tx1", "escrow.funded", AT, "o1", postings)], ZoneInfo(b.ZONE))
    heading, _, debit, credit = capsys.readouterr().out.splitlines()
    assert (heading.index("debit") + len("debit"), heading.index("credit") + len("credit")) == (
        debit.index("88.00") + len("88.00"), credit.index("88.00") + len("88.00"),
    )  # fmt: skip
    ledger._print([], ZoneInfo(b.ZONE))
    assert capsys.readouterr().out == ""


def test_who_is_not_paid_out_reads_what_its_money_waits_for_r3_6_r3_7() -> None:
    """A promoter whose balance did not suffice saw a balance of nothing, and no word of what was to be taken."""
    purse = json.loads(ACCOUNT.dump(Account(b.PROMOTER, {"CNY": Purse(debt_minor=75_00, deposit_minor=20_00, required_minor=50_00)})))
    back = Purse(available_minor=5_00, clawbacks={"ch1": Clawback(20_00, b.ORDER, 1, b.ZONE)})
    assert list(ahead(purse["purses"], ZoneInfo(b.ZONE))) == [
        "owed: 75.00 CNY; what comes in repays it first, nothing is paid out until then [R3.7]",
        "the deposit lacks 30.00 CNY; what comes in fills it, nothing is paid out until then [R3.7]",
    ]
    purse = json.loads(ACCOUNT.dump(Account(b.PROMOTER, {"CNY": back})))
    assert list(ahead(purse["purses"], ZoneInfo(b.ZONE))) == [
        "to be given back: 20.00 CNY, its commission on what was refunded, order o1, line 1; nothing is paid out until then [R3.6]"
    ]


def test_who_is_paid_reads_when_and_how_much_r3_1() -> None:
    """What no sweep was promised for goes with the next, what is held for a person with none."""
    sweeps = {b.at("06-14 00:00"): 20_00, b.at("06-13 00:00"): 57_00}
    free = Purse(available_minor=83_00, sweeps=sweeps, held={"po1": 3_00})
    purse = json.loads(ACCOUNT.dump(Account(b.SELLER, {"CNY": free})))
    assert free.payable(b.at("06-13 00:00")) == 60_00
    assert list(ahead(purse["purses"], ZoneInfo(b.ZONE))) == [
        "held back: 3.00 CNY of payout po1, of which the provider said both: a person finds which holds [R3.5]",
        "the sweep of 2026-06-13 00:00:00 pays out 60.00 CNY [R3.1]",
        "the sweep of 2026-06-14 00:00:00 pays out 20.00 CNY [R3.1]",
    ]
    kept = json.loads(ACCOUNT.dump(Account(b.SELLER, {"CNY": Purse(deposit_minor=9_00, held_deposit={"po2": 4_00})})))
    assert list(ahead(kept["purses"], ZoneInfo(b.ZONE))) == [
        "held back: 4.00 CNY of the deposit, of payout po2, of which the provider said both: a person finds which holds [R3.5]"
    ]
    drawn = json.loads(ACCOUNT.dump(Account(b.SELLER, {"CNY": Purse(available_minor=10_00, sweeps=sweeps)})))
    assert list(ahead(drawn["purses"], ZoneInfo(b.ZONE))) == ["the sweep of 2026-06-14 00:00:00 pays out 10.00 CNY [R3.1]"]
