"""The AsyncAPI document is one that the reference parser, an outside program, reads without an error."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploy.cli.contract import ROOT, examples
from shared.contracts import generate, registry
from shared.contracts.topics import REFUSED
from shared.messaging.envelope import copy_headers
from shared.messaging.notices import notices
from shared.messaging.record import Out
from tests.unit.envelopes import PSP, TOPICS

PACKAGE = "@asyncapi/parser@3.4.0"
INSTALL_S = 240
PARSE_S = 240

Document = dict[str, Any]


@pytest.fixture(scope="module")
def modules() -> Path:
    """Where the parser is installed; fetched on first use, and skipped where there is no node or no network. What it would run when it is
    installed counts who does."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("node and npm are not installed")
    home = Path(os.environ.get("LAOTIE_HOME") or ROOT / ".laotie") / "node"
    if not (home / "node_modules" / "@asyncapi" / "parser" / "package.json").exists():
        home.mkdir(parents=True, exist_ok=True)
        try:
            fetched = subprocess.run(
                [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(home), PACKAGE],
                check=False,
                capture_output=True,
                text=True,
                timeout=INSTALL_S,
            )
        except subprocess.TimeoutExpired:
            pytest.skip(f"{PACKAGE} could not be fetched in {INSTALL_S} s")
        if fetched.returncode:
            pytest.skip(f"{PACKAGE} could not be fetched: {fetched.stderr.strip()[-200:]}")
    return home / "node_modules"


@pytest.fixture(scope="module")
def document() -> Document:
    made: Document = json.loads(generate.documents(examples(ROOT))[generate.ASYNCAPI])
    return made


def lost(document: Document) -> None:
    document["channels"]["psp.v1"]["messages"]["payment.succeeded"]["$ref"] = "#/components/messages/nothing"


def no_type(document: Document) -> None:
    document["components"]["schemas"]["PaymentSucceeded"]["properties"]["amount_minor"]["type"] = "money"


SPOIL: dict[str, Callable[[Document], None]] = {
    "ours": lambda document: None,
    "a reference to nowhere": lost,
    "a schema that is none": no_type,
}


@pytest.fixture(scope="module")
def parsed(modules: Path, document: Document, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Document]:
    """By what was done to the document; all read by one process, which takes seconds to begin.

    The parser looks for its package from the script's folder up: the script is run from where the package is.
    """
    places = []
    for number, spoil in enumerate(SPOIL.values()):
        spoilt = json.loads(json.dumps(document))
        spoil(spoilt)
        places.append(tmp_path_factory.mktemp("asyncapi") / f"{number}.json")
        places[-1].write_text(json.dumps(spoilt), encoding="utf-8")
    script = modules.parent / "parse.cjs"
    script.write_bytes((Path(__file__).parent / "parse.cjs").read_bytes())
    ran = subprocess.run(["node", str(script), *map(str, places)], capture_output=True, text=True, timeout=PARSE_S, check=True)
    return dict(zip(SPOIL, map(json.loads, ran.stdout.splitlines()), strict=True))


def test_the_reference_parser_reads_every_public_message(parsed: dict[str, Document]) -> None:
    read = parsed["ours"]
    assert read["errors"] == []
    public = [entry for entry in registry.entries() if entry.direction not in ("internal", "timer")]
    notices = {topic.name: topic.writers[0] for topic in REFUSED}
    assert sorted(read["messages"]) == sorted([entry.name for entry in public] + [f"{name}/notice" for name in notices])
    assert sorted(read["channels"]) == sorted({entry.topic.name for entry in public} | set(notices))
    writers = {(entry.producer, entry.topic.name) for entry in public} | {(writer, name) for name, writer in notices.items()}
    assert sorted(read["operations"]) == sorted(f"{writer}.{name}" for writer, name in writers)


def test_the_reference_parser_would_say_so(parsed: dict[str, Document]) -> None:
    assert parsed["a reference to nowhere"]["errors"]
    assert any("amount_minor" in error for error in parsed["a schema that is none"]["errors"])


def test_messages_of_ours_carry_a_sequence_and_those_of_others_need_not(document: Document) -> None:
    schemas = document["components"]["schemas"]
    assert "ce_sequence" in schemas["OwnHeaders"]["required"]
    assert "ce_sequence" not in schemas["UpstreamHeaders"]["properties"]
    for name, message in document["components"]["messages"].items():
        if name == "notice":
            continue
        base = "OwnHeaders" if document["operations"][_operation(document, name)]["action"] == "send" else "UpstreamHeaders"
        assert message["headers"]["allOf"] == [{"$ref": f"#/components/schemas/{base}"}]
        assert message["examples"], name


def test_n2_a_notice_is_described_as_apps_find_it(document: Document) -> None:
    copy = Out("order.parked.v1", b"o-1", copy_headers(PSP, "event.invalid", "a, b", 1), None)
    (notice,) = notices([copy], TOPICS)
    described = document["components"]["messages"]["notice"]
    assert notice.value is None
    assert {"ce_sequence", *dict(notice.headers)} == set(described["headers"]["properties"]), "the relay adds the number"
    assert {name for name, _ in notice.headers if not name.startswith("ce_")} < set(described["headers"]["required"])
    assert set(described["examples"][0]["headers"]) == set(described["headers"]["properties"])


def test_the_document_says_how_to_read_and_publish(document: Document) -> None:
    text = " ".join(document["info"]["description"].split())
    for said in ("(topic, partition, ce_sequence)", "within 30 days", "1048576 bytes", "event.id_reused", "1024 bytes", "read_committed"):
        assert said in text


def _operation(document: Document, message: str) -> str:
    channel: str = next(name for name, said in document["channels"].items() if _refers(said, message))
    operation: str = next(name for name, said in document["operations"].items() if said["channel"]["$ref"] == f"#/channels/{channel}")
    return operation


def _refers(channel: Document, message: str) -> bool:
    return any(said["$ref"] == f"#/components/messages/{message}" for said in channel["messages"].values())
