"""After-sale in the words of buyers and sellers, every guarantee granted and refused, to the second; each told plainly, with every event
twice, and with what belongs to one moment told backwards. Source: R4.

All journeys are played side by side along one walk of the clock; then each is looked at by itself.
"""

from __future__ import annotations

import asyncio
import json
from datetime import datetime

import pytest

from deploy.cli.story import LANGUAGES, tell, tell_each
from shared.texts import Reader, numbers_of, sentence
from tests.journeys.aftersale import cards, claims, delivery, disputes, faults, first_order, money, no_reason
from tests.journeys.aftersale.player import OWN, SHANGHAI, How, Life, Play, fits
from tests.journeys.aftersale.sentences import SENTENCES
from tests.journeys.aftersale.words import Journey
from tests.journeys.conftest import Town
from tests.journeys.outside import Fact

pytestmark = [pytest.mark.stack, pytest.mark.timeout(900)]
THEMES = (no_reason, faults, claims, delivery, first_order, cards, disputes, money)
TABLE: list[Journey] = [one for theme in THEMES for one in theme.JOURNEYS]
PLAYS = [(one.name, how) for one in TABLE for how in ("plain", "twice", "shuffled") if fits(one, how)]


@pytest.fixture(scope="module")
def play(town: Town) -> Play:
    """The whole table, played to its end."""
    played = Play(town, TABLE)
    played.played()
    return played


def test_no_journey_is_told_twice() -> None:
    assert len({one.name for one in TABLE}) == len(TABLE) >= 60


@pytest.mark.parametrize(("name", "how"), PLAYS, ids=[f"{how}: {name}" for name, how in PLAYS])
def test_journey(play: Play, name: str, how: str) -> None:
    life = next(one for key, one in play.lives.items() if key == (name, how))
    then, facts = life.journey.then, play.facts(life, *OWN)
    assert ends(facts) == then.cases, types(facts)
    assert play.refused(life) == set(then.refused)
    assert refunded(facts) == then.refunded
    assert beside(facts) == then.beside
    for kind, at in then.at.items():
        found = [fact.body["occurred_at"] for fact in facts if fact.type == kind]
        assert [moment(one) for one in found] == [(play.midnight + at).isoformat()], kind
    assert set(then.facts) <= {*types(facts)}
    assert not set(then.never) & {*types(facts)}
    assert set(then.withheld) <= withheld(facts)
    assert money_of(play, life) == (0, then.seller if then.seller is not None else money_of(play, life)[1], then.promoter, then.fund)


@pytest.mark.parametrize("code", SENTENCES)
def test_a_refusal_is_told_to_buyer_and_seller_in_their_words(play: Play, code: str) -> None:
    """R4.2: in Chinese and English, with the numbers of the case as they stand in the copy on refund.parked.v1."""
    life, expected = refused_by(play, code), said(play, code)
    copy = next(fact for fact in play.facts(life) if fact.headers.get("x-reason") == code)
    assert copy.topic == "refund.parked.v1"
    filled = numbers_of(copy.headers["x-error"])
    for reader, texts in expected.items():
        found = tuple(sentence(code, filled, language, reader, currency="CNY", zone=SHANGHAI.key) for language in LANGUAGES)
        assert found == texts


@pytest.mark.parametrize("code", ["buyer.differs", "no_reason.window_over", "refund.amount_exceeds"])
def test_explain_tells_it_where_it_tells_of_the_order(play: Play, code: str) -> None:
    told = play.explained(refused_by(play, code))
    assert f"refused by refund: {code}, " in told
    for reader, texts in said(play, code).items():
        assert f"{reader}: {' / '.join(texts)}\n" in told


def test_explain_reads_a_part_of_the_topics_and_tells_what_it_would_tell_of_all(play: Play) -> None:
    """Apps spread keys by CRC32 here, so their topics are read whole; ours by the order's partition, parties' from its first record."""
    orders = [life.names["order"] for life in play.lives.values()][::80]
    stories = asyncio.run(tell_each(play.town.stack, orders))
    for order in orders:
        part, whole = asyncio.run(tell(play.town.stack, order)), stories[order]
        assert [step.entry.ref for step in part.steps] == [step.entry.ref for step in whole.steps] != []
        assert part == whole


