"""Fifty scores with their numbers: P and N of each dimension that has any, in millionths, and what they come to. Source: R5.2-R5.5.

`9 completed 45 by 1`: nine completed lines, 45 days old, all by one counterparty; without `by 1` each has its own. Worked from R5's
text; a line of arithmetic stands where the number is not plain: T = (8 + P) / (10 + P + N), score = floor(1000 * sum of weight * T + 1/2).
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.messaging.message import Message
from tests.unit.trust import naive
from tests.unit.trust.asked import items_of
from tests.unit.trust.asked import told as explained
from tests.unit.trust.market import TODAY, trust
from tests.unit.trust.test_voids import told

# fmt: off
# ruff: noqa: E501 - one case a line
WORKED = [  # one a line
    ("seller", "", 800, ""),
    ("buyer", "", 800, ""),
    ("promoter", "", 800, ""),
    ("seller", "20 shipped_on_time 0", 827, "logistics 20_000_000/0"),
    ("seller", "20 shipped_on_time 90", 820, "logistics 10_000_000/0"),
    ("seller", "20 shipped_on_time 180", 813, "logistics 5_000_000/0"),
    ("seller", "1 counterfeit 0", 399, "goods 0/10_000_000"),
    ("seller", "1 counterfeit 89", 399, "goods 0/5_038_650"),
    ("seller", "1 counterfeit 90", 693, "goods 0/5_000_000"),
    ("seller", "2 counterfeit 90", 640, "goods 0/10_000_000"),
    ("seller", "50 completed 0 by 1", 827, "goods 5_000_000/0"),
    ("seller", "50 completed 0", 867, "goods 50_000_000/0"),
    ("seller", "5 completed 0 by 1", 827, "goods 5_000_000/0"),
    ("seller", "6 completed 0 by 1", 827, "goods 5_000_000/0"),
    ("seller", "10 completed 90 by 1", 827, "goods 5_000_000/0"),
    ("seller", "12 completed 90 by 1", 827, "goods 5_000_000/0"),
    ("seller", "9 completed 45 by 1", 827, "goods 5_000_000/0"),
    ("seller", "1 completed 0", 807, "goods 1_000_000/0"),
    ("seller", "1 completed 1", 807, "goods 992_327/0"),
    ("seller", "1 completed 1800", 800, ""),
    ("seller", "1 completed 1799", 800, ""),
    ("seller", "1 late 0", 773, "logistics 0/2_000_000"),
    ("seller", "1 sham 0", 747, "logistics 0/5_000_000"),
    ("seller", "3 late 30", 748, "logistics 0/4_762_200"),
    ("seller", "1 quality_refund 0", 726, "goods 0/3_000_000"),
    ("seller", "10 answered 0", 825, "after_sales 10_000_000/0"),
    ("seller", "10 answered 0, 2 timed_out 0", 805, "after_sales 10_000_000/2_000_000"),
    ("seller", "1 dispute_lost 0", 754, "after_sales 0/3_000_000"),
    ("seller", "1 violation_c 0", 780, "content 0/2_000_000"),
    ("seller", "1 violation_b 0", 760, "content 0/5_000_000"),
    ("seller", "1 violation_a 0", 728, "content 0/15_000_000"),
    ("seller", "1 violation_a 90", 749, "content 0/7_500_000"),
    ("seller", "100 completed 0, 100 shipped_on_time 0, 20 answered 0", 942, "goods 100_000_000/0 logistics 100_000_000/0 after_sales 20_000_000/0"),
    ("seller", "100 completed 0, 100 shipped_on_time 0, 20 answered 0, 1 counterfeit 0", 399, "goods 100_000_000/10_000_000 logistics 100_000_000/0 after_sales 20_000_000/0"),
    ("seller", "100 completed 0, 100 shipped_on_time 0, 20 answered 0, 1 counterfeit 90", 925, "goods 100_000_000/5_000_000 logistics 100_000_000/0 after_sales 20_000_000/0"),
    ("seller", "30 completed 10, 28 shipped_on_time 12, 2 late 12, 1 quality_refund 3", 843, "goods 27_776_220/2_931_477 logistics 25_528_216/3_646_888"),
    ("promoter", "40 completed 0", 864, "goods 40_000_000/0"),
    ("promoter", "40 completed 0, 1 violation_a 0", 672, "content 0/15_000_000 goods 40_000_000/0"),
    ("promoter", "5 answered 7, 1 dispute_lost 7", 785, "service 4_737_580/2_842_548"),
    ("promoter", "1 counterfeit 0", 399, "goods 0/10_000_000"),
    ("buyer", "10 completed 0", 880, "fulfilment 10_000_000/0 after_sales 10_000_000/0"),
    ("buyer", "10 completed 0 by 1", 853, "fulfilment 5_000_000/0 after_sales 5_000_000/0"),
    ("buyer", "10 completed 180 by 1", 853, "fulfilment 5_000_000/0 after_sales 5_000_000/0"),
    ("buyer", "1 false_claim 0", 709, "after_sales 0/4_000_000"),
    ("buyer", "1 swapped_parcel 0", 399, "after_sales 0/10_000_000"),
    ("buyer", "1 swapped_parcel 90", 667, "after_sales 0/7_071_060"),
    ("buyer", "1 chargeback_lost 0", 680, "fulfilment 0/6_000_000"),
    ("buyer", "1 dispute_lost 0", 763, "disputes 0/3_000_000"),
    ("buyer", "20 completed 30, 1 dispute_lost 10", 867, "fulfilment 17_817_960/0 after_sales 17_817_960/0 disputes 0/2_886_669"),
    ("buyer", "25 completed 0, 1 false_claim 179", 894, "fulfilment 25_000_000/0 after_sales 25_000_000/2_007_716"),
]
# fmt: on


def events_of(role: str, said: str) -> list[Message]:
    events: list[Message] = []
    for part in filter(None, said.split(", ")):
        count, kind, age, *one = part.split()
        for number in range(int(count)):
            events.append(told(role, len(events), kind, f"{kind}-{0 if one else number}", int(age)))
    return events


@pytest.mark.parametrize(("role", "said", "score", "sums"), WORKED)
def test_a_score_is_what_it_is_worked_to(role: str, said: str, score: int, sums: str) -> None:
    """R5.2-R5.5: by the service, from all that was found; by the other program; and as the numbers stand here."""
    events = events_of(role, said)
    facts = items_of(events)
    rows = [(row[0], row[1], row[2]) for row in naive.explain([*facts], role, TODAY)[1]]
    assert naive.explain([*facts], role, TODAY)[0] == score
    if events:
        found = explained(trust(*events), f"{role}:x")
        assert found.as_of == TODAY.isoformat()
        assert found.score == score
        assert [(row.dimension, row.positive, row.negative) for row in found.dimensions] == rows
    assert " ".join(f"{name} {good:_}/{bad:_}" for name, good, bad in rows if good or bad) == sums


def test_there_are_at_least_forty_and_each_kind_of_evidence_is_among_them() -> None:
    assert len(WORKED) >= 40
    named = {part.split()[1] for _, said, _, _ in WORKED for part in filter(None, said.split(", "))}
    assert named == set(naive.WEIGHTS)


@pytest.mark.parametrize(
    ("age", "worth"), [(0, 1_000_000), (1, 992_327), (45, 707_106), (89, 503_865), (90, 500_000), (900, 976), (1_790, 1), (1_794, 0)]
)
def test_an_item_of_a_seller_is_worth_so_many_millionths_at_that_age(age: int, worth: int) -> None:
    """R5.2: floor(10^6 * 2^(-age/90))."""
    assert naive.half(age, 90) == worth
    found = explained(trust(told("seller", 1, "completed", "c", age)), "seller:x")
    assert [(one.worth, one.age_days) for one in found.heaviest] == [(worth, (TODAY - (TODAY - timedelta(days=age))).days)]
