"""All versions of the policy, and which of them is in force at a time."""

from __future__ import annotations

import copy
import json
import os
import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from shared.policy.document import Policy
from shared.policy.words import rule_at

PLAIN = re.compile(r"-?(0|[1-9][0-9]*)")
POLICY = Path(__file__).parents[2] / "deploy/policy.yaml"


class InvalidPolicy(Exception):
    """The document does not follow the schema of the policy, or its versions contradict each other; nothing of it is taken.

    faults: one line each, naming the field and its rule.
    """

    def __init__(self, *faults: str) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class Policies:
    """Every version that was ever published; at(time) is the one that was in force then. Source: R9.1."""

    def __init__(self, versions: Iterable[Policy]) -> None:
        """Raises InvalidPolicy: no version at all, or two of one name or of one effective_from."""
        self.versions = tuple(sorted(versions, key=lambda policy: policy.effective_from))
        self._starts = [policy.effective_from for policy in self.versions]
        self._until: datetime | None = None
        if not self.versions:
            raise InvalidPolicy("there is no policy")
        for what, values in (("version", [policy.version for policy in self.versions]), ("effective_from", self._starts)):
            if len(set(values)) != len(values):
                raise InvalidPolicy(f"two policies have the same {what}")

    @classmethod
    def load(cls, path: Path) -> Policies:
        """A YAML file of one or more versions, parted by `---`. Raises InvalidPolicy, naming the field."""
        return cls(parse(path.read_text(encoding="utf-8")))

    def up_to(self, until: datetime) -> Policies:
        """The same for who does not know yet what is published about later times: of these they say nothing."""
        known = copy.copy(self)
        known._until = until
        return known

    def at(self, time: datetime) -> Policy:
        """The version in force: the last that had begun. The first one also counts for all time before it.

        Raises TimeoutError: that time lies beyond what is known by now.
        """
        if self._until is not None and time > self._until:
            raise TimeoutError(f"what is in force at {time.isoformat()} is not known yet")
        return self.versions[max(0, bisect_right(self._starts, time) - 1)]

    def named(self, version: str) -> Policy | None:
        """That version, for what was promised under it; None if it was never published here."""
        return next((policy for policy in self.versions if policy.version == version), None)

    def of_order(self, version: str, placed_at: datetime) -> Policy | None:
        """That version, by which an order placed then was promised; None if it was never published here. Raises as `at`."""
        in_force = self.at(placed_at)
        return in_force if in_force.version == version else self.named(version)

    def version_at(self, time: datetime) -> str:
        return self.at(time).version


def configured() -> Policies:
    """deploy/policy.yaml, or the file that LAOTIE_POLICY names: what `laotie up` publishes. Raises InvalidPolicy, OSError."""
    return Policies.load(Path(os.environ.get("LAOTIE_POLICY") or POLICY))


def parse(text: str) -> list[Policy]:
    """The versions in a YAML text, each checked as strictly as one that comes as JSON. Raises InvalidPolicy."""
    try:
        documents = list(yaml.load_all(text, _Loader))
        return [Policy.model_validate_json(json.dumps(document, default=_isoformat)) for document in documents if document is not None]
    except ValidationError as error:
        raise InvalidPolicy(*(line for one in error.errors(include_url=False, include_input=False) for line in _faults(one))) from None
    except (yaml.YAMLError, TypeError, ValueError, RecursionError) as error:
        raise InvalidPolicy(str(error)) from None


def _faults(error: Mapping[str, Any]) -> list[str]:
    """Those of the whole document say their fields and rules themselves."""
    text = error["msg"].removeprefix("Value error, ")
    if not error["loc"]:
        return list(text.split("; "))
    path = ".".join(map(str, error["loc"]))
    return [f"{path}: {text}{rule_at(path)}"]


class _Loader(yaml.SafeLoader):
    """Refuses a key that stands twice: the second would silently win; and what YAML takes for a number and nobody else does."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = [self.construct_object(key, deep=True) for key, _ in node.value]
        repeated = {str(name) for name in names if names.count(name) > 1}
        if repeated:
            raise yaml.constructor.ConstructorError(None, None, f"{sorted(repeated)} stands twice", node.start_mark)
        return super().construct_mapping(node, deep)


def _whole(loader: _Loader, node: yaml.ScalarNode) -> int:
    """To YAML 012 is ten and 1:30 is ninety."""
    text = loader.construct_scalar(node)
    if not PLAIN.fullmatch(text):
        raise yaml.constructor.ConstructorError(None, None, f"{text} is no number as JSON writes it", node.start_mark)
    return int(text)


_Loader.add_constructor("tag:yaml.org,2002:int", _whole)


def _isoformat(value: object) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(f"{value!r} has no place in a policy")
