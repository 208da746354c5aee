"""Who fulfils a line answers for it; who sold it stays liable. Source: R8.1."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.refund import acts as a
from tests.unit.refund import matrix
from tests.unit.refund.life import accepted, case_of, confirmed, declined, delivered, paid, posted, requested, shop, withdrawn

Steps = tuple[Message | str, ...]


def test_who_fulfils_a_line_answers_for_it_and_the_seller_cannot_r8_1() -> None:
    memory = shop(paid(b.line(1, 100_00, 1, fulfiller_id="f1")), delivered(), requested(quantity=1))
    assert memory.when(accepted(), declined()) == ()
    assert [code for _, code in memory.refused] == ["seller.differs", "seller.differs"]
    memory.when(accepted(seller="f1"), posted())
    assert memory.when(confirmed(quantity=1)) == ()
    assert b.types(memory.when(confirmed(quantity=1, seller="f1"))) == ["refund.granted"]


OF_F1 = (accepted(seller="f1"), posted())
REFUSED = (requested(), declined(seller="f1"), a.disputed(), a.HEARD, a.ruled())


@pytest.mark.parametrize(
    ("before", "answer"),
    [
        ((requested(),), accepted),
        ((requested(),), declined),
        ((requested(),), a.escalated),
        ((requested(), declined(seller="f1"), a.disputed()), a.shown_by_seller),
        ((requested(), *OF_F1), confirmed),
        ((requested(), *OF_F1), a.contested),
        ((requested(kind="exchange"), *OF_F1, confirmed(seller="f1")), a.replaced),
        (REFUSED, a.appealed_by_seller),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_every_answer_is_taken_from_who_fulfils_the_line_and_from_no_other_r8_1(before: Steps, answer: Callable[..., Message]) -> None:
    memory = matrix.shop(paid(b.line(1, 100_00, 3, fulfiller_id="f1")), delivered(), *before)
    assert memory.when(answer(seller=b.SELLER), answer(seller="f2")) == ()
    assert [code for _, code in memory.refused] == ["seller.differs", "seller.differs"]
    assert memory.when(answer(seller="f1")) != ()
    assert len(memory.refused) == 2


def test_the_case_names_the_seller_who_is_liable_whoever_answers_r8_1() -> None:
    memory = shop(paid(b.line(1, 100_00, 1, fulfiller_id="f1")), delivered())
    opened = b.only(memory.when(requested(quantity=1)))
    assert opened.seller_id == b.SELLER
    memory.when(withdrawn())
    assert case_of(memory).state == 70
