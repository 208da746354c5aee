"""Brings a cluster's topics and ACLs to what deploy/topics.yaml and deploy/acls.yaml say; the same twice changes nothing."""

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # exported without an __all__
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourcePatternType,
    ResourceType,
)

from deploy.local.process import StackError, StackHalted

TIMEOUT_S = 60
METADATA_S = 10
SETTLE_POLL_S = 0.1
CREATE_BATCH = 20  # topics of one request; a single node needs a while for 12 partitions each
CLUSTER = "kafka-cluster"
NOT_LET = {KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.CLUSTER_AUTHORIZATION_FAILED}
NOT_TAKEN = {*NOT_LET, KafkaError.POLICY_VIOLATION, KafkaError.INVALID_CONFIG}  # whoever runs the cluster says no
LOSES = {"cleanup.policy", "retention.ms", "min.compaction.lag.ms"}  # a topic that has these otherwise loses records


@dataclass(frozen=True)
class Topic:
    name: str
    partitions: int
    config: Mapping[str, str]


@dataclass(frozen=True, order=True)
class Grant:
    """One ALLOW rule; `prefixed` patterns end in `*` in the file, a lone `*` is everything."""

    principal: str
    resource: str
    name: str
    prefixed: bool
    operation: str

    def __str__(self) -> str:
        return f"{self.principal}: {self.operation.lower()} {self.resource.lower()} {self.name}{'*' if self.prefixed else ''}"


@dataclass
class Plan:
    """What differs. `errors` cannot be repaired here; `unmanaged` topics are left alone; `acls_off`: the cluster checks nothing.

    unseen: what this account may not look at, each with the broker's reason. refused: lines of what the cluster would not change.
    """

    create: list[Topic] = field(default_factory=list)
    alter: dict[str, dict[str, tuple[str, str]]] = field(default_factory=dict)
    grant: list[Grant] = field(default_factory=list)
    revoke: list[Grant] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    unmanaged: list[str] = field(default_factory=list)
    acls_off: bool = False
    unseen: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        return not (self.create or self.alter or self.grant or self.revoke or self.errors)

    def lines(self) -> list[str]:
        """For people, one difference a line."""
        return [
            *(f"! {error}" for error in self.errors),
            *(f"+ topic {topic.name} ({topic.partitions} partitions)" for topic in self.create),
            *(line for name, keys in self.alter.items() for line in _altered(name, keys)),
            *(f"+ acl {grant}" for grant in self.grant),
            *(f"- acl {grant}" for grant in self.revoke),
        ]


def read_topics(path: Path, stripes: int) -> list[Topic]:
    """stripes: partitions of every keyed topic, as LAOTIE_STRIPES says; the file names no number."""
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [
        Topic(
            name=row["name"],
            partitions=stripes if row["partitions"] == "stripes" else int(row["partitions"]),
            config={
                "cleanup.policy": row["cleanup"],
                "retention.ms": str(row["retention_ms"]),
                "max.message.bytes": str(row["max_message_bytes"]),
                "message.timestamp.type": "LogAppendTime",  # a producer's clock may be wrong, and the broker refuses the future
                **({"min.compaction.lag.ms": str(row["compaction_lag_ms"])} if "compaction_lag_ms" in row else {}),
            },
        )
        for row in document["topics"]
    ]


def read_grants(path: Path) -> list[Grant]:
    """Every principal that writes may do so idempotently; one that reads everything may describe the cluster and all configurations."""
    grants: set[Grant] = set()
    for principal, rules in yaml.safe_load(path.read_text(encoding="utf-8"))["principals"].items():
        grants |= {_grant(principal, "TOPIC", name, "READ") for name in rules.get("read", [])}
        grants |= {_grant(principal, "TOPIC", name, "WRITE") for name in rules.get("write", [])}
        grants |= {_grant(principal, "GROUP", name, "READ") for name in rules.get("groups", [])}
        if rules.get("write"):
            grants.add(Grant(principal, "BROKER", CLUSTER, False, "IDEMPOTENT_WRITE"))
        if "*" in rules.get("read", []):
            grants |= {Grant(principal, "BROKER", CLUSTER, False, "DESCRIBE"), Grant(principal, "TOPIC", "*", False, "DESCRIBE_CONFIGS")}
    return sorted(grants)


def principals(path: Path) -> list[str]:
    return sorted(yaml.safe_load(path.read_text(encoding="utf-8"))["principals"])


