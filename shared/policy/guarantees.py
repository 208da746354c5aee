"""The terms of the guarantees, as far as ops may change them."""

from typing import Annotated

from pydantic import Field

from shared.policy.section import Amount, Currency, Section, Window


class InstantPolicy(Section):
    """Who gets money back at once for what has not left. below_minor: by currency; another currency has none. Source: R4.8."""

    score_min: Annotated[int, Field(ge=0, le=1_000)]
    below_minor: dict[Currency, Amount]


class TrustCardPolicy(Section):
    """The rights of the card, on lines whose seller offered them. freight_minor: by currency; another currency has none. Source: R4.7."""

    without_return_days: Window
    damaged_hours: Window
    freight_minor: dict[Currency, Amount]


class AuthenticityPolicy(Section):
    """What a counterfeit costs beside the refund: so often what was paid, at least that much by currency. Source: R4.9."""

    days: Window
    fraud_multiple: Annotated[int, Field(ge=1, le=100)]
    fraud_min_minor: dict[Currency, Amount]
    food_multiple: Annotated[int, Field(ge=1, le=100)]
    food_min_minor: dict[Currency, Amount]


class GuaranteePolicy(Section):
    """For how long what is promised: days from the day after signing, hours from signing. Source: R4.1, R4.2, R4.6-R4.9.

    fault_freight_minor: the most that a seller at fault bears of the way back, by currency; in another one, what was paid for the line.
    """

    first_order_days: Window
    quality_days: Window
    damaged_hours: Window
    wrong_item_days: Window
    not_received_days: Window
    negotiated_days: Window
    fault_freight_minor: dict[Currency, Amount]
    trust_card: TrustCardPolicy
    instant: InstantPolicy
    authenticity: AuthenticityPolicy
