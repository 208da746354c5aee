"""What a person sees of the demo: progress while it plays, tables when it is over. Plain lines where no terminal is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta, timezone

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from deploy.market import play, totals
from deploy.market.fates import FATES
from deploy.market.outcome import expected_of
from deploy.market.verdict import BY_HAND, Verdict
from shared.currencies import amount

SHANGHAI = timezone(timedelta(hours=8))
PROBLEMS_SHOWN = 20
SUBJECTS_SHOWN = 3
PLAIN_EVERY = 3  # phases a line where no terminal is


@contextmanager
def progress(console: Console) -> Iterator[Callable[[play.Progress], None]]:
    """The callback to give to Play.run."""
    if not console.is_terminal:
        seen = iter(range(1_000))

        def plain(now: play.Progress) -> None:
            if next(seen) % PLAIN_EVERY == 0:
                console.print(_line(now), highlight=False)

        yield plain
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("the market opens", total=1.0)
        yield lambda now: bar.update(task, completed=now.done, description=_line(now))


def tables(verdict: Verdict) -> Iterator[Table]:
    """By fate, by currency, by rule and funder, scores."""
    yield _by_fate(verdict)
    yield _by_currency(verdict)
    yield _by_rule(verdict)
    yield _scores(verdict)


def lateness(verdict: Verdict) -> str:
    """What late news did; none of it is a problem."""
    lives, held = verdict.market.lives, verdict.books.held
    right = sum(verdict.found.orders.get(life.cart.order_id) == expected_of(life, verdict.found) for life in lives)
    states = ", ".join(f"{count} {state} at {service}" for (service, state), count in sorted(held.items())) or "nothing"
    return (
        f"{right:,} of {len(lives):,} orders came out as if it had been told in time; held: {states}; "
        f"{len(verdict.found.standing):,} breaks between statement and ledger stand"
    )


def breaks(verdict: Verdict) -> str:
    """What the provider's statements got wrong or took back, by kind. Source: R3.9."""
    found, standing = verdict.found.breaks, verdict.found.standing
    kinds = Counter(line.rpartition(": ")[2].partition(" of ")[0] for line in found.values())
    told = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())) or "none"
    return f"breaks between statement and ledger: {told}; {len(found) - len(standing)} explained since, {len(standing)} stand"


def problems(console: Console, verdict: Verdict) -> None:
    for line in verdict.problems[:PROBLEMS_SHOWN]:
        console.print(f"  NO  {line}", highlight=False, markup=False, soft_wrap=True)
    if len(verdict.problems) > PROBLEMS_SHOWN:
        console.print(f"  and {len(verdict.problems) - PROBLEMS_SHOWN} more")


def _line(now: play.Progress) -> str:
    day = f"{now.at.astimezone(SHANGHAI):%d %B}"
    return f"{day:<12} {now.events:>6,} events sent  {now.refunds:>4,} refunds and {now.payouts:>4,} payouts paid"


def _by_fate(verdict: Verdict) -> Table:
    table = Table(title="What became of the orders", title_justify="left")
    table.add_column("fate", no_wrap=True)
    for name in ("orders", "as expected"):
        table.add_column(name, justify="right")
    table.add_column("they are")
    lives = verdict.market.lives
    for fate in FATES:
        mine = [life for life in lives if life.fate == fate]
        right = sum(verdict.found.orders.get(life.cart.order_id) == expected_of(life, verdict.found) for life in mine)
        states = Counter(order.state for life in mine if (order := verdict.found.orders.get(life.cart.order_id)))
        if mine:
            said = ", ".join(f"{count} {state}" if len(states) > 1 else state for state, count in states.most_common())
            table.add_row(fate, str(len(mine)), str(right), said)
    return table


