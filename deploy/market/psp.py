"""The connector of the payment provider: carries out what payment instructs, once each, says how it ended, and states all a day later."""

from __future__ import annotations

import hashlib
import heapq
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from itertools import count
from typing import Any

from deploy.market.bounces import REASON, Bounce
from deploy.market.clients import Read
from deploy.market.sent import OPENING, Sent

TOPICS = ("payment.v1", "party.v1")
GROUP = "psp-connector"
USUAL_MINUTES = (5, 20 * 60)
LATE = timedelta(days=3)
SHANGHAI = timezone(timedelta(hours=8))  # in which the provider counts its days
STATED_AFTER = timedelta(days=1, hours=2)  # from the beginning of the day: the statement comes out at two in the morning after
PUT_IN = {"deposit.topped_up": "deposit", "prefund.topped_up": "prefund"}
SLIPS = ("amount", "currency", "duplicate", "missing_there", "missing_here")  # what its statement of parties' money gets wrong
ONE_IN_OF_EACH = {"payout": 25, "deposit": 10, "prefund": 10}
SLIPS_UNTIL = OPENING + timedelta(days=40)  # so that the market sees what becomes of them
MENDED_AFTER = timedelta(days=10)  # of every second one: when each of them has been found
ONE_IN_LATE, ONE_IN_TWICE, ONE_IN_AGAIN, ONE_PARTY_IN_FAILS, ONE_PAYOUT_IN_BOUNCES = 25, 20, 20, 6, 20
BOUNCES_UNTIL = SLIPS_UNTIL


