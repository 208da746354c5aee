"""The version at an order's placement governs that order: a whole market lives on as promised, whatever ops change a minute later.

Every value of which the words say `for orders placed from` (shared/policy/words.py) is held to that. Source: R9.1, R4.1.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.policy import Policies
from shared.policy.changes import Leaf, leaves, word_of
from tests.unit import builders as b
from tests.unit.test_policy_words import _put, at
from tests.unit.verify.market import POLICIES, Market, market

FIRST = POLICIES.versions[0]
VALUES = leaves(FIRST)
OF_ORDERS = [path for path in VALUES if word_of(path)[0].since == "for orders placed from"]
PLACED = b.at(b.PLACED)  # all of the market's orders
LATER = PLACED + timedelta(minutes=1)  # before any is paid
NAMES = ("rule_version", "policy_version", "terms_sha256")  # of the version itself
# A tier's days, for orders to come: what is read at their placement. A payout, of no order: what is read when it is made.
OF_NO_ORDER = ("tier.changed", "tier.noted", "payout.done", "payout.settled", "payout.break_found")


def other(path: str) -> Leaf:
    value = VALUES[path]
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int) else value[:-1] if isinstance(value, tuple) else value


def played(paths: Iterable[str], since: datetime) -> Market:
    """All of these values are others from then on."""
    changed = FIRST
    for path in paths:
        changed = _put(changed, at(path).split("."), other(path))
    second = changed.model_copy(update={"version": "2", "effective_from": since})
    return market(Policies([FIRST, second]))


def facts(town: Market) -> set[tuple[str, str, str]]:
    """By id and type, without the version's own name."""

    def nameless(pairs: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in pairs.items() if name not in NAMES}

    return {(identity, kind, json.dumps(json.loads(body, object_hook=nameless))) for identity, kind, body in town.facts}


def of_orders(found: set[tuple[str, str, str]]) -> set[tuple[str, str, str]]:
    return {fact for fact in found if fact[1] not in OF_NO_ORDER}


@pytest.fixture(scope="module")
def promised() -> set[tuple[str, str, str]]:
    return facts(market())


def test_r9_1_nothing_that_an_order_was_promised_changes_after_its_placement(promised: set[tuple[str, str, str]]) -> None:
    found = facts(played(OF_ORDERS, LATER))
    assert {kind for _, kind, _ in found ^ promised} <= set(OF_NO_ORDER)


GROUPS = {
    "order": "order.",
    "payment": "payment.",
    "cases": "refund.",
    "guarantees": "refund.guarantees.",
    "penalties": "order.late.",
    "sham": "order.sham.",
    "card": "refund.guarantees.trust_card.",
    "authenticity": "refund.guarantees.authenticity.",
    "instant": "refund.guarantees.instant.",
}


@pytest.mark.parametrize("group", GROUPS)
def test_r9_1_orders_placed_when_the_new_version_is_in_force_are_promised_by_it(group: str, promised: set[tuple[str, str, str]]) -> None:
    assert facts(played([path for path in OF_ORDERS if path.startswith(GROUPS[group])], PLACED)) != promised


NOTICED = ("payment.fee_bp", "payment.statement_days", "refund.no_reason_days", "refund.answer_hours", "order.late.bp")


@pytest.mark.parametrize("path", NOTICED)
def test_r9_1_at_the_moment_of_its_placement_an_order_is_promised_by_it(path: str, promised: set[tuple[str, str, str]]) -> None:
    assert of_orders(facts(played([path], PLACED))) != of_orders(promised)


def test_r9_1_a_microsecond_after_its_placement_it_is_not(promised: set[tuple[str, str, str]]) -> None:
    assert of_orders(facts(played(NOTICED, PLACED + timedelta(microseconds=1)))) == of_orders(promised)


@pytest.mark.parametrize(
    "path",
    [
        "payment.sweep",
        "payment.provider_silent_hours",
        "payment.chargeback_silent_days",
        "payment.known_hours",
        "trust.prior_good",
        "trust.shown_from_items",
        "trust.roles.seller.half_life_days",
        "trust.evidence.completed.weight",
        "trust.evidence.late.weight",
        "trust.evidence.sham.weight",
    ],
)
def test_r9_1_what_no_order_was_promised_is_read_when_it_is_needed(path: str, promised: set[tuple[str, str, str]]) -> None:
    assert word_of(path)[0].since != "for orders placed from"
    assert facts(played([path], LATER)) != promised
