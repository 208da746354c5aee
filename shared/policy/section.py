"""What every part of the policy is made of."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

WINDOW_MAX = 3_650
Window = Annotated[int, Field(ge=1, le=WINDOW_MAX)]
Amount = Annotated[int, Field(ge=0, le=10**12)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")]


class Section(BaseModel):
    """Closed and strict."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)
