"""Two books compared: what would have gone the other way, whose money, and why. Source: R9.2."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from deploy.whatif.book import Book
from deploy.whatif.sheet import Flow, Said, Sheet, Standing
from deploy.whatif.values import Value
from shared.contracts.certificate import Guarantee
from shared.currencies import EXPONENTS

GIVES = frozenset({"accepted", "granted", "refunded", "exchanged", "resent", "owed", "paid", "settled", "agreed"})
SHOWN_ORDERS = 10
NOBODY = Said("", 0, "")
SUSPENDED = ("order.seller_suspended", "order.promoter_suspended")
SUSPENDING = ("R2.8", "R6.1", "R6.2")  # what says who is
Money = tuple[str, str, int, int]  # what, currency, recorded, candidate: minor units


class Change(NamedTuple):
    """A decision that is there once only, or otherwise. what, id: which; before, after None: it was, or would be, none."""

    order_id: str
    what: str
    id: str
    before: Said | None
    after: Said | None
    seller: str
    promoter: str
    tier: str

    @property
    def rule(self) -> str:
        return (self.after or self.before or NOBODY).rule

    @property
    def flip(self) -> int:
        """1: it would give what was refused or never asked; -1: it would not give what it gave."""
        return (self.after is not None and self.after.way in GIVES) - (self.before is not None and self.before.way in GIVES)

    @property
    def more_minor(self) -> int:
        return (self.after.minor if self.after else 0) - (self.before.minor if self.before else 0)


@dataclass(slots=True)
class Group:
    """What differs for one rule, seller, promoter or buyer tier. money: what it pays and to whom, where that differs."""

    decisions: int = 0
    granted: int = 0
    refused: int = 0
    promises: int = 0
    money: list[Money] = field(default_factory=list)


@dataclass(slots=True)
class Affected:
    """An order that comes out otherwise. accounts: by name, recorded and candidate; moved_minor: all that goes elsewhere."""

    order_id: str
    sheet: Sheet
    changes: list[Change]
    accounts: dict[str, tuple[int, int]]

    @property
    def moved_minor(self) -> int:
        return sum(max(0, after - before) for before, after in self.accounts.values())

    @property
    def weight(self) -> tuple[float, int, str]:
        """Whole units, to rank orders of all currencies; they are never added up."""
        return (self.moved_minor / 10 ** EXPONENTS.get(self.sheet.currency, 0), len(self.changes), self.order_id)


@dataclass(slots=True)
class Comparison:
    """changes: of decisions about orders. orders: the most affected first, ten at most. affected: how many there are."""

    rules: dict[str, Group]
    sellers: dict[str, Group]
    promoters: dict[str, Group]
    tiers: dict[str, Group]
    accounts: list[tuple[str, str, int, int]]
    parties: list[tuple[str, str, int, int]]
    scores: list[tuple[str, Standing, Standing]]
    marks: list[tuple[str, str, str, str, str]]
    refusals_come: Counter[tuple[str, str, str]]
    refusals_go: Counter[tuple[str, str, str]]
    orders: list[Affected]
    affected: int
    changes: int


def compare(before: Book, after: Book) -> Comparison:
    found, promised, orders = list[Change](), Counter[tuple[str, str, str, str]](), list[Affected]()
    for order_id in sorted(before.orders.keys() | after.orders.keys()):
        was, now = before.orders.get(order_id, Sheet()), after.orders.get(order_id, Sheet())
        changes = list(_changes(order_id, was, now))
        promised.update(_promises(was, now))
        names = was.money.keys() | now.money.keys()
        pairs = {name: (was.money.get(name, 0), now.money.get(name, 0)) for name in sorted(names)}
        accounts = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
        if changes or accounts:
            orders.append(Affected(order_id, was if was.currency else now, changes, accounts))
            found += changes
    orders.sort(key=lambda one: one.weight, reverse=True)
    rules, sellers, promoters, tiers = _groups(found, promised, before.flows, after.flows)
    come, go = _refusals(before, after)
    return Comparison(
        rules=rules,
        sellers=sellers,
        promoters=promoters,
        tiers=tiers,
        accounts=_differing(before.accounts, after.accounts),
        parties=_differing(before.parties, after.parties),
        scores=list(_scores(before, after)),
        marks=sorted(_marks(before, after)),
        refusals_come=come,
        refusals_go=go,
        orders=orders[:SHOWN_ORDERS],
        affected=len(orders),
        changes=len(found),
    )


def reasons(change: Change, values: Iterable[Value], others: Iterable[Change] = ()) -> list[Value]:
    """The values that differ and bear the rule of the decision; where none does, the rule of another of its order's; else all."""
    everything = list(values)
    own = [value for value in everything if _rules(change) & set(value.rules)]
    return own or [value for value in everything if any(_rules(one) & set(value.rules) for one in others)] or everything


