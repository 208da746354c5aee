"""What the buyer is promised at payment. Source: R4.1, R4.5."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.refund.model import PURCHASE
from shared.contracts.refund import CertificateIssued, WindowOpened
from shared.contracts.types import Category
from shared.messaging.memory import Memory
from shared.policy import Policies
from tests.unit.builders import ORDER, POLICIES, at
from tests.unit.refund.life import SIGNED, delivered, line, paid, purchase_of, shop


def certificate(memory: Memory) -> CertificateIssued:
    (fact,) = (fact for fact in memory.facts if isinstance(fact, CertificateIssued))
    return fact


def test_a_paid_order_gets_one_certificate_with_every_guarantee_for_every_line() -> None:
    issued = certificate(shop(paid(line(1, 3, 90_48), line(2, 1, 99_52, seller="s2"))))
    assert [(promise.line_no, promise.guarantee, promise.granted) for promise in issued.guarantees] == [
        (1, "no_reason", True),
        (2, "no_reason", True),
    ]
    assert [(promise.days, promise.cap_minor, promise.funder) for promise in issued.guarantees] == [
        (7, 90_48, "seller"),
        (7, 99_52, "seller"),
    ]
    assert [(bought.seller_id, bought.quantity, bought.paid_minor) for bought in issued.lines] == [("s1", 3, 90_48), ("s2", 1, 99_52)]
    assert issued.occurred_at == at("06-10 12:00")


@pytest.mark.parametrize("category", ["custom_made", "fresh", "digital", "newspaper"])
def test_excluded_categories_are_told_why_they_have_no_no_reason_return(category: Category) -> None:
    """R4.5."""
    (promise,) = certificate(shop(paid(line(category=category)))).guarantees
    assert (promise.granted, promise.withheld) == (False, "no_reason.excluded")


def test_a_line_for_which_the_buyer_waived_it_at_purchase_has_none() -> None:
    """R4.5."""
    given, waived = certificate(shop(paid(line(1), line(2, waived=True)))).guarantees
    assert (given.granted, given.withheld) == (True, "")
    assert (waived.granted, waived.withheld) == (False, "no_reason.waived")


def test_the_promise_is_that_of_placement_even_if_a_new_policy_came_before_payment() -> None:
    """R4.1: later rules change new orders only."""
    old = POLICIES.versions[0]
    refund = old.refund.model_copy(update={"no_reason_days": 15, "answer_hours": 24})
    new = old.model_copy(update={"version": "2", "effective_from": at("06-10 11:50"), "refund": refund})
    policies = Policies((old, new))
    before = certificate(shop(paid(policy_version="1"), policies=policies))
    after = certificate(shop(paid(policy_version="2"), policies=policies))
    assert (before.terms.policy_version, before.guarantees[0].days, before.terms.answer_hours) == ("1", 7, 48)
    assert (after.terms.policy_version, after.guarantees[0].days, after.terms.answer_hours) == ("2", 15, 24)


def test_an_order_of_a_policy_that_is_not_known_here_is_parked_not_guessed() -> None:
    with pytest.raises(AssertionError, match="policy version 9 is not known here"):
        shop(paid(policy_version="9"))


def test_a_second_certificate_for_an_order_is_refused() -> None:
    memory = shop(paid(), paid(line(1, 1, 5_00)))
    assert memory.refused == [("order.paid", "certificate.exists")]
    assert purchase_of(memory).lines[1].paid_minor == 100_00


def test_the_hash_of_the_terms_differs_exactly_when_what_is_promised_differs() -> None:
    """R4.1."""
    same, again = certificate(shop(paid())), certificate(shop(paid(when="06-11 12:00")))
    other = certificate(shop(paid(line(paid_minor=100_01))))
    waived = certificate(shop(paid(line(waived=True))))
    assert same.terms_sha256 == again.terms_sha256
    assert len({same.terms_sha256, other.terms_sha256, waived.terms_sha256}) == 3


def test_signing_opens_the_windows_of_the_lines_that_are_complete_with_it() -> None:
    memory = shop(paid(line(1), line(2)), delivered(2))
    assert isinstance(memory.facts[-1], WindowOpened)
    assert memory.facts[-1].line_nos == (2,)
    assert purchase_of(memory).lines[2].signed_at == at("06-16 10:00")
    assert purchase_of(memory).lines[1].signed_at is None


def test_the_first_signing_of_a_line_counts() -> None:
    memory = shop(*SIGNED, delivered(when="06-18 10:00"))
    assert sum(isinstance(fact, WindowOpened) for fact in memory.facts) == 1
    assert purchase_of(memory).lines[1].signed_at == at("06-16 10:00")
    assert memory.refused == []


def test_a_window_runs_from_the_latest_signature_not_from_the_report_of_it() -> None:
    """Carriers may report out of order."""
    memory = shop(paid(), delivered(when="06-16 10:00").model_copy(update={"occurred_at": at("06-14 10:00")}))
    assert purchase_of(memory).lines[1].signed_at == at("06-16 10:00")


def test_a_parcel_that_completes_no_line_opens_no_window() -> None:
    none = delivered().model_copy(update={"delivered": ()})
    memory = shop(paid(), none)
    assert [fact.type for fact in memory.facts] == ["certificate.issued"]


def test_a_delivery_that_overtook_the_payment_waits_for_it() -> None:
    """R2.1."""
    memory = shop(delivered())
    assert [held.reason for held in memory.held(ORDER)] == ["case.before_certificate"]
    memory.send(paid())
    assert [fact.type for fact in memory.facts] == ["certificate.issued", "window.opened"]
    assert memory.held(ORDER) == []


def test_a_purchase_without_a_case_has_no_deadline() -> None:
    memory = shop(*SIGNED)
    assert memory.armed == {}
    assert memory.advance(at("12-31 00:00") + timedelta(days=400)) == ()
    assert memory.entity(PURCHASE, ORDER).cases == {}
