"""Under the policy that was in force nothing differs, however the topics raced; what cannot be decided again halts. Source: R9.2."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.market import newrules
from deploy.market.market import build
from deploy.verify.log import Entry, entry_of
from deploy.whatif import NoReplay, Report, Span, gather, whatif
from deploy.whatif.desk import ABSENT, Desk, Place, Verdict
from deploy.whatif.hindsight import BACK_MAX, TRIES_MAX, Hindsight
from deploy.whatif.retrace import Retrace
from services.order.model import ALLOTMENT, CLUSTER, PARTY
from shared.messaging.envelope import copy_headers
from shared.messaging.message import Message
from shared.messaging.record import Record
from shared.messaging.system import Discard
from shared.policy import Policies
from tests.unit import builders as b
from tests.unit.refund import life
from tests.unit.test_shuffled_lives import ENDS, Life, lives, mixed
from tests.unit.whatif.tape import Tape, TapedFairground, TapedTown, attributes, source_of

ORDERS = 45
IN_FORCE = newrules.policies()  # in the market, which sees them change


def renamed(version: str = "another") -> Policies:
    """The same values under another name."""
    return Policies(policy.model_copy(update={"version": f"{version}-{policy.version}"}) for policy in IN_FORCE.versions)


def assert_nothing_differs(report: Report) -> None:
    data = report.data()
    assert data["facts"] == {"same": report.read["facts"], "changed": 0, "new": 0, "gone": 0}
    assert report.differences == 0
    assert [data[name] for name in ("by_rule", "accounts", "parties", "scores", "refusals_come", "refusals_go", "orders")] == [[]] * 7


@pytest.fixture(scope="module")
def ground() -> TapedFairground:
    ground = TapedFairground(build(3, ORDERS, 2), shuffle=4, dice=random.Random(5))
    ground.play()
    return ground


def test_a_market_with_late_news_and_racing_topics_comes_out_as_it_was_r9_2(ground: TapedFairground) -> None:
    report = whatif(ground.past(), IN_FORCE, IN_FORCE)
    assert_nothing_differs(report)
    assert report.read["orders"] == ORDERS
    assert report.read["decisions"] > 30 * ORDERS


@pytest.mark.parametrize("seed", [1, 2])
def test_a_market_told_in_order_comes_out_as_it_was_r9_2(seed: int) -> None:
    ground = TapedFairground(build(seed, ORDERS // 2))
    ground.play()
    assert_nothing_differs(whatif(ground.past(), IN_FORCE, IN_FORCE))


def test_what_has_no_readable_headers_is_nobodys_event_though_one_service_alone_refuses_it_r2_1_r9_2() -> None:
    """Refund says of the seller's topic what cannot be read; order, which takes cancellations, passes it over."""
    market = build(5, 30, 1)
    said = next(one for one in market.sent if one.type == "seller.cancelled")
    nameless = replace(said, changed={"ce_id": None}, early=True, refused="event.missing_header")
    ground = TapedFairground(replace(market, sent=(nameless, *market.sent), _by_phase={}), shuffle=2, dice=random.Random(2))
    ground.play()
    spoilt = [entry for entry in ground.tape.entries if entry.type == "seller.cancelled" and not entry.id]
    assert [entry.topic for entry in spoilt] == ["merchant.v1", "refund.parked.v1"]
    assert_nothing_differs(whatif(ground.past(), IN_FORCE, IN_FORCE))


@pytest.mark.parametrize(
    ("headers", "readable"),
    [
        ({}, True),
        ({"ce_id": None}, False),
        ({"ce_source": None}, False),
        ({"ce_specversion": b"0.3"}, False),
        ({"content-type": b"text/xml"}, False),
    ],
)
def test_a_record_is_an_event_if_its_headers_are_r2_1(headers: dict[str, bytes | None], readable: bool) -> None:
    event = b.succeeded()
    given = dict(attributes("e1", "psp", event.type)) | headers
    pairs = tuple((name, value) for name, value in given.items() if value is not None)
    entry = entry_of(Record("psp.v1", 0, 0, event.key.encode(), event.to_json(), pairs))
    assert entry.event == (event if readable else None)


