"""What the trust service decides: evidence and scores, suspensions, trust cards."""

from services.trust.decide.card import abused, claim, cluster_of, join, subject_of
from services.trust.decide.evidence import completed, count, explained, rule_of, shipped, violated

__all__ = ["abused", "claim", "cluster_of", "completed", "count", "explained", "join", "rule_of", "shipped", "subject_of", "violated"]
