"""Plants corruptions, one by one, in copies of a market: `python -m tests.unit.verify.planting` writes what verify says of each."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from pathlib import Path

from deploy.verify.report import Check
from deploy.verify.run import PARTS, Seen, statements
from tests.unit.verify.corruptions import CORRUPTIONS
from tests.unit.verify.damaged import Copy
from tests.unit.verify.market import POLICIES, market
from tests.unit.verify.recorded import log_of, tables_of

PAGE = Path(__file__).parents[3] / "deploy" / "verify" / "CORRUPTIONS.md"
LINE_MAX = 250  # characters of a printed line that the page shows
HEAD = """# What verify finds

Each row: something is wrong in a copy of a small market's topics and tables, the statement of `laotie verify` that names it, and the
first line that it prints; other statements may break with it. A forged fact is forged with all that could be forged with it: its
postings sum to zero, and their rows in the table say the same. Written by `python -m tests.unit.verify.planting`;
tests/unit/verify/test_corruptions.py plants all of them again. Damage on a running system: tests/journeys/test_verify.py.
"""


Broken = dict[str, list[Check]]  # by corruption: of the statements beside which its own stands, those that do not hold


def planted() -> Broken:
    """Each in a copy of its own, looked at by the part of verify that is to name it."""
    log, tables = log_of(town := market()), tables_of(town, POLICIES)
    names = {part: [check.name for check in statements(Seen(log, tables, POLICIES), [part])] for part in PARTS}
    found = {}
    for corruption in CORRUPTIONS:
        own = replace(log, sent=[*log.sent], lanes=dict(log.lanes), copies=[], foreign=[], ahead=[], _of=defaultdict(list))
        copy = Copy(own, tables, POLICIES)
        corruption.plant(copy)
        parts = [
            part for part in PARTS if any(name.startswith(corruption.by) for name in names[part]) or corruption.by.startswith(f"{part}: ")
        ]
        found[corruption.name] = [check for check in copy.checks(parts) if not check.holds]
    return found


def page(broken: Broken) -> str:
    rows = [("corruption", "found by", "first difference"), ("---",) * 3]
    for corruption in CORRUPTIONS:
        found = broken[corruption.name]
        named = next(check for check in found if check.name.startswith(corruption.by))
        rows.append((corruption.name, named.name, f"`{_short(named.first)}`"))
    return HEAD + "\n" + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _short(line: str) -> str:
    line = line.replace("|", "/")
    return line if len(line) <= LINE_MAX else f"{line[:LINE_MAX]} …"


if __name__ == "__main__":
    PAGE.write_text(page(planted()), encoding="utf-8")
