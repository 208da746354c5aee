"""What the platform tells of violations and study, and what members vote: each as its app spells it. Source: R6.1-R6.3."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from deploy.market import apps
from deploy.market.checkout import RING
from deploy.market.people import World
from deploy.market.sent import Sent, closing

VOTERS = 12  # buyers that vote, each evening for another promoter
EVENINGS = (1, 2)  # phases with votes: who is one person with whom is known by then


def violated(
    subject_id: str, at: datetime, level: int | None = None, *, number: int = 1, points: int | None = 20, kind: str = "off_platform"
) -> Sent:
    """number: of the subject's violations. level, points None: the catalogue's."""
    body = {"kind": kind, "points": points, "level": level}
    return _told("violation.recorded", subject_id, number, at, {name: value for name, value in body.items() if value is not None})


def appealed(subject_id: str, at: datetime, number: int = 1, refused: str = "") -> Sent:
    return replace(_told("violation.appealed", subject_id, number, at, {"reason": "recording attached, 附录像"}), refused=refused)


def upheld(subject_id: str, at: datetime, number: int = 1) -> Sent:
    return _told("violation.upheld", subject_id, number, at, {})


def voided(subject_id: str, at: datetime, number: int = 1) -> Sent:
    return _told("violation.voided", subject_id, number, at, {})


def studied(subject_id: str, at: datetime, points: int) -> Sent:
    body = {"subject_id": subject_id, "study_id": f"lesson-{subject_id}", "points": points}
    return apps.of_app("governance", "rule-book", "study.credited", f"lesson-{subject_id}", subject_id, at, body)


def votes(place: World) -> Iterator[Sent]:
    """On two evenings some buyers vote, one of them twice; a second account of one person has no vote left; a promoter likes itself."""
    for evening in EVENINGS:
        at = closing(evening) - timedelta(minutes=30)
        for number, buyer in enumerate(place.buyers[:VOTERS]):
            yield _vote(buyer, place.promoters[(number + evening) % len(place.promoters)], at)
        promoter = place.promoters[0]
        yield _vote(place.promoters[0], promoter, at, refused="vote.for_oneself")
        yield _vote(place.buyers[0], promoter, at + timedelta(minutes=5), more="again", refused="vote.day_used", told=evening + 1)
        yield _vote(RING[0], promoter, at)
        yield _vote(RING[1], promoter, at + timedelta(minutes=5), refused="vote.day_used", told=evening + 1)


def counted(sent: tuple[Sent, ...]) -> Counter[str]:
    """Votes by promoter and local day, and in all; each once, however often it was told."""
    found: Counter[str] = Counter()
    for one in {one.id: one for one in sent if one.type == "vote.cast" and not one.refused}.values():
        promoter = f"promoter:{one.body['promoter_id']}"
        found.update((promoter, f"{promoter} on {one.at + timedelta(hours=8):%Y-%m-%d}"))
    return found


def _vote(buyer: str, promoter: str, at: datetime, more: str = "", refused: str = "", told: int | None = None) -> Sent:
    """told: the phase, if it is not that of the vote."""
    identity = f"vote-{buyer}-{at:%m%d}{more}"
    body = {"buyer_id": buyer, "vote_id": identity, "promoter_id": promoter}
    sent = apps.of_app("member", "member-app", "vote.cast", identity, buyer, at, body, refused)
    return sent if told is None else replace(sent, phase=told)


def _told(kind: str, subject_id: str, number: int, at: datetime, more: dict[str, Any]) -> Sent:
    identity = f"v-{subject_id}-{number}"
    body = {"subject_id": subject_id, "violation_id": identity, **more}
    return apps.of_app("governance", "rule-book", kind, f"{identity}-{kind}", subject_id, at, body)
