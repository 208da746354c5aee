"""What the buyer is promised at payment. Source: R4.1, R4.5."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.refund import rules
from services.refund.model import PURCHASE
from shared.contracts.certificate import CertificateIssued
from shared.contracts.refund import WindowOpened
from shared.contracts.types import Category
from shared.errors import CATALOGUE
from shared.messaging.memory import Memory
from shared.policy import Policies
from tests.unit import builders as b
from tests.unit.builders import ORDER, POLICIES, at
from tests.unit.refund.life import SIGNED, delivered, line, paid, promise, purchase_of, shop


def certificate(memory: Memory) -> CertificateIssued:
    (fact,) = (fact for fact in memory.facts if isinstance(fact, CertificateIssued))
    return fact


def test_a_paid_order_gets_one_certificate_with_every_guarantee_for_every_line() -> None:
    """R4.1."""
    issued = certificate(shop(paid(line(1, 3, 90_48), line(2, 1, 99_52, seller="s2"))))
    names = [rule.name for rule in rules.CATALOGUE]
    assert [(one.line_no, one.guarantee) for one in issued.guarantees] == [(number, name) for number in (1, 2) for name in names]
    assert {one.guarantee for one in issued.guarantees if not one.granted} == {
        "refund_without_return",
        "return_freight",
        "damaged_refund",
        "food_safety",
    }
    assert [(bought.seller_id, bought.quantity, bought.paid_minor) for bought in issued.lines] == [("s1", 3, 90_48), ("s2", 1, 99_52)]
    assert (issued.occurred_at, issued.terms.policy_version) == (at("06-10 12:00"), "1")


def test_what_is_not_granted_says_why_and_what_is_granted_says_who_pays_by_which_rule() -> None:
    """R4.1."""
    issued = certificate(shop(paid(line(1), line(2, category="fresh", waived=True), b.line(3, kind="freight"), b.line(4, kind="virtual"))))
    for one in issued.guarantees:
        assert one.granted == (one.withheld == "")
        assert one.withheld == "" or CATALOGUE[one.withheld].zh
        assert (one.funder in ("seller", "platform"), one.rule[:1]) == (True, "R")
    assert not any(one.granted for one in issued.guarantees if one.line_no == 3)


@pytest.mark.parametrize("category", ["custom_made", "fresh", "newspaper"])
def test_excluded_categories_are_told_why_they_have_no_no_reason_return(category: Category) -> None:
    """R4.5."""
    promised = promise(shop(paid(line(category=category))), "no_reason")
    assert (promised.granted, promised.withheld) == (False, "no_reason.excluded")


def test_a_line_for_which_the_buyer_waived_it_at_purchase_has_none() -> None:
    """R4.5."""
    memory = shop(paid(line(1), line(2, waived=True)))
    given, waived = promise(memory, "no_reason", 1), promise(memory, "no_reason", 2)
    assert (given.granted, given.withheld, given.days, given.cap_minor, given.funder) == (True, "", 7, 100_00, "seller")
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