def plan(client: AdminClient, topics: Iterable[Topic], grants: Iterable[Grant]) -> Plan:
    """ACLs of principals that the file does not name are not looked at."""
    result = Plan()
    wanted = {topic.name: topic for topic in topics}
    present = {name: len(info.partitions) for name, info in client.list_topics(timeout=METADATA_S).topics.items()}
    result.unmanaged = sorted(name for name in present if name not in wanted and not name.startswith("__"))
    others: dict[tuple[int, int], list[str]] = {}
    for topic in wanted.values():
        if topic.name not in present:
            result.create.append(topic)
        elif present[topic.name] != topic.partitions:
            others.setdefault((present[topic.name], topic.partitions), []).append(topic.name)
    result.errors = [_other_count(names, *counts) for counts, names in others.items()]
    _plan_configs(client, [topic for topic in wanted.values() if topic.name in present], result)
    _plan_grants(client, set(grants), result)
    return result


def _other_count(names: list[str], has: int, needs: int) -> str:
    """One line, however many topics: where it is all of them, the setting is wrong."""
    never = "keys would change places, so that is never altered"
    if len(names) == 1:
        return f"topic {names[0]} has {has} partitions and needs {needs}: {never}"
    return (
        f"{len(names)} topics ({names[0]} …) have {has} partitions and need {needs}: {never}; LAOTIE_STRIPES was {has} when they were made"
    )


def apply(client: AdminClient, changes: Plan) -> None:
    """What the cluster refuses to change goes to `refused`. Raises StackHalted before it touches anything when the plan has errors,
    StackError for a topic that cannot be made, and for one that would go on losing records.
    """
    if changes.errors:
        raise StackHalted("halt.partition_count: " + "; ".join(changes.errors))
    for start in range(0, len(changes.create), CREATE_BATCH):
        batch = [
            NewTopic(topic.name, topic.partitions, replication_factor=-1, config=dict(topic.config))
            for topic in changes.create[start : start + CREATE_BATCH]
        ]
        made = client.create_topics(batch, request_timeout=TIMEOUT_S, operation_timeout=TIMEOUT_S)
        if no := _await(made, ignore=KafkaError.TOPIC_ALREADY_EXISTS, bear=NOT_LET):
            missing = [topic.name for topic in changes.create]
            raise StackError(f"this account sees no topic {', '.join(missing)} and may not make any ({next(iter(no.values()))})")
    if changes.alter:
        altered = client.incremental_alter_configs([_alteration(name, keys) for name, keys in changes.alter.items()])
        for resource, reason in _await(altered, bear=NOT_TAKEN).items():
            lines = _altered(resource.name, changes.alter[resource.name])
            if LOSES & changes.alter[resource.name].keys():
                raise StackError(f"{'; '.join(lines)}: {reason}; it would lose records")
            changes.refused += lines
    if changes.grant:
        given = {_binding(grant): f"+ acl {grant}" for grant in changes.grant}
        changes.refused += [given[binding] for binding in _await(client.create_acls(list(given)), bear=NOT_LET)]
    if changes.revoke:
        taken = {_filter(grant): f"- acl {grant}" for grant in changes.revoke}
        changes.refused += [taken[binding] for binding in _await(client.delete_acls(list(taken)), bear=NOT_LET)]


def settle(client: AdminClient, topics: Sequence[Topic], grants: Sequence[Grant]) -> Plan:
    """Plans, applies, and returns what was changed once the brokers show it: they acknowledge before they have caught up."""
    changes = plan(client, topics, grants)
    apply(client, changes)
    deadline = time.monotonic() + TIMEOUT_S
    while not changes.empty and not set(plan(client, topics, grants).lines()) <= set(changes.refused):
        if time.monotonic() > deadline:
            raise StackError(f"the brokers do not show the changed topics and ACLs after {TIMEOUT_S} s")
        time.sleep(SETTLE_POLL_S)
    return changes


