"""Connections of the engine, what counts as infrastructure, and how long to wait for it."""

from __future__ import annotations

import asyncio
import logging
import random
import time
import traceback
from collections.abc import Awaitable, Callable, Iterable

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError

from shared.errors import HaltCode
from shared.messaging.store import LostRace

IDLE_IN_TRANSACTION_SECONDS = 10  # a process that stops in the middle of a transaction loses it, and its locks, after that
BACKOFF_FIRST = 0.05
BACKOFF_MAX = 5.0
TROUBLE_AFTER = 3  # failures in a row
LEAVE_SECONDS = 5.0
REFUSED_SECONDS = 60.0  # after which a refusal is none of now: whoever is refused asks again sooner
SILENT = "no answer in time"  # what a timeout does not say itself
AFRESH = "watch"  # the purpose of one that looks whether what has halted may go on: more is checked for it

# Every statement here looks rows up by key. Plans are cached, and those made on empty tables would scan them for ever.
POINT_LOOKUPS = {"enable_seqscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off", "enable_bitmapscan": "off"}
# Whether the settings above were taken; and commits are waited for, as what is told of them cannot be taken back. More than `on` stays.
TAKEN = """
SELECT current_setting('enable_seqscan'),
       set_config('synchronous_commit', replace(current_setting('synchronous_commit'), 'off', 'on'), false)
"""
NOW = "SELECT clock_timestamp()"  # by the database, whose clock is one for all machines

Connect = Callable[[str], Awaitable[asyncpg.Connection]]

log = logging.getLogger("laotie.connect")


class Halted(Exception):
    """The process must not go on; the code is catalogued and the runbook has the way out."""

    def __init__(self, code: HaltCode, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code


class Refusals(logging.Handler):
    """Why a broker was not reached, or let nobody in: TLS, an account, an address. aiokafka logs that and raises something else."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self._text, self._at = "", 0.0

    def emit(self, record: logging.LogRecord) -> None:
        if str(record.msg).startswith("Unable connect to "):
            self._text, self._at = record.getMessage(), time.monotonic()

    def beside(self, trouble: str) -> str:
        """The same, with what was refused in the last REFUSED_SECONDS, in the words of TLS or the broker; of no trouble nothing is said."""
        recent = self._text and time.monotonic() - self._at < REFUSED_SECONDS
        return f"{trouble}; {self._text}" if trouble and recent else trouble


REFUSALS = Refusals()
logging.getLogger("aiokafka").addHandler(REFUSALS)


def connector(dsn: str, name: str) -> Connect:
    """A function that opens one connection, named for pg_stat_activity. What shares sessions among clients is refused: `relay` has settings
    that must be nobody else's.
    """

    async def connect(purpose: str) -> asyncpg.Connection:
        try:
            connection = await asyncpg.connect(
                dsn,
                timeout=10,
                command_timeout=60,
                server_settings={
                    "application_name": f"{name} {purpose}"[:63],
                    "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_SECONDS * 1000),
                    "plan_cache_mode": "force_generic_plan",
                    "jit": "off",
                    "default_transaction_isolation": "read committed",  # S1: what the stripes' former holders did is seen
                    **POINT_LOOKUPS,
                    "timezone": "UTC",
                },
            )
            if await connection.fetchval(TAKEN) != POINT_LOOKUPS["enable_seqscan"]:
                connection.terminate()
                raise asyncpg.InterfaceError("the connection did not take its settings: a pooler is in between, name the server itself")
            return connection
        except Exception as error:
            # asyncpg keeps the error in a frame that the error's trace keeps: a ring, with a context of TLS and all its certificates in
            # it, that the collector would find hours later.
            traceback.clear_frames(error.__traceback__)
            raise

    return connect


class Failures:
    """In a row, of what is tried again and again. trouble: what people are told once it is no hiccup any more, else empty.

    of: the partitions that it is about; they have all to get over it, whatever succeeds beside them.
    """

    def __init__(self, what: str) -> None:
        self._what, self._count, self.trouble = what, 0, ""
        self._of: set[int] = set()

    def again(self, error: Exception, of: Iterable[int] = ()) -> float:
        """Seconds to wait."""
        self._count += 1
        self._of.update(of)
        if self._count >= TROUBLE_AFTER:
            self.trouble = f"{self._what} failed {self._count} times: {in_words(error)}"
        return backoff(self._count)

    def over(self, of: Iterable[int] = ()) -> None:
        self._of.difference_update(of)
        if not self._of:
            self._count, self.trouble = 0, ""


def infrastructure(error: BaseException) -> bool:
    """True: trying again later is right, for ever (the event is not to blame)."""
    return isinstance(
        error,
        OSError
        | asyncio.TimeoutError
        | KafkaError
        | LostRace
        | Halted
        | asyncpg.InterfaceError
        | asyncpg.InternalClientError  # a connection that broke in the middle of a call
        | asyncpg.PostgresConnectionError
        | asyncpg.InvalidAuthorizationSpecificationError  # a password that is being changed
        | asyncpg.InvalidCatalogNameError  # a database that is being restored
        | asyncpg.ReadOnlySQLTransactionError  # a standby that is being promoted, a disk that is nearly full
        | asyncpg.OperatorInterventionError
        | asyncpg.TransactionRollbackError
        | asyncpg.InsufficientResourcesError
        | asyncpg.PostgresSystemError  # a disk that fails, or is not there
        | asyncpg.IdleInTransactionSessionTimeoutError
        | asyncpg.exceptions.TransactionTimeoutError
        | asyncpg.ObjectNotInPrerequisiteStateError  # a lock that is not given in time, a publication that a table is not ready for
        | asyncpg.SyntaxOrAccessError  # a right, table or column that is not there: statements are ours, an event only fills them in
        | asyncpg.InvalidSchemaNameError
        | asyncpg.InvalidCachedStatementError,  # a migration under a running process
    )


def in_words(error: BaseException) -> str:
    """Its class and what it says, for people."""
    return f"{type(error).__name__}: {str(error) or SILENT}"


def backoff(failures: int) -> float:
    """Seconds: doubling with full jitter, bounded."""
    longest: float = min(BACKOFF_MAX, BACKOFF_FIRST * 2.0 ** min(failures, 10))
    return random.uniform(0.5, 1.0) * longest


async def wait(event: asyncio.Event, seconds: float) -> None:
    """Until it is set, but no longer than that."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return


async def leave(client: AIOKafkaConsumer | AIOKafkaProducer) -> None:
    """Stop it, whatever state its broker left it in; never raises for it.

    aiokafka 0.14: with a fetch under way, a consumer's stop() cancels its caller and leaves its connections open. So it gets a task of
    its own, and what it left open is closed.
    """
    stopping = asyncio.create_task(client.stop())
    await asyncio.wait({stopping}, timeout=LEAVE_SECONDS)
    if not stopping.done() or stopping.cancelled():
        stopping.cancel()
        closing = asyncio.create_task((client._client if isinstance(client, AIOKafkaConsumer) else client.client).close())
        await asyncio.wait({closing}, timeout=LEAVE_SECONDS)
        stopping = closing
    if not stopping.done() or stopping.cancelled() or stopping.exception() is not None:
        log.warning("a client of Kafka did not stop cleanly")
