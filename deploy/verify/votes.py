"""Votes for sincere streamers: one an account and identity and local day, all counted, evidence of nothing. Source: R6.3."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from deploy.verify.log import Entry, Log
from deploy.verify.persons import in_order
from deploy.verify.report import Check
from deploy.verify.tables import Tables
from shared.contracts.card import MemberNoted
from shared.contracts.identity import MemberJoined
from shared.contracts.member import VoteCast
from shared.contracts.trust import EvidenceFound, ScoreChanged
from shared.contracts.vote import VoteCounted, VoteGiven, VoteNoted, VoterNoted
from shared.policy import Policies

REMEMBERED = 31  # days of an account that it brings to an identity


def checks(log: Log, tables: Tables, policies: Policies) -> Iterator[Check]:
    check = Check("votes: one an account, identity and local day, never for oneself, each counted once, evidence of nothing")
    cast: defaultdict[str, list[VoteCast]] = defaultdict(list)  # an id may have come with several bodies
    for entry, vote in log.of(VoteCast):
        cast[entry.id].append(vote)
    clusters: defaultdict[str, set[str]] = defaultdict(set)
    for _, joined in log.of(MemberJoined):
        clusters[joined.buyer_id].add(joined.cluster)
    voters = _voters(log, check)
    given: dict[str, VoteGiven] = {}
    for entry, fact in log.of(VoteGiven):
        given[entry.id] = fact
        sent = next((one for one in cast.get(entry.header("ce_causationid"), ()) if one.vote_id == fact.vote_id), None)
        if sent is None:
            check.that(False, f"{entry}: nobody cast {fact.vote_id}")
            continue
        day = sent.occurred_at.astimezone(ZoneInfo(policies.at(sent.occurred_at).zone)).date().isoformat()
        told = (f"promoter:{sent.promoter_id}", sent.vote_id, day)
        check.that((fact.subject_id, fact.vote_id, fact.day) == told, f"{entry}: cast was {told}")
        check.that(sent.buyer_id != sent.promoter_id, f"{entry}: {sent.buyer_id} votes for itself")
        known = voters[entry.header("ce_causationid")]
        allowed = {sent.buyer_id, *clusters[sent.buyer_id]}
        right = sent.buyer_id in known and known <= allowed and len(known) <= 2
        check.that(right, f"{entry}: the vote of {sent.buyer_id} is noted of {sorted(known)}")
    _brought(log, check)
    _counted(log, tables, check, given)
    votes = {*cast, *given}
    for entry in _evidence(log):
        if check.fails(entry.header("ce_causationid") not in votes):
            check.differ(f"{entry}: a vote is no evidence")
    yield check


def _voters(log: Log, check: Check) -> defaultdict[str, set[str]]:
    """Of whom each vote is noted, by the id of its event; nobody twice on one day."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    seen: set[tuple[str, str]] = set()
    for entry, noted in log.of(VoteNoted):
        check.that((noted.voter, noted.day) not in seen, f"{entry}: {noted.voter} votes again on {noted.day}")
        seen.add((noted.voter, noted.day))
        found[entry.header("ce_causationid")].add(noted.voter)
    return found


def _brought(log: Log, check: Check) -> None:
    """What an account voted is noted of each identity that it was of then, or came to be of, whenever that was told."""
    noted = {(fact.voter, fact.day) for _, fact in log.of(VoteNoted)}
    cast = {(entry.header("ce_causationid"), fact.day) for entry, fact in log.of(VoterNoted)}
    told = {(entry.header("ce_causationid"), fact.day) for entry, fact in log.of(VoteGiven)}
    check.that(cast <= told, f"nobody gave {sorted(cast - told)[:3]}")
    days: defaultdict[str, set[str]] = defaultdict(set)
    person: dict[str, str] = {}
    for entry in in_order(log, MemberNoted, VoterNoted):
        fact: Any = entry.event
        if isinstance(fact, VoterNoted):
            days[fact.subject_id].add(fact.day)
            matter = [fact.day]
        else:
            person[fact.subject_id] = fact.cluster
            matter = sorted(days[fact.subject_id])[-REMEMBERED:]
        voter = person.get(fact.subject_id, fact.subject_id.removeprefix("buyer:"))
        missing = [day for day in matter if (voter, day) not in noted]
        check.that(not missing, f"{entry}: {voter} has not had the votes of {missing}")


def _counted(log: Log, tables: Tables, check: Check, given: dict[str, VoteGiven]) -> None:
    """Each time one more, of the day and in all, as stored."""
    days: Counter[tuple[str, str]] = Counter()
    in_all: Counter[str] = Counter()
    for entry, fact in log.of(VoteCounted):
        cause = given.get(entry.header("ce_causationid"))
        right = cause is not None and (cause.subject_id, cause.vote_id, cause.day) == (fact.subject_id, fact.vote_id, fact.day)
        check.that(right, f"{entry}: counts {cause}")
        days[(fact.subject_id, fact.day)] += 1
        in_all[fact.subject_id] += 1
        told = (fact.of_day, fact.in_all)
        count = (days[(fact.subject_id, fact.day)], in_all[fact.subject_id])
        check.that(told == count, f"{entry}: {fact.subject_id} has {count} votes on {fact.day} and in all, told was {told}")
    check.same("votes by day", {"/".join(place): count for place, count in days.items()}, _stored(tables, "tally"))
    check.same("votes in all", dict(in_all), _stored(tables, "poll"))


def _stored(tables: Tables, kind: str) -> dict[str, int]:
    return {key: row.body["votes"] for key, row in tables.entities[kind].items()}


def _evidence(log: Log) -> Iterator[Entry]:
    yield from (entry for entry, _ in log.of(EvidenceFound))
    yield from (entry for entry, _ in log.of(ScoreChanged))
