"""What a what-if comes to, for people and for programs. Source: R9.2."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from deploy.whatif.compare import Affected, Change, Comparison, Group, Money, most, reasons
from deploy.whatif.provider import ANSWER_AFTER, Provider
from deploy.whatif.rerun import Tally
from deploy.whatif.sheet import Said, Standing
from deploy.whatif.values import Value

SCHEMA = "laotie.whatif.v1"  # of the JSON: fields are only ever added
ASSUMPTIONS = (
    "what apps and people sent is offered again as it was; what they would have done otherwise is not invented",
    "the provider answers an instruction as it did; one that nobody gave is assumed paid after an hour, and stated a day later",
    "what the provider said of an instruction that is not given now is left out",
    "time ends with the last thing that is recorded: what would fall due later is open",
)


@dataclass(slots=True)
class Report:
    """read: records, events of apps, facts, orders, decisions each time, and events that nobody had taken when it was read.

    otherwise: decisions that this release makes otherwise than is recorded, in words; what is called recorded is then what it makes.
    since, until: of the span that counts, as given; ends: when the last recorded thing happened. ISO 8601 each.
    """

    candidate: tuple[str, ...]
    in_force: tuple[str, ...]
    since: str | None
    until: str | None
    ends: str
    read: dict[str, int]
    values: list[Value]
    otherwise: list[str]
    tally: Tally
    compared: Comparison
    provider: Provider

    @property
    def differences(self) -> int:
        """Of facts, decisions, refusals, scores and money: 0 if all is as it was."""
        one = self.compared
        lists: tuple[Iterable[Any], ...] = (one.accounts, one.parties, one.scores, one.marks, one.refusals_come, one.refusals_go)
        return self.tally.differences + one.changes + sum(len(list(found)) for found in lists)

    def data(self) -> dict[str, Any]:
        """As JSON has it; money in minor units of the currency beside it."""
        one = self.compared
        return {
            "schema": SCHEMA,
            "candidate": list(self.candidate),
            "in_force": list(self.in_force),
            "from": self.since,
            "to": self.until,
            "ends": self.ends,
            "read": self.read,
            "values": [_value(value) for value in self.values],
            "otherwise": self.otherwise,
            "differences": self.differences,
            "facts": {"same": self.tally.same, "changed": self.tally.changed, "new": self.tally.new, "gone": self.tally.gone},
            "raised": self.tally.raised,
            "decisions": one.changes,
            "by_rule": _groups("rule", one.rules),
            "by_seller": _groups("seller", one.sellers),
            "by_promoter": _groups("promoter", one.promoters),
            "by_buyer_tier": _groups("buyer_tier", one.tiers),
            "accounts": [_pair(("account", "currency"), row) for row in one.accounts],
            "parties": [_pair(("party", "currency"), row) for row in one.parties],
            "scores": [{"subject": subject, "recorded": _standing(was), "candidate": _standing(now)} for subject, was, now in one.scores],
            "cards_and_suspensions": [dict(zip(("what", "subject", "id", "recorded", "candidate"), row, strict=True)) for row in one.marks],
            "refusals_come": _refusals(one.refusals_come),
            "refusals_go": _refusals(one.refusals_go),
            "orders_affected": one.affected,
            "orders": [self._order(order) for order in one.orders],
            "assumed": {
                "answers": [
                    {"kind": kind, "currency": currency, "amount_minor": minor}
                    for (kind, currency), minor in sorted(self.provider.assumed.items())
                ],
                "instructions": dict(sorted(self.provider.count.items())),
                "after_seconds": int(ANSWER_AFTER.total_seconds()),
                "answers_left_out": self.provider.unasked(),
                "notes": list(ASSUMPTIONS),
            },
        }

    def _order(self, order: Affected) -> dict[str, Any]:
        sheet = order.sheet
        return {
            "order_id": order.order_id,
            "buyer_id": sheet.buyer,
            "buyer_tier": sheet.tier,
            "placed_at": sheet.placed_at.isoformat() if sheet.placed_at else None,
            "currency": sheet.currency,
            "moved_minor": order.moved_minor,
            "accounts": [
                {"account": name, "recorded_minor": was, "candidate_minor": now, "difference_minor": now - was}
                for name, (was, now) in order.accounts.items()
            ],
            "decisions": [self._change(change, order.changes) for change in sorted(order.changes, key=lambda one: (one.what, one.id))],
        }

    def _change(self, change: Change, others: Iterable[Change]) -> dict[str, Any]:
        return {
            "what": change.what,
            "id": change.id,
            "rule": change.rule,
            "seller": change.seller or None,
            "promoter": change.promoter or None,
            "recorded": _said(change.before),
            "candidate": _said(change.after),
            "because": [value.path for value in reasons(change, self.values, others)],
        }


def _said(said: Said | None) -> dict[str, Any] | None:
    return {"way": said.way, "amount_minor": said.minor, "detail": said.detail} if said is not None else None


def _value(value: Value) -> dict[str, Any]:
    known = {"version": value.version, "path": value.path, "before": value.before, "after": value.after}
    return known | {"rules": list(value.rules), "says": value.sentence}


def _groups(name: str, groups: dict[str, Group]) -> list[dict[str, Any]]:
    return [
        {
            name: whose,
            "decisions": group.decisions,
            "granted": group.granted,
            "refused": group.refused,
            "promises": group.promises,
            "money": [_money(row) for row in group.money],
        }
        for whose, group in groups.items()
    ]


def _money(row: Money) -> dict[str, Any]:
    return _pair(("what", "currency"), row)


def _pair(names: tuple[str, str], row: tuple[str, str, int, int]) -> dict[str, Any]:
    first, second, was, now = row
    return {names[0]: first, names[1]: second, "recorded_minor": was, "candidate_minor": now, "difference_minor": now - was}


def _standing(standing: Standing) -> dict[str, Any]:
    return {"score": standing.score, "new": standing.new, "tiers": list(standing.tiers)}


def _refusals(counter: Any) -> list[dict[str, Any]]:
    return [
        {"service": place[0], "type": place[1], "code": place[2], "count": count}
        for place, count in ((one, number) for one, number in most(counter) if isinstance(one, tuple))
    ]
