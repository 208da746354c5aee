"""Everything that is written from the contract, as texts by path; writing and comparing them is the command's."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from shared import texts
from shared.contracts import asyncapi, registry
from shared.contracts.gate import Contract, current
from shared.contracts.registry import EVERYONE
from shared.contracts.topics import REFUSED
from shared.errors import CATALOGUE, Entry
from shared.messaging.message import Topic
from shared.policy import schema as policy_schema

VERSION = "0.1.0"

HOME = "shared/contracts"
SCHEMAS = f"{HOME}/schemas"
EXAMPLES = f"{HOME}/examples"
LOCK = f"{HOME}/contract.lock"
ASYNCAPI = f"{HOME}/asyncapi.json"
CODES = f"{HOME}/codes.json"
GUARANTEES = f"{HOME}/guarantees.json"
TOPICS = "deploy/topics.yaml"
ACLS = "deploy/acls.yaml"
POLICY = "deploy/policy.schema.json"

OPS = ("ops.v1", "policy.v1", "clock.v1")
PUBLIC = ("order.v1", "payment.v1", "refund.v1", "trust.v1")
# What apps read of ours beyond publishing: least that each needs.
READS: dict[str, tuple[str, ...]] = {
    "storefront": PUBLIC,
    "logistics": PUBLIC,
    "merchant": PUBLIC,
    "insight": (*PUBLIC, "party.v1"),  # the whole ledger
    "psp": ("payment.v1", "party.v1"),
    "seller": ("party.v1", "trust.v1"),
    "member": ("refund.v1", "trust.v1"),
    "governance": ("trust.v1",),
    "ruling": ("refund.v1",),
}


def contract(examples: Mapping[str, bytes]) -> Contract:
    return current(registry.entries(), registry.topics(), examples)


def documents(examples: Mapping[str, bytes]) -> dict[str, str]:
    """By path from the root of the tree. examples: by `topic/type/0001.json`, each JSON of key, headers and value."""
    stated = contract(examples)
    return {
        **{f"{SCHEMAS}/{name}.json": _json(schema) for name, schema in stated.schemas.items()},
        LOCK: _json(stated.lock()),
        ASYNCAPI: _json(asyncapi.document(registry.entries(), _by_type(examples), VERSION)),
        CODES: _json({code: entry_of(entry) for code, entry in sorted(CATALOGUE.items())}),
        GUARANTEES: _json({guarantee: name._asdict() for guarantee, name in sorted(texts.GUARANTEES.items())}),
        TOPICS: _topics_yaml(registry.topics()),
        ACLS: _acls_yaml(registry.topics()),
        POLICY: _json(policy_schema.schema()),
    }


def entry_of(code: Entry) -> dict[str, Any]:
    """As apps of any language read it: what nobody reads as a text is left out."""
    return {name: value for name, value in asdict(code).items() if value != ""}


def _by_type(examples: Mapping[str, bytes]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for path, content in sorted(examples.items()):
        found.setdefault(path.rsplit("/", 1)[0], []).append(json.loads(content))
    return found


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _topics_yaml(topics: Iterable[Topic]) -> str:
    rows = [
        f"  - {{name: {topic.name}, partitions: {1 if topic.single else 'stripes'}, cleanup: {'compact' if topic.compacted else 'delete'}, "
        f"retention_ms: -1, max_message_bytes: {topic.max_message_bytes}{f', compaction_lag_ms: {topic.lag_ms}' if topic.lag_ms else ''}}}"
        for topic in topics
    ]
    return "\n".join([GENERATED, OF_EVERY_TOPIC, "topics:  # stripes: as many partitions as LAOTIE_STRIPES says", *rows, ""])


def _acls_yaml(topics: Iterable[Topic]) -> str:
    """Apps first, in the order of their topics, then services, then ops."""
    every = list(topics)
    writers = list(dict.fromkeys(writer for topic in every for writer in topic.writers))
    services = [name for name in writers if any(topic.own for topic in every if name in topic.writers)]
    apps = [name for name in dict.fromkeys([*writers, *READS]) if name not in services and name != "ops"]
    rows = [_principal(app, [*READS.get(app, ()), *_refused(app, every)], _written(app, every), f"{app}*") for app in apps]
    for service in services:
        inputs = [topic.name for topic in every if service in topic.readers or EVERYONE in topic.readers]
        own = _written(service, every)
        rows.append(_principal(service, dict.fromkeys([*inputs, *own]), own, service))
    rows.append(_principal("ops", ['"*"'], OPS, '"*"'))
    return "\n".join([GENERATED, OF_EVERY_PRINCIPAL, "principals:", *rows, ""])


def _refused(app: str, topics: Iterable[Topic]) -> list[str]:
    """Where the takers of what it sends say what they refused."""
    every = list(topics)
    takers = {reader for topic in every if app in topic.writers for reader in topic.readers}
    return [topic.name for topic in every if topic in REFUSED and takers.intersection(topic.writers)]


def _written(principal: str, topics: Iterable[Topic]) -> list[str]:
    return [topic.name for topic in topics if principal in topic.writers]


def _principal(name: str, read: Iterable[str], write: Iterable[str], group: str) -> str:
    return f"  {name}: {{read: [{', '.join(read)}], write: [{', '.join(write)}], groups: [{group}]}}"


GENERATED = "# Written by `laotie contract generate` from shared/contracts; `laotie contract check` compares."
OF_EVERY_TOPIC = "# Of each also: message.timestamp.type LogAppendTime."
OF_EVERY_PRINCIPAL = """\
# A name that ends in * is a prefix, a lone * everything. Who writes also has idempotent_write of the cluster; who reads everything also
# describe of the cluster and describe_configs of all topics."""