@pytest.mark.parametrize("since", [None, datetime.fromisoformat("2026-06-20T00:00:00+08:00")])
def test_the_same_values_under_another_name_change_nothing_r9_2(ground: TapedFairground, since: datetime | None) -> None:
    """Nor from the middle on: facts and the hashes of certificates differ in the name of the policy alone."""
    report = whatif(ground.past(), IN_FORCE, renamed(), Span(since, None))
    assert (report.differences, report.values) == (0, [])
    assert 0 < report.tally.same < report.read["facts"] + (since is None)


@settings(max_examples=25, deadline=None)
@given(lives(), st.integers(0, 2**32), st.integers(1, 2))
def test_a_shuffled_life_told_twice_comes_out_as_it_was_r9_2(played: Life, seed: int, copies: int) -> None:
    dice = random.Random(seed)
    town = TapedTown(dice=dice)
    for number, (events, end) in enumerate(zip(played.steps, ENDS, strict=True)):
        told = [(f"e{number}-{place}", event) for place, event in enumerate(events)] * copies
        town.tell(mixed(told, dice))
        town.advance(b.at(end))
    assert_nothing_differs(whatif(town.past(), b.POLICIES, b.POLICIES))


def test_of_two_copies_the_first_of_the_partition_is_the_one_that_counts_whatever_the_brokers_clock_says_r9_2() -> None:
    """Told twice while it waits for its payment, then refused as the order expired; the broker's clock stepped back between the two."""
    cancel = b.cancel(payment_id=b.PAYMENT_ID)
    town = TapedTown()
    town.tell([("placed", b.placed()), ("cancel", cancel), ("cancel", cancel)])
    town.advance(b.at("06-02 10:00"))
    town.tell([("another", b.cancel(cancel_id="cancel2", when="06-02 11:00"))])
    assert town.refused() == [("order.cancel_requested", "order.closed")] * 2
    told = [entry for entry in town.tape.entries if entry.id == "cancel" and entry.topic == "storefront.v1"]
    back = [replace(one, timestamp_ms=told[0].timestamp_ms - 1) if one is told[-1] else one for one in town.tape.entries]
    assert len(told) == 2
    assert_nothing_differs(whatif(gather(back), b.POLICIES, b.POLICIES))


def test_what_was_refused_while_a_case_was_open_may_wait_as_seen_later_whatever_the_brokers_clock_says_r9_2() -> None:
    """It waits for a signature, is refused as another case of the line opens, and would wait again once that is over."""
    waits = life.requested("c1", kind="exchange", ground="wrong_item", quantity=1, when="06-03 10:00")
    other = life.requested("c2", kind="resend", ground="negotiated", quantity=2, when="06-03 11:00")
    bought = b.placed(b.cart(quantity=2)), b.succeeded(200_00), b.shipped(units={1: 1})
    town = TapedTown().live((bought, "06-03 10:00"), ((waits, other, life.withdrawn("c2", when="06-03 12:00")), "06-03 13:00"))
    assert town.refused() == [("refund.requested", "case.line_open")]
    late = [replace(one, timestamp_ms=one.timestamp_ms + 50 * one.topic.endswith(".parked.v1")) for one in town.tape.entries]
    assert_nothing_differs(whatif(gather(late), b.POLICIES, b.POLICIES))


def test_what_raised_and_was_discarded_is_decided_by_nobody_r9_2() -> None:
    """By the mended program it would be: what ops let go never takes effect."""
    town = TapedTown()
    town.tell([("placed", b.placed())])
    raised = b.placed().model_copy(update={"order_id": "another"})
    place = write(town.tape, "raised", raised)
    copied(town.tape, "order", place, "parked.raised")
    assert refused(town.tape.entries).startswith("halt.replay_differs")
    write(town.tape, "discard", discard("another", place.ref))
    assert_nothing_differs(whatif(town.past(), b.POLICIES, b.POLICIES))


