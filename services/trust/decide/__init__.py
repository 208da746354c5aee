"""What the trust service decides: evidence and scores, suspensions, trust cards."""

from services.trust.decide.card import claim, cluster_of, join, subject_of
from services.trust.decide.case import ended
from services.trust.decide.evidence import count, explained, look, strike
from services.trust.decide.explain import answer
from services.trust.decide.found import charged_back, completed, late, ruled, sham, shipped
from services.trust.decide.standing import acquit, violated

__all__ = [
    "acquit",
    "answer",
    "charged_back",
    "claim",
    "cluster_of",
    "completed",
    "count",
    "ended",
    "explained",
    "join",
    "late",
    "look",
    "ruled",
    "sham",
    "shipped",
    "strike",
    "subject_of",
    "violated",
]
