"""What ops say of the rules: one version of the whole document a record, a JSON object beside `occurred_at`, or that it is withdrawn."""

from typing import Annotated, ClassVar

from pydantic import ConfigDict, StringConstraints

from shared.contracts.topics import POLICY
from shared.messaging.message import Message, Topic
from shared.policy.document import NAME, Policy


class PolicyPublished(Policy, Message):
    """The rules that are in force from effective_from on, until a later version's. occurred_at: when it was published.

    Each service judges it by the topic alone: it is taken if it is valid, begins at least `lead_minutes` after its publishing and later
    than every version that counts; the first one on the topic is in force from the beginning. The same body again is nothing
    new. Nothing here may be left out, unknown fields are refused. Source: R9.1, R2.8.

    Producer: ops. Consumers: every process.
    """

    type: ClassVar[str] = "policy.published"
    topic: ClassVar[Topic] = POLICY
    model_config = ConfigDict(extra="forbid")

    def document(self) -> Policy:
        """The version alone; what was not written stays unwritten."""
        return Policy(**{name: getattr(self, name) for name in Policy.model_fields if name in self.model_fields_set})


class PolicyWithdrawn(Message):
    """That version never comes into force; what was in force stays, and its name is not used again. occurred_at: when it was told.

    Taken if the version counts and begins at least `lead_minutes` after this was published. The same again is nothing new.
    Source: R9.1, R2.8.

    Producer: ops. Consumers: every process.
    """

    type: ClassVar[str] = "policy.withdrawn"
    topic: ClassVar[Topic] = POLICY
    model_config = ConfigDict(extra="forbid")

    version: Annotated[str, StringConstraints(pattern=NAME)]
