"""A score explained, in the same bytes whatever came first, and as another program explains it. Source: R5.6, R5.1."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.trust.handlers import SERVICE
from services.trust.model import NEWEST, NEWEST_MAX, newest_key
from services.trust.rules.explain import explain, known_of
from shared.contracts.explained import Explanation
from shared.contracts.trust import EvidenceFound, EvidenceListed, EvidenceVoided
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from shared.policy import Policies
from tests.unit.builders import POLICIES
from tests.unit.trust import naive_explain as naive
from tests.unit.trust.asked import as_rows, items_of, request, told
from tests.unit.trust.facts import ruled
from tests.unit.trust.market import TODAY, ago, completed, noon, parties, shipped, trust
from tests.unit.trust.test_voids import KINDS, market, tombstone
from tests.unit.trust.test_voids import told as item

POLICY = POLICIES.versions[0]
ROLES = ("seller", "promoter", "buyer")


def of_set(role: str, events: list[Message], as_of: date = TODAY) -> Explanation:
    found = [event for event in events if isinstance(event, EvidenceFound)]
    voided = [event for event in events if isinstance(event, EvidenceVoided)]
    return explain(f"{role}:x", known_of(found, voided, as_of, POLICY), as_of, POLICY)


def split(events: list[Message], chance: Random) -> bytes:
    """Three processes, each with the partitions that it was given; who has the subject's answers."""
    processes = [Memory(SERVICE, POLICIES) for _ in range(3)]
    subjects = sorted({str(event.subject) for event in events})
    home = {subject: chance.randrange(3) for subject in subjects}
    for event in events:
        processes[home[event.subject]].send(event)
    subject = next(subject for subject in subjects if subject.endswith(":x"))
    return told(processes[home[subject]], subject).model_dump_json().encode()


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("seed", range(14))
def test_a_market_is_explained_as_it_is_written(role: str, seed: int) -> None:
    """R5.6: forty-two of them, by another program: score, P, N, every effect, every day."""
    events = market(role, Random(f"{role}{seed}"), 4 + 5 * seed)
    said = told(trust(*events), f"{role}:x")
    assert as_rows(said) == naive.explained(items_of(events), role, TODAY)


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(ROLES), st.integers(0, 10**6), st.integers(1, 40), st.data())
def test_shuffled_tripled_split_tombstones_first_from_the_set_or_the_state_it_is_the_same_bytes(
    role: str, seed: int, size: int, data: st.DataObject
) -> None:
    """R5.1, R5.6."""
    chance = Random(seed)
    events = market(role, chance, size)
    straight = of_set(role, events).model_dump_json().encode()
    others: list[Message] = [
        event.model_copy(update={"subject_id": f"{role}:y", "evidence_id": f"{role}:y/completed/{n}"}) for n, event in enumerate(events)
    ]
    mixed = [*events * 3, *others]
    chance.shuffle(mixed)
    first = [*(event for event in events if isinstance(event, EvidenceVoided)), *(e for e in events if isinstance(e, EvidenceFound))]
    for order in (events, data.draw(st.permutations(events * 2)), first, mixed):
        assert told(trust(*order), f"{role}:x").model_dump_json().encode() == straight
        assert split(order, chance) == straight


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 40))
def test_from_the_facts_alone_and_from_storage_it_is_the_same_bytes(seed: int, size: int) -> None:
    """Law 1, R5.1: replayed from scratch, from rows, or incrementally."""
    memory = trust(*market("seller", Random(seed), size))
    own = [fact for fact in memory.facts if not isinstance(fact, EvidenceFound | EvidenceVoided)]
    again = Memory(SERVICE, POLICIES).given(*own)
    assert again.entities == memory.entities
    kinds = {kind.name: kind for kind in SERVICE.kinds}
    stored = Memory(SERVICE, POLICIES)
    stored.entities = {
        place: (version, kinds[place[0]].parse(kinds[place[0]].dump(entity))) for place, (version, entity) in memory.entities.items()
    }
    assert told(memory) == told(again) == told(stored)


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(ROLES), st.integers(0, 10**6), st.integers(0, 60), st.integers(0, 900))
def test_at_any_past_day_it_is_what_the_service_told_then(role: str, seed: int, size: int, back: int) -> None:
    """R5.1: of the whole set, what had happened by then; the service, of what had come by then."""
    events = market(role, Random(seed), size)
    day = TODAY - timedelta(days=back)
    then = [event for event in events if event.occurred_at <= noon(day)]
    past = of_set(role, events, day)
    if any(isinstance(event, EvidenceFound) for event in then):
        assert told(trust(*then), f"{role}:x", noon(day)) == past
    assert as_rows(past) == naive.explained(items_of(events), role, day)


