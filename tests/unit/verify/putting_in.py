"""What parties put in on the provider's statement; what verify makes of it if it is altered. Source: R3.9."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from shared.contracts.payment import DepositReceived
from shared.contracts.seller import PrefundToppedUp
from shared.contracts.stated import PutInBreakExplained, PutInBreakFound, PutInStated
from shared.contracts.subsidy import PrefundReceived
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.verify.damaged import Corruption, hours, more


def stated() -> Iterable[Message]:
    """Of what was put in on 05-20 one is stated alike, late, one with a fen less, one twice, one never; one that nobody booked. One that
    came on 06-13 is still to be stated.
    """
    said: dict[str, Any] = {"when": "06-12 02:00", "day": "2026-05-20"}
    yield b.put_in_stated("a", "d1", 50_00, party="s1", **said)
    yield b.put_in_stated("b", "p1", 3_99, "prefund", party=b.PROMOTER, **said)
    for line_id in ("c", "d"):
        yield b.put_in_stated(line_id, "p9", 9_00, "prefund", party="k9", **said)
    yield b.put_in_stated("e", "p0", 1_00, "prefund", party="k9", **said)
    yield PrefundToppedUp(promoter_id="k8", prefund_id="p8", amount_minor=1_00, currency="CNY", occurred_at=b.at("06-13 23:30"))


def late(fact: PrefundReceived) -> bool:
    return fact.prefund_id == "p8"


def of_amount(fact: PutInBreakFound) -> bool:
    return fact.break_kind == "amount"


# fmt: off
OF_PUT_IN = (
    Corruption("a line about a deposit was compared with another amount", "every line about money put in",
               lambda copy: copy.forge(PutInStated, lambda fact: fact.line_id == "a", amount_minor=more(1))),
    Corruption("a line about prefunded money was compared as of a deposit", "every line about money put in",
               lambda copy: copy.forge(PutInStated, lambda fact: fact.line_id == "b", movement="deposit")),
    Corruption("a line about a deposit is of another day", "what a fact passes on",
               lambda copy: copy.forge(PutInStated, statement_id="st0")),
    Corruption("a break of money put in is not announced", "the breaks of money put in",
               lambda copy: copy.lose(PutInBreakFound, of_amount)),
    Corruption("money put in has a day more to be stated", "the breaks of money put in",
               lambda copy: copy.forge(PrefundReceived, late, stated_by=hours(24))),
    Corruption("money put in has an hour more to be stated than the policy says", "deadlines of payment",
               lambda copy: copy.forge(DepositReceived, stated_by=hours(1))),
    Corruption("a line about money put in has an hour more to be known", "deadlines of payment",
               lambda copy: copy.forge(PutInStated, known_by=hours(1))),
    Corruption("money put in is of the next day", "what parties were paid and put in",
               lambda copy: copy.forge(PrefundReceived, late, day="2026-06-14")),
    Corruption("money put in is of no day, and so compared with nothing", "what parties were paid and put in",
               lambda copy: copy.forge(PrefundReceived, late, day=None)),
    Corruption("a break of money put in is announced twice", "every break is announced",
               lambda copy: copy.repeat(PutInBreakFound, of_amount)),
    Corruption("a break of money put in is explained by the other side", "every break is announced",
               lambda copy: copy.forge(PutInBreakExplained, by="ledger")),
    Corruption("a break of money put in tells of a fen more than was booked", "every break says",
               lambda copy: copy.forge(PutInBreakFound, of_amount, ours_minor=more(1))),
)
# fmt: on