def test_every_refusal_of_the_table_has_its_sentence() -> None:
    assert {code for one in TABLE for code in one.then.refused} == {*SENTENCES}


@pytest.mark.parametrize("how", ["plain", "twice", "shuffled"])
def test_the_books_say_who_paid_a_first_order_r4_6(play: Play, how: How) -> None:
    """As `laotie ledger show` has it: the order's escrow is empty, the seller was paid as if nothing had been, the fund bears it."""
    life = play.lives["A second later the platform pays, and the seller is settled as if nothing had been", how]
    books = json.loads(play.town.laotie("ledger", "show", life.names["order"], "--json"))["order"]
    found = {one["account"]: one["amount_minor"] for part in ("balances", "others") for one in books[part]}
    seller = f"balance:{life.names['seller']}"
    assert found[f"escrow:{life.names['order']}"] == 0
    assert (found[seller], found["platform:guarantee_fund"], found["platform:commission"]) == (57_00, -60_00, 3_00)


def said(play: Play, code: str) -> dict[Reader, tuple[str, ...]]:
    """What each side should read; nothing where it is not for them."""
    then, texts = refused_by(play, code).journey.then, SENTENCES[code]
    until = f"{play.midnight + then.until:%Y-%m-%d %H:%M:%S}" if then.until else ""
    zh, en, seller_zh, seller_en = (one.format(until=until) for one in (*(texts or ("", "")), *(texts or ("", "")))[:4])
    return {"buyer": (zh, en), "seller": (seller_zh, seller_en)}


def refused_by(play: Play, code: str) -> Life:
    """A journey that met with it, one that says until when if there is any."""
    met = [one for one in TABLE if code in one.then.refused]
    return play.lives[next((one for one in met if one.then.until), met[0]).name, "plain"]


def ends(facts: list[Fact]) -> dict[str, str]:
    """Of each case that was opened."""
    cases = {fact.body["case_id"]: "open" for fact in facts if fact.type == "case.opened"}
    closed = {fact.body["case_id"]: f"{fact.body['state']} {fact.body['code']}" for fact in facts if fact.type == "case.closed"}
    return cases | closed


def withheld(facts: list[Fact]) -> set[str]:
    promises = [one for fact in facts if fact.type == "certificate.issued" for one in fact.body["guarantees"]]
    return {one.get("withheld", "") for one in promises}


def types(facts: list[Fact]) -> list[str]:
    return [fact.type for fact in facts]


def refunded(facts: list[Fact]) -> int:
    """What the provider was told to give back and gave."""
    failed = {fact.body["refund_id"] for fact in facts if fact.type == "refund.not_paid"}
    told = [fact for fact in facts if fact.type == "refund.instructed" and fact.body["refund_id"] not in failed]
    paid: int = sum(fact.body["amount_minor"] for fact in facts if fact.type == "refund.done")
    assert paid == sum(fact.body["amount_minor"] for fact in told)
    return paid


def beside(facts: list[Fact]) -> dict[str, int]:
    """What the provider was told to pay beside, by why."""
    why = {fact.body["compensation_id"]: fact.body["why"] for fact in facts if fact.type == "compensation.granted"}
    told = [fact.body for fact in facts if fact.type == "compensation.instructed"]
    return {why.get(one["compensation_id"], one["rule"]): one["amount_minor"] for one in told}


def money_of(play: Play, life: Life) -> tuple[int, int, int, int]:
    """Escrow, which must be empty; what is the sellers', the promoter's; what the platform's guarantees cost."""
    out: dict[str, int] = {fact.key: 0 for fact in play.facts(life, "party.v1")}
    for fact in play.facts(life, "party.v1", kind="payout.done"):
        out[fact.key] += fact.body["amount_minor"]
    accounts = ("balance", "deposit", "debt", "payout")

    def owns(who: str) -> int:
        return out.get(life.names[who], 0) + play.owned(life, *(f"{account}:{{{who}}}" for account in accounts))

    escrow = play.owned(life, "escrow:{order}", "escrow:{second}")
    return escrow, owns("seller"), owns("promoter"), -play.owned(life, "platform:guarantee_fund")


def moment(said: str) -> str:
    return datetime.fromisoformat(said).astimezone(SHANGHAI).isoformat()
