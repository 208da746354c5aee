"""Whatever comes, in whatever order: money is neither made nor lost, and nothing is paid twice. Source: R3.1-R3.5, R2.6."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.payment.handlers import SERVICE
from services.payment.model import ACCOUNT, PAYMENT
from services.payment.model.account import due as account_due
from services.payment.model.payment import due as payment_due
from shared.contracts.payment import (
    AccountCredited,
    BreakExplained,
    BreakFound,
    LineSettled,
    PayoutInstructed,
    RefundDone,
    RefundInstructed,
    RefundReserved,
)
from shared.contracts.types import Funder, Line, Movement
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from shared.money import unit_slice
from tests.unit import builders as b
from tests.unit.payment.bank import ESCROW, account, balances, check, payment

LINE_NOS, REFUNDS, CASES = st.integers(1, 3), st.sampled_from([f"r{number}" for number in range(8)]), st.sampled_from(["c1", "c2", "c3"])
MOVEMENTS: st.SearchStrategy[tuple[Movement, str]] = st.one_of(
    st.tuples(st.just("capture"), st.sampled_from([b.PAYMENT_ID, "pay2"])), st.tuples(st.just("refund"), REFUNDS)
)
AMOUNTS = st.integers(0, 120_00)
FUNDERS: tuple[Funder, ...] = ("seller", "platform", "promoter")


@st.composite
def lines(draw: st.DrawFn, line_no: int) -> Line:
    shares = {funder: draw(st.integers(0, 30_00)) for funder in FUNDERS}
    return b.line(
        line_no,
        draw(st.integers(0, 100_00)),
        draw(st.integers(1, 5)),
        {funder: share for funder, share in shares.items() if share},
        seller_id=draw(st.sampled_from(["s1", "s2", b.PROMOTER])),
        commission_bp=draw(st.integers(0, 9_500)),
    )


class Bank(RuleBasedStateMachine):
    """One order of two lines, told by topics that know nothing of each other; the clock only goes forward."""

    def __init__(self) -> None:
        super().__init__()
        self.memory = Memory(SERVICE, b.POLICIES)
        self.now = b.at("06-01 10:10")
        self.untold: list[AccountCredited] = []
        self.lines: dict[int, Line] = {}

    def tell(self, event: Message) -> None:
        self.keep(self.memory.when(event.model_copy(update={"occurred_at": self.now})))

    def keep(self, facts: tuple[Message, ...]) -> None:
        self.untold += [fact for fact in facts if isinstance(fact, AccountCredited)]

    def any_payout(self, data: st.DataObject) -> str:
        known = [fact.payout_id for fact in self.memory.facts if isinstance(fact, PayoutInstructed)]
        return data.draw(st.sampled_from([*known, "unknown"]))

    @initialize(first=lines(1), second=lines(2))
    def begin(self, first: Line, second: Line) -> None:
        self.lines = {1: first, 2: second}

    @rule()
    def fund(self) -> None:
        self.tell(b.order_paid(*self.lines.values()))

    @rule(number=st.integers(2, 4), amount=st.integers(1, 100_00))
    def unwanted(self, number: int, amount: int) -> None:
        self.tell(b.payment_unwanted(f"pay{number}", amount))

    @rule(refund_id=REFUNDS, line_no=LINE_NOS, amount=AMOUNTS, quantity=st.integers(1, 5))
    def grant_an_amount(self, refund_id: str, line_no: int, amount: int, quantity: int) -> None:
        self.tell(b.granted(refund_id, amount, quantity, line_no))

    @rule(refund_id=REFUNDS, line_no=st.integers(1, 2), data=st.data())
    def grant_units(self, refund_id: str, line_no: int, data: st.DataObject) -> None:
        line = self.lines[line_no]
        before = data.draw(st.integers(0, line.quantity - 1))
        units = data.draw(st.integers(1, line.quantity - before))
        self.tell(b.granted(refund_id, unit_slice(line.paid_minor, line.quantity, before, units), units, line_no))

    @rule(refund_id=REFUNDS)
    def refund_is_paid(self, refund_id: str) -> None:
        self.tell(b.refund_paid(refund_id))

    @rule(refund_id=REFUNDS)
    def refund_is_not_paid(self, refund_id: str) -> None:
        self.tell(b.refund_failed(refund_id))

    @rule(case_id=CASES, line_no=LINE_NOS)
    def open_case(self, case_id: str, line_no: int) -> None:
        self.tell(b.case_opened(case_id, line_no))

    @rule(case_id=CASES, line_no=LINE_NOS)
    def close_case(self, case_id: str, line_no: int) -> None:
        self.tell(b.case_closed(case_id, line_no))

    @rule(line_no=st.integers(1, 2))
    def complete(self, line_no: int) -> None:
        self.tell(b.order_completed(line_no))

    @rule(line_id=st.sampled_from(["l1", "l2", "l3"]), movement=MOVEMENTS, amount=st.sampled_from([0, 40_00]))
    def provider_states(self, line_id: str, movement: tuple[Movement, str], amount: int) -> None:
        self.tell(b.stated(line_id, movement[1], amount, movement[0]))

    @rule(hours=st.integers(1, 24 * 9))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        self.keep(self.memory.advance(self.now))

    @rule()
    def accounts_are_told(self) -> None:
        untold, self.untold = self.untold, []
        self.memory.when(*untold)

    @rule(data=st.data(), party=st.sampled_from(["s1", "s2", b.PROMOTER]), paid=st.booleans())
    def provider_answers_a_payout(self, data: st.DataObject, party: str, paid: bool) -> None:
        self.tell((b.payout_paid if paid else b.payout_failed)(self.any_payout(data), party))

    @invariant()
    def the_ledger_holds(self) -> None:
        check(self.memory.rows.get("posting", []))

    @invariant()
    def granted_and_done_stay_within_what_was_paid(self) -> None:
        found = payment(self.memory)
        for line_no, line in self.lines.items() if found is not None else ():
            counted = [refund for refund in found.refunds_of(line_no) if refund.counts]
            assert sum(refund.buyer_minor for refund in counted) <= line.paid_minor
            assert sum(refund.quantity for refund in counted) <= line.quantity

    @invariant()
    def each_refund_is_instructed_and_done_once(self) -> None:
        for kind in (RefundInstructed, RefundReserved, RefundDone):
            ids = Counter(fact.refund_id for fact in self.memory.facts if isinstance(fact, kind))
            assert all(times == 1 for times in ids.values()), (kind, ids)

    @invariant()
    def a_line_is_settled_once(self) -> None:
        settled = Counter(fact.line_no for fact in self.memory.facts if isinstance(fact, LineSettled))
        assert all(times == 1 for times in settled.values())

    @invariant()
    def escrow_is_what_its_lines_still_hold(self) -> None:
        found = payment(self.memory)
        held = 0
        for line_no, line in found.lines.items() if found is not None else ():
            done = [refund for refund in found.refunds_of(line_no) if refund.state == "done"]
            came = line.paid_minor + line.platform_minor + line.promoter_minor
            left = sum(refund.buyer_minor + refund.platform_minor + refund.promoter_minor for refund in done)
            held += 0 if line.settled else came - left
            assert not found.refunded_in_full(line_no) or line.settled or came == left
        assert balances(self.memory).get(ESCROW, 0) == held

    @invariant()
    def what_a_party_may_draw_is_its_balance(self) -> None:
        for party in ("s1", "s2", b.PROMOTER):
            known = account(self.memory, party)
            available = sum(purse.available_minor for purse in known.purses.values()) if known is not None else 0
            untold = sum(credit.amount_minor for credit in self.untold if credit.party == party)
            assert balances(self.memory).get(f"balance:{party}", 0) == available + untold

    @invariant()
    def each_break_is_found_once_and_explained_at_most_once_r3_9(self) -> None:
        found = [fact.break_id for fact in self.memory.facts if isinstance(fact, BreakFound)]
        explained = [fact.break_id for fact in self.memory.facts if isinstance(fact, BreakExplained)]
        assert (len({*found}), len({*explained})) == (len(found), len(explained))
        state = payment(self.memory)
        assert {*found} - {*explained} == (set(state.statement.breaks) if state is not None else set())

    @invariant()
    def timers_are_those_that_the_states_name(self) -> None:
        named: dict[tuple[str, str], Message] = {}
        for (kind, _), (_, entity) in self.memory.entities.items():
            found: Any = payment_due(entity) if kind == PAYMENT.name else account_due(entity)
            named |= {(timer.type, timer.subject): timer for timer in found}
        assert self.memory.armed == named

    def states_are_what_the_facts_fold_to(self) -> None:
        facts = [fact for fact in self.memory.facts if not isinstance(fact, AccountCredited)]
        replayed = Memory(SERVICE, b.POLICIES).given(*facts)
        assert replayed.entities == self.memory.entities
        for (name, _), (_, entity) in self.memory.entities.items():
            kind = PAYMENT if name == PAYMENT.name else ACCOUNT
            assert kind.body.validate_json(kind.body.dump_json(entity)) == entity

    def teardown(self) -> None:
        """Everything answered, closed and confirmed: nothing is left in escrow, unwanted, on a balance or under way."""
        if not self.lines:
            return
        self.fund()
        reserved = [name for name, refund in payment(self.memory).refunds.items() if refund.state == "reserved"]
        for refund_id in reserved:
            self.refund_is_paid(refund_id)
        for line_no, line in payment(self.memory).lines.items():
            for case_id in line.cases:
                self.close_case(case_id, line_no)
            self.complete(line_no)
        self.time_passes(24 * 10)
        while self.untold or any(name[0].startswith("sweep") for name in self.memory.armed):
            self.accounts_are_told()
            self.time_passes(48)
            self.the_ledger_holds()
        instructed = [fact for fact in self.memory.facts if isinstance(fact, PayoutInstructed)]
        for payout in instructed:
            self.tell(b.payout_paid(payout.payout_id, payout.party))
        kept = {name: amount for name, amount in balances(self.memory).items() if name.split(":")[0] in ("escrow", "payout", "balance")}
        assert kept == {}
        self.the_ledger_holds()
        self.states_are_what_the_facts_fold_to()


Bank.TestCase.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
TestBank = Bank.TestCase


@settings(max_examples=40, deadline=None)
@given(lines(1), st.lists(st.tuples(st.integers(0, 120_00), st.integers(1, 5)), min_size=1, max_size=5), st.data())
def test_any_interleaving_of_grants_answers_and_settlement_keeps_the_ceiling_r3_5(
    line: Line, grants: list[tuple[int, int]], data: st.DataObject
) -> None:
    memory = Memory(SERVICE, b.POLICIES)
    memory.when(b.order_paid(line), b.order_completed())
    moments: list[datetime | Message] = [b.at("06-12 00:01")]
    for number, (amount, quantity) in enumerate(grants):
        answer = b.refund_paid if data.draw(st.booleans()) else b.refund_failed
        moments += [b.granted(f"r{number}", amount, quantity), answer(f"r{number}"), b.refund_paid(f"r{number}")]
    for moment in data.draw(st.permutations(moments)):
        if isinstance(moment, datetime):
            memory.advance(moment)
        else:
            memory.when(moment)
        check(memory.rows.get("posting", []))
    done = Counter[str]()
    for fact in memory.facts:
        if isinstance(fact, RefundDone):
            done[fact.refund_id] += 1
    assert all(times == 1 for times in done.values())
    refunds = payment(memory).refunds.values()
    assert sum(refund.buyer_minor for refund in refunds if refund.counts) <= line.paid_minor


@settings(max_examples=40, deadline=None)
@given(lines(1), st.lists(st.integers(1, 5), min_size=1, max_size=5), st.data())
def test_refunds_of_all_units_return_every_fen_whatever_failed_in_between_r3_4(line: Line, cuts: list[int], data: st.DataObject) -> None:
    """Slices are tried in any order, some fail and are tried again under another id: at the end escrow is empty."""
    memory = Memory(SERVICE, b.POLICIES)
    memory.when(b.order_paid(line))
    edges = sorted({0, line.quantity, *(cut for cut in cuts if cut < line.quantity)})
    slices = [(low, high - low) for low, high in pairwise(edges)]
    for low, units in data.draw(st.permutations(slices)):
        amount = unit_slice(line.paid_minor, line.quantity, low, units)
        for attempt in range(data.draw(st.integers(0, 2)) if amount else 0):
            memory.when(b.granted(f"r{low}-{attempt}", amount, units), b.refund_failed(f"r{low}-{attempt}"))
        memory.when(b.granted(f"r{low}", amount, units), *([b.refund_paid(f"r{low}")] if amount else []))
    assert (memory.refused, balances(memory), payment(memory).refunded_in_full(1)) == ([], {}, True)
    check(memory.rows.get("posting", []))
