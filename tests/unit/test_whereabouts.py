"""Which partitions `laotie explain` reads for an order, and from where on."""

from __future__ import annotations

from deploy.cli.whereabouts import Cursor, keyed_by_order, names, under_key
from deploy.verify.log import TOPICS
from shared.messaging.stripes import stripe_of

KEY, STRIPES = "o-1", 4
OWN = stripe_of(KEY, STRIPES)
OTHERS = [number for number in range(STRIPES) if number != OWN]


def cursors(topic: str, position: int, *, astray: bool = False) -> list[Cursor]:
    return [Cursor(topic, number, position, astray and number == OTHERS[0]) for number in range(STRIPES)]


def test_a_key_is_looked_for_in_its_partition_and_where_nobody_has_read_yet() -> None:
    places = under_key(KEY, STRIPES, ["psp.v1"], cursors("psp.v1", 70))
    assert places == {("psp.v1", OWN): 0} | {("psp.v1", number): 70 for number in OTHERS}


def test_what_only_one_of_two_services_has_read_is_looked_into() -> None:
    places = under_key(KEY, STRIPES, ["psp.v1"], [*cursors("psp.v1", 70), *cursors("psp.v1", 30)])
    assert {places[("psp.v1", number)] for number in OTHERS} == {30}


def test_a_topic_in_which_a_key_was_seen_astray_is_read_whole() -> None:
    seen = [*cursors("psp.v1", 70, astray=True), *cursors("logistics.v1", 50)]
    places = under_key(KEY, STRIPES, ["psp.v1", "logistics.v1"], seen)
    assert {places[("psp.v1", number)] for number in range(STRIPES)} == {0}
    assert {places[("logistics.v1", number)] for number in OTHERS} == {50}


def test_what_nobody_reads_is_looked_for_under_its_key_alone() -> None:
    assert under_key(KEY, STRIPES, ["party.v1"], []) == {("party.v1", OWN): 0}


def test_our_topics_that_carry_other_keys_too_are_looked_into_by_their_bodies() -> None:
    by_key, by_body = names()
    assert {"storefront.v1", "seller.v1", "order.v1", "payment.v1", "refund.v1"} <= set(by_key)
    assert {"party.v1", "trust.v1", "trust.evidence.v1", "payment.account.v1", "refund.internal.v1", "order.parked.v1"} <= set(by_body)
    assert not set(by_key) & set(by_body)
    assert not keyed_by_order(TOPICS["refund.internal.v1"]), "waybills and buyers have keys of their own"
