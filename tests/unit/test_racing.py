"""Two processes at once: whatever two events come to, they come to in one order or the other (law 6 of shared/messaging/shape.py).

Each service takes a random history; at each step two events of different keys are set against each other, at each point of loading.
"""

from __future__ import annotations

from datetime import timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from services.order.handlers import SERVICE as ORDER
from services.trust.handlers import SERVICE as TRUST
from shared.contracts.member import TrustCardClaimed, VoteCast
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from shared.messaging.shape import Outcome, Plan, Service, on
from tests.unit import builders as b
from tests.unit.messaging.trade import JAR, Coin, Jar, Taken
from tests.unit.order.fair import allotted, linked, reviewed, wanted
from tests.unit.order.shop import POLICIES
from tests.unit.racing import skews, walk
from tests.unit.refund import life, test_buyers
from tests.unit.refund.firsts import NO_SELLER, PAID, Desk, before, cancelled, claimed, delivered, joins, paid
from tests.unit.trust.facts import appealed, closed

BUYERS = ["b1", "b2", "b3", "b4"]
CHANCE = st.randoms(use_true_random=False)


def moves(chance: Random) -> list[list[Message]]:
    """Each buyer's way to lesser clusters."""
    ways = [(buyer, sorted({chance.choice(BUYERS) for _ in range(chance.randrange(3))}, reverse=True)) for buyer in BUYERS]
    return [[joins(buyer, at) for at in way if at < buyer] for buyer, way in ways]


def test_two_that_each_see_the_other_missing_are_found() -> None:
    """What the walks below look for: a row that does not exist locks nobody out (S2)."""
    others = {"a": "b", "b": "a"}

    def decide(coin: Coin, mine: Jar | None, other: Jar | None) -> Outcome:
        return () if other else (Taken(jar=coin.jar, n=1, occurred_at=coin.occurred_at),)

    def beside(coin: Coin, policy: object) -> Plan:
        return on(coin, decide, JAR.one(coin.jar), JAR.one(others[coin.jar]))

    one, other = (Coin(jar=jar, n=1, occurred_at=b.at("06-01 10:00")) for jar in others)
    empty = Memory(Service("pantry", Coin, beside, (JAR,)), POLICIES)
    assert skews(empty, one, other) == [f"coin b within coin a, at kind {cut}" for cut in (0, 1)], "until all is loaded"
    empty.send(one)
    assert skews(empty, one, other) == [], "the row is there: whoever comes second waits for it"


@settings(max_examples=15, deadline=None)
@given(CHANCE)
def test_first_orders_paid_and_claimed_while_accounts_are_joined_r4_6(chance: Random) -> None:
    lanes: list[list[Message]] = moves(chance)
    for number in range(5):
        order_id, buyer_id = f"o{number}", chance.choice(BUYERS)
        told: list[Message] = [paid(order_id, buyer_id, when=b.at(PAID) + timedelta(minutes=chance.randrange(4)))]
        told.append(delivered(order_id, buyer_id) if chance.random() < 0.6 else cancelled(order_id, buyer_id))
        lanes.append([*told, claimed(order_id, buyer_id)])
    for buyer_id in chance.sample(BUYERS, 2):
        words: list[Message] = [before(buyer_id, PAID, "06-10 13:00"), before(buyer_id, None, "06-10 14:00")]
        lanes.append(words[: chance.randint(1, 2)])
    for found in walk(Desk(asks=False), lanes, chance):
        assert found == []


@settings(max_examples=15, deadline=None)
@given(CHANCE)
def test_campaign_orders_while_identities_merge_and_parties_are_suspended_r2_7_r2_8(chance: Random) -> None:
    lanes: list[list[Message]] = [[linked(chance.choice(BUYERS), f"t{chance.randrange(3)}")] for _ in range(5)]
    lanes.append([allotted(chance.randrange(9), 3, when="05-22 10:00"), reviewed(approved=False, when="06-01 12:00")])
    lanes.append([b.subject_suspended("seller:s1"), b.subject_suspended("promoter:k1")])
    for number in range(5):
        order_id, buyer_id = f"o{number}", chance.choice(BUYERS)
        told: list[Message] = [wanted(order_id, buyer_id, chance.randint(1, 2))]
        if chance.random() < 0.5:
            told.append(b.cancel().model_copy(update={"order_id": order_id, "buyer_id": buyer_id}))
        lanes.append(told)
    memory = Memory(ORDER, POLICIES)
    memory.when(reviewed(), allotted(5, 2))
    for found in walk(memory, lanes, chance):
        assert found == []


@settings(max_examples=15, deadline=None)
@given(CHANCE)
def test_cards_votes_and_abuse_while_accounts_are_joined_r4_7_r6_3(chance: Random) -> None:
    lanes = moves(chance)
    for number, buyer_id in enumerate(BUYERS):
        lanes.append([TrustCardClaimed(buyer_id=buyer_id, claim_id=f"w{number}", occurred_at=b.at("06-01 10:00"))])
        named = chance.choice(["k1", *BUYERS])
        lanes.append([VoteCast(buyer_id=buyer_id, promoter_id=named, vote_id=f"v{number}", occurred_at=b.at("06-02 10:00"))])
    for number in range(4):
        order = {"order_id": f"o{number}", "case_id": f"c{number}", "buyer_id": chance.choice(BUYERS)}
        fallen = appealed(b.at("06-12 10:00"), **order, finding=chance.choice(["swapped_parcel", "none"]))
        lanes.append([closed(b.at("06-10 10:00"), **order, finding="swapped_parcel"), fallen])
    for found in walk(Memory(TRUST, b.POLICIES), lanes, chance):
        assert found == []


@settings(max_examples=15, deadline=None)
@given(CHANCE)
def test_orders_that_share_a_waybill_a_card_and_the_fund_r4_4_r4_6_r4_7(chance: Random) -> None:
    card: list[Message] = [test_buyers.granted(), test_buyers.revoked()]
    scores: list[Message] = [test_buyers.scored(600 + 10 * number, when=f"06-{10 + number} 10:00") for number in range(3)]
    lanes = [card[: chance.randint(1, 2)], scores]
    for number in range(2):
        order = {"order_id": f"o{number}"}
        asked = life.requested(f"c{number}", quantity=1).model_copy(update=order)
        agreed = life.accepted(f"c{number}").model_copy(update=order)
        back = life.posted(f"c{number}", waybill="one", order_id=f"o{number}")
        lanes.append([paid(f"o{number}", b.BUYER, trust_card_id=test_buyers.CARD_ID), delivered(f"o{number}"), asked, agreed, back])
        first = paid(f"f{number}", f"x{number}", NO_SELLER)
        lanes.append([first, delivered(f"f{number}", f"x{number}"), claimed(f"f{number}", f"x{number}")])
    for found in walk(Desk(asks=False), lanes, chance):
        assert found == []
