"""What a person may see go wrong, told without a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager
from traceback import walk_tb

import asyncpg
import click
from aiokafka.errors import KafkaConnectionError
from confluent_kafka import KafkaError, KafkaException

from deploy.cli.plain import plain
from deploy.local.process import StackError

UNKNOWN = {KafkaError._UNKNOWN_PARTITION, KafkaError._UNKNOWN_TOPIC, KafkaError.UNKNOWN_TOPIC_OR_PART}  # the broker is up, and says so
STARTING = {
    *(KafkaError.UNKNOWN_LEADER_EPOCH, KafkaError.FENCED_LEADER_EPOCH, KafkaError.NOT_LEADER_FOR_PARTITION),
    *(KafkaError.LEADER_NOT_AVAILABLE, KafkaError.BROKER_NOT_AVAILABLE),
}
LOOK = "is the stack up? (laotie status)"


class Failed(click.ClickException):
    """Status 1 and a line on stderr."""

    exit_code = 1

    def format_message(self) -> str:
        return "\n".join(map(plain, self.message.split("\n")))


@contextmanager
def expected() -> Iterator[None]:
    """Turns expected failures into Failed; bugs keep their traceback."""
    try:
        yield
    except StackError as error:
        raise Failed(str(error)) from error
    except BrokenPipeError:  # `| head` has seen enough: click ends quietly
        raise
    except (KafkaException, KafkaConnectionError, asyncpg.PostgresError, asyncpg.exceptions.ClientConfigurationError, OSError) as error:
        raise Failed(worded(error)) from error


def worded(error: Exception) -> str:
    """Which server failed, and how; a server that answers is not asked after."""
    match error:
        case KafkaException() if error.args[0].code() in UNKNOWN:
            return f"Kafka: {error.args[0].str()}"
        case KafkaException() if error.args[0].code() in STARTING:
            return f"Kafka is just starting again ({error.args[0].str()}); try again in a moment"
        case KafkaException():
            return f"Kafka: {error.args[0].str()}; {LOOK}"
        case KafkaConnectionError():
            return f"Kafka: {error}; {LOOK}"
        case asyncpg.PostgresError() | asyncpg.InterfaceError() | asyncpg.InternalClientError():
            return f"Postgres: {error}"
        case OSError() if _from_asyncpg(error):
            return f"Postgres: {str(error) or 'no answer in time'}; {LOOK}"
        case TimeoutError():  # of a client that asks Kafka; ours say what they waited for
            return str(error) or f"Kafka: no answer in time; {LOOK}"
    return f"{error}; {LOOK}"


def _from_asyncpg(error: Exception) -> bool:
    """A refused connection and a silent server are plain OSErrors, which name a port at best."""
    return any(str(frame.f_globals.get("__name__", "")).startswith("asyncpg") for frame, _ in walk_tb(error.__traceback__))
