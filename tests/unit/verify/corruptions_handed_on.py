"""What can be wrong in what one fact hands on to another, or in what it says of itself that others go by."""

from __future__ import annotations

from shared.contracts.campaign import LimitMoved
from shared.contracts.card import CardNoted, PersonCard
from shared.contracts.chargeback import ChargebackEnded
from shared.contracts.dispute import CaseDisputed
from shared.contracts.first_order import OrderedElsewhere, OrderMarked
from shared.contracts.order import LineFreed, PaymentUnwanted
from shared.contracts.payment import BalanceDebited, BreakExplained
from shared.contracts.refund import CaseClosed
from shared.contracts.standing import PointsChanged, StudyNoted
from shared.contracts.stated import PayoutBreakExplained
from shared.contracts.suspension import OrderClosed
from shared.contracts.trust import EvidenceStruck, ScoreChanged, ScoreLooked
from shared.contracts.vote import VoteNoted
from tests.unit import builders as b
from tests.unit.verify.damaged import Copy, Corruption, hours, more, of_order


def a_unit_more_than_was_granted(copy: Copy) -> None:
    """As its case and its order tell it alike."""
    copy.forge(CaseClosed, of_order("split"), refunded_quantity=more(1))
    copy.forge(LineFreed, of_order("split"), refunded_quantity=more(1))


# fmt: off
HANDED_ON = (
    Corruption("a card that was taken back is still promised by", "trust cards",
               lambda copy: copy.forge(CardNoted, lambda fact: fact.ended, ended=False)),
    Corruption("a card that was granted is known to nobody of the person", "trust cards",
               lambda copy: copy.forge(PersonCard, lambda fact: not fact.ended, ended=True)),
    Corruption("a card is held by another account of the person", "trust cards",
               lambda copy: copy.forge(PersonCard, lambda fact: fact.buyer_id == "b10", buyer_id="b11")),
    Corruption("an order that nobody gave up counts no more", "first orders: each use",
               lambda copy: copy.forge(OrderMarked, of_order("lie1"), state="void")),
    Corruption("a buyer's order elsewhere is forgotten where its identity's orders count", "first orders elsewhere",
               lambda copy: copy.stored("known_cluster", "b6", lambda body: body.update(elsewhere={}))),
    Corruption("an order elsewhere is known to another identity", "first orders elsewhere",
               lambda copy: copy.forge(OrderedElsewhere, lambda fact: fact.buyer_id == "b7", cluster="b9")),
    Corruption("what was said of an order elsewhere is not taken back", "what a fact passes on",
               lambda copy: copy.forge(OrderedElsewhere, lambda fact: fact.first_paid_at is None, first_paid_at=b.at("01-10 12:00"))),
    Corruption("units that an identity brings along become more", "what a fact passes on",
               lambda copy: copy.forge(LimitMoved, units=more(1))),
    Corruption("a charge is told as of a chargeback", "what a fact passes on",
               lambda copy: copy.forge(BalanceDebited, lambda fact: fact.reason == "refund", reason="chargeback")),
    Corruption("an item is struck for another reason", "what a fact passes on",
               lambda copy: copy.forge(EvidenceStruck, reason="sham_upheld")),
    Corruption("points are told to follow from another violation", "what a fact passes on",
               lambda copy: copy.forge(PointsChanged, cause_id="v0")),
    Corruption("a lesson is noted under another name", "what a fact passes on", lambda copy: copy.forge(StudyNoted, study_id="l0")),
    Corruption("a vote is noted for another promoter", "what a fact passes on", lambda copy: copy.forge(VoteNoted, promoter_id="k0")),
    Corruption("what came back is told as swapped, and its seller did not say so", "cases: each step",
               lambda copy: copy.forge(CaseDisputed, claimed="swapped")),
    Corruption("an order is closed for its promoter though its seller is suspended", "orders under a suspension",
               lambda copy: copy.forge(OrderClosed, lambda fact: fact.subject_id.startswith("seller:"), code="order.promoter_suspended")),
    Corruption("a dispute ends in another currency", "every chargeback",
               lambda copy: copy.forge(ChargebackEnded, of_order("denied"), currency="USD")),
    Corruption("a break is told to be explained by the statement", "every break is announced",
               lambda copy: copy.forge(BreakExplained, lambda fact: fact.by == "ledger", by="statement")),
    Corruption("a payout's break is told to be explained by the ledger", "every break is announced",
               lambda copy: copy.forge(PayoutBreakExplained, lambda fact: fact.by == "statement", by="ledger")),
    Corruption("a second payment is told as one of another amount", "payments go back",
               lambda copy: copy.forge(PaymentUnwanted, lambda fact: fact.reason == "payment.second", reason="payment.amount_differs")),
    Corruption("a case paid for a unit more than was granted", "cases: the buyer got", a_unit_more_than_was_granted),
    Corruption("a score is never looked at again", "looks", lambda copy: copy.forge(ScoreChanged, look_at=None)),
    Corruption("a score is looked at again in a year", "looks", lambda copy: copy.forge(ScoreLooked, look_at=hours(24 * 365))),
)
# fmt: on
