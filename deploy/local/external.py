"""Servers that somebody else runs: LAOTIE_KAFKA and LAOTIE_POSTGRES name them, and we only connect."""

import time
from collections.abc import Callable
from signal import Signals

import asyncpg
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from deploy.local.kafka import ADMIN, quiet
from deploy.local.postgres import address_of, run
from deploy.local.process import StackError
from shared.messaging.connect import connector
from shared.settings import Settings

ANSWER_S, REFUSED_S = 10, 1  # a broker that has just started may not know its accounts yet
REFUSALS = {KafkaError._SSL, KafkaError._AUTHENTICATION}


class External:
    """Same calls as a server of ours; starting only looks whether it lets us in, stopping does nothing, killing is refused."""

    pid: int | None = None
    alive = True

    def __init__(self, what: str) -> None:
        self._what = what

    def stop(self) -> None: ...

    def kill(self) -> None:
        raise StackError(f"{self._what} was not started here; it is not ours to kill")

    def signal(self, number: Signals) -> None:
        raise StackError(f"{self._what} was not started here; it gets no {number.name} from us")


class ExternalKafka(External):
    """`admin` has the account of the environment, and so has everyone else whose own password is not known.

    password: of a principal, None where nobody told us.
    """

    def __init__(self, settings: Settings, password: Callable[[str], str | None] = lambda _: None) -> None:
        super().__init__("Kafka")
        self._settings, self._password = settings, password

    @property
    def bootstrap(self) -> str:
        return self._settings.kafka

    def settings(self, principal: str) -> Settings:
        password = None if principal == ADMIN or not self._settings.kafka_username else self._password(principal)
        own = {} if password is None else {"kafka_username": principal, "kafka_password": password}
        return self._settings.model_copy(update=own)

    def start(self) -> None:
        """Returns once a broker lets us in. Raises StackError with the reason that the broker, or TLS, gave."""
        told: list[KafkaError] = []
        properties = quiet(self._settings.confluent())
        properties["error_cb"] = told.append
        client: AdminClient | None = None
        began = time.monotonic()
        while True:
            try:
                client = client or AdminClient(properties)
                client.list_topics(timeout=1)
                return
            except KafkaException as error:
                if client is not None:
                    client.poll(0)  # hands over what was told
                patience = 0 if client is None else REFUSED_S if any(one.code() in REFUSALS for one in told) else ANSWER_S
                if time.monotonic() - began > patience:
                    raise StackError(self._refused(told, error)) from None

    def _refused(self, told: list[KafkaError], error: KafkaException) -> str:
        reasons = sorted(told, key=lambda one: (one.code() not in REFUSALS, one.code() == KafkaError._ALL_BROKERS_DOWN))
        reason = reasons[0].str() if reasons else error.args[0].str()
        return f"Kafka at {self.bootstrap}, asked with {self._settings.kafka_security_protocol}: {reason}"


class ExternalPostgres(External):
    """`dsn` must be allowed to create roles and schemas."""

    def __init__(self, dsn: str) -> None:
        super().__init__("Postgres")
        self.dsn = dsn

    @property
    def address(self) -> str:
        return address_of(self.dsn)

    def start(self) -> None:
        """Raises StackError with the reason."""
        try:
            run(self._ask())
        except FileNotFoundError as error:  # which one is not said
            raise StackError("Postgres: a file that LAOTIE_POSTGRES names (sslrootcert, sslcert, sslkey) is not there") from error
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise StackError(f"Postgres at {self.address}: {str(error) or type(error).__name__}") from error

    async def _ask(self) -> None:
        """As services will connect: what does not take their settings, a pooler, is not prepared either."""
        await (await connector(self.dsn, "laotie")("prepare")).close(timeout=2)
