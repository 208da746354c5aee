"""What the toy goes by where it comes by a topic: a name and when it begins; what is beside them makes another body."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from shared.messaging.message import Topic
from shared.messaging.record import Record, Unreadable
from shared.messaging.versions import Kept
from tests.toy.model import NS


class Begun:
    """In the order in which they begin; the first also counts before."""

    def __init__(self, kept: Sequence[Kept]) -> None:
        self._kept = kept

    def version_at(self, at: Any) -> str:
        return next((one.version for one in reversed(self._kept) if one.begins <= at), self._kept[0].version)


class Rules:
    """On rules.v1."""

    topic = Topic(f"{NS}rules.v1", "version", ("ops",), ("*",), single=True, compacted=True)
    lead = timedelta(minutes=10)

    def policies(self, kept: Sequence[Kept]) -> Begun:
        return Begun(kept)

    def judge(self, record: Record, kept: Sequence[Kept], *, manual: bool) -> Kept | Unreadable | None:
        try:
            told = json.loads(record.value or b"")
            begins, said = (datetime.fromisoformat(told.pop(name)) for name in ("begins", "said"))
            version = told["version"]
        except (ValueError, KeyError) as error:
            return Unreadable(record, "policy.invalid", repr(error))
        body = sha256(json.dumps([told, begins.isoformat()], sort_keys=True).encode()).hexdigest()
        known = next((one for one in kept if one.version == version), None)
        if known is not None:
            return None if known.sha256 == body else Unreadable(record, "policy.version_reused", version)
        if kept and begins <= kept[-1].begins:
            return Unreadable(record, "policy.older", version)
        if kept and begins < said + self.lead:
            return Unreadable(record, "policy.too_soon", version)
        return Kept(version, record.offset, begins, body, record.value or b"")
