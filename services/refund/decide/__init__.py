"""What the refund service decides: promises, claims, what both sides do, what became of the money."""

from services.refund.decide.answer import accept, end_refused, inspect, post, refuse, silent, uninspected, unposted
from services.refund.decide.buyer import buyer_of, note_card, note_score, pass_over, role_of
from services.refund.decide.claim import request, withdraw
from services.refund.decide.hold import allowed, forbidden
from services.refund.decide.money import done, not_paid, refused
from services.refund.decide.promise import issue, open_windows, reduce

__all__ = [
    "accept",
    "allowed",
    "buyer_of",
    "done",
    "end_refused",
    "forbidden",
    "inspect",
    "issue",
    "not_paid",
    "note_card",
    "note_score",
    "open_windows",
    "pass_over",
    "post",
    "reduce",
    "refuse",
    "refused",
    "request",
    "role_of",
    "silent",
    "uninspected",
    "unposted",
    "withdraw",
]