class Provider:
    """What the provider knows. Whatever it does follows from the seed and the instruction's id, not from when it was read.

    captured: the order of each payment; taken: of each chargeback that was lost; put_in: the party of each deposit and prefund.
    failing: orders whose refunds and compensations it does not pay; failing_first: of these not the first refund. The first payout of
    some parties comes back, too. bouncing: what a person finds of an order's refunds and compensations, which are paid and come back
    days later; so do some payouts.
    paid: by currency and `refund`, `compensation` or `payout`; paid_to: payouts, by party and currency, each less those that came back
    after all; kept: of deposits, what came back. back: of refunds and compensations, by currency and what was found.
    instructed: how often each instruction came; it is carried out once. slips, left: what its statement of parties gets wrong, and what it
    takes back late, as the break that must be told of it; those that it never mends.
    """

    def __init__(
        self, seed: int, failing: Iterable[str], failing_first: Iterable[str] = (), bouncing: Mapping[str, str] | None = None
    ) -> None:
        self._seed, self._failing, self._failing_first = seed, frozenset(failing), set(failing_first)
        self._bouncing = dict(bouncing or {})
        self._answers: list[tuple[datetime, str, int, Sent]] = []
        self._order = count()
        self._paid_before: set[str] = set()
        self.captured: dict[str, str] = {}
        self.taken: dict[str, str] = {}
        self.put_in: dict[tuple[str, str], str] = {}
        self._disputed: dict[str, Sent] = {}
        self.instructed: Counter[str] = Counter()
        self.paid: Counter[tuple[str, str]] = Counter()
        self.paid_to: Counter[tuple[str, str]] = Counter()
        self.kept: Counter[tuple[str, str]] = Counter()
        self.back: Counter[tuple[str, str]] = Counter()
        self.slips: set[str] = set()
        self.left: set[str] = set()

    def take(self, records: Iterable[Read]) -> None:
        """Carries out what is new among them."""
        for record in records:
            kind, _, verb = record.type.partition(".")
            if verb != "instructed" or record.body is None:
                continue
            instruction = str(record.body[f"{kind}_id"])
            self.instructed[instruction] += 1
            if self.instructed[instruction] == 1:
                self._carry_out(kind, instruction, record)

    def capture(self, sent: Iterable[Sent]) -> None:
        """What buyers paid, banks took and parties put in, as it was told; a copy of what was told is no second payment."""
        for one in sent:
            if one.type == "payment.succeeded" and one.body["payment_id"] not in self.captured:
                self.captured[str(one.body["payment_id"])] = one.key
                self._state("capture", str(one.body["payment_id"]), one.key, one.at, one.body)
            elif one.type == "chargeback.opened":
                self._disputed[str(one.body["chargeback_id"])] = one
            elif one.type == "chargeback.closed" and one.body["outcome"] == "lost" and one.body["chargeback_id"] not in self.taken:
                chargeback = str(one.body["chargeback_id"])
                self.taken[chargeback] = one.key
                self._state("chargeback", chargeback, one.key, one.at, self._disputed[chargeback].body)
            elif (kind := PUT_IN.get(one.type)) and (kind, str(one.body[f"{kind}_id"])) not in self.put_in:
                self.put_in[(kind, str(one.body[f"{kind}_id"]))] = one.key
                self._state_of_party(kind, str(one.body[f"{kind}_id"]), one.key, one.at, one.body)

    def answers(self, now: datetime, phase: int) -> list[Sent]:
        """Those that it would have given by now, in order of time; each is said once here."""
        found = []
        while self._answers and self._answers[0][0] <= now:
            found.append(replace(heapq.heappop(self._answers)[-1], phase=phase))
        return found

    @property
    def pending(self) -> int:
        return len(self._answers)

    def _carry_out(self, kind: str, instruction: str, record: Read) -> None:
        assert record.body is not None
        fails = self._fails(kind, record.key)
        delay = timedelta(minutes=USUAL_MINUTES[0] + self._roll(instruction, "delay") % (USUAL_MINUTES[1] - USUAL_MINUTES[0]))
        late = self._roll(instruction, "late") % ONE_IN_LATE == 0
        at = datetime.fromisoformat(str(record.body["occurred_at"])) + delay + (LATE if late else timedelta())
        answer = _answer(kind, instruction, record.key, at, fails)
        self._schedule(answer)
        if self._roll(instruction, "twice") % ONE_IN_TWICE == 0:
            self._schedule(answer)
        if self._roll(instruction, "again") % ONE_IN_AGAIN == 0:
            later = answer.at + timedelta(minutes=1)
            code = "payout.closed" if kind == "payout" else f"{kind}.ended"
            self._schedule(replace(answer, id=f"{answer.id}-again", at=later, refused=code))
        if not fails:
            self._pay(kind, instruction, answer, record.key, record.body)
        elif record.body.get("of") == "deposit":
            self.kept[(record.key, str(record.body["currency"]))] += int(record.body["amount_minor"])

    def _pay(self, kind: str, instruction: str, answer: Sent, key: str, body: Mapping[str, Any]) -> None:
        """For good, or until it comes back."""
        amount, currency, of_deposit = int(body["amount_minor"]), str(body["currency"]), body.get("of") == "deposit"
        state = self._state_of_party if kind == "payout" else self._state
        line = state(kind, instruction, key, answer.at, body)
        bounce = self._bounce(instruction, answer, line, of_deposit=of_deposit) if line is not None else None
        for one in bounce.told() if bounce is not None else ():
            self._schedule(one)
        if bounce is not None and bounce.long_after:
            self.slips.add(f"{key}: missing_there of {kind} {instruction}")
        if bounce is not None and not bounce.arrived:
            if kind == "payout":
                self.kept[(key, currency)] += amount if of_deposit else 0
                return
            self.back[(currency, bounce.how)] += amount
        self.paid[(currency, kind)] += amount
        if kind == "payout":
            self.paid_to[(key, currency)] += amount

    def _bounce(self, instruction: str, answer: Sent, line: Sent, *, of_deposit: bool) -> Bounce | None:
        """of_deposit: back before income comes to it."""
        how = self._bouncing.get(answer.key, "")
        if line.type == "statement.payout":
            chosen = answer.at < BOUNCES_UNTIL and self._roll(instruction, "bounces") % ONE_PAYOUT_IN_BOUNCES == 0
            how = ("paid", "not_paid")[self._roll(instruction, "found") % 2] if chosen else ""
        if not how:
            return None
        long_after = not of_deposit and self._roll(instruction, "long after") % 2 == 0
        return Bounce(answer, line, how, long_after, again=self._roll(instruction, "back again") % 2 == 0)

    def _state(self, kind: str, reference: str, order_id: str, at: datetime, body: Mapping[str, Any]) -> Sent:
        """A line of the statement of that day."""
        day = at.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
        line = {
            "order_id": order_id,
            "statement_id": f"st-{day:%Y%m%d}",
            "line_id": f"{kind}-{reference}",
            "day": f"{day:%Y-%m-%d}",
            "kind": kind,
            "reference": reference,
            "amount_minor": body["amount_minor"],
            "currency": body["currency"],
        }
        identity = f"st-{kind}-{reference}"
        stated = Sent("psp", "psp.v1", "psp", identity, "statement.line", order_id, day + STATED_AFTER, line, 0)
        self._schedule(stated)
        return stated

    def _state_of_party(self, kind: str, reference: str, party: str, at: datetime, body: Mapping[str, Any]) -> Sent | None:
        """Now and then it gets one wrong, and mends every second one. None: this is one of those. Source: R3.9."""
        day = at.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
        line = {"party": party, "statement_id": f"st-{day:%Y%m%d}", "line_id": f"{kind}-{reference}", "day": f"{day:%Y-%m-%d}"}
        line |= {"payout_id": reference} if kind == "payout" else {"kind": kind, "reference": reference}
        line |= {"amount_minor": body["amount_minor"], "currency": body["currency"]}
        roll = self._roll(reference, "slips") % (ONE_IN_OF_EACH[kind] * 2)
        slip = SLIPS[roll // 2] if roll < 2 * len(SLIPS) and at < SLIPS_UNTIL else ""
        told = _slipped(line, slip)
        for number, one in enumerate(told):
            self._schedule(_line(one, f"{kind}-{reference}-{number}", day + STATED_AFTER))
        if slip:
            self.slips.add(said := f"{party}: {slip} of {kind} {told[-1][_named(line)] if told else reference}")
            if roll % 2:
                self.left.add(said)
            else:
                self._schedule(_line(_mended(line, told), f"{kind}-{reference}-mended", day + STATED_AFTER + MENDED_AFTER))
        return None if slip else _line(line, f"{kind}-{reference}-0", day + STATED_AFTER)

    def _fails(self, kind: str, key: str) -> bool:
        if kind == "refund" and key in self._failing_first:
            self._failing_first.discard(key)
            return True
        if kind != "payout":
            return key in self._failing
        first = key not in self._paid_before
        self._paid_before.add(key)
        return first and self._roll(key, "fails") % ONE_PARTY_IN_FAILS == 0

    def _schedule(self, answer: Sent) -> None:
        heapq.heappush(self._answers, (answer.at, answer.id, next(self._order), answer))

    def _roll(self, identity: str, what: str) -> int:
        return int.from_bytes(hashlib.sha256(f"{self._seed}|{what}|{identity}".encode()).digest()[:8], "big")


def _answer(kind: str, instruction: str, key: str, at: datetime, fails: bool) -> Sent:
    keyed = {"party": key} if kind == "payout" else {"order_id": key}
    body = {**keyed, f"{kind}_id": instruction} | ({"reason": REASON} if fails else {})
    verdict = f"{kind}.{'failed' if fails else 'succeeded'}"
    return Sent("psp", "psp.v1", "psp", f"psp-{instruction}", verdict, key, at, body, 0)


def _line(line: Mapping[str, Any], identity: str, at: datetime) -> Sent:
    of = "payout" if "payout_id" in line else "put_in"
    return Sent("psp", "psp.v1", "psp", f"st-{identity}", f"statement.{of}", str(line["party"]), at, line, 0)


def _named(line: Mapping[str, Any]) -> str:
    """The field that says what it is about."""
    return "payout_id" if "payout_id" in line else "reference"


def _slipped(line: Mapping[str, Any], slip: str) -> list[Mapping[str, Any]]:
    """What the statement says; the last one is wrong."""
    match slip:
        case "amount":
            return [{**line, "amount_minor": line["amount_minor"] + 1}]
        case "currency":
            return [{**line, "currency": "EUR"}]
        case "duplicate":
            return [line, {**line, "line_id": f"{line['line_id']}-again"}]
        case "missing_there":
            return []
        case "missing_here":
            return [line, {**line, "line_id": f"{line['line_id']}-other", _named(line): f"{line[_named(line)]}-other"}]
        case _:
            return [line]


def _mended(line: Mapping[str, Any], told: list[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The right line, or the one too many taken back."""
    return line if len(told) < 2 else {**told[-1], "amount_minor": 0}
