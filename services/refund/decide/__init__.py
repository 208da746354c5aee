"""What the refund service decides: promises, claims, what both sides do, what the platform rules, what became of the money."""

from services.refund.decide.answer import accept, end_refused, refuse, silent
from services.refund.decide.appeal import appeal, unjudged
from services.refund.decide.buyer import buyer_of, note_card, note_score, pass_over, role_of
from services.refund.decide.claim import request, withdraw
from services.refund.decide.dispute import dispute, escalate, hear, show
from services.refund.decide.exchange import presumed, replace_goods, unsent
from services.refund.decide.hold import allowed, forbidden
from services.refund.decide.money import done, not_paid, refused
from services.refund.decide.parcels import note_failed, note_sent, open_windows, reduce
from services.refund.decide.promise import issue
from services.refund.decide.returning import contest, inspect, post, receive, uninspected, unposted
from services.refund.decide.ruling import rule, unruled

__all__ = [
    "accept",
    "allowed",
    "appeal",
    "buyer_of",
    "contest",
    "dispute",
    "done",
    "end_refused",
    "escalate",
    "forbidden",
    "hear",
    "inspect",
    "issue",
    "not_paid",
    "note_card",
    "note_failed",
    "note_score",
    "note_sent",
    "open_windows",
    "pass_over",
    "post",
    "presumed",
    "receive",
    "reduce",
    "refuse",
    "refused",
    "replace_goods",
    "request",
    "role_of",
    "rule",
    "show",
    "silent",
    "uninspected",
    "unjudged",
    "unposted",
    "unruled",
    "unsent",
    "withdraw",
]
