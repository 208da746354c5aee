"""What can be wrong in what services tell themselves, and in words, days and lines of which no money speaks at once."""

from __future__ import annotations

from shared.contracts.campaign import LimitReleased
from shared.contracts.card import CardRefused
from shared.contracts.dispute import CaseRuled, EvidenceDue
from shared.contracts.exchange import CaseExchanging, CaseReplaced, ParcelNoted
from shared.contracts.hold import HoldNoted, ShipmentHoldRequested
from shared.contracts.identity import ClusterGrew
from shared.contracts.order import LineFreed, ParcelTaken, ShippingDue
from shared.contracts.payment import AccountCharged, ClawbackDelayed, PayoutDone, RefundContradicted, RefundInstructed, SweepDue
from shared.contracts.refund import CaseApproved, CaseOpened, RefundGranted, WindowOpened
from shared.contracts.standing import PointsChanged, SubjectSuspended
from shared.contracts.trust import CounterpartyWeighed, EvidenceCounted, EvidenceListed, EvidenceStruck, GroupsWeighed, ScoreChanged
from tests.unit import builders as b
from tests.unit.verify.damaged import Corruption, more, of_order
from tests.unit.verify.plants import parts

# fmt: off
WITHIN = (
    Corruption("a window runs of a line that is still on its way", "windows run",
               lambda copy: copy.forge(WindowOpened, line_nos=(2,))),
    Corruption("a window runs of no line", "windows run", lambda copy: copy.forge(WindowOpened, of_order("earning"), line_nos=())),
    Corruption("a unit more is sent than its seller accepted back", "cases: other goods",
               lambda copy: copy.forge(CaseExchanging, quantity=more(1))),
    Corruption("a unit more is on its way than is to be sent", "cases: other goods",
               lambda copy: copy.forge(CaseReplaced, quantity=more(1))),
    Corruption("a first ruling is told as one after an appeal", "cases: what was ruled", lambda copy: copy.forge(CaseRuled, again=True)),
    Corruption("a refund is instructed in another currency", "what is told again",
               lambda copy: copy.forge(RefundInstructed, of_order("denied"), currency="USD")),
    Corruption("a clawback that waits is of another charge", "what is told again",
               lambda copy: copy.forge(ClawbackDelayed, of_order("disputed"), order_id="after")),
    Corruption("a refund that the provider contradicts is of another line", "what is told again",
               lambda copy: copy.forge(RefundContradicted, line_no=2)),
    Corruption("a promoter is charged as whose balance need not suffice", "what a settlement gives",
               lambda copy: copy.forge(AccountCharged, lambda fact: fact.reason == "clawback", reason="chargeback")),
    Corruption("a seller who agreed is quoted with what it did not write", "whoever is quoted",
               lambda copy: copy.forge(CaseApproved, reason="worn")),
    Corruption("a grant gives a reason that nobody wrote", "whoever is quoted", lambda copy: copy.forge(RefundGranted, reason="worn")),
    Corruption("a claim shows what its buyer did not", "what a fact passes on", lambda copy: copy.forge(CaseOpened, evidence_ids=("e1",))),
    Corruption("another parcel is told as collected", "what a fact passes on",
               lambda copy: copy.forge(ParcelTaken, parcel_id="parcel-x")),
    Corruption("a parcel that left is known as lost", "refund or shipment: what left",
               lambda copy: copy.forge(ParcelNoted, how="lost")),
    Corruption("units that are kept back are known to have left", "refund or shipment: what left",
               lambda copy: copy.forge(HoldNoted, left=True)),
    Corruption("units that never left are asked for anew", "refund or shipment: what left",
               lambda copy: copy.forge(ShipmentHoldRequested, anew=True)),
    Corruption("an order frees a line of another case", "what a fact passes on", lambda copy: copy.forge(LineFreed, case_id="case-x")),
    Corruption("an account joins a cluster to which nobody linked it", "what a fact passes on",
               lambda copy: copy.forge(ClusterGrew, members=lambda members: (*members, "b11"))),
    Corruption("an identity is given back a unit more than its order gave up", "what one decision tells",
               lambda copy: copy.forge(LimitReleased, units=more(1))),
    Corruption("the list of the newest items names another account", "what one decision tells",
               lambda copy: copy.forge(EvidenceListed, counterparty="b9")),
    Corruption("an account is weighed on another day than its subject's score", "scores",
               lambda copy: copy.forge(CounterpartyWeighed, added=parts(day=lambda _: "2026-05-01"))),
    Corruption("what goes into a group weighs one more", "scores",
               lambda copy: copy.forge(GroupsWeighed, added=parts(weight=more(1)))),
    Corruption("an item is counted on another day", "evidence: each item is counted",
               lambda copy: copy.forge(EvidenceCounted, day="2026-05-01")),
    Corruption("a tombstone is taken on another day", "evidence: each item is counted",
               lambda copy: copy.forge(EvidenceStruck, day="2026-05-01")),
    Corruption("a counterfeit caps no later score", "scores",
               lambda copy: copy.forge(ScoreChanged, lambda fact: bool(fact.grave), grave=())),
    Corruption("what was struck stays in its bucket", "scores",
               lambda copy: copy.forge(ScoreChanged, lambda fact: any(one.weight < 0 for one in fact.added), added=())),
    Corruption("a violation's points are told as of a lesson", "standings", lambda copy: copy.forge(PointsChanged, cause="study")),
    Corruption("a suspension is told as brought by another violation", "standings",
               lambda copy: copy.forge(SubjectSuspended, lambda fact: fact.cause == "violation", brought_by="v24")),
    Corruption("a removal is told as brought by another violation", "standings",
               lambda copy: copy.forge(SubjectSuspended, lambda fact: fact.cause == "points", brought_by="v0")),
    Corruption("a card is refused for one that its buyer has not", "trust cards",
               lambda copy: copy.forge(CardRefused, lambda fact: fact.card_id is None, card_id="card-x")),
    Corruption("a payout is of another day than it was paid", "what parties were", lambda copy: copy.forge(PayoutDone, day="2026-05-01")),
    Corruption("a deadline of a sweep comes for another currency", "each deadline", lambda copy: copy.forge(SweepDue, currency="USD")),
    Corruption("a deadline comes for another seller", "each deadline", lambda copy: copy.forge(ShippingDue, seller_id="s9")),
    Corruption("a deadline comes for another case", "each deadline", lambda copy: copy.forge(EvidenceDue, case_id="case-x")),
    Corruption("a deadline comes before its time", "each deadline",
               lambda copy: copy.forge(SweepDue, occurred_at=lambda _: b.at("05-20 11:00"))),
)
# fmt: on
