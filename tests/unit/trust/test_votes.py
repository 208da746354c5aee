"""The vote of the sincere streamer (老铁票选): one an identity and local day, tallied, never evidence. Source: R6.3."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from random import Random

import pytest

from services.trust.handlers import SERVICE
from services.trust.model import HOLDER, POLL, SCORE, TALLY, VOTED_MAX
from shared.contracts.identity import MemberJoined
from shared.contracts.member import VoteCast
from shared.contracts.trust import EvidenceFound, ScoreChanged, TierChanged
from shared.contracts.vote import VoteCounted, VoteGiven
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.trust.rulebook import codes


def vote(buyer: str = "b1", promoter: str = "k1", name: str = "", when: str = "06-01 10:00") -> VoteCast:
    return VoteCast(buyer_id=buyer, vote_id=name or f"{buyer}-{when[:5]}", promoter_id=promoter, occurred_at=b.at(when))


def joined(buyer: str, cluster: str, when: str = "06-01 09:00") -> MemberJoined:
    return MemberJoined(buyer_id=buyer, cluster=cluster, occurred_at=b.at(when))


def polled(*events: Message) -> Memory:
    """What trust tells itself comes back in, as its topic would bring it."""
    memory = Memory(SERVICE, b.POLICIES)
    feed(memory, events)
    return memory


def feed(memory: Memory, events: Iterable[Message]) -> None:
    for event in events:
        for fact in memory.send(event):
            if isinstance(fact, VoteGiven):
                memory.send(fact)


def tallies(memory: Memory) -> list[tuple[str, str, int, int]]:
    found = [fact for fact in memory.facts if isinstance(fact, VoteCounted)]
    return [(fact.subject_id, fact.day, fact.of_day, fact.in_all) for fact in found]


def test_votes_are_tallied_by_local_day_and_in_all_r6_3() -> None:
    """Midnight is Shanghai's."""
    memory = polled(vote(when="06-01 23:59:59"), vote("b2"), vote(when="06-02 00:00:00"), vote("b3", "k2"))
    assert tallies(memory) == [
        ("promoter:k1", "2026-06-01", 1, 1),
        ("promoter:k1", "2026-06-01", 2, 2),
        ("promoter:k1", "2026-06-02", 1, 3),
        ("promoter:k2", "2026-06-01", 1, 1),
    ]
    assert (memory.entity(POLL, "promoter:k1").votes, memory.entity(TALLY, "promoter:k1/2026-06-01").votes) == (3, 2)


def test_a_second_vote_of_a_day_is_refused_for_whomever_r6_3() -> None:
    memory = polled(vote(), vote(name="x", when="06-01 20:00"), vote(promoter="k2", name="y", when="06-01 21:00"))
    assert (codes(memory), len(tallies(memory))) == (["vote.day_used"] * 2, 1)


def test_a_vote_told_again_under_another_event_id_counts_once_r6_3() -> None:
    memory = polled(vote(), vote())
    assert (codes(memory), len(tallies(memory))) == (["vote.known"], 1)


def test_accounts_of_one_person_have_one_vote_a_day_r6_3() -> None:
    memory = polled(joined("b2", "b1"), joined("b3", "b1"), vote("b2"), vote("b1"), vote("b3"), vote("b3", when="06-02 10:00"))
    assert (codes(memory), len(tallies(memory))) == (["vote.day_used"] * 2, 2)


def test_votes_of_accounts_that_a_later_link_joins_both_stand_and_there_is_no_third_r6_3() -> None:
    memory = polled(vote("b1"), vote("b2"), joined("b2", "b1", "06-01 12:00"), joined("b3", "b1", "06-01 12:00"))
    feed(memory, [vote("b2", name="x", when="06-01 13:00"), vote("b3", when="06-01 14:00")])
    assert (codes(memory), len(tallies(memory))) == (["vote.day_used"] * 2, 2)


def test_an_account_that_moved_to_another_identity_has_no_second_vote_r6_3() -> None:
    """b3 votes as one of b2's people; these become b1's, who has not voted."""
    memory = polled(joined("b3", "b2"), vote("b3"), joined("b3", "b1", "06-01 12:00"), vote("b3", name="x", when="06-01 13:00"))
    assert codes(memory) == ["vote.day_used"]


