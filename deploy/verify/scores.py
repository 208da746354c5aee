"""Every score, tier and look that was ever told, computed again item by item from the evidence in the topics. Source: R5.1-R5.7.

What trust found stands in its evidence topic; which item a score counts is said by what caused it. Nothing that is compared is taken from
what was told before: weights, caps and ceilings are those of the items.
"""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

from deploy.verify.evidence import Evidence, local_date, score
from deploy.verify.log import Entry, Log
from deploy.verify.report import Check
from shared.contracts.explained import ScoreExplained
from shared.contracts.trust import (
    Bucket,
    CounterpartyWeighed,
    EvidenceFound,
    EvidenceVoided,
    GroupsWeighed,
    ScoreChanged,
    ScoreDue,
    ScoreLooked,
    TierChanged,
)
from shared.policy import Policies, Policy

Told = ScoreChanged | ScoreLooked | TierChanged | ScoreExplained
LOOK_DAYS = 31  # at most from one look to the next, as long as anything ages
TOLD: tuple[type[Told], ...] = (ScoreChanged, ScoreLooked, TierChanged, ScoreExplained)
Cause = EvidenceFound | EvidenceVoided
CAUSES: tuple[type[Cause], ...] = (EvidenceFound, EvidenceVoided)


@dataclass(slots=True)
class Subject:
    """What is told of it so far, and all its evidence. owed: the tier that its last score makes, while nothing said so. told: one was."""

    name: str
    evidence: Evidence = field(default_factory=Evidence)
    as_of: str = ""
    latest: datetime | None = None
    shown: int = 800
    new: bool = True
    tier: str = "new"  # whatever a policy calls who is new: until told otherwise
    told: bool = False
    owed: str | None = None
    version: str = ""

    @property
    def role(self) -> str:
        return self.name.partition(":")[0]

    def at(self, day: str, policy: Policy) -> int:
        return score(self.evidence.rows(self.role, day, policy.trust), self.evidence.ceiling(day, policy.trust), policy.trust)

    def tier_of(self, shown: int, new: bool, policy: Policy) -> str:
        return policy.trust.tier_new.name if new else next(tier.name for tier in policy.trust.tiers if shown >= tier.least)

    def to_tell(self, shown: int, new: bool, policy: Policy) -> str | None:
        """Nothing more of who was told nothing, where that is what a policy calls who is new."""
        tier = self.tier_of(shown, new, policy)
        return tier if tier != self.tier or not (self.told or new or tier == policy.trust.tier_new.name) else None


def checks(log: Log, policies: Policies) -> Iterator[Check]:
    scores = Check("scores: each one recomputed item by item from its evidence and the policy in force")
    tiers = Check("tiers: each change of one is told, and nothing else is")
    looks = Check("looks: on a day that was looked at, and on the day before, the score was as it was told; another look follows in time")
    causes: dict[str, Cause] = {entry.id: event for kind in CAUSES for entry, event in log.of(kind)}
    for name, told in sorted(_told(log, policies).items()):
        subject = Subject(name)
        for entry, fact in told:
            if isinstance(fact, TierChanged):
                _tier(tiers, entry, fact, subject, policies)
                continue
            tiers.that(subject.owed is None, f"{entry}: {name} is {subject.owed} and was never told so")
            if isinstance(fact, ScoreChanged):
                _changed(scores, looks, entry, fact, subject, causes, policies)
            elif isinstance(fact, ScoreLooked):
                _looked(looks, entry, fact, subject, policies)
            else:
                _explained(scores, entry, fact, subject, policies)
        tiers.that(subject.owed is None, f"{name} is {subject.owed} and was never told so")
    _grouped(scores, log)
    yield from (scores, tiers, looks)


def _told(log: Log, policies: Policies) -> Mapping[str, list[tuple[Entry, Told]]]:
    """By subject, as one followed the other: two lanes, one row of versions; an explanation stands behind what was told before it, and
    behind the looks, of the other lane, up to the day that it is of, which make its policy the one in force: it may have been asked for
    before that day, and answered after.
    """
    found: defaultdict[str, list[tuple[tuple[int, int], Entry, Told]]] = defaultdict(list)
    last: Counter[str] = Counter()
    explained: list[tuple[int, Entry, ScoreExplained]] = []
    for entry in log.facts():
        fact = entry.event
        if isinstance(fact, ScoreExplained):
            explained.append((last[fact.subject_id], entry, fact))
        elif isinstance(fact, TOLD):
            version = int(entry.header("ce_entityversion") or 0)
            last[fact.subject_id] = version if entry.topic == "trust.v1" else last[fact.subject_id]
            found[fact.subject_id].append(((version, 0), entry, fact))
    places = [(_behind(version, fact, found[fact.subject_id], policies), entry, fact) for version, entry, fact in explained]
    for version, entry, answer in places:
        found[answer.subject_id].append(((version, 1), entry, answer))
    return {name: [(entry, fact) for _, entry, fact in sorted(rows, key=lambda row: row[0])] for name, rows in found.items()}


