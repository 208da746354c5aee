"""A party reads on its page for which order it was charged, and why: its postings name none. Source: R3.1, R3.5, R3.6."""

from __future__ import annotations

import json
from zoneinfo import ZoneInfo

import pytest

from deploy.cli import ledger
from deploy.cli.charged import WHY, about_each
from deploy.cli.ledger import Transaction, named
from deploy.verify.log import Entry
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


def test_each_reason_of_the_contract_has_its_words() -> None:
    assert WHY.keys() == set(BalanceDebited.model_json_schema()["properties"]["reason"]["enum"])


def test_what_a_stranger_wrote_says_nothing() -> None:
    assert about_each([entry(charged("refund"), sequence=None)]) == {}


def test_the_page_of_a_seller_says_why_57_was_taken_r3_6(capsys: pytest.CaptureFixture[str]) -> None:
    taken = Transaction("tx1", "balance.debited", AT, None, (("balance:s1", "CNY", -57_00),))
    ledger._print(named([taken], about_each([entry(charged("refund"))])), ZoneInfo(b.ZONE), running_balance=True)
    assert "a party is charged what was fronted for it: order o1, line 2, its share of a refund" in capsys.readouterr().out
