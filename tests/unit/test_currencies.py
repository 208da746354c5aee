"""Minor units by the exponents of ISO 4217, as people read them. Source: R1.1."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.currencies import EXPONENTS, amount, money


@pytest.mark.parametrize(
    ("minor", "currency", "shown"),
    [
        (1_234_567, "CNY", "12,345.67 CNY"),
        (1_234_567, "JPY", "1,234,567 JPY"),
        (1_234_567, "KWD", "1,234.567 KWD"),
        (5, "CNY", "0.05 CNY"),
        (5, "KWD", "0.005 KWD"),
        (5, "JPY", "5 JPY"),
        (-1, "CNY", "-0.01 CNY"),
        (-123_456, "KWD", "-123.456 KWD"),
        (0, "CNY", "0.00 CNY"),
        (1_234_567, "XTS", "1,234,567 minor XTS"),
    ],
)
def test_amounts_are_shown_by_the_exponent_of_their_currency_r1_1(minor: int, currency: str, shown: str) -> None:
    assert money(minor, currency) == shown


@given(st.integers(-(10**18), 10**18), st.sampled_from(sorted(EXPONENTS)))
def test_what_is_shown_is_the_whole_amount_to_the_last_minor_unit_r1_1(minor: int, currency: str) -> None:
    text = amount(minor, currency)
    assert int(text.replace(",", "").replace(".", "")) == minor
    assert len(text.partition(".")[2]) == EXPONENTS[currency]


def test_every_currency_stands_once_in_the_table() -> None:
    assert len(EXPONENTS) == 155
    assert {EXPONENTS[code] for code in ("JPY", "KRW", "VND", "CLP")} == {0}
    assert {EXPONENTS[code] for code in ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")} == {3}