def _rules(change: Change) -> set[str]:
    """An order that is refused for a suspension is so by what suspends, too. Source: R2.8, R6.1, R6.2."""
    said = [one for one in (change.before, change.after) if one is not None]
    return {one.rule for one in said}.union(*(SUSPENDING for one in said if one.detail in SUSPENDED))


def _changes(order_id: str, was: Sheet, now: Sheet) -> Iterable[Change]:
    for place in was.said.keys() | now.said.keys():
        before, after = was.said.get(place), now.said.get(place)
        if before != after:
            one = after or before or NOBODY
            seller, promoter = (was if was.lines else now).party(one.line_no)
            tier = (was if was.buyer else now).tier
            yield Change(order_id, *place, before, after, one.seller or seller, promoter, tier)


def _promises(was: Sheet, now: Sheet) -> Iterable[tuple[str, str, str, str]]:
    """Of a certificate, the guarantees that say something else: rule, seller, promoter and tier, for each line."""
    if was.promised == now.promised:
        return
    first, second = _each(was.promised), _each(now.promised)
    for place in first.keys() | second.keys():
        before, after = first.get(place), second.get(place)
        if before != after:
            seller, promoter = (was if was.lines else now).party(place[1])
            yield ((after or before).rule, seller, promoter, (was if was.buyer else now).tier)  # type: ignore[union-attr]


def _each(promised: tuple[Guarantee, ...]) -> dict[tuple[str, int], Guarantee]:
    """By name and line; that lines share an entry is no difference."""
    return {
        (one.guarantee, line_no): one.model_copy(update={"line_no": line_no, "more_lines": ()})
        for one in promised
        for line_no in (one.line_no, *one.more_lines)
    }


def _groups(
    changes: list[Change], promised: Counter[tuple[str, str, str, str]], before: Counter[Flow], after: Counter[Flow]
) -> tuple[dict[str, Group], ...]:
    """By rule, seller, promoter and buyer tier."""
    found: list[dict[str, Group]] = []
    for nth, name in enumerate(("rule", "seller", "promoter", "tier")):
        groups: defaultdict[str, Group] = defaultdict(Group)
        for change in changes:
            if whose := getattr(change, name):
                group = groups[whose]
                group.decisions += 1
                group.granted += change.flip > 0
                group.refused += change.flip < 0
        for place, count in promised.items():
            if place[nth]:
                groups[place[nth]].promises += count
        for whose, rows in _money(name, before, after).items():
            groups[whose].money = rows
        found.append(dict(sorted(groups.items(), key=lambda one: _order(one[0]))))
    return tuple(found)


def _order(name: str) -> tuple[Any, ...]:
    """Rules by their numbers."""
    if name[:1] == "R" and name[1:].replace(".", "").isdigit():
        return (0, *(int(part) for part in name[1:].split(".")))
    return (1, name)


def _money(name: str, before: Counter[Flow], after: Counter[Flow]) -> dict[str, list[Money]]:
    sums: dict[tuple[str, str, str], list[int]] = {}
    for nth, flows in enumerate((before, after)):
        for flow, minor in flows.items():
            if whose := getattr(flow, name):
                sums.setdefault((whose, flow.what, flow.currency), [0, 0])[nth] += minor
    found: defaultdict[str, list[Money]] = defaultdict(list)
    for (whose, what, currency), (was, now) in sorted(sums.items()):
        if was != now:
            found[whose].append((what, currency, was, now))
    return found


def _differing(before: Mapping[tuple[str, str], int], after: Mapping[tuple[str, str], int]) -> list[tuple[str, str, int, int]]:
    pairs = ((*place, before.get(place, 0), after.get(place, 0)) for place in sorted(before.keys() | after.keys()))
    return [pair for pair in pairs if pair[2] != pair[3]]


def _scores(before: Book, after: Book) -> Iterable[tuple[str, Standing, Standing]]:
    for subject in sorted(before.subjects.keys() | after.subjects.keys()):
        was, now = before.subjects.get(subject, Standing()), after.subjects.get(subject, Standing())
        if (was.score, was.new, was.tiers) != (now.score, now.new, now.tiers):
            yield subject, was, now


def _marks(before: Book, after: Book) -> Iterable[tuple[str, str, str, str, str]]:
    for place in before.marks.keys() | after.marks.keys():
        was, now = before.marks.get(place, ""), after.marks.get(place, "")
        if was != now:
            yield (*place, was, now)


def _refusals(before: Book, after: Book) -> tuple[Counter[tuple[str, str, str]], Counter[tuple[str, str, str]]]:
    """Service, type and code of those that come, and of those that go; one with another code does both."""
    come, go = Counter[tuple[str, str, str]](), Counter[tuple[str, str, str]]()
    for found, other, counter in ((after.refused, before.refused, come), (before.refused, after.refused, go)):
        for place, (kind, _, code) in found.items():
            if other.get(place, ("", "", ""))[2] != code:
                counter[(place[0], kind, code)] += 1
    return come, go


def most(counter: Counter[Any]) -> list[tuple[Hashable, int]]:
    return sorted(counter.items(), key=lambda one: (-one[1], str(one[0])))
