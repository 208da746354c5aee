"""The gate stops every class of break, and says what to do instead; additions pass."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploy.cli import contract
from shared.contracts import generate

PAID = "psp.v1/payment.succeeded"
ACCEPTED = "order.v1/order.accepted"
EXPIRED = "order.v1/order.expired"
UNWANTED = "order.v1/payment.unwanted"
Edit = Callable[[dict[str, Any]], Any]


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy whose baseline is what the classes state now."""
    place = tmp_path_factory.mktemp("contract")
    shutil.copytree(contract.ROOT / generate.EXAMPLES, place / generate.EXAMPLES)
    contract.write(place)
    return place


@pytest.fixture
def tree(pristine: Path, tmp_path: Path) -> Path:
    """Edits to the committed side stand for a class that has since moved the other way."""
    shutil.copytree(pristine, tmp_path, dirs_exist_ok=True)
    return tmp_path


def edit(path: Path, change: Edit) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    change(document)
    path.write_text(json.dumps(document), encoding="utf-8")


def was(tree: Path, name: str, change: Edit) -> list[str]:
    """What the gate says if the committed schema had been this."""
    edit(tree / generate.SCHEMAS / f"{name}.json", change)
    return contract.refusals(tree)


def lock(tree: Path, change: Edit) -> list[str]:
    edit(tree / generate.LOCK, change)
    return contract.refusals(tree)


def test_a_fresh_copy_passes(tree: Path) -> None:
    assert contract.refusals(tree) == []
    assert contract.drift(tree) == []
    assert contract.write(tree) == []


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        (PAID, lambda s: s["properties"].update(channel={"type": "string"}), "`channel` was removed: keep the field, or add a new type"),
        (ACCEPTED, lambda s: s["$defs"]["Line"]["properties"].update(brand={"type": "string"}), "`lines[].brand` was removed"),
        (PAID, lambda s: s["properties"]["amount_minor"].update(type="string"), "`amount_minor` was retyped (type string became integer)"),
        (PAID, lambda s: s["properties"]["currency"].pop("pattern"), "`currency` was retyped (pattern any became"),
        (PAID, lambda s: s["required"].remove("payment_id"), "`payment_id` is newly required: give it a default"),
        (ACCEPTED, lambda s: s["$defs"]["Line"]["required"].remove("sku"), "`lines[].sku` is newly required"),
        (UNWANTED, lambda s: s["properties"]["reason"]["enum"].append("gift"), "`reason` was narrowed (no longer gift): keep the choices"),
        (PAID, lambda s: s["properties"]["amount_minor"].update(minimum=-5), "`amount_minor` was narrowed (minimum -5 became 0)"),
        (PAID, lambda s: s["properties"]["amount_minor"].pop("maximum"), "`amount_minor` was narrowed (maximum none became"),
        (ACCEPTED, lambda s: s["$defs"]["Line"]["properties"].update(promoter_id={"type": "string"}), "may now be null"),
    ],
)
def test_a_schema_may_not_be_broken(tree: Path, name: str, change: Edit, said: str) -> None:
    lines = was(tree, name, change)
    assert any(line.startswith(f"{name}: ") and said in line for line in lines), lines
    assert all("new type" in line or "beside it" in line for line in lines)


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s["properties"].pop("detail"),  # an optional field that is new
        lambda s: s["properties"]["code"].update(enum=["order.due_differs"]),  # more choices
        lambda s: s["properties"]["detail"].update(maxLength=100),  # a looser bound
        lambda s: s.update(description="Said otherwise."),
    ],
)
def test_additions_pass_once_generated(tree: Path, change: Edit) -> None:
    assert was(tree, "order.v1/order.rejected", change) == []
    assert any("order.rejected.json: differs" in line for line in contract.drift(tree))
    contract.write(tree)
    assert contract.drift(tree) == []


def test_a_new_type_passes(tree: Path) -> None:
    (tree / generate.SCHEMAS / f"{EXPIRED}.json").unlink()
    assert lock(tree, lambda found: found["types"].pop(EXPIRED)) == []


def test_a_removed_type_is_seen(tree: Path) -> None:
    lines = lock(tree, lambda found: found["types"].update({"order.v1/order.lost": {"key": "order_id"}}))
    assert lines == [
        "order.v1/order.lost: the type was removed or moved to another topic: keep the class where it is, "
        "or add a new type beside the old one, with a pure upcaster"
    ]


def test_a_type_that_changed_its_topic_is_seen(tree: Path) -> None:
    lines = lock(tree, lambda found: found["types"].update({"refund.v1/order.expired": found["types"].pop(EXPIRED)}))
    assert any(line.startswith("refund.v1/order.expired: the type was removed or moved") for line in lines)


