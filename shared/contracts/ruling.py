"""The platform's arbitration: what it decided."""

from typing import ClassVar, Literal, Self

from pydantic import model_validator

from shared.contracts.topics import RULING
from shared.contracts.types import Id, Minor, Quantity, Text
from shared.messaging.message import Message, Topic

Matter = Literal["sham_shipping", "case", "appeal"]
Remedy = Literal["as_claimed", "refund_only", "return_and_refund"]
Fault = Literal["seller", "buyer", "nobody"]
Finding = Literal["none", "counterfeit", "unsafe_food", "swapped_parcel", "false_claim"]


class RulingMade(Message):
    """A person judged. matter sham_shipping: the parcel's waybill was a pretence; case: a dispute, or a refund that the provider failed;
    appeal: the ruling before it falls. Source: R2.4, R4.9, R4.11, R3.5.

    upheld: of a case, for the buyer; of an appeal, for who appealed. parcel_id: of sham shipping; case_id: of the others. remedy,
    amount_minor, quantity: what the buyer gets instead of what was claimed; None, as claimed. appraisal_minor: what the buyer spent to have
    the goods examined. fault: where it names nobody, an upheld claim is the fault of whom its ground blames, and the seller's where
    counterfeit or unsafe food is found. finding: what was found of seller or buyer; a swapped parcel or a false claim costs the buyer score
    and card, also where the rest of its claim is upheld; none of a claim that the fund left to a person, or of a refund that failed: nobody
    could appeal.
    reason: why, for buyer and seller, as the person wrote it; by: who that was, as an opaque id. No decision reads them.
    Producer: ruling. Consumers: order, refund.
    """

    type: ClassVar[str] = "ruling.made"
    topic: ClassVar[Topic] = RULING

    order_id: Id
    ruling_id: Id
    matter: Matter
    parcel_id: Id | None = None
    upheld: bool
    case_id: Id | None = None
    remedy: Remedy = "as_claimed"
    amount_minor: Minor | None = None
    quantity: Quantity | None = None
    fault: Fault = "nobody"
    finding: Finding = "none"
    appraisal_minor: Minor = 0
    reason: Text = ""
    by: Id | None = None

    def concerns(self, service: str) -> bool:
        """Parcels are the order's, cases and their appeals the refund service's."""
        return service == ("order" if self.matter == "sham_shipping" else "refund")

    @model_validator(mode="after")
    def _names_its_matter(self) -> Self:
        if self.matter == "sham_shipping" and self.parcel_id is None:
            raise ValueError("parcel_id: sham shipping is of a parcel")
        if self.matter != "sham_shipping" and self.case_id is None:
            raise ValueError("case_id: a case or its appeal is named")
        return self
