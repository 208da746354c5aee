"""What docker-compose.yml, the image and the suite's own containers say, against the code they run; the last one needs an engine."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from testcontainers.core.wait_strategies import ExecWaitStrategy, LogMessageWaitStrategy

from deploy.cli.prepare import adopt, read_passwords
from deploy.docker.runtime import LOCAL, subset
from deploy.local import kafka, topics
from deploy.local.home import Home
from deploy.local.services import discover, owners
from deploy.local.stack import ACLS, Stack
from shared.settings import Settings
from tests import containers
from tests.infra import default_infra, started

ROOT = containers.ROOT
DOCKER = ROOT / "deploy/docker"
SERVERS = {"kafka", "postgres", "prometheus"}
JOBS = {"topics", "migrations"}
COMPOSE: dict[str, Any] = yaml.safe_load(containers.COMPOSE.read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
PASSWORDS = {"kafka.broker": "b" * 8, "kafka.admin": "a" * 8, "postgres.laotie": "p" * 8}
EVERYONE = sorted(SERVICES)
OURS = sorted(set(SERVICES) - SERVERS)
PINNED = re.compile(r"^[a-z0-9./-]+:v?\d+\.\d+(\.\d+)?(-[a-z0-9.-]+)?(@sha256:[0-9a-f]{64})?$")


def test_the_compose_file_is_one_by_the_specification() -> None:
    """compose-spec.json is the Compose Specification's own schema (Apache-2.0), unchanged."""
    schema = json.loads((ROOT / "tests/integration/compose-spec.json").read_text(encoding="utf-8"))
    jsonschema.validators.validator_for(schema)(schema).validate(COMPOSE)


def test_compose_itself_takes_the_file() -> None:
    command = next((one for one in (["docker", "compose"], ["docker-compose"]) if _answers([*one, "version"])), None)
    if command is None:
        pytest.skip("Docker Compose is not installed")
    result = subprocess.run([*command, "-f", containers.COMPOSE, "config", "-q"], capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stderr) == (0, "")


def test_every_service_of_ours_has_a_container_and_every_container_is_known() -> None:
    assert set(SERVICES) == SERVERS | JOBS | set(discover())
    assert all(SERVICES[name]["environment"]["SERVICE"] == name for name in discover())


@pytest.mark.parametrize("name", EVERYONE)
def test_a_container_is_pinned_and_can_do_no_more_than_it_must(name: str) -> None:
    service = SERVICES[name]
    assert PINNED.match(service["image"]), service["image"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "/tmp" in service["tmpfs"]
    assert int(service["user"].split(":")[0]) > 0, "not root"
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}
    assert not {"privileged", "cap_add", "network_mode", "pid", "devices"} & set(service)
    assert all(str(port).startswith("127.0.0.1:") for port in service.get("ports", []))
    assert service["restart"] == ("no" if name in JOBS else "unless-stopped")


@pytest.mark.parametrize("name", [name for name in EVERYONE if name not in JOBS])
def test_a_server_says_whether_it_is_healthy_without_a_space_in_an_argument(name: str) -> None:
    """Older engines split arguments of a health check at spaces."""
    kind, *command = SERVICES[name]["healthcheck"]["test"]
    assert kind == "CMD"
    assert command
    assert not [word for word in command if " " in word]


def test_nothing_starts_before_what_it_needs() -> None:
    healthy, done = {"condition": "service_healthy"}, {"condition": "service_completed_successfully"}
    assert SERVICES["topics"]["depends_on"] == {"kafka": healthy}
    assert SERVICES["migrations"]["depends_on"] == {"postgres": healthy, "topics": done}
    for name in discover():
        assert SERVICES[name]["depends_on"] == {"kafka": healthy, "postgres": healthy, "migrations": done}


@pytest.mark.parametrize("name", OURS)
def test_what_a_container_is_told_are_settings_that_exist(name: str) -> None:
    environment = SERVICES[name]["environment"]
    told = {key for key in environment if key.startswith("LAOTIE_")}
    told |= {secret["target"] for secret in SERVICES[name]["secrets"] if isinstance(secret, dict) and secret["target"] != "PGPASSWORD"}
    assert told <= {f"LAOTIE_{field.upper()}" for field in Settings.model_fields}
    assert set(environment) - told <= {"SERVICE"}
    values = {key.removeprefix("LAOTIE_").lower(): value for key, value in environment.items() if key in told}
    settings = Settings(**{**values, "clock": "system"})
    assert settings.kafka == "kafka:9092"
    if name in discover():
        assert (settings.kafka_username, settings.postgres) == (name, f"postgresql://laotie_{name}@postgres:5432/laotie")


