"""What each kind of evidence says happened, in words. Source: R5.5, R5.6."""

from __future__ import annotations

from services.trust.model.holder import AGAIN
from shared.policy import EvidenceKind

REASONS: dict[EvidenceKind, str] = {
    "completed": "a line was completed: order {}, line {}",
    "shipped_on_time": "a parcel was shipped in time: order {}, parcel {}",
    "late": "a shipping deadline was missed: order {}, the one of {} hours",
    "sham": "a parcel never left, a ruling says: order {}, parcel {}",
    "quality_refund": "a refund for what was wrong with the goods: order {}, case {}",
    "counterfeit": "a counterfeit was upheld: order {}, case {}",
    "answered": "a case was answered in time: order {}, case {}",
    "timed_out": "a case was not answered in time: order {}, case {}",
    "dispute_lost": "a dispute was lost: order {}, case {}",
    "violation_c": "a violation of class C: {}",
    "violation_b": "a violation of class B: {}",
    "violation_a": "a violation of class A: {}",
    "chargeback_lost": "a chargeback that was not due: order {}, chargeback {}",
    "false_claim": "a claim was found to be false: order {}, case {}",
    "swapped_parcel": "the parcel that came back was swapped: order {}, case {}",
}


def reason(kind: EvidenceKind, evidence_id: str) -> str:
    """With the business fact that the id names, as `subject/kind/fact` has it, be it of a case ruled on again; an id of another form is
    said whole.
    """
    words, parts = REASONS[kind], evidence_id.split("/")[2:]
    named = words.count("{}")
    return (
        words.format(*parts[:named])
        if parts[named:] in ([], [AGAIN]) and len(parts) >= named
        else f"{words.partition(':')[0]}: {evidence_id}"
    )
