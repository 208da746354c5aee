"""The promises of a certificate as a purchase keeps them: as one text, which is read when a claim is judged and not with each event."""

from __future__ import annotations

from functools import lru_cache

from pydantic import TypeAdapter

from shared.contracts.certificate import CertificateIssued, Guarantee, of_line

_GUARANTEES: TypeAdapter[tuple[Guarantee, ...]] = TypeAdapter(tuple[Guarantee, ...])
READ_MAX = 256  # texts: the steps of a claim come close together


def written(fact: CertificateIssued) -> str:
    """Word for word: each guarantee of each line, withheld ones with their reason."""
    return _GUARANTEES.serializer.to_json(fact.guarantees).decode()


def promised(text: str, line_no: int, paid_minor: int, guarantee: str) -> Guarantee | None:
    """As promised for that line. None: the certificate does not know of such a guarantee."""
    for one in _read(text):
        if one.guarantee == guarantee and (one.line_no == line_no or line_no in one.more_lines):
            return of_line(one, line_no, paid_minor)
    return None


@lru_cache(READ_MAX)
def _read(text: str) -> tuple[Guarantee, ...]:
    return _GUARANTEES.validate_json(text)
