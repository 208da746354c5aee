"""What a linter does not check: sizes, purity, codes, money, and that the tree names no machine and no registry."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from shared.contracts import registry
from shared.contracts.types import Part
from shared.errors import CATALOGUE

ROOT = Path(__file__).resolve().parents[2]
LINES_MAX = 300
FUNCTION_LINES_MAX = 50
# Longer files and functions, each with the reason why it is better in one piece.
LONG_FILES = {
    "shared/contracts/order.py": "what becomes of an order, from placement to completion, is read in one place",
    "shared/contracts/payment.py": "what becomes of an order's and a party's money is read in one place",
    "shared/errors.py": "one table, a line for each code",
    "shared/messaging/fold.py": "one algorithm, whose invariants are read together",
    "tests/unit/builders.py": "one vocabulary of events for every test",
}
LONG_FUNCTIONS: dict[str, str] = {}
LONG_TABLES = ("handle", "evolve")  # one match over every event or fact, closed by assert_never: a table, not a procedure
PURE = (
    "services/*/decide.py", "services/*/decide/*.py", "services/*/model.py", "services/*/model/*.py", "services/*/rules/*.py",
    "services/*/ledger.py", "shared/contracts/*.py", "shared/money.py", "shared/currencies.py", "shared/days.py", "shared/identity.py",
    "shared/texts.py", "shared/errors.py",
    "shared/messaging/fold.py", "shared/messaging/shape.py", "shared/messaging/message.py", "shared/messaging/record.py",
    "shared/messaging/envelope.py", "shared/messaging/strict.py",
)  # fmt: skip
IMPURE = {
    "now",
    "utcnow",
    "today",
    "time.time",
    "monotonic",
    "perf_counter",
    "random",
    "randint",
    "choice",
    "uuid1",
    "uuid4",
    "urandom",
    "open",
}
IMPURE |= {"print", "input", "getenv", "token_hex"}
WORDS = re.compile(r"[a-z_]+(\.[a-z_]+)+")


def tracked() -> list[str]:
    """Every file that is or would be committed."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=30)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return sorted(path for path in listed.stdout.splitlines() if (ROOT / path).is_file())


def sources(*patterns: str) -> Iterator[tuple[str, str]]:
    for pattern in patterns or ("services/**/*.py", "shared/**/*.py", "deploy/**/*.py", "tests/**/*.py"):
        for path in sorted(ROOT.glob(pattern)):
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def test_files_are_short() -> None:
    sizes = {path: len(text.splitlines()) for path, text in sources()}
    assert {path: size for path, size in sizes.items() if size > LINES_MAX and path not in LONG_FILES} == {}
    assert [path for path in LONG_FILES if sizes.get(path, 0) <= LINES_MAX] == [], "exceptions that are none any more"


def test_functions_are_short() -> None:
    long = {}
    for path, text in sources():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno and node.name not in LONG_TABLES:
                size = node.end_lineno - node.lineno + 1
                if size > FUNCTION_LINES_MAX:
                    long[f"{path}:{node.name}"] = size
    assert {name: size for name, size in long.items() if name not in LONG_FUNCTIONS} == {}
    assert [name for name in LONG_FUNCTIONS if name not in long] == [], "exceptions that are none any more"


def test_pure_modules_ask_for_no_time_no_chance_and_no_file() -> None:
    """`decide` knows one time, the event's, and no randomness."""
    found = [f"{path}:{line} {name}" for path, text in sources(*PURE) for line, name in calls(ast.parse(text)) if name in IMPURE]
    assert found == []


@pytest.mark.parametrize(
    "line",
    ["datetime.now(UTC)", "time.time()", "datetime.utcnow()", "random.random()", "uuid.uuid4()", "uuid4()", "date.today()", "open('x')"],
)
def test_an_impure_call_would_be_noticed(line: str) -> None:
    assert [name for _, name in calls(ast.parse(line)) if name in IMPURE]


