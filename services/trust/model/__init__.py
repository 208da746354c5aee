"""What the trust service knows: scores, standings, cards."""

from services.trust.model.holder import HOLDER, PERSON, REFUSED_MAX, Holder, HolderFact, Person
from services.trust.model.newest import NEWEST, NEWEST_MAX, Newest, newest_key, newest_keys
from services.trust.model.score import (
    COUNTERPARTY,
    ITEM,
    SCORE,
    Buckets,
    Counterparty,
    DayWeights,
    Item,
    Score,
    add,
    add_grave,
    counterparty_key,
)
from services.trust.model.standing import STANDING, Standing

__all__ = [
    "COUNTERPARTY",
    "HOLDER",
    "ITEM",
    "NEWEST",
    "NEWEST_MAX",
    "PERSON",
    "REFUSED_MAX",
    "SCORE",
    "STANDING",
    "Buckets",
    "Counterparty",
    "DayWeights",
    "Holder",
    "HolderFact",
    "Item",
    "Newest",
    "Person",
    "Score",
    "Standing",
    "add",
    "add_grave",
    "counterparty_key",
    "newest_key",
    "newest_keys",
]
