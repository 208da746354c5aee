"""What stands in a second place as well: each omission has a line that says where, and what to write there.

Verify shares no code with the services, so its tables are written by hand; here they are held against what the services declare.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import Any, get_args

import pytest

from deploy.local.services import discover
from deploy.verify import endings, intake, integrity, reasons, steps, tables, verdicts
from services.refund.model.case import CaseStep
from services.refund.rules import CATALOGUE
from services.trust.rules.reasons import REASONS
from shared import contracts
from shared.contracts import registry
from shared.messaging.message import COPIES, NOTICES
from shared.messaging.shape import Kind, Service
from shared.policy import EvidenceKind

ROOT = Path(__file__).resolve().parents[2]
NAMES = discover()
SERVICES: dict[str, Service] = {name: import_module(f"services.{name}.handlers").SERVICE for name in NAMES}
KINDS = [(name, kind) for name, service in SERVICES.items() for kind in service.kinds]
FOLLOWED = {(kind, service) for kind, service, _ in intake.FOLLOWS}
RULES = [(rule, kind) for rule in CATALOGUE for kind in rule.kinds]


def test_every_file_of_the_contract_is_imported() -> None:
    """Else its types are registered in the services that import them and in no schema, example or ACL."""
    files = [path for path in (ROOT / "shared/contracts").glob("*.py") if re.search(r"^ +type: ClassVar", path.read_text("utf-8"), re.M)]
    assert files
    _nothing([f"shared/contracts/__init__.py: import {path.stem}, and in __all__" for path in files if path.stem not in contracts.__all__])


@pytest.mark.parametrize("name", NAMES)
def test_a_service_has_the_topics_that_the_engine_writes_to(name: str) -> None:
    known = {topic.name for topic in registry.topics()}
    missing = [topic for topic in (f"{name}.timer.v1", name + COPIES, name + NOTICES) if topic not in known]
    _nothing([f"shared/contracts/topics.py: {topic}: {name} in DECIDE, its timer topic in ALL" for topic in missing])
    assert name in registry.SERVICES, f"shared/contracts/registry.py: {name} in SERVICES"


def test_every_entity_has_a_table() -> None:
    """In a migration of its service, under the kind's name."""
    made = {name: "".join(path.read_text("utf-8") for path in (ROOT / "services" / name / "migrations").glob("*.sql")) for name in NAMES}
    lacking = [(name, kind.name) for name, kind in KINDS if not re.search(rf'CREATE TABLE "?{kind.name}"? \(', made[name])]
    _nothing([f"services/{name}/migrations: no CREATE TABLE {table}" for name, table in lacking])


@pytest.mark.parametrize("name", NAMES)
def test_verify_reads_the_tables_of_every_entity(name: str) -> None:
    named, own = set(tables.KINDS.get(name, ())), {kind.name for kind in SERVICES[name].kinds}
    _nothing([f"deploy/verify/tables.py: {table} among KINDS[{name!r}]" for table in sorted(own - named)])
    _nothing([f"deploy/verify/tables.py: {table} of KINDS[{name!r}] is no kind of that service" for table in sorted(named - own)])


def test_verify_counts_the_facts_of_every_entity() -> None:
    """Under the key that the service gives it; of a type that it does not know it would count nothing."""
    _nothing(line for name, kind in KINDS for line in _uncounted(name, kind))


def test_verify_says_of_every_fact_what_its_takers_make_of_it() -> None:
    """FOLLOWS: one of these facts, once. MAY_BE_SILENT: none, or what other statements recompute."""
    taken = [
        (one, name) for one in registry.entries() if one.topic.own and one.direction != "timer" for name in NAMES if name in one.consumers
    ]
    silent = {(kind, name) for name, kinds in intake.MAY_BE_SILENT.items() for kind in kinds}
    untold = [(one.name, name) for one, name in taken if (one.kind, name) not in FOLLOWED | silent]
    _nothing([f"deploy/verify/intake.py: what {name} makes of {fact}: in FOLLOWS, or in MAY_BE_SILENT" for fact, name in untold])
    assert FOLLOWED & silent == set()
    assert silent <= {(one.kind, name) for one, name in taken}


def test_verify_knows_every_step_of_a_case_r4_2() -> None:
    """Of one that it does not know it takes any state, and any turn that stands."""
    led = steps.LEADS_TO.keys() | set(steps.BESIDE)
    _nothing([f"deploy/verify/steps.py: {one.__name__} in LEADS_TO, or in BESIDE" for one in get_args(CaseStep) if one not in led])
    _nothing([f"deploy/verify/verdicts.py: {one.__name__} in FROM" for one in get_args(CaseStep) if one not in verdicts.FROM])


def test_verify_knows_every_claim_that_a_guarantee_offers_r4_1() -> None:
    _nothing(chain.from_iterable(_unknown_claim(rule.name, rule.ground, kind, rule.source) for rule, kind in RULES))
    to_blame = {rule.ground for rule in CATALOGUE if rule.seller_at_fault and rule.ground is not None}
    _nothing([f"deploy/verify/endings.py: {ground} in AT_FAULT" for ground in sorted(to_blame - set(endings.AT_FAULT))])
    _nothing([f"deploy/verify/endings.py: {ground} of AT_FAULT blames nobody" for ground in set(endings.AT_FAULT) - to_blame])


def test_every_kind_of_evidence_has_its_words_r5_6() -> None:
    """Else an explanation that names it is parked."""
    _nothing([f"services/trust/rules/reasons.py: {kind} in REASONS" for kind in get_args(EvidenceKind) if kind not in REASONS])


def _nothing(lines: Iterable[str]) -> None:
    """Each of them says where what is missing."""
    assert (told := "\n".join(lines)) == "", told


def _uncounted(name: str, kind: Kind[Any, Any]) -> Iterator[str]:
    for fact in kind.facts:
        if fact.type in integrity.CHANGES_NOTHING:
            continue
        table, key = integrity.ENTITIES.get(fact.type) or integrity.ENTITIES.get(fact.topic.name) or ("", None)
        if table != kind.name or key is None:
            yield f"deploy/verify/integrity.py: ENTITIES has {table or 'nothing'} for {fact.type}, {name} folds it into {kind.name}"
            continue
        for path in (ROOT / "shared/contracts/examples" / fact.topic.name / fact.type).glob("*.json"):
            example = fact.model_validate_json(json.dumps(json.loads(path.read_text("utf-8"))["value"]))
            if key(example) != kind.key(example):
                yield f"deploy/verify/integrity.py: ENTITIES has key {key(example)} for {fact.type}, {name} has {kind.key(example)}"


def _unknown_claim(guarantee: str, ground: str | None, kind: str, source: str) -> Iterator[str]:
    if ground is None:
        return
    if (found := verdicts.BY_KIND.get((ground, kind)) or verdicts.GUARANTEES.get(ground, ground)) != guarantee:
        yield f"deploy/verify/verdicts.py: {ground} by {kind} is {guarantee}, not {found}: in GUARANTEES, or in BY_KIND"
    if (ground, kind) != ("no_reason", "exchange") and (rule := reasons.OF_GROUND.get(ground)) != source:
        yield f"deploy/verify/reasons.py: {ground} follows {source}, not {rule}: in OF_GROUND"
