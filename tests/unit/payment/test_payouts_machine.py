"""Whatever a provider says of payouts, and whenever a person finds which holds: the party has its money once. R3.1, R3.5-R3.7, R3.9."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from services.payment.handlers import SENDS, SERVICE
from services.payment.model import ACCOUNT, PAYMENT
from services.payment.model.account import due as account_due
from services.payment.model.payment import due as payment_due
from services.payment.model.statement import news
from shared.contracts.payment import PayoutInstructed
from shared.contracts.stated import PayoutBreakExplained, PayoutBreakFound, PutInBreakExplained, PutInBreakFound
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.payment import asks
from tests.unit.payment.bank import account, balances, check
from tests.unit.payment.bouncing import Bouncing

LINES = tuple(b.line(number, 30_00, promoter_id=None, commission_bp=0) for number in range(1, 5))


class Payouts(Bouncing):
    """One seller, whose lines are settled one by one."""

    def __init__(self) -> None:
        super().__init__()
        self.memory = Memory(SERVICE, b.POLICIES)
        self.now = b.at("06-01 10:10")
        self.tell(b.order_paid(*LINES))

    def tell(self, event: Message) -> None:
        self.keep(self.memory.when(event.model_copy(update={"occurred_at": self.now})))

    def keep(self, facts: tuple[Message, ...]) -> None:
        """Accounts are told at once."""
        while facts:
            facts = self.memory.when(*(fact for fact in facts if isinstance(fact, SENDS)))

    @rule(line_no=st.integers(1, 4))
    def a_line_is_settled(self, line_no: int) -> None:
        self.tell(b.order_completed(line_no))
        self.pass_time(24 * 8)

    @rule(hours=st.sampled_from([1, 24, 24 * 8]))
    def pass_time(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        self.keep(self.memory.advance(self.now))

    @rule(amount=st.sampled_from([5_00, 40_00]), number=st.integers(1, 4))
    def the_deposit_is_topped_up(self, amount: int, number: int) -> None:
        self.tell(asks.topped_up(amount, f"d{number}"))

    @rule(required=st.sampled_from([0, 20_00]))
    def the_seller_is_registered(self, required: int) -> None:
        self.tell(asks.registered(required))

    @rule(amount=st.sampled_from([5_00, 30_00]), number=st.integers(1, 4), of=st.sampled_from(["balance", "deposit"]))
    def the_seller_withdraws(self, amount: int, number: int, of: str) -> None:
        self.tell(asks.withdrawal(amount, f"w{number}", of=of))

    @rule(data=st.data(), line=st.sampled_from(["l1", "l2"]), amount=st.sampled_from([0, 30_00]))
    def the_provider_states(self, data: st.DataObject, line: str, amount: int) -> None:
        payout_id, party = self.any_payout(data)
        self.tell(b.payout_stated(line, payout_id, amount, party=party))

    @rule(line=st.sampled_from(["l1", "l2"]), number=st.integers(1, 5), amount=st.sampled_from([0, 5_00, 40_00]))
    def the_provider_states_a_deposit(self, line: str, number: int, amount: int) -> None:
        self.tell(b.put_in_stated(line, f"d{number}", amount))

    @invariant()
    def the_ledger_holds_and_says_what_the_seller_has(self) -> None:
        check(self.memory.rows.get("posting", []))
        known, held = account(self.memory), balances(self.memory)
        for purse in known.purses.values() if known is not None else ():
            has = {"balance": purse.available_minor, "deposit": purse.deposit_minor, "debt": -purse.debt_minor}
            assert {kind: held.get(f"{kind}:{b.SELLER}", 0) for kind in has} == has
            under_way = sum(one.amount_minor for one in known.payouts.values() if one.state == "instructed")
            assert held.get(f"payout:{b.SELLER}", 0) == under_way
            assert purse.free_minor >= 0

    @invariant()
    def breaks_are_those_that_stand_each_told_once_r3_9(self) -> None:
        found = [fact.break_id for fact in self.memory.facts if isinstance(fact, PayoutBreakFound)]
        ended = [fact.break_id for fact in self.memory.facts if isinstance(fact, PayoutBreakExplained)]
        assert (len({*found}), len({*ended})) == (len(found), len(ended))
        known = account(self.memory)
        assert known is None or news(known.paying.statement) == ([], [])
        assert {*found} - {*ended} == (set(known.stated.breaks) if known is not None else set())
        found = [fact.break_id for fact in self.memory.facts if isinstance(fact, PutInBreakFound)]
        ended = [fact.break_id for fact in self.memory.facts if isinstance(fact, PutInBreakExplained)]
        assert (len({*found}), len({*ended})) == (len(found), len(ended))
        assert known is None or news(known.put_in.stated) == ([], [])
        assert {*found} - {*ended} == (set(known.put_in.stated.breaks) if known is not None else set())

    @invariant()
    def timers_are_those_that_the_states_name(self) -> None:
        named: dict[tuple[str, str], Message] = {}
        for (kind, _), (_, entity) in self.memory.entities.items():
            found: Any = payment_due(entity) if kind == PAYMENT.name else account_due(entity)
            named |= {(timer.type, timer.subject): timer for timer in found}
        assert self.memory.armed == named

    def teardown(self) -> None:
        """Each answered and settled: nothing is under way, nobody waits, and the states are what the facts fold to."""
        instructed = [fact for fact in self.memory.facts if isinstance(fact, PayoutInstructed)]
        for payout in instructed:
            self.tell(b.payout_paid(payout.payout_id, payout.party))
            self.tell(asks.payout_handled(payout.payout_id, "paid", f"end-{payout.payout_id}"))
        assert not [one for one in account(self.memory).payouts.values() if one.waits] if instructed else True
        self.the_ledger_holds_and_says_what_the_seller_has()
        facts = [fact for fact in self.memory.facts if not isinstance(fact, SENDS)]
        assert Memory(SERVICE, b.POLICIES).given(*facts).entities == self.memory.entities
        for (name, _), (_, entity) in self.memory.entities.items():
            body = (PAYMENT if name == PAYMENT.name else ACCOUNT).body
            assert body.validate_json(body.dump_json(entity)) == entity


Payouts.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestPayouts = Payouts.TestCase
