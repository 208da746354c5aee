"""The reader that pages for upstream show: each fact once, though it dies in the midst of one."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaException, TopicPartition

from tests.journeys.deal import Deal, line
from tests.journeys.outside import Outside

pytestmark = [pytest.mark.stack, pytest.mark.timeout(900)]

PAGE = Path(__file__).parents[2] / "shared/contracts/README.md"


def test_the_reader_of_the_page_takes_each_fact_once_whatever_it_died_of(outside: Outside, tmp_path: Path) -> None:
    (code,) = re.findall(r"```python\n(def follow.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {"json": json, "Consumer": Consumer, "KafkaException": KafkaException, "TopicPartition": TopicPartition}
    exec(code, names)
    deals = [Deal(outside, f"read{number}") for number in range(3)]
    for deal in deals:
        deal.placed(line(1, 10_00), due=10_00)
        deal.paid(10_00)
    outside.idle()
    books = sqlite3.connect(tmp_path / "books")
    books.execute("CREATE TABLE taken (type, key)")
    left = [4]

    def take(into: sqlite3.Connection, kind: str, key: str, body: dict[str, Any]) -> None:
        into.execute("INSERT INTO taken VALUES (?, ?)", [kind, key])
        assert body["occurred_at"]
        left[0] -= 1
        if left[0] == 0:
            raise InterruptedError("it dies here")

    settings = {**outside.settings("storefront"), "group.id": "storefront-books"}
    with pytest.raises(InterruptedError):
        names["follow"]("order.v1", settings, books, take)
    assert books.execute("SELECT count(*) FROM taken").fetchall() == [(3,)]
    for _ in range(2):
        names["follow"]("order.v1", settings, sqlite3.connect(tmp_path / "books"), take)
    for deal in deals:
        found = books.execute("SELECT type FROM taken WHERE key = ?", [deal.order]).fetchall()
        assert [kind for (kind,) in found] == deal.types("order.v1")
    numbers = books.execute("SELECT sum(number) FROM place").fetchall()
    assert numbers == books.execute("SELECT count(*) FROM taken").fetchall()
