"""What a team upstream finds out about the contract without reading the code: `laotie contract list · show`, codes.json, its page."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner

from deploy.cli.contract import ROOT
from deploy.cli.glossary import whole_of
from deploy.cli.main import main
from deploy.cli.refused import told
from deploy.verify.log import entry_of
from shared.contracts import generate, registry, schema
from shared.errors import CATALOGUE
from shared.messaging.envelope import copy_headers
from shared.messaging.record import Record
from shared.texts import GUARANTEES

ENTRIES = registry.entries()
PARTS = (
    "key         order_id",
    "consumers   order",
    "lines        list of Units",
    "shipper_id   string or null, else null",
    "  Units\n    Units of a line.\n    line_no   integer",
    "shared/contracts/schemas/logistics.v1/parcel.shipped.json",
    '"waybill": "SF1390000000001"',
)
PAGE = ROOT / "shared/contracts/README.md"


def said(*words: str, status: int = 0) -> str:
    result = CliRunner().invoke(main, ["contract", *words])
    assert result.exit_code == status, result.output
    return result.output


def test_an_app_sees_what_it_may_send_and_read_and_no_more() -> None:
    listed = said("list", "--app", "seller")
    assert re.findall(r"^(\S+)  published by", listed, re.MULTILINE) == ["seller.v1", "party.v1", "trust.v1"]
    assert "  withdrawal.requested " in listed


def test_a_topic_is_listed_with_its_key_its_internal_ones_only_when_asked_for() -> None:
    assert said("list", "--topic", "psp.v1").startswith("psp.v1  published by psp, key order_id, read by order, payment\n")
    assert "order.timer.v1" not in said("list")
    assert "order.timer.v1" in said("list", "--all")
    assert "no type is of nothing.v1" in said("list", "--topic", "nothing.v1", status=1)


def test_a_type_is_shown_with_all_that_its_sender_needs() -> None:
    shown = said("show", "parcel.shipped")
    assert [part for part in PARTS if part not in shown] == []
    file, line, name = re.findall(r"class       (\S+):(\d+) (\w+)", shown)[0]
    assert (ROOT / file).read_text(encoding="utf-8").splitlines()[int(line) - 1].startswith(f"class {name}(")


def test_the_parts_of_a_type_are_shown_with_what_their_fields_mean() -> None:
    assert "commission_bp: what the seller agreed to pay the promoter, of what the buyer pays" in said("show", "order.placed")
    assert re.search(r'turn +"buyer" \| .+ \(who is to act\)', said("show", "case.approved"))


def test_every_fact_of_a_case_says_what_the_numbers_of_its_state_mean_r4_2() -> None:
    facts = [
        schema.of(entry)["properties"] for entry in ENTRIES if "state" in schema.of(entry)["properties"] and entry.topic.name == "refund.v1"
    ]
    assert facts
    assert all("12: refused, 20: dispute" in fact["state"]["description"] for fact in facts)


def test_a_word_of_two_topics_shows_both_and_one_of_them_by_its_topic() -> None:
    assert re.findall(r"^(\S+)/dispute.raised$", said("show", "dispute.raised"), re.MULTILINE) == ["storefront.v1", "merchant.v1"]
    assert said("show", "merchant.v1/dispute.raised").startswith("merchant.v1/dispute.raised\n")


def test_a_code_is_shown_with_what_people_read_of_it() -> None:
    shown = said("show", "no_reason.window_over")
    assert "The time for no-reason return has passed" in shown
    assert "已超过" in shown
    assert "the same event is refused again, as long as that is so" in shown
    assert json.loads(said("show", "no_reason.window_over", "--json"))[0]["retryable"] is False


def test_a_guarantee_is_shown_by_its_names_and_published_r4_1() -> None:
    assert said("show", "no_reason").splitlines() == [
        "no_reason, a guarantee of certificate.issued",
        "  zh          无理由退货",
        "  en          Return without reason",
    ]
    assert json.loads(said("show", "no_reason", "--json")) == [GUARANTEES["no_reason"]._asdict()]
    published = json.loads((ROOT / generate.GUARANTEES).read_text(encoding="utf-8"))
    assert published == {guarantee: name._asdict() for guarantee, name in GUARANTEES.items()}
    document = json.loads((ROOT / generate.ASYNCAPI).read_text(encoding="utf-8"))
    assert "guarantees.json" in document["info"]["description"]


def test_a_slip_of_the_pen_is_answered_with_what_is_near() -> None:
    assert "is it order.placed" in said("show", "order.place", status=1)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_every_type_can_be_shown_and_each_of_its_files_is_there(entry: registry.Entry) -> None:
    shown = whole_of(entry)
    assert [path for path in re.findall(r"shared/contracts/\S+\.(?:json|py)", shown) if not (ROOT / path).exists()] == []


def test_the_published_catalogue_has_every_code_with_its_texts() -> None:
    published = json.loads((ROOT / generate.CODES).read_text(encoding="utf-8"))
    assert published.keys() == CATALOGUE.keys()
    entry = published["case.seller_refused"]
    assert (entry["en"], entry["seller_en"]) == (CATALOGUE["case.seller_refused"].en, CATALOGUE["case.seller_refused"].seller_en)


def test_every_field_that_takes_free_text_is_named_where_personal_data_is_warned_of() -> None:
    warned = set(re.findall(r"`(\w+)`", re.findall(r"\*\*Free texts\*\* \(([^)]*)\)", PAGE.read_text(encoding="utf-8"))[0]))
    upstream = [schema.of(entry) for entry in ENTRIES if entry.direction == "upstream"]
    assert {name for stated in upstream for one in (stated, *stated.get("$defs", {}).values()) for name in free(one)} == warned


def free(stated: dict[str, Any]) -> Iterator[str]:
    """Fields in which somebody could write a name: texts without a form."""
    for name, field in stated.get("properties", {}).items():
        for one in (field, *field.get("anyOf", ())):
            if one.get("type") == "string" and not {"pattern", "enum", "const", "format"} & one.keys():
                yield name


def test_a_sender_is_told_of_each_refusal_once_by_the_ids_that_it_gave() -> None:
    headers = tuple((name, text.encode()) for name, text in {"ce_id": "e-1", "ce_source": "shop", "ce_type": "refund.requested"}.items())
    original = Record("storefront.v1", 3, 17, b"o-1", b"{}", headers)
    marked = (*copy_headers(original, "refund.quantity_exceeds", "wanted=7; left=1", 1), ("x-sequence", b"5"))
    twice = [entry_of(Record("refund.parked.v1", 3, offset, b"o-1", b"{}", marked)) for offset in (4, 5)]
    assert list(told(twice)) == [
        {
            "service": "refund", "app": "storefront", "key": "o-1", "source": "shop", "id": "e-1", "type": "refund.requested",
            "place": "storefront.v1/3/17", "code": "refund.quantity_exceeds", "detail": "wanted=7; left=1",
            "meaning": CATALOGUE["refund.quantity_exceeds"].meaning, "retryable": False,
        }
    ]  # fmt: skip


def test_what_is_unreadable_to_all_is_told_too() -> None:
    original = Record("psp.v1", 0, 1, None, b"{nope", ())
    marked = (*copy_headers(original, "event.missing_header", "ce_id", 1), ("x-sequence", b"1"))
    one = next(told([entry_of(Record("payment.parked.v1", 0, 0, None, b"{nope", marked))]))
    assert (one["app"], one["id"], one["key"], one["code"], one["place"]) == ("psp", "", "", "event.missing_header", "psp.v1/0/1")
