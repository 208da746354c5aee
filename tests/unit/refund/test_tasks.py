"""Whose turn it is: rows of the queue from the facts of cases, and the figures of the after-sale work. Source: R4.2, R4.3, R4.11."""

from __future__ import annotations

from typing import Any

from prometheus_client import REGISTRY

from services.refund.metrics import COUNTED, WATCHED
from services.refund.store import CASE_FACTS, TASKS
from shared.contracts.refund import CaseFact
from shared.contracts.registry import entries
from shared.messaging.memory import Memory
from shared.messaging.shape import Rows
from tests.unit.builders import BUYER, CASE, ORDER, SELLER, at
from tests.unit.refund import acts as a
from tests.unit.refund import life as l
from tests.unit.refund.matrix import shop

SIMPLE = Rows("t", {"id": "text", "what": "text", "who": "text"}, (), lambda fact, _: (), key=("id",), kept=frozenset({"who"}))
LAST = {name: nth for nth, name in enumerate(TASKS.columns)}


def tasks(memory: Memory) -> dict[str, dict[str, Any]]:
    """By task of the one case: as the table has it after all its rows."""
    return {row[LAST["task"]]: dict(zip(TASKS.columns, row, strict=True)) for row in TASKS.merged(memory.rows["case_task"])}


def test_the_last_row_of_a_key_stands_and_what_it_does_not_say_stays() -> None:
    assert SIMPLE.merged([("b", "1", "x"), ("a", "1", "y"), ("b", "2", None), ("b", None, None)]) == [("a", "1", "y"), ("b", None, "x")]
    assert Rows("t", {"id": "text"}, (), lambda fact, _: ()).merged([("b",), ("a",), ("b",)]) == [("b",), ("a",), ("b",)]


def test_every_fact_of_a_case_says_whose_turn_it_is_r4_2() -> None:
    told = {entry.kind for entry in entries() if issubclass(entry.kind, CaseFact)}
    assert set(CASE_FACTS) == told


def test_a_task_is_as_the_case_stands_and_ends_with_it_r4_2() -> None:
    for events in (l.OPEN, l.DECLINED, l.APPROVED, l.RETURNED, l.GRANTED, l.STUCK, l.DONE, l.WITHDRAWN):
        memory = l.shop(*events)
        case, task = l.case_of(memory), tasks(memory)["case"]
        assert (task["state"], task["turn"], task["deadline"]) == (case.state, case.turn, case.deadline)
        assert task["open"] is not case.ended
        about = (task["order_id"], task["case_id"], task["seller_id"], task["buyer_id"], task["kind"], task["ground"], task["opened_at"])
        assert about == (ORDER, CASE, SELLER, BUYER, case.kind, case.ground, case.applied_at)


def test_a_task_is_of_the_kind_that_a_ruling_or_an_appeal_gave_its_case_r4_11() -> None:
    """Whoever filters the queue by kind finds it where it is now."""
    claimed = shop(*a.DISPUTED, a.HEARD)
    ruled = shop(*a.DISPUTED, a.HEARD, a.ruled(remedy="refund_only"))
    won = shop(*a.DISPUTED, a.HEARD, a.ruled(upheld=False), a.appealed(), a.appeal_ruled(remedy="refund_only"))
    assert [tasks(memory)["case"]["kind"] for memory in (claimed, ruled, won)] == ["return_and_refund", "refund_only", "refund_only"]
    assert [l.case_of(memory).kind for memory in (ruled, won)] == ["refund_only", "refund_only"]


def test_an_appeal_is_a_task_of_its_own_and_the_platforms_r4_11() -> None:
    memory = shop(*a.DISPUTED, a.HEARD, a.ruled(upheld=False), a.appealed())
    case, appeal = tasks(memory)["case"], tasks(memory)["appeal"]
    until = l.case_of(memory).appeal
    assert until is not None
    assert (case["state"], case["open"]) == (70, False)
    assert (appeal["turn"], appeal["deadline"], appeal["open"]) == ("platform", until.until, True)
    memory.when(a.appeal_ruled(upheld=False))
    assert tasks(memory)["appeal"]["open"] is False


def figure(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def counted(memory: Memory) -> None:
    for fact in memory.facts:
        if type(fact) in COUNTED.facts:
            COUNTED.count(fact)


def test_ends_are_counted_by_how_they_were_answered_and_how_long_they_took_r4_3() -> None:
    kind = "return_and_refund"
    names: list[tuple[str, dict[str, str]]] = [
        ("laotie_cases_opened_total", {}),
        ("laotie_cases_answered_total", {"by": "seller"}),
        ("laotie_case_duration_seconds_count", {}),
        ("laotie_case_duration_seconds_sum", {}),
    ]
    before = [figure(name, kind=kind, **more) for name, more in names]
    stuck = figure("laotie_refunds_stuck_total")
    counted(l.shop(*l.DONE))
    seconds = (at("06-22 10:01") - at("06-17 10:00")).total_seconds()
    assert [figure(name, kind=kind, **more) - was for (name, more), was in zip(names, before, strict=True)] == [1, 1, 1, seconds]
    assert figure("laotie_case_duration_seconds_bucket", kind=kind, le=f"{7 * 86_400}.0") >= 1
    counted(l.shop(*l.STUCK))
    assert figure("laotie_refunds_stuck_total") - stuck == 1


def standing(task: str, state: int, turn: str, cases: int, overdue: int = 0) -> dict[str, Any]:
    return {"task": task, "state": state, "turn": turn, "cases": cases, "overdue": overdue}


def test_what_stands_is_shown_anew_each_time_r4_11() -> None:
    rows = [standing("case", 10, "seller", 4, 1), standing("case", 20, "platform", 3, 2), standing("case", 50, "platform", 2)]
    WATCHED.show([*rows, standing("case", 10, "platform", 5), standing("appeal", 70, "platform", 6, 1)])
    assert figure("laotie_cases_open", state="10", turn="seller") == 4
    assert [figure("laotie_cases_overdue", turn=turn) for turn in ("seller", "platform")] == [1, 3]
    assert [figure("laotie_arbitration_backlog", what=what) for what in ("dispute", "appeal")] == [3, 6]
    assert [figure("laotie_cases_unpaid", why=why) for why in ("stuck", "fund")] == [2, 5]
    WATCHED.show([])
    assert REGISTRY.get_sample_value("laotie_cases_open", {"state": "10", "turn": "seller"}) is None
    assert REGISTRY.get_sample_value("laotie_arbitration_backlog", {"what": "dispute"}) == 0
