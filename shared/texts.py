"""What buyers and sellers read: names of guarantees, and the catalogue's sentences with the numbers of the case. Source: R4.1, R4.2.

A template names fields in braces; a part in brackets is left out where a field of it is not known, or is an amount of nothing:
`[, until {until}]`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from shared.currencies import amount, money
from shared.errors import CATALOGUE

Language = Literal["zh", "en"]
Reader = Literal["buyer", "seller"]


class Name(NamedTuple):
    """As a shop shows it beside an order. No number in it: those are the certificate's."""

    zh: str
    en: str


GUARANTEES: Mapping[str, Name] = {  # by the id in certificates, which never leaves: old ones name it for ever
    "authenticity": Name("正品保障", "Authenticity guarantee"),
    "damaged": Name("破损保障", "Made good if damaged"),
    "damaged_refund": Name("破损包退", "Instant refund if damaged"),
    "exchange": Name("无理由换货", "Exchange without reason"),
    "fault_freight": Name("商家责任退货运费", "Return freight where the seller is at fault"),
    "first_order": Name("首单保障", "First-order guarantee"),
    "food_safety": Name("食品安全保障", "Food safety guarantee"),
    "instant_refund": Name("极速退款", "Instant refund"),
    "late_shipping": Name("延迟发货赔付", "Compensation for late shipping"),
    "negotiated": Name("协商退换", "Refund or exchange by agreement"),
    "no_reason": Name("无理由退货", "Return without reason"),
    "not_received": Name("未收到货退款", "Refund if not received"),
    "not_shipped": Name("未发货退款", "Refund before shipping"),
    "quality": Name("质量保障", "Quality guarantee"),
    "refund_without_return": Name("退款不退货", "Refund without return"),
    "resend": Name("未收到货补发", "Sent again if not received"),
    "return_freight": Name("退货补运费", "Return freight paid"),
    "sham_shipping": Name("虚假发货赔付", "Compensation for sham shipping"),
    "wrong_item": Name("发错货保障", "Made good if the wrong item came"),
}
_FIELD = re.compile(r"\{([a-z_]+)\}")
_PART = re.compile(r"\[([^\[\]]*)\]")


def name_of(guarantee: str, language: Language) -> str:
    """Its id, where this program does not know it."""
    known = GUARANTEES.get(guarantee)
    return guarantee if known is None else known.zh if language == "zh" else known.en


def sentence(
    code: str, numbers: Mapping[str, object], language: Language, reader: Reader = "buyer", *, currency: str = "", zone: str = "UTC"
) -> str:
    """Empty where the catalogue has nothing for them. Amounts (`…_minor`) are shown as `priced` does, times in the zone."""
    entry = CATALOGUE.get(code)
    if entry is None:
        return ""
    own = (entry.seller_zh if language == "zh" else entry.seller_en) if reader == "seller" else ""
    template = own or (entry.zh if language == "zh" else entry.en)
    shown = {name: _shown(name, value, language, currency, zone) for name, value in numbers.items() if value not in (None, "")}
    told = {name for name in shown if not (name.endswith("_minor") and numbers[name] == 0)}
    whole = _PART.sub(lambda part: part[1] if set(_FIELD.findall(part[1])) <= told else "", template)
    return _FIELD.sub(lambda field: shown.get(field[1], "–"), whole)


def priced(minor: int, currency: str, language: Language) -> str:
    """As people of that language write it: `60.00元`, `60.00 CNY`; of another currency than the yuan both with its code."""
    return f"{amount(minor, currency)}元" if (language, currency) == ("zh", "CNY") else money(minor, currency)


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


def _shown(name: str, value: object, language: Language, currency: str, zone: str) -> str:
    if isinstance(value, datetime):
        return value.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S")
    if name.endswith("_minor") and isinstance(value, int):
        return priced(value, currency, language)
    return str(value)
