"""The hash of a certificate, in two ways: from the fact as it is built, and from the JSON that anybody has read. Source: R4.1."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from shared.contracts.refund import CertificateIssued

NOT_HASHED = {"occurred_at", "terms_sha256"}


def sha256_of(issued: CertificateIssued) -> str:
    """Of all that it says but when it was written and this hash, as canonical JSON, in hex.

    Its fields, and those of its parts, stand in alphabetical order: what pydantic writes is canonical.
    """
    return sha256(issued.__pydantic_serializer__.to_json(issued, exclude=NOT_HASHED)).hexdigest()


def recomputed(value: Mapping[str, Any]) -> str:
    """From the JSON value of a certificate.issued; fields that this program does not know count too. Raises KeyError: it is none."""
    if value.get("hashed", "parts") == "parts":
        parts = [value["terms"], value["lines"], value["guarantees"]]
        return sha256(json.dumps(parts, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()
    hashed = {name: found for name, found in value.items() if name not in NOT_HASHED}
    return sha256(json.dumps(hashed, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()
