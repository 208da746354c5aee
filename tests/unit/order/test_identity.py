"""Identity clusters, and the limit that counts per cluster. Source: R4.6, R2.7."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from services.order.decide.identity import PART_MAX, met
from services.order.handlers import SERVICE
from services.order.model import CLUSTER, MEMBER, Cluster
from shared.contracts.identity import ClusterJoined, ClustersMet, MemberMoved
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.order.fair import CAMPAIGN, accepted, allotted, counted, fair, linked, rejected, reviewed, wanted
from tests.unit.order.shop import codes, shop

PRODUCT = f"{CAMPAIGN}/sku1"
Links = list[tuple[int, int]]
links = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 7)), max_size=25)


class Late:
    """An order service whose messages to itself arrive late: in the order of each key, between keys in any order.

    apart: types that keep no order with others of their key, as they come from transactions that knew nothing of each other.
    """

    def __init__(self, chance: Random, *apart: str) -> None:
        self.apart = apart
        self.memory = Memory(SERVICE, b.POLICIES)
        self.chance = chance
        self.lanes: dict[str, deque[Message]] = defaultdict(deque)

    def send(self, event: Message, id: str = "") -> None:
        self._queue(self.memory.send(event, id))

    def advance(self, when: str) -> None:
        self._queue(self.memory.advance(b.at(when)))

    def _queue(self, facts: Iterable[Message]) -> None:
        for fact in facts:
            if isinstance(fact, SERVICE.sends) and isinstance(fact, SERVICE.input_types()):
                self.lanes[f"{fact.key} {fact.type}" if fact.type in self.apart else fact.key].append(fact)

    def deliver(self, at_most: int = 100_000) -> None:
        """Some of what is under way; all of it by default."""
        for _ in range(at_most):
            waiting = [key for key, lane in self.lanes.items() if lane]
            if not waiting:
                return
            self.send(self.lanes[self.chance.choice(waiting)].popleft())
        assert at_most < 100_000, "it does not end"


def naive(pairs: Iterable[tuple[str, str]], buyers: Iterable[str]) -> dict[str, str]:
    """Each buyer's cluster, by joining sets until nothing changes; it bears the least id."""
    sets: list[set[str]] = [{buyer} for buyer in buyers]
    for token in {token for _, token in pairs}:
        holders = {buyer for buyer, held in pairs if held == token}
        touched = [one for one in sets if one & holders]
        sets = [one for one in sets if not one & holders] + [set().union(*touched)]
    return {buyer: min(one) for one in sets for buyer in one}


def clusters(memory: Memory, buyers: Iterable[str]) -> dict[str, str]:
    found = {}
    for buyer in buyers:
        member = memory.entity(MEMBER, buyer)
        found[buyer] = member.cluster if member else buyer
    return found


def root(memory: Memory, at: str) -> str:
    """Where the pointers lead."""
    cluster: Cluster | None = memory.entity(CLUSTER, at)
    return at if cluster is None or cluster.into is None else root(memory, cluster.into)


@settings(max_examples=80, deadline=None)
@given(links, st.randoms())
def test_any_order_of_links_told_any_number_of_times_ends_in_the_same_clusters_r4_6(found: Links, chance: Random) -> None:
    """Against a naive union of sets; steps of different merges overtake each other."""
    pairs = [(f"b{buyer}", f"t{token}") for buyer, token in found]
    told = [pair for pair in pairs for _ in range(chance.randint(1, 3))]
    chance.shuffle(told)
    late = Late(chance)
    for buyer, token in told:
        late.send(linked(buyer, token))
        late.deliver(chance.randrange(4))
    late.deliver()
    buyers = [f"b{n}" for n in range(10)]
    expected = naive(pairs, buyers)
    assert clusters(late.memory, buyers) == expected
    assert {buyer: root(late.memory, buyer) for buyer in buyers} == expected
    for name in set(expected.values()):
        cluster: Cluster | None = late.memory.entity(CLUSTER, name)
        assert sorted((name, *(cluster.members if cluster else ()))) == sorted(buyer for buyer, at in expected.items() if at == name)


@settings(max_examples=80, deadline=None)
@given(links, st.lists(st.tuples(st.integers(0, 9), st.integers(1, 3), st.booleans()), max_size=15), st.randoms())
def test_units_are_counted_by_the_identity_in_the_end_whatever_merged_meanwhile_r2_7(
    found: Links, orders: list[tuple[int, int, bool]], chance: Random
) -> None:
    """Orders and expiries fall between the steps of merges; in the end each identity counts exactly what its members hold."""
    late = Late(chance)
    late.send(reviewed())
    late.send(allotted(1000))
    pairs = [(f"b{buyer}", f"t{token}") for buyer, token in found]
    events: list[Message] = [linked(*pair) for pair in pairs]
    for number, (buyer, units, _) in enumerate(orders):
        events.append(wanted(f"o{number}", f"b{buyer}", units))
    chance.shuffle(events)
    paid = [(number, units) for number, (_, units, pays) in enumerate(orders) if pays]
    for event in events:
        late.send(event)
        late.deliver(chance.randrange(3))
    for number, units in paid:
        late.send(b.succeeded(units * 1_00, f"pay{number}").model_copy(update={"order_id": f"o{number}"}))
    late.advance("06-01 10:31")
    late.deliver()
    expected = naive(pairs, [f"b{n}" for n in range(10)])
    held: dict[str, int] = defaultdict(int)
    for number, units in paid:
        held[expected[f"b{orders[number][0]}"]] += units
    for name in set(expected.values()):
        cluster: Cluster | None = late.memory.entity(CLUSTER, name)
        assert (cluster.units.get(PRODUCT, 0) if cluster else 0) == held[name]


