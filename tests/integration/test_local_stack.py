"""The local stack keeps its word: ready means ready, data survives a crash, nothing survives its owner."""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from click.testing import CliRunner
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from deploy.cli.main import main
from deploy.local import topics
from deploy.local.home import Home
from deploy.local.kafka import KafkaServer, quiet
from deploy.local.postgres import PostgresServer, run
from deploy.local.process import StackError
from deploy.local.stack import Stack, environment_of
from shared.settings import Settings
from tests.infra import Fresh
from tests.integration.processes import children_of, running, within

pytestmark = pytest.mark.stack
GONE_S = 120  # a bound for failures only


@pytest.fixture(autouse=True)
def _own_servers(stack: Stack) -> None:
    if not isinstance(stack.kafka, KafkaServer) or not isinstance(stack.postgres, PostgresServer):
        pytest.skip("other servers are not ours to kill")


def test_start_applies_topics_acls_roles_and_migrations(stack: Stack) -> None:
    plan = topics.plan(stack.admin(), topics.read_topics(stack.topics_file, stack.stripes), topics.read_grants(stack.acls_file))
    assert plan.lines() == []
    assert not plan.acls_off


def test_env_file_and_plain_tools_are_enough_for_a_stranger(stack: Stack) -> None:
    clients = stack.home.clients
    script = f"""
        . {stack.home.root / "env"}
        echo hello | kafka-console-producer --bootstrap-server $LAOTIE_KAFKA --topic storefront.v1 \\
            --command-config {clients}/storefront.properties
        kafka-console-consumer.sh --bootstrap-server $LAOTIE_KAFKA --command-config {clients}/ops.properties --topic storefront.v1 \\
            --from-beginning --max-messages 1 --timeout-ms 20000 --group anything
        psql "$LAOTIE_POSTGRES" -Atc 'SELECT current_user'
    """
    result = subprocess.run(["sh", "-c", script], capture_output=True, text=True, timeout=90, check=False)
    assert ("hello" in result.stdout, result.stdout.splitlines()[-1:]) == (True, ["laotie_ops"]), result.stdout + result.stderr


def test_kcat_files_are_librdkafka_settings(stack: Stack) -> None:
    lines = (stack.home.clients / "psp.kcat").read_text().splitlines()
    client = AdminClient(quiet(dict(line.split("=", 1) for line in lines)))
    assert "psp.v1" in client.list_topics(timeout=20).topics


def test_kafka_killed_and_started_again_keeps_address_data_and_clients(stack: Stack, fresh: Fresh) -> None:
    topic, address = fresh.topic(), stack.bootstrap
    producer = Producer({**quiet(stack.settings("admin").confluent()), "enable.idempotence": True, "acks": "all"})
    send(producer, topic, "before")
    pid = stack.kafka.pid
    stack.kafka.kill()
    assert stack.kafka.pid is None
    stack.kafka.start()
    assert (stack.bootstrap, stack.kafka.pid != pid) == (address, True)
    send(producer, topic, "after")
    assert values(stack.settings("admin"), topic, 2) == ["before", "after"]


def test_postgres_killed_and_started_again_keeps_address_and_data(stack: Stack, fresh: Fresh) -> None:
    dsn = fresh.schema("order", []).owner_dsn
    sql(dsn, "CREATE TABLE kept AS SELECT 1 AS n")
    backends = children_of(stack.postgres.pid or 0)
    stack.postgres.kill()
    assert [pid for pid in backends if running(pid)] == []
    stack.postgres.start()
    assert sql(dsn, "SELECT n FROM kept") == 1


def test_a_frozen_server_thaws(stack: Stack) -> None:
    stack.postgres.signal(signal.SIGSTOP)
    time.sleep(0.2)
    stack.postgres.signal(signal.SIGCONT)
    assert sql(stack.dsn("admin"), "SELECT 1") == 1


