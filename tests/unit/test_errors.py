"""The catalogue and the codes that types allow are the same set."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from shared import errors
from shared.errors import CATALOGUE

FAMILIES = ("EngineCode", "HaltCode", "PolicyCode", "CommonCode", "OrderCode", "PaymentCode", "RefundCode", "TrustCode")
CODES = {family: get_args(getattr(errors, family)) for family in FAMILIES}


def flat(union: Any) -> set[str]:
    return {code for part in get_args(union) for code in (get_args(part) or (part,))}


def test_every_code_is_catalogued_and_every_entry_is_a_code() -> None:
    allowed = [code for codes in CODES.values() for code in codes]
    assert len(set(allowed)) == len(allowed), "a code stands in two families"
    assert set(CATALOGUE) == set(allowed)


def test_what_a_decision_may_say_is_every_family_but_halts() -> None:
    assert flat(errors.Code) == set(CATALOGUE) - set(CODES["HaltCode"])


@pytest.mark.parametrize("family", FAMILIES)
def test_codes_stand_in_alphabetical_order(family: str) -> None:
    assert list(CODES[family]) == sorted(CODES[family])


@pytest.mark.parametrize("code", CATALOGUE)
def test_an_entry_says_something_in_both_languages_or_in_none(code: str) -> None:
    entry = CATALOGUE[code]
    assert entry.meaning
    assert bool(entry.zh) == bool(entry.en)


@pytest.mark.parametrize("code", CODES["EngineCode"] + CODES["HaltCode"] + CODES["PolicyCode"])
def test_what_only_ops_see_has_no_text_for_buyers(code: str) -> None:
    assert not CATALOGUE[code].zh
