"""laotie certificate verify · show"""

from __future__ import annotations

import json
from typing import Any, TextIO

import click
from pydantic import ValidationError

from deploy.cli.errors import Failed
from deploy.cli.plain import say
from shared.contracts.certificate import CertificateIssued, Guarantee, recomputed
from shared.currencies import money
from shared.errors import CATALOGUE
from shared.texts import name_of


@click.group()
def certificate() -> None:
    """What a buyer was promised: the certificate of an order."""


@certificate.command()
@click.argument("file", type=click.File(encoding="utf-8"))
def verify(file: TextIO) -> None:
    """Compute the hash of the certificate in FILE again: the value of a certificate.issued as JSON, or a whole example message; - reads
    it from standard input. Says whether it matches; status 1 if it differs, or is none.
    """
    told = _value(file)
    try:
        found, said = recomputed(told), told["terms_sha256"]
    except (KeyError, TypeError, AttributeError):
        raise Failed("this is no certificate: it lacks what certificate.issued has") from None
    if found != said:
        raise Failed(f"differs: it says {said}, its terms come to {found}")
    say(f"match: {found}, order {told.get('order_id')}, {len(told['guarantees'])} guarantees")


@certificate.command()
@click.argument("file", type=click.File(encoding="utf-8"))
def show(file: TextIO) -> None:
    """Print what the certificate in FILE promises line by line, each guarantee by its names; - reads it from standard input."""
    try:
        told = CertificateIssued.from_json(json.dumps(_value(file)).encode())
        promised = sorted(told.each(), key=lambda one: one.line_no)
    except ValidationError as error:
        first = error.errors()[0]
        raise Failed(f"this is no certificate: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    except LookupError as line_no:
        raise Failed(f"this is no certificate: it promises something for line {line_no}, which it does not have") from None
    say(f"order {told.order_id}")
    for one in promised:
        names = " · ".join(name_of(one.guarantee, language) for language in ("zh", "en"))
        say(f"  line {one.line_no}  {names} ({one.guarantee}): {_promised(one, told.currency)}")


def _promised(one: Guarantee, currency: str) -> str:
    if one.withheld:
        return f"no, {one.withheld}: {CATALOGUE[one.withheld].meaning}"
    window = f", {one.days} days" if one.days else f", {one.hours} hours" if one.hours else ""
    return f"{'if the claim shows it' if one.conditional else 'yes'}{window}, at most {money(one.cap_minor, currency)}"


def _value(file: TextIO) -> Any:
    try:
        told = json.load(file)
    except (ValueError, RecursionError) as error:
        raise Failed(f"this is not JSON: {error}") from None
    return told["value"] if isinstance(told, dict) and isinstance(told.get("value"), dict) else told
