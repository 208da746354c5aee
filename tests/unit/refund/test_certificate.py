"""What the buyer is promised at payment. Source: R4.1, R4.5."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from deploy.cli.contract import ROOT
from deploy.cli.main import main
from services.refund import rules
from services.refund.model import PURCHASE
from services.refund.rules import claim
from services.refund.rules.claim import Bought, Claim, Offered
from shared.contracts.certificate import CertificateIssued, Guarantee, recomputed
from shared.contracts.refund import WindowOpened
from shared.contracts.types import Category, FreeShipping
from shared.errors import CATALOGUE
from shared.messaging.memory import Memory
from shared.messaging.shape import Reject
from shared.policy import Policies, RefundPolicy
from tests.unit import builders as b
from tests.unit.builders import ORDER, POLICIES, at, public
from tests.unit.refund.life import SIGNED, case_of, delivered, line, paid, promise, purchase_of, requested, shop

EXAMPLES = ROOT / "shared/contracts/examples/refund.v1/certificate.issued"


def certificate(memory: Memory) -> CertificateIssued:
    (fact,) = (fact for fact in memory.facts if isinstance(fact, CertificateIssued))
    return fact


def test_a_paid_order_gets_one_certificate_with_every_guarantee_for_every_line() -> None:
    """R4.1."""
    issued = certificate(shop(paid(line(1, 3, 90_48), line(2, 1, 99_52, seller="s2"))))
    names = [rule.name for rule in rules.CATALOGUE]
    assert [(one.line_no, one.guarantee) for one in issued.each()] == [(number, name) for name in names for number in (1, 2)]
    assert [(one.line_no, one.cap_minor) for one in issued.each()][:2] == [(1, 90_48), (2, 99_52)]
    assert {one.guarantee for one in issued.guarantees if not one.granted} == {
        "refund_without_return",
        "return_freight",
        "damaged_refund",
        "food_safety",
    }
    assert [(bought.seller_id, bought.quantity, bought.paid_minor) for bought in issued.lines] == [("s1", 3, 90_48), ("s2", 1, 99_52)]
    assert (issued.occurred_at, issued.terms.policy_version) == (at("06-10 12:00"), "1")


def test_the_list_price_of_a_gift_is_kept_and_of_nothing_else_r4_1_r4_5() -> None:
    cheaper, gift = b.line(1, 90_00, subsidies={"seller": 10_00}), b.line(2, 0, subsidies={"seller": 30_00}, gift_of=1)
    assert [(bought.gift_of, bought.gift_minor) for bought in certificate(shop(paid(cheaper, gift))).lines] == [(None, 0), (1, 30_00)]


def test_what_is_not_granted_says_why_and_what_is_granted_says_who_pays_by_which_rule() -> None:
    """R4.1."""
    issued = certificate(shop(paid(line(1), line(2, category="fresh", waived=True), b.line(3, kind="freight"), b.line(4, kind="virtual"))))
    for one in issued.each():
        assert one.granted == (one.withheld == "")
        assert one.withheld == "" or CATALOGUE[one.withheld].zh
        assert (one.funder in ("seller", "platform"), one.rule[:1]) == (True, "R")
    assert not any(one.granted for one in issued.each() if one.line_no == 3)


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
    opened = [fact for fact in memory.facts if isinstance(fact, WindowOpened)]
    assert [fact.line_nos for fact in opened] == [(2,)]
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
    assert public(memory.facts) == ["certificate.issued"]


def test_a_delivery_that_overtook_the_payment_waits_for_it() -> None:
    """R2.1."""
    memory = shop(delivered())
    assert [held.reason for held in memory.held(ORDER)] == ["case.before_certificate"]
    memory.send(paid())
    assert public(memory.facts) == ["certificate.issued", "window.opened"]
    assert memory.held(ORDER) == []


def test_a_purchase_without_a_case_has_no_deadline() -> None:
    memory = shop(*SIGNED)
    assert memory.armed == {}
    assert memory.advance(at("12-31 00:00") + timedelta(days=400)) == ()
    assert memory.entity(PURCHASE, ORDER).cases == {}


# recomputed by an outsider (R4.1)


def told(memory: Memory) -> dict[str, Any]:
    """As anybody reads it from the topic."""
    found: dict[str, Any] = json.loads(certificate(memory).to_json())
    return found


def full() -> Memory:
    tagged = line(1).model_copy(update={"tags": ("refund_without_return", "authentic_x9"), "without_return_cap_minor": 50_00})
    gift = line(2, 1, 0).model_copy(update={"gift_of": 1, "gross_minor": 30_00})
    coupon = b.coupon(5_00, 1).model_copy(update={"expires_at": at("06-30 00:00")})
    waived = FreeShipping(seller_id="s1", threshold_minor=99_00, freight_minor=10_00)
    order = paid(tagged, gift, b.line(3, kind="freight"), b.line(4, kind="virtual"))
    placing = {"trust_card_id": "card1", "placed_at": at("06-10 11:50"), "coupons": (coupon,), "free_shipping": (waived,)}
    return shop(order.model_copy(update=placing))


def test_the_hash_is_recomputed_from_the_json_alone_with_a_few_lines_r4_1() -> None:
    value = told(full())
    kept = {name: found for name, found in value.items() if name not in ("occurred_at", "terms_sha256")}
    text = json.dumps(kept, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert value["terms_sha256"] == sha256(text.encode()).hexdigest()
    assert recomputed(value) == value["terms_sha256"]


def test_a_certificate_from_before_has_its_hash_too_r4_1() -> None:
    """The first committed example; its hash is of its parts, in the order in which it has them."""
    value = json.loads((EXAMPLES / "0001.json").read_text(encoding="utf-8"))["value"]
    assert recomputed(value) == value["terms_sha256"]
    assert CertificateIssued.model_validate_json(json.dumps(value)).hashed == "parts"


@pytest.mark.parametrize(
    "change",
    [
        lambda value: value["guarantees"][0].update(days=8),
        lambda value: value["guarantees"].pop(),
        lambda value: value["lines"][0].update(paid_minor=1),
        lambda value: value["terms"].update(policy_version="2"),
        lambda value: value.update(buyer_id="b2"),
        lambda value: value.update(trust_card_id=None),
        lambda value: value.update(a_field_of_tomorrow=1),
    ],
)
def test_laotie_certificate_verify_says_match_or_differs_r4_1(tmp_path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    file, value = tmp_path / "certificate.json", told(full())
    file.write_text(json.dumps(value, indent=2), encoding="utf-8")
    said = CliRunner().invoke(main, ["certificate", "verify", str(file)])
    assert (said.exit_code, said.output[:5]) == (0, "match")
    change(value)
    file.write_text(json.dumps(value), encoding="utf-8")
    said = CliRunner().invoke(main, ["certificate", "verify", str(file)])
    assert said.exit_code == 1
    assert "differs" in said.output


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "7", '{"terms_sha256": "x"}', '{"value": {}}'])
def test_what_is_no_certificate_is_said_to_be_none_r4_1(text: str) -> None:
    said = CliRunner().invoke(main, ["certificate", "verify", "-"], input=text)
    assert said.exit_code == 1
    assert "Error: this is no" in said.output


def test_a_message_as_the_examples_have_it_is_verified_whole_r4_1() -> None:
    said = CliRunner().invoke(main, ["certificate", "verify", "-"], input=json.dumps({"key": ORDER, "value": told(full())}))
    assert said.exit_code == 0


# judged by the certificate (R4.1)


def test_a_rule_that_is_abolished_after_the_purchase_still_holds_for_it_r4_1() -> None:
    """The later policy gives one day where the certificate gives seven, and the clock has long passed its beginning."""
    old = POLICIES.versions[0]
    refund = old.refund.model_copy(update={"no_reason_days": 1})
    later = old.model_copy(update={"version": "2", "effective_from": at("06-15 00:00"), "refund": refund})
    memory = shop(*SIGNED, requested(when="06-23 23:59:59"), policies=Policies((old, later)))
    assert (memory.refused, case_of(memory).state) == ([], 10)
    bought_later = shop(
        paid(when="06-16 09:00", policy_version="2"), delivered(), requested(when="06-18 00:00"), policies=Policies((old, later))
    )
    assert bought_later.refused == [("refund.requested", "no_reason.window_over")]


def test_a_card_that_is_revoked_after_the_purchase_still_counts_r4_1() -> None:
    """The certificate names the card of the order; the claim asks whether it was valid at placement, whatever became of it."""
    memory = full()
    promised = promise(memory, "refund_without_return")
    assert (promised.granted, promised.conditions, promised.cap_minor) == (True, ("trust_card",), 50_00)
    assert certificate(memory).trust_card_id == "card1"
    rule = rules.find("refund_only", "trust_card")
    assert rule is not None
    asked = Claim(at("06-17 10:00"), at("06-16 10:00"), "Asia/Shanghai", kind="refund_only", card=True)
    assert rule.judge(promised, asked) is None


def test_virtual_goods_come_with_the_payment_and_their_windows_run_from_it_r1_3() -> None:
    memory = full()
    opened = [fact for fact in memory.facts if isinstance(fact, WindowOpened)]
    assert opened == [WindowOpened(order_id=ORDER, line_nos=(4,), signed_at=at("06-10 12:00"), occurred_at=at("06-10 12:00"))]


# another guarantee: one file, one line in the catalogue, its terms in the policy


def test_adding_a_guarantee_is_one_file_one_line_and_its_terms(monkeypatch: pytest.MonkeyPatch) -> None:
    toy = rules.Rule("second_thoughts", "R4.1", "no_reason", ("claim",), second_thoughts, claim.judge)
    monkeypatch.setattr(rules, "CATALOGUE", [*rules.CATALOGUE, toy])
    memory = shop(*SIGNED)
    promised = promise(memory, "second_thoughts")
    assert (promised.granted, promised.days) == (True, POLICIES.versions[0].refund.guarantees.quality_days)
    assert rules.find("claim", "no_reason") is toy
    assert purchase_of(memory).promise(1, "second_thoughts") == promised
    late = toy.judge(promised, Claim(at("07-02 00:00"), at("06-16 10:00"), "Asia/Shanghai", kind="claim"))
    assert isinstance(late, Reject)
    assert recomputed(told(memory)) == told(memory)["terms_sha256"]


def second_thoughts(line: Offered, bought: Bought, policy: RefundPolicy) -> Guarantee:
    """A toy: all that a guarantee's file holds."""
    return Guarantee(
        line_no=line.line_no,
        guarantee="second_thoughts",
        granted=True,
        days=policy.guarantees.quality_days,
        cap_minor=line.paid_minor,
        funder="seller",
        rule="R4.1",
    )
