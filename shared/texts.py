"""What buyers and sellers read: the catalogue's sentences with the numbers of the case filled in. Source: R4.1, R4.2.

A template names fields in braces; a part in brackets is left out where a field of it is not known: `[, until {until}]`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from shared.currencies import money
from shared.errors import CATALOGUE

Language = Literal["zh", "en"]
Reader = Literal["buyer", "seller"]
_FIELD = re.compile(r"\{([a-z_]+)\}")
_PART = re.compile(r"\[([^\[\]]*)\]")


def sentence(
    code: str, numbers: Mapping[str, object], language: Language, reader: Reader = "buyer", *, currency: str = "", zone: str = "UTC"
) -> str:
    """Empty where the catalogue has nothing for them. Amounts (`…_minor`) are shown in the currency, times in the zone."""
    entry = CATALOGUE.get(code)
    if entry is None:
        return ""
    own = (entry.seller_zh if language == "zh" else entry.seller_en) if reader == "seller" else ""
    template = own or (entry.zh if language == "zh" else entry.en)
    shown = {name: _shown(name, value, currency, zone) for name, value in numbers.items() if value not in (None, "")}
    whole = _PART.sub(lambda part: part[1] if set(_FIELD.findall(part[1])) <= shown.keys() else "", template)
    return _FIELD.sub(lambda field: shown.get(field[1], "–"), whole)


def numbers_of(detail: str) -> dict[str, object]:
    """Those of a refusal, as shared.errors.numbers wrote them; nothing where the detail is words."""
    pairs = (part.partition("=") for part in detail.split("; "))
    return {name: _value(text) for name, equals, text in pairs if equals and re.fullmatch(r"[a-z_]+", name)}


def numbers_in(fact: BaseModel) -> dict[str, object]:
    """Those that a fact of a case carries itself."""
    found = {name: getattr(fact, name) for name in type(fact).model_fields}
    return {name: value for name, value in found.items() if isinstance(value, int | str | datetime)}


def _value(text: str) -> object:
    if re.fullmatch(r"-?\d{1,18}", text):
        return int(text)
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return text


def _shown(name: str, value: object, currency: str, zone: str) -> str:
    if isinstance(value, datetime):
        return value.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S")
    if name.endswith("_minor") and isinstance(value, int):
        return money(value, currency)
    return str(value)