def test_a_discard_that_was_refused_lets_nothing_go_r9_2() -> None:
    town = TapedTown()
    town.tell([("placed", b.placed())])
    asked = write(town.tape, "discard", discard(b.ORDER, town.tape.refs["placed"][0]))
    copied(town.tape, "order", asked, "ops.nothing_parked")
    assert_nothing_differs(whatif(town.past(), b.POLICIES, b.POLICIES))


def discard(target: str, ref: str) -> Discard:
    return Discard(service="order", target=target, ref=ref, occurred_at=b.at("06-02 10:00"))


def write(tape: Tape, identity: str, event: Message) -> Entry:
    """Said, and taken by nobody."""
    return tape.write(event.topic.name, event.key.encode(), event.to_json(), attributes(identity, source_of(event), event.type))


def copied(tape: Tape, service: str, entry: Entry, code: str) -> None:
    record = Record(entry.topic, entry.partition, entry.offset, entry.key, entry.value, attributes(entry.id, "", entry.type))
    tape.write(f"{service}.parked.v1", entry.key, entry.value, copy_headers(record, code, "", 1))


def refused(entries: list[Entry]) -> str:
    """The code with which a what-if on these records halts, and the words beside it."""
    with pytest.raises(NoReplay) as found:
        whatif(gather(entries), b.POLICIES, b.POLICIES)
    assert str(found.value) == f"{found.value.code}: {found.value.detail}"
    return str(found.value)


@pytest.fixture(scope="module")
def entries() -> list[Entry]:
    """Of one order, from its placing to its settlement."""
    told = [b.placed(), b.succeeded(), b.shipped(), b.signed(), b.receipt()]
    return TapedTown().live((told, "07-01 00:00")).tape.entries


def nth(entries: list[Entry], kind: str) -> int:
    return next(number for number, entry in enumerate(entries) if entry.type == kind)


def test_money_that_no_decision_leads_to_halts_r9_2(entries: list[Entry]) -> None:
    place = nth(entries, "line.settled")
    fact = entries[place].event
    assert fact is not None
    spoilt = replace(entries[place], event=fact.model_copy(update={"seller_minor": 1}))
    said = refused([*entries[:place], spoilt, *entries[place + 1 :]])
    assert said.startswith("halt.replay_differs: ")
    assert "payment took settlement.due of o1: recorded is line.settled" in said


def test_a_fact_whose_cause_was_never_told_halts_r9_2(entries: list[Entry]) -> None:
    place = nth(entries, "payment.succeeded")
    assert refused([*entries[:place], *entries[place + 1 :]]).startswith("halt.replay_differs: ")


def test_another_policy_than_the_one_in_force_halts_r9_2(entries: list[Entry]) -> None:
    with pytest.raises(NoReplay, match=r"halt\.replay_differs: .*order took order\.placed of o1"):
        whatif(gather(entries), b.with_policy("payment", fee_bp=600), b.POLICIES)


def test_a_topic_without_its_head_halts_and_says_from_where_r9_2(entries: list[Entry]) -> None:
    assert refused([entry for entry in entries if entry.ref != "order.v1/0/0"]).startswith("halt.replay_shortened: order.v1/0: 2 after 0")
    with pytest.raises(NoReplay, match=r"halt\.replay_shortened: psp\.v1/3 begins at offset 17"):
        gather(entries, {("psp.v1", 3): 17, ("psp.v1", 4): 0})


def test_a_missing_number_halts_r9_2(entries: list[Entry]) -> None:
    place = [number for number, entry in enumerate(entries) if entry.topic == "payment.v1"][1]
    assert refused([*entries[:place], *entries[place + 1 :]]).startswith("halt.sequence_gap: payment.v1/0: 3 after 1")


def test_empty_topics_halt_r9_2() -> None:
    assert refused([]).startswith("halt.replay_empty: ")


def test_a_fact_of_a_later_program_halts_r9_2(entries: list[Entry]) -> None:
    place = nth(entries, "line.settled")
    later = replace(entries[place], type="line.unheard_of", event=None)
    assert refused([*entries[:place], later, *entries[place + 1 :]]).startswith("halt.replay_unreadable: line.unheard_of at payment.v1/0/")


