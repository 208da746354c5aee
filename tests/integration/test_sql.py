"""Every SQL constant of the project prepares on the migrated schemas: a renamed column fails here, not in a service."""

from __future__ import annotations

import ast
import json
import re
import string
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from deploy.local.services import discover
from deploy.local.stack import Stack
from shared import postgres
from shared.messaging.recovery.rebuild import STAGE
from shared.messaging.saving import Part, save_parts, save_statement
from shared.messaging.shape import Service

pytestmark = pytest.mark.stack

ROOT = Path(__file__).resolve().parents[2]
ENGINE = ("shared/messaging/*.py", *(f"deploy/cli/{name}.py" for name in ("adopt", "held", "recover")))  # in each schema, as its role
OURS = ("deploy/cli/*.py", "deploy/verify/*.py")  # over all schemas, as ops
STARTS = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH|BEGIN|LOCK|SET)\s")


async def test_every_statement_prepares(stack: Stack) -> None:
    statements = {service: of_service(service) for service in discover()} | {postgres.OPS: of_ops()}
    assert sum(map(len, statements.values())) > 100, "the search for constants has lost its way"
    troubles = [line for role, found in statements.items() for line in await unprepared(stack.dsn(role), found)]
    assert troubles == []


async def test_a_statement_that_does_not_prepare_is_named(stack: Stack) -> None:
    wrong = {"x.WRONG": 'SELECT nothing FROM "order"', "x.RIGHT": 'SELECT key FROM "order"'}
    assert await unprepared(stack.dsn("order"), wrong) == ['x.WRONG: column "nothing" does not exist']


async def test_s5_a_body_comes_back_as_it_was_written_the_order_of_its_keys_too(stack: Stack) -> None:
    """What was folded in memory is what the next batch loads: the oldest of a dict is still its first."""
    body = '{"zz": {"late": 1, "a": 2}, "b": null}'
    for service in discover():
        connection = await asyncpg.connect(stack.dsn(service))
        async with connection.transaction():
            for kind in import_module(f"services.{service}.handlers").SERVICE.kinds:
                part = save_parts(Service(service, (), lambda event, policy: event, (kind,)))["kind0"]
                await connection.fetchrow(save_statement({"kind0": part}, ["kind0"]), *part.arguments([("a-body", 1, 0, body)]))
                kept = await connection.fetchval(f"SELECT body::text FROM {postgres.quoted(kind.name)} WHERE key = 'a-body'")
                assert kept == body, f"{service}.{kind.name}"
                await connection.execute(f"DELETE FROM {postgres.quoted(kind.name)} WHERE key = 'a-body'")
        await connection.close()


async def test_s5_every_text_number_and_null_of_a_column_survives(stack: Stack) -> None:
    columns = {"words": "text", "bodies": "json", "small": "int", "large": "bigint", "raw": "bytea"}
    words = ["", "a", None, "None", "NULL", "{}", ",", '"', "\\", "\n", "\x1f", "é", "👛", "a,b"]
    bodies = [json.dumps({"said": word, "list": [1, 2]}, ensure_ascii=False) for word in words]
    small = [None, *range(len(words) - 3), 2**31 - 1, -(2**31)]
    large = [None, *range(len(words) - 3), 2**63 - 1, -(2**63)]
    rows = list(zip(words, bodies, small, large, [None, b"", *[b"\x1f,\xff"] * (len(words) - 2)], strict=True))
    part = Part("SELECT u.* FROM {rows}", columns)
    connection = await asyncpg.connect(stack.dsn("order"))
    assert [tuple(row) for row in await connection.fetch(part.spelled(), *part.arguments(rows))] == rows
    await connection.close()


def of_service(name: str) -> dict[str, str]:
    """The engine's constants, the service's own, and what a batch saves with."""
    service: Service = import_module(f"services.{name}.handlers").SERVICE
    found: dict[str, str] = {}
    for place, sql in constants((*ENGINE, f"services/{name}/store.py")):
        kinds = [kind.name for kind in service.kinds] if "{kind}" in sql else [""]
        for kind in kinds:
            found[f"{name}: {place} {kind}".strip()] = filled(sql, {"kind": kind, "keys": "$1"})
    parts = save_parts(service)
    single = {f"{name}: saving {part}": save_statement(parts, [part]) for part in parts if part != "sent"}
    return found | single | {f"{name}: saving everything": save_statement(parts, list(parts))}


def of_ops() -> dict[str, str]:
    found: dict[str, str] = {}
    for place, sql in constants(OURS):
        if place.startswith(ENGINE):
            continue
        for service in discover() if re.search(r"{(schema|table)}", sql) else [""]:
            for table in tables(service) if "{table}" in sql else [""]:
                spelled = service if "'{service}'" in sql else f"'{service}'"
                names = {"schema": postgres.quoted(service), "service": spelled, "table": table, "stripes": "4", "way": "DESC"}
                found[f"{place} {service} {table}".strip()] = filled(sql, names)
    return found


def tables(service: str) -> list[str]:
    """Of its entities, with their schema."""
    kinds = import_module(f"services.{service}.handlers").SERVICE.kinds
    return [f"{postgres.quoted(service)}.{postgres.quoted(kind.name)}" for kind in kinds]


def constants(patterns: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Module-level UPPERCASE texts that begin like SQL, by `file.NAME`; those that were imported belong to their own file."""
    for path in sorted(path for pattern in patterns for path in ROOT.glob(pattern)):
        names = assigned(ast.parse(path.read_text(encoding="utf-8")))
        if names:
            values = vars(import_module(".".join(path.relative_to(ROOT).with_suffix("").parts)))
            for name in names:
                if isinstance(values[name], str) and STARTS.match(values[name]):
                    yield f"{path.relative_to(ROOT)}.{name}", values[name]


def assigned(tree: ast.Module) -> list[str]:
    targets = [target for node in tree.body if isinstance(node, ast.Assign) for target in node.targets]
    targets += [node.target for node in tree.body if isinstance(node, ast.AnnAssign)]
    return [target.id for target in targets if isinstance(target, ast.Name) and target.id.isupper()]


def filled(sql: str, names: Mapping[str, str]) -> str:
    """Placeholders as the code fills them: {} and {0} are parameters, {kind}, {schema} … names."""
    return Numbered().vformat(sql, (), names).removeprefix("BEGIN; ")


class Numbered(string.Formatter):
    """{0} is parameter 1."""

    def get_value(self, key: int | str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        if isinstance(key, int):
            return f"${key + 1}"
        assert key in kwargs, f"teach this test what the code puts in place of {{{key}}}"
        return kwargs[key]


async def unprepared(dsn: str, statements: Mapping[str, str]) -> list[str]:
    """One line for each statement that Postgres does not understand, on the schemas as they are."""
    connection = await asyncpg.connect(dsn)
    found = []
    try:
        if any("FROM rebuild_" in sql for sql in statements.values()):
            await connection.execute(STAGE)  # tables of one connection
        for place, sql in statements.items():
            try:
                await connection.prepare(sql)
            except asyncpg.PostgresError as error:
                found.append(f"{place}: {error}")
    finally:
        await connection.close()
    return found
