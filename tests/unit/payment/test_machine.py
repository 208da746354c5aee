"""Whatever comes, in whatever order: money is neither made nor lost, and nothing is paid twice. Source: R3.1-R3.5, R2.6."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from services.payment.handlers import SENDS, SERVICE
from services.payment.model import ACCOUNT, PAYMENT
from services.payment.model.account import due as account_due
from services.payment.model.payment import due as payment_due
from shared.contracts.payment import (
    AccountCharged,
    AccountCredited,
    BalanceDebited,
    BreakExplained,
    BreakFound,
    CompensationDone,
    CompensationInstructed,
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
from tests.unit.payment import asks
from tests.unit.payment.bank import ESCROW, account, balances, check, payment
from tests.unit.payment.bouncing import Bouncing
from tests.unit.payment.disputes import Disputes
from tests.unit.payment.promoting import Promoting
from tests.unit.payment.restoring import Restoring

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


class Bank(Bouncing, Disputes, Promoting, Restoring):
    """One order of two lines, told by topics that know nothing of each other; the clock only goes forward."""

    def __init__(self) -> None:
        super().__init__()
        self.memory = Memory(SERVICE, b.POLICIES)
        self.now = b.at("06-01 10:10")
        self.untold: list[Message] = []
        self.lines: dict[int, Line] = {}

    def tell(self, event: Message) -> None:
        self.keep(self.memory.when(event.model_copy(update={"occurred_at": self.now})))

    def keep(self, facts: tuple[Message, ...]) -> None:
        self.untold += [fact for fact in facts if isinstance(fact, SENDS)]

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

    @rule(compensation_id=st.sampled_from(["l1", "l2"]), amount=st.integers(0, 50_00))
    def is_late(self, compensation_id: str, amount: int) -> None:
        self.tell(asks.shipping_late(amount, compensation_id))

    @rule(compensation_id=st.sampled_from(["l1", "l2"]), paid=st.booleans())
    def provider_answers_a_compensation(self, compensation_id: str, paid: bool) -> None:
        self.tell((asks.compensation_paid if paid else asks.compensation_failed)(compensation_id))

    @rule(required=st.integers(0, 60_00))
    def seller_is_registered(self, required: int) -> None:
        self.tell(asks.registered(required))

    @rule(amount=st.integers(1, 60_00), number=st.integers(1, 4))
    def deposit_is_topped_up(self, amount: int, number: int) -> None:
        self.tell(asks.topped_up(amount, f"d{number}"))

    @rule(amount=st.integers(1, 60_00), number=st.integers(1, 4), of=st.sampled_from(["balance", "deposit"]))
    def seller_withdraws(self, amount: int, number: int, of: str) -> None:
        self.tell(asks.withdrawal(amount, f"w{number}", of=of))

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

    @invariant()
    def the_ledger_holds(self) -> None:
        check(self.memory.rows.get("posting", []))

    @invariant()
    def granted_done_and_charged_back_stay_within_what_was_paid_r3_5_r3_8(self) -> None:
        found = payment(self.memory)
        for line_no, line in self.lines.items() if found is not None else ():
            counted = [refund for refund in found.returned_of(line_no) if refund.counts]
            assert sum(refund.buyer_minor for refund in counted) <= line.paid_minor
            assert sum(refund.quantity for refund in counted) <= line.quantity

    @invariant()
    def each_refund_is_instructed_and_done_once(self) -> None:
        for kind in (RefundInstructed, RefundReserved, RefundDone):
            ids = Counter(fact.refund_id for fact in self.memory.facts if isinstance(fact, kind))
            assert all(times == 1 for times in ids.values()), (kind, ids)
        for other in (CompensationInstructed, CompensationDone):
            named = Counter(fact.compensation_id for fact in self.memory.facts if isinstance(fact, other))
            assert all(times == 1 for times in named.values()), (other, named)

    @invariant()
    def a_line_is_settled_once(self) -> None:
        settled = Counter(fact.line_no for fact in self.memory.facts if isinstance(fact, LineSettled))
        assert all(times == 1 for times in settled.values())

    @invariant()
    def escrow_is_what_its_lines_still_hold(self) -> None:
        found = payment(self.memory)
        held = 0
        for line_no, line in found.lines.items() if found is not None else ():
            done = [refund for refund in found.drawn_of(line_no) if refund.state == "done" and not refund.fronted]
            came = line.paid_minor + line.platform_minor + line.promoter_minor
            left = line.restored_minor + sum(refund.buyer_minor + refund.platform_minor + refund.promoter_minor for refund in done)
            held += 0 if line.settled else came - left
            assert not found.refunded_in_full(line_no) or line.settled or came == left
        assert balances(self.memory).get(ESCROW, 0) == held

    @invariant()
    def what_a_party_may_draw_is_its_balance(self) -> None:
        for party in ("s1", "s2", b.PROMOTER):
            known = account(self.memory, party)
            purses = known.purses.values() if known is not None else ()
            untold = sum(one.amount_minor for one in self.untold if isinstance(one, AccountCredited) and one.party == party)
            held = balances(self.memory)
            assert held.get(f"balance:{party}", 0) == sum(purse.available_minor for purse in purses) + untold
            assert held.get(f"deposit:{party}", 0) == sum(purse.deposit_minor for purse in purses)
            assert held.get(f"debt:{party}", 0) == -sum(purse.debt_minor for purse in purses)
            assert held.get(f"prefunded:{party}", 0) == sum(purse.prefunded_minor for purse in purses)

    @invariant()
    def the_platform_fronts_what_it_has_not_taken_yet(self) -> None:
        """Charges that no account was told of, and clawbacks that wait. Source: R3.6."""
        untold = sum(charge.amount_minor for charge in self.untold if isinstance(charge, AccountCharged))
        accounts = [entity for (kind, _), (_, entity) in self.memory.entities.items() if kind == ACCOUNT.name]
        waiting = sum(one.amount_minor for known in accounts for purse in known.purses.values() for one in purse.clawbacks.values())
        assert balances(self.memory).get("platform:advance", 0) == -(untold + waiting)

    @invariant()
    def a_debt_stands_only_where_nothing_else_is_left(self) -> None:
        """Of a seller; a promoter's also where its subsidies were more than it had prefunded, and of that nothing is left then. R3.1."""
        for (kind, party), (_, entity) in self.memory.entities.items():
            for purse in entity.purses.values() if kind == ACCOUNT.name else ():
                assert not purse.debt_minor or party == b.PROMOTER or (purse.available_minor, purse.deposit_minor) == (0, 0)

    @invariant()
    def a_clawback_is_taken_as_a_whole_from_the_balance(self) -> None:
        taken = [fact for fact in self.memory.facts if isinstance(fact, BalanceDebited) and fact.reason == "clawback"]
        assert all(fact.from_balance_minor == fact.amount_minor for fact in taken)

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

    def held_back(self, party: str) -> bool:
        known = account(self.memory, party)
        return known is not None and any(purse.hindrance for purse in known.purses.values())

    def states_are_what_the_facts_fold_to(self) -> None:
        facts = [fact for fact in self.memory.facts if not isinstance(fact, SENDS)]
        replayed = Memory(SERVICE, b.POLICIES).given(*facts)
        assert replayed.entities == self.memory.entities
        for (name, _), (_, entity) in self.memory.entities.items():
            kind = PAYMENT if name == PAYMENT.name else ACCOUNT
            assert kind.body.validate_json(kind.body.dump_json(entity)) == entity

    def teardown(self) -> None:
        """Everything answered, closed and confirmed: nothing is left in escrow or under way, and on a balance only what is held back."""
        if not self.lines:
            return
        self.fund()
        self.bank_ends_all("won")
        while reserved := [name for name, refund in payment(self.memory).refunds.items() if refund.state == "reserved"]:
            self.refund_is_paid(reserved[0])
        for line_no, line in payment(self.memory).lines.items():
            for case_id in line.cases:
                self.close_case(case_id, line_no)
            self.complete(line_no)
        self.time_passes(24 * 10)
        for compensation_id in [name for name, one in payment(self.memory).compensations.items() if one.state == "instructed"]:
            self.provider_answers_a_compensation(compensation_id, True)
        while self.untold or any(name[0].startswith("sweep") for name in self.memory.armed):
            self.accounts_are_told()
            self.time_passes(48)
            self.the_ledger_holds()
        instructed = [fact for fact in self.memory.facts if isinstance(fact, PayoutInstructed)]
        for payout in instructed:
            self.tell(b.payout_paid(payout.payout_id, payout.party))
        free = {f"balance:{party}" for party in ("s1", "s2", b.PROMOTER) if not self.held_back(party)}
        kept = {name for name in balances(self.memory) if name.split(":")[0] in ("escrow", "payout") or name in free}
        assert kept == set()
        self.the_ledger_holds()
        self.states_are_what_the_facts_fold_to()


Bank.TestCase.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
TestBank = Bank.TestCase
