"""What became of each order, read from the services' facts as an outsider reads them, against what the market expects of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from deploy.market.clients import Read
from deploy.market.expected import Expected, Score
from deploy.market.governed import Governed
from deploy.market.life import Life
from deploy.market.market import ROOM, Market

TOPICS = ("order.v1", "payment.v1", "refund.v1", "party.v1", "trust.v1")
ONCE = {  # the business key that each of these happens at most once for
    ("order.v1", "order.accepted"): ("order_id",),
    ("order.v1", "order.paid"): ("order_id",),
    ("order.v1", "order.expired"): ("order_id",),
    ("order.v1", "order.cancelled"): ("order_id",),
    ("order.v1", "shipping.late"): ("compensation_id",),
    ("order.v1", "shipping.sham"): ("compensation_id",),
    ("order.v1", "order.under_suspension"): ("order_id", "subject_id"),
    ("order.v1", "line.settled"): ("order_id", "line_no"),
    ("payment.v1", "escrow.funded"): ("order_id",),
    ("payment.v1", "unwanted.received"): ("payment_id",),
    ("payment.v1", "refund.instructed"): ("refund_id",),
    ("payment.v1", "refund.done"): ("refund_id",),
    ("payment.v1", "chargeback.received"): ("order_id", "chargeback_id"),
    ("payment.v1", "chargeback.ended"): ("order_id", "chargeback_id"),
    ("payment.v1", "compensation.instructed"): ("compensation_id",),
    ("payment.v1", "compensation.done"): ("compensation_id",),
    ("payment.v1", "line.settled"): ("order_id", "line_no"),
    ("refund.v1", "certificate.issued"): ("order_id",),
    ("refund.v1", "refund.granted"): ("refund_id",),
    ("refund.v1", "first_order.used"): ("order_id",),
    ("refund.v1", "case.closed"): ("case_id", "code"),  # again after an appeal that was won
    ("refund.v1", "compensation.granted"): ("compensation_id",),
    ("refund.v1", "reimbursement.granted"): ("reimbursement_id",),
    ("payment.v1", "seller.reimbursed"): ("reimbursement_id",),
    ("trust.v1", "vote.counted"): ("vote_id",),
    ("party.v1", "balance.credited"): ("party", "order_id", "line_no", "amount_minor"),  # its share, and what an appeal brought
    ("party.v1", "balance.debited"): ("charge_id",),
    ("party.v1", "subsidy.drawn"): ("charge_id",),
    ("party.v1", "subsidy.restored"): ("return_id",),
    ("party.v1", "payout.instructed"): ("payout_id",),
    ("party.v1", "payout.done"): ("payout_id",),
}
DRAWN = ("balance.debited", "subsidy.drawn")  # from what the party has, so the postings say what came before
BROKEN = {
    "break.found": "{order_id}: {break_kind} of {movement} {reference}",
    "payout.break_found": "{party}: {break_kind} of payout {payout_id}",
    "put_in.break_found": "{party}: {break_kind} of {movement} {reference}",
}


@dataclass(slots=True)
class Found:
    """credited, charged: by party and currency; waiting: of the charged, not taken yet; delayed: charges that ever waited.

    deposited, prefunded: what came in for deposits and for subsidies, by party and currency; given: subsidies, less what came back.
    withdrawals: by id, paid or refused. orders: by id. doubled: effects that happened twice, one line each. payments: ids of those
    that an order learnt of, and of chargebacks. breaks: found by statements, by id; standing: of these, not explained since.
    """

    orders: dict[str, Expected] = field(default_factory=dict)
    credited: Counter[tuple[str, str]] = field(default_factory=Counter)
    charged: Counter[tuple[str, str]] = field(default_factory=Counter)
    waiting: Counter[tuple[str, str]] = field(default_factory=Counter)
    deposited: Counter[tuple[str, str]] = field(default_factory=Counter)
    prefunded: Counter[tuple[str, str]] = field(default_factory=Counter)
    given: Counter[tuple[str, str]] = field(default_factory=Counter)
    withdrawals: dict[str, str] = field(default_factory=dict)
    delayed: set[str] = field(default_factory=set)
    scores: dict[str, Score] = field(default_factory=dict)
    governed: Governed = field(default_factory=Governed)
    doubled: list[str] = field(default_factory=list)
    payments: set[str] = field(default_factory=set)
    breaks: dict[str, str] = field(default_factory=dict)
    standing: dict[str, str] = field(default_factory=dict)
    facts: int = 0


def once(records: Iterable[Read]) -> list[Read]:
    """A copy of a record that the relay sent twice left out, by its sequence; a parked copy also carries that of its original."""
    places: dict[tuple[str, int, str], Read] = {}
    for record in records:
        sequence = record.headers.get("x-sequence") or record.headers.get("ce_sequence", "")
        places.setdefault((record.topic, record.partition, sequence), record)
    return list(places.values())


def told(records: Iterable[Read], aside: Container[str]) -> list[str]:
    """One line of JSON for each fact and each refusal, sorted: where, what, about what, under which id, why, when, which money.

    Left out is what says which order came first to a party or a subject: places, versions, the balance, the score and the tier on the
    way, what debt, deposit or clawback took of which income. aside: keys of orders that contend for the same units.
    """
    records, money = list(records), ("occurred_at", "amount_minor", "moves")
    return _tiers(records) + sorted(
        json.dumps(
            [record.topic, record.type, record.key, record.headers.get("ce_id"), record.headers.get("x-reason")]
            + [(record.body or {}).get(name) for name in money if name != "moves" or record.type not in DRAWN],
            ensure_ascii=False,
        )
        for record in records
        if record.key not in aside and not _on_the_way(record)
    )


def _on_the_way(record: Read) -> bool:
    """It depends on what came to the party or the subject just before: also whether a look at the day's beginning finds another score."""
    body = record.body or {}
    clawback = record.type == "balance.debited" and body.get("reason") == "clawback"
    looked = record.type == "score.changed" and not body.get("added")
    return clawback or looked or record.type in ("debt.repaid", "deposit.filled", "clawback.delayed", "tier.changed")


