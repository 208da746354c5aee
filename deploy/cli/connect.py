"""How a command reaches the running stack."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from deploy.cli.errors import Failed
from deploy.local import control
from deploy.local.external import ExternalKafka
from deploy.local.stack import Stack
from shared import postgres


def running() -> Stack:
    """The stack of LAOTIE_HOME, not owned: for addresses and credentials. Fails at once where it is down or does not let us in."""
    stack = Stack()
    current = control.state(stack.home)
    if isinstance(stack.kafka, ExternalKafka):
        stack.kafka.start()
    elif stack.home.owner() is None:
        raise Failed(f"the stack of {stack.home.root} is down; start it with `laotie up`")
    if current.get("clock") == "manual":
        stack.clock = "manual"
    stack.stripes = current.get("stripes", stack.stripes)  # whatever this shell's settings say: it is up with these
    return stack


@asynccontextmanager
async def asking(stack: Stack) -> AsyncIterator[asyncpg.Connection]:
    """A connection of ops, who may look at every table and write none."""
    connection = await asyncpg.connect(stack.dsn(postgres.OPS), timeout=10)
    try:
        yield connection
    finally:
        await connection.close()