def test_second_accounts_share_one_limit_transitively_r2_7() -> None:
    """b1 and b2 share a phone, b2 and b3 a device: one identity."""
    memory = fair(linked("b1", "t1"), linked("b2", "t1"), linked("b2", "t2", "device"), linked("b3", "t2", "device"), limit=2)
    memory.when(wanted("o1", "b3"), wanted("o2", "b1"), wanted("o3", "b2"), wanted("o4", "b4"))
    assert (accepted(memory), rejected(memory)) == (["o1", "o2", "o4"], [("o3", "campaign.limit_reached")])


def test_the_same_token_of_two_kinds_links_nobody() -> None:
    memory = fair(linked("b1", "t1", "phone"), linked("b2", "t1", "address"), limit=1)
    memory.when(wanted("o1", "b1"), wanted("o2", "b2"))
    assert accepted(memory) == ["o1", "o2"]


def test_the_limit_counts_the_identity_as_known_at_acceptance_r2_7() -> None:
    """Linked too late, both orders stand; later ones are judged by what both hold."""
    memory = fair(linked("b1", "t1"), limit=1)
    memory.when(wanted("o1", "b1"), wanted("o2", "b2"), linked("b2", "t1"))
    assert (accepted(memory), counted(memory, "b1")) == (["o1", "o2"], 2)
    memory.when(b.succeeded(1_00), wanted("o3", "b2"), wanted("o4", "b1"))
    assert [code for _, code in rejected(memory)] == ["campaign.limit_reached"] * 2


def test_what_an_order_gives_back_is_given_back_where_its_identity_counts_by_then_r2_7() -> None:
    memory = fair(linked("b1", "t1"), limit=1)
    memory.when(wanted("o1", "b2"), linked("b2", "t1"), linked("b0", "t1"))
    assert (counted(memory, "b0"), root(memory, "b2")) == (1, "b0")
    memory.advance(b.at("06-01 10:31"))
    assert counted(memory, "b0") == 0
    memory.when(wanted("o2", "b1"))
    assert accepted(memory) == ["o1", "o2"]


def test_while_a_merge_is_under_way_each_side_has_its_limit_and_no_more_r2_7() -> None:
    late = Late(Random(1))
    for event in (reviewed(), allotted(10, limit=1), linked("b1", "t1"), wanted("o1", "b1"), linked("b2", "t1")):
        late.send(event)
    assert sum(map(len, late.lanes.values())) > 0
    late.send(wanted("o2", "b2"))
    late.send(wanted("o3", "b2"))
    late.send(wanted("o4", "b1"))
    assert (accepted(late.memory), len(rejected(late.memory))) == (["o1", "o2"], 2)
    late.deliver()
    assert counted(late.memory, "b1") == 2


def test_a_link_that_says_what_is_known_is_refused_so_that_a_copy_of_it_leads_to_nothing_a_year_later() -> None:
    """Of whoever held the token first, of who came later, and with another token that says the same. C3, once ids are forgotten."""
    memory = shop(linked("b1", "t1"), linked("b2", "t1"), linked("b3", "t1"), linked("b3", "t2"))
    count = len(memory.facts)
    again = [linked("b1", "t1"), linked("b2", "t1"), linked("b3", "t1"), linked("b2", "t2")]
    memory.when(*again)
    assert (codes(memory), len(memory.facts)) == (["identity.known"] * len(again), count)
    memory.when(linked("b0", "t2"))
    assert clusters(memory, ["b0", "b1", "b2", "b3"]) == dict.fromkeys(("b0", "b1", "b2", "b3"), "b0")


def test_a_member_only_ever_moves_to_a_lesser_cluster() -> None:
    memory = shop(*(MemberMoved(buyer_id="b9", cluster=cluster, occurred_at=b.at(b.PLACED)) for cluster in ("b5", "b3", "b5")))
    assert clusters(memory, ["b9"]) == {"b9": "b3"}


def test_a_large_cluster_moves_in_parts_r4_6() -> None:
    """So many members that their ids would not fit into one message."""
    crowd = [linked(f"c{n:04}", "t1") for n in range(PART_MAX + 2)]
    memory = shop(*crowd, linked("a", "t1"))
    parts = [len(fact.members) for fact in memory.facts if fact.type == "cluster.grew" and fact.cluster == "a"]  # type: ignore[attr-defined]
    assert parts == [PART_MAX, 2]
    assert set(clusters(memory, ("a", "c0000", f"c{PART_MAX + 1:04}")).values()) == {"a"}


def test_so_many_products_move_in_parts_and_each_keeps_its_count_r2_7() -> None:
    cluster = Cluster(units={f"c/{number}": 1 for number in range(PART_MAX + 2)})
    facts = met(ClustersMet(cluster="b", other="a", occurred_at=b.at(b.PLACED)), cluster)
    assert isinstance(facts, tuple)
    assert [len(fact.counted) for fact in facts if isinstance(fact, ClusterJoined)] == [PART_MAX, 2]
