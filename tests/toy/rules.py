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
    """In the order in which they begin, the withdrawn left out; the first also counts before."""

    def __init__(self, kept: Sequence[Kept], until: datetime | None = None) -> None:
        self._kept = [one for one in kept if one.withdrawn is None]
        self._until = until

    def up_to(self, until: datetime) -> Begun:
        return Begun(self._kept, until)

    def version_at(self, at: Any) -> str:
        if self._until is not None and at > self._until:
            raise TimeoutError(f"{at} is not known yet")
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
            if "withdraws" in told:
                return self._withdrawal(record, told["withdraws"], datetime.fromisoformat(told["said"]), kept)
            begins, said = (datetime.fromisoformat(told.pop(name)) for name in ("begins", "said"))
            version = told["version"]
        except (ValueError, KeyError) as error:
            return Unreadable(record, "policy.invalid", repr(error))
        body = sha256(json.dumps([told, begins.isoformat()], sort_keys=True).encode()).hexdigest()
        known = next((one for one in kept if one.version == version), None)
        if known is not None and known.withdrawn is not None:
            return Unreadable(record, "policy.withdrawn", version)
        if known is not None:
            return None if known.sha256 == body else Unreadable(record, "policy.version_reused", version)
        if kept and begins <= max(one.begins for one in kept if one.withdrawn is None):
            return Unreadable(record, "policy.older", version)
        if kept and begins < said + self.lead:
            return Unreadable(record, "policy.too_soon", version)
        return Kept(version, record.offset, begins, body, record.value or b"")

    def _withdrawal(self, record: Record, version: str, said: datetime, kept: Sequence[Kept]) -> Kept | Unreadable | None:
        known = next((one for one in kept if one.version == version), None)
        if known is None or known is kept[0]:
            return Unreadable(record, "policy.unknown", version)
        if known.withdrawn is not None:
            return None
        return (
            Unreadable(record, "policy.too_late", version) if known.begins < said + self.lead else known._replace(withdrawn=record.offset)
        )
