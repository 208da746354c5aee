"""The one statement that a batch saves with, made of what there is to save: few combinations occur, each planned once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.messaging.columns import rows_from, spelled
from shared.messaging.shape import Rows, Service


@dataclass(frozen=True, slots=True)
class Part:
    """A CTE of the saving statement. columns: names and types of the rows `u`, which stand in place of {rows}.

    counted: it returns a row for each that was asked for (S2, S3).
    """

    sql: str
    columns: Mapping[str, str]
    counted: bool = False

    def spelled(self, since: int = 0) -> str:
        """since: how many parameters come before."""
        return self.sql.replace("{rows}", rows_from(self.columns, since))

    def arguments(self, rows: Sequence[Sequence[Any]]) -> list[Any]:
        """A parameter for each column. rows: at least one."""
        return [spelled(sql_type, column) for sql_type, column in zip(self.columns.values(), zip(*rows, strict=True), strict=True)]


LANES = Part(
    """
INSERT INTO lane (topic, partition, seq)
SELECT u.topic, u.partition, u.size FROM {rows}
ON CONFLICT (topic, partition) DO UPDATE SET seq = lane.seq + excluded.seq
RETURNING topic, partition, seq
""",
    {"topic": "text", "partition": "int", "size": "bigint"},
)

OUTBOX = Part(
    """
INSERT INTO outbox (topic, partition, seq, key, headers, value)
SELECT u.topic, u.partition, lanes.seq - u.back, u.key, u.headers, u.value
  FROM {rows} JOIN lanes ON (lanes.topic, lanes.partition) = (u.topic, u.partition) RETURNING 1
""",
    {"topic": "text", "partition": "int", "back": "bigint", "key": "bytea", "headers": "json", "value": "bytea"},
    counted=True,
)

INBOX = Part(
    "INSERT INTO inbox (source, id, body_hash, at) SELECT u.source, u.id, u.body_hash, u.at FROM {rows} RETURNING 1",
    {"source": "text", "id": "text", "body_hash": "bytea", "at": "timestamptz"},
    counted=True,
)

DISARMED = Part("DELETE FROM timer t USING {rows} WHERE (t.kind, t.subject) = (u.kind, u.subject)", {"kind": "text", "subject": "text"})

ARMED = Part(
    """
INSERT INTO timer (kind, subject, key, stripe, due_at, body)
SELECT u.kind, u.subject, u.key, u.stripe, u.due_at, u.body FROM {rows}
ON CONFLICT (kind, subject) DO UPDATE
   SET key = excluded.key, stripe = excluded.stripe, due_at = excluded.due_at, body = excluded.body, sent_at = NULL
""",
    {"kind": "text", "subject": "text", "key": "text", "stripe": "int", "due_at": "timestamptz", "body": "bytea"},
)

CURSORS = Part(
    """
UPDATE cursor c SET position = u.upto, last_seq = coalesce(u.last_seq, c.last_seq), astray = c.astray OR u.astray
  FROM {rows} WHERE (c.topic, c.partition, c.position) = (u.topic, u.partition, u.since) RETURNING 1
""",
    {"topic": "text", "partition": "int", "since": "bigint", "upto": "bigint", "last_seq": "bigint", "astray": "bool"},
    counted=True,
)


def save_parts(service: Service) -> dict[str, Part]:
    """In the order in which they stand in the statement."""
    kinds = {f"kind{nth}": kind_part(kind.name) for nth, kind in enumerate(service.kinds)}
    rows = {f"rows{nth}": rows_part(table) for nth, table in enumerate(service.rows)}
    return kinds | rows | {"inboxed": INBOX, "disarmed": DISARMED, "armed": ARMED, "lanes": LANES, "sent": OUTBOX, "moved": CURSORS}


def kind_part(kind: str) -> Part:
    sql = f"""
INSERT INTO "{kind}" (key, version, base, body)
SELECT u.key, u.version, u.base, u.body::json FROM {{rows}}
ON CONFLICT (key) DO UPDATE SET version = excluded.version, base = excluded.base, body = excluded.body
 WHERE "{kind}".version = excluded.base RETURNING 1
"""
    return Part(sql, {"key": "text", "version": "bigint", "base": "bigint", "body": "json"}, counted=True)


def rows_part(table: Rows) -> Part:
    names = ", ".join(f'"{name}"' for name in table.columns)
    taken = ", ".join(f'u."{name}"' for name in table.columns)
    sql = f'INSERT INTO "{table.table}" ({names}) SELECT {taken} FROM {{rows}} {_replacing(table)}RETURNING 1'
    return Part(sql, table.columns, counted=True)


def _replacing(table: Rows) -> str:
    """What becomes of a row whose key is there already; rows without a key are only ever added."""
    if not table.key:
        return ""
    sets = [_replaced(table, name) for name in table.columns if name not in table.key]
    key = ", ".join(f'"{name}"' for name in table.key)
    return f"ON CONFLICT ({key}) DO UPDATE SET {', '.join(sets)} "


def _replaced(table: Rows, name: str) -> str:
    said = f'excluded."{name}"'
    return f'"{name}" = coalesce({said}, "{table.table}"."{name}")' if name in table.kept else f'"{name}" = {said}'


def save_statement(parts: Mapping[str, Part], names: Sequence[str]) -> str:
    """One statement for all that a batch writes. `lanes` reads the counts of what comes before it, so it locks last (S1)."""
    used, spelled = 0, list[str]()
    for name in names:
        part = parts[name]
        sql = part.spelled(used)
        before = [f"(SELECT count(*) FROM {other})" for other in names[: names.index(name)] if parts[other].counted]
        if name == "lanes" and before:
            sql = sql.replace("ON CONFLICT", f"WHERE {' + '.join(before)} >= 0 ORDER BY 1, 2\nON CONFLICT", 1)
        spelled.append(f"{name} AS ({sql})")
        used += len(part.columns)
    total = " + ".join(f"(SELECT count(*) FROM {name})" for name in names if parts[name].counted)
    tops = "(SELECT array_agg(ROW(l.topic, l.partition, l.seq)) FROM lanes l)" if "lanes" in names else "NULL::int"
    return "WITH " + ",\n".join(spelled) + f"\nSELECT {total or 0}, {tops}"
