"""What the provider and a person say of payouts that came back and were paid all the same; what verify makes of them if it is altered."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from services.payment.model.payout import numbered
from shared.contracts.handling import HandlingNoted, MoneyHandled, PayoutHandled, PayoutSettled
from shared.contracts.payment import CompensationInstructed, PayoutContradicted, RefundContradicted, RefundInstructed
from shared.contracts.psp import CompensationFailed, PayoutFailed, PayoutSucceeded, RefundFailed
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.verify.damaged import Corruption, hours, more


def refused(fact: RefundInstructed | CompensationInstructed) -> bool:
    """By the provider."""
    return fact.order_id == "hand" or (fact.order_id == "won" and fact.amount_minor == 5_00)


def no(fact: RefundInstructed | CompensationInstructed) -> Message:
    said: dict[str, Any] = {"order_id": fact.order_id, "reason": "account closed", "occurred_at": fact.occurred_at}
    if isinstance(fact, RefundInstructed):
        return RefundFailed(refund_id=fact.refund_id, **said)
    return CompensationFailed(compensation_id=fact.compensation_id, **said)


def both(party: str) -> list[Message]:
    """Its first payout came back, was swept again and paid, and the provider had paid it after all."""
    return [paid_after_all(party, "06-11 10:00"), found(party, "paid", "06-12 10:00")]


def bounced(**parties: Literal["paid", "not_paid"]) -> list[Message]:
    """The first payout of each was paid, and came back to the provider, as it says; and how it was found."""
    words: list[Message] = []
    for party, how in parties.items():
        first = numbered(party, "CNY", 1)
        words.append(PayoutFailed(party=party, payout_id=first, reason="account closed", occurred_at=b.at("06-11 12:00")))
        words.append(found(party, how, "06-12 10:00"))
    return words


BACK = {"won": "paid", "late": "unclaimed", "gift": "arrived"}  # orders of which the first that was paid came back, and how it was settled


def came_back(told: Iterable[RefundInstructed | CompensationInstructed]) -> list[Message]:
    """As the provider says of what it had paid; and a person of that."""
    first = {fact.order_id: fact for fact in reversed([*told]) if fact.order_id in BACK}
    words: list[Message] = []
    for order_id, fact in first.items():
        when: dict[str, Any] = {"order_id": order_id, "occurred_at": b.at("06-10 14:00")}
        said: dict[str, Any] = {
            "handling_id": f"back-{order_id}",
            "how": BACK[order_id],
            "by": "ops-7",
            "reason": "asked",
            "reference": "psp-2",
        }
        if isinstance(fact, RefundInstructed):
            words.append(RefundFailed(refund_id=fact.refund_id, reason="account closed", **when))
            said |= {"of": "refund", "item_id": fact.refund_id}
        else:
            words.append(CompensationFailed(compensation_id=fact.compensation_id, reason="account closed", **when))
            said |= {"of": "compensation", "item_id": fact.compensation_id}
        words.append(MoneyHandled(order_id=order_id, **said, occurred_at=b.at("06-10 15:00")))
    return words


def paid_after_all(party: str, when: str) -> Message:
    return PayoutSucceeded(party=party, payout_id=numbered(party, "CNY", 1), occurred_at=b.at(when))


def found(party: str, how: Literal["paid", "not_paid"], when: str) -> Message:
    said: dict[str, Any] = {"handling_id": f"both-{party}", "how": how, "by": "ops-7", "reason": "asked the provider", "reference": "psp-1"}
    return PayoutHandled(party=party, payout_id=numbered(party, "CNY", 1), **said, occurred_at=b.at(when))


def paid(fact: PayoutSettled) -> bool:
    return fact.how == "paid" and fact.moves is not None


def not_paid(fact: PayoutSettled) -> bool:
    return fact.how == "not_paid" and fact.moves is None


def arrived(fact: PayoutSettled) -> bool:
    return fact.how == "paid" and fact.moves is None


def back(fact: PayoutSettled) -> bool:
    return fact.how == "not_paid" and fact.moves is not None


def later(fact: PayoutContradicted) -> bool:
    return fact.bounced


def again(fact: PayoutContradicted) -> bool:
    return not fact.bounced


def of_what_bounced(fact: HandlingNoted) -> bool:
    return fact.moves is not None and fact.how == "paid"


def has_arrived(fact: HandlingNoted) -> bool:
    return fact.how == "arrived"


# fmt: off
OF_PAYOUTS = (
    Corruption("a contradicted payout holds back a fen less than is there", "nothing is paid out",
               lambda copy: copy.forge(PayoutContradicted, again, held_minor=more(-1))),
    Corruption("a payout that bounced holds back a fen though nothing is there", "nothing is paid out",
               lambda copy: copy.forge(PayoutContradicted, later, held_minor=more(1))),
    Corruption("a payout is told to have bounced that was never paid", "a payout is contradicted once",
               lambda copy: copy.forge(PayoutContradicted, again, bounced=True, held_minor=0)),
    Corruption("why a payout bounced is told otherwise", "what a fact passes on",
               lambda copy: copy.forge(PayoutContradicted, later, reason="account frozen")),
    Corruption("what bounced is found to have arrived and all the same in the balance", "every transaction moves exactly",
               lambda copy: copy.forge(PayoutSettled, arrived, how="not_paid")),
    Corruption("of what bounced a fen more is in the balance again", "income repays",
               lambda copy: copy.forge(PayoutSettled, back, to_balance_minor=more(1))),
    Corruption("of what bounced a fen less is posted", "every transaction moves exactly",
               lambda copy: copy.forge(PayoutSettled, back, amount_minor=more(-1))),
    Corruption("what bounced is swept a day later", "sweeps and further tries",
               lambda copy: copy.forge(PayoutSettled, back, sweep_at=hours(24))),
    Corruption("what a contradicted payout holds is swept before anybody settled it", "nothing is paid out",
               lambda copy: copy.lose(PayoutSettled, not_paid)),
    Corruption("what came back is told as owed, and the platform paid it", "every transaction moves exactly",
               lambda copy: copy.forge(HandlingNoted, of_what_bounced, how="unclaimed")),
    Corruption("what a person settled as arrived moves money", "every transaction moves exactly",
               lambda copy: copy.forge(HandlingNoted, has_arrived, how="paid")),
    Corruption("what came back is settled, and nobody was told", "settled by hand: a person",
               lambda copy: copy.lose(RefundContradicted)),
    Corruption("what came back was refused before", "settled by hand: a person",
               lambda copy: copy.forge(RefundContradicted, bounced=False)),
    Corruption("why a refund came back is told otherwise", "what a fact passes on",
               lambda copy: copy.forge(RefundContradicted, reason="account frozen")),
    Corruption("a payout is settled by a person again", "a payout is contradicted once", lambda copy: copy.repeat(PayoutSettled, not_paid)),
    Corruption("a payout is settled that nobody contradicted", "a payout is contradicted once",
               lambda copy: copy.lose(PayoutContradicted, again)),
    Corruption("a payout that bounced is settled, and nobody was told", "a payout is contradicted once",
               lambda copy: copy.lose(PayoutContradicted, later)),
    Corruption("a payout was found paid by another person", "what a fact passes on",
               lambda copy: copy.forge(PayoutSettled, paid, by="ops-8")),
    Corruption("of what was paid after all a fen more is told as owed", "income repays",
               lambda copy: copy.forge(PayoutSettled, paid, debt_minor=more(1))),
    Corruption("what was not paid after all is swept a day later", "sweeps and further tries",
               lambda copy: copy.forge(PayoutSettled, not_paid, sweep_at=hours(24))),
    Corruption("what was paid after all is stated a day later", "deadlines of payment",
               lambda copy: copy.forge(PayoutSettled, paid, stated_by=hours(24))),
)
# fmt: on