def _by_currency(verdict: Verdict) -> Table:
    books, provider, market = verdict.books, verdict.play.provider, verdict.market
    table = Table(title="Money, per currency", title_justify="left")
    table.add_column("")
    for currency in books.currencies:
        table.add_column(currency, justify="right")
    captured = Counter[str]()
    for life in market.lives:
        captured[life.cart.currency] += life.expected.captured_minor
    rows: list[tuple[str, Callable[[str], int]]] = [
        ("captured from buyers", lambda unit: captured[unit]),
        ("paid back to buyers", lambda unit: provider.paid[(unit, "refund")]),
        ("charged back by banks", lambda unit: _charged_back(verdict, unit)),
        ("compensations paid to buyers", lambda unit: provider.paid[(unit, "compensation")]),
        ("came back, the platform's to pay", lambda unit: sum(provider.back[(unit, how)] for how in BY_HAND)),
        ("paid out to sellers and promoters", lambda unit: provider.paid[(unit, "payout")]),
        ("still in escrow", lambda unit: books.sum_of("escrow:", unit)),
        ("on balances, payouts under way", lambda unit: books.sum_of("balance:", unit) + books.sum_of("payout:", unit)),
        ("in deposits of sellers", lambda unit: books.sum_of("deposit:", unit)),
        ("prefunded by promoters, not given yet", lambda unit: books.sum_of("prefunded:", unit)),
        ("owed by sellers and promoters, debts", lambda unit: -books.sum_of("debt:", unit)),
        ("fronted, and not taken from parties yet", lambda unit: -books.sum_of("platform:advance", unit)),
        ("kept by the platform", lambda unit: books.sum_of("platform:commission", unit)),
        ("given by the platform as subsidy", lambda unit: -books.sum_of("platform:subsidy", unit)),
        ("given by promoters as subsidy", lambda unit: sum(of for (_, currency), of in verdict.found.given.items() if currency == unit)),
        ("sum of the ledger", lambda unit: books.sum_of("", unit)),
    ]
    for name, of in rows:
        table.add_row(name, *(amount(of(currency), currency) for currency in books.currencies))
    return table


def _by_rule(verdict: Verdict) -> Table:
    """Who paid which fen of refunds, compensations and reimbursements."""
    table = Table(title="What went back, by rule and funder", title_justify="left")
    currencies = verdict.books.currencies
    for name in ("what", "rule", "paid by"):
        table.add_column(name)
    for name in ("payments", *currencies):
        table.add_column(name, justify="right")
    rows: dict[tuple[str, str, str], dict[str, int]] = {}
    counts: Counter[tuple[str, str, str]] = Counter()
    for one in totals.table(verdict.totals):
        place = (str(one["what"]), str(one["rule"]), str(one["funder"]))
        rows.setdefault(place, {})[str(one["currency"])] = int(one["amount_minor"])
        counts[place] += int(one["payments"])
    for place, paid in rows.items():
        table.add_row(*place, str(counts[place]), *(amount(paid[unit], unit) if unit in paid else "" for unit in currencies))
    return table


def _charged_back(verdict: Verdict, currency: str) -> int:
    orders = verdict.found.orders
    lives = [life for life in verdict.market.lives if life.cart.currency == currency and life.cart.order_id in orders]
    return sum(orders[life.cart.order_id].charged_back_minor for life in lives)


def _scores(verdict: Verdict) -> Table:
    """The busiest subjects of each role."""
    table = Table(title="Trust scores of the busiest", title_justify="left")
    for name, justify in (("who", "left"), ("score", "right"), ("from items", "right")):
        table.add_column(name, justify="right" if justify == "right" else "left")
    for role in ("seller", "promoter", "buyer"):
        mine = {subject: score for subject, score in verdict.found.scores.items() if subject.startswith(f"{role}:")}
        for subject in sorted(mine, key=lambda one: (-mine[one].items, one))[:SUBJECTS_SHOWN]:
            score = mine[subject]
            table.add_row(subject, f"{score.score}{' (new)' if score.new else ''}", str(score.items))
    return table
