"""What a person may see go wrong, told without a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
import click
from aiokafka.errors import KafkaConnectionError
from confluent_kafka import KafkaError, KafkaException

from deploy.local.process import StackError

UNKNOWN = {KafkaError._UNKNOWN_PARTITION, KafkaError._UNKNOWN_TOPIC, KafkaError.UNKNOWN_TOPIC_OR_PART}  # the broker is up, and says so


class Failed(click.ClickException):
    """Status 1 and a line on stderr."""

    exit_code = 1


@contextmanager
def expected() -> Iterator[None]:
    """Turns expected failures into Failed; bugs keep their traceback."""
    try:
        yield
    except StackError as error:
        raise Failed(str(error)) from error
    except KafkaException as error:
        if error.args[0].code() in UNKNOWN:
            raise Failed(f"Kafka: {error.args[0].str()}") from error
        raise Failed(f"Kafka: {error.args[0].str()}; is the stack up? (laotie status)") from error
    except KafkaConnectionError as error:
        raise Failed(f"Kafka: {error}; is the stack up? (laotie status)") from error
    except (asyncpg.PostgresError, asyncpg.exceptions.ClientConfigurationError) as error:
        raise Failed(f"Postgres: {error}") from error
    except BrokenPipeError:  # `| head` has seen enough: click ends quietly
        raise
    except OSError as error:
        raise Failed(f"{error}; is the stack up? (laotie status)") from error
