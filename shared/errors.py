"""The catalogue: every code that a refusal, a wait or a halt can carry, with what it means and whether trying again helps.

To add a code: one line in its Literal (alphabetical), one line in CATALOGUE. tests/unit/test_errors.py compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

EngineCode = Literal[
    "event.bad_header",
    "event.bad_text",
    "event.duplicate_key",
    "event.foreign",
    "event.from_the_future",
    "event.id_reused",
    "event.invalid",
    "event.key_mismatch",
    "event.missing_header",
    "event.no_key",
    "event.no_value",
    "event.not_json",
    "event.not_utf8",
    "event.number_out_of_range",
    "event.too_deep",
    "event.too_large",
    "event.too_old",
    "event.unknown_type",
    "ops.nothing_parked",
    "ops.unknown_service",
    "parked.behind",
    "parked.killed_the_process",
    "parked.raised",
    "wait.over",
    "wait.too_many",
]
HaltCode = Literal[
    "halt.cannot_park",
    "halt.cursor_out_of_range",
    "halt.lane_behind_log",
    "halt.newer_release",
    "halt.no_cursor",
    "halt.no_policy",
    "halt.partition_count",
    "halt.rebuild_untold",
    "halt.recovery_differs",
    "halt.replay_differs",
    "halt.replay_empty",
    "halt.replay_shortened",
    "halt.replay_unreadable",
    "halt.schema_version",
    "halt.sequence_gap",
    "halt.too_many_parked",
    "halt.topic_replaced",
]
PolicyCode = Literal[
    "policy.invalid",
    "policy.older",
    "policy.too_late",
    "policy.too_soon",
    "policy.unknown",
    "policy.version_reused",
    "policy.withdrawn",
]
CommonCode = Literal[
    "buyer.differs",
    "case.before_opened",
    "chargeback.before_opened",
    "chargeback.before_payment",
    "chargeback.ended",
    "chargeback.known",
    "hold.known",
    "line.unknown",
    "seller.differs",
    "settlement.known",
]
OrderCode = Literal[
    "campaign.below_taken",
    "campaign.limit_reached",
    "campaign.no_allotment",
    "campaign.not_reviewed",
    "campaign.outdated",
    "campaign.sold_out",
    "cancel.before_payment",
    "cancel.case_open",
    "cancel.exceeds_unsent",
    "cancel.known",
    "cancel.not_allowed",
    "cancel.nothing_left",
    "cancel.unpaid_in_part",
    "case.before_order",
    "case.before_payment",
    "case.shipped",
    "case.units_cancelled",
    "identity.known",
    "line.refunded",
    "order.bad_freight",
    "order.bad_gift",
    "order.before_placed",
    "order.closed",
    "order.commission_too_high",
    "order.coupon_of_another",
    "order.coupon_of_freight",
    "order.coupon_repeated",
    "order.currency_unknown",
    "order.due_differs",
    "order.exists",
    "order.promoter_suspended",
    "order.seller_suspended",
    "order.tag_unknown",
    "order.too_large",
    "parcel.before_payment",
    "parcel.before_shipped",
    "parcel.collected_before",
    "parcel.exceeds_ordered",
    "parcel.failed_before",
    "parcel.intercepted",
    "parcel.known",
    "parcel.not_goods",
    "parcel.shipper_differs",
    "parcel.signed_before",
    "payment.amount_differs",
    "payment.before_order",
    "payment.currency_differs",
    "payment.known",
    "payment.late",
    "payment.of_nothing",
    "payment.second",
    "receipt.before_delivery",
    "receipt.before_shipping",
    "receipt.case_open",
    "receipt.confirmed_before",
    "receipt.extended_before",
    "receipt.no_extension",
    "receipt.not_goods",
    "receipt.too_late",
    "redemption.before_payment",
    "redemption.exceeds_bought",
    "redemption.kept_back",
    "redemption.known",
    "redemption.not_virtual",
    "ruling.known",
    "settlement.before_completion",
    "sham.collected_in_time",
    "sham.not_promised",
    "suspension.known",
]
PaymentCode = Literal[
    "chargeback.amount_differs",
    "chargeback.contradicted",
    "chargeback.currency_differs",
    "chargeback.exceeds_paid",
    "chargeback.too_many",
    "compensation.contradicted",
    "compensation.currency_differs",
    "compensation.ended",
    "compensation.known",
    "compensation.unknown",
    "deposit.before_registration",
    "deposit.currency_differs",
    "deposit.known",
    "escrow.exists",
    "handling.disputed",
    "handling.known",
    "handling.not_bounced",
    "handling.not_contradicted",
    "handling.not_failed",
    "handling.nothing_left",
    "handling.of_case",
    "handling.unknown",
    "payment.before_escrow",
    "payout.closed",
    "payout.contradicted",
    "payout.too_old",
    "payout.unknown",
    "prefund.known",
    "refund.contradicted",
    "refund.ended",
    "refund.exceeds_paid",
    "refund.known",
    "refund.unknown",
    "reimbursement.before_answer",
    "reimbursement.known",
    "seller.known",
    "seller.registered_since",
    "seller.request_too_old",
    "settlement.before_escrow",
    "statement.known",
    "statement.of_party",
    "statement.stated_since",
    "statement.too_many_lines",
    "statement.too_old",
    "withdrawal.clawback_open",
    "withdrawal.debt_open",
    "withdrawal.deposit_short",
    "withdrawal.exceeds_balance",
    "withdrawal.exceeds_deposit",
    "withdrawal.exceeds_prefunded",
    "withdrawal.known",
    "withdrawal.payout_contradicted",
    "withdrawal.too_many",
]
RefundCode = Literal[
    "appeal.before_ruling",
    "appeal.ended",
    "appeal.known",
    "appeal.not_loser",
    "appeal.too_early",
    "appeal.too_late",
    "card.known",
    "case.agreed",
    "case.appeal_lost",
    "case.appeal_unruled",
    "case.appeal_won",
    "case.appeal_won_by_seller",
    "case.appealed_by_loser",
    "case.applied",
    "case.at_once",
    "case.attempts_used",
    "case.before_approval",
    "case.before_certificate",
    "case.before_deadline",
    "case.before_request",
    "case.before_return",
    "case.before_shipping",
    "case.before_signing",
    "case.claim_unanswered",
    "case.closed",
    "case.default_judgment",
    "case.disputed_by_buyer",
    "case.disputed_by_seller",
    "case.evidence_closed",
    "case.evidence_shown",
    "case.goods_received",
    "case.granted_again",
    "case.inspected",
    "case.known",
    "case.line_open",
    "case.none_accepted",
    "case.not_inspected",
    "case.not_posted",
    "case.parcel_failed",
    "case.refund_failed",
    "case.refund_given_up",
    "case.refunded",
    "case.refunded_beside_bank",
    "case.refusal_over",
    "case.replacement_arrived",
    "case.replacement_failed",
    "case.replacement_late",
    "case.replacement_presumed",
    "case.replacement_sent",
    "case.ruled_for_buyer",
    "case.ruled_for_seller",
    "case.seller_refused",
    "case.sent_again",
    "case.sent_back",
    "case.silence_agreed",
    "case.too_late",
    "case.waits_for_hold",
    "case.withdrawn",
    "case.wrong_state",
    "certificate.exists",
    "claim.kind_not_offered",
    "claim.not_promised",
    "claim.not_signed",
    "claim.window_over",
    "dispute.before_refusal",
    "evidence.too_late",
    "evidence.too_many",
    "first_order.not_first",
    "first_order.used",
    "fund.approved",
    "fund.budget_spent",
    "fund.declined",
    "fund.stopped",
    "instant_refund.not_for_line",
    "instant_refund.score_too_low",
    "no_reason.excluded",
    "no_reason.not_signed",
    "no_reason.unsealed",
    "no_reason.waived",
    "no_reason.window_over",
    "not_shipped.sent",
    "promise.currency",
    "promise.freight",
    "promise.gift",
    "promise.goods_only",
    "promise.not_food",
    "promise.not_offered",
    "refund.amount_exceeds",
    "refund.amount_not_fit",
    "refund.before_grant",
    "refund.nothing_left",
    "refund.quantity_exceeds",
    "replacement.before_due",
    "return.signed_before",
    "return.waybill_used",
    "ruling.before_appeal",
    "ruling.before_dispute",
    "ruling.exceeds_claim",
    "ruling.finds_unheard",
    "ruling.too_early",
    "ruling.too_late",
    "trust_card.no_card",
    "trust_card.not_known",
    "trust_card.not_offered",
    "trust_card.not_valid",
    "trust_card.of_another",
]
TrustCode = Literal[
    "abuse.known",
    "card.abuse",
    "card.abuse_by_person",
    "card.claim_known",
    "card.held",
    "card.held_by_person",
    "card.score_too_low",
    "evidence.known",
    "evidence.void_known",
    "score.subject_unknown",
    "study.known",
    "violation.appeal_ended",
    "violation.appeal_known",
    "violation.appeal_too_late",
    "violation.before_appealed",
    "violation.before_recorded",
    "violation.kind_unknown",
    "violation.known",
    "violation.points_differ",
    "violation.void_known",
    "vote.day_used",
    "vote.for_oneself",
    "vote.known",
]
Code = EngineCode | PolicyCode | CommonCode | OrderCode | PaymentCode | RefundCode | TrustCode


@dataclass(frozen=True, slots=True)
class Entry:
    """meaning: for ops. retryable: the same event may be taken later, as what stands against it ends in the course of things; of what
    waits that is seen to here, of what is refused by who sends it again. zh, en: what buyers and sellers read, empty if they never see it.

    seller_zh, seller_en: for sellers, where they read something else. Fields in braces are filled in, parts in brackets left out where
    their fields are not known: shared/texts.py.
    """

    meaning: str
    retryable: bool = False
    zh: str = ""
    en: str = ""
    seller_zh: str = ""
    seller_en: str = ""


def numbers(**values: object) -> str:
    """The numbers of a refusal as its detail: `days=7; until=2026-06-23T16:00:00Z`. Times in UTC; None is left out."""
    return "; ".join(f"{name}={_plain(value)}" for name, value in values.items() if value is not None)


def _plain(value: object) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else str(value)


_REFUNDED_ZH = (
    "[，退款金额{amount_minor}][，已扣除运费{freight_minor}（不再满足包邮条件）][，已扣除未退回的赠品{gifts_minor}]"  # R3.10, R4.5
)
_REFUNDED_EN = (
    "[; {amount_minor} is refunded]"
    "[; {freight_minor} of freight was deducted, as it is no longer free]"
    "[; {gifts_minor} was deducted for gifts that were kept]"
)

CATALOGUE: dict[str, Entry] = {
    "event.bad_header": Entry(
        "a CloudEvents header is doubled, empty, too long, not UTF-8, holds a comma or a control character, or says what is not read here"
    ),
    "event.bad_text": Entry("a text holds NUL or a lone surrogate, which no database keeps"),
    "event.duplicate_key": Entry("a JSON object names a field twice: two parsers would read two things"),
    "event.foreign": Entry(
        "a record on one of our own topics without our sequence, or under another source than its service's: a stranger wrote it"
    ),
    "event.from_the_future": Entry("occurred_at is further ahead of the business clock than clocks may differ", True),
    "event.id_reused": Entry("the same source and id came before with another body"),
    "event.invalid": Entry("the value does not follow the schema of its type; the detail names the field"),
    "event.key_mismatch": Entry("the record key is not the id in the body that this topic is keyed by"),
    "event.missing_header": Entry("a required CloudEvents header is missing"),
    "event.no_key": Entry("the record has no key: its order cannot be kept"),
    "event.no_value": Entry("the record has no value"),
    "event.not_json": Entry("the value is not JSON"),
    "event.not_utf8": Entry("key or value is not UTF-8"),
    "event.number_out_of_range": Entry("a number beyond 64 bits, NaN or Infinity"),
    "event.too_deep": Entry("the JSON is nested deeper than is read here"),
    "event.too_large": Entry("the value is larger than is taken"),
    "event.too_old": Entry("occurred_at lies further back than any rule looks"),
    "event.unknown_type": Entry("ce_type is not in the contract of this topic"),
    "ops.nothing_parked": Entry("a redrive or discard of what is not parked here"),
    "ops.unknown_service": Entry("a redrive or discard for a service that there is not"),
    "parked.behind": Entry("an earlier event of the key is parked: this one queues behind it", True),
    "parked.killed_the_process": Entry("the process died three times in this event", True),
    "parked.raised": Entry("a bug: the decision raised; redrive after the fix, or discard", True),
    "wait.over": Entry("its cause has not come in time; redrive once it has, or discard", True),
    "wait.too_many": Entry("too many events of this key wait for a cause already", True),
    "halt.cannot_park": Entry("an event that failed alone could not be parked either: the database refuses what parking writes"),
    "halt.cursor_out_of_range": Entry("the cursor lies outside what the topic still holds"),
    "halt.lane_behind_log": Entry("the database is behind what it published: it was restored from an old copy"),
    "halt.newer_release": Entry("a newer release wrote what this program does not know: that one goes on from here"),
    "halt.no_cursor": Entry("a partition has no cursor: `laotie up` creates them"),
    "halt.no_policy": Entry("no valid policy was published: nothing is decided; `laotie prepare` publishes the first"),
    "halt.partition_count": Entry("a topic has another number of partitions than the deployment has stripes"),
    "halt.rebuild_untold": Entry(
        "a row that no facts tell of, or an entity of which a fact is missing: it cannot be made again from facts"
    ),
    "halt.recovery_differs": Entry(
        "what a service told cannot be made again from what it read, or somebody works on its database meanwhile: it stays behind its log"
    ),
    "halt.replay_differs": Entry(
        "decided again by the policy that was in force, what is recorded comes out otherwise: no what-if can rest on it"
    ),
    "halt.replay_empty": Entry("the topics hold nothing that could be decided again"),
    "halt.replay_shortened": Entry("the head of a topic was deleted: what was decided before cannot be decided or folded again"),
    "halt.replay_unreadable": Entry("a fact of ours that this program does not know: it was written by a later one"),
    "halt.schema_version": Entry("the database schema is not the one that this program was built for"),
    "halt.sequence_gap": Entry("a sequence of one of our own topics has a gap: events are missing from the log"),
    "halt.too_many_parked": Entry("too large a part of the last minute's events was parked: this is no single bad event"),
    "halt.topic_replaced": Entry(
        "the topic is not the one that its cursor is about: it was deleted and made anew, or is another cluster's"
    ),
    "policy.invalid": Entry("the document breaks the schema or contradicts itself; the last good version stays"),
    "policy.older": Entry("it would begin before, or when, a version does that was accepted earlier"),
    "policy.too_soon": Entry("it would begin sooner after its publishing than the policy in force allows"),
    "policy.too_late": Entry("the version to be withdrawn begins sooner than the policy in force allows, or has begun; it stays"),
    "policy.unknown": Entry("no version of the name that is to be withdrawn was accepted"),
    "policy.withdrawn": Entry("the version of that name was withdrawn; give it a new name"),
    "policy.version_reused": Entry("a version of that name was accepted with another body; give it a new name"),
    "buyer.differs": Entry(
        "the event names another buyer than the order has",
        False,
        "您不是该订单的买家",
        "You are not the buyer of this order.",
        "申请人不是该订单的买家",
        "Whoever asked is not the buyer of this order.",
    ),
    "line.unknown": Entry("the order has no such line", False, "订单中没有该商品", "There is no such line in this order."),
    "seller.differs": Entry(
        "the event names another seller than the line has",
        False,
        "操作人不是该商品的卖家",
        "Whoever answered is not the seller of this line.",
        "您不是该商品的卖家",
        "You are not the seller of this line.",
    ),
    "case.before_order": Entry("a case of an order that is not known yet: waits", True),
    "order.before_placed": Entry("an event of an order that is not known yet: waits", True),
    "order.closed": Entry(
        "the order expired, was rejected, cancelled or completed: it takes this no more", False, "订单已关闭", "This order is closed."
    ),
    "order.due_differs": Entry(
        "the checkout's due amount is not what the allocation of the coupons gives",
        False,
        "订单金额有误，请重新下单",
        "The amount has changed. Please order again.",
    ),
    "order.exists": Entry("an order of this id was placed before", False, "订单已存在", "This order exists already."),
    "order.too_large": Entry(
        "the order's total is beyond what one order may hold", False, "订单金额超出上限", "The order's total is too large."
    ),
    "parcel.before_payment": Entry("a parcel of an order whose payment has not come yet: waits", True),
    "parcel.before_shipped": Entry("a signature for a parcel whose dispatch has not come yet: waits", True),
    "parcel.exceeds_ordered": Entry(
        "the parcel holds more units of a line than are left to ship",
        False,
        "发货数量超过待发货数量",
        "More units were shipped than were still to be sent.",
    ),
    "parcel.known": Entry("a parcel of this id was shipped before"),
    "parcel.signed_before": Entry("the parcel was signed for before"),
    "payment.amount_differs": Entry(
        "the paid amount is not the amount due: it goes back in full",
        False,
        "支付金额与应付金额不符，将全额退回",
        "The amount paid is not the amount due. It will be returned in full.",
    ),
    "payment.before_order": Entry("a payment of an order that is not known yet: waits", True),
    "payment.currency_differs": Entry(
        "paid in another currency than the order's: it goes back in full",
        False,
        "支付币种不符，将全额退回",
        "The payment was made in another currency. It will be returned in full.",
    ),
    "payment.known": Entry("this payment was counted before"),
    "payment.second": Entry(
        "the order is paid already: the second payment goes back in full",
        False,
        "订单已支付，重复支付将全额退回",
        "This order was paid before. The second payment will be returned in full.",
    ),
    "receipt.before_delivery": Entry("confirmed before any line was shipped or delivered: waits", True),
    "receipt.confirmed_before": Entry("every line named was confirmed before", False, "已确认收货", "Receipt was confirmed before."),
    "case.before_opened": Entry("the end of a case whose beginning has not come yet: waits", True),
    "settlement.known": Entry("the line was planned for settlement or settled before"),
    "case.before_payment": Entry("a case of an order whose payment has not come yet: waits", True),
    "line.refunded": Entry(
        "all that was paid for the line went back: it takes this no more", False, "该商品已全额退款", "This line was refunded in full."
    ),
    "order.commission_too_high": Entry("commission and fee together are more than what the buyer pays"),
    "order.coupon_of_another": Entry(
        "a seller's or promoter's coupon covers a line that is not theirs alone",
        False,
        "优惠券不适用于所选商品",
        "The coupon does not apply to these goods.",
    ),
    "order.coupon_repeated": Entry(
        "a coupon stands twice in the order, or a line twice in a coupon", False, "优惠券重复使用", "A coupon was used twice."
    ),
    "order.currency_unknown": Entry("not a currency of ISO 4217 that money is paid in", False, "不支持该币种", "This currency is unknown."),
    "payment.late": Entry(
        "paid at or after the payment deadline: it goes back in full",
        False,
        "支付超时，将全额退回",
        "The payment came too late. It will be returned in full.",
    ),
    "payment.of_nothing": Entry("a payment of 0 pays for nothing and cannot go back"),
    "receipt.case_open": Entry(
        "an after-sale case is open on the line", True, "售后处理中，暂不能确认收货", "Receipt cannot be confirmed while a case is open."
    ),
    "settlement.before_completion": Entry("settled before it was confirmed here: waits", True),
    "payout.contradicted": Entry("the provider said the opposite of this payout before: a person asks the provider"),
    "refund.contradicted": Entry("the provider said the opposite of this refund before: a person asks the provider"),
    "chargeback.amount_differs": Entry("a lost chargeback took more than was disputed, or a won one took anything"),
    "chargeback.before_opened": Entry("the end of a chargeback whose opening has not come yet: waits", True),
    "chargeback.before_payment": Entry("a chargeback of a payment that is not known here yet: waits", True),
    "chargeback.contradicted": Entry("the provider said something else of this chargeback before: a person asks the provider"),
    "chargeback.currency_differs": Entry("a chargeback in another currency than its payment's"),
    "chargeback.ended": Entry("the chargeback ended this way before"),
    "chargeback.exceeds_paid": Entry("more is disputed than was paid"),
    "chargeback.known": Entry("a chargeback of this id was opened before"),
    "chargeback.too_many": Entry("the order has more chargebacks than any order has: this one is not taken"),
    "compensation.contradicted": Entry("the provider said the opposite of this compensation before: a person asks the provider"),
    "compensation.currency_differs": Entry("a compensation in another currency than its order's"),
    "compensation.ended": Entry("the compensation was paid or given up before"),
    "compensation.known": Entry("a compensation of this id was instructed before"),
    "compensation.unknown": Entry("no compensation of this id was instructed"),
    "deposit.before_registration": Entry("money for a deposit before the seller's registration says that there is to be one: waits", True),
    "deposit.currency_differs": Entry(
        "the seller's deposit is to be held in another currency", False, "保证金币种不符", "The deposit is held in another currency."
    ),
    "deposit.known": Entry(
        "money of this deposit id was counted before", False, "该笔保证金已入账", "This deposit payment was counted before."
    ),
    "handling.disputed": Entry("a bank disputes that money: its end decides first, then it can be settled by hand", True),
    "handling.known": Entry("a person settled something under that id before"),
    "handling.not_bounced": Entry("the provider has not said that it paid it and that it came back: it is settled as paid or unclaimed"),
    "handling.not_contradicted": Entry("the provider has not said both of that payout, or it is settled: nothing is to be found"),
    "handling.not_failed": Entry("the provider has not refused it, or it is settled: only what it will not pay is settled by hand"),
    "handling.nothing_left": Entry(
        "a bank or other refunds have that money: nothing is left to pay; once none is under way, `unclaimed` ends it"
    ),
    "handling.of_case": Entry("a case asks for that refund: its ruling grants it again or gives it up"),
    "handling.unknown": Entry("no such refund, compensation or payout was instructed"),
    "escrow.exists": Entry("this order's money is in escrow already"),
    "payment.before_escrow": Entry("money of an order whose escrow is not funded yet: waits", True),
    "payout.closed": Entry("the payout was paid or returned before"),
    "payout.too_old": Entry("the payout was made, and is forgotten since it was answered: a person looks it up on party.v1"),
    "payout.unknown": Entry("no payout of this id was instructed"),
    "prefund.known": Entry(
        "money of this prefund id was counted before", False, "该笔预存款已入账", "This payment for subsidies was counted before."
    ),
    "refund.ended": Entry("the refund was paid or given up before"),
    "refund.exceeds_paid": Entry(
        "granted and done together would be more than was paid",
        False,
        "退款金额超过可退金额",
        "The refund is more than what is left to refund.",
    ),
    "refund.known": Entry("a refund of this id was reserved before"),
    "refund.unknown": Entry("no refund of this id was instructed"),
    "seller.known": Entry("the seller is registered with this deposit already"),
    "seller.registered_since": Entry("another deposit was required later than this was said: that one stands"),
    "seller.request_too_old": Entry(
        "older than the requests that are still known by their ids: it may have been done before",
        False,
        "请求已过期，请重新提交",
        "This request is too old. Please make a new one.",
    ),
    "settlement.before_escrow": Entry("confirmed before its escrow was funded: waits", True),
    "withdrawal.clawback_open": Entry(
        "the platform fronts what the balance does not suffice for: nothing is paid out until that is taken",
        True,
        "存在待扣回的佣金，暂不能提现",
        "Withdrawals wait until a commission has been returned.",
    ),
    "withdrawal.debt_open": Entry(
        "a debt is open: new income repays it first", True, "存在未还欠款，暂不能提现", "Withdrawals wait until the debt is repaid."
    ),
    "withdrawal.deposit_short": Entry(
        "the deposit holds less than is required", True, "保证金不足，暂不能提现", "Withdrawals wait until the deposit is complete."
    ),
    "withdrawal.exceeds_balance": Entry(
        "more than the balance holds", True, "提现金额超过可用余额", "The amount is more than the available balance."
    ),
    "withdrawal.exceeds_deposit": Entry(
        "more than the deposit holds above what is required",
        True,
        "申请金额超过保证金可退余额",
        "The amount is more than what the deposit holds above the required amount.",
    ),
    "withdrawal.exceeds_prefunded": Entry(
        "more than is prefunded and not asked for yet, or orders have used it",
        True,
        "申请金额超过可退的预存补贴款",
        "The amount is more than what is left of the prefunded subsidies.",
    ),
    "withdrawal.known": Entry("a withdrawal of this id was paid out before", False, "该提现申请已处理", "This withdrawal was made before."),
    "withdrawal.payout_contradicted": Entry(
        "the provider said both that it paid a payout and that it did not: what it holds waits until a person has found which",
        True,
        "有一笔提现的到账结果待核实，该部分金额暂不能提现",
        "An earlier payout is being checked. Its amount cannot be withdrawn until then.",
    ),
    "withdrawal.too_many": Entry(
        "too many payouts are under way", True, "处理中的提现过多，请稍后再试", "Too many payouts are under way. Please try again later."
    ),
    "statement.of_party": Entry("a payout is of a party, not of an order: statement.payout, keyed by the party, tells of it"),
    "statement.known": Entry("the line was stated before, word for word"),
    "statement.stated_since": Entry("the line was stated otherwise later than this was said: that stands"),
    "reimbursement.before_answer": Entry("a reimbursement of what the provider has not answered yet: waits", True),
    "reimbursement.known": Entry("a reimbursement of this id was paid before"),
    "statement.too_many_lines": Entry("the provider stated more lines than any order or party has at a time: none of it is compared"),
    "statement.too_old": Entry("a line about a payout that is forgotten, or of which nothing is known and as old: it is not compared"),
    "case.attempts_used": Entry(
        "no attempts are left for this line, withdrawn ones included",
        False,
        "该商品的售后申请次数已用完[（最多{attempts}次）]",
        "No more requests are possible for this line[ (at most {attempts})].",
    ),
    "case.before_approval": Entry("goods were sent back before the seller's answer was known: waits", True),
    "case.before_certificate": Entry("a request for an order whose payment has not come yet: waits", True),
    "case.before_deadline": Entry("happened at a deadline or later that is not decided yet: waits", True),
    "case.before_request": Entry("an answer to a case that is not known yet: waits", True),
    "case.before_return": Entry("an inspection of goods whose waybill is not known yet: waits", True),
    "case.before_signing": Entry("a claim from signing on, before the signing is known: waits", True),
    "case.closed": Entry("the case has ended", False, "售后单已结束", "This case has ended."),
    "case.known": Entry("a case of this id was opened before"),
    "case.line_open": Entry("another case of this line is open", True, "该商品已有进行中的售后", "Another case is open for this line."),
    "case.none_accepted": Entry(
        "the seller accepted no unit on inspection",
        False,
        "卖家验货未通过[，{deadline}前可申请平台介入]",
        "The seller accepted none of the returned goods[. You can ask the platform to judge until {deadline}].",
        "验货未通过[，买家可于{deadline}前申请平台介入]",
        "You accepted none of the returned goods[. The buyer can ask the platform to judge until {deadline}].",
    ),
    "case.not_posted": Entry(
        "the buyer did not send the goods in time",
        False,
        "未在规定时间内寄回商品[，截止时间{occurred_at}]，售后已关闭",
        "The goods were not sent back in time[, by {occurred_at}]. The case is closed.",
    ),
    "case.refunded": Entry(
        "the buyer has the money", False, "退款已完成[，金额{refunded_minor}]", "The refund is done[: {refunded_minor}]."
    ),
    "case.refunded_beside_bank": Entry(
        "the buyer has what its bank had not taken back already",
        False,
        "退款已完成[，金额{refunded_minor}][，其余{bank_minor}此前已由发卡行退回]",
        "The refund is done[: {refunded_minor}][. Your bank had given you the other {bank_minor} before].",
        "退款已完成[，金额{refunded_minor}][，其余{bank_minor}此前已由买家发卡行退回]",
        "The refund is done[: {refunded_minor}][. The buyer's bank had given back the other {bank_minor} before].",
    ),
    "case.refusal_over": Entry(
        "the seller's refusal stood until its days were over",
        False,
        "卖家拒绝后未在期限内申请平台介入，售后已[于{occurred_at}]关闭",
        "The platform was not asked to judge the refusal in time. The case was closed[ at {occurred_at}].",
    ),
    "case.shipped": Entry(
        "the goods left before the refund could stop them: shipment won",
        False,
        "商品已发货，可在签收后申请售后",
        "The goods have left already. You can open a case once they have arrived.",
        "商品已发货，买家可在签收后申请售后",
        "The goods have left already. The buyer can open a case once they have arrived.",
    ),
    "case.too_late": Entry(
        "the answer came at or after its deadline", False, "已超过处理时限[，截止时间{until}]", "The deadline has passed[; it was {until}]."
    ),
    "case.waits_for_hold": Entry(
        "agreed to; the order has still to say that the goods have not left",
        False,
        "已同意退款，正在确认商品未发货",
        "Agreed to. We check that nothing has left.",
    ),
    "case.withdrawn": Entry(
        "the buyer took the request back",
        False,
        "您已撤销申请",
        "You withdrew the request.",
        "买家已撤销申请",
        "The buyer withdrew the request.",
    ),
    "case.wrong_state": Entry(
        "not legal in the state that the case is in", False, "当前状态不支持此操作", "This is not possible in the case's present state."
    ),
    "appeal.before_ruling": Entry("an appeal before its ruling is known: waits", True),
    "appeal.ended": Entry("the appeal was ruled on before, or its time is over", False, "申诉已结束", "The appeal is over."),
    "appeal.known": Entry(
        "the ruling was appealed before: there is one appeal",
        False,
        "该裁决已申诉过，仅可申诉一次",
        "This ruling was appealed before. It can be appealed once.",
    ),
    "appeal.not_loser": Entry(
        "only who lost the ruling appeals", False, "裁决支持您，无需申诉", "The ruling was in your favour: there is nothing to appeal."
    ),
    "appeal.too_early": Entry(
        "the appeal is dated before the ruling that it is against",
        False,
        "裁决作出后方可申诉[，裁决时间{since}]",
        "There was no ruling to appeal yet[; it was made at {since}].",
    ),
    "appeal.too_late": Entry(
        "the appeal came when its days had passed",
        False,
        "已超过申诉期限[，截止时间{until}]",
        "The time to appeal is over[; it ended at {until}].",
    ),
    "claim.kind_not_offered": Entry(
        "no rule offers this kind of case on this ground",
        False,
        "该原因不支持此售后类型",
        "This kind of case is not offered for this reason.",
    ),
    "claim.not_promised": Entry(
        "the order's certificate knows of no such promise", False, "下单时未承诺该保障", "This was not promised for this order."
    ),
    "evidence.too_late": Entry(
        "evidence when the time for it was over",
        False,
        "举证时间已结束[，截止时间{until}]",
        "The time for evidence is over[; it ended at {until}].",
    ),
    "evidence.too_many": Entry(
        "more evidence than one side shows in one case", False, "举证数量已达上限", "No more evidence can be added to this case."
    ),
    "dispute.before_refusal": Entry("a dispute before the seller's refusal is known: waits", True),
    "refund.amount_exceeds": Entry(
        "more money than is left of what was paid for these units",
        False,
        "申请金额[{amount_minor}]超过可退金额[{left_minor}]",
        "The amount asked for[ ({amount_minor})] is more than can be refunded[ ({left_minor})].",
    ),
    "refund.amount_not_fit": Entry(
        "an amount of nothing, or in a kind of case that has none",
        False,
        "该售后类型不支持自定义金额",
        "No amount can be asked for in this kind of case.",
    ),
    "replacement.before_due": Entry("a replacement before the case is known to need one: waits", True),
    "return.signed_before": Entry("the return was signed for before"),
    "return.waybill_used": Entry(
        "the waybill belongs to another case, or to this one before", False, "该运单号已被使用", "This waybill was used before."
    ),
    "ruling.before_appeal": Entry("a ruling on an appeal that is not known yet: waits", True),
    "ruling.before_dispute": Entry("a ruling on a dispute that is not known yet: waits", True),
    "ruling.exceeds_claim": Entry("a ruling gives more than was claimed, or than was paid"),
    "ruling.finds_unheard": Entry("a ruling on what no dispute was about finds something of a party, who could not appeal: find nothing"),
    "ruling.too_early": Entry(
        "a ruling before both sides had their time for evidence, before its appeal was made, or before the carrier's hours were over"
    ),
    "ruling.too_late": Entry("a ruling when its days had passed: what their end brought stands"),
    "fund.approved": Entry("a person had the platform's fund pay", False, "平台审核通过，正在退款", "The platform approved the refund."),
    "fund.budget_spent": Entry(
        "the platform's guarantee fund has no budget left for the day: a person decides",
        False,
        "退款申请正在由平台人工审核",
        "The platform is looking at the request.",
    ),
    "fund.declined": Entry("a person had the platform's fund not pay", False, "平台审核未通过", "The platform did not approve the refund."),
    "fund.stopped": Entry(
        "too much was asked of the platform's guarantee fund within an hour: a person decides for the rest of the day",
        False,
        "退款申请正在由平台人工审核",
        "The platform is looking at the request.",
    ),
    "case.agreed": Entry(
        "the seller agreed",
        False,
        "卖家已同意[，退款金额{amount_minor}][，下一步截止时间{deadline}]",
        "The seller agreed[; {amount_minor} is refunded][; the next step is due by {deadline}].",
        "您已同意[，退款金额{amount_minor}][，下一步截止时间{deadline}]",
        "You agreed[; {amount_minor} is refunded][; the next step is due by {deadline}].",
    ),
    "case.appeal_lost": Entry(
        "the appeal was not upheld: the ruling stands", False, "申诉不成立，维持原裁决", "The appeal failed. The ruling stands."
    ),
    "case.appeal_unruled": Entry(
        "nobody ruled on the appeal in time: the ruling stands",
        False,
        "申诉期满，维持原裁决",
        "The time for the appeal is over. The ruling stands.",
    ),
    "case.appeal_won": Entry(
        "the appeal was upheld: the ruling falls",
        False,
        "申诉成立，原裁决已撤销[，退款金额{amount_minor}]",
        "The appeal was upheld. The ruling falls[; {amount_minor} is refunded].",
    ),
    "case.appeal_won_by_seller": Entry(
        "the seller won on appeal before anything was refunded",
        False,
        "卖家申诉成立，售后已关闭",
        "The seller's appeal was upheld. The case is closed.",
    ),
    "case.appealed_by_loser": Entry(
        "who lost the ruling appealed",
        False,
        "已提交申诉，等待平台复核[，复核期限{appeal_until}]",
        "The ruling was appealed. The platform looks at it again[, by {appeal_until}].",
    ),
    "case.applied": Entry(
        "the request was taken: whoever has the turn acts",
        False,
        "售后申请已提交[，数量{quantity}件][，下一步截止时间{deadline}]",
        "The request was taken[, units: {quantity}][; the next step is due by {deadline}].",
        "买家已申请售后[，数量{quantity}件][，下一步截止时间{deadline}]",
        "The buyer opened a case[, units: {quantity}][; the next step is due by {deadline}].",
    ),
    "case.at_once": Entry(
        "promised without anybody's answer",
        False,
        "符合保障条款，已立即通过[，退款金额{amount_minor}]",
        "Promised, and granted at once[: {amount_minor}].",
    ),
    "case.claim_unanswered": Entry(
        "nobody answered the claim in time: the platform judges",
        False,
        "举证或答复超时，平台已介入",
        "Not answered in time. The platform judges.",
    ),
    "case.default_judgment": Entry(
        "the platform did not rule in time: for the buyer",
        False,
        "平台逾期未裁决，按您的诉求处理" + _REFUNDED_ZH + "[，下一步截止时间{deadline}][，卖家可于{appeal_until}前申诉]",
        "Not ruled on in time: decided for you"
        + _REFUNDED_EN
        + "[; the next step is due by {deadline}][; the seller can appeal until {appeal_until}].",
        "平台逾期未裁决，按买家诉求处理" + _REFUNDED_ZH + "[，下一步截止时间{deadline}][，您可于{appeal_until}前申诉]",
        "Not ruled on in time: decided for the buyer"
        + _REFUNDED_EN
        + "[; the next step is due by {deadline}][; you can appeal until {appeal_until}].",
    ),
    "case.disputed_by_buyer": Entry(
        "the buyer disputes the refusal",
        False,
        "您已申请平台介入[，举证截止时间{deadline}]",
        "You asked the platform to judge[; evidence is taken until {deadline}].",
        "买家已申请平台介入[，举证截止时间{deadline}]",
        "The buyer asked the platform to judge[; evidence is taken until {deadline}].",
    ),
    "case.disputed_by_seller": Entry(
        "the seller asks the platform to judge",
        False,
        "卖家已申请平台介入[，举证截止时间{deadline}]",
        "The seller asked the platform to judge[; evidence is taken until {deadline}].",
        "您已申请平台介入[，举证截止时间{deadline}]",
        "You asked the platform to judge[; evidence is taken until {deadline}].",
    ),
    "case.evidence_closed": Entry(
        "the time for evidence is over: the platform rules",
        False,
        "举证已结束，等待平台裁决[，裁决期限{deadline}]",
        "The time for evidence is over. The platform rules[ by {deadline}].",
    ),
    "case.evidence_shown": Entry("a side showed evidence", False, "已收到举证材料", "Evidence was added."),
    "case.goods_received": Entry(
        "the seller's door signed for the goods",
        False,
        "退货已签收，等待卖家验货[，{deadline}前未验货视为通过]",
        "The goods have arrived and the seller inspects them[; not inspected by {deadline}, all is accepted].",
        "退货已签收，请尽快验货[，{deadline}前未验货视为通过]",
        "The goods have arrived. Please inspect them[; not inspected by {deadline}, all is accepted].",
    ),
    "case.granted_again": Entry(
        "the refund that failed is paid anew", False, "退款失败，已重新发起", "The refund failed and is paid again."
    ),
    "case.inspected": Entry(
        "the seller inspected the goods and accepted them",
        False,
        "卖家验货通过" + _REFUNDED_ZH,
        "The seller accepted the goods" + _REFUNDED_EN + ".",
        "您已验货通过" + _REFUNDED_ZH,
        "You accepted the goods" + _REFUNDED_EN + ".",
    ),
    "case.not_inspected": Entry(
        "the seller did not inspect in time: all is accepted",
        False,
        "卖家超时未验货，视为验货通过" + _REFUNDED_ZH,
        "The seller did not inspect in time: all is accepted" + _REFUNDED_EN + ".",
        "您超时未验货，视为验货通过" + _REFUNDED_ZH,
        "You did not inspect in time: all is accepted" + _REFUNDED_EN + ".",
    ),
    "case.parcel_failed": Entry(
        "the carrier says that the parcel was refused or lost",
        False,
        "包裹被拒收或丢失，申请已通过[，退款金额{amount_minor}]",
        "The parcel was refused or lost[; {amount_minor} is refunded].",
    ),
    "case.refund_failed": Entry(
        "the provider did not pay: a person decides", False, "退款失败，平台处理中", "The refund failed. The platform looks at it."
    ),
    "case.refund_given_up": Entry(
        "the refund that failed is not paid again", False, "退款无法完成，售后已关闭", "The refund could not be paid. The case is closed."
    ),
    "case.replacement_arrived": Entry("the replacement was signed for", False, "换货/补发商品已签收", "The replacement has arrived."),
    "case.replacement_failed": Entry(
        "the replacement was refused or lost: refunded",
        False,
        "换货/补发包裹被拒收或丢失，已转为退款[，退款金额{amount_minor}]",
        "The replacement did not arrive. It is refunded[: {amount_minor}].",
    ),
    "case.replacement_late": Entry(
        "the seller did not send the replacement in time: refunded",
        False,
        "卖家超时未换货/补发，已转为退款[，退款金额{amount_minor}]",
        "The seller did not send the replacement in time. It is refunded[: {amount_minor}].",
        "您超时未换货/补发，已转为退款[，退款金额{amount_minor}]",
        "You did not send the replacement in time. It is refunded[: {amount_minor}].",
    ),
    "case.replacement_presumed": Entry(
        "nobody signed for the replacement: it counts as arrived",
        False,
        "换货/补发商品超时未确认签收，视为已签收",
        "Nobody signed for the replacement in time: it counts as arrived.",
    ),
    "case.replacement_sent": Entry(
        "the replacement is on its way",
        False,
        "换货/补发商品已发出[，自动完成时间{deadline}]",
        "The replacement is on its way[; it counts as arrived at {deadline}].",
    ),
    "case.ruled_for_buyer": Entry(
        "the platform ruled for the buyer",
        False,
        "平台裁决支持您" + _REFUNDED_ZH + "[，下一步截止时间{deadline}][，卖家可于{appeal_until}前申诉]",
        "The platform ruled for you"
        + _REFUNDED_EN
        + "[; the next step is due by {deadline}][; the seller can appeal until {appeal_until}].",
        "平台裁决支持买家" + _REFUNDED_ZH + "[，下一步截止时间{deadline}][，您可于{appeal_until}前申诉]",
        "The platform ruled for the buyer"
        + _REFUNDED_EN
        + "[; the next step is due by {deadline}][; you can appeal until {appeal_until}].",
    ),
    "case.ruled_for_seller": Entry(
        "the platform ruled for the seller",
        False,
        "平台裁决支持卖家[，您可于{appeal_until}前申诉]",
        "The platform ruled for the seller[; you can appeal until {appeal_until}].",
        "平台裁决支持您[，买家可于{appeal_until}前申诉]",
        "The platform ruled for you[; the buyer can appeal until {appeal_until}].",
    ),
    "case.seller_refused": Entry(
        "the seller refused: the buyer may dispute it",
        False,
        "卖家已拒绝，[{deadline}前]可申请平台介入",
        "The seller refused. You can ask the platform to judge[ until {deadline}].",
        "您已拒绝，买家可[于{deadline}前]申请平台介入",
        "You refused. The buyer can ask the platform to judge[ until {deadline}].",
    ),
    "case.sent_again": Entry(
        "goods that were lost have left once more: the case that asked for that is done",
        False,
        "商品已重新发货，签收后可再次申请售后",
        "The goods were sent again. You can open a case once they have arrived.",
        "商品已重新发货，买家签收后可再次申请售后",
        "The goods were sent again. The buyer can open a case once they have arrived.",
    ),
    "case.sent_back": Entry(
        "the goods are on their way back",
        False,
        "退货已寄出[，卖家须于{deadline}前验货]",
        "The goods are on their way back[; the seller inspects them by {deadline}].",
        "买家已寄回退货[，请于{deadline}前验货]",
        "The goods are on their way back[; please inspect them by {deadline}].",
    ),
    "case.silence_agreed": Entry(
        "the seller was silent until the deadline, which is to agree",
        False,
        "卖家超时未处理，已自动同意[，退款金额{amount_minor}][，下一步截止时间{deadline}]",
        "The seller did not answer in time: agreed to[; {amount_minor} is refunded][; the next step is due by {deadline}].",
        "您超时未处理，已自动同意[，退款金额{amount_minor}][，下一步截止时间{deadline}]",
        "You did not answer in time: agreed to[; {amount_minor} is refunded][; the next step is due by {deadline}].",
    ),
    "case.units_cancelled": Entry(
        "the units were cancelled before the case could have them: their money goes back by that",
        False,
        "商品已取消，款项将随取消退回",
        "These units were cancelled before. Their money goes back with that.",
    ),
    "certificate.exists": Entry("the order's certificate was issued before"),
    "first_order.not_first": Entry(
        "an earlier paid order of the buyer, or of one who is the same person, is the first",
        False,
        "该订单不是首单，不享受首单保障",
        "This is not the first order, so the first-order guarantee does not apply.",
    ),
    "first_order.used": Entry(
        "the guarantee was used for another order of the buyer, or of one who is the same person",
        False,
        "首单保障已使用",
        "The first-order guarantee has been used.",
    ),
    "no_reason.excluded": Entry(
        "the category is excluded from no-reason returns",
        False,
        "该商品不支持七天无理由退货",
        "This product is excluded from no-reason returns.",
    ),
    "no_reason.not_signed": Entry("nothing of the line was signed for yet", False, "商品尚未签收", "The goods were not signed for yet."),
    "no_reason.waived": Entry(
        "the buyer confirmed at purchase that no-reason return does not apply",
        False,
        "购买时已确认不支持七天无理由退货",
        "You confirmed at purchase that no-reason return does not apply.",
        "买家购买时已确认不支持七天无理由退货",
        "The buyer confirmed at purchase that no-reason return does not apply.",
    ),
    "no_reason.window_over": Entry(
        "the window from the day after signing has passed",
        False,
        "已超过[{days}天]无理由退货期限[，截止时间{until}]",
        "The time for no-reason return has passed[ ({days} days from the day after signing)][; it ended at {until}].",
    ),
    "refund.before_grant": Entry("an outcome of a refund that no case granted yet: waits", True),
    "refund.nothing_left": Entry("nothing of the line is left to refund", False, "没有可退金额", "Nothing is left to refund."),
    "refund.quantity_exceeds": Entry(
        "more units than were bought and not yet refunded",
        False,
        "申请数量[{wanted}件]超过剩余可申请数量[{left}件]",
        "More units are asked for[ ({wanted})] than are left[ ({left})].",
    ),
    "case.before_shipping": Entry("a claim for what did not arrive or is to come back, before its shipping is known: waits", True),
    "claim.not_signed": Entry(
        "the claim was made before the goods were signed for", False, "商品尚未签收", "The goods were not signed for yet."
    ),
    "claim.window_over": Entry(
        "the time from signing in which this can be claimed has passed",
        False,
        "已超过申请期限[（签收次日起{days}天）][（签收后{hours}小时）][，截止时间{until}]",
        "The time for this has passed[ ({days} days from the day after signing)][ ({hours} hours from signing)][; it ended at {until}].",
    ),
    "instant_refund.not_for_line": Entry(
        "goods made for the buyer and virtual goods have no instant refund",
        False,
        "定制或虚拟商品不支持极速退款",
        "There is no instant refund for goods made for you and for virtual goods.",
        "定制或虚拟商品不支持极速退款",
        "There is no instant refund for goods made for the buyer and for virtual goods.",
    ),
    "instant_refund.score_too_low": Entry(
        "the buyer's score at placement was below what instant refund takes",
        False,
        "下单时信用分未达到极速退款要求",
        "Your score was too low for an instant refund when you ordered.",
        "买家下单时信用分未达到极速退款要求",
        "The buyer's score was too low for an instant refund at the order.",
    ),
    "no_reason.unsealed": Entry(
        "digital goods were unsealed",
        False,
        "商品已拆封或激活，不支持七天无理由退货",
        "Unsealed digital goods cannot be returned without a reason.",
    ),
    "not_shipped.sent": Entry(
        "the units left already",
        False,
        "商品已发货[，未发货数量：{left}件]，签收后可申请退货退款",
        "The goods have left already[; still to be sent: {left}]. You can ask to return them once they have arrived.",
        "商品已发货[，未发货数量：{left}件]，买家签收后可申请退货退款",
        "The goods have left already[; still to be sent: {left}]. The buyer can ask to return them once they have arrived.",
    ),
    "promise.currency": Entry(
        "the policy names no amount in the order's currency", False, "该币种订单不提供此保障", "There is no such promise in this currency."
    ),
    "promise.freight": Entry(
        "freight has no promise of its own: it goes with the goods", False, "运费随商品一并处理", "Freight goes with its goods."
    ),
    "promise.gift": Entry(
        "a gift goes back with the line that it was given with", False, "赠品随主商品一并退回", "A gift goes back with its product."
    ),
    "promise.goods_only": Entry("only goods have this promise", False, "虚拟商品不提供此保障", "Virtual goods do not have this promise."),
    "promise.not_food": Entry("only food has this promise", False, "仅食品类商品提供此保障", "Only food has this promise."),
    "promise.not_offered": Entry(
        "the order was placed under terms without this promise", False, "该订单未承诺此项保障", "This order was not promised that."
    ),
    "trust_card.no_card": Entry(
        "the order was placed without a trust card",
        False,
        "下单时未使用小店信任卡",
        "You ordered without a trust card.",
        "买家下单时未使用小店信任卡",
        "The buyer ordered without a trust card.",
    ),
    "trust_card.not_known": Entry(
        "a card of that id is not known here (yet)",
        True,
        "暂未查询到该小店信任卡，请稍后再试",
        "This trust card is not known yet. Please try again later.",
    ),
    "trust_card.of_another": Entry(
        "the order was placed with another buyer's trust card",
        False,
        "下单时使用了他人的小店信任卡",
        "You ordered with another's card.",
        "买家下单时使用了他人的小店信任卡",
        "The buyer ordered with another's card.",
    ),
    "trust_card.not_offered": Entry(
        "the seller did not offer this right on the line", False, "卖家未提供该小店信任卡权益", "The seller did not offer this right."
    ),
    "trust_card.not_valid": Entry(
        "the order's trust card was not valid when it was placed",
        False,
        "下单时小店信任卡无效",
        "Your trust card was not valid when you ordered.",
        "买家下单时小店信任卡无效",
        "The buyer's trust card was not valid at the order.",
    ),
    "evidence.void_known": Entry("this fact was voided before: a second telling changes nothing"),
    "score.subject_unknown": Entry(
        "an explanation of a score of whom nothing is known: a subject begins with its first evidence",
        False,
        "暂无评分记录",
        "There is no score yet.",
    ),
    "evidence.known": Entry("this fact was counted before: a second telling counts nothing"),
    "cancel.before_payment": Entry("a cancellation of a payment that has not come yet: waits", True),
    "cancel.case_open": Entry(
        "an after-sale case is open on the line: it decides", True, "售后处理中，暂不能取消", "A case is open for this line."
    ),
    "cancel.exceeds_unsent": Entry("more units than are still to be sent", False, "可取消数量不足", "Fewer units are still to be sent."),
    "cancel.not_allowed": Entry(
        "made for this buyer, virtual, or freight: a case decides",
        False,
        "该商品不支持直接取消，请申请售后",
        "This line cannot be cancelled. Please open a case.",
    ),
    "cancel.nothing_left": Entry(
        "everything was sent, used, refunded or cancelled before", False, "没有可取消的商品", "There is nothing left to cancel."
    ),
    "cancel.unpaid_in_part": Entry(
        "an unpaid order is one checkout and is cancelled as a whole",
        False,
        "未付款订单只能整单取消",
        "An unpaid order can only be cancelled as a whole.",
    ),
    "order.bad_freight": Entry("a freight line is one unit of a seller with goods in the order, without promoter and tags"),
    "order.bad_gift": Entry(
        "a gift is not goods, or not of other goods of its seller in the order",
        False,
        "赠品信息有误，请重新下单",
        "Something is wrong with a gift in this order. Please order again.",
    ),
    "order.coupon_of_freight": Entry("a coupon covers freight", False, "优惠券不适用于运费", "Coupons do not apply to freight."),
    "order.tag_unknown": Entry("a line carries a tag that the policy does not have"),
    "parcel.collected_before": Entry("the parcel was collected before"),
    "parcel.failed_before": Entry("the parcel was refused or lost before"),
    "parcel.intercepted": Entry("the parcel was to be stopped: its units are refunded, or held for a refund"),
    "parcel.not_goods": Entry("only goods are sent: freight and virtual lines are not"),
    "parcel.shipper_differs": Entry(
        "the parcel comes from another party than the line is sent by", False, "发货方与订单约定不符", "This line is sent by another party."
    ),
    "receipt.before_shipping": Entry("more time was asked for before everything was sent: waits", True),
    "receipt.extended_before": Entry("the line was extended before", False, "每件商品只能延长收货一次", "Receipt can be extended once."),
    "receipt.no_extension": Entry(
        "the order was placed under terms without extension", False, "该订单不支持延长收货", "Receipt of this order cannot be extended."
    ),
    "receipt.not_goods": Entry(
        "virtual goods are confirmed by use and freight with the last line", False, "该商品无需确认收货", "This line needs no confirmation."
    ),
    "receipt.too_late": Entry(
        "more time was asked for when the line's time was over: it is confirmed by time, or once its case has ended",
        False,
        "确认收货期限已过，不能延长",
        "The time to confirm receipt is over. It cannot be extended.",
    ),
    "redemption.before_payment": Entry("a use of virtual goods whose payment has not come yet: waits", True),
    "redemption.exceeds_bought": Entry("more units were used than are left", False, "可核销数量不足", "No more units are left to redeem."),
    "redemption.kept_back": Entry(
        "the units are held for a refund", True, "该商品正在退款中，暂不能核销", "These units are held for a refund."
    ),
    "redemption.known": Entry("a use of this id was counted before", False, "已核销", "This was redeemed before."),
    "redemption.not_virtual": Entry("only virtual goods are redeemed"),
    "ruling.known": Entry("the ruling, or another of its matter, was counted before"),
    "sham.collected_in_time": Entry("the carrier collected the parcel in time: its waybill was no pretence"),
    "sham.not_promised": Entry(
        "nothing is promised for it: by the terms under which the order was placed, or for a replacement beside what was bought"
    ),
    "cancel.known": Entry("a cancellation of this id was counted before, of whichever party of the order"),
    "campaign.below_taken": Entry("fewer units than are taken already: nothing was changed", True),
    "campaign.limit_reached": Entry(
        "with this order the identity would hold more units of the product than the campaign allows one",
        False,
        "超出活动限购数量",
        "This is more than the campaign's limit for one person.",
    ),
    "campaign.no_allotment": Entry(
        "the campaign has no allotment of the product", False, "该商品暂未开售", "The product is not on sale in this campaign yet."
    ),
    "campaign.not_reviewed": Entry(
        "the product was not reviewed and approved for the campaign before the order was placed",
        False,
        "该商品未通过活动审核",
        "The product is not approved for this campaign.",
    ),
    "campaign.outdated": Entry(
        "a word on the same product of the campaign, of later or of the same moment, came before: nothing was changed"
    ),
    "campaign.sold_out": Entry(
        "fewer units are left of the campaign's allotment than the order wants",
        False,
        "活动商品库存不足",
        "Not that many units of the product are left.",
    ),
    "hold.known": Entry("the units of this case were asked for before, and answered"),
    "identity.known": Entry("that the buyer has this token, or is one with whoever had it first, is known"),
    "order.promoter_suspended": Entry(
        "a promoter of the order was suspended when it was placed", False, "主播已被暂停带货，无法下单", "The promoter is suspended."
    ),
    "order.seller_suspended": Entry(
        "a seller of the order was suspended when it was placed", False, "店铺已被暂停营业，无法下单", "The seller is suspended."
    ),
    "suspension.known": Entry("a suspension for this violation was noted before"),
    "abuse.known": Entry("the verdict of this case was counted against the buyer before"),
    "card.abuse": Entry(
        "a swapped parcel or a false claim was upheld against the buyer too short a time ago",
        False,
        "近期存在违规售后记录，暂不能领取小店信任卡",
        "A ruling against you is too recent for a trust card.",
    ),
    "card.abuse_by_person": Entry(
        "a swapped parcel or a false claim was upheld against another account of the same person too short a time ago",
        False,
        "您的其他账号近期存在违规售后记录，暂不能领取小店信任卡",
        "A ruling against another account of yours is too recent for a trust card.",
    ),
    "card.claim_known": Entry("this claim of a trust card was answered before"),
    "card.known": Entry("this news of a trust card was noted before"),
    "card.held": Entry("the buyer holds a trust card already", False, "您已持有小店信任卡", "You hold a trust card already."),
    "card.held_by_person": Entry(
        "another account of the same person holds a trust card",
        False,
        "您的其他账号已持有小店信任卡",
        "Another account of yours holds a card.",
    ),
    "card.score_too_low": Entry(
        "the buyer's score is below what a trust card needs",
        False,
        "信用分不足，暂不能领取小店信任卡",
        "Your score is not high enough for a trust card yet.",
    ),
    "violation.void_known": Entry("this violation was voided before"),
    "violation.known": Entry("this violation was recorded before: the first telling of it stands"),
    "violation.kind_unknown": Entry("the catalogue of violations of the policy in force then has no such kind"),
    "violation.points_differ": Entry("the catalogue does not have this kind of violation with so many points"),
    "violation.before_recorded": Entry("an appeal against a violation that has not come yet: waits", True),
    "violation.before_appealed": Entry("a decision on an appeal that has not come yet: waits", True),
    "violation.appeal_known": Entry(
        "an appeal against this violation came before: there is one",
        seller_zh="已申诉过，每项违规仅可申诉一次",
        seller_en="It was appealed before.",
    ),
    "violation.appeal_too_late": Entry(
        "an appeal when the time for it was over",
        seller_zh="已超过申诉期限[，截止时间{until}]",
        seller_en="The time to appeal is over[; it ended at {until}].",
    ),
    "violation.appeal_ended": Entry(
        "the violation was voided, or the appeal against it decided, before",
        seller_zh="该违规申诉已结束",
        seller_en="The matter has ended.",
    ),
    "study.known": Entry("these study points were credited before"),
    "vote.day_used": Entry(
        "this account, or another of the same person, has voted on that local day", False, "今日已投票", "You have voted today already."
    ),
    "vote.for_oneself": Entry(
        "a promoter's own account, or another of the same person", False, "不能给自己投票", "You cannot vote for yourself."
    ),
    "vote.known": Entry("this vote was counted before"),
}
