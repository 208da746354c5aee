"""Every value of the policy has its words, its rule and its schema; what a change of it means is said, and for whom. Source: R9.1."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from shared.policy import Policy
from shared.policy.changes import HEAD, changes, leaves, shown, word_of
from shared.policy.schema import schema
from shared.policy.words import WORDS
from tests.unit.builders import POLICY

FILE = Path(__file__).parents[2] / "deploy" / "policy.yaml"
DOCUMENT: dict[str, Any] = POLICY.model_dump(mode="json")
PATHS = list(leaves(POLICY))
SCHEMA = Draft202012Validator(schema())


def changed(path: str, value: object) -> dict[str, Any]:
    """The document with one value changed; `tiers.1.escrow_days` for one of a list; value ...: it is not there."""
    found = copy.deepcopy(DOCUMENT)
    place: Any = found
    *way, last = path.split(".")
    for name in way:
        place = place[int(name)] if isinstance(place, list) else place[name]
    if value is ...:
        del place[last]
    else:
        place[int(last) if isinstance(place, list) else last] = value
    return found


def read(document: dict[str, Any]) -> Policy:
    return Policy.model_validate_json(json.dumps(document))


def at(path: str) -> str:
    """The path of a tier's value with its number for its name."""
    for number, tier in enumerate(POLICY.trust.tiers):
        path = path.replace(f"trust.tiers.{tier.name}.", f"trust.tiers.{number}.")
    return path


@pytest.mark.parametrize("path", PATHS)
def test_every_value_has_its_words_its_audience_and_its_rule(path: str) -> None:
    word, _ = word_of(path)
    assert word.says.count("{}") == 1
    assert re.fullmatch(r"R\d+\.\d+(, R\d+\.\d+)*", word.rule)


def test_no_words_are_of_a_value_that_is_not_there() -> None:
    used = {id(word_of(path)[0]) for path in PATHS}
    assert [pattern for pattern, word in WORDS.items() if id(word) not in used] == []


def test_a_value_without_words_would_be_noticed() -> None:
    with pytest.raises(LookupError, match=r"order\.new_value"):
        word_of("order.new_value")


@pytest.mark.parametrize("path", [path for path in PATHS if not isinstance(leaves(POLICY)[path], str | tuple)])
def test_a_change_of_any_number_is_told_by_its_path_in_words_with_both_values(path: str) -> None:
    before = leaves(POLICY)[path]
    after = (not before) if isinstance(before, bool) else before + 1 if isinstance(before, int) else before
    new = Policy.model_construct(**{**POLICY.__dict__, "effective_from": POLICY.effective_from})
    (found,) = changes(POLICY, _put(new, at(path).split("."), after))
    assert (found.path, found.old, found.new) == (path, before, after)
    assert re.search(
        r" become .+ \(R[\d.R, ]+\), for (orders placed|what happens|scores|orders, scores and budgets) from 2020-01-01 00:00$",
        found.sentence,
    ), found
    assert found.sentence.startswith(f"{found.word.who}: ")


