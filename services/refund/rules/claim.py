"""What a guarantee is judged by: the claim, as far as any of them looks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Claim:
    """at: of the application. signed_at None: the line was not signed for, as far as is known. zone: where its days are counted."""

    at: datetime
    signed_at: datetime | None
    zone: str
