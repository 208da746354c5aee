"""Ports of one user's stacks: each home keeps what it was given, also while nothing listens there."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from deploy.local import claims, home
from deploy.local.home import Home
from deploy.local.process import StackError


@pytest.fixture(autouse=True)
def _few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of claims of our own, and a few ports that nobody listens on for long: the highest."""
    monkeypatch.setattr(claims, "FOLDER", tmp_path / "claims")
    monkeypatch.setattr(home, "PORTS", range(31_990, 32_000))
    monkeypatch.setattr(Home, "postgres", property(lambda self: self.root / "postgres"))


def test_a_port_of_a_home_that_is_down_is_not_given_to_another(tmp_path: Path) -> None:
    one, other = Home(tmp_path / "one"), Home(tmp_path / "other")
    first = one.ports(["kafka", "kafka-controller", "postgres", "order-1"])
    second = other.ports(["kafka", "kafka-controller", "postgres", "order-1"])
    assert set(first.values()).isdisjoint(second.values())
    assert one.ports(list(first)) == first
    with pytest.raises(StackError, match="no free port"):
        Home(tmp_path / "third").ports(["kafka", "postgres", "order-1"])


def test_ports_of_a_home_that_is_gone_are_free_again_whether_it_was_removed_by_us_or_by_hand(tmp_path: Path) -> None:
    names = [f"p{n}" for n in range(7)]
    removed, lost = Home(tmp_path / "removed"), Home(tmp_path / "lost")
    removed.ports(names)
    removed.remove()
    lost.ports(names)
    shutil.rmtree(lost.root)
    assert len(Home(tmp_path / "next").ports(names)) == 7


def test_a_claim_that_another_home_took_over_is_not_dropped_with_the_first(tmp_path: Path) -> None:
    one, other = Home(tmp_path / "one"), Home(tmp_path / "other")
    port = one.port("kafka")
    with claims.alone():
        (claims.FOLDER / str(port)).unlink()
        assert claims.claim(port, other.root)
    one.remove()
    assert (claims.FOLDER / str(port)).readlink() == other.root
