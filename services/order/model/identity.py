"""Where a buyer's orders count: the cluster of each buyer who has second accounts, the first buyer of each token. Source: R4.6, R2.7."""

from __future__ import annotations

from dataclasses import dataclass

from shared.contracts.identity import MemberAssigned, TokenHeld
from shared.messaging.shape import Kind


@dataclass(frozen=True, slots=True)
class Member:
    """A buyer without a row is a cluster of one, which bears the buyer's id.

    Rows are never deleted, or a limit would forget whose second account it was: one for each buyer that shares a token with another,
    whatever they order, so there are never more than such buyers; moving to another cluster rewrites the row.
    """

    cluster: str


@dataclass(frozen=True, slots=True)
class Token:
    """One row for each token that the member app ever linked, whatever comes of it: as many as that app keeps itself."""

    holder: str


def evolve_member(member: Member | None, fact: MemberAssigned) -> Member:
    return Member(fact.cluster)


def evolve_token(token: Token | None, fact: TokenHeld) -> Token:
    return Token(fact.buyer_id)


def token_key(kind: str, token: str) -> str:
    """No kind holds a colon."""
    return f"{kind}:{token}"


MEMBER = Kind("member", MemberAssigned, lambda fact: fact.buyer_id, evolve_member)
TOKEN = Kind("token", TokenHeld, lambda fact: token_key(fact.kind, fact.token), evolve_token)
