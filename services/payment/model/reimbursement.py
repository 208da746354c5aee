"""What a seller has back that won on appeal, as far as it may still come to cost something. Source: R4.11."""

from __future__ import annotations

from dataclasses import dataclass

from shared.contracts.owed import ReimbursementOutstanding


@dataclass(frozen=True, slots=True)
class Outstanding:
    """Of a refund or a compensation that the provider did not pay: whose it is, and under which reimbursement_id, once it is settled."""

    reimbursement_id: str
    case_id: str
    line_no: int
    seller_id: str


def outstanding(fact: ReimbursementOutstanding) -> dict[str, Outstanding]:
    """By the id of the refund or the compensation."""
    names = (*((fact.refund_id,) if fact.refund_id is not None else ()), *fact.compensation_ids)
    return dict.fromkeys(names, Outstanding(fact.reimbursement_id, fact.case_id, fact.line_no, fact.seller_id))
