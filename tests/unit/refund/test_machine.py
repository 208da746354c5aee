"""A purchase under whatever anybody does, in any order and at any time: laws that no sequence of events breaks. Source: R3.5, R4.3."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.refund.handlers import SERVICE
from services.refund.model import PURCHASE
from shared.contracts.refund import CaseFact, RefundGranted
from shared.contracts.storefront import CaseKind, Ground
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from tests.unit.builders import POLICIES, at
from tests.unit.refund import acts as a
from tests.unit.refund import life as l

UNITS, PAID = 5, 100_01
CLAIMS: list[tuple[CaseKind, Ground]] = [
    ("return_and_refund", "no_reason"),
    ("exchange", "quality"),
    ("refund_only", "quality"),
    ("resend", "damaged"),
    ("claim", "counterfeit"),
    ("refund_only", "negotiated"),
]
Act = Callable[[str, datetime, int], Message]
ACTS: dict[str, Act] = {
    "withdrawn": lambda case, when, n: l.withdrawn(case, when=when),
    "accepted": lambda case, when, n: l.accepted(case, when=when),
    "declined": lambda case, when, n: l.declined(case, when=when),
    "posted": lambda case, when, n: l.posted(case, when=when),
    "confirmed": lambda case, when, n: l.confirmed(case, n % (UNITS + 1), when=when),
    "contested": lambda case, when, n: a.contested(case, when=when),
    "door": lambda case, when, n: a.door_signed(f"SF{case.removeprefix('c')}", when=when),
    "replaced": lambda case, when, n: a.replaced(case, f"r-{case}", f"RE{case}", when=when),
    "disputed": lambda case, when, n: a.disputed(case, when=when),
    "escalated": lambda case, when, n: a.escalated(case, when=when),
    "shown": lambda case, when, n: a.shown(f"ev{n}", case, when=when),
    "ruled": lambda case, when, n: a.ruled(n % 2 == 0, f"rl{n}", case, when=when),
    "ruled otherwise": lambda case, when, n: a.ruled(True, f"rl{n}", case, when=when, remedy="refund_only", amount_minor=n, quantity=1),
    "appealed": lambda case, when, n: a.appealed(case, when=when),
    "appealed by the seller": lambda case, when, n: a.appealed_by_seller(case, when=when),
    "appeal ruled": lambda case, when, n: a.appeal_ruled(n % 2 == 0, f"rl{n}", case, when=when),
    "done": lambda case, when, n: _of_attempt(l.done(case, 1, when=when), case, n),
    "refused": lambda case, when, n: _of_attempt(l.money_refused(case, when=when), case, n),
    "not paid": lambda case, when, n: _of_attempt(l.not_paid(case, when=when), case, n),
}


def _of_attempt(event: Message, case: str, n: int) -> Message:
    return event.model_copy(update={"refund_id": a.refund_id(case, 1 + n % 2)})


class Purchases(RuleBasedStateMachine):
    """One line of five units; cases c1 to c6 of it."""

    def __init__(self) -> None:
        super().__init__()
        self.memory = Memory(SERVICE, POLICIES)
        self.memory.when(l.paid(l.line(quantity=UNITS, paid_minor=PAID)), a.sent(quantity=UNITS), l.delivered())
        self.now = at("06-16 11:00")
        self.asked = 0

    @rule(hours=st.integers(0, 60))
    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        self.memory.advance(self.now)

    @precondition(lambda self: self.asked < 6)
    @rule(claim=st.sampled_from(CLAIMS), quantity=st.integers(1, UNITS), amount=st.sampled_from([None, None, 1, 19_99, 50_00]))
    def ask(self, claim: tuple[CaseKind, Ground], quantity: int, amount: int | None) -> None:
        self.asked += 1
        event = l.requested(f"c{self.asked}", quantity=quantity, kind=claim[0], ground=claim[1], when=self.now)
        self._tell(event.model_copy(update={"amount_minor": amount}))

    @rule(name=st.sampled_from(sorted(ACTS)), again=st.integers(0, 2), n=st.integers(0, 9))
    def act(self, name: str, again: int, n: int) -> None:
        """In one of the last cases, most often in the open one."""
        self._tell(ACTS[name](f"c{max(1, self.asked - again // 2)}", self.now, n))

    @rule(case=st.integers(1, 6), how=st.sampled_from(["arrived", "lost"]))
    def carried(self, case: int, how: str) -> None:
        """News of a replacement: on our own topic, so each once."""
        parcel = f"r-c{case}"
        if parcel in l.purchase_of(self.memory).parcels:
            event = a.arrived(parcel, self.now) if how == "arrived" else a.failed(parcel, quantity=0, replacement=True, when=self.now)
            self.memory.send(event)

    def _tell(self, event: Message) -> None:
        """And once more under another id, which changes nothing."""
        self.memory.send(event)
        before = self.memory.entities
        assert self.memory.send(event) == ()
        assert self.memory.entities == before

    @invariant()
    def no_unit_and_no_fen_twice(self) -> None:
        line = l.purchase_of(self.memory).lines[1]
        grants = {fact.case_id: fact for fact in self.memory.facts if isinstance(fact, RefundGranted)}
        cases = l.purchase_of(self.memory).cases
        stand = [fact for name, fact in grants.items() if cases[name].state in (50, 60)]
        assert line.granted_minor == sum(fact.amount_minor for fact in stand) <= PAID
        assert line.granted_quantity == sum(fact.quantity for fact in stand) <= UNITS

    @invariant()
    def one_refund_an_attempt_and_one_open_case_a_line(self) -> None:
        told = [(fact.case_id, fact.attempt, fact.refund_id) for fact in self.memory.facts if isinstance(fact, RefundGranted)]
        assert len({(case, attempt) for case, attempt, _ in told}) == len({name for _, _, name in told}) == len(told)
        purchase = l.purchase_of(self.memory)
        unended = [case.id for case in purchase.cases.values() if not case.ended]
        assert unended == ([purchase.lines[1].open_case] if purchase.lines[1].open_case else [])
        assert purchase.lines[1].attempts == len(purchase.cases) <= 5

    @invariant()
    def deadlines_stand_and_follow_their_causes(self) -> None:
        assert set(self.memory.armed.values()) == set(PURCHASE.due(l.purchase_of(self.memory)))
        for fact in self.memory.facts:
            if isinstance(fact, CaseFact) and fact.deadline is not None:
                assert fact.deadline > fact.occurred_at, fact

    def teardown(self) -> None:
        """Left alone, every case ends or waits for the provider or for a person whom nothing presses."""
        self.memory.advance(self.now + timedelta(days=200))
        assert all(case.state in (50, 60, 70) for case in l.purchase_of(self.memory).cases.values())
        rebuilt = Memory(self.memory.service, self.memory.policies).given(*self.memory.facts)
        assert rebuilt.entities == self.memory.entities
        stored = PURCHASE.body.dump_json(l.purchase_of(self.memory))
        assert PURCHASE.body.validate_json(stored) == l.purchase_of(self.memory)


TestPurchases = Purchases.TestCase
TestPurchases.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