def test_no_password_is_written_down() -> None:
    """Each is a file that deploy/docker/secrets.sh makes: one for every principal and every database role."""
    wanted = {f"kafka.{name}" for name in ("broker", "admin", *topics.principals(ACLS))}
    wanted |= {f"postgres.{name}" for name in ("laotie", "ops", *owners())}
    assert {name: row["file"] for name, row in COMPOSE["secrets"].items()} == {name: f".secrets/{name}" for name in wanted}
    for service in SERVICES.values():
        told = {key: value for key, value in service.get("environment", {}).items() if re.search("PASS|SECRET|TOKEN", key)}
        assert all(value.startswith("/run/secrets/") for value in told.values())
        assert not re.search(r"//[^/@\s]+:[^/@\s]+@", json.dumps(service)), "a DSN with a password"


def test_a_service_gets_its_own_passwords_only() -> None:
    for name in discover():
        assert {secret["source"] for secret in SERVICES[name]["secrets"]} == {f"kafka.{name}", f"postgres.{name}"}
    given = {secret for secret in SERVICES["migrations"]["secrets"] if isinstance(secret, str)}
    assert given == {f"kafka.{name}" for name in topics.principals(ACLS)} | {f"postgres.{name}" for name in ("ops", *owners())}


def test_the_generator_makes_every_secret_once(tmp_path: Path) -> None:
    for source in (DOCKER / "secrets.sh", ACLS):
        target = tmp_path / source.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
    for service in owners():
        (tmp_path / "services" / service / "migrations").mkdir(parents=True)
    made = [_run_generator(tmp_path), _run_generator(tmp_path)]
    assert made[0] == made[1], "what exists stays"
    assert made[0].keys() == COMPOSE["secrets"].keys()
    assert len(set(made[0].values())) == len(made[0])
    assert all(re.fullmatch("[0-9a-f]{48}", value) for value in made[0].values())
    assert (tmp_path / ".secrets").stat().st_mode & 0o777 == 0o700
    assert read_passwords(tmp_path / ".secrets") == made[0]