def test_every_code_that_services_use_is_catalogued() -> None:
    types = {entry.kind.type for entry in registry.entries()}
    strange = {
        f"{path}:{node.lineno} {node.value}"
        for path, text in sources("services/**/*.py")
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and WORDS.fullmatch(node.value)
        if node.value not in CATALOGUE and node.value not in types
    }
    assert strange == set(), "a code has its entry in CATALOGUE and its name in the Literal of its service, both in shared/errors.py"


def test_every_catalogued_code_is_used_somewhere() -> None:
    used = {
        node.value
        for path, text in sources("services/**/*.py", "shared/**/*.py", "deploy/**/*.py")
        if path != "shared/errors.py"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert [code for code in CATALOGUE if code not in used] == []


def test_every_refusal_and_every_wait_is_met_by_a_test() -> None:
    """By name in one, or in a table of states, which tests write again."""
    said = {
        node.args[0].value
        for _, text in sources("services/**/*.py")
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("Reject", "Wait")
        if node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str)
    }
    met = "".join(text for _, text in sources("tests/**/*.py"))
    met += "".join(path.read_text(encoding="utf-8") for path in ROOT.glob("services/*/STATES.md"))
    assert said
    assert said - set(re.findall(r"[\w.]+", met)) == set(), "a row in tests/unit/refusals/of_<service>.py"


def test_no_field_of_the_contract_is_a_float() -> None:
    """Money is an integer of minor units. Source: R1.1."""
    floats = {
        f"{model.__name__}.{name}"
        for entry in registry.entries()
        for model in parts(entry.kind)
        for name, field in model.model_fields.items()
        if mentions(field.annotation, float)
    }
    assert floats == set()


def test_every_amount_of_money_bears_its_unit() -> None:
    """`_minor` is a whole number; nothing that is called an amount, a price or paid goes without it. Source: R1.1."""
    for entry in registry.entries():
        for model in parts(entry.kind):
            for name, field in model.model_fields.items():
                if name.endswith("_minor"):
                    assert mentions(field.annotation, int), f"{model.__name__}.{name}"
                assert not re.search(r"(amount|price|paid|balance|fee|due)$", name), f"{model.__name__}.{name} has no unit"


def test_no_float_stands_in_a_decision() -> None:
    for path, text in sources("services/*/decide*/**/*.py", "services/*/model*/**/*.py", "services/*/rules/*.py", "shared/contracts/*.py"):
        for node in ast.walk(ast.parse(text)):
            assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), f"{path}:{node.lineno}"
            assert not (isinstance(node, ast.Name) and node.id == "float"), f"{path}:{node.lineno}"


def test_the_tree_names_no_machine_and_no_package_registry() -> None:
    hosts = (
        "py" + "pi.org",
        "python" + "hosted.org",
        "registry.np" + "mjs",
        "repo1.ma" + "ven",
        "repo.ma" + "ven",
        "proxy.go" + "lang",
        "crat" + "es.io",
    )
    homes = re.compile("/(" + "home" + "|Us" + "ers" + r")/[a-z]|/ro" + r"ot/|/wo" + r"rk/|C:\\\\Us" + "ers")
    found = []
    for path in tracked():
        text = (ROOT / path).read_text(encoding="utf-8", errors="replace")
        found += [f"{path}: {host}" for host in hosts if host in text]
        found += [f"{path}: {match.group()}" for match in homes.finditer(text)]
    assert found == []


def calls(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func
            name = called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
            if name == "time":  # datetime.time is a word of ours, time.time is a clock
                name = ast.unparse(called)
            yield node.lineno, name


def parts(model: Any) -> Iterator[Any]:
    """The message class and every part inside it."""
    yield model
    for field in model.model_fields.values():
        for inner in inside(field.annotation):
            if isinstance(inner, type) and issubclass(inner, Part):
                yield from parts(inner)


def inside(annotation: Any) -> Iterator[Any]:
    yield annotation
    for argument in get_args(annotation):
        yield from inside(argument)


def mentions(annotation: Any, wanted: type) -> bool:
    return any(one is wanted for one in inside(annotation))
