"""`laotie verify` comes to the same chargebacks as the service, and names what is wrong with them. Source: R3.8."""

from __future__ import annotations

import json
from typing import Any

import pytest

from deploy.verify import money, reconciliation, states
from deploy.verify.log import Entry, Log
from deploy.verify.report import Check
from deploy.verify.tables import Posting, Stored, Tables
from services.payment.handlers import SENDS, SERVICE
from services.payment.store import ATTENTION
from shared.contracts.chargeback import ChargebackContested, ChargebackDebited, ChargebackEnded, ChargebackReceived, RefundHeld
from shared.contracts.payment import RefundRefused, RefundReserved
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.payment.bank import bank, example
from tests.unit.payment.disputes import closed, opened

Told = tuple[str, str, Message]  # id, of its cause, fact or event


class Bank:
    """Lives of one order, told as the topics would: each fact under the id of its cause, accounts told at once."""

    def __init__(self) -> None:
        self.memory = bank(policies=b.POLICIES)
        self.told: list[Told] = []

    def tell(self, *events: Message) -> None:
        for event in events:
            cause = f"e{len(self.told)}"
            self.told.append((cause, "", event))
            if type(event) in SERVICE.input_types():
                self.keep(cause, self.memory.send(event, cause))

    def keep(self, cause: str, facts: tuple[Message, ...]) -> None:
        for fact in facts:
            identity = f"f{len(self.told)}"
            self.told.append((identity, cause, fact))
            if isinstance(fact, SENDS):
                self.keep(identity, self.memory.send(fact, identity))

    def until(self, when: str) -> None:
        self.keep(f"timer{len(self.told)}", self.memory.advance(b.at(when)))


def disputed() -> Bank:
    """A refund under way, a dispute of everything, a refund held; settled after a win, then lost, and the first refund never paid."""
    made = Bank()
    made.tell(
        b.succeeded(250_00), b.order_paid(example(), b.line(2, 150_00, quantity=3)), b.order_completed(1), b.granted("r1", 50_00, 1, 2)
    )
    made.tell(opened(250_00, "cb1"), b.granted("r2", 50_00, 1, 2), closed("won", "cb1", when="06-13 10:00"))
    made.tell(b.refund_paid("r2", when="06-13 11:00"), opened(250_00, "cb2", when="06-15 10:00"), closed("lost", "cb2"))
    made.tell(b.refund_failed("r1", when="07-21 10:00"))
    made.until("09-01 00:00")
    return made


def log_of(told: list[Told]) -> Log:
    log = Log()
    for number, (identity, cause, fact) in enumerate(told, 1):
        headers = {"ce_causationid": cause.encode()}
        entry = Entry(identity, fact.type, fact.topic.name, 0, number, fact.key.encode(), None, headers, 0, number, fact)
        if fact.topic.own:
            log.lanes.setdefault((fact.topic.name, 0), []).append(entry)
        log._of[type(fact)].append(entry)
    return log


def tables_of(memory: Memory) -> Tables:
    entities: dict[str, dict[str, Stored]] = {name: {} for name in ("payment", "account", "purchase", "item", "score", "groups")}
    bodies = {kind.name: kind.body for kind in SERVICE.kinds}
    for (name, key), (version, entity) in memory.entities.items():
        entities[name][key] = Stored(version, json.loads(bodies[name].dump_json(entity)))
    looks = {timer.subject: timer.occurred_at for (kind, _), timer in memory.armed.items() if kind == "statement.due"}
    rows = memory.rows.get("statement_break", [])
    explained = {row[0] for row in rows if row[1] == "explained"}
    breaks = {row[0]: (row[2], row[5], row[7]) for row in rows if row[0] not in explained}
    postings = [Posting(*row) for row in memory.rows.get("posting", [])]
    waiting = {row[:3]: row[3] for row in ATTENTION.merged(memory.rows.get("attention", [])) if row[3]}
    return Tables({}, {}, entities, postings, breaks, looks, attention=waiting)


def checked(made: Bank, told: list[Told] | None = None) -> list[Check]:
    log, tables = log_of(made.told if told is None else told), tables_of(made.memory)
    return [*money.checks(log, tables), *states.checks(log, tables), *reconciliation.checks(log, tables)]


def postings_left_out(found: list[Check]) -> list[str]:
    """Differences other than that the table of postings is another: facts here get other ids than the engine's."""
    return [check.first for check in found if not check.holds and "table of postings" not in check.name]


def test_what_the_service_decided_is_recomputed_r3_8() -> None:
    made = disputed()
    types = [fact.type for _, _, fact in made.told]
    assert types.count("chargeback.debited") == 2
    assert {"chargeback.contested", "refund.held", "account.charged", "line.settled"} <= {*types}
    assert postings_left_out(checked(made)) == []


DAMAGE: dict[str, tuple[type[Message], dict[str, Any] | None, str]] = {
    "a chargeback that nobody opened": (ChargebackReceived, {"amount_minor": 1}, "the bank told of"),
    "an outcome that the bank did not decide": (ChargebackEnded, {"outcome": "lost", "taken_minor": 1}, "expected ('won', 0, 25000)"),
    "an excess that was not contested": (ChargebackContested, None, "and contests 0"),
    "a refund that was submitted while frozen": (RefundHeld, None, "refund x is submitted"),
    "a debit that vanished": (ChargebackDebited, None, "25000 was taken, 5000 and 5000 booked"),
    "an excess that nobody asks back": (ChargebackDebited, {"excess_minor": 0}, "and 0 booked"),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_damage_to_a_chargeback_is_found_and_named_r3_8(what: str) -> None:
    made = disputed()
    kind, fields, named = DAMAGE[what]
    instead: list[Told] = []
    at = next(at for at, (_, _, fact) in enumerate(made.told) if isinstance(fact, kind))
    identity, cause, fact = made.told[at]
    if kind is RefundHeld:  # told as submitted
        reserved = next(other for _, _, other in made.told if isinstance(other, RefundReserved))
        instead = [(identity, cause, reserved.model_copy(update={"refund_id": "x"}))]
    elif fields is not None:
        instead = [(identity, cause, fact.model_copy(update=fields))]
    found = checked(made, [*made.told[:at], *instead, *made.told[at + 1 :]])
    assert [check.first for check in found if "chargeback" in check.name and not check.holds and named in check.first], found


def test_cancelled_units_of_which_a_bank_left_something_and_nothing_went_back_are_named_r1_4_r3_8() -> None:
    made = Bank()
    made.tell(b.succeeded(), b.order_paid(b.line(quantity=2)), opened(1, when="06-01 10:15"), closed("lost", when="06-01 10:16"))
    made.tell(b.units_cancelled((1, 2, 100_00)), b.refund_paid("x1"))
    assert postings_left_out(checked(made)) == []
    at = next(at for at, (_, _, fact) in enumerate(made.told) if isinstance(fact, RefundReserved))
    identity, cause, fact = made.told[at]
    assert isinstance(fact, RefundReserved)
    for instead, named in (
        (
            RefundRefused(order_id=b.ORDER, refund_id="x1", code="refund.exceeds_paid", occurred_at=fact.occurred_at),
            "Parts(minor=9999, units=2, fund_minor=0, fund_units=0) is owed",
        ),
        (fact.model_copy(update={"buyer_minor": 99_98}), "is owed for x1, Parts(minor=9998"),
    ):
        found = checked(made, [*made.told[:at], (identity, cause, instead), *made.told[at + 1 :]])
        assert [check.first for check in found if check.name.startswith("what goes back") and named in check.first], found