def test_copies_on_our_own_topics_are_passed_over_r9_2(entries: list[Entry]) -> None:
    """A relay may send its rows again."""
    again = [replace(entry, offset=entry.offset + 1_000) for entry in entries if entry.topic in ("order.v1", "payment.v1")]
    assert_nothing_differs(whatif(gather([*entries, *again]), b.POLICIES, b.POLICIES))


def test_what_nobody_had_taken_yet_is_left_open_r9_2(entries: list[Entry]) -> None:
    """It was read while the services worked: the last events of some topics have led to nothing yet."""
    cut = nth(entries, "order.paid") + 1
    report = whatif(gather(entries[:cut]), b.POLICIES, b.POLICIES)
    assert report.differences == 0
    assert report.read["open"] > 0


def test_what_raced_is_not_looked_back_for_while_its_entity_is_behind_r9_2(ground: TapedFairground) -> None:
    """Decisions are few more than there were, by 8 to 30 % here; else half as many more of order's and refund's, and ten times trust's."""
    retrace, decided = Retrace(ground.past(), IN_FORCE), Counter[str]()
    for desk in retrace.desks:
        desk.decide = counting(desk, decided)  # type: ignore[method-assign]
    found = Counter(desk.name for desk, *_ in retrace.run())
    assert all(found[name] <= decided[name] < found[name] * 1.4 for name in found), (found, decided)


def test_what_one_entity_was_before_is_looked_at_though_many_others_have_changed_r9_2() -> None:
    """A campaign order looks at an allotment, a cluster and parties: its refusal may lie before the last change of any one of them."""
    hindsight = Hindsight()
    places: list[Place] = [(ALLOTMENT, "c/sku1"), (CLUSTER, "b1"), (PARTY, "seller:s1"), (PARTY, "promoter:k1")]
    for nth in range(10):
        hindsight.remember({place: ABSENT._replace(version=nth) for place in places}, places, nth)
    seen = versions_of(hindsight, places)
    assert seen[:BACK_MAX] == [dict.fromkeys(places, at) for at in (9, 8, 7, 6, 5, 4)], "of one moment"
    seen = seen[BACK_MAX:]
    assert len(seen) == TRIES_MAX
    assert sorted(seen[: 4 * BACK_MAX], key=str) == sorted(({place: at} for place in places for at in range(4, 10)), key=str)
    assert [set(one.values()) for one in seen[:5]] == [{9}, {9}, {9}, {9}, {8}], "the latest first"
    assert seen[4 * BACK_MAX] == {places[0]: 9, places[1]: 9}


def test_what_all_were_at_one_moment_is_looked_at_first_however_many_have_changed_since_r9_2() -> None:
    """An explanation looks at a score and at lists and items, of which each item that is found changes some."""
    hindsight = Hindsight()
    score, first, second, *others = places = [(PARTY, name) for name in ("score", "a", "b", *map(str, range(9)))]
    states, changes = dict.fromkeys(places, ABSENT), (places, [score, first, *others[:5]], [score, second, *others[3:]])
    for nth, changed in enumerate(changes):
        hindsight.remember(states, changed, nth)
        states |= {place: states[place]._replace(version=nth + 1) for place in changed}
    before_the_last = {place: 2 if place in changes[1] else 1 for place in changes[2]}
    assert versions_of(hindsight, places)[:2] == [before_the_last, dict.fromkeys(places, 1)]


def versions_of(hindsight: Hindsight, places: list[Place]) -> list[dict[Place, int]]:
    return [{place: state.version for place, (state, _) in glimpse.items()} for glimpse in hindsight.glimpses(places)]


def counting(desk: Desk, decided: Counter[str]) -> Callable[..., Verdict]:
    decide = desk.decide

    def count(event: Message, identity: str, *, timer: bool = False) -> Verdict:
        decided[desk.name] += 1
        return decide(event, identity, timer=timer)

    return count
