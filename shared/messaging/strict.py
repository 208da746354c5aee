"""JSON as a cautious reader takes it: what a lenient parser lets pass, and two parsers may read in two ways, is refused with its code.

Source: RFC 8259 §4, §6, §8; I-JSON, RFC 7493.
"""

from __future__ import annotations

import json
import re
from math import isinf
from typing import Any, NoReturn

from shared.errors import Code

MAX_DEPTH = 32
_ESCAPED = re.compile(rb"\\u(0000|[dD][89a-fA-F])")


class Bad(Exception):
    """What came cannot be read as an event: code and detail of its refusal."""

    def __init__(self, code: Code, detail: str) -> None:
        super().__init__(code)
        self.code, self.detail = code, detail


def check_json(value: bytes) -> None:
    """Raises Bad."""
    try:
        text = value.decode()
    except UnicodeDecodeError as error:
        raise Bad("event.not_utf8", f"byte {error.start}") from None
    _check_depth(text)
    try:
        parsed = json.loads(text, object_pairs_hook=_no_twins, parse_constant=_no_constant, parse_int=_int64, parse_float=_finite)
    except (json.JSONDecodeError, RecursionError) as error:
        raise Bad("event.not_json", str(error)) from None
    if _ESCAPED.search(value):
        _check_text(parsed)
    moment = parsed.get("occurred_at") if isinstance(parsed, dict) else None
    if isinstance(moment, str) and moment[4:5] != "-":  # digits in quotes would be read as Unix time
        raise Bad("event.invalid", "occurred_at: not an RFC 3339 time")


def _check_depth(text: str) -> None:
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth, quoted, escaped = 0, False, False
    for character in text:
        if quoted:
            quoted = escaped or character != '"'
            escaped = character == "\\" and not escaped
        elif character == '"':
            quoted = True
        elif character in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise Bad("event.too_deep", f"over {MAX_DEPTH} levels")
        elif character in "]}":
            depth -= 1


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise Bad("event.duplicate_key", next(name for name in names if names.count(name) > 1))
    return found


def _no_constant(name: str) -> NoReturn:
    raise Bad("event.number_out_of_range", name)


def _int64(digits: str) -> int:
    if len(digits) > 20 or not -(2**63) <= int(digits) < 2**63:
        raise Bad("event.number_out_of_range", digits[:40])
    return int(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    if isinf(number):
        raise Bad("event.number_out_of_range", digits[:40])
    return number


def _check_text(value: Any) -> None:
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value):
            raise Bad("event.bad_text", "NUL or a lone surrogate")
    elif isinstance(value, dict):
        for name, inner in value.items():
            _check_text(name)
            _check_text(inner)
    elif isinstance(value, list):
        for inner in value:
            _check_text(inner)
