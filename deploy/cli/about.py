"""What a step of an order's story says beside its type: for `laotie explain`, and the demo's scenes."""

from __future__ import annotations

from datetime import date, datetime

from deploy.cli.plain import local
from deploy.cli.story import Step, Story
from shared.contracts.order import OrderTerms
from shared.currencies import amount, money

ABOUT = ("line_no", "lines", "line_nos", "hours", "delivered", "case_id", "matter", "upheld", "remedy", "evidence_id", "refund_id",
         "compensation_id", "chargeback_id", "parcel_id", "payment_id", "party", "subject_id", "coupon_id", "expires_at", "break_kind",
         "movement", "kind", "ground", "reference", "line_id", "day", "quantity", "due_minor", "base_minor", "amount_minor",
         "buyer_minor", "ours_minor", "theirs_minor", "outcome", "bounced", "reason", "code", "by", "how", "turn", "deadline", "pay_by",
         "settle_at")  # fmt: skip


def about(step: Step, story: Story) -> str:
    """What tells it from others of its type: which line, which case, which chargeback, how much, until when, under which policy."""
    values = [(name, getattr(step.entry.event, name, None)) for name in ABOUT]
    terms = getattr(step.entry.event, "terms", None)
    values += [("policy", terms.policy_version)] if isinstance(terms, OrderTerms) else []
    return ", ".join(
        f"{name.removesuffix('_minor')} {_shown(name, value, step, story)}"
        for name, value in values
        if value not in (None, "") and (name, value) != ("bounced", False)
    )


def _shown(name: str, value: object, step: Step, story: Story) -> str:
    if isinstance(value, tuple):
        return ",".join(str(getattr(one, "line_no", one)) for one in value)
    if isinstance(value, datetime):
        return local(value, story.zone)
    if name.endswith("_minor") and isinstance(value, int):
        return _money(value, _currency(name, step, story), story)
    return value.isoformat() if isinstance(value, date) else str(value)


def _currency(name: str, step: Step, story: Story) -> str:
    """Of a side of a break its own, of any other amount the event's, else the order's."""
    event = step.entry.event
    side = getattr(event, name.removesuffix("_minor") + "_currency", None)
    return side or getattr(event, "currency", None) or story.currency


def _money(minor: int, currency: str, story: Story) -> str:
    """In another currency than the order's, with that."""
    return amount(minor, currency) if currency == story.currency else money(minor, currency)