def _put(value: Any, way: list[str], leaf: object) -> Any:
    """A copy of the frozen section with the value at that place."""
    if not way:
        return leaf
    name, rest = way[0], way[1:]
    if isinstance(value, dict):
        return {**value, name: _put(value[name], rest, leaf)}
    if isinstance(value, tuple):
        return tuple(_put(one, rest, leaf) if number == int(name) else one for number, one in enumerate(value))
    return value.model_copy(update={name: _put(getattr(value, name), rest, leaf)})


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("refund.no_reason_days", 10, "buyers: 7 days to return without reason become 10 (R4.5), for orders placed from 2026-12-01 08:00"),
        ("payment.fee_bp", 650, "sellers: 5% of what the buyer paid as the platform's fee become 6.50% (R3.3), for orders placed from "),
        (
            "order.late.min_minor.CNY",
            1000,
            "buyers and sellers: at least 5.00 CNY owed for shipping late become 10.00 CNY (R2.4), for orders ",
        ),
        ("payment.sweep", False, "sellers and promoters: daily payout of balances on become off (R3.1), for what happens from "),
        ("trust.evidence.late.weight", -4, "everybody: a weight of -2 for late become -4 (R5.5), for what happens from "),
        ("trust.tiers.1.escrow_days", 8, "sellers: 7 days in escrow in the tier good become 8 (R5.7), for orders placed from "),
        ("order.tags", ["ship_24h"], "what a line may be tagged with, ship_24h, refund_without_return, return_freight, authentic_x3, "),
        ("refund.fund.day_minor.USD", 100, "buyers: 1.00 USD a day that the guarantee fund pays by itself, where nothing was said before"),
        ("refund.fund.day_minor.CNY", ..., "buyers: no more: 50,000.00 CNY a day that the guarantee fund pays by itself (R4.6), for what "),
        ("trust.evidence.late.counts_for.promoter", ["content"], "everybody: late counted for a promoter in content, where nothing was "),
    ],
)
def test_the_words_of_a_change(path: str, value: object, sentence: str) -> None:
    new = read(changed(path, value) | {"version": "2", "effective_from": "2026-12-01T00:00:00Z"})
    (found,) = changes(POLICY, new)
    assert sentence in found.sentence
    assert "2026-12-01 08:00" in found.sentence


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        *(("payment.sweep", value, words) for value, words in ((True, "on"), (False, "off"))),
        *(("order.late.bp", value, words) for value, words in ((1_000, "10%"), (1_005, "10.05%"), (50, "0.50%"), (10_000, "100%"))),
        *(("order.tags", value, words) for value, words in (((), "nothing"), (("a", "b"), "a, b"))),
        ("order.late.min_minor.CNY", 5_00, "5.00 CNY"),
        ("trust.roles.seller.dimensions.service", 30, "30%"),
        *(("order.pay_minutes", 30, "30"), ("lead_minutes", 30, "30")),
        ("zone", "Asia/Shanghai", "Asia/Shanghai"),
    ],
)
def test_a_value_is_shown_as_a_shop_manager_writes_it(path: str, value: Any, words: str) -> None:
    assert shown(path, value) == words


def test_what_is_only_written_otherwise_is_no_change() -> None:
    turned = read(changed("order.tags", list(reversed(POLICY.order.tags))) | {"version": "2", "effective_from": "2026-12-01T00:00:00Z"})
    assert changes(POLICY, turned) == []
    assert changes(POLICY, read(changed("trust.evidence.completed.counts_for.buyer", ["after_sales", "fulfilment"]))) == []
    assert [one.path for one in changes(POLICY, read(changed("trust.suspension_days", [7, 30, 120, 361])))] == ["trust.suspension_days"]
    assert len(changes(POLICY, read(changed("trust.violations.kinds.abuse.points", [5, 10, 20])))) == 1  # the first if none are told


def test_a_tier_that_is_new_is_told_value_by_value_by_its_name() -> None:
    tiers = DOCUMENT["trust"]["tiers"]
    told = changes(POLICY, read(changed("trust.tiers", [{**tiers[0], "name": "best", "least": 950}, *tiers])))
    assert [one.path for one in told] == [f"trust.tiers.best.{name}" for name in ("least", "traffic_pct", "escrow_days")]


# -- the file