def test_one_home_has_one_owner(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.local.stack.LOCK_WAIT_S", 0.2)
    with pytest.raises(StackError, match=f"is in use by process {os.getpid()}"):
        Stack(stack.home.root).start()


def test_servers_of_the_environment_are_used_and_left_alone(stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment_of(stack.settings("admin")).items():
        monkeypatch.setenv(name, value)
    pids = (stack.kafka.pid, stack.postgres.pid)
    try:
        with Stack(tmp_path).start() as guest:
            assert guest.bootstrap == stack.bootstrap
            assert sql(guest.dsn("order"), "SELECT current_user") == "laotie_order"
            with pytest.raises(StackError, match="not ours to kill"):
                guest.kafka.kill()
        assert (stack.kafka.pid, stack.postgres.pid) == pids
    finally:
        stack.prepare()  # the guest gave the roles its own passwords


def test_a_home_removed_by_hand_starts_anew(stack: Stack, tmp_path: Path) -> None:
    """Kafka's data goes with it; Postgres's may lie elsewhere, under passwords that are gone then."""
    home = tmp_path / "home"
    with Stack(home) as first:
        assert first.home.kafka.is_relative_to(home)
        first.postgres.start()
        sql(first.dsn("admin"), "CREATE TABLE old ()")
    shutil.rmtree(home)
    with Stack(home) as second:
        second.postgres.start()
        assert sql(second.dsn("admin"), "SELECT to_regclass('old')") is None
    second.home.remove()


@dataclass
class Second:
    """A stack of the `laotie` command, called in this process, beside the session's. Of one partition a topic: it starts the sooner."""

    home: Home

    def __call__(self, *arguments: str, status: int = 0) -> str:
        given: dict[str, str | None] = {name: None for name in os.environ if name.startswith("LAOTIE_")}
        variables = given | {"LAOTIE_HOME": str(self.home.root), "LAOTIE_STRIPES": "1"}
        done = CliRunner().invoke(main, arguments, env=variables, prog_name="laotie")
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == status, done.stdout + done.stderr
        return done.stdout if status == 0 else done.stdout + done.stderr

    def pids(self) -> list[int]:
        """The daemon and everything under it."""
        daemon = int(json.loads((self.home.run / "state.json").read_text())["pid"])
        return [daemon, *children_of(daemon)]

    def settings(self) -> Settings:
        return Stack(self.home.root).settings("ops")


@pytest.fixture(scope="module")
def second(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Second]:
    command = Second(Home(tmp_path_factory.mktemp("second")))
    try:
        command("up", "--no-services", "--clock", "manual")
        yield command
    finally:
        command("down")
        command.home.remove()


def test_two_stacks_do_not_meet(stack: Stack, second: Second) -> None:
    one, other = stack.settings("ops"), second.settings()
    assert one.kafka != other.kafka
    assert one.postgres != other.postgres
    send(Producer(quiet(other.confluent())), "ops.v1", "for the second only")
    assert values(other, "ops.v1", 1) == ["for the second only"]
    assert "for the second only" not in values(one, "ops.v1", 0)
    swapped = other.model_copy(update={"kafka": one.kafka})
    with pytest.raises(KafkaException):
        AdminClient(quiet(swapped.confluent())).list_topics(timeout=3)


def test_up_is_idempotent_and_tells_a_wrong_clock(second: Second) -> None:
    before = second.pids()
    assert (json.loads(second("up", "--no-services", "--clock", "manual", "--json"))["phase"], second.pids()) == ("ready", before)
    assert "manual clock" in second("up", "--no-services", "--clock", "system", status=1)
    assert second("topics", "plan") == "nothing to change\n"


def test_what_somebody_changed_of_a_topic_shows_in_the_status(second: Second) -> None:
    assert json.loads(second("status", "--json"))["differences"] == []
    topics.apply(Stack(second.home.root).admin(), topics.Plan(alter={"order.v1": {"retention.ms": ("-1", "1000")}}))
    assert within(GONE_S, lambda: "not as deployed, 1 differences: `laotie topics plan`" in second("status"))
    second("topics", "apply")
    assert "not as deployed" not in second("status")


def test_a_crashed_server_is_started_again(second: Second) -> None:
    state = json.loads(second("status", "--json"))
    pid = next(row["pid"] for row in state["processes"] if row["name"] == "postgres")
    os.kill(pid, signal.SIGKILL)

    def back() -> bool:
        row = next(row for row in json.loads((second.home.run / "state.json").read_text())["processes"] if row["name"] == "postgres")
        return bool(row["alive"] and row["pid"] != pid and row["restarts"] == 1)

    assert within(GONE_S, back)
    second("status")


def test_nothing_survives_a_killed_supervisor_and_the_data_does(second: Second) -> None:
    pids, before = second.pids(), second.settings()
    assert len(pids) > 5
    os.kill(pids[0], signal.SIGKILL)
    assert within(GONE_S, lambda: not any(running(pid) for pid in pids)), [pid for pid in pids if running(pid)]
    assert second.home.owner() is None
    assert "down" in second("status", status=1)
    second("up", "--no-services", "--clock", "manual")
    assert second.settings() == before
    assert values(before, "ops.v1", 1) == ["for the second only"]


def test_a_lost_cursor_can_be_restored_with_the_servers_alone_d1(second: Second) -> None:
    move = 'UPDATE "order".cursor SET partition = {} WHERE topic = $$payment.v1$$ AND partition = {}'
    sql(admin := Stack(second.home.root).dsn("admin"), move.format(90, 0))
    second("down")
    assert "laotie up --no-services" in second("up", "--clock", "manual", status=1), "who cannot reach the servers cannot mend it"
    second("up", "--no-services", "--clock", "manual")
    sql(admin, move.format(0, 90))
    assert "order-1" in second("up", "--clock", "manual"), "what is missing is started; it said `already up`"


def test_fresh_forgets_data_and_passwords_and_keeps_addresses(second: Second) -> None:
    before = second.settings()
    second("up", "--no-services", "--no-restart", "--fresh", "--clock", "manual")
    after = second.settings()
    assert (after.kafka, after.kafka_password != before.kafka_password) == (before.kafka, True)
    assert values(after, "ops.v1", 0) == []


def test_up_says_which_process_is_down(second: Second) -> None:
    """Status 1, also where the rest was up already: whoever scripts it would go on without."""

    def postgres() -> dict[str, Any]:
        rows = json.loads((second.home.run / "state.json").read_text())["processes"]
        return next(dict(row) for row in rows if row["name"] == "postgres")

    os.kill(postgres()["pid"], signal.SIGKILL)
    assert within(GONE_S, lambda: not postgres()["alive"])
    assert "postgres down; unless --no-restart was said it is tried again" in second(
        "up", "--no-services", "--no-restart", "--clock", "manual", status=1
    )


def test_down_leaves_no_process_and_says_what_is_down(second: Second) -> None:
    pids = second.pids()
    second("down")
    assert [pid for pid in pids if running(pid)] == []
    assert second("down") == f"nothing was up in {second.home.root}\n"
    assert "is down; start it with `laotie up`" in second("topics", "plan", status=1)
    assert "no log of 'nobody'" in second("logs", "nobody", status=1)
    second("up", "--clock", "sundial", status=2)


def send(producer: Producer, topic: str, value: str) -> None:
    errors: list[object] = []
    producer.produce(topic, value.encode(), b"key", partition=0, on_delivery=lambda error, _: errors.append(error))
    producer.flush(60)
    assert errors == [None]


def values(settings: Settings, topic: str, at_least: int) -> list[str]:
    """What partition 0 holds, once it holds that much."""
    consumer = Consumer({**quiet(settings.confluent()), "group.id": "unused", "enable.auto.commit": False})
    try:
        partition = TopicPartition(topic, 0, 0)
        _, end = consumer.get_watermark_offsets(partition, timeout=20)
        assert end >= at_least
        consumer.assign([partition])
        found: list[str] = []
        deadline = time.monotonic() + 20
        while len(found) < end and time.monotonic() < deadline:
            message = consumer.poll(0.2)
            if message is not None and message.error() is None:
                found.append((message.value() or b"").decode())
        return found
    finally:
        consumer.close()


def sql(dsn: str, statement: str) -> object:
    async def ask() -> object:
        connection = await asyncpg.connect(dsn)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return run(ask())
