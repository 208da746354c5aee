"""Whether a buyer has a trust card, and if not, why and until when: for `laotie standing buyer:ID`. Source: R4.7."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg

from deploy.cli.plain import local
from shared.policy import Policy

HOLDER = "SELECT body::text FROM trust.holder WHERE key = $1"
PERSON = "SELECT body::text FROM trust.person WHERE key = $1"
SCORE = "SELECT body::text FROM trust.score WHERE key = $1"
FOUND = {"false_claim": "a claim was found to be false", "swapped_parcel": "the parcel that came back was swapped", "": "abuse was upheld"}


async def read(connection: asyncpg.Connection, subject: str) -> tuple[Mapping[str, Any], Mapping[str, Any], Mapping[str, Any]]:
    """What trust keeps of the buyer, of the person that it is, and of its score; empty where that is nothing."""
    holder, score = [json.loads(await connection.fetchval(query, subject) or "{}") for query in (HOLDER, SCORE)]
    person = await connection.fetchval(PERSON, holder.get("cluster") or subject.partition(":")[2])
    return holder, json.loads(person or "{}"), score


def data(
    subject: str, holder: Mapping[str, Any], person: Mapping[str, Any], score: Mapping[str, Any], policy: Policy, now: datetime
) -> dict[str, Any]:
    """By the policy in force: what a claim made now would be judged by. elsewhere: cards of other accounts of the same person."""
    buyer, terms, mine = subject.partition(":")[2], policy.trust, holder.get("card_id")
    upheld = {name: (one["buyer_id"], one["finding"], one["at"]) for name, one in person.get("abuses", {}).items() if not one["voided"]}
    upheld = {name: (buyer, "", at) for name, at in holder.get("abuses", {}).items() if name not in person.get("abuses", {})} | upheld
    abuses = [_abuse(name, *one, terms.card_clean_days) for name, one in upheld.items()]
    shown = score.get("shown", terms.score_at_start)
    elsewhere = [card for card in person.get("cards", ()) if card != mine]
    free = mine is None and not elsewhere and shown >= terms.card_score_min
    return {
        "subject": subject,
        "card_id": mine,
        "granted_at": holder.get("granted_at"),
        "elsewhere": elsewhere,
        "score": shown,
        "score_needed": terms.card_score_min,
        "abuses": sorted(abuses, key=lambda one: (one["at"], one["case_id"])),
        "may_claim": free and all(datetime.fromisoformat(one["until"]) <= now for one in abuses),
    }


def lines(told: Mapping[str, Any], zone: ZoneInfo) -> Iterator[str]:
    buyer = told["subject"].partition(":")[2]
    holds = f"holds trust card {told['card_id']} since {local(told['granted_at'], zone)}" if told["card_id"] else "no trust card"
    claims = ", may claim one now" if told["may_claim"] else ""
    yield f"{told['subject']}: {holds}{claims}, times in {zone.key} [R4.7]"
    for one in told["abuses"]:
        whose = "" if one["buyer_id"] == buyer else f", by another account of the same person, {one['buyer_id']}"
        where = f"case {one['case_id']}" + (f" of order {one['order_id']}" if one["order_id"] else "")
        yield f"{local(one['at'], zone)}  {FOUND[one['finding']]}: {where}{whose}; no card until {local(one['until'], zone)}"
    for card in told["elsewhere"]:
        yield f"another account of the same person holds card {card}"
    yield f"score {told['score']}, a card takes {told['score_needed']}"


def _abuse(name: str, buyer_id: str, finding: str, at: str, clean_days: int) -> dict[str, Any]:
    order_id, _, case_id = name.rpartition("/")
    until = datetime.fromisoformat(at) + timedelta(days=clean_days)
    return {"order_id": order_id, "case_id": case_id, "buyer_id": buyer_id, "finding": finding, "at": at, "until": until.isoformat()}
