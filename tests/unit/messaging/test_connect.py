"""What no event is to blame for, and how long it is waited for: L1."""

from __future__ import annotations

import asyncio
import gc
import logging
import ssl
import struct

import asyncpg
import pytest

from shared.messaging.connect import (
    BACKOFF_MAX,
    REFUSED_SECONDS,
    TROUBLE_AFTER,
    Failures,
    Halted,
    Refusals,
    backoff,
    connector,
    infrastructure,
)
from shared.messaging.store import LostRace


@pytest.mark.parametrize(
    "error",
    [
        ConnectionResetError(),
        TimeoutError(),
        LostRace("another was faster"),
        Halted("halt.lane_behind_log", "the server came back older"),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.InternalClientError("broke in the middle of a call"),
        asyncpg.ConnectionDoesNotExistError(),
        asyncpg.AdminShutdownError(),
        asyncpg.CannotConnectNowError(),
        asyncpg.DeadlockDetectedError(),
        asyncpg.SerializationError(),
        asyncpg.TooManyConnectionsError(),
        asyncpg.DiskFullError(),
        asyncpg.PostgresIOError("could not read block 7: Input/output error"),
        asyncpg.UndefinedFileError("could not open file: its disk is not mounted"),
        asyncpg.exceptions.TransactionTimeoutError(),
        asyncpg.IdleInTransactionSessionTimeoutError(),
        asyncpg.exceptions.LockNotAvailableError(),
        asyncpg.InsufficientPrivilegeError("permission denied for table posting"),
        asyncpg.UndefinedTableError("half restored"),
        asyncpg.UndefinedColumnError("a migration that is not there yet"),
        asyncpg.InvalidSchemaNameError(),
        asyncpg.InvalidCachedStatementError("a migration that came meanwhile"),
        asyncpg.ObjectNotInPrerequisiteStateError("no replica identity and publishes updates"),
        asyncpg.ReadOnlySQLTransactionError("a standby"),
        asyncpg.InvalidCatalogNameError(),
        asyncpg.InvalidPasswordError(),
        asyncpg.QueryCanceledError("statement_timeout"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_l1_no_event_is_parked_for_what_the_servers_do(error: Exception) -> None:
    assert infrastructure(error)


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.CheckViolationError(),
        asyncpg.UniqueViolationError(),
        asyncpg.UntranslatableCharacterError(),
        asyncpg.ProgramLimitExceededError("index row size exceeds btree maximum"),
        asyncpg.DataCorruptedError("missing chunk of one row"),
        ZeroDivisionError(),
        AssertionError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_l1_what_an_event_may_have_caused_is_not_waited_out(error: Exception) -> None:
    assert not infrastructure(error)


def test_what_fails_is_tried_again_later_and_later_and_never_later_than_a_bound() -> None:
    assert 0 < backoff(1) < backoff(5) <= BACKOFF_MAX
    assert max(backoff(failures) for failures in range(5000)) <= BACKOFF_MAX


def test_failures_count_in_a_row_alone() -> None:
    failures = Failures("working")
    for _ in range(2):
        for _ in range(TROUBLE_AFTER - 1):
            failures.again(ConnectionResetError())
        assert failures.trouble == ""
        failures.over()


def test_what_hangs_is_said_to_although_a_timeout_has_no_words_of_its_own() -> None:
    failures = Failures("working")
    for _ in range(TROUBLE_AFTER):
        failures.again(TimeoutError())
    assert failures.trouble == f"working failed {TROUBLE_AFTER} times: TimeoutError: no answer in time"


def test_what_fails_of_some_partitions_is_told_until_they_got_over_it_whatever_succeeds_beside_them() -> None:
    failures = Failures("working")
    for _ in range(TROUBLE_AFTER):
        failures.again(asyncpg.InsufficientPrivilegeError("permission denied"), [1, 2])
        failures.over([0])
    assert failures.trouble
    failures.over([1])
    assert failures.trouble
    failures.over([2])
    assert failures.trouble == ""


REFUSED = b"SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0"


async def _starting_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A server of Postgres that takes nobody yet, without TLS."""
    await reader.readexactly(8)
    writer.write(b"N")
    await reader.read(1024)
    writer.write(b"E" + struct.pack("!i", 4 + len(REFUSED)) + REFUSED)
    writer.close()


@pytest.mark.parametrize("up", [False, True], ids=["away", "starting up"])
async def test_a_database_that_cannot_be_reached_leaves_nothing_to_the_collector_which_hardly_looks(up: bool) -> None:
    """A context of TLS with its certificates for each attempt: a megabyte, several times a second while the server is down."""
    server = await asyncio.start_server(_starting_up, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    if not up:
        server.close()
        await server.wait_closed()
    connect = connector(f"postgresql://u:p@127.0.0.1:{port}/d", "test")
    gc.collect()
    before = _contexts()
    gc.disable()
    try:
        for _ in range(5):
            with pytest.raises((OSError, asyncpg.CannotConnectNowError)):
                await connect("check")
        await asyncio.sleep(0)  # the loop lets go of the last one
        left = _contexts() - before
    finally:
        gc.enable()
        server.close()
    assert left == 0


def _contexts() -> int:
    return sum(isinstance(one, ssl.SSLContext) for one in gc.get_objects())


def test_what_the_client_was_refused_with_stands_beside_trouble_and_no_longer_than_it_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    """aiokafka logs why a broker let nobody in, and raises that it could not bootstrap."""
    heard, clock = Refusals(), [1000.0]
    monkeypatch.setattr("shared.messaging.connect.time.monotonic", lambda: clock[0])
    said = 'Unable connect to "%s:%s": %s', ("kafka", 9092, "certificate has expired")
    assert heard.beside("starting") == "starting"
    heard.emit(logging.LogRecord("aiokafka", logging.ERROR, "", 0, *said, None))
    heard.emit(logging.LogRecord("aiokafka", logging.ERROR, "", 0, "Unable to update metadata from %s", ([1],), None))
    assert heard.beside("starting") == 'starting; Unable connect to "kafka:9092": certificate has expired'
    assert heard.beside("") == ""
    clock[0] += REFUSED_SECONDS
    assert heard.beside("starting") == "starting"
