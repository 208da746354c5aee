"""Walks every event through every state of a case and writes the table that people read: `python -m tests.unit.refund.matrix`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from services.refund.handlers import SERVICE
from services.refund.model import Case
from shared.contracts.refund import CaseTimer
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from tests.unit import walked
from tests.unit.builders import CASE, ORDER, at
from tests.unit.refund import acts as a
from tests.unit.refund import life as l

TABLE = Path(__file__).parents[3] / "services" / "refund" / "STATES.md"
HEAD = """# Every event in every state of a case

Rule R2.1: an event is legal in a state, or it is refused with a code and changes nothing, or it waits for its cause. A row for each
event about a case, a column for each state of the one case of an order of one line, by the codes of R4.2: `10` applied (`10 claim`: the
buyer is to show evidence, `10 shown`: the seller is to answer, `10 unshipped`: the order is to say whether the goods left, `10 agreed`:
the seller agreed before it did; so too `10 won`: after an appeal, `10 late`: others for lost ones were not sent in time), `12` refused,
`20` dispute (`20 heard`: the platform is to rule), `30` awaiting return, `40` returned (`40 received`: at the seller's door; `40
sending`: the seller is to send other goods), `45` replacement sent, `50` executing (`50 stuck`: the provider did not pay), `60` done (`60
ruled`: after a ruling), `70` closed (`70 ruled`: by a ruling; `70 appealed`: its appeal is open). A name is the fact that
follows; `✗` a code with which the event is refused; `…` the code of what it waits for; an empty cell: a deadline that does not stand
then, or news that no case is about.
Written by `python -m tests.unit.refund.matrix`; tests/unit/refund/test_matrix.py walks it again.
"""
LATE = "06-30 10:00"


def shop(*told: Message | str) -> Memory:
    """Events, and times to which the clock is moved."""
    memory = l.shop()
    for one in told:
        if isinstance(one, str):
            memory.advance(at(one))
        else:
            memory.send(one)
    assert memory.refused == []
    return memory


CLAIM = l.requested(kind="claim", ground="counterfeit")
RULED_OUT = (*a.DISPUTED, a.HEARD, a.ruled(upheld=False))
UNSHIPPED = (l.paid(l.line(paid_minor=400_00)), l.requested(kind="refund_only", ground="not_shipped", when="06-11 10:00"))
WON = (
    *UNSHIPPED,
    l.declined(when="06-11 11:00"),
    a.disputed(when="06-11 12:00"),
    "06-13 12:00:05",
    a.ruled(upheld=False, when="06-14 10:00"),
    a.appealed(when="06-15 10:00"),
    a.appeal_ruled(when="06-16 10:00"),
)
STATES: dict[str, tuple[Message | str, ...]] = {
    "none": l.SIGNED,
    "10": l.OPEN,
    "10 claim": (*l.SIGNED, CLAIM),
    "10 shown": (*l.SIGNED, CLAIM, a.shown(when="06-18 09:00")),
    "10 unshipped": UNSHIPPED,
    "10 agreed": (*UNSHIPPED, l.accepted(when="06-11 11:00")),
    "10 won": WON,
    "10 late": (*l.OPEN[:1], a.sent(), a.failed(), l.requested(kind="resend", ground="not_received"), l.accepted(), "06-20 10:00:05"),
    "12": l.DECLINED,
    "20": a.DISPUTED,
    "20 heard": (*a.DISPUTED, a.HEARD),
    "30": l.APPROVED,
    "40": l.RETURNED,
    "40 received": (*l.RETURNED, a.door_signed()),
    "40 sending": a.SENDING,
    "45": a.REPLACED,
    "50": l.GRANTED,
    "50 stuck": l.STUCK,
    "60": l.DONE,
    "60 ruled": (*l.RETURNED, a.contested(), "06-24 11:00:05", a.ruled(when="06-25 10:00"), l.done(when="06-25 10:01")),
    "70": l.WITHDRAWN,
    "70 ruled": RULED_OUT,
    "70 appealed": (*RULED_OUT, a.appealed()),
}
EVENTS: dict[str, Callable[[], Message]] = {
    "refund.requested": lambda: l.requested("c9", when="06-18 12:00"),
    "refund.withdrawn": lambda: l.withdrawn(when="06-18 12:00"),
    "case.accepted": l.accepted,
    "case.refused": l.declined,
    "return.posted": lambda: l.posted(waybill="SF7"),
    "return.signed": a.door_signed,
    "return.confirmed": l.confirmed,
    "return.disputed": a.contested,
    "replacement.sent": lambda: a.replaced(parcel_id="r7", waybill="SF8"),
    "order.delivered": a.arrived,
    "parcel.failed": lambda: a.failed("r1", quantity=0, replacement=True, when="06-24 10:00"),
    "dispute.raised": lambda: a.disputed(when="06-19 09:00"),
    "dispute.raised by the seller": a.escalated,
    "evidence.submitted": lambda: a.shown("ev7", when="06-18 10:00"),
    "evidence.submitted by the seller": lambda: a.shown_by_seller("ev7", when="06-18 10:00"),
    "ruling.made": lambda: a.ruled(ruling_id="rl7", when="06-26 09:00"),
    "dispute.appealed": lambda: a.appealed(when="06-25 10:00"),
    "dispute.appealed by the seller": lambda: a.appealed_by_seller(when="06-25 10:00"),
    "ruling.made of an appeal": lambda: a.appeal_ruled(ruling_id="rl8", when="06-27 10:00"),
    "shipment_hold.granted": lambda: a.kept(when="06-11 12:00"),
    "shipment_hold.refused": lambda: a.left(when="06-11 12:00"),
    "units.cancelled": lambda: a.cancelled(when="06-18 10:00"),
    "refund.done": l.done,
    "refund.refused": l.money_refused,
    "refund.not_paid": l.not_paid,
}
TIMERS = sorted(kind.type for kind in SERVICE.input_types() if issubclass(kind, CaseTimer))
# What is about no case: its own tests say what comes of it.
OTHERS = (
    "member.joined",
    "member.ordered_before",
    "fund.asked",
    "order.paid",
    "order.shipped",
    "score.changed",
    "card.granted",
    "card.revoked",
)


def timer(kind: str, case: Case | None) -> Message:
    """At the deadline that stands, if one does."""
    appeal = case.appeal.until if case is not None and case.appeal is not None and kind == "appeal.over" else None
    due = appeal or (case.deadline if case is not None else None) or at(LATE)
    types = {one.type: one for one in SERVICE.input_types()}
    return types[kind].model_validate({"order_id": ORDER, "case_id": CASE, "occurred_at": due})


def cell(event: str, state: str) -> str:
    """What follows, and that nothing else does."""
    memory = shop(*STATES[state])
    told = timer(event, l.purchase_of(memory).cases.get(CASE)) if event in TIMERS else EVENTS[event]()
    return walked.cell(memory, told, ("purchase", ORDER))


def table() -> str:
    return walked.table(HEAD, [*EVENTS, *TIMERS], STATES, cell)


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="utf-8")
