"""Every topic in one place: its key, who writes it, who reads it. deploy/topics.yaml and deploy/acls.yaml are generated from here."""

from dataclasses import replace

from shared.messaging.message import COPIES, NOTICES, Topic
from shared.messaging.system import CLOCK, OPS

# Upstream: one topic per producing app, the trust boundary that ACLs guard.
STOREFRONT = Topic("storefront.v1", "order_id", ("storefront",), ("order", "refund"), warden="order")
PSP = Topic("psp.v1", "order_id", ("psp",), ("order", "payment"), warden="payment")
LOGISTICS = Topic("logistics.v1", "order_id", ("logistics",), ("order", "refund"), warden="order")
SELLER = Topic("seller.v1", "seller_id", ("seller",), ("payment",), warden="payment")
MERCHANT = Topic("merchant.v1", "order_id", ("merchant",), ("order", "refund"), warden="refund")
MEMBER = Topic("member.v1", "buyer_id", ("member",), ("order", "refund", "trust"), warden="order")
GOVERNANCE = Topic("governance.v1", "subject", ("governance",), ("order", "trust"), warden="order")
RULING = Topic("ruling.v1", "order_id", ("ruling",), ("order", "payment", "refund"), warden="order")

# Ours: what a service decided, for everyone.
ORDER = Topic("order.v1", "order_id", ("order",), ("payment", "refund", "trust"), own=True, warden="payment")
PAYMENT = Topic("payment.v1", "order_id", ("payment",), ("order", "refund", "trust"), own=True, warden="order")
PARTY = Topic("party.v1", "party", ("payment",), own=True)
REFUND = Topic("refund.v1", "order_id", ("refund",), ("order", "payment", "trust"), own=True, warden="payment")
# Who is one with whom; no app reads it.
IDENTITY = Topic("identity.v1", "buyer_id", ("order",), ("refund", "trust"), own=True, warden="refund")
TRUST = Topic("trust.v1", "subject_id", ("trust",), ("order", "refund"), own=True, warden="order")

# Ours, internal: re-keying, and facts that show what outsiders need not see.
ORDER_INTERNAL = Topic("order.internal.v1", "order_id", ("order",), own=True, internal=True)
ORDER_REKEYED = Topic("order.rekeyed.v1", "cluster", ("order",), ("order",), own=True, internal=True, warden="order")
ACCOUNT = Topic("payment.account.v1", "party", ("payment",), ("payment",), own=True, internal=True, warden="payment")
EVIDENCE = Topic("trust.evidence.v1", "subject_id", ("trust",), ("trust",), own=True, internal=True, warden="trust")
REFUND_INTERNAL = Topic("refund.internal.v1", "order_id", ("refund",), own=True, internal=True)
REFUND_BUYER = Topic("refund.buyer.v1", "buyer_id", ("refund",), own=True, internal=True)
REFUND_REKEYED = Topic("refund.rekeyed.v1", "order_id", ("refund",), ("refund",), own=True, internal=True, warden="refund")
TRUST_INTERNAL = Topic("trust.internal.v1", "subject_id", ("trust",), own=True, internal=True)

# Deadlines of a service, sent to itself.
ORDER_TIMER = Topic("order.timer.v1", "order_id", ("order",), ("order",), own=True, internal=True, warden="order")
PAYMENT_TIMER = Topic("payment.timer.v1", "order_id", ("payment",), ("payment",), own=True, internal=True, warden="payment")
REFUND_TIMER = Topic("refund.timer.v1", "order_id", ("refund",), ("refund",), own=True, internal=True, warden="refund")
TRUST_TIMER = Topic("trust.timer.v1", "subject_id", ("trust",), ("trust",), own=True, internal=True, warden="trust")

DECIDE = ("order", "payment", "refund", "trust")

# Copies of what was rejected or parked, original bytes and headers.
PARKED = tuple(Topic(service + COPIES, "", (service,), own=True, max_message_bytes=5 * 1024 * 1024) for service in DECIDE)

# What an app may know of those copies: what its event is called, where it lies and why it was not taken, without what was in it.
REFUSED = tuple(Topic(service + NOTICES, "", (service,), own=True) for service in DECIDE)

# What ops say of the rules. A service that comes later is to see what those before it saw, bodies that did not count included.
POLICY = Topic("policy.v1", "version", ("ops",), ("*",), single=True, compacted=True, lag_ms=100 * 365 * 24 * 60 * 60 * 1000)

UPSTREAM = (STOREFRONT, PSP, LOGISTICS, MERCHANT, SELLER, MEMBER, GOVERNANCE, RULING)
OURS = (ORDER, PAYMENT, PARTY, REFUND, IDENTITY, TRUST)
INTERNAL = (
    ORDER_INTERNAL,
    ORDER_REKEYED,
    ACCOUNT,
    REFUND_INTERNAL,
    REFUND_BUYER,
    REFUND_REKEYED,
    EVIDENCE,
    TRUST_INTERNAL,
    ORDER_TIMER,
    PAYMENT_TIMER,
    REFUND_TIMER,
    TRUST_TIMER,
)
STEERING = replace(OPS, warden="order")  # every service reads it, one answers for what nobody can read or is meant by
ALL = (*UPSTREAM, *OURS, *INTERNAL, *PARKED, *REFUSED, STEERING, POLICY, CLOCK)
