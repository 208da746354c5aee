"""Nothing of ours is lost, nothing stands there twice, every fact is of the contract and is the next of its entity."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from deploy.verify.log import TOPICS, Entry, Log
from deploy.verify.report import Check
from deploy.verify.tables import Tables

# The entity that a fact changes: the type, or the topic where all else on it changes one sort of entity -> table and key.
ENTITIES: dict[str, tuple[str, Callable[[Any], str]]] = {
    "order.v1": ("order", lambda fact: fact.order_id),
    "payment.v1": ("payment", lambda fact: fact.order_id),
    "party.v1": ("account", lambda fact: fact.party),
    "refund.v1": ("purchase", lambda fact: fact.order_id),
    "parcel.noted": ("purchase", lambda fact: fact.order_id),
    "waybill.used": ("waybill", lambda fact: f"{fact.carrier}/{fact.waybill}"),
    **dict.fromkeys(("score.changed", "score.looked", "tier.changed"), ("score", lambda fact: fact.subject_id)),
    **dict.fromkeys(("evidence.counted", "evidence.struck"), ("item", lambda fact: fact.evidence_id)),
    "evidence.listed": ("newest", lambda fact: f"{fact.subject_id}/{abs(fact.weight)}"),
    "groups.weighed": ("groups", lambda fact: f"{fact.subject_id}/{fact.row}"),
    "counterparty.weighed": ("counterparty", lambda fact: f"{fact.subject_id}/{fact.counterparty}"),
    **dict.fromkeys(
        ("card.granted", "card.refused", "card.revoked", "abuse.noted", "abuse.voided", "member.noted", "voter.noted"),
        ("holder", lambda fact: fact.subject_id),
    ),
    **dict.fromkeys(("person.card", "person.abuse"), ("person", lambda fact: fact.cluster)),
    "card.noted": ("card", lambda fact: fact.card_id),
    "score.noted": ("buyer", lambda fact: fact.buyer_id),
    **dict.fromkeys(
        (
            *("subject.suspended", "subject.reinstated", "violation.noted", "study.noted"),
            *("points.changed", "appeal.opened", "appeal.ended"),
        ),
        ("standing", lambda fact: fact.subject_id),
    ),
    "vote.noted": ("ballot", lambda fact: f"{fact.voter}/{fact.day}"),
    "vote.tallied": ("tally", lambda fact: f"{fact.subject_id}/{fact.day}"),
    "vote.counted": ("poll", lambda fact: fact.subject_id),
    **dict.fromkeys(
        ("allotment.reviewed", "allotment.sized", "allotment.taken", "allotment.released"),
        ("allotment", lambda fact: f"{fact.campaign_id}/{fact.sku}"),
    ),
    **dict.fromkeys(
        ("limit.taken", "limit.released", "limit.moved", "cluster.merged", "cluster.grew"), ("cluster", lambda fact: fact.cluster)
    ),
    "member.assigned": ("member", lambda fact: fact.buyer_id),
    "member.known": ("known_member", lambda fact: fact.buyer_id),
    **dict.fromkeys(
        ("first_order.counted", "first_order.marked", "first_order.used", "first_order.elsewhere", "cluster.enlarged"),
        ("known_cluster", lambda fact: fact.cluster),
    ),
    **dict.fromkeys(("fund.drawn", "fund.stopped"), ("fund", lambda fact: f"{fact.day}/{fact.currency}")),
    "token.held": ("token", lambda fact: f"{fact.kind}:{fact.token}"),
    "hold.noted": ("purchase", lambda fact: fact.order_id),
    **dict.fromkeys(
        ("suspension.noted", "suspension.lifted", "tier.noted", "orders.reached"), ("suspension", lambda fact: fact.subject_id)
    ),
    "order.remembered": ("recent", lambda fact: f"{fact.subject_id}/{int(fact.occurred_at.timestamp())}"),
}
CHANGES_NOTHING = ("first_order.doubled", "score.explained")  # told to everyone, of nobody's state
SPREAD = (
    "allotment",
    "cluster",
    "purchase",
    "holder",
    "person",
    "known_cluster",
    "fund",
    "score",
    "standing",
)  # their facts lie in several lanes
ENGINE = "engine."  # types with which the engine reminds itself


def checks(log: Log, tables: Tables) -> Iterator[Check]:
    yield _dense(log, tables)
    yield _given_out(log, tables)
    yield _copies_equal(log)
    yield _of_the_contract(log)
    yield _ids_once(log)
    yield _versions(log, tables)


def _dense(log: Log, tables: Tables) -> Check:
    """A lane begins at 1, or where the topic was shortened."""
    check = Check("no gap: every number of every lane is in its topic")
    for lane, last in sorted(tables.lanes.items()):
        numbers = [entry.sequence or 0 for entry in log.lanes.get(lane, ())]
        first = numbers[0] if numbers and log.starts[lane] > 0 else 1
        expected = range(first, last + 1)
        check.counted += len(expected)
        if len(numbers) != len(expected):
            missing = sorted(set(expected) - set(numbers))
            check.differ(f"{lane[0]}/{lane[1]}: {len(missing)} of {first} to {last} are missing, the first is {min(missing, default=0)}")
    return check


def _given_out(log: Log, tables: Tables) -> Check:
    """Ours that a database restored from an older copy does not know any more, or of a stranger who forged the source as well. Copies
    have a number from before.
    """
    check = Check("no number in a topic is above the last that its service gave out", counted=len(tables.lanes))
    for entry in log.ahead:
        last = tables.lanes.get((entry.topic, entry.partition), 0)
        check.differ(f"{entry}: number {entry.sequence}, the last given out was {last}")
    return check


def _copies_equal(log: Log) -> Check:
    check = Check("what stands in a topic twice is twice the same")
    for first, copy in log.copies:
        check.that((first.key, first.value, first.id) == (copy.key, copy.value, copy.id), f"{copy}: number {copy.sequence} was {first}")
    return check


def _of_the_contract(log: Log) -> Check:
    check = Check("every fact follows the contract")
    for entry in log.facts():
        if not entry.type.startswith(ENGINE):
            known = entry.event is not None and entry.event.key.encode() == entry.key
            if check.fails(known):
                check.differ(f"{entry}: not of the contract, or under another key than its own")
    return check


def _ids_once(log: Log) -> Check:
    """A deadline may be sent twice under one id: when it fires it stands, or it is dropped."""
    check = Check("no effect twice: every fact id once")
    seen: dict[str, Entry] = {}
    for entry in log.facts():
        if not entry.topic.endswith(".timer.v1"):
            first = seen.setdefault(entry.id, entry)
            if check.fails(first is entry):
                check.differ(f"{entry}: its id {entry.id} is also that of {first}")
    return check


def _versions(log: Log, tables: Tables) -> Check:
    """Entities whose facts begin after a topic was shortened are compared by their last version alone. Those of one entity that lie in one
    lane lie there in order, be there others elsewhere: whoever writes them has locked the entity before.
    """
    check = Check("every entity is its facts: versions dense, as many as stored")
    versions: dict[tuple[str, str], list[int]] = {}
    before: dict[tuple[str, str, str, int], int] = {}
    for entry in log.facts():
        place = ENTITIES.get(entry.type) or ENTITIES.get(entry.topic)
        if place is not None and entry.type not in CHANGES_NOTHING and entry.event is not None and TOPICS[entry.topic].own:
            entity, version = (place[0], place[1](entry.event)), int(entry.header("ce_entityversion") or 0)
            versions.setdefault(entity, []).append(version)
            if place[0] in SPREAD:
                last = before.get(there := (*entity, entry.topic, entry.partition), 0)
                check.that(last < version, f"{entry}: version {version} of {' '.join(entity)} behind its version {last}")
                before[there] = version
    for (kind, key), found in versions.items():
        if kind in SPREAD:
            found.sort()
        dense = list(range(found[0], found[0] + len(found)))
        stored = tables.entities[kind].get(key)
        check.same(f"{kind} {key}", found[-1], stored.version if stored else 0)
        if found != dense or (found[0] != 1 and not any(log.starts.values())):
            check.differ(f"{kind} {key}: versions in the topics are {found}")
    for kind, rows in tables.entities.items():
        strays = [key for key in rows if (kind, key) not in versions]
        if strays and not any(log.starts.values()):
            check.differ(f"{kind} {strays[0]}: stored, and no fact tells of it")
    return check
