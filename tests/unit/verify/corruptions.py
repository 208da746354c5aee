"""Plants corruptions, one by one, in copies of a market: `python -m tests.unit.verify.corruptions` writes what verify says of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from deploy.verify.report import Check
from shared.contracts.campaign import AllotmentReleased, AllotmentTaken
from shared.contracts.card import CardGranted
from shared.contracts.certificate import CertificateIssued
from shared.contracts.chargeback import ChargebackDebited, ChargebackOverdue
from shared.contracts.first_order import OrderCounted
from shared.contracts.handling import HandlingNoted
from shared.contracts.hold import ShipmentHoldGranted
from shared.contracts.order import OrderAccepted, ParcelSent, UnitsCancelled
from shared.contracts.owed import CouponRestored
from shared.contracts.payment import (
    AccountCharged,
    BalanceCredited,
    BreakFound,
    CompensationDone,
    CompensationInstructed,
    DepositFilled,
    DepositReceived,
    EscrowFunded,
    LineSettled,
    PayoutInstructed,
    RefundDone,
    RefundReserved,
    StatementNoted,
)
from shared.contracts.refund import CaseApproved, CaseClosed, RefundGranted, WindowOpened
from shared.contracts.standing import AppealEnded, PointsChanged, StudyNoted, SubjectReinstated, SubjectSuspended, ViolationNoted
from shared.contracts.stated import PayoutBreakFound, PayoutStated
from shared.contracts.storefront import RefundRequested
from shared.contracts.subsidy import PrefundReceived, PrefundReleased, SubsidyCharged, SubsidyDrawn, SubsidyReturned
from shared.contracts.suspension import OrderClosed
from shared.contracts.trust import EvidenceCounted, EvidenceFound, ScoreChanged, TierChanged
from shared.contracts.vote import VoteCounted, VoteGiven, VoteNoted
from tests.unit import builders as b
from tests.unit.verify import plants as p
from tests.unit.verify import plants_paying as paying
from tests.unit.verify.damaged import Copy, hours, more, moved, of_order
from tests.unit.verify.market import market
from tests.unit.verify.recorded import log_of, tables_of

PAGE = Path(__file__).parents[3] / "deploy" / "verify" / "CORRUPTIONS.md"
LINE_MAX = 250  # characters of a printed line that the page shows
HEAD = """# What verify finds