def test_what_is_named_with_the_rest_and_what_the_cap_left_out_adds_up_to_p_and_n() -> None:
    """R5.6."""
    for seed in range(20):
        said = told(trust(*market("seller", Random(seed), 60)))
        for one in said.dimensions:
            mine = [item for item in said.heaviest if one.dimension in item.dimensions]
            rest = [row for day in said.rest for row in day.sums if row.dimension == one.dimension]
            good = sum(item.worth for item in mine if item.weight > 0) + sum(row.positive for row in rest)
            bad = sum(item.worth for item in mine if item.weight < 0) + sum(row.negative for row in rest)
            assert (good, bad) == (one.positive + one.capped, one.negative)


def test_years_of_evidence_are_told_in_a_bounded_size() -> None:
    """R5.6: all ids as long as they may be, eight weights, five years; a fact may have a mebibyte."""
    subject, long = "seller:" + "s" * 64, "o" * 64
    events = [
        item("seller", n, KINDS["seller"][n % len(KINDS["seller"])], "c" * 60 + str(n % 90), n * 2).model_copy(
            update={
                "subject_id": subject,
                "evidence_id": f"{subject}/{KINDS['seller'][n % 12 - 1]}/{long}/{n}" + "x" * 60,
                "event_id": "e" * 1024,
            }
        )
        for n in range(900)
    ]
    said = told(trust(*events), subject)
    assert (len(said.heaviest), len(said.rest)) == (20, 91)
    assert len(said.model_dump_json()) < 96 * 1024


