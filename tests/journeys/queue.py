"""A staff app's queue of cases, built from refund.v1 as any Kafka client reads it. Nothing of our code is imported here."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any, ClassVar

from tests.journeys.outside import Fact

ENDED = (60, 70)


class Queue:
    """take() each fact of refund.v1 once, an order's in their order; rows() is what is to be done now."""

    COLUMNS: ClassVar = (
        "order_id", "case_id", "task", "line_no", "state", "kind", "ground", "seller_id", "buyer_id", "turn", "deadline", "rule", "code",
        "opened_at", "since", "attempts", "grants",
    )  # fmt: skip

    def __init__(self) -> None:
        self._cases: dict[tuple[str, str], dict[str, Any]] = {}
        self._appeals: dict[tuple[str, str], dict[str, Any]] = {}
        self._claims: Counter[tuple[str, int]] = Counter()

    def take(self, fact: Fact) -> None:
        body = fact.body
        if "state" not in body:
            return  # not a fact of a case: a certificate, a window, a compensation
        place, at = (body["order_id"], body["case_id"]), datetime.fromisoformat(body["occurred_at"])
        if fact.type == "case.opened":
            self._claims[body["order_id"], body["line_no"]] += 1
            about = {name: body[name] for name in ("order_id", "case_id", "line_no", "kind", "ground", "seller_id", "buyer_id")}
            self._cases[place] = {**about, "task": "case", "opened_at": at, "since": at, "grants": 0}
        case = self._cases[place]
        step = {"state": body["state"], "turn": body["turn"], "deadline": _time(body["deadline"])}
        if any(case.get(name, value) != value for name, value in step.items()):
            case["since"] = max(case["since"], at)  # nobody's time runs from what is no step: evidence, say
        case |= {**step, "rule": body["rule"], "code": body.get("code", "")}
        if fact.type in ("case.ruled", "case.reopened"):
            case["kind"] = body["kind"]
        elif fact.type == "refund.granted":
            case["grants"] = body.get("attempt", 1)
        elif fact.type == "case.appealed":
            until = _time(body["appeal_until"])
            self._appeals[place] = {"task": "appeal", "turn": "platform", "deadline": until, "state": body["state"], "rule": body["rule"]}
            self._appeals[place]["code"] = body.get("code", "")
        elif fact.type == "case.appeal_ended":
            self._appeals.pop(place, None)

    def rows(self) -> list[dict[str, Any]]:
        rows = [case for case in self._cases.values() if case["state"] not in ENDED]
        rows += [{**self._cases[place], **appeal} for place, appeal in self._appeals.items()]
        return [{**row, "attempts": self._claims[row["order_id"], row["line_no"]]} for row in rows]


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text is not None else None
