"""What the trust service decides: evidence and scores, standings, trust cards, votes."""

from services.trust.decide.appeal import appeal, uphold
from services.trust.decide.card import claim, cluster_of, forfeit, subject_of
from services.trust.decide.case import of_case
from services.trust.decide.evidence import count, groups_of_item, look, strike
from services.trust.decide.explain import answer
from services.trust.decide.found import charged_back, completed, late, sham, shipped
from services.trust.decide.member import joined
from services.trust.decide.standing import acquit, study, violated
from services.trust.decide.vote import accounts, ballots_of, ballots_of_member, tally, vote

__all__ = [
    "accounts",
    "acquit",
    "answer",
    "appeal",
    "ballots_of",
    "ballots_of_member",
    "charged_back",
    "claim",
    "cluster_of",
    "completed",
    "count",
    "forfeit",
    "groups_of_item",
    "joined",
    "late",
    "look",
    "of_case",
    "sham",
    "shipped",
    "strike",
    "study",
    "subject_of",
    "tally",
    "uphold",
    "violated",
    "vote",
]