def test_prepare_gives_roles_the_passwords_of_the_files(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    kept = home.secret("postgres.ops")
    adopt(home, {"postgres.order": "given"})
    assert (home.secret("postgres.order"), home.secret("postgres.ops")) == ("given", kept)


def test_the_broker_in_a_container_is_the_local_broker() -> None:
    """Where they differ: addresses, the folder, a second listener for this machine; passwords are added at the start."""
    local = _properties(kafka.PROPERTIES)
    contained = _properties((DOCKER / "kafka.properties").read_text(encoding="utf-8"))
    own = {"controller.quorum.voters", "listeners", "advertised.listeners", "listener.security.protocol.map", "log.dirs"}
    login = {key for key in local if key.endswith("jaas.config")}
    assert local.keys() - contained.keys() == {"advertised.listeners", *login}
    assert {key: contained[key] for key in local.keys() - own - login} == {key: local[key] for key in local.keys() - own - login}
    script = (DOCKER / "kafka.sh").read_text(encoding="utf-8")
    assert all(f"{key}=" in script for key in ("advertised.listeners", *login))
    assert set(re.findall(r"/run/secrets/([\w.]+)", script)) == set(SERVICES["kafka"]["secrets"])


def test_the_broker_in_a_container_logs_to_the_console_only() -> None:
    """Its /tmp is memory: the log files that the image's own start writes, the collector's too, would fill it."""
    script = (DOCKER / "kafka.sh").read_text(encoding="utf-8")
    assert "export EXTRA_ARGS='-name kafkaServer' KAFKA_LOG4J_OPTS=\"-Dlog4j2.configurationFile=$here/log4j2.properties " in script
    assert "./deploy/local/log4j2.properties:/etc/laotie/log4j2.properties:ro" in SERVICES["kafka"]["volumes"]
    assert re.findall(r"^appender\.\w+\.type = (\w+)$", kafka.LOG4J.read_text(encoding="utf-8"), re.MULTILINE) == ["Console"]


def test_the_image_is_built_in_two_stages_without_root() -> None:
    lines = _instructions((DOCKER / "Dockerfile").read_text(encoding="utf-8"))
    bases = [words.split()[0] for name, words in lines if name == "FROM"]
    assert len(bases) == 2
    assert all(PINNED.match(base) for base in bases)
    last = lines[max(n for n, (name, _) in enumerate(lines) if name == "FROM") :]
    names = [name for name, _ in last]
    assert [words for name, words in last if name == "USER"] == ["10001:10001"]
    assert names.index("USER") < names.index("ENTRYPOINT")
    assert "HEALTHCHECK" in names
    assert not [words for name, words in last if name == "RUN" and re.search(r"pip|apt-get|gcc|curl", words)], "no build in the last stage"
    assert not [name for name, _ in lines if name == "ADD"]
    installs = [words for name, words in lines if name == "RUN" and "pip" in words]
    assert all("--require-hashes" in words and "--no-deps" in words for words in installs)
    environment = next(words for name, words in last if name == "ENV")
    assert "PYTHONUNBUFFERED=1" in environment
    assert set(re.findall(r"LAOTIE_(\w+)=", environment)) - {"HOME"} <= {field.upper() for field in Settings.model_fields}
    labels = next(words for name, words in last if name == "LABEL")
    assert {"title", "description", "licenses", "version", "revision"} == set(re.findall(r"org\.opencontainers\.image\.(\w+)=", labels))


def test_the_image_gets_what_services_import_and_no_tools() -> None:
    texts = [(ROOT / name).read_text(encoding="utf-8") for name in ("pyproject.toml", "requirements.lock")]
    chosen = subset(*texts)
    names = set(re.findall(r"^([a-z0-9-]+)==", chosen, flags=re.MULTILINE))
    assert {"aiokafka", "asyncpg", "faststream", "pydantic-core", "uvloop", "confluent-kafka"} <= names
    assert not names & {*LOCAL, "pytest", "mypy", "ruff", "hypothesis", "testcontainers", "docker", "uv"}
    assert all("--hash=sha256:" in block for block in re.split(r"^(?=[a-z0-9])", chosen, flags=re.MULTILINE)[1:])
    assert chosen.splitlines()[0] in texts[1]


def test_the_suite_starts_the_containers_of_the_compose_file() -> None:
    broker = containers.kafka("localhost", 45678, PASSWORDS)
    assert (broker.image, broker.user, broker.port, broker.bound) == (SERVICES["kafka"]["image"], "1000:1000", 9094, 45678)
    assert broker.environment["ADVERTISED_LISTENERS"] == "CLIENT://localhost:9092,HOST://localhost:45678"
    assert broker.entrypoint == ["/bin/bash", "/etc/laotie/kafka.sh"]
    assert broker.files["/etc/laotie/kafka.sh"] == (DOCKER / "kafka.sh").read_bytes()
    assert {name: broker.files[f"/run/secrets/{name}"] for name in ("kafka.broker", "kafka.admin")} == {
        "kafka.broker": b"b" * 8,
        "kafka.admin": b"a" * 8,
    }
    assert isinstance(broker.ready, LogMessageWaitStrategy)
    database = containers.postgres(PASSWORDS)
    assert (database.image, database.port, database.bound) == (SERVICES["postgres"]["image"], 5432, None)
    assert database.files == {"/run/secrets/postgres.laotie": b"p" * 8}
    assert database.environment["POSTGRES_PASSWORD_FILE"] == "/run/secrets/postgres.laotie"
    assert isinstance(database.ready, ExecWaitStrategy)


def test_without_an_engine_the_suite_runs_locally_or_fails_if_one_is_required(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")
    monkeypatch.delenv(containers.REQUIRE, raising=False)
    containers.missing.cache_clear()
    try:
        assert default_infra() == "local"
        with pytest.raises(pytest.skip.Exception, match="no container engine answers"), started("docker", tmp_path):
            pass
        monkeypatch.setenv(containers.REQUIRE, "1")
        assert default_infra() == "docker"
        with pytest.raises(pytest.fail.Exception, match="REQUIRE_DOCKER=1, and no container engine"), started("docker", tmp_path):
            pass
    finally:
        containers.missing.cache_clear()


@pytest.fixture(scope="module")
def contained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with started("docker", tmp_path_factory.mktemp("contained")) as stack:
        yield stack


@pytest.mark.docker
@pytest.mark.timeout(600)  # the first run downloads images
def test_containers_are_prepared_like_local_servers(contained: Stack) -> None:
    present = contained.admin().list_topics(timeout=30).topics
    assert {topic.name for topic in topics.read_topics(contained.topics_file, contained.stripes)} <= set(present)
    changes = topics.plan(contained.admin(), topics.read_topics(contained.topics_file, contained.stripes), topics.read_grants(ACLS))
    assert changes.empty
    assert not changes.acls_off, "closed to everyone without a grant"


def _answers(command: list[str]) -> bool:
    return shutil.which(command[0]) is not None and subprocess.run(command, capture_output=True, timeout=20, check=False).returncode == 0


def _run_generator(root: Path) -> dict[str, str]:
    subprocess.run(["sh", root / "deploy/docker/secrets.sh"], check=True, capture_output=True, timeout=60)
    return {path.name: path.read_text(encoding="utf-8") for path in (root / ".secrets").iterdir() if path.name != ".gitignore"}


def _properties(text: str) -> dict[str, str]:
    joined = text.replace("\\\n", "")
    return dict(line.split("=", 1) for line in joined.splitlines() if line and not line.startswith("#"))


def _instructions(text: str) -> list[tuple[str, str]]:
    joined = re.sub(r"\\\n\s*", " ", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE))
    return [(name, words) for name, _, words in (line.partition(" ") for line in joined.splitlines() if line)]