def _commented(node: yaml.Node, path: str, lines: tuple[int, ...]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Every value of a YAML text: its path, and the lines on which its comment may stand: its own and those of its sections."""
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            yield from _commented(value, f"{path}.{name.value}".strip("."), (*lines, name.start_mark.line))
    elif path == "trust.tiers" and isinstance(node, yaml.SequenceNode):
        for section in node.value:
            names = {name.value: value for name, value in section.value}
            rest = [(name, value) for name, value in section.value if name.value != "name"]
            inner = yaml.MappingNode(section.tag, rest, section.start_mark, section.end_mark)
            yield from _commented(inner, f"{path}.{names['name'].value}", lines)
    elif path not in HEAD:
        yield path, lines


def test_every_value_of_the_file_has_its_rule_beside_it_or_at_its_section() -> None:
    text = FILE.read_text(encoding="utf-8").splitlines()
    document = yaml.compose(FILE.read_text(encoding="utf-8"))
    assert document is not None
    found = dict(_commented(document, "", ()))
    assert set(found) == set(PATHS)
    for path, lines in found.items():
        said = {rule for line in lines for rule in re.findall(r"R\d+\.\d+", text[line].partition("#")[2])}
        assert said & set(word_of(path)[0].rule.split(", ")), (path, said)


# -- the schema


def test_the_schema_is_sound_and_takes_the_deployed_policy() -> None:
    Draft202012Validator.check_schema(schema())
    for document in yaml.safe_load_all(FILE.read_text(encoding="utf-8")):
        document["effective_from"] = document["effective_from"].isoformat()
        SCHEMA.validate(document)
    SCHEMA.validate(DOCUMENT)


def _described(part: dict[str, Any], path: str) -> Iterator[tuple[str, str]]:
    inner = {f"{path}.{name}".strip("."): value for name, value in part.get("properties", {}).items()}
    inner |= {f"{path}.*": value for value in part.get("patternProperties", {}).values()}
    if isinstance(part.get("additionalProperties"), dict):
        inner[f"{path}.*"] = part["additionalProperties"]
    if "items" in part and "properties" in part["items"]:
        inner[f"{path}.*"] = part["items"]
    if not inner:
        yield path, part.get("description", "")
    for name, value in inner.items():
        yield from _described(value, name)


def test_every_field_of_the_schema_says_what_it_is_and_by_which_rule() -> None:
    fields = dict(_described(schema(), ""))
    assert {path for path in fields if path not in WORDS} == {*HEAD, "trust.tiers.*.name"}
    assert set(WORDS) <= set(fields)
    assert [path for path, text in fields.items() if not re.search(r"Source: R\d", text)] == []


@pytest.mark.parametrize("path", [at(path) for path in PATHS if "*" not in path and not path.startswith("trust.evidence.")])
@pytest.mark.parametrize("value", [-1, "x", None, 10**13, ...])
def test_schema_and_services_refuse_the_same_values(path: str, value: object) -> None:
    """What a dictionary of currencies lacks is no fault, nor are a name that is a zone and a penalty that nothing bounds."""
    document = changed(path, value)
    try:
        read(document)
        services_take = True
    except ValidationError:
        services_take = False
    if (path == "zone" and value == "x") or (".dimensions." in path and value is ...):  # beyond a schema: what zones there are, a sum
        assert not services_take
    else:
        assert SCHEMA.is_valid(document) == services_take


@pytest.mark.parametrize(
    "more", [{"ordr": {}}, {"trust": DOCUMENT["trust"] | {"tier": 1}}, {"refund": DOCUMENT["refund"] | {"no_reason_day": 7}}]
)
def test_the_schema_refuses_a_typo(more: dict[str, Any]) -> None:
    assert not SCHEMA.is_valid(DOCUMENT | more)


def test_the_schema_refuses_a_name_that_is_none() -> None:
    kinds = DOCUMENT["trust"]["violations"]["kinds"]
    assert SCHEMA.is_valid(changed("trust.violations.kinds.another_one", next(iter(kinds.values()))))
    assert not SCHEMA.is_valid(changed("trust.violations.kinds.Another One", next(iter(kinds.values()))))


# -- beyond the schema


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        ("order.tags", ["ship_24h", "ship_48h"], r"order\.tags: no rule knows ship_48h \(R2\.4, R4\.7\)"),
        ("order.tags", ["authentic_x0"], "no rule knows authentic_x0"),
        ("order.tags", ["ship_24h", "ship_24h"], r"order\.tags: something stands twice"),
        ("order.late.min_minor", {"CNX": 5}, r"order\.late\.min_minor: CNX is no currency \(R1\.1\)"),
        ("refund.fund.day_minor", {"XXX": 5}, r"refund\.fund\.day_minor: XXX is no currency"),
        ("order.late.max_minor.CNY", 499, "the least amount is above the highest"),
        ("order.sham.min_minor.CNY", 20_001, "the least amount is above the highest"),
        ("refund.guarantees.authenticity.food_multiple", 2, r"food_multiple: unsafe food costs less than another fraud \(R4\.9\)"),
        ("refund.guarantees.authenticity.food_min_minor.CNY", 49_999, r"food_min_minor\.CNY: unsafe food costs less"),
        ("payment.clawback_days_short", 16, r"payment\.clawback_days_short: longer than the usual one \(R3\.6\)"),
        ("trust.evidence.completed.weight", -1, r"trust\.evidence\.completed\.weight: -1 has the wrong sign \(R5\.5\)"),
        ("trust.evidence.counterfeit.weight", 10, r"trust\.evidence\.counterfeit\.weight: 10 has the wrong sign"),
        ("trust.evidence.late.weight", 0, "evidence without weight is no evidence"),
        ("trust.evidence.late.counts_for.seller", ["logistics", "logistics"], "a dimension stands twice"),
        ("trust.evidence.late.counts_for.seller", ["speed"], r"\['speed'\], which seller does not have"),
        ("trust.ceiling.kinds", ["completed"], r"trust\.ceiling\.kinds: completed is to anybody's credit \(R5\.3\)"),
        ("trust.ceiling.kinds", ["counterfeit", "counterfeit"], r"trust\.ceiling\.kinds: something stands twice"),
        ("trust.roles.seller.dimensions.goods", 41, "sum to 101, not to 100"),
        ("trust.tiers.1.least", 900, "tiers do not descend to 0"),
        ("trust.tiers.2.traffic_pct", 101, r"trust\.tiers\.fair\.traffic_pct: more traffic than in the better tier good \(R5\.7\)"),
        ("trust.tiers.2.escrow_days", 6, r"trust\.tiers\.fair\.escrow_days: a shorter escrow than in the better tier good"),
        ("trust.suspension_days", [7, 30, 30, 360], r"trust\.suspension_days: a higher level does not suspend for longer \(R6\.2\)"),
        ("lead_minutes", 9, "lead_minutes"),
        ("order.late", {"bp": 1, "min_minor": {"CNY": 1, "USD": 2}, "max_minor": {"CNY": 1, "USD": 1}}, "the least amount is above"),
        *(("effective_from", edge, "edge of the calendar") for edge in ("0001-01-01T12:00:00Z", "9999-12-31T12:00:00Z")),
    ],
)
def test_r9_1_what_contradicts_itself_is_refused_by_field_and_rule(path: str, value: object, fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        read(changed(path, value))


@pytest.mark.parametrize("path", sorted({path.rpartition(".")[0] for path in PATHS if path.rpartition(".")[0].endswith("_minor")}))
def test_r1_1_no_amount_is_of_a_currency_that_there_is_not(path: str) -> None:
    with pytest.raises(ValidationError, match=rf"{re.escape(path)}: XXX is no currency"):
        read(changed(f"{path}.XXX", 1_000_00))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("order.ship_hours_24h", 48),
        ("order.late.max_minor.CNY", 5_00),
        ("payment.clawback_days_short", 15),
        ("refund.guarantees.authenticity.food_multiple", 3),
        ("refund.guarantees.authenticity.food_min_minor.CNY", 500_00),
        ("trust.tiers.2.traffic_pct", 100),
        ("trust.tiers.2.escrow_days", 7),
        ("trust.prior_good", 10),
    ],
)
def test_r9_1_what_is_no_more_than_what_bounds_it_is_taken(path: str, value: object) -> None:
    assert leaves(read(changed(path, value)))[path.replace("tiers.2", "tiers.fair")] == value
