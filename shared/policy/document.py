"""One version of the policy, closed and strict: a field that is missing, unknown or mistyped is refused, never guessed."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal, Self, get_args
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, Field, StringConstraints, field_validator, model_validator

from shared.policy.checks import faults
from shared.policy.guarantees import GuaranteePolicy
from shared.policy.section import Amount, Currency, Name, Window
from shared.policy.section import Section as _Section
from shared.policy.violations import ViolationPolicy

Role = Literal["seller", "promoter", "buyer"]
EvidenceKind = Literal[
    "completed", "shipped_on_time", "late", "sham", "quality_refund", "counterfeit", "answered", "timed_out", "dispute_lost",
    "violation_c", "violation_b", "violation_a", "chargeback_lost", "false_claim", "swapped_parcel",
]  # fmt: skip
LATER: frozenset[EvidenceKind] = frozenset()  # kinds that came after the first documents: where one is not named, it counts for nothing

NAME = r"^[A-Za-z0-9_.\-]{1,64}$"  # of a version
LEAD_MINUTES_MIN = 10  # an event may be that far ahead of the clock: none is decided that a version yet to come could be about
Percent = Annotated[int, Field(ge=1, le=100)]
BasisPoints = Annotated[int, Field(ge=0, le=10_000)]


class PenaltyPolicy(_Section):
    """What a broken promise costs: basis points of what was paid, within bounds by currency, in its minor units. Source: R2.4."""

    bp: BasisPoints
    min_minor: dict[Currency, Amount]
    max_minor: dict[Currency, Amount]

    @model_validator(mode="after")
    def _bounds_leave_room(self) -> Self:
        if any(self.max_minor.get(currency, least) < least for currency, least in self.min_minor.items()):
            raise ValueError("the least amount is above the highest")
        return self


class OrderPolicy(_Section):
    """How long an order waits for whom, what waiting in vain costs, how far back a suspension found late looks for orders.

    Source: R2.2, R2.4, R2.5, R2.8, R2.9.
    """

    pay_minutes: Annotated[int, Field(ge=1, le=10_080)]
    ship_hours: Window
    ship_hours_24h: Window
    late: PenaltyPolicy
    collect_hours: Window
    sham: PenaltyPolicy
    confirm_signed_days: Window
    confirm_check_days: Window
    confirm_latest_days: Window
    extend_days: Window
    ad_days: Window
    tags: tuple[Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,40}$")], ...]
    suspension_look_back_hours: Annotated[int, Field(ge=1, le=720)]

    @model_validator(mode="after")
    def _looks_follow_each_other(self) -> Self:
        if not self.confirm_signed_days < self.confirm_check_days < self.confirm_latest_days:
            raise ValueError("confirmation is looked at in the order signed, check, latest (R2.5)")
        if self.ship_hours_24h > self.ship_hours:
            raise ValueError("the quick shipping promise is longer than the usual one (R2.4)")
        return self


class PaymentPolicy(_Section):
    """What the platform keeps and when money moves on. fee_bp: of what the buyer paid. Source: R2.6, R3.1, R3.3, R3.5, R3.6, R3.8.

    statement_days: within which the provider's statement shows what it moved; 0: it sends none, and none is missed. known_hours:
    within which we know of what it states. put_in_statement_days: as statement_days, of what sellers and promoters put in (R3.9).
    prefund_release_hours: until a promoter has back what it prefunded (R3.1)."""

    fee_bp: BasisPoints
    settle_days: Window
    sweep: bool
    clawback_days: Window
    clawback_days_short: Window
    provider_silent_hours: Window
    chargeback_silent_days: Window
    statement_days: Annotated[int, Field(ge=0, le=365)]
    known_hours: Window
    prefund_release_hours: Window = 24
    put_in_statement_days: Annotated[int, Field(ge=0, le=365)] = 0  # so too by documents from before such lines were compared


class FundPolicy(_Section):
    """What the platform's guarantee fund pays by itself; beyond it a person decides. Source: R4.6.

    day_minor: a local day, by currency; a currency that is not named has nothing. hour_claims_max, hour_bp: what within an hour of
    that day stops it for the rest of the day: more claims than that, or more basis points of the day's budget.
    """

    day_minor: dict[Currency, Amount]
    hour_claims_max: Annotated[int, Field(ge=0, le=1_000_000)]
    hour_bp: BasisPoints


class RefundPolicy(_Section):
    """The seven-day promise, how long each side of a case has, and every other guarantee. Source: R4.2-R4.11."""

    no_reason_days: Window
    answer_hours: Window
    post_days: Window
    inspect_days: Window
    refused_days: Window
    attempts_max: Annotated[int, Field(ge=1, le=100)]
    fund: FundPolicy
    guarantees: GuaranteePolicy
    evidence_hours: Window
    ruling_days: Window
    appeal_days: Window
    claim_evidence_days: Window
    claim_answer_days: Window
    replace_hours: Window
    replaced_days: Window


class RoleScore(_Section):
    """half_life_days: in which an item's weight halves. dimensions: weight in hundredths, 100 in all. Source: R5.2, R5.4."""

    half_life_days: Window
    dimensions: Annotated[dict[Name, Percent], Field(min_length=1)]

    @model_validator(mode="after")
    def _weights_are_whole(self) -> Self:
        if sum(self.dimensions.values()) != 100:
            raise ValueError(f"dimension weights sum to {sum(self.dimensions.values())}, not to 100")
        return self


