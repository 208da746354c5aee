"""What the trust service knows: scores, standings, cards, votes."""

from services.trust.model.groups import GROUPS, GROUPS_A_ROW, Groups, all_groups, groups_key, row_of, together
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
from services.trust.model.standing import STANDING, Appeal, Standing, Study, Suspended, Violation
from services.trust.model.vote import BALLOT, POLL, TALLY, Ballot, Tally, day_key

__all__ = [
    "BALLOT",
    "COUNTERPARTY",
    "GROUPS",
    "GROUPS_A_ROW",
    "HOLDER",
    "ITEM",
    "NEWEST",
    "NEWEST_MAX",
    "PERSON",
    "POLL",
    "REFUSED_MAX",
    "SCORE",
    "STANDING",
    "TALLY",
    "Appeal",
    "Ballot",
    "Buckets",
    "Counterparty",
    "DayWeights",
    "Groups",
    "Holder",
    "HolderFact",
    "Item",
    "Newest",
    "Person",
    "Score",
    "Standing",
    "Study",
    "Suspended",
    "Tally",
    "Violation",
    "add",
    "add_grave",
    "all_groups",
    "counterparty_key",
    "day_key",
    "groups_key",
    "newest_key",
    "newest_keys",
    "row_of",
    "together",
]