@pytest.mark.parametrize(("first", "second"), [("b1", "b2"), ("b2", "b1"), ("b2", "b3"), ("b3", "b2")])
@pytest.mark.parametrize("late", [False, True])
def test_whoever_joins_an_identity_brings_the_vote_that_it_had_that_day_r6_3(first: str, second: str, late: bool) -> None:
    """Whichever account of the person had it. late: the link is of before midnight, the votes are of the day that follows."""
    day = "06-02" if late else "06-01"
    memory = polled(vote(first, when=f"{day} 10:00"), *(joined(one, "b1", "06-01 12:00") for one in ("b2", "b3")))
    feed(memory, [vote(second, when=f"{day} 13:00"), vote(second, name="x", when="06-03 10:00")])
    assert (codes(memory), len(tallies(memory))) == (["vote.day_used"], 2)


def test_a_person_of_many_brings_the_vote_of_one_of_them_r6_3() -> None:
    """b5 and b6 are one and b6 has voted; then they turn out to be b1, who hears of b5 first."""
    memory = polled(joined("b6", "b5"), vote("b6"), joined("b5", "b1", "06-01 12:00"))
    feed(memory, [vote("b1", when="06-01 13:00"), joined("b6", "b1", "06-01 12:00"), vote("b5", when="06-01 14:00")])
    assert (codes(memory), len(tallies(memory))) == (["vote.day_used"] * 2, 1)


def test_a_link_that_is_told_days_late_leaves_one_vote_of_the_days_since_r6_3() -> None:
    """b2 has voted on three days by the time it turns out to be b1, as it was all along."""
    votes = [vote("b2", when=f"06-{day} 10:00") for day in ("03", "05", "06")]
    memory = polled(*votes, joined("b2", "b1", "06-01 10:01"))
    feed(memory, [vote("b1", when=f"06-{day} 12:00") for day in ("03", "04", "05", "06")])
    assert (codes(memory), len(tallies(memory))) == (["vote.day_used"] * 3, 4)


def test_its_votes_go_on_with_an_account_to_each_identity_however_late_r6_3() -> None:
    memory = polled(joined("b3", "b2"), vote("b3", when="06-05 10:00"), joined("b3", "b1", "06-01 10:00"))
    feed(memory, [vote("b1", when="06-05 12:00"), joined("b2", "b1", "06-01 10:00"), vote("b2", when="06-05 13:00")])
    assert (codes(memory), len(tallies(memory))) == (["vote.day_used"] * 2, 1)


def test_the_days_that_an_account_brings_are_bounded_r6_3() -> None:
    days = [b.at("06-01 10:00") + timedelta(days=day) for day in (*range(1, VOTED_MAX + 5), 0)]
    memory = polled(*(vote(name=f"v{day:%m-%d}").model_copy(update={"occurred_at": day}) for day in days))
    assert memory.entity(HOLDER, "buyer:b1").voted == tuple(day.date().isoformat() for day in days[4:-1])


@pytest.mark.parametrize("buyer", ["k1", "b2"])
def test_nobody_votes_for_itself_by_whichever_account_r6_3(buyer: str) -> None:
    memory = polled(joined("b2", "a1"), joined("k1", "a1"), vote(buyer), vote("b5"))
    assert (codes(memory), len(tallies(memory))) == (["vote.for_oneself"], 1)


def test_a_vote_for_oneself_uses_up_no_vote_r6_3() -> None:
    memory = polled(vote("k1"), vote("k1", "k2", name="x"))
    assert tallies(memory) == [("promoter:k2", "2026-06-01", 1, 1)]


def test_votes_are_never_evidence_and_move_no_score_r6_3() -> None:
    memory = polled(*(vote(f"b{number}") for number in range(50)))
    assert len(tallies(memory)) == 50
    assert [fact for fact in memory.facts if isinstance(fact, EvidenceFound | ScoreChanged | TierChanged)] == []
    assert memory.entity(SCORE, "promoter:k1") is None


def test_in_any_order_the_tallies_come_to_the_same_r6_3() -> None:
    votes = [vote(f"b{number % 7}", f"k{number % 3}", when=f"06-0{1 + number % 4} 10:00") for number in range(84)]
    last = set()
    for seed in range(20):
        order = Random(seed).sample(votes, len(votes)) * 2
        memory = polled(*order)
        days = {key: entity.votes for (kind, key), (_, entity) in memory.entities.items() if kind == "tally"}
        assert sum(days.values()) == 28
        assert codes(memory).count("vote.known") + codes(memory).count("vote.day_used") == len(order) - 28
        last.add(sum(entity.votes for (kind, _), (_, entity) in memory.entities.items() if kind == "poll"))
    assert last == {28}
