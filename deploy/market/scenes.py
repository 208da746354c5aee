"""The demo's story, scene by scene: what the services told of a few orders of the market that was just played."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass

from deploy.cli.about import about
from deploy.cli.story import Story
from deploy.market.life import Life
from deploy.market.newrules import SINCE, changed
from deploy.market.outcome import expected_of
from deploy.market.verdict import Verdict
from shared.currencies import money
from shared.policy.changes import changes
from shared.policy.policies import configured


@dataclass(frozen=True, slots=True)
class Scene:
    """One order of that fate, and of what happened to it the types that are told."""

    title: str
    fate: str
    types: tuple[str, ...]


LATE = ("sent late", "24 hours missed", "never sent, then cancelled")
SCENES = (
    Scene(
        "A first order is guaranteed for a hundred days: no return, and the platform's fund pays (R4.6)",
        "first order, the platform's",
        ("order.paid", "case.opened", "first_order.used", "refund.granted", "refund.done"),
    ),
    Scene(
        "A trust card refunds what was bought with its tag, and the goods stay (R4.7)",
        "kept, by the card",
        ("order.paid", "case.opened", "refund.granted", "refund.done"),
    ),
    Scene(
        "A counterfeit: the money back, nine times what was paid, the appraisal; the seller pays (R4.9)",
        "counterfeit, ruled",
        ("order.paid", "case.opened", "case.ruled", "refund.granted", "compensation.granted", "compensation.done"),
    ),
    Scene(
        "A streamer dealt off the platform: suspended, and nothing of that show can be ordered (R6.1, R6.2, R2.8)",
        "streamer suspended",
        ("order.placed", "order.rejected"),
    ),
)


class Scenes:
    """Those that this market has. orders: whose stories they are told by."""

    def __init__(self, verdict: Verdict) -> None:
        self._verdict = verdict
        lives = verdict.market.lives
        late = [life for life in lives if life.fate in LATE]
        around = (next((life for life in late if (life.show >= SINCE) is since), None) for since in (False, True))
        self._around = [life.cart.order_id for life in around if life is not None]
        first = {life.fate: life.cart.order_id for life in reversed(lives)}
        self._scenes = [(scene, first[scene.fate]) for scene in SCENES if scene.fate in first]
        self.orders = [*self._around, *(order for _, order in self._scenes)]

    def told(self, stories: Mapping[str, Story]) -> Iterator[str]:
        """Lines."""
        yield from self._new_rules(stories)
        yield ""
        yield from _flash_sale(self._verdict)
        for scene, order in self._scenes:
            yield ""
            yield scene.title
            yield from _told(stories[order], scene.types)

    def _new_rules(self, stories: Mapping[str, Story]) -> Iterator[str]:
        """An order that was late from before the change and one from after it, where the market has them."""
        yield "Ops publish other rules amid it all: what was ordered before keeps its own (R9.1, R2.4)"
        for change in changes(configured().versions[-1], changed()):
            yield f"  {change.sentence}"
        for order in self._around:
            yield from _told(stories[order], ("order.accepted", "shipping.late"))


def _flash_sale(verdict: Verdict) -> Iterator[str]:
    """Who contended for the same units."""
    for lives in sorted(verdict.market.contests.values(), key=len, reverse=True)[:1]:
        yield "A flash sale: more orders than units, and not one too many is accepted (R2.7)"
        for life in sorted(lives, key=lambda life: life.cart.order_id):
            late = expected_of(life, verdict.found) is not life.expected
            yield f"  {life.cart.order_id}  {_bought(life)}: {'too late' if late else 'has it'}"


def _bought(life: Life) -> str:
    return f"{life.first.quantity} of {life.first.sku}, {money(life.cart.due_minor, life.cart.currency)}"


def _told(story: Story, types: Container[str]) -> Iterator[str]:
    yield f"  order {story.order}"
    seen = set[str]()
    for step in story.steps:
        if step.entry.type in types and step.entry.id not in seen:
            seen.add(step.entry.id)
            yield f"  {step.at.astimezone(story.zone):%m-%d %H:%M}  {step.entry.type:<22} {about(step, story)}"
