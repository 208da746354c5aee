"""What a promoter prefunded and no order that was accepted before it asked can draw on is its own again. Source: R3.1."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.payment.model.account import UNDER_WAY_MAX
from shared.contracts.payment import PayoutInstructed, WithdrawalRefused
from shared.contracts.seller import SellerRegistered, WithdrawalRequested
from shared.contracts.subsidy import PrefundReleased, PrefundReleaseNoted, SubsidyCharged
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.payment import asks
from tests.unit.payment.bank import PREFUNDED, PROMOTER, balances, bank, check, codes

ASKED = "06-10 10:00"
DUE = b.at("06-11 10:00")  # 24 hours later


def wants(amount: int, withdrawal_id: str = "w1", when: str = ASKED) -> WithdrawalRequested:
    said = {"seller_id": b.PROMOTER, "withdrawal_id": withdrawal_id, "currency": "CNY"}
    return WithdrawalRequested(**said, amount_minor=amount, of="prefunded", occurred_at=b.at(when))


def drawn(amount: int, name: str = "c1", when: str = "06-10 10:20") -> SubsidyCharged:
    said = {"party": b.PROMOTER, "charge_id": name, "currency": "CNY", "order_id": f"o-{name}", "zone": b.ZONE}
    return SubsidyCharged(**said, amount_minor=amount, occurred_at=b.at(when))


def prefunded(amount: int = 100_00) -> Memory:
    return bank(asks.prefunded(amount, "p1", when="06-01 10:00"))


def of(memory: Memory, kind: type[Message]) -> list[Message]:
    return [fact for fact in memory.facts if isinstance(fact, kind)]


def test_it_is_in_the_balance_after_24_hours_and_paid_out_with_it_r3_1() -> None:
    memory = prefunded()
    noted = b.only(memory.when(wants(60_00)))
    assert isinstance(noted, PrefundReleaseNoted)
    assert (noted.release_at, balances(memory)[PREFUNDED]) == (DUE, 100_00)
    assert memory.advance(DUE + timedelta(seconds=4)) == ()
    released = b.only(memory.advance(DUE + timedelta(seconds=5)))
    assert isinstance(released, PrefundReleased)
    assert (released.amount_minor, released.prefunded_minor, released.occurred_at) == (60_00, 40_00, DUE)
    assert (balances(memory)[PREFUNDED], balances(memory)[PROMOTER]) == (40_00, 60_00)
    assert released.sweep_at == b.at("06-12 00:00")
    paid = b.only(memory.advance(b.at("06-12 00:01")))
    assert isinstance(paid, PayoutInstructed)
    assert (paid.amount_minor, paid.withdrawal_id) == (60_00, None)


@pytest.mark.parametrize(("used", "left"), [(30_00, 60_00), (70_00, 30_00)])
def test_orders_that_were_accepted_before_draw_on_it_first_r3_1(used: int, left: int) -> None:
    memory = prefunded()
    memory.when(wants(60_00), drawn(used))
    memory.advance(DUE + timedelta(seconds=5))
    (released,) = of(memory, PrefundReleased)
    assert isinstance(released, PrefundReleased)
    assert released.amount_minor == left
    assert "debt:k1" not in balances(memory)


def test_nothing_is_left_of_it_so_it_is_refused_and_the_timer_is_gone_r3_1() -> None:
    memory = prefunded()
    memory.when(wants(60_00), drawn(100_00))
    refused = b.only(memory.advance(DUE + timedelta(seconds=5)))
    assert isinstance(refused, WithdrawalRefused)
    assert (refused.code, refused.withdrawal_id, refused.amount_minor) == ("withdrawal.exceeds_prefunded", "w1", 60_00)
    assert memory.armed == {}


def test_no_fen_is_asked_for_twice_r3_1() -> None:
    memory = prefunded()
    memory.when(wants(60_00), wants(60_00), wants(40_01, "w2"))
    assert codes(memory) == ["withdrawal.known"]
    assert [(fact.withdrawal_id, fact.code) for fact in of(memory, WithdrawalRefused)] == [("w2", "withdrawal.exceeds_prefunded")]  # type: ignore[attr-defined]
    assert b.types(memory.when(wants(40_00, "w2"))) == ["prefund.release_noted"]


@pytest.mark.parametrize("memory", [bank(), prefunded(1)])
def test_more_than_is_there_is_refused_announced_r3_1(memory: Memory) -> None:
    refused = b.only(memory.when(wants(2)))
    assert isinstance(refused, WithdrawalRefused)
    assert refused.code in ("withdrawal.exceeds_prefunded", "withdrawal.exceeds_balance")
    assert balances(memory).get(PROMOTER, 0) == 0


def test_so_many_at_once_and_no_more_r3_1() -> None:
    memory = prefunded()
    memory.when(*(wants(1, f"w{number}") for number in range(UNDER_WAY_MAX + 1)))
    assert [fact.code for fact in of(memory, WithdrawalRefused)] == ["withdrawal.too_many"]  # type: ignore[attr-defined]


def test_it_is_income_so_a_short_deposit_of_the_same_party_is_filled_first_r3_7() -> None:
    memory = prefunded()
    memory.when(SellerRegistered(seller_id=b.PROMOTER, deposit_required_minor=25_00, currency="CNY", occurred_at=b.at("06-02 10:00")))
    memory.when(wants(60_00))
    assert b.types(memory.advance(DUE + timedelta(seconds=5))) == ["prefund.released", "deposit.filled"]
    assert (balances(memory)["deposit:k1"], balances(memory)[PROMOTER]) == (25_00, 35_00)


@given(st.lists(st.tuples(st.sampled_from(["want", "draw", "put"]), st.integers(1, 60_00), st.integers(10, 23)), max_size=12))
def test_a_promoter_never_has_more_of_it_than_orders_left_r3_1(acts: list[tuple[str, int, int]]) -> None:
    memory = prefunded(50_00)
    for number, (act, amount, hour) in enumerate(acts):
        when = f"06-{10 + number % 3} {hour}:00"
        event = wants(amount, f"w{number}", when) if act == "want" else drawn(amount, f"c{number}", when)
        memory.when(asks.prefunded(amount, f"q{number}", when=when) if act == "put" else event)
        check(memory.rows["posting"])
    memory.advance(b.at("06-20 00:00"))
    check(memory.rows["posting"])
    assert not [kind for kind in memory.armed if "prefund" in str(kind)]
    released = sum(fact.amount_minor for fact in of(memory, PrefundReleased))  # type: ignore[attr-defined]
    asked = sum(fact.amount_minor for fact in of(memory, PrefundReleaseNoted))  # type: ignore[attr-defined]
    assert released <= asked