def _behind(last: int, fact: ScoreExplained, rows: list[tuple[tuple[int, int], Entry, Told]], policies: Policies) -> int:
    """The version of the last look that it may stand behind; `last`: of what was told to all before it."""
    later = sorted(((version, told) for (version, _), _, told in rows if version > last), key=lambda row: row[0])
    looks = takewhile(lambda row: isinstance(row[1], ScoreLooked) and row[1].as_of <= fact.explanation.as_of, later)
    rules = ((version, policies.version_at(max(told.occurred_at, fact.occurred_at))) for version, told in looks)
    return max((version for version, rule in rules if rule == fact.explanation.rule_version), default=last)


def _changed(
    check: Check, looks: Check, entry: Entry, fact: ScoreChanged, subject: Subject, causes: Mapping[str, Cause], policies: Policies
) -> None:
    by = entry.header("ce_causationid")
    cause = causes.get(by)
    looked = cause is None and by == _look_id(subject.name, fact.occurred_at)
    if cause is None and not looked:
        check.that(False, f"{entry}: nothing is known of what it follows from")
        return
    latest = max(fact.occurred_at, subject.latest or fact.occurred_at)
    policy = policies.at(fact.occurred_at if looked else latest)
    counted = isinstance(cause, EvidenceVoided) and cause.evidence_id in subject.evidence.counting
    if isinstance(cause, EvidenceFound):
        check.that(cause.evidence_id not in subject.evidence.items, f"{entry}: {cause.evidence_id} is counted again")
        subject.evidence.add(cause, policy.trust)
        counted = cause.evidence_id in subject.evidence.counting
    elif isinstance(cause, EvidenceVoided):
        check.that(cause.evidence_id not in subject.evidence.voided, f"{entry}: {cause.evidence_id} is voided again")
        subject.evidence.void(cause.evidence_id, policy.trust)
    day = local_date(fact.occurred_at, cause.zone if isinstance(cause, EvidenceFound | EvidenceVoided) else policy.zone).isoformat()
    as_of = max(day, subject.as_of)
    if looked:
        _day_before(looks, entry, as_of, subject, policy)
    rows, ceiling = subject.evidence.rows(subject.role, as_of, policy.trust), subject.evidence.ceiling(as_of, policy.trust)
    items, recomputed = len(subject.evidence.counting), score(rows, ceiling, policy.trust)
    mine = (recomputed, items < policy.trust.shown_from_items, items, as_of, ceiling, policy.version, rows)
    told_rows = [(row.dimension, row.positive, row.negative, row.weight_pct) for row in fact.dimensions]
    theirs = (fact.score, fact.new, fact.items, fact.as_of, fact.ceiling, fact.rule_version, told_rows)
    if check.fails(mine == theirs):
        what = "score, new, items, as of, ceiling, rule, P and N"
        check.differ(f"{entry}: {subject.name} comes to {mine}, told was {theirs} ({what})")
    _added(check, entry, fact, subject.evidence.items[cause.evidence_id] if cause is not None and counted else None, cause, policy)
    _next_look(looks, entry, fact, as_of, LOOK_DAYS if looked else 1, subject, policy)
    subject.as_of, subject.latest, subject.shown, subject.new, subject.version = as_of, latest, recomputed, mine[1], policy.version
    subject.owed = subject.to_tell(recomputed, mine[1], policy)


def _added(check: Check, entry: Entry, fact: ScoreChanged, item: EvidenceFound | None, cause: Cause | None, policy: Policy) -> None:
    """What it adds to the day buckets, and to the days of what is grave, is that item's, or takes it away again: others add them up. An
    older program told nothing of what is grave.
    """
    net: Counter[tuple[str, str, str]] = Counter()
    for bucket in fact.added:
        net[bucket.dimension, bucket.side, bucket.day] += bucket.weight
    found = {place: weight for place, weight in net.items() if weight}
    own, grave = dict[tuple[str, str, str], int](), list[tuple[str, int]]()
    if item is not None:
        day, sign = local_date(item.occurred_at, item.zone).isoformat(), -1 if isinstance(cause, EvidenceVoided) else 1
        own = {(name, "good" if item.weight > 0 else "bad", day): sign * abs(item.weight) for name in item.dimensions}
        grave = [(day, sign)] if (item.kind in policy.trust.ceiling.kinds if item.grave is None else item.grave) else []
    told = [(one.day, one.count) for one in fact.grave]
    if check.fails(found == own and (told == grave or "grave" not in fact.model_fields_set)):
        check.differ(f"{entry}: adds {found} to its buckets, {told} to what is grave; its item is {own}, {grave}")


def _grouped(check: Check, log: Log) -> None:
    """What is weighed of an account, and what goes into groups of them, is what the score says that it adds."""
    weighed = {entry.header("ce_causationid"): account.added for entry, account in log.of(CounterpartyWeighed)}
    told: defaultdict[str, list[Bucket]] = defaultdict(list)
    for entry, groups in log.of(GroupsWeighed):
        told[entry.header("ce_causationid")] += groups.added
    for entry, fact in log.of(ScoreChanged):
        by = entry.header("ce_causationid")
        own, found = [one for one in fact.added if one.group], told.get(by)
        if check.fails(weighed.get(by, fact.added) == fact.added and (found is None or Counter(found) == Counter(own))):
            check.differ(f"{entry}: adds {fact.added}, of its account is weighed {weighed.get(by)}, of groups {found}")


