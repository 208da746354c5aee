"""What Kubernetes and monitoring are told, against the services and metrics that exist."""

import json
import re
import shutil
import subprocess
from typing import Any

import pytest
import yaml

from deploy.local.services import discover
from services.refund.metrics import METRICS as CASES
from shared.attention import METRICS as ATTENTION
from shared.contracts import registry
from shared.messaging.metrics import METRICS
from shared.settings import Settings
from tests import containers

ROOT = containers.ROOT


def test_kubernetes_runs_the_same_services_under_the_same_names() -> None:
    documents = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in (ROOT / "deploy/k8s").glob("*.yaml")}
    assert documents.keys() == {"config", "prepare", *discover()}
    shared = set(documents["config"]["data"])
    for name, document in documents.items():
        if name == "config":
            continue
        spec = document["spec"]["template"]["spec"]
        container = spec["containers"][0]
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["image"] == containers.services()["order"]["image"]
        told = {row["name"] for row in container["env"]} | shared
        assert {key for key in told if key.startswith("LAOTIE_")} <= {f"LAOTIE_{field.upper()}" for field in Settings.model_fields}
        assert {row["name"] for row in container["env"] if "valueFrom" in row} == {"LAOTIE_KAFKA_PASSWORD", "PGPASSWORD"}
    probes = [f"{name}Probe" for name in ("startup", "readiness", "liveness")]
    for name in discover():
        container = documents[name]["spec"]["template"]["spec"]["containers"][0]
        assert [container[probe]["httpGet"]["path"] for probe in probes] == ["/startupz", "/readyz", "/livez"]
        assert {"name": "SERVICE", "value": name} in container["env"]


def test_alerts_and_dashboard_ask_for_metrics_that_exist() -> None:
    exist = {sample.name for metric in _metrics() for sample in metric.collect()}
    exist |= {f"{name}{suffix}" for name in exist for suffix in ("", "_total", "_bucket", "_count")}
    for path in (ROOT / "deploy/prometheus/alerts.yml", ROOT / "deploy/grafana/laotie.json"):
        asked = set(re.findall(r"\blaotie_\w+", path.read_text(encoding="utf-8")))
        assert asked
        assert asked - exist == set(), path.name
    assert {panel["type"] for panel in json.loads((ROOT / "deploy/grafana/laotie.json").read_text(encoding="utf-8"))["panels"]} == {
        "timeseries"
    }


def test_the_facts_that_an_alert_waits_for_are_of_the_contract() -> None:
    (asked,) = re.findall(r'laotie_facts_total{type=~"([^"]+)"', (ROOT / "deploy/prometheus/alerts.yml").read_text(encoding="utf-8"))
    assert set(asked.split("|")) - {entry.kind.type for entry in registry.entries()} == set()


def test_whatever_the_provider_leaves_to_a_person_is_announced_at_once_r3_5() -> None:
    """PersonAwaited comes a day later; meanwhile somebody may pay again what was paid."""
    (asked,) = re.findall(r'laotie_facts_total{type=~"([^"]+)"', (ROOT / "deploy/prometheus/alerts.yml").read_text(encoding="utf-8"))
    told = {entry.kind.type for entry in registry.entries()}
    assert {kind for kind in told if kind.rpartition(".")[2] in {"overdue", "not_paid", "contradicted"}} - set(asked.split("|")) == set()


def test_of_a_service_that_nobody_is_asked_for_any_more_an_alert_tells() -> None:
    """A name that no process is found under has no `up` that could be 0."""
    gone = (ROOT / "deploy/prometheus/alerts.yml").read_text(encoding="utf-8")
    assert sorted(re.findall(r'absent\(up{job="laotie", service="(\w+)"}\)', gone)) == discover()


def test_alerts_fire_when_they_should() -> None:
    folder = ROOT / "deploy/prometheus"
    scraped = yaml.safe_load((folder / "prometheus.yml").read_text(encoding="utf-8"))["scrape_configs"][0]["dns_sd_configs"][0]
    assert sorted(scraped["names"]) == discover()
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not installed")
    for command in (["check", "config", "prometheus.yml"], ["test", "rules", "alerts_test.yml"]):
        result = subprocess.run(["promtool", *command], cwd=folder, capture_output=True, text=True, timeout=60, check=False)
        assert result.returncode == 0, result.stdout + result.stderr


def _metrics() -> list[Any]:
    return [value for of in (METRICS, CASES, ATTENTION) for value in vars(type(of)).values() if hasattr(value, "collect")]
