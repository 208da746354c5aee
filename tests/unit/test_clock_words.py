"""Times and spans as a person types them: what is beyond the calendar is told in words."""

from __future__ import annotations

from typing import Any

import click
import pytest

from deploy.cli.clock import Moment, Span, Then
from deploy.cli.ledger import Past


@pytest.mark.parametrize("text", ["99999999999d", "999999999d", "36526d"])
def test_a_span_beyond_a_hundred_years_is_none(text: str) -> None:
    with pytest.raises(click.BadParameter, match="a hundred years at most"):
        Span().convert(text, None, None)
    with pytest.raises(click.BadParameter, match="no time like"):
        Moment().convert(f"+{text}", None, None)


@pytest.mark.parametrize("kind", [Moment, Past, Then])
@pytest.mark.parametrize("text", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00+08:00"])
def test_a_moment_that_another_zone_does_not_have_is_at_the_edge_of_the_calendar(kind: type[click.ParamType[Any]], text: str) -> None:
    with pytest.raises(click.BadParameter, match="at the edge of the calendar"):
        kind().convert(text, None, None)
