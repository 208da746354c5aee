"""laotie contract list · show: one type among all, one code of the catalogue or one guarantee, without reading the whole document."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click

from deploy.cli.contract import ROOT, contract
from deploy.cli.errors import Failed
from deploy.cli.plain import say
from shared.contracts import generate, registry, schema
from shared.contracts.registry import EVERYONE, Entry
from shared.errors import CATALOGUE
from shared.errors import Entry as Code
from shared.texts import GUARANTEES, Name

NEAR = 5  # names offered for one that is not there


@contract.command("list")
@click.option("--topic", help="Of that topic only.")
@click.option("--app", help="That this app or service publishes or may read.")
@click.option("--all", "whole", is_flag=True, help="Internal topics and deadlines too.")
def list_(topic: str | None, app: str | None, whole: bool) -> None:
    """List the types by topic: what each says, in a line."""
    found = [entry for entry in registry.entries() if whole or topic or entry.direction not in ("internal", "timer")]
    if topic:
        found = [entry for entry in found if entry.topic.name == topic]
    if app:
        found = [entry for entry in found if app in entry.topic.writers or app in readers(entry)]
    if not found:
        raise Failed(f"no type is of {' and '.join(filter(None, (topic, app)))}; topics and apps are in deploy/acls.yaml")
    for name in dict.fromkeys(entry.topic.name for entry in found):
        say(f"{name}  {described(next(entry for entry in found if entry.topic.name == name))}")
        for entry in found:
            if entry.topic.name == name:
                say(f"  {entry.kind.type:<26} {summary(entry)}")
    say(f"{len(found)} types; `laotie contract show TYPE` shows one whole")


@contract.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Its JSON Schema, or the entry of a code or guarantee, for programs.")
def show(name: str, as_json: bool) -> None:
    """Show one type, `order.placed` or `storefront.v1/order.placed`, one code that a refusal carries, `order.due_differs`, or one
    guarantee of a certificate, `no_reason`.
    """
    found = [entry for entry in registry.entries() if name in (entry.kind.type, entry.name)]
    code, guarantee = CATALOGUE.get(name), GUARANTEES.get(name)
    if not (found or code or guarantee):
        known = [*CATALOGUE, *GUARANTEES, *(entry.kind.type for entry in registry.entries()), *(entry.name for entry in registry.entries())]
        near = ", ".join(get_close_matches(name, dict.fromkeys(known), NEAR))
        hint = f"is it {near}?" if near else "`laotie contract list` lists the types"
        raise Failed(f"{name} is no type, no code and no guarantee; {hint}")
    if as_json:
        said = [*map(schema.of, found), *([generate.entry_of(code)] if code else []), *([guarantee._asdict()] if guarantee else [])]
        click.echo(json.dumps(said, indent=2, ensure_ascii=False))
        return
    texts = [*map(whole_of, found), *([code_of(name, code)] if code else []), *([promise_of(name, guarantee)] if guarantee else [])]
    for line in "\n\n".join(texts).split("\n"):
        say(line)


def readers(entry: Entry) -> tuple[str, ...]:
    """Who may read it: the services that its topic is for, and the apps that ACLs let in."""
    apps = [app for app, topics in generate.READS.items() if entry.topic.name in topics]
    return tuple(dict.fromkeys([*entry.topic.readers, *apps, *entry.consumers]))


def described(entry: Entry) -> str:
    return f"published by {', '.join(entry.topic.writers)}, key {entry.topic.key}, read by {_names(readers(entry))}"


def summary(entry: Entry) -> str:
    return " ".join(inspect.cleandoc(entry.kind.__doc__ or "").split()).split(". ")[0].rstrip(".") + "."


def whole_of(entry: Entry) -> str:
    """Everything that somebody who publishes or reads it needs, and where it stands in the tree."""
    _, line = inspect.getsourcelines(entry.kind)
    place = f"{Path(inspect.getfile(entry.kind)).relative_to(ROOT)}:{line} {entry.kind.__name__}"
    examples = sorted((ROOT / generate.EXAMPLES / entry.name).glob("*.json"))
    lines = [
        entry.name,
        *(f"  {text}" if text else "" for text in inspect.cleandoc(entry.kind.__doc__ or "").splitlines()),
        *_table(
            {
                "key": entry.key_field,
                "producer": entry.producer,
                "consumers": _names(entry.consumers) or "nobody here",
                "may read it": _names(readers(entry)) or "ops",
                "class": place,
                "schema": f"{generate.SCHEMAS}/{entry.name}.json",
                "examples": ", ".join(str(path.relative_to(ROOT)) for path in examples) or "none",
            }
        ),
        "  fields",
        *_fields(schema.of(entry)),
        *(
            line
            for name, said in schema.of(entry).get("$defs", {}).items()
            if "properties" in said
            for line in (f"  {name}", *(f"    {text}".rstrip() for text in said.get("description", "").splitlines()), *_fields(said))
        ),
    ]
    if examples:
        example = json.loads(examples[-1].read_text(encoding="utf-8"))
        headers = " ".join(f"{name}={text}" for name, text in example["headers"].items())
        lines += ["  example", f"    key {example['key']}", f"    {headers}", f"    {json.dumps(example['value'], ensure_ascii=False)}"]
    return "\n".join(lines)


def code_of(name: str, code: Code) -> str:
    said = {"again": "the same event may be taken later" if code.retryable else "the same event is refused again, as long as that is so"}
    texts = {"buyer zh": code.zh, "buyer en": code.en, "seller zh": code.seller_zh, "seller en": code.seller_en}
    return "\n".join([f"{name}, a code", f"  {code.meaning}", *_table({**said, **{who: text for who, text in texts.items() if text}})])


def promise_of(name: str, shown: Name) -> str:
    return "\n".join([f"{name}, a guarantee of certificate.issued", *_table(shown._asdict())])


def _names(names: Iterable[str]) -> str:
    return ", ".join("every service" if name == EVERYONE else name for name in names)


def _table(rows: Mapping[str, str]) -> list[str]:
    return [f"  {name:<11} {text}" for name, text in rows.items()]


def _fields(of: Mapping[str, Any]) -> list[str]:
    """Those of the value, in its order; what may be left out with what it is then."""
    required = of.get("required", ())
    named = of.get("properties", {})
    width = max(map(len, named), default=0)
    rows = []
    for name, said in named.items():
        otherwise = json.dumps(said.get("default"), ensure_ascii=False)
        rows.append(f"    {name:<{width}}  {_type(said)}" + ("" if name in required else f", else {otherwise}"))
    return rows


def _type(said: Mapping[str, Any]) -> str:
    if "anyOf" in said:
        kind = " or ".join(dict.fromkeys(_type(one) for one in said["anyOf"]))
        return f"{kind} ({said['description']})" if "description" in said else kind
    if "$ref" in said:
        return str(said["$ref"]).rsplit("/", 1)[-1]
    if "const" in said:
        return json.dumps(said["const"], ensure_ascii=False)
    if said.get("type") == "array":
        return f"list of {_type(said.get('items', {}))}"
    kind = " | ".join(json.dumps(value, ensure_ascii=False) for value in said.get("enum", ())) or str(
        said.get("format") or said.get("type") or "any"
    )
    return f"{kind} ({said['description']})" if "description" in said else kind
