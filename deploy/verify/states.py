"""States: refolded here, naively and only in what matters, and compared with what is stored. Sources: R2.1, R3.5, R4.2, R5.1."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from deploy.verify.log import Log
from deploy.verify.report import Check
from deploy.verify.tables import Place, Stored, Tables, Task
from shared.contracts.certificate import CertificateIssued
from shared.contracts.chargeback import ChargebackDebited, ChargebackEnded, ChargebackOverdue, ChargebackReceived, RefundHeld
from shared.contracts.dispute import CaseAppealed, CaseAppealEnded
from shared.contracts.handling import HandlingNoted, PayoutSettled
from shared.contracts.payment import (
    CompensationContradicted,
    CompensationDone,
    CompensationInstructed,
    CompensationNotPaid,
    CompensationOverdue,
    LineSettled,
    PayoutContradicted,
    PayoutDone,
    PayoutInstructed,
    PayoutOverdue,
    PayoutReturned,
    RefundContradicted,
    RefundDecided,
    RefundDone,
    RefundInstructed,
    RefundNotPaid,
    RefundOverdue,
    RefundRefused,
    RefundReserved,
    UnwantedReceived,
)
from shared.contracts.refund import CaseClosed, CaseFact, LineReduced, RefundGranted
from shared.contracts.trust import EvidenceCounted, EvidenceStruck, ScoreChanged

SILENT, REFUSED, BOTH, ENDLESS = "no answer", "not paid", "contradicted", "no end"
WAITS: Mapping[type[Any], tuple[str, str | None]] = {
    RefundOverdue: ("refund", SILENT),
    RefundNotPaid: ("refund", REFUSED),
    RefundContradicted: ("refund", BOTH),
    RefundDecided: ("refund", None),
    RefundDone: ("refund", None),
    CompensationOverdue: ("compensation", SILENT),
    CompensationNotPaid: ("compensation", REFUSED),
    CompensationContradicted: ("compensation", BOTH),
    CompensationDone: ("compensation", None),
    ChargebackOverdue: ("chargeback", ENDLESS),
    ChargebackEnded: ("chargeback", None),
    PayoutOverdue: ("payout", SILENT),
    PayoutDone: ("payout", None),
    PayoutReturned: ("payout", None),
    PayoutContradicted: ("payout", BOTH),
    PayoutSettled: ("payout", None),
}  # of which kind the fact is, and why its item waits for a person from then on


def checks(log: Log, tables: Tables) -> Iterator[Check]:
    yield _payments(log, tables.entities["payment"])
    yield _payouts(log, tables.entities["account"])
    yield _cases(log, tables.entities["purchase"])
    yield _tasks(log, tables.tasks)
    yield _attention(log, tables.attention)
    yield _evidence(log, tables)


def _payments(log: Log, stored: Mapping[str, Stored]) -> Check:
    check = Check("payments: every refund's, compensation's and chargeback's state, every line settled or not as stored")
    refunds: dict[str, dict[str, str]] = defaultdict(dict)
    compensations: dict[str, dict[str, str]] = defaultdict(dict)
    settled: dict[str, set[int]] = defaultdict(set)
    chargebacks: dict[str, dict[str, str]] = defaultdict(dict)
    states: tuple[tuple[Any, str], ...] = (
        (RefundHeld, "held"),
        (RefundReserved, "reserved"),
        (UnwantedReceived, "reserved"),
        (RefundRefused, "refused"),
        (RefundNotPaid, "failed"),
        (RefundDone, "done"),
    )
    for kind, state in states:  # in the order in which a refund goes through them
        for _, fact in log.of(kind):
            refunds[fact.order_id][fact.refund_id] = state
    paid: tuple[tuple[Any, str], ...] = (
        (CompensationInstructed, "instructed"),
        (CompensationNotPaid, "failed"),
        (CompensationDone, "done"),
    )
    for kind, state in paid:
        for _, fact in log.of(kind):
            compensations[fact.order_id][fact.compensation_id] = state
    for _, opened in log.of(ChargebackReceived):
        chargebacks[opened.order_id][opened.chargeback_id] = "open" if opened.answer_by is not None else "undecided"
    for _, silent in log.of(ChargebackOverdue):
        chargebacks[silent.order_id][silent.chargeback_id] = "undecided"
    for _, ended in log.of(ChargebackEnded):
        chargebacks[ended.order_id][ended.chargeback_id] = ended.outcome
    for _, line in log.of(LineSettled):
        settled[line.order_id].add(line.line_no)
    for key in sorted(stored.keys() | refunds.keys() | compensations.keys() | settled.keys()):
        body = stored[key].body if key in stored else {"refunds": {}, "lines": {}}
        states_now = {name: one["state"] for name, one in body.get("compensations", {}).items()}
        check.same(f"compensations of {key}", compensations.get(key, {}), states_now)
        disputes = {name: _dispute(one) for name, one in body.get("chargebacks", {}).items()}
        check.same(f"chargebacks of {key}", chargebacks.get(key, {}), disputes)
        known = {refund_id: refund["state"] for refund_id, refund in body["refunds"].items()}
        check.same(f"refunds of {key}", refunds.get(key, {}), known)
        done = {int(number) for number, line in body["lines"].items() if line["settled"]}
        check.same(f"settled lines of {key}", settled.get(key, set()), done)
    return check


def _dispute(stored: Mapping[str, Any]) -> str:
    """Open as long as the bank has time left, undecided after that."""
    return "undecided" if stored["state"] == "open" and not stored.get("answer_by") else str(stored["state"])


def _payouts(log: Log, stored: Mapping[str, Stored]) -> Check:
    """Answered ones may be forgotten, those under way never."""
    check = Check("payouts: every state as stored, none under way is forgotten")
    states: dict[str, dict[str, str]] = defaultdict(dict)
    told: tuple[tuple[Any, str], ...] = ((PayoutInstructed, "instructed"), (PayoutDone, "done"), (PayoutReturned, "returned"))
    for kind, state in told:
        for _, fact in log.of(kind):
            states[fact.party][fact.payout_id] = state
    for _, both in log.of(PayoutContradicted):
        states[both.party][both.payout_id] = "bounced" if both.bounced else "returned"
    for _, settled in log.of(PayoutSettled):
        states[settled.party][settled.payout_id] = "done" if settled.how == "paid" else "returned"
    for party in sorted(states.keys() | stored.keys()):
        known = {name: one["state"] for name, one in stored[party].body["payouts"].items()} if party in stored else {}
        kept = {name: state for name, state in states[party].items() if state == "instructed" or name in known}
        check.same(f"payouts of {party}", kept, known)
    return check


def _cases(log: Log, stored: Mapping[str, Stored]) -> Check:
    """By the last fact of each case; what was granted, by the last grant; its appeal, by the appeals."""
    check = Check("cases: state, whose turn, deadline, granted, appealed as stored")
    last: dict[str, dict[str, CaseFact]] = defaultdict(dict)
    granted: Counter[tuple[str, str]] = Counter()
    appeals: dict[tuple[str, str], tuple[str, bool | None]] = {}
    purchases = {fact.order_id for _, fact in log.of(CertificateIssued)}
    for entry in log.facts():
        if isinstance(entry.event, CaseFact):
            last[entry.event.order_id][entry.event.case_id] = entry.event
            if isinstance(entry.event, RefundGranted):
                granted[(entry.event.order_id, entry.event.case_id)] = entry.event.amount_minor
            elif isinstance(entry.event, CaseAppealed | CaseAppealEnded):
                won = entry.event.won if isinstance(entry.event, CaseAppealEnded) else None
                appeals[(entry.event.order_id, entry.event.case_id)] = (entry.event.side, won)
            elif isinstance(entry.event, CaseClosed):
                granted[(entry.event.order_id, entry.event.case_id)] = entry.event.refunded_minor
    reduced: dict[str, list[str]] = defaultdict(list)
    for _, cut in log.of(LineReduced):
        reduced[cut.order_id].append(cut.refund_id)
    for key in sorted(stored.keys() | purchases):
        body = stored[key].body if key in stored else {"cases": {}, "cancelled": []}
        check.same(f"cancelled units of {key}", reduced.get(key, []), body["cancelled"])
        check.same(f"cases of {key}", sorted(last.get(key, {})), sorted(body["cases"]))
        for case_id, fact in last.get(key, {}).items():
            case = body["cases"].get(case_id, {})
            deadline = fact.model_dump(mode="json")["deadline"]
            recomputed = (fact.state, fact.turn, deadline, granted[(key, case_id)], appeals.get((key, case_id)))
            appeal = (case["appeal"]["side"], case["appeal"]["won"]) if case.get("appeal") else None
            known = (case.get("state"), case.get("turn"), case.get("deadline"), case.get("granted_minor"), appeal)
            check.same(f"case {case_id} of {key} (state, turn, deadline, granted, appeal)", recomputed, known)
    return check


def _tasks(log: Log, stored: Mapping[Place, Task]) -> Check:
    """By the last fact of each case; of an appeal, by whether it has ended."""
    check = Check("the queue of cases: each task's state, turn and deadline as the last fact says, open until it ended")
    told: dict[Place, Task] = {}
    purchases = {fact.order_id for _, fact in log.of(CertificateIssued)}
    for entry in log.facts():
        if not isinstance(fact := entry.event, CaseFact) or fact.order_id not in purchases:
            continue
        told[fact.order_id, fact.case_id, "case"] = (fact.state, fact.turn, fact.deadline, fact.state not in (60, 70))
        if isinstance(fact, CaseAppealed):
            told[fact.order_id, fact.case_id, "appeal"] = (fact.state, "platform", fact.appeal_until, True)
        elif isinstance(fact, CaseAppealEnded):
            told[fact.order_id, fact.case_id, "appeal"] = (fact.state, "nobody", None, False)
    for place in sorted(told.keys() | stored.keys()):
        check.same(f"{place[2]} {place[1]} of {place[0]} (state, turn, deadline, open)", told.get(place), stored.get(place))
    return check


def _attention(log: Log, stored: Mapping[Place, str]) -> Check:
    """By the last fact of each refund, compensation, chargeback and payout that says whether a person is to look at it."""
    check = Check("what waits for a person: each item that was refused or not answered, until its end, as monitoring counts it")
    told: dict[Place, str | None] = {}
    for entry in log.facts():
        fact: Any = entry.event
        if type(fact) in WAITS:
            kind, why = WAITS[type(fact)]
            told[fact.key, kind, getattr(fact, f"{kind}_id")] = why
        elif isinstance(fact, ChargebackDebited):
            told[fact.key, "chargeback", fact.chargeback_id] = "excess" if fact.excess_minor else None
        elif isinstance(fact, HandlingNoted):
            told[fact.key, fact.of, fact.item_id] = None
        elif isinstance(fact, RefundInstructed) and fact.answer_by is None:
            told[fact.key, "refund", fact.refund_id] = SILENT
        elif isinstance(fact, PayoutInstructed) and fact.answer_by is None:
            told[fact.key, "payout", fact.payout_id] = SILENT
        elif isinstance(fact, ChargebackReceived) and fact.answer_by is None:
            told[fact.key, "chargeback", fact.chargeback_id] = ENDLESS
    for place in sorted(told.keys() | stored.keys()):
        check.same(f"{place[1]} {place[2]} of {place[0]}", told.get(place), stored.get(place))
    return check


def _evidence(log: Log, tables: Tables) -> Check:
    """Each item once; a subject's scores count all its items but those voided, and their day buckets hold exactly their weight."""
    check = Check("evidence: each item counted once, in its subject's score")
    items: Counter[str] = Counter()
    weight: Counter[tuple[str, str]] = Counter()
    counts: Counter[str] = Counter()
    voided = {one.evidence_id for _, one in log.of(EvidenceStruck)}
    for entry, item in log.of(EvidenceCounted):
        items[item.evidence_id] += 1
        check.that(items[item.evidence_id] == 1, f"{entry}: {item.evidence_id} is counted again")
        if item.evidence_id in voided:
            continue
        counts[item.subject_id] += 1
        for dimension in item.dimensions:
            weight[(item.subject_id, dimension)] += abs(item.weight)
    check.same("items", sorted(items.keys() | voided), sorted(tables.entities["item"]))
    bucketed: Counter[tuple[str, str]] = Counter()
    grouped: Counter[tuple[str, str, str, str]] = Counter()
    shown: dict[str, tuple[int, int]] = {}
    for _, score in log.of(ScoreChanged):
        shown[score.subject_id] = (score.score, score.items)
        for bucket in score.added:
            bucketed[(score.subject_id, bucket.dimension)] += bucket.weight
            if bucket.group:
                grouped[(score.subject_id, bucket.dimension, str(bucket.group), bucket.day)] += bucket.weight
    for subject, (score_shown, count) in shown.items():
        check.that(count == counts[subject], f"{subject}: its score counts {count} items, its evidence is {counts[subject]}")
        row = tables.entities["score"].get(subject)
        check.same(f"score of {subject}", (score_shown, count), (row.body["shown"], row.body["items"]) if row else None)
    stored = _groups(tables)
    for regular in sorted(grouped.keys() | stored.keys()):
        check.same(f"group of a counterparty {regular}", grouped[regular], stored.get(regular, 0))
    for place in weight.keys() | bucketed.keys():
        check.that(weight[place] == bucketed[place], f"{place[0]}, {place[1]}: buckets hold {bucketed[place]}, its items {weight[place]}")
    return check


def _groups(tables: Tables) -> dict[tuple[str, str, str, str], int]:
    """|weight| as stored, by subject, dimension, group and day."""
    return {
        (key.partition("/")[0], dimension, group, day): weight
        for key, row in tables.entities["groups"].items()
        for dimension, buckets in row.body["buckets"].items()
        for group, days in buckets["grouped"].items()
        for day, weight in days.items()
    }
