"""What the services refuse of each other, and that each code of a refusal or a wait is met somewhere. Source: R2.1, F5."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from shared.contracts.certificate import Withheld
from shared.errors import CATALOGUE
from tests.unit.refusals import between
from tests.unit.refusals.between import Told
from tests.unit.refusals.judged import begun, forked, go_on, tell
from tests.unit.refusals.test_refused import LIVES as THEIRS
from tests.unit.refusals.test_refused import ROWS, WAITS
from tests.unit.town import Town

ROOT = Path(__file__).parents[3]
LIVES = {**THEIRS, **between.LIVES}
# Met by a test of its own: it takes hundreds of events, an order of an earlier program, an empty fund, or a verdict that is no evidence.
ELSEWHERE = {
    "abuse.known": "tests/unit/trust/test_card.py",
    "claim.not_promised": "tests/unit/refund/test_kept.py",
    "ruling.finds_unheard": "tests/unit/refund/test_fund.py",
    "payout.too_old": "tests/unit/payment/test_payout_bounced.py",
    "seller.request_too_old": "tests/unit/payment/test_accounts.py",
    "sham.not_promised": "tests/unit/order/test_promises.py",
    "statement.too_many_lines": "tests/unit/payment/test_reconciliation_order.py",
    "statement.too_old": "tests/unit/payment/test_payouts_stated_order.py",
}
# What is no literal where it is refused: the codes that it may be.
COMPUTED = {
    "services/payment/decide/put_in.py": {"statement.known", "statement.stated_since", "statement.too_many_lines", "statement.too_old"},
    "services/payment/decide/reconciliation.py": {"statement.known", "statement.stated_since"},
    "services/payment/decide/sellers.py": {"deposit.known", "prefund.known", "withdrawal.known"},
    "services/payment/decide/stated.py": {"statement.known", "statement.stated_since", "statement.too_many_lines", "statement.too_old"},
    "services/refund/rules": set(get_args(Withheld)),
}
# Of a certificate only: no claim is made by the promises that lack for these reasons, but by others.
NEVER_CLAIMED = {
    "", "instant_refund.not_for_line", "instant_refund.score_too_low", "promise.currency", "promise.not_food", "promise.not_offered",
}  # fmt: skip


def name_of(row: Told) -> str:
    return " ".join(row.codes)


def refused(town: Town) -> list[str]:
    return [f"{name} {code}" for name, service in town.services.items() for _, code in service.refused]


def states(town: Town, name: str) -> dict[str, str]:
    return {place: state for place, state in town.states().items() if place.startswith(f"{name}/")}


def waiting(town: Town) -> list[str]:
    return [f"{name} {row.reason}" for name, service in town.services.items() for rows in service._held.values() for row in rows]


@pytest.mark.parametrize("row", between.REFUSED, ids=name_of)
def test_what_a_service_hears_again_is_refused_and_changes_nothing_r2_1(row: Told) -> None:
    before, town = begun(LIVES, row.life), begun(LIVES, row.life)
    tell(town, "x", row.event)
    assert set(refused(town)) == set(row.codes)
    for name in {code.split()[0] for code in row.codes}:
        assert states(town, name) == states(before, name)
        assert town.services[name].armed == before.services[name].armed


@pytest.mark.parametrize("row", between.WAITING, ids=name_of)
def test_what_a_service_hears_too_early_waits_for_its_cause_r2_1(row: Told) -> None:
    town = begun(LIVES, row.life)
    before = forked(town)
    tell(town, "x", row.event)
    assert (waiting(town), refused(town)) == (list(row.codes), [])
    for name in {code.split()[0] for code in row.codes}:
        assert states(town, name) == states(before, name)
    go_on(town, row.cause, "c")
    assert (waiting(town), refused(town)) == ([], [])


def given() -> Iterator[tuple[str, str]]:
    """Each code that a decision may refuse with or wait for, with its file; `?` where it is computed."""
    for path in sorted((ROOT / "services").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if "Reject(" in text or "Wait(" in text else ():
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("Reject", "Wait"):
                named = [one.value for one in ast.walk(node.args[0]) if isinstance(one, ast.Constant) and one.value in CATALOGUE]
                for code in named or ["?"]:
                    yield str(code), path.relative_to(ROOT).as_posix()


def met() -> set[str]:
    return (
        {row.code for row in ROWS}
        | {row.code for row in WAITS}
        | {code.split()[1] for row in (*between.REFUSED, *between.WAITING) for code in row.codes}
    )


def test_each_code_of_a_refusal_or_a_wait_is_met() -> None:
    told = list(given())
    found = {code for code, _ in told if code != "?"}
    for path in {path for code, path in told if code == "?"}:
        found |= next(codes for start, codes in COMPUTED.items() if path.startswith(start))
    unmet = found - met() - NEVER_CLAIMED - set(ELSEWHERE)
    assert not unmet, f"tests/unit/refusals/of_<service>.py: no row for {sorted(unmet)}, in ROWS, or in WAITS where it waits"
    assert found - met() - NEVER_CLAIMED == set(ELSEWHERE)
    assert met() <= found
    for code, path in ELSEWHERE.items():
        assert f'"{code}"' in (ROOT / path).read_text(encoding="utf-8")
