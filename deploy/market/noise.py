"""What goes wrong between apps: events overtake their causes, come twice, or cannot be read. None of it may change an outcome."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

from deploy.market.sent import DAY, Sent, closing

HASTY = 0.06  # of all orders have an event that comes before its cause
TWICE = 0.03  # of all events come again, byte for byte
OVERTAKEN_DAYS_MAX = 2


def hasten(rng: Random, sent: list[Sent]) -> list[Sent]:
    """One event of an order overtakes its cause, on another topic; the cause is late, never the effect too early for its clock."""
    found = [change for change in (_payment(sent), _after_signing(sent), _answer(sent)) if change]
    if not found or rng.random() >= HASTY:
        return sent
    changes = rng.choice(found)
    return [changes.get(one.id, one) for one in sent]


def repeat(rng: Random, sent: list[Sent]) -> list[Sent]:
    """Copies of some events that take effect, soon after or days later."""
    chosen = [one for one in sent if not one.refused and rng.random() < TWICE]
    return [replace(one, phase=one.phase + rng.choice((0, 0, 1, 3)), early=False) for one in chosen]


def spoil(rng: Random, sent: list[Sent], each: int) -> list[Sent]:
    """Unreadable and wrong variants of real events, `each` of every kind.

    A variant comes before the real one, under the same id: what was rejected leaves no trace, so the real one is welcome.
    """
    readable = [one for one in sent if one.app in ("storefront", "logistics", "merchant") and not one.refused and not one.early]
    spoilt = [spoiler(one) for spoiler in SPOILERS for one in rng.sample(readable, min(each, len(readable)))]
    return spoilt + [_other_body(one) for one in rng.sample(readable, min(each, len(readable)))]


def _payment(sent: list[Sent]) -> Mapping[str, Sent]:
    payment = next((one for one in sent if one.type == "payment.succeeded"), None)
    return {payment.id: replace(payment, early=True)} if payment and payment.phase == sent[0].phase else {}


def _after_signing(sent: list[Sent]) -> Mapping[str, Sent]:
    """Of a single parcel: with two, a confirmation would wait for the first only."""
    parcels = [one for one in sent if one.type == "parcel.signed"]
    if len(parcels) != 1:
        return {}
    signed = parcels[0]
    said = [one for one in sent if one.type in ("receipt.confirmed", "refund.requested") and not one.refused]
    effect = min((one for one in said if one.at > signed.at), key=lambda one: one.at, default=None)
    if effect is None or effect.phase > signed.phase + OVERTAKEN_DAYS_MAX:
        return {}
    return {signed.id: replace(signed, phase=effect.phase), effect.id: replace(effect, early=True)}


def _answer(sent: list[Sent]) -> Mapping[str, Sent]:
    """Not of what has not left: told with its answer, the request might come after the seller is late."""
    request = next((one for one in sent if one.type == "refund.requested"), None)
    answer = next((one for one in sent if one.type in ("case.accepted", "case.refused")), None)
    if request is None or answer is None or not any(one.type == "parcel.shipped" and one.at < request.at for one in sent):
        return {}
    return {request.id: replace(request, phase=answer.phase), answer.id: replace(answer, early=True)}


def _raw(code: str, spoilt: Callable[[bytes], bytes]) -> Callable[[Sent], Sent]:
    return lambda one: replace(one, raw=spoilt(one.value), early=True, refused=code)


def _headers(code: str, **changed: str | None) -> Callable[[Sent], Sent]:
    return lambda one: replace(one, changed=changed, early=True, refused=code)


def _from_the_future(one: Sent) -> Sent:
    return replace(one, at=closing(one.phase) + 2 * DAY, early=True, refused="event.from_the_future")


def _of_another(one: Sent) -> Sent:
    return replace(one, key=f"{one.key}-x", early=True, refused="event.key_mismatch")


def _other_body(one: Sent) -> Sent:
    """The id of an event that has taken effect, with another body."""
    body: dict[str, Any] = {**one.body, "note": "again"}
    return replace(one, body=body, at=one.at + timedelta(seconds=1), phase=one.phase + 2, refused="event.id_reused")


SPOILERS: tuple[Callable[[Sent], Sent], ...] = (
    _raw("event.not_json", lambda value: value[:-1]),
    _raw("event.not_utf8", lambda value: value + b"\xff"),
    _raw("event.invalid", lambda value: value.replace(b'"order_id"', b'"order"')),
    _raw("event.duplicate_key", lambda value: b'{"order_id":"twice",' + value[1:]),
    _raw("event.number_out_of_range", lambda value: b'{"total":1e999,' + value[1:]),
    _headers("event.unknown_type", ce_type="parcel.eaten"),
    _headers("event.missing_header", ce_id=None),
    _headers("event.bad_header", ce_specversion="0.3"),
    _from_the_future,
    _of_another,
)
