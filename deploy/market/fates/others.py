"""Campaigns, and sellers with a life of their own: deposits, withdrawals, suspensions. What they need is told on the first day."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from deploy.market import apps, rulebook
from deploy.market.fates.delivery import bought
from deploy.market.life import Life
from deploy.market.sent import Sent, closing


def contended(life: Life) -> None:
    """One unit of what is too scarce: who has it does not pay, and it can be sold again the next evening. Source: R2.7."""
    life.contest = f"{life.first.sku} on day {life.show}"
    life.place()
    life.expected.state = "expired"


def not_to_be_had(life: Life) -> None:
    """Not reviewed for the campaign, or more than an identity may have. Source: R2.7."""
    life.place()
    life.expected.state = "rejected"


def with_deposit(life: Life) -> None:
    """The seller puts in more than is required, and asks for the rest: a fen more is refused. Then more is required of it. What it owes
    for a late parcel comes from its deposit, which its income fills again. Source: R3.5, R3.7.
    """
    seller, currency = life.first.seller_id, life.cart.currency
    required, before = life.first.gross_minor // 2, life.first.gross_minor // 4
    life.topped_up[seller] = required * 4 // 5
    surplus = life.topped_up[seller] - before
    life.sent.append(apps.registered(seller, closing(0) - timedelta(minutes=50), before, currency))
    life.sent.append(apps.topped_up(seller, closing(0) - timedelta(minutes=40), life.topped_up[seller], currency))
    _draw(life, closing(0) - timedelta(minutes=35), surplus, "deposit")
    life.sent.append(apps.registered(seller, closing(0) - timedelta(minutes=30), required, currency, number=2))
    life.place()
    life.pay()
    life.ship(life.rng.choice((1, 4)))
    life.sign()
    life.settle()
    life.deposit[seller] = required, life.topped_up[seller] - surplus + _income(life) - life.charged[seller]


def short_of_subsidies(life: Life) -> None:
    """A promoter prefunded part of what its coupon costs: the rest is advanced, and repaid first from what it earns. Source: R3.1, R3.7."""
    _prefund(life)
    bought(life)
    life.settle()
    _left(life)


def short_and_cancelled(life: Life) -> None:
    """All of it comes back: what was advanced is repaid, the rest is prefunded as before. Source: R3.4."""
    _prefund(life)
    life.place()
    life.pay()
    life.cancel({})
    life.settle()
    _left(life)


def _prefund(life: Life) -> None:
    """Three fifths of what is needed."""
    promoter, given = life.first.promoter_id or "", sum(item.subsidies.get("promoter", 0) for item in life.cart.items)
    life.prefunded[promoter] = given * 3 // 5, given - given * 3 // 5
    life.sent.append(apps.prefunded(promoter, closing(0) - timedelta(minutes=40), given * 3 // 5, life.cart.currency))


def _left(life: Life) -> None:
    """What came back and what was earned, in this order, repays the advance."""
    ((promoter, (put_in, advanced)),) = life.prefunded.items()
    back = put_in + advanced - life.given[promoter]
    earned = sum(shares[1] for shares in life.expected.lines.values())
    life.prefunded[promoter] = max(0, back - advanced), max(0, advanced - back - earned)


def withdrawn(life: Life) -> None:
    """The seller asks for too much, then for what it has on the day it has it. Source: R3.1."""
    life.place()
    life.pay()
    life.ship(1)
    life.sign()
    life.confirm(life.signed + 1)
    life.settle()
    _draw(life, closing(life.signed + 8) - timedelta(hours=6), _income(life))


def suspended(life: Life) -> None:
    """The seller broke a rule before; its appeal is lost. Source: R2.8, R6.2."""
    subject, at = _seller(life), closing(0) - timedelta(minutes=50)
    _violated(life, rulebook.violated(subject, at, 1))
    life.sent.append(replace(rulebook.violated(subject, at, number=9, kind="bad_mood"), refused="violation.kind_unknown"))
    _appealed(life, "lost")
    life.sent.append(rulebook.upheld(subject, closing(0) - timedelta(minutes=30)))
    life.place()
    life.expected.state = "rejected"


def streamer_suspended(life: Life) -> None:
    """The promoter dealt off the platform before, twice. Source: R2.8, R6.2."""
    for level in (1, 2):
        at = closing(0) - timedelta(minutes=50 - level)
        _violated(life, rulebook.violated(f"promoter:{life.first.promoter_id}", at, level, number=level))
    life.place()
    life.expected.state = "rejected"


def found_suspended(life: Life) -> None:
    """It comes out a day later that the seller was suspended: the order is paid, so it stands, and is listed. Its appeal is too late.

    Source: R2.8, R6.2.
    """
    bought(life)
    at = closing(life.show) - timedelta(hours=2)
    _violated(life, replace(rulebook.violated(_seller(life), at, 2), phase=life.show + 1))
    life.sent.append(rulebook.appealed(_seller(life), at + timedelta(days=8), refused="violation.appeal_too_late"))
    life.expected.listed = True
    life.settle()


def removed(life: Life) -> None:
    """Five times twenty points: the seller is no more. Study afterwards takes points off, and gives nothing back. Source: R6.1."""
    for number in range(1, 6):
        _violated(life, rulebook.violated(_seller(life), closing(0) - timedelta(minutes=50 - number), number=number))
    _studied(life, closing(0) - timedelta(minutes=20))
    life.place()
    life.expected.state = "rejected"


def studied(life: Life) -> None:
    """The same points less study: the seller goes on. Source: R6.1."""
    _studied(life, closing(0) - timedelta(minutes=51))
    for number in range(1, 6):
        _violated(life, rulebook.violated(_seller(life), closing(0) - timedelta(minutes=50 - number), number=number))
    bought(life)
    life.settle()


def acquitted(life: Life) -> None:
    """A hit of a hundred points, suspended besides, and all of it void on appeal before the show. Source: R6.2."""
    hit = rulebook.violated(_seller(life), closing(0) - timedelta(minutes=50), 5, points=None, kind="counterfeit_sale")
    life.sent.append(hit)
    life.points[_seller(life)] = 0
    _appealed(life, "won")
    life.sent.append(rulebook.voided(_seller(life), closing(0) - timedelta(minutes=30)))
    bought(life)
    life.settle()


def _violated(life: Life, sent: Sent) -> None:
    """It counts against the score too. Source: R5.5, R6.1."""
    life.sent.append(sent)
    life.points[sent.key] += sent.body["points"]
    life.evidence[f"{sent.key}/violation"] += 1


def _studied(life: Life, at: datetime) -> None:
    life.sent.append(rulebook.studied(_seller(life), at, 10))
    life.points[_seller(life)] -= 10


def _appealed(life: Life, outcome: str) -> None:
    life.sent.append(rulebook.appealed(_seller(life), closing(0) - timedelta(minutes=40)))
    life.appeals[f"v-{_seller(life)}-1"] = outcome


def _draw(life: Life, at: datetime, amount_minor: int, of: str = "balance") -> None:
    """A fen more than there is, then all of it."""
    seller = life.first.seller_id
    for number, amount in enumerate((amount_minor + 1, amount_minor)):
        withdrawal = f"w-{seller}-{number}"
        life.sent.append(apps.withdrawal(seller, at + timedelta(minutes=number), withdrawal, amount, life.cart.currency, of))
        life.withdrawals[withdrawal] = "paid" if number else "refused"


def _seller(life: Life) -> str:
    return f"seller:{life.first.seller_id}"


def _income(life: Life) -> int:
    """Of the one seller."""
    return sum(shares[0] for shares in life.expected.lines.values())
