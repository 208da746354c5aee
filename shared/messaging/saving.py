"""The one statement that a batch saves with, made of what there is to save: few combinations occur, each planned once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.messaging.shape import Rows, Service

SAVE_KIND = """
INSERT INTO "{kind}" (key, version, base, body)
SELECT u.key, u.version, u.base, u.body::json
  FROM unnest({0}::text[], {1}::bigint[], {2}::bigint[], {3}::text[]) u(key, version, base, body)
ON CONFLICT (key) DO UPDATE SET version = excluded.version, base = excluded.base, body = excluded.body
 WHERE "{kind}".version = excluded.base RETURNING 1
"""

SAVE_INBOX = """
INSERT INTO inbox (source, id, body_hash, at)
SELECT * FROM unnest({0}::text[], {1}::text[], {2}::bytea[], {3}::timestamptz[]) RETURNING 1
"""

DROP_TIMERS = """
DELETE FROM timer t USING unnest({0}::text[], {1}::text[]) u(kind, subject) WHERE (t.kind, t.subject) = (u.kind, u.subject)
"""

SAVE_TIMERS = """
INSERT INTO timer (kind, subject, key, stripe, due_at, body)
SELECT * FROM unnest({0}::text[], {1}::text[], {2}::text[], {3}::int[], {4}::timestamptz[], {5}::bytea[])
ON CONFLICT (kind, subject) DO UPDATE
   SET key = excluded.key, stripe = excluded.stripe, due_at = excluded.due_at, body = excluded.body, sent_at = NULL
"""

MOVE_LANES = """
INSERT INTO lane (topic, partition, seq)
SELECT * FROM unnest({0}::text[], {1}::int[], {2}::bigint[])
ON CONFLICT (topic, partition) DO UPDATE SET seq = lane.seq + excluded.seq
RETURNING topic, partition, seq
"""

FILL_OUTBOX = """
INSERT INTO outbox (topic, partition, seq, key, headers, value)
SELECT u.topic, u.partition, lanes.seq - u.back, u.key, u.headers, u.value
  FROM unnest({0}::text[], {1}::int[], {2}::bigint[], {3}::bytea[], {4}::text[], {5}::bytea[])
       u(topic, partition, back, key, headers, value)
  JOIN lanes ON (lanes.topic, lanes.partition) = (u.topic, u.partition) RETURNING 1
"""

MOVE_CURSORS = """
UPDATE cursor c SET position = u.upto, last_seq = coalesce(u.last_seq, c.last_seq), astray = c.astray OR u.astray
  FROM unnest({0}::text[], {1}::int[], {2}::bigint[], {3}::bigint[], {4}::bigint[], {5}::bool[])
       u(topic, partition, since, upto, last_seq, astray)
 WHERE (c.topic, c.partition, c.position) = (u.topic, u.partition, u.since) RETURNING 1
"""


@dataclass(frozen=True, slots=True)
class Part:
    """A CTE of the saving statement. width: its arrays. counted: it returns a row for each that was asked for (S2, S3)."""

    sql: str
    width: int
    counted: bool


def save_parts(service: Service) -> dict[str, Part]:
    parts = {f"kind{nth}": Part(SAVE_KIND.replace("{kind}", kind.name), 4, counted=True) for nth, kind in enumerate(service.kinds)}
    for nth, table in enumerate(service.rows):
        arrays = ", ".join(f"{{{at}}}::{sql_type}[]" for at, sql_type in enumerate(table.columns.values()))
        names = ", ".join(f'"{name}"' for name in table.columns)
        insert = f'INSERT INTO "{table.table}" ({names}) SELECT * FROM unnest({arrays}) {_replacing(table)}RETURNING 1'
        parts[f"rows{nth}"] = Part(insert, len(table.columns), counted=True)
    return parts | {
        "inboxed": Part(SAVE_INBOX, 4, counted=True),
        "disarmed": Part(DROP_TIMERS, 2, counted=False),
        "armed": Part(SAVE_TIMERS, 6, counted=False),
        "lanes": Part(MOVE_LANES, 3, counted=False),
        "sent": Part(FILL_OUTBOX, 6, counted=True),
        "moved": Part(MOVE_CURSORS, 6, counted=True),
    }


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
        sql = part.sql.format(*(f"${used + nth + 1}" for nth in range(part.width)))
        before = [f"(SELECT count(*) FROM {other})" for other in names[: names.index(name)] if parts[other].counted]
        if name == "lanes" and before:
            sql = sql.replace("ON CONFLICT", f"WHERE {' + '.join(before)} >= 0 ORDER BY 1, 2\nON CONFLICT", 1)
        spelled.append(f"{name} AS ({sql})")
        used += part.width
    total = " + ".join(f"(SELECT count(*) FROM {name})" for name in names if parts[name].counted)
    tops = "(SELECT array_agg(ROW(l.topic, l.partition, l.seq)) FROM lanes l)" if "lanes" in names else "NULL::int"
    return "WITH " + ",\n".join(spelled) + f"\nSELECT {total or 0}, {tops}"
