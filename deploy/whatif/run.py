"""The whole of a what-if on what was gathered: retraced, rerun, compared."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from deploy.collecting import uncollected
from deploy.whatif.book import Book
from deploy.whatif.compare import compare
from deploy.whatif.desk import Decided
from deploy.whatif.drift import Drift, traced
from deploy.whatif.past import Past
from deploy.whatif.provider import Provider
from deploy.whatif.report import Report
from deploy.whatif.rerun import Made, Rerun
from deploy.whatif.retrace import Retrace
from deploy.whatif.route import Route
from deploy.whatif.values import differing, standing_in
from shared.policy import Policies

EVER_MS = (-(2**62), 2**62)


class Span(NamedTuple):
    """From when the candidate is in force and what happens counts, and until when that counts. None: no bound."""

    since: datetime | None = None
    until: datetime | None = None

    @property
    def milliseconds(self) -> tuple[int, int]:
        since, until = (int(one.timestamp() * 1000) if one is not None else None for one in self)
        return (EVER_MS[0] if since is None else since, EVER_MS[1] if until is None else until)


def whatif(past: Past, in_force: Policies, candidate: Policies, span: Span | None = None) -> Report:
    """span None: all of it. past with its values: what this release decides otherwise than is recorded is borne with, and both sides are
    what it decides. Raises NoReplay: the policies in force do not lead to what is recorded.
    """
    span = span or Span()
    with uncollected():
        before, route, provider, otherwise = _as_it_was(past, in_force, span)
        made: Made | None = None
        raised = frozenset[str]()
        if otherwise:
            before, made = Book(span.milliseconds), {}
            again = Rerun(past, route, in_force, provider.again(), {}, span.milliseconds, made=made)
            for decision in again.run():
                before.take(*decision)
            raised = frozenset(again.tally.raised)
        policies, names = standing_in(in_force, candidate, span.since)
        after, rerun = Book(span.milliseconds), Rerun(past, route, policies, provider.again(), names, span.milliseconds, beside=made)
        decisions = 0
        for decision in rerun.run():
            decisions += 1
            after.take(*decision)
        rerun.tally.raised = [line for line in rerun.tally.raised if line not in raised]
        compared = compare(before, after)
    return Report(
        candidate=tuple(policy.version for policy in candidate.versions),
        in_force=tuple(policy.version for policy in in_force.versions),
        since=span.since.isoformat() if span.since else None,
        until=span.until.isoformat() if span.until else None,
        ends=datetime.fromtimestamp(past.until / 1000, UTC).isoformat(),
        read={
            "records": past.records,
            "events": len(past.sent),
            "facts": past.facts(),
            "orders": len(before.orders),
            "decisions": route.decisions,
            "decisions_again": decisions,
            "open": route.open,
        },
        values=differing(in_force, candidate, span.since),
        otherwise=otherwise,
        tally=rerun.tally,
        compared=compared,
        provider=rerun.provider,
    )


def _as_it_was(past: Past, in_force: Policies, span: Span) -> tuple[Book, Route, Provider, list[str]]:
    """The last: what comes out otherwise than recorded, in words."""
    for retrace in (Retrace(past, in_force),) if past.values is None else traced(past, in_force):
        book, provider = Book(span.milliseconds), Provider()
        for desk, event, identity, verdict in retrace.run():
            book.take(desk, event, identity, verdict)
            if isinstance(verdict, Decided):
                for fact in verdict.facts:
                    provider.note(fact)
            provider.hears(event)
    return book, retrace.route, provider, list(retrace.otherwise.values()) if isinstance(retrace, Drift) else []