def test_a_changed_key_is_seen(tree: Path) -> None:
    lines = lock(tree, lambda found: found["types"][PAID].update(key="payment_id"))
    assert any("its key payment_id became order_id, which loses its order" in line for line in lines)


@pytest.mark.parametrize(("word", "value"), [("key", "buyer_id"), ("partitions", 1), ("own", False)])
def test_a_topic_that_changed_is_seen(tree: Path, word: str, value: Any) -> None:
    lines = lock(tree, lambda found: found["topics"]["order.v1"].update({word: value}))
    assert any(line.startswith(f"order.v1: {word} {value} became") and "begin a new topic" in line for line in lines)


def test_a_topic_that_is_gone_is_seen(tree: Path) -> None:
    lines = lock(tree, lambda found: found["topics"].update({"gift.v1": {"key": "order_id"}}))
    assert lines == ["gift.v1: the topic is gone: keep it declared, its records are history"]


def test_a_schema_file_cannot_be_made_to_forget(tree: Path) -> None:
    (tree / generate.SCHEMAS / f"{PAID}.json").unlink()
    assert any(f"{PAID}: its committed schema is gone: restore it" in line for line in contract.refusals(tree))


def test_an_example_that_no_longer_parses_is_seen(tree: Path) -> None:
    path = f"{PAID}/0009.json"
    example = json.loads((tree / generate.EXAMPLES / PAID / "0001.json").read_text(encoding="utf-8"))
    example["value"]["amount_minor"] = "190.00"
    (tree / generate.EXAMPLES / path).write_text(json.dumps(example), encoding="utf-8")
    lines = contract.refusals(tree)
    assert any(line.startswith(f"example {path}: no longer parses (amount_minor: ") and "for ever" in line for line in lines), lines


def test_an_example_with_another_key_or_type_is_seen(tree: Path) -> None:
    place = tree / generate.EXAMPLES / PAID / "0009.json"
    example = json.loads((tree / generate.EXAMPLES / PAID / "0001.json").read_text(encoding="utf-8"))
    example["headers"]["ce_type"] = "payment.failed"
    place.write_text(json.dumps({**example, "key": "o-2"}), encoding="utf-8")
    lines = contract.refusals(tree)
    assert any("its key is 'o-2', its value's is 'o-20260601-0001'" in line for line in lines)
    assert any("its ce_type is not payment.succeeded" in line for line in lines)


def test_examples_are_only_ever_added(tree: Path) -> None:
    edited, removed = (tree / generate.EXAMPLES / name / "0001.json" for name in (PAID, EXPIRED))
    edited.write_text(edited.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    removed.unlink()
    lines = contract.refusals(tree)
    assert f"example {PAID}/0001.json: edited: restore it and add the new form as the next number" in lines
    assert f"example {EXPIRED}/0001.json: removed: restore it, examples are for ever" in lines


def test_a_type_without_an_example_is_seen(tree: Path) -> None:
    shutil.rmtree(tree / generate.EXAMPLES / EXPIRED)
    assert any(line.startswith(f"{EXPIRED}: no example: add a real message as ") for line in contract.refusals(tree))


def test_a_schema_of_no_type_is_seen(tree: Path) -> None:
    (tree / generate.SCHEMAS / "psp.v1" / "payment.guessed.json").write_text("{}", encoding="utf-8")
    assert contract.drift(tree) == [f"{generate.SCHEMAS}/psp.v1/payment.guessed.json: no type has this schema: remove it"]


def test_generate_refuses_to_write_a_break_down(tmp_path: Path) -> None:
    """The real command on a real edit: a field goes, nothing is overwritten, the exit status is 1."""
    for part in ("shared", "deploy"):
        shutil.copytree(contract.ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.rmtree(tmp_path / generate.SCHEMAS)
    (tmp_path / generate.LOCK).unlink()
    source = tmp_path / "shared" / "contracts" / "psp.py"
    text = source.read_text(encoding="utf-8")
    assert [laotie(tmp_path, verb).returncode for verb in ("generate", "check")] == [0, 0]
    source.write_text(text.replace("    amount_minor: Minor\n    currency: Currency\n", "    currency: Currency\n", 1), encoding="utf-8")
    committed = (tmp_path / generate.SCHEMAS / f"{PAID}.json").read_bytes()
    for verb in ("generate", "check"):
        ran = laotie(tmp_path, verb)
        assert ran.returncode == 1
        assert f"{PAID}: `amount_minor` was removed: keep the field, or add a new type beside the old one" in ran.stderr
    assert (tmp_path / generate.SCHEMAS / f"{PAID}.json").read_bytes() == committed


def laotie(tree: Path, verb: str) -> subprocess.CompletedProcess[str]:
    code = f"from deploy.cli.contract import contract; contract(['{verb}'])"
    return subprocess.run([sys.executable, "-c", code], cwd=tree, check=False, capture_output=True, text=True, timeout=60)
