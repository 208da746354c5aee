"""What ops say of the rules: one version of the whole document a record, as a JSON object beside `occurred_at`."""

from __future__ import annotations

from typing import ClassVar

from pydantic import ConfigDict

from shared.contracts.topics import POLICY
from shared.messaging.message import Message, Topic
from shared.policy.document import Policy


class PolicyPublished(Policy, Message):
    """The rules that are in force from effective_from on, until a later version's. occurred_at: when it was published.

    Each service judges it by the topic alone: it is taken if it is valid, begins at least `lead_minutes` after its publishing and later
    than every version that was taken before; the first one on the topic is in force from the beginning. The same body again is nothing
    new. Nothing here may be left out, unknown fields are refused. Source: R9.1, R2.8.

    Producer: ops. Consumers: every process.
    """

    type: ClassVar[str] = "policy.published"
    topic: ClassVar[Topic] = POLICY
    model_config = ConfigDict(extra="forbid")

    def document(self) -> Policy:
        """The version alone; what was not written stays unwritten."""
        return Policy(**{name: getattr(self, name) for name in Policy.model_fields if name in self.model_fields_set})
