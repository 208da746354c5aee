"""Servers that somebody else runs: LAOTIE_KAFKA and LAOTIE_POSTGRES name them, and we only connect."""

from signal import Signals

from deploy.local.process import StackError
from shared.settings import Settings


class External:
    """Same calls as a server of ours; starting and stopping do nothing, killing is refused."""

    pid: int | None = None
    alive = True

    def __init__(self, what: str) -> None:
        self._what = what

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def kill(self) -> None:
        raise StackError(f"{self._what} was not started here; it is not ours to kill")

    def signal(self, number: Signals) -> None:
        raise StackError(f"{self._what} was not started here; it gets no {number.name} from us")


class ExternalKafka(External):
    """Every principal connects with the credentials of the environment."""

    def __init__(self, settings: Settings) -> None:
        super().__init__("Kafka")
        self._settings = settings

    @property
    def bootstrap(self) -> str:
        return self._settings.kafka

    def settings(self, principal: str) -> Settings:
        return self._settings


class ExternalPostgres(External):
    """`dsn` must be allowed to create roles and schemas."""

    def __init__(self, dsn: str) -> None:
        super().__init__("Postgres")
        self.dsn = dsn
