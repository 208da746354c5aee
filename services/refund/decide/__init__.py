"""What the refund service decides: promises, claims, what both sides do, what became of the money."""

from services.refund.decide.answer import accept, end_refused, inspect, post, refuse, silent, uninspected, unposted
from services.refund.decide.claim import request, withdraw
from services.refund.decide.hold import allowed, forbidden
from services.refund.decide.money import done, not_paid, refused
from services.refund.decide.promise import issue, open_windows, reduce

__all__ = [
    "accept",
    "allowed",
    "done",
    "end_refused",
    "forbidden",
    "inspect",
    "issue",
    "not_paid",
    "open_windows",
    "post",
    "reduce",
    "refuse",
    "refused",
    "request",
    "silent",
    "uninspected",
    "unposted",
    "withdraw",
]
