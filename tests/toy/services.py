"""What the toy decides, and its three services."""

from __future__ import annotations

import os
import signal
from datetime import timedelta
from hashlib import blake2b
from typing import assert_never

from shared.messaging.shape import Outcome, Plan, Reject, Rows, Service, Touch, Wait, given, on
from tests.toy.model import (
    BETA_LIFE,
    FLAGS,
    GAMMA_LIFE,
    LIFE,
    NS,
    POOL,
    TALLY,
    AlphaStepped,
    Begin,
    Begun,
    BetaStepped,
    Count,
    Counted,
    Deadline,
    GammaStepped,
    Life,
    Mode,
    Note,
    Noted,
    Poke,
    Poked,
    Rang,
    Taken,
    Tallied,
)

POOL_SIZE = 100


def misbehave(mode: Mode) -> None:
    """What a bug, a poison pill or a crash does in a decision."""
    if mode == "boom" and (FLAGS / "boom").exists():
        raise RuntimeError("boom")
    if mode == "kill" and (FLAGS / "kill").exists():
        os.kill(os.getpid(), signal.SIGKILL)


def begin(event: Begin, life: Life | None, pool: Count | None, size: int) -> Outcome:
    misbehave(event.mode)
    if life is not None:
        return Reject("order.closed", "begun before")
    if (pool.total if pool else 0) + event.units > size:
        return Reject("order.closed", "the pool is empty")
    at, deadline = event.occurred_at, event.occurred_at + timedelta(minutes=event.minutes)
    units = 666 if event.mode == "database" and (FLAGS / "boom").exists() else event.units
    filler = "x" * 2_000_000 if event.mode == "big" else ""
    begun = Begun(life_id=event.life_id, pool=event.pool, units=units, deadline=deadline, filler=filler, occurred_at=at)
    if not event.units:
        return (begun,)
    told = {"life_id": event.life_id, "pool": event.pool, "units": event.units, "occurred_at": at}
    return (begun, Taken.model_validate(told), Tallied.model_validate(told))


def note(event: Note, life: Life | None) -> Outcome:
    misbehave(event.mode)
    if life is None:
        return Wait("payment.before_order")
    digest = blake2b(f"{life.digest}|{event.n}".encode(), digest_size=8).hexdigest()
    return (Noted(life_id=event.life_id, n=event.n, digest=digest, occurred_at=event.occurred_at),)


def poke(event: Poke, life: Life | None) -> Outcome:
    if life is None or event.n > life.pokes + 1:
        return Wait("payment.before_order")
    if event.n <= life.pokes:
        return Reject("order.closed", "poked before")
    return (Poked(life_id=event.life_id, n=event.n, occurred_at=event.occurred_at),)


def tally(event: Tallied, entity: Count | None) -> Outcome:
    return (Counted(life_id=event.life_id, pool=event.pool, units=event.units, occurred_at=event.occurred_at),)


def ring(event: Deadline, life: Life | None) -> Outcome:
    return (Rang(life_id=event.life_id, occurred_at=event.occurred_at),)


Stepped = type[AlphaStepped] | type[BetaStepped] | type[GammaStepped]


def step(event: Begun | AlphaStepped | BetaStepped | GammaStepped, life: Life | None, out: Stepped) -> Outcome:
    """One further, up to six."""
    if event.step >= 6:
        return ()
    return (out(life_id=event.life_id, step=event.step + 1, occurred_at=event.occurred_at),)


AlphaInput = Begin | Note | Poke | Tallied | Deadline | GammaStepped


def alpha(event: AlphaInput, policy: object) -> Plan:
    match event:
        case Begin():
            return on(event, begin, LIFE.one(event.life_id), lambda life: taken(event), given(POOL_SIZE))
        case Note():
            return on(event, note, LIFE.one(event.life_id))
        case Poke():
            return on(event, poke, LIFE.one(event.life_id))
        case Tallied():
            return on(event, tally, TALLY.one(event.pool))
        case Deadline():
            return on(event, ring, LIFE.one(event.life_id))
        case GammaStepped():
            return on(event, step, LIFE.one(event.life_id), given(AlphaStepped))
        case _:
            assert_never(event)


def taken(event: Begin) -> Touch[Count | None]:
    """A second-stage touch: the pool is locked after the life."""
    return POOL.one(event.pool) if event.units else given(None)


def beta(event: Begun | AlphaStepped, policy: object) -> Plan:
    return on(event, step, BETA_LIFE.one(event.life_id), given(BetaStepped))


def gamma(event: BetaStepped, policy: object) -> Plan:
    return on(event, step, GAMMA_LIFE.one(event.life_id), given(GammaStepped))


class Versions:
    """The toy has one policy."""

    def version_at(self, at: object) -> str:
        return "1"


ENTRIES = Rows("entry", {"fact": "uuid", "life_id": "text", "amount": "int"}, (Begun,), lambda fact, id: [(id, fact.life_id, fact.units)])

SERVICES = {
    "alpha": Service(f"{NS}alpha", AlphaInput, alpha, (LIFE, POOL, TALLY), (Tallied,), (ENTRIES,)),
    "beta": Service(f"{NS}beta", Begun | AlphaStepped, beta, (BETA_LIFE,)),
    "gamma": Service(f"{NS}gamma", BetaStepped, gamma, (GAMMA_LIFE,)),
}
