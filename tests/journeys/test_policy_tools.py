"""Journeys of ops who change the rules with the command: what it says, what it refuses, and what never leaves the house. Source: R9.1."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from tests.journeys.conftest import Town
from tests.journeys.outside import cloud_event
from tests.journeys.rules import LEAD, SERVICES, document, history, name, publish, standing

pytestmark = [pytest.mark.stack, pytest.mark.timeout(900)]
SECOND = timedelta(seconds=1)


def test_a_yaml_file_published_as_it_stands_is_refused_and_a_typo_never_leaves_the_house(town: Town, tmp_path: Path) -> None:
    """R9.1: the command names each field with its rule, and publishes nothing."""
    version = name("typo")
    body = document(version, town.now + LEAD)
    town.send_raw("ops", "policy.v1", version, yaml.safe_dump(body), cloud_event("ops", "policy.published", version))
    town.idle()
    assert town.refused(version) == ["event.not_json"] * 4
    body["refund"]["no_reason_dais"] = body["refund"].pop("no_reason_days")
    file = tmp_path / "policy.yaml"
    file.write_text(yaml.safe_dump(body), encoding="utf-8")
    for command in ("validate", "publish"):
        said = town.laotie("policy", command, str(file), status=1)
        assert "refund.no_reason_days: Field required (R4.5)" in said
        assert "refund.no_reason_dais: Extra inputs are not permitted" in said
    assert history(town)[version]["code"] == "event.not_json", "the last that anybody published"


def test_ops_publish_with_the_console_producer_and_no_app_may(town: Town) -> None:
    """R9.1: policies are changed with Kafka's own tools; the topic's ACL is what keeps others from it."""
    if not town.has_kafka_tools:
        pytest.skip("Kafka was not started here, so its tools are not either")
    version, other = name("typed"), name("not-by-an-app")
    for principal, told in (("ops", version), ("storefront", other)):
        body = {"occurred_at": town.now.isoformat(), **document(told, town.now + 2 * LEAD)}
        town.typed(principal, "policy.v1", told, body, cloud_event("ops", "policy.published", told))
    town.until(2 * LEAD + SECOND)
    assert standing(town) == dict.fromkeys(SERVICES, (version, None))
    assert other not in history(town)


def test_ops_publish_a_file_with_the_command_and_read_what_it_changes(town: Town, tmp_path: Path) -> None:
    """R9.1: said in words first, then published, taken by all, and nothing new the second time."""
    version, begins = name("command"), town.now + timedelta(days=2)
    file = tmp_path / "next.yaml"
    file.write_text(yaml.safe_dump(document(version, begins, {"refund.no_reason_days": 10})), encoding="utf-8")
    current = next(iter(standing(town).values()))[0]
    said = town.laotie("policy", "diff", current, str(file))
    assert "buyers: 7 days to return without reason become 10 (R4.5), for orders placed from " in said
    assert f"{current} → {version}: 1 value changes" in said
    published = town.laotie("policy", "publish", str(file))
    assert f"version {version} is published: in force from " in published
    assert "every service has taken it" in published
    assert "is there already" in town.laotie("policy", "publish", str(file))
    file.write_text(yaml.safe_dump(document(version, begins, {"refund.no_reason_days": 11})), encoding="utf-8")
    assert "policy.version_reused" in town.laotie("policy", "publish", str(file), status=1)
    file.write_text(yaml.safe_dump(document(name("older"), begins)), encoding="utf-8")
    assert "policy.older" in town.laotie("policy", "publish", str(file), status=1)
    assert history(town)[version]["became"] == "to come"
    publish(town, document(name("as-it-was"), begins + SECOND))
    town.until(begins + SECOND)


def test_ops_take_a_mistyped_version_back_before_it_begins(town: Town, tmp_path: Path) -> None:
    """R9.1: then every service goes on as if nobody had published it, and others begin before it would have."""
    far, near = name("mistyped"), name("mended")
    file = tmp_path / "next.yaml"
    file.write_text(yaml.safe_dump(document(far, town.now + timedelta(days=3650))), encoding="utf-8")
    town.laotie("policy", "publish", str(file))
    mended = document(near, town.now + 2 * LEAD)
    file.write_text(yaml.safe_dump(mended), encoding="utf-8")
    assert "policy.older" in town.laotie("policy", "publish", str(file), status=1)
    assert {coming for _, coming in standing(town).values()} == {far}
    said = town.laotie("policy", "withdraw", far)
    assert f"version {far} is withdrawn: it does not begin " in said
    assert "every service has taken it" in said
    assert "was withdrawn already" in town.laotie("policy", "withdraw", far)
    assert {coming for _, coming in standing(town).values()} == {None}
    assert f"withdrawn {far}" in town.laotie("status").replace(", ", " ")
    assert "was withdrawn" in town.laotie("policy", "diff", far, str(file), status=1)
    assert history(town)[far]["became"] == "withdrawal"
    town.laotie("policy", "publish", str(file))
    file.write_text(yaml.safe_dump(document(far, town.now + timedelta(days=1))), encoding="utf-8")
    assert "policy.withdrawn" in town.laotie("policy", "publish", str(file), status=1)
    town.until(2 * LEAD)
    assert standing(town) == dict.fromkeys(SERVICES, (near, None))
    for version, code in ((near, "policy.too_late"), ("nobody's", "policy.unknown")):
        assert code in town.laotie("policy", "withdraw", version, status=1)
    body = {"occurred_at": town.now.isoformat(), "version": near}
    town.send_raw("ops", "policy.v1", near, json.dumps(body), cloud_event("ops", "policy.withdrawn", name("late")))
    town.idle()
    assert town.refused(near) == ["policy.too_late"] * 4
    assert "everything holds" in town.laotie("verify")