def _looked(check: Check, entry: Entry, fact: ScoreLooked, subject: Subject, policies: Policies) -> None:
    policy = policies.at(fact.occurred_at)
    as_of = max(local_date(fact.occurred_at, policy.zone).isoformat(), subject.as_of)
    shown = subject.at(as_of, policy)
    new = len(subject.evidence.counting) < policy.trust.shown_from_items
    same = (shown, new, as_of, subject.to_tell(shown, new, policy) or subject.tier)
    told = (subject.shown, subject.new, fact.as_of, subject.tier)
    if check.fails(same == told):
        check.differ(f"{entry}: {subject.name} comes to {same}, it was passed over as {told} (score, new, as of, tier)")
    _day_before(check, entry, as_of, subject, policy)
    _next_look(check, entry, fact, as_of, LOOK_DAYS, subject, policy)
    subject.as_of, subject.latest = as_of, max(fact.occurred_at, subject.latest or fact.occurred_at)


def _next_look(
    check: Check, entry: Entry, fact: ScoreChanged | ScoreLooked, as_of: str, days: int, subject: Subject, policy: Policy
) -> None:
    """From the next day on, within so many; none where nothing is left that ages. That none comes too late is seen when it comes."""
    if fact.look_at is None:
        ages = any(positive or negative for _, positive, negative, _ in subject.evidence.rows(subject.role, as_of, policy.trust))
        check.that(not ages or "look_at" not in fact.model_fields_set, f"{entry}: {subject.name} is looked at never again")
        return
    first, last = (_midnight(as_of, later, policy.zone) for later in (1, days))
    within = first <= fact.look_at <= last + timedelta(minutes=policy.trust.pass_minutes)
    check.that(within, f"{entry}: {subject.name} is looked at next from {first} to {last}, told was {fact.look_at}")


def _midnight(day: str, later: int, zone: str) -> datetime:
    return datetime.combine(date.fromisoformat(day) + timedelta(days=later), time(), tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _look_id(subject: str, at: datetime) -> str:
    """Of the deadline on which it was looked at, as the contract spells it."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{ScoreDue.type}\n{subject}\n{at.isoformat()}"))


def _day_before(check: Check, entry: Entry, day: str, subject: Subject, policy: Policy) -> None:
    """A change is told on its day, not later; of another policy nobody looked before."""
    before = (date.fromisoformat(day) - timedelta(days=1)).isoformat()
    if before > subject.as_of and policy.version == subject.version:
        shown = subject.at(before, policy)
        check.that(shown == subject.shown, f"{entry}: {subject.name} came to {shown} on {before}, told was {subject.shown}")


def _tier(check: Check, entry: Entry, fact: TierChanged, subject: Subject, policies: Policies) -> None:
    policy = policies.named(fact.rule_version)
    known = [tier for tier in (*policy.trust.tiers, policy.trust.tier_new) if tier.name == fact.tier] if policy else []
    terms = [(tier.traffic_pct, tier.escrow_days) for tier in known]
    mine = (subject.owed, subject.tier, subject.shown, subject.as_of, subject.version, terms)
    theirs = (fact.tier, fact.before, fact.score, fact.as_of, fact.rule_version, [(fact.traffic_pct, fact.escrow_days)])
    check.that(mine == theirs, f"{entry}: {subject.name} is {mine}, told was {theirs} (tier, before, score, as of, rule, traffic and days)")
    begins = subject.latest + timedelta(minutes=policy.trust.suspension_lead_minutes) if subject.latest and policy else None
    check.that(fact.effective_from == begins, f"{entry}: {subject.name} is {fact.tier} from {begins}, told was {fact.effective_from}")
    subject.tier, subject.told, subject.owed = fact.tier, True, None


def _explained(check: Check, entry: Entry, fact: ScoreExplained, subject: Subject, policies: Policies) -> None:
    said = fact.explanation
    policy = policies.at(max(fact.occurred_at, subject.latest or fact.occurred_at))
    as_of = max(local_date(fact.occurred_at, policy.zone).isoformat(), subject.as_of)
    rows, ceiling = subject.evidence.rows(subject.role, as_of, policy.trust), subject.evidence.ceiling(as_of, policy.trust)
    mine = (score(rows, ceiling, policy.trust), len(subject.evidence.counting), as_of, ceiling, policy.version, rows)
    told_rows = [(row.dimension, row.positive, row.negative, row.weight_pct) for row in said.dimensions]
    theirs = (said.score, said.items, said.as_of, said.ceiling, said.rule_version, told_rows)
    check.that(mine == theirs, f"{entry}: {subject.name} comes to {mine}, explained was {theirs}")
    named = {item.evidence_id for item in said.heaviest}
    strange = sorted(named - subject.evidence.counting)
    check.that(not strange, f"{entry}: {strange} is no evidence that counts")
