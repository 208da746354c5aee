"""The platform's arbitration: what it decided."""

from __future__ import annotations

from typing import ClassVar, Literal

from shared.contracts.topics import RULING
from shared.contracts.types import Id
from shared.messaging.message import Message, Topic

Finding = Literal["none", "counterfeit", "unsafe_food", "swapped_parcel", "false_claim"]


class RulingMade(Message):
    """A person judged. matter sham_shipping: the parcel's waybill was a pretence; upheld or not. Source: R2.4.

    Producer: ruling. Consumers: order.
    """

    type: ClassVar[str] = "ruling.made"
    topic: ClassVar[Topic] = RULING

    order_id: Id
    ruling_id: Id
    matter: Literal["sham_shipping"]
    parcel_id: Id
    upheld: bool