def test_a_voided_item_keeps_its_place_among_the_newest_and_what_is_missing_is_said() -> None:
    """R5.6: exact while fewer than 31 of the 50 newest of a weight are voided."""
    items: list[Message] = [item("seller", 1000 + n, "completed", f"c{n}", n // 2) for n in range(70)]
    names = {one.evidence_id for one in items[:50] if isinstance(one, EvidenceFound)}
    voids: list[Message] = [tombstone(one, 0) for one in items[:31] if isinstance(one, EvidenceFound)]
    enough, missing = told(trust(*items, *voids[:30])), told(trust(*voids, *items))
    assert (enough.complete, len(enough.heaviest)) == (True, 20)
    assert (missing.complete, len(missing.heaviest)) == (False, 19)
    assert {one.evidence_id for one in missing.heaviest} <= names
    assert [as_rows(one) for one in (enough, missing)] == [
        naive.explained(items_of([*items, *some]), "seller", TODAY) for some in (voids[:30], voids)
    ]


def test_a_list_holds_the_newest_fifty_of_a_weight_whatever_came_first() -> None:
    items: list[Message] = [item("seller", 1000 + n, "completed", f"c{n}", n) for n in range(80)]
    for order in (items, items[::-1], Random(1).sample(items, 80)):
        kept = trust(*order).entity(NEWEST, newest_key("seller:x", 1)).items
        assert [name for _, name, _ in kept] == [f"seller:x/completed/{1000 + n}" for n in range(NEWEST_MAX)]


def test_of_one_day_the_lesser_ids_are_kept_and_what_is_kept_no_more_is_not_told_r5_6() -> None:
    items: list[Message] = [item("seller", 1000 + n, "completed", f"c{n}", 0) for n in range(NEWEST_MAX + 10)]
    for order, told_of in ((items, NEWEST_MAX), (items[::-1], NEWEST_MAX + 10)):
        memory = trust(*order)
        kept = memory.entity(NEWEST, newest_key("seller:x", 1)).items
        assert [name for _, name, _ in kept] == [f"seller:x/completed/{1000 + n}" for n in range(NEWEST_MAX)]
        assert len([fact for fact in memory.facts if isinstance(fact, EvidenceListed)]) == told_of


def test_of_equals_the_later_day_is_named_first_then_the_lesser_id_r5_6() -> None:
    """At so great an age a millionth is a millionth: 1.03 and 1.02 are 1."""
    said = told(trust(*(item("seller", number, "completed", f"c{number}", age) for number, age in ((1, 1790), (3, 1789), (2, 1789)))))
    assert [(one.evidence_id[-1], one.worth) for one in said.heaviest] == [("2", 1), ("3", 1), ("1", 1)]


def test_each_item_names_the_event_that_told_of_it_and_the_rule_that_weighed_it() -> None:
    """R5.6."""
    memory = Memory(SERVICE, POLICIES)
    for number, event in enumerate((shipped("o1", parties()), completed("o1"), ruled(order_id="o1"))):
        for fact in memory.send(event, f"event-{number}"):
            memory.send(fact)
    said = told(memory, "seller:s1")
    assert [(one.reason, one.event_id, one.rule_version) for one in said.heaviest] == [
        ("a dispute was lost: order o1, case c1", "event-2", "1"),
        ("a line was completed: order o1, line 1", "event-1", "1"),
        ("a parcel was shipped in time: order o1, parcel w1", "event-0", "1"),
    ]
    assert [(one.effect, one.score_without) for one in said.heaviest] == [
        (-46, 811),
        (8, 757),
        (4, 761),
    ]  # of 765 (764.755): 490.909 + 153.846 + 120


def test_an_item_from_before_its_event_was_written_down_names_none() -> None:
    assert told(trust(item("seller", 1, "completed", "c", 0))).heaviest[0].event_id is None


def test_only_what_a_ceiling_stands_on_takes_it_away_r5_3() -> None:
    """Without the only counterfeit 800; without one of two still 399."""
    one, two = item("seller", 1, "counterfeit", "c1", 10), item("seller", 2, "counterfeit", "c2", 5)
    alone, both = told(trust(one)), told(trust(one, two))
    assert [(row.score_without, row.effect) for row in alone.heaviest] == [(800, -401)]
    assert [(row.score_without, row.effect) for row in both.heaviest] == [(399, 0), (399, 0)]
    assert all(row.effect_millionths < -50_000_000 for row in (*alone.heaviest, *both.heaviest))
    assert (alone.ceiling_until, both.ceiling_until) == ("2026-09-03", "2026-09-08")


def test_of_whom_nothing_is_known_there_is_nothing_to_explain() -> None:
    memory = trust(completed())
    assert memory.send(request("seller:nobody")) == ()
    assert memory.refused == [("score.explanation_requested", "score.subject_unknown")]


@pytest.mark.parametrize("subject", ["", "s1", "shop:s1", "seller:", "seller:a b", "seller:" + "x" * 65, "buyer:a/b"])
def test_a_malformed_subject_is_refused_before_anything_is_read(subject: str) -> None:
    with pytest.raises(ValueError, match="subject_id"):
        request(subject)


def test_evidence_of_whom_nothing_is_known_is_how_a_subject_begins_and_a_tombstone_of_nothing_too() -> None:
    """R5.1: a void may come first; it is of no use and no harm."""
    memory = trust(tombstone(item("seller", 1, "completed", "c", 0), 0))
    said = told(memory)
    assert (said.score, said.items, said.tier, said.heaviest, said.complete) == (800, 0, "new", (), True)
    memory.send(item("seller", 1, "completed", "c", 0))
    assert told(memory).model_dump(exclude={"as_of"}) == said.model_dump(exclude={"as_of"})


def test_asked_twice_it_is_answered_twice_and_nothing_has_changed() -> None:
    memory = trust(completed())
    before = dict(memory.entities)
    one, two = (memory.send(request("seller:s1", name="q")) for _ in range(2))
    assert one == two
    assert memory.entities == before


def test_asked_for_an_earlier_day_than_the_latest_evidence_it_is_as_of_the_evidence() -> None:
    memory = trust(completed())
    assert told(memory, "seller:s1", ago(30)).as_of == TODAY.isoformat()


@pytest.mark.parametrize(("asked", "version"), [(-4, "1"), (-5, "2"), (-30, "2")])
def test_it_is_by_the_policy_of_the_day_it_is_asked_or_of_the_latest_evidence_r5_6_r9_1(asked: int, version: str) -> None:
    terms = POLICY.trust.model_copy(update={"explained_items": 1})
    second = POLICY.model_copy(update={"version": "2", "effective_from": ago(-5), "trust": terms})
    events = [item("seller", n, "completed", f"c{n}", 0) for n in range(2)]
    memory = trust(*events, policies=Policies([POLICY, second]))
    said = told(memory, when=ago(asked))
    assert (said.rule_version, len(said.heaviest)) == (version, 2 if version == "1" else 1)
    memory.send(item("seller", 9, "completed", "c9", -6))
    assert told(memory, when=ago(asked)).rule_version == "2"
