"""laotie prepare"""

import json
from pathlib import Path

import click
from confluent_kafka import KafkaException

from deploy.cli.errors import Failed
from deploy.cli.stack import progress
from deploy.local.external import ExternalKafka, ExternalPostgres
from deploy.local.home import Home, default_home
from deploy.local.kafka import ADMIN, set_passwords
from deploy.local.stack import GIVEN, Stack
from deploy.local.topics import NOT_LET
from shared.settings import Settings

SERVERS = ("kafka", "postgres")


@click.command()
@click.option(
    "--passwords",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with one file a password, kafka.PRINCIPAL and postgres.ROLE; without it database roles get new ones, kept in LAOTIE_HOME.",
)
def prepare(passwords: Path | None) -> None:
    """Bring servers that somebody else runs to what the services need; running it again does no harm.

    LAOTIE_KAFKA and LAOTIE_POSTGRES name them, with an account that may do this, or on Kafka may see that others did it. Applies topics,
    ACLs, database roles and migrations, places every service's cursors, and with --passwords gives each principal of deploy/acls.yaml its
    SCRAM password; `laotie up` then connects each service with its own.
    """
    given = read_passwords(passwords) if passwords else {}
    adopt(Home(default_home()), given)
    stack = Stack(clock=Settings().clock, say=progress)
    if not (isinstance(stack.kafka, ExternalKafka) and isinstance(stack.postgres, ExternalPostgres)):
        raise Failed("LAOTIE_KAFKA and LAOTIE_POSTGRES must name the servers to prepare; `laotie up` starts and prepares its own")
    with stack:
        stack.start()
        known = {name: given[f"kafka.{name}"] for name in stack.principals if f"kafka.{name}" in given}
        mechanism = stack.kafka.settings(ADMIN).kafka_sasl_mechanism
        if known and mechanism.startswith("SCRAM"):
            try:
                set_passwords(stack.admin(), known, mechanism)
                progress(f"{mechanism} passwords: {len(known)} set")
            except KafkaException as error:
                if error.args[0].code() not in NOT_LET:
                    raise
                progress(f"{mechanism} passwords: none set, this account may not; the accounts must have those of {passwords}")
        elif known:
            progress(f"{mechanism} passwords stand in the brokers' own configuration: none set")


def read_passwords(folder: Path) -> dict[str, str]:
    """By file name; files that are named otherwise are not looked at."""
    files = (path for server in SERVERS for path in sorted(folder.glob(f"{server}.*")))
    return {path.name: path.read_text(encoding="utf-8").strip() for path in files}


def adopt(home: Home, passwords: dict[str, str]) -> None:
    """The home's own secrets stay where nothing is given for them; those of a local Kafka stay in any case."""
    passwords = {f"{GIVEN if name.startswith('kafka.') else ''}{name}": password for name, password in passwords.items()}
    path = home.root / "secrets.json"
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    home.write("secrets.json", json.dumps({**known, **passwords}, indent=1, sort_keys=True), mode=0o600)