Each row: something is wrong in a copy of a small market's topics and tables, the statement of `laotie verify` that names it, the first
line that it prints, and how many other statements break with it. A forged fact is forged with all that could be forged with it: its
postings sum to zero, and their rows in the table say the same. Written by `python -m tests.unit.verify.corruptions`;
tests/unit/verify/test_corruptions.py plants all of them again. Damage on a running system: tests/journeys/test_verify.py.
"""


@dataclass(frozen=True)
class Corruption:
    """by: the words with which the statement begins that has to find it."""

    name: str
    by: str
    plant: Callable[[Copy], Any]


# fmt: off
CORRUPTIONS = (
    Corruption("a row of postings is a fen more", "the table of postings",
               lambda copy: copy.row(lambda row: replace(row, amount_minor=row.amount_minor + 1), "balance:s1")),
    Corruption("a row of postings is gone", "the table of postings", lambda copy: copy.row(lambda _: None, "escrow:after")),
    Corruption("a row of postings names another account", "the table of postings",
               lambda copy: copy.row(lambda row: replace(row, account="balance:s9"), "balance:s2")),
    Corruption("a fact is gone: refund.done", "no gap", lambda copy: copy.lose(RefundDone)),
    Corruption("a fact is gone: escrow.funded", "no gap", lambda copy: copy.lose(EscrowFunded)),
    Corruption("a refund is gone without a gap", "every entity is its facts", p.a_refund_that_never_was),
    Corruption("a credit never reached its account", "what one service told", lambda copy: copy.lose(BalanceCredited)),
    Corruption("a payment was swallowed by the order service", "nothing vanished", p.a_swallowed_payment),
    Corruption("a payment was told with another amount", "every captured payment", p.a_payment_that_the_provider_told_otherwise),
    Corruption("a refund is paid twice", "every refund is paid at most once", p.a_refund_paid_twice),
    Corruption("a refund pays out a fen more than was set aside", "every transaction",
               lambda copy: copy.forge(RefundDone, of_order("split"), moves=moved({"platform:subsidy": -1, "psp:cash": 1}))),
    Corruption("a refund gives the buyer a fen of the subsidy", "refunds: each", p.a_fen_of_a_subsidy_for_the_buyer),
    Corruption("a refund returns a fen less of the subsidy", "refunds: each", p.a_subsidy_that_stays_in_escrow),
    Corruption("a refund is granted with a fen more than its units cost", "refunds granted",
               lambda copy: copy.forge(RefundGranted, of_order("gone"), amount_minor=more(1))),
    Corruption("a cancelled unit brings a fen less back", "units cancelled",
               lambda copy: copy.forge(UnitsCancelled, of_order("gone"), lines=p.parts(amount_minor=more(-1)))),
    Corruption("a returned share is the promoter's instead of the platform's", "refunds after settlement",
               p.a_share_that_the_promoter_returns_for_the_platform),
    Corruption("a refund within the window is the seller's alone", "refunds after settlement",
               lambda copy: copy.forge(RefundReserved, lambda fact: fact.fronted, clawback=False)),
    Corruption("a fen moves from one account to another in a transaction", "every transaction",
               lambda copy: copy.forge(LineSettled, of_order("own"), moves=moved({"platform:commission": -1, "platform:subsidy": 1}))),
    Corruption("a settlement gives a fen of the seller's to the promoter", "settlements", p.a_fen_of_a_settlement_for_the_promoter),
    Corruption("a line is settled twice", "settlements", lambda copy: copy.repeat(LineSettled, of_order("own"))),
    Corruption("a coupon's fen is on another line", "allocation", p.a_fen_of_a_coupon_on_another_line),
    Corruption("a commission is a basis point more than the cart said", "allocation",
               lambda copy: copy.forge(OrderAccepted, of_order("split"), lines=p.in_lines(commission_bp=more(1)))),
    Corruption("an order's money is released by a tier that its seller never had", "escrow days", paying.a_tier_that_nobody_told_of),
    Corruption("a newcomer's money is released earlier than the table says", "escrow days", paying.a_newcomer_with_days_of_its_own),
    Corruption("a gift is one no more", "allocation: every accepted line is of", p.a_gift_that_need_not_go_back),
    Corruption("a right's cap is a fen more than the cart said", "allocation: every accepted line is of", p.a_cap_of_a_fen_more),
    Corruption("a gift goes with another gift", "allocation: every accepted line is of", p.a_gift_of_itself),
    Corruption("a gift that stays costs a fen more", "certificates: every line", p.a_gift_that_costs_a_fen_more),
    Corruption("an escrow is funded with another amount", "what was accepted", p.an_escrow_funded_with_another_amount),
    Corruption("a chargeback is booked though the bank told of another amount", "every chargeback", paying.a_chargeback_of_another_amount),
    Corruption("a case is paid a fen less than a bank left for it", "what goes back", paying.a_fen_less_than_a_bank_left),
    Corruption("a case says that a bank gave a fen of what was paid", "cases: the buyer got", paying.a_fen_of_a_bank),
    Corruption("a bank took a fen that nobody asks back", "what a lost chargeback took",
               lambda copy: copy.forge(ChargebackDebited, of_order("disputed"), excess_minor=more(-1))),
    Corruption("a refund was submitted while the money was frozen", "while a chargeback is open", p.a_refund_while_frozen),
    Corruption("a fen that is the fund's again stays in escrow", "the guarantee fund has back", paying.a_fen_that_stays_in_escrow),
    Corruption("a bank's silence is late", "a bank that did not say", lambda copy: copy.forge(ChargebackOverdue, occurred_at=hours(1))),
    Corruption("a chargeback in the table has time again", "payments:",
               lambda copy: copy.stored("payment", "fair1", lambda body: body["chargebacks"]["cb3"].update(answer_by="2026-07-01T00:00Z"))),
    Corruption("a chargeback spares the subsidy", "refunds: each", p.a_chargeback_that_spares_the_subsidy),
    Corruption("a late parcel costs a yuan more", "late and sham", p.a_late_compensation_that_is_a_yuan_more),
    Corruption("a compensation is instructed with another amount", "every compensation is what its",
               lambda copy: copy.forge(CompensationInstructed, of_order("late"), amount_minor=more(-1))),
    Corruption("a buyer was promised a day more", "certificates", p.a_promise_of_a_day_more),
    Corruption("a certificate is not what was hashed", "certificates",
               lambda copy: copy.forge(CertificateIssued, of_order("split"), terms_sha256=lambda _: "0" * 64)),
    Corruption("a counterfeit costs a fen less than the law says", "compensations of cases", p.a_counterfeit_that_costs_a_fen_less),
    Corruption("the law's floor is paid for each unit that is claimed by itself", "compensations of cases", paying.a_floor_for_each_claim),
    Corruption("a card counts that nobody was granted", "compensations of cases", paying.a_card_that_nobody_was_granted),
    Corruption("money is granted at once that the seller was to answer for", "cases at once", paying.a_seller_who_was_not_asked),
    Corruption("a coupon comes back twice", "coupons", lambda copy: copy.repeat(CouponRestored)),
    Corruption("a coupon comes back of lines that stay", "coupons", lambda copy: copy.forge(CouponRestored, order_id="gone")),
    Corruption("a coupon does not come back", "coupons", p.a_coupon_that_is_kept),
    Corruption("a compensation is paid twice", "every compensation is instructed once", p.a_compensation_paid_twice),
    Corruption("a charge spares the deposit and is owed", "income repays", p.a_balance_debited_though_the_deposit_was_used),
    Corruption("income repays a fen too little of the debt", "income repays", p.an_income_that_fills_the_deposit_before_it_repays_debt),
    Corruption("a deposit is filled beyond what is required", "income repays",
               lambda copy: copy.forge(DepositFilled, amount_minor=more(1), moves=moved({"balance:s1": -1, "deposit:s1": 1}))),
    Corruption("a party is asked for a fen less than was fronted", "what the platform fronted",
               lambda copy: copy.forge(AccountCharged, amount_minor=more(-1))),
    Corruption("a promoter is asked for a fen less than an order took of it", "what promoters' subsidies",
               lambda copy: copy.forge(SubsidyCharged, amount_minor=more(-1))),
    Corruption("a refund gives a promoter a fen less back", "what promoters' subsidies",
               lambda copy: copy.forge(SubsidyReturned, amount_minor=more(-1))),
    Corruption("a promoter's account books a subsidy that it was not told of", "promoters' accounts book",
               lambda copy: copy.forge(SubsidyDrawn, charge_id="another")),
    Corruption("a shortfall is taken from what others prefunded", "income repays",
               lambda copy: copy.forge(SubsidyDrawn, from_prefunded_minor=more(1), as_debt_minor=more(-1), debt_minor=more(-1),
                                       moves=moved({"prefunded:k1": -1, "debt:k1": 1}))),
    Corruption("a subsidy is booked to another promoter", "what was given for a promoter",
               lambda copy: copy.forge(SubsidyDrawn, moves=moved({"promoter_subsidy:k1": -1, "promoter_subsidy:k2": 1}))),
    Corruption("money for subsidies is booked with a fen more", "money for subsidies",
               lambda copy: copy.forge(PrefundReceived, amount_minor=more(1), moves=moved({"psp:cash": -1, "prefunded:k1": 1}))),
    Corruption("a promoter has a fen more of its prefunded money than it asked for", "prefunded money",
               lambda copy: copy.forge(PrefundReleased, amount_minor=more(1), prefunded_minor=more(-1),
                                       moves=moved({"prefunded:k9": -1, "balance:k9": 1}))),
    Corruption("what is prefunded in the table is another", "every balance",
               lambda copy: copy.stored("account", "k1", lambda body: body["purses"]["CNY"].update(prefunded_minor=1))),
    Corruption("goods were signed for long before they were asked back", "cases: each was",
               lambda copy: copy.forge(WindowOpened, of_order("split"), signed_at=hours(-480))),
    Corruption("a seller's answer is told as silence", "cases: each step", lambda copy: copy.forge(CaseApproved, by="silence")),
    Corruption("a buyer has an hour more to send goods back", "cases: each deadline",
               lambda copy: copy.forge(CaseApproved, deadline=hours(1))),
    Corruption("a claim within its window was refused as too late", "claims refused",
               lambda copy: copy.forge(RefundRequested, of_order("own"), occurred_at=hours(-216))),
    Corruption("a trust card is another claim's", "trust cards", lambda copy: copy.forge(CardGranted, claim_id="another")),
    Corruption("a parcel left with units that were kept back", "refund or shipment: no unit",
               lambda copy: copy.forge(ParcelSent, of_order("kept"), units=p.parts(quantity=more(1)))),
    Corruption("units were kept back for another case than the one that was refunded", "refund or shipment: what was",
               lambda copy: copy.forge(ShipmentHoldGranted, of_order("kept"), case_id=lambda _: "case-other")),
    Corruption("units that were kept back in time are called late", "late shipping: units",
               lambda copy: copy.forge(ShipmentHoldGranted, of_order("kept"), late=True)),
    Corruption("a seller is blamed for what it had time to send", "refund or shipment: what was not shipped",
               lambda copy: copy.forge(CaseClosed, of_order("kept"), fault="seller")),
    Corruption("what nobody could be paid is told as paid", "settled by hand: a person",
               lambda copy: copy.forge(HandlingNoted, lambda fact: fact.how == "unclaimed", how="paid")),
    Corruption("what a person paid is booked twice", "settled by hand: exactly",
               lambda copy: copy.repeat(CompensationDone, lambda fact: fact.by_hand)),
    Corruption("a line is settled though the provider refused to pay cancelled units back", "no line is settled while",
               paying.a_cancelled_unit_that_was_not_paid_back),
    Corruption("a withdrawal pays another amount than was asked for", "accounts book",
               lambda copy: copy.forge(PayoutInstructed, lambda fact: fact.withdrawal_id is not None, amount_minor=more(1),
                                       moves=moved({"balance:s2": -1, "payout:s2": 1}))),
    Corruption("a balance in the table is a fen more", "every balance",
               lambda copy: copy.stored("account", "s1", lambda body: body["purses"]["CNY"].update(available_minor=1))),
    Corruption("a deposit in the table is another", "every balance",
               lambda copy: copy.stored("account", "s1", lambda body: body["purses"]["CNY"].update(deposit_minor=1))),
    Corruption("an order's state in the table is another", "orders:",
               lambda copy: copy.stored("order", "after", lambda body: body.update(status="cancelled"))),
    Corruption("a refund in the table was never paid", "payments:",
               lambda copy: copy.stored("payment", "split", lambda body: next(iter(body["refunds"].values())).update(state="reserved"))),
    Corruption("a case in the table is still open", "cases:",
               lambda copy: copy.stored("purchase", "split", lambda body: body["cases"]["case-split"].update(state=40))),
    Corruption("a case that has ended stands in the queue", "the queue of cases", lambda copy: copy.queued("split", "case-split")),
    Corruption("an allotment took a unit more", "allotments", lambda copy: copy.forge(AllotmentTaken, units=more(1))),
    Corruption("an allotment's release is gone", "allotments", lambda copy: copy.lose(AllotmentReleased)),
    Corruption("an allotment in the table is counted wrong", "allotments",
               lambda copy: copy.stored("allotment", "c618/sku1", lambda body: body.update(taken=0))),
    Corruption("a promoter returns more than it got", "after settlement", p.a_share_beyond_what_the_promoter_got),
    Corruption("a transaction does not sum to zero", "the ledger sums to zero", p.an_unbalanced_transaction),
    Corruption("money for a deposit is booked with a fen more", "money for a deposit",
               lambda copy: copy.forge(DepositReceived, amount_minor=more(1), moves=moved({"psp:cash": -1, "deposit:s1": 1}))),
    Corruption("a payout in the table came back", "payouts:",
               lambda copy: copy.stored("account", "s2", lambda body: next(iter(body["payouts"].values())).update(state="returned"))),
    Corruption("a statement line was compared with another amount", "every statement line",
               lambda copy: copy.forge(StatementNoted, of_order("own"), amount_minor=more(1))),
    Corruption("a break between statement and ledger is not announced", "the breaks that stand", lambda copy: copy.lose(BreakFound)),
    Corruption("a line about a payout was compared with another amount", "every line about a payout",
               lambda copy: copy.forge(PayoutStated, lambda fact: fact.line_id == "a", amount_minor=more(1))),
    Corruption("a break of a payout is not announced", "the breaks of payouts",
               lambda copy: copy.lose(PayoutBreakFound, lambda fact: fact.break_kind == "amount")),
    Corruption("a payout has a day more to be stated", "the breaks of payouts", paying.a_payout_with_a_day_more_to_be_stated),
    Corruption("a break of a payout is announced twice", "every break is announced", lambda copy: copy.repeat(PayoutBreakFound)),
    Corruption("a buyer counts in no cluster any more", "first orders: every buyer",
               lambda copy: copy.stored("known_member", "b7", lambda body: body.update(cluster="b7"))),
    Corruption("a buyer's first order counts where nobody looks", "first orders: each use",
               lambda copy: copy.forge(OrderCounted, of_order("after"), cluster="b9")),
    Corruption("a use of the guarantee is forgotten", "first orders: each use",
               lambda copy: copy.stored("known_cluster", "b5", lambda body: body.update(uses={}))),
    Corruption("a first order is paid for by the wrong one", "first orders: the seller",
               lambda copy: copy.forge(RefundGranted, of_order("first"), funder="seller")),
    Corruption("the fund's table is a fen short", "the guarantee fund",
               lambda copy: copy.stored("fund", "2026-06-05/CNY", lambda body: body.update(minor=59_99))),
    Corruption("an item of evidence is counted twice", "evidence", lambda copy: copy.repeat(EvidenceCounted)),
    Corruption("a regular's day weighs more in the table", "evidence",
               lambda copy: copy.stored("groups", "seller:s1/0", lambda body: body["buckets"]["goods"]["grouped"]["2"].update(late=1))),
    Corruption("a score is a point more", "scores", lambda copy: copy.forge(ScoreChanged, score=more(1))),
    Corruption("a decision was made by a version that was not in force", "no decision by a version", p.a_decision_by_another_version),
    Corruption("a decision names no version of the policy", "no decision by a version", p.a_decision_by_no_version),
    Corruption("an order was promised by a version of another time", "what an order is promised", p.a_promise_by_a_later_version),
    Corruption("a certificate names a later version than its order", "what an order is promised", p.a_certificate_of_a_later_version),
    Corruption("a service keeps a version that does not count", "every service keeps", p.a_version_kept_that_does_not_count),
    Corruption("a service keeps other words of a version", "every service keeps", p.other_words_of_a_version),
    Corruption("a policy that does not count is refused twice by one service", "what does not count", p.a_policy_refused_twice),
    Corruption("a violation is noted with points that nobody told", "standings",
               lambda copy: copy.forge(ViolationNoted, points=10)),
    Corruption("a violation's points are forgotten in the sum", "standings",
               lambda copy: copy.forge(PointsChanged, points=0, violations=0)),
    Corruption("a study credit never counted", "standings", lambda copy: copy.lose(StudyNoted)),
    Corruption("a removal comes a day later than its points", "standings",
               lambda copy: copy.forge(SubjectSuspended, lambda fact: fact.cause == "points", effective_from=b.at("06-01 00:00"))),
    Corruption("a removal is not lifted when its points are gone", "standings",
               lambda copy: copy.lose(SubjectReinstated, lambda fact: fact.cause == "points")),
    Corruption("a suspension of level 2 lasts a day less", "standings",
               lambda copy: copy.forge(SubjectSuspended, lambda fact: fact.level == 2, until=b.at("06-18 10:10"))),
    Corruption("an order under a suspension is left open", "orders under a suspension", lambda copy: copy.lose(OrderClosed)),
    Corruption("a lost appeal is told as won", "standings", lambda copy: copy.forge(AppealEnded, lambda fact: not fact.won, won=True)),
    Corruption("a standing in the table has fewer points", "standings",
               lambda copy: copy.stored("standing", "seller:s9", lambda body: body.update(points=0))),
    Corruption("an account votes twice on one day", "votes", lambda copy: copy.repeat(VoteNoted)),
    Corruption("a vote goes to another promoter", "votes", lambda copy: copy.forge(VoteGiven, subject_id="promoter:k8")),
    Corruption("a vote counts as two", "votes", lambda copy: copy.forge(VoteCounted, of_day=more(1), in_all=more(1))),
    Corruption("a tally in the table is a vote more", "votes",
               lambda copy: copy.stored("poll", "promoter:k9", lambda body: body.update(votes=body["votes"] + 1))),
    Corruption("an item of evidence weighs one more", "scores", lambda copy: copy.forge(EvidenceFound, weight=more(1))),
    Corruption("an item of evidence is gone", "scores", lambda copy: copy.lose(EvidenceFound)),
    Corruption("an item of evidence is a day older", "scores", lambda copy: copy.forge(EvidenceFound, occurred_at=hours(-24))),
    Corruption("a tombstone strikes another item", "scores", p.a_tombstone_of_another_item),
    Corruption("P of a score is a millionth more", "scores", p.a_millionth_more_of_what_is_good),
    Corruption("a score is of another policy", "scores", lambda copy: copy.forge(ScoreChanged, rule_version="0")),
    Corruption("a tier is another", "tiers", lambda copy: copy.forge(TierChanged, tier="poor")),
    Corruption("a tier costs a day less", "tiers", lambda copy: copy.forge(TierChanged, escrow_days=more(-1))),
    Corruption("a tier begins an hour early", "tiers", lambda copy: copy.forge(TierChanged, effective_from=hours(-1))),
    Corruption("a change of a tier was never told", "tiers", lambda copy: copy.lose(TierChanged)),
    Corruption("a look passed over a day on which the score was another", "looks", p.a_look_at_another_day),
    Corruption("a fact is told again under its id", "no effect twice", p.a_fact_told_again_under_its_id),
    Corruption("a fact cannot be read", "every fact follows", lambda copy: copy.spoil(LineSettled)),
    Corruption("somebody else writes on a topic of ours", "what others put", p.a_record_of_somebody_else),
    Corruption("a number stands twice in a topic, in other words", "what stands in a topic twice", p.a_number_told_twice_with_other_words),
)
# fmt: on


Broken = dict[str, list[Check]]  # by corruption: the statements that do not hold


def planted() -> Broken:
    """Each in a copy of its own."""
    log, tables = log_of(town := market()), tables_of(town)
    found = {}
    for corruption in CORRUPTIONS:
        copy = Copy(replace(log, sent=[*log.sent], lanes=dict(log.lanes), copies=[], foreign=[], _of=defaultdict(list)), tables)
        corruption.plant(copy)
        found[corruption.name] = [check for check in copy.checks() if not check.holds]
    return found


def page(broken: Broken) -> str:
    rows = [("corruption", "found by", "first difference", "others"), ("---",) * 4]
    for corruption in CORRUPTIONS:
        found = broken[corruption.name]
        named = next(check for check in found if check.name.startswith(corruption.by))
        rows.append((corruption.name, named.name, f"`{_short(named.first)}`", str(len(found) - 1)))
    return HEAD + "\n" + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _short(line: str) -> str:
    line = line.replace("|", "/")
    return line if len(line) <= LINE_MAX else f"{line[:LINE_MAX]} …"


if __name__ == "__main__":
    PAGE.write_text(page(planted()), encoding="utf-8")
