"""A service as a FastStream ASGI application: settings, lifecycle, probes, metrics. The engine does the work."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import json
import logging
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import uvicorn
import uvloop
from faststream.asgi import AsgiFastStream, AsgiResponse, get
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest

from shared.messaging.engine import Engine
from shared.messaging.message import Topic
from shared.messaging.metrics import METRICS
from shared.messaging.shape import Policies, Service
from shared.messaging.versions import Published
from shared.settings import Settings

ENGINE_MIGRATIONS = Path(__file__).parent / "migrations"
TLS_GOODBYE_SECONDS = 0.25  # a closing connection waits that long for the broker's; all that matters was acknowledged before
GC_ALLOCATIONS = 500_000  # between two looks at the youngest objects: more than a batch and what is queued behind it; the default is 700
COLLECT_SECONDS = 60.0  # between two looks at everything
_LOGGED = ("key", "topic", "partition", "offset", "event_id")


def application(
    service: Service, topics: Sequence[Topic], policies: Policies | Published, folders: Sequence[Path], settings: Settings | None = None
) -> AsgiFastStream:
    """The app that `faststream run` or any ASGI server serves. folders: the service's migrations. policies: as they are, or their topic."""
    settings = settings or Settings()
    log_json(settings.log_level)
    engine: list[Engine] = []

    async def begin() -> None:
        engine.append(Engine(service, topics, policies, settings, migrations_of((ENGINE_MIGRATIONS, *folders))))
        await engine[0].start()

    async def end() -> None:
        await engine[0].stop()

    def probe(ask: str) -> Any:
        @get
        async def answer(scope: Any) -> AsgiResponse:
            trouble = getattr(engine[0], ask)() if engine else "starting"
            return AsgiResponse((trouble or "ok").encode(), status_code=503 if trouble else 200)

        return answer

    @get
    async def metrics(scope: Any) -> AsgiResponse:
        """`?name[]=` asks for some alone, as the client library's own servers understand it."""
        METRICS.ready.set(bool(engine) and not engine[0].ready())
        names = parse_qs(scope["query_string"].decode()).get("name[]")
        registry: Any = REGISTRY.restricted_registry(names) if names else REGISTRY
        return AsgiResponse(generate_latest(registry), 200, headers={"content-type": CONTENT_TYPE_LATEST})

    routes = [("/startupz", probe("ready")), ("/readyz", probe("ready")), ("/livez", probe("alive")), ("/metrics", metrics)]
    return Shell(asgi_routes=routes, on_startup=[begin], on_shutdown=[end], logger=None)


class Shell(AsgiFastStream):
    """FastStream without a broker of its own: the engine owns its clients, and waits for a broker that is down."""

    async def _start_broker(self) -> None:
        return None


def serve(app: AsgiFastStream, settings: Settings | None = None) -> None:
    """Run until SIGTERM or SIGINT; the port in use is logged (0 asks the system for one)."""
    settings = settings or Settings()
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((settings.http_host, settings.http_port))
        logging.getLogger("laotie.app").info("probes on http://%s:%d", *listening.getsockname()[:2])
        _calm_collector()
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=int(settings.grace_s) + 5))
        with suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=Loop) as runner:  # SIGINT, raised again once all has stopped
            looking = runner.get_loop().create_task(_collect(), name="collector")
            runner.run(server.serve(sockets=[listening]))
            looking.cancel()


class Loop(uvloop.Loop):
    """uvloop that closes TLS connections soon: where data is on its way it misses the peer's goodbye and would wait 30 s for it."""

    async def create_connection(self, *arguments: Any, **named: Any) -> Any:
        if named.get("ssl"):
            named.setdefault("ssl_shutdown_timeout", TLS_GOODBYE_SECONDS)
        return await super().create_connection(*arguments, **named)


def _calm_collector() -> None:
    """A batch is some ten thousand objects that all go at once and hold no cycles: looking among them again and again is waste."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_ALLOCATIONS, 20, 50)


async def _collect() -> None:
    """Few objects, and much behind them: a client that a broker or a server left, an assignment that moved. They hold each other, and
    without work so few others come that their number alone would not make the collector look for days.
    """
    while True:
        await asyncio.sleep(COLLECT_SECONDS)
        gc.collect()


def migrations_of(folders: Sequence[Path]) -> dict[str, str]:
    """`owner/file` → sha256, as the migration table has them."""
    return {
        f"{folder.resolve().parent.name}/{path.name}": hashlib.sha256(path.read_text(encoding="utf-8").encode()).hexdigest()
        for folder in folders
        for path in sorted(folder.glob("*.sql"))
    }


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, message, and the event's place where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S") + f".{int(record.msecs):03d}",
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: getattr(record, name) for name in _LOGGED if hasattr(record, name)}
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def log_json(level: str) -> None:
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("aiokafka").setLevel(logging.WARNING)