def _tiers(records: Iterable[Read]) -> list[str]:
    """One line for each subject whose tier is not that which it began with."""
    first, last = dict[str, str](), dict[str, str]()
    for record in records:
        if record.type == "tier.changed" and record.body:
            first.setdefault(record.key, record.body["before"])
            last[record.key] = record.body["tier"]
    return [json.dumps(["tier", key, tier]) for key, tier in sorted(last.items()) if tier != first[key]]


def read(records: Iterable[Read]) -> Found:
    """records: all of TOPICS, each partition in order, none twice."""
    found, happened, ids, paid = Found(), Counter[str](), Counter[str](), dict[str, dict[int, int]]()
    for record in records:
        if record.body is None:
            continue
        found.facts += 1
        ids[f"{record.topic} {record.type} {record.headers.get('ce_id')}"] += 1
        key = ONCE.get((record.topic, record.type))
        if key is not None:
            happened[f"{record.topic} {record.type} {' '.join(str(record.body[name]) for name in key)}"] += 1
        if record.type in BROKEN:
            found.breaks[record.body["break_id"]] = found.standing[record.body["break_id"]] = BROKEN[record.type].format(**record.body)
        elif record.type in ("break.explained", "payout.break_explained", "put_in.break_explained"):
            found.standing.pop(record.body["break_id"], None)
        _take(found, paid, record, record.body)
    found.doubled = sorted(line for line, count in (happened + ids).items() if count > 1)
    for order_id, order in found.orders.items():
        if order_id in paid:
            order.state = _state(order, paid[order_id])
    return found


def differences(market: Market, found: Found) -> list[str]:
    """One line for each thing that is not as the market expects it."""
    lines = _contests(market, found)
    lines += [line for one in found.governed.compared(market) for line in _counts(*one)]
    for life in market.lives:
        order_id = life.cart.order_id
        lines += _compared(f"{order_id} ({life.fate})", expected_of(life, found), found.orders.get(order_id, Expected()))
    strangers = found.orders.keys() - {life.cart.order_id for life in market.lives}
    lines += [f"{order_id}: nobody placed it" for order_id in sorted(strangers)]
    credited, charged, given = Counter[tuple[str, str]](), Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    withdrawals, items = dict[str, str](), Counter[str]()
    for life in market.lives:
        currency = life.cart.currency
        for line_no, shares in life.expected.lines.items():
            item = life.cart.items[line_no - 1]
            credited[(item.seller_id, currency)] += shares[0]
            credited[(item.promoter_id or "", currency)] += shares[1]
        credited.update({(party, currency): amount for party, amount in life.reimbursed.items()})
        charged.update({(party, currency): amount for party, amount in life.charged.items()})
        given.update({(party, currency): amount for party, amount in life.given.items()})
        withdrawals |= life.withdrawals
    lines += _counts("credited to", _nonzero(credited), found.credited)
    lines += _counts("charged to", charged, _nonzero(found.charged))
    lines += _counts("subsidies of", _nonzero(given), _nonzero(found.given))
    lines += _counts("withdrawal", withdrawals, found.withdrawals)
    for said, count in market.evidence.items():
        items[said.partition("/")[0]] += count
    return lines + _counts("evidence of", items, {subject: score.items for subject, score in found.scores.items()})


def expected_of(life: Life, found: Found) -> Expected:
    """An order that contended for units, and came too late, is rejected."""
    actual = found.orders.get(life.cart.order_id)
    return Expected(state="rejected") if life.contest and actual and actual.state == "rejected" else life.expected


def _contests(market: Market, found: Found) -> list[str]:
    """Who is first wins; nobody else, and nobody is left out while something is left. Source: R2.7."""
    lines = []
    for contest, lives in sorted(market.contests.items()):
        won = sum(expected_of(life, found) is life.expected for life in lives)
        room = min(ROOM[lives[0].first.sku], len(lives))
        lines += [f"{contest}: {won} of {len(lives)} orders have it, expected {room}"] if won != room else []
    return lines