def _plan_configs(client: AdminClient, topics: list[Topic], result: Plan) -> None:
    if not topics:
        return
    resources = {ConfigResource(ResourceType.TOPIC, topic.name): topic for topic in topics}
    hidden: list[str] = []
    for resource, future in client.describe_configs(list(resources), request_timeout=TIMEOUT_S).items():
        topic = next(topic for key, topic in resources.items() if key == resource)
        try:
            entries = future.result()
        except KafkaException as error:
            code = error.args[0].code()
            if code == KafkaError.UNKNOWN_TOPIC_OR_PART:  # by a broker that has not heard of it yet
                result.create.append(topic)
            elif code in NOT_LET:
                hidden.append(topic.name)
            else:
                raise
            continue
        differing = {key: (entries[key].value, value) for key, value in topic.config.items() if entries[key].value != value}
        if differing:
            result.alter[topic.name] = differing
    if hidden:
        result.unseen.append(f"configurations of {len(hidden)} topics ({min(hidden)} …; describe_configs)")


def _plan_grants(client: AdminClient, wanted: set[Grant], result: Plan) -> None:
    try:
        bindings = client.describe_acls(_filter(None), request_timeout=TIMEOUT_S).result()
    except KafkaException as error:
        if error.args[0].code() != KafkaError.SECURITY_DISABLED:
            raise
        result.acls_off = True
        return
    if not bindings and not _may_describe(client):
        result.unseen.append("ACLs (describe of the cluster)")
        return
    named = {grant.principal for grant in wanted}
    present = {
        _from_binding(binding)
        for binding in bindings
        if binding.permission_type == AclPermissionType.ALLOW and binding.principal.removeprefix("User:") in named
    }
    result.grant, result.revoke = sorted(wanted - present), sorted(present - wanted)


def _may_describe(client: AdminClient) -> bool:
    """confluent-kafka 2.16 answers that there is no ACL where the broker will not say."""
    cluster = client.describe_cluster(include_authorized_operations=True, request_timeout=TIMEOUT_S).result()
    return AclOperation.DESCRIBE in (cluster.authorized_operations or [])


def _grant(principal: str, resource: str, name: str, operation: str) -> Grant:
    prefixed = name.endswith("*") and name != "*"
    return Grant(principal, resource, name.removesuffix("*") if prefixed else name, prefixed, operation)


def _binding(grant: Grant) -> AclBinding:
    return AclBinding(*_pattern(grant))


def _filter(grant: Grant | None) -> AclBindingFilter:
    """None matches every rule."""
    if grant is None:
        every: Any = None  # the stubs want a string where the library takes None
        return AclBindingFilter(ResourceType.ANY, every, ResourcePatternType.ANY, every, every, AclOperation.ANY, AclPermissionType.ANY)
    return AclBindingFilter(*_pattern(grant))


def _pattern(grant: Grant) -> tuple[Any, ...]:
    pattern = ResourcePatternType.PREFIXED if grant.prefixed else ResourcePatternType.LITERAL
    return (ResourceType[grant.resource], grant.name, pattern, f"User:{grant.principal}", "*",
            AclOperation[grant.operation], AclPermissionType.ALLOW)  # fmt: skip


def _from_binding(binding: AclBinding) -> Grant:
    prefixed = binding.resource_pattern_type == ResourcePatternType.PREFIXED
    resource, operation = ResourceType(binding.restype), AclOperation(binding.operation)
    return Grant(binding.principal.removeprefix("User:"), resource.name, binding.name, prefixed, operation.name)


def _alteration(topic: str, keys: Mapping[str, tuple[str, str]]) -> ConfigResource:
    entries = [ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET) for key, (_, value) in keys.items()]
    return ConfigResource(ResourceType.TOPIC, topic, incremental_configs=entries)


def _altered(topic: str, keys: Mapping[str, tuple[str, str]]) -> list[str]:
    return [f"~ topic {topic} {key}: {was} -> {becomes}" for key, (was, becomes) in keys.items()]


def _await(futures: Mapping[Any, "Future[Any]"], ignore: int | None = None, bear: Collection[int] = ()) -> dict[Any, str]:
    """What the cluster refused with one of the codes to bear, and why. Raises StackError for any other, but for the one to ignore."""
    refused: dict[Any, str] = {}
    for thing, future in futures.items():
        try:
            future.result(TIMEOUT_S + METADATA_S)  # longer than the request, whose own answer says more
        except TimeoutError:
            raise StackError(f"{thing}: the cluster did not answer within {TIMEOUT_S + METADATA_S} s") from None
        except KafkaException as error:
            if error.args[0].code() in bear:
                refused[thing] = error.args[0].str()
            elif error.args[0].code() != ignore:
                raise StackError(f"{thing}: {error.args[0].str()}") from error
    return refused
