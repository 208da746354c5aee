"""laotie certificate verify"""

from __future__ import annotations

import json
from typing import Any, TextIO

import click

from deploy.cli.errors import Failed
from shared.contracts.certificate import recomputed


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
    click.echo(f"match: {found}, order {told.get('order_id')}, {len(told['guarantees'])} guarantees")


def _value(file: TextIO) -> Any:
    try:
        told = json.load(file)
    except (ValueError, RecursionError) as error:
        raise Failed(f"this is not JSON: {error}") from None
    return told["value"] if isinstance(told, dict) and isinstance(told.get("value"), dict) else told