def _take(found: Found, paid: dict[str, dict[int, int]], record: Read, body: Mapping[str, Any]) -> None:
    if record.topic == "trust.v1":
        if record.type == "score.changed":
            found.scores[record.key] = Score(body["score"], body["new"], body["items"])
        found.governed.take(record, body)
    elif record.topic == "party.v1":
        _of_party(found, record, body)
    else:
        _of_order(found, paid, record, body)


def _of_party(found: Found, record: Read, body: Mapping[str, Any]) -> None:
    """A clawback is charged once it is known, and waits until it is taken."""
    place = (record.key, str(body.get("currency")))
    match record.type:
        case "balance.credited":
            found.credited[place] += body["amount_minor"]
        case "deposit.received":
            found.deposited[place] += body["amount_minor"]
        case "prefund.received":
            found.prefunded[place] += body["amount_minor"]
        case "subsidy.drawn":
            found.given[place] += body["amount_minor"]
        case "subsidy.restored":
            found.given[place] -= body["amount_minor"]
        case "clawback.delayed" if body["charge_id"] not in found.delayed:
            found.delayed.add(body["charge_id"])
            found.charged[place] += body["amount_minor"]
            found.waiting[place] += body["amount_minor"]
        case "balance.debited" if body["charge_id"] in found.delayed:
            found.waiting[place] -= body["amount_minor"]
        case "balance.debited":
            found.charged[place] += body["amount_minor"]
        case "withdrawal.refused":
            found.withdrawals[body["withdrawal_id"]] = "refused"
        case "payout.instructed" if body["withdrawal_id"]:
            found.withdrawals[body["withdrawal_id"]] = "paid"


def _of_order(found: Found, paid: dict[str, dict[int, int]], record: Read, body: Mapping[str, Any]) -> None:
    order = found.orders.setdefault(record.key, Expected())
    for posting in (body.get("moves") or {}).get("postings", ()):
        if posting["account"] == f"escrow:{record.key}":
            order.escrow_minor += posting["amount_minor"]
        elif posting["account"] == "platform:guarantee_fund":
            order.fund_minor -= posting["amount_minor"]
    match (record.topic, record.type):
        case ("order.v1", "order.rejected" | "order.expired" | "order.cancelled"):
            order.state = record.type.removeprefix("order.")
        case ("order.v1", "order.under_suspension"):
            order.listed = True
        case ("order.v1", "order.paid"):
            found.payments.add(body["payment_id"])
            order.captured_minor += body["amount_minor"]
            paid[record.key] = {line["line_no"]: line["paid_minor"] for line in body["lines"]}
        case ("payment.v1", "unwanted.received"):
            found.payments.add(body["payment_id"])
            order.captured_minor += body["amount_minor"]
        case ("payment.v1", "refund.done"):
            order.returned_minor += body["amount_minor"]
            if body["line_no"] is not None:
                order.refunds[body["line_no"]] = order.refunds.get(body["line_no"], 0) + body["amount_minor"]
        case ("payment.v1", "chargeback.received"):
            found.payments.add(body["chargeback_id"])
        case ("payment.v1", "chargeback.ended"):
            order.charged_back_minor += body["taken_minor"]
        case ("payment.v1", "compensation.done"):
            order.compensated[body["payer"]] = order.compensated.get(body["payer"], 0) + body["amount_minor"]
        case ("payment.v1", "line.settled"):
            order.lines[body["line_no"]] = (body["seller_minor"], body["promoter_minor"], body["platform_minor"])
        case ("refund.v1", "case.opened"):
            order.cases[body["case_id"]] = ""
        case ("refund.v1", "case.closed"):
            order.cases[body["case_id"]] = body["code"]


def _state(order: Expected, paid: Mapping[int, int]) -> str:
    """paid: by line number."""
    if any(line_no not in order.lines and order.refunds.get(line_no, 0) < amount for line_no, amount in paid.items()):
        return "held"
    return "settled" if order.lines else "closed"


def _compared(what: str, expected: Expected, actual: Expected) -> list[str]:
    return [
        f"{what}: {one.name} is {getattr(actual, one.name)!r}, expected {getattr(expected, one.name)!r}"
        for one in fields(Expected)
        if getattr(actual, one.name) != getattr(expected, one.name)
    ]


def _counts(what: str, expected: Mapping[Any, int | str], actual: Mapping[Any, int | str]) -> list[str]:
    return [
        f"{what} {key}: {actual.get(key, 0)}, expected {expected.get(key, 0)}"
        for key in sorted(expected.keys() | actual.keys(), key=str)
        if actual.get(key, 0) != expected.get(key, 0)
    ]


def _nonzero(counter: Counter[tuple[str, str]]) -> dict[tuple[str, str], int]:
    return {key: amount for key, amount in counter.items() if amount}
