"""The versioned policy document: every value that ops may change, validated on load. Source: R9.1."""

from __future__ import annotations

from shared.policy.document import (
    Evidence,
    EvidenceKind,
    OrderPolicy,
    PaymentPolicy,
    Policy,
    RefundPolicy,
    Role,
    RoleScore,
    TrustPolicy,
)
from shared.policy.policies import InvalidPolicy, Policies

__all__ = [
    "Evidence",
    "EvidenceKind",
    "InvalidPolicy",
    "OrderPolicy",
    "PaymentPolicy",
    "Policies",
    "Policy",
    "RefundPolicy",
    "Role",
    "RoleScore",
    "TrustPolicy",
]