class Evidence(_Section):
    """What one item weighs, and in which dimensions of which role it counts; a role that is not named has none. Source: R5.5."""

    weight: Annotated[int, Field(ge=-100, le=100)]
    counts_for: Annotated[dict[Role, Annotated[tuple[Name, ...], Field(min_length=1)]], Field(min_length=1)]

    @field_validator("weight")
    @classmethod
    def _weighs_something(cls, weight: int) -> int:
        if weight == 0:
            raise ValueError("evidence without weight is no evidence")
        return weight


class CeilingPolicy(_Section):
    """An item of these kinds, younger than so many days, leaves a score of at most this. Source: R5.3."""

    kinds: tuple[EvidenceKind, ...]
    days: Window
    score: Annotated[int, Field(ge=0, le=1_000)]


class TierPolicy(_Section):
    """From a score of `least` on: traffic in hundredths, and days in escrow after confirmation. Source: R5.7."""

    name: Name
    least: Annotated[int, Field(ge=0, le=1_000)]
    traffic_pct: Annotated[int, Field(ge=0, le=1_000)]
    escrow_days: Window


class TrustPolicy(_Section):
    """The score's constants; for how long a violation suspends (levels 1 to 4; 5 is for good); who may hold a trust card.

    Source: R5.2-R5.7, R6.1, R6.2, R2.8, R4.7.
    pass_minutes: over how many after midnight the subjects whose score time alone may change are spread. cap_per_counterparty:
    positive weight in millionths of an item; not below five items, which are pooled without regard to it.
    """

    prior_good: Annotated[int, Field(ge=0, le=1_000)]
    prior_total: Annotated[int, Field(ge=1, le=1_000)]
    cap_per_counterparty: Annotated[int, Field(ge=5_000_000, le=1_000_000_000)]
    shown_from_items: Annotated[int, Field(ge=0, le=10_000)]
    explained_items: Annotated[int, Field(ge=1, le=40)] = 20  # R5.6: named one by one; so too by documents from before
    roles: dict[Role, RoleScore]
    evidence: dict[EvidenceKind, Evidence]
    suspension_lead_minutes: Annotated[int, Field(ge=0, le=10_080)]
    suspension_days: Annotated[tuple[Window, ...], Field(min_length=4, max_length=4)]
    card_score_min: Annotated[int, Field(ge=0, le=1_000)]
    card_clean_days: Window
    ceiling: CeilingPolicy
    tiers: Annotated[tuple[TierPolicy, ...], Field(min_length=1)]
    tier_new: TierPolicy
    pass_minutes: Annotated[int, Field(ge=0, le=1_000)]
    violations: ViolationPolicy

    @property
    def score_at_start(self) -> int:
        """Of whom nothing is known, rounded half up. Source: R5.3."""
        return (2_000 * self.prior_good + self.prior_total) // (2 * self.prior_total)

    @model_validator(mode="after")
    def _tiers_descend(self) -> Self:
        least = [tier.least for tier in self.tiers]
        if sorted(set(least), reverse=True) != least or least[-1] != 0:
            raise ValueError("tiers do not descend to 0 (R5.7)")
        if len({tier.name for tier in (*self.tiers, self.tier_new)}) <= len(self.tiers):
            raise ValueError("two tiers have the same name (R5.7)")
        return self

    @model_validator(mode="after")
    def _names_agree(self) -> Self:
        if self.prior_good > self.prior_total:
            raise ValueError("the prior's good part is larger than the whole (R5.3)")
        known = (*get_args(Role), *(kind for kind in get_args(EvidenceKind) if kind not in LATER))
        if missing := [name for name in known if name not in self.roles and name not in self.evidence]:
            raise ValueError(f"every role and every kind of evidence has its entry, {', '.join(missing)} has none (R5.4, R5.5)")
        for kind, evidence in self.evidence.items():
            for role, dimensions in evidence.counts_for.items():
                unknown = set(dimensions) - set(self.roles[role].dimensions)
                if unknown:
                    raise ValueError(f"{kind} counts in {sorted(unknown)}, which {role} does not have (R5.4, R5.5)")
        return self


class Policy(_Section):
    """All values in force from effective_from until a later version's, which begins lead_minutes after its publishing at the earliest.

    zone: IANA name; days are counted there. Source: R9.1, R2.8, R1.2.
    """

    version: Annotated[str, StringConstraints(pattern=NAME)]
    effective_from: AwareDatetime
    zone: str
    lead_minutes: Annotated[int, Field(ge=LEAD_MINUTES_MIN, le=525_600)]
    order: OrderPolicy
    payment: PaymentPolicy
    refund: RefundPolicy
    trust: TrustPolicy

    @field_validator("effective_from")
    @classmethod
    def _every_zone_can_tell_it(cls, begins: datetime) -> datetime:
        try:
            _ = begins.astimezone(UTC) - timedelta(days=1), begins.astimezone(UTC) + timedelta(days=1)
        except OverflowError:
            raise ValueError("at the edge of the calendar") from None
        return begins

    @field_validator("zone")
    @classmethod
    def _zone_exists(cls, zone: str) -> str:
        if zone in ("localtime", "posixrules") or zone.startswith(("posix/", "right/")):  # of one machine, or with leap seconds
            raise ValueError(f"{zone!r} is no name of IANA's")
        try:
            ZoneInfo(zone)
        except (KeyError, OSError, ValueError):  # ZoneInfoNotFoundError is a KeyError; folders and odd paths raise the others
            raise ValueError(f"no time zone {zone!r}") from None
        return zone

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        if found := list(faults(self)):
            raise ValueError("; ".join(found))
        return self
