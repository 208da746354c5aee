"""The catalogue: every code that a refusal, a wait or a halt can carry, with what it means and whether trying again helps.

To add a code: one line in its Literal (alphabetical), one line in CATALOGUE. tests/unit/test_errors.py compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass
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
    "halt.no_cursor",
    "halt.partition_count",
    "halt.schema_version",
    "halt.sequence_gap",
    "halt.too_many_parked",
]
CommonCode = Literal[
    "buyer.differs",
    "case.before_opened",
    "line.unknown",
    "not_supported",
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
    "case.before_order",
    "case.before_payment",
    "identity.known",
    "line.refunded",
    "order.before_placed",
    "order.closed",
    "order.commission_too_high",
    "order.coupon_of_another",
    "order.coupon_repeated",
    "order.currency_unknown",
    "order.due_differs",
    "order.exists",
    "order.promoter_suspended",
    "order.seller_suspended",
    "order.too_large",
    "parcel.before_payment",
    "parcel.before_shipped",
    "parcel.exceeds_ordered",
    "parcel.known",
    "parcel.signed_before",
    "payment.amount_differs",
    "payment.before_order",
    "payment.currency_differs",
    "payment.known",
    "payment.late",
    "payment.of_nothing",
    "payment.second",
    "receipt.before_delivery",
    "receipt.case_open",
    "receipt.confirmed_before",
    "settlement.before_completion",
    "suspension.known",
]
PaymentCode = Literal[
    "escrow.exists",
    "payment.before_escrow",
    "payout.closed",
    "payout.contradicted",
    "payout.unknown",
    "refund.contradicted",
    "refund.ended",
    "refund.exceeds_paid",
    "refund.known",
    "refund.unknown",
    "settlement.before_escrow",
]
RefundCode = Literal[
    "case.attempts_used",
    "case.before_approval",
    "case.before_certificate",
    "case.before_deadline",
    "case.before_request",
    "case.before_return",
    "case.before_signing",
    "case.closed",
    "case.known",
    "case.line_open",
    "case.none_accepted",
    "case.not_posted",
    "case.refunded",
    "case.refusal_over",
    "case.too_late",
    "case.withdrawn",
    "case.wrong_state",
    "certificate.exists",
    "no_reason.excluded",
    "no_reason.not_signed",
    "no_reason.waived",
    "no_reason.window_over",
    "refund.before_grant",
    "refund.nothing_left",
    "refund.quantity_exceeds",
]
TrustCode = Literal[
    "evidence.known",
    "violation.known",
]
Code = EngineCode | CommonCode | OrderCode | PaymentCode | RefundCode | TrustCode


@dataclass(frozen=True, slots=True)
class Entry:
    """meaning: for ops. retryable: the same event may be taken later. zh, en: what buyers and sellers read, empty if they never see it."""

    meaning: str
    retryable: bool = False
    zh: str = ""
    en: str = ""


CATALOGUE: dict[str, Entry] = {
    "event.bad_header": Entry("a CloudEvents header is doubled, empty, too long, not UTF-8, or holds a comma or a control character"),
    "event.bad_text": Entry("a text holds NUL or a lone surrogate, which no database keeps"),
    "event.duplicate_key": Entry("a JSON object names a field twice: two parsers would read two things"),
    "event.foreign": Entry("an event on one of our own topics without our sequence: not written by its service"),
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
    "parked.behind": Entry("an earlier event of the key is parked: this one queues behind it", True),
    "parked.killed_the_process": Entry("the process died three times in this event", True),
    "parked.raised": Entry("a bug: the decision raised; redrive after the fix, or discard", True),
    "wait.over": Entry("its cause has not come in time; redrive once it has, or discard", True),
    "wait.too_many": Entry("too many events of this key wait for a cause already", True),
    "halt.cannot_park": Entry("an event that failed alone could not be parked either: the database refuses what parking writes"),
    "halt.cursor_out_of_range": Entry("the cursor lies outside what the topic still holds"),
    "halt.lane_behind_log": Entry("the database is behind what it published: it was restored from an old copy"),
    "halt.no_cursor": Entry("a partition has no cursor: `laotie up` creates them"),
    "halt.partition_count": Entry("a topic has another number of partitions than the deployment has stripes"),
    "halt.schema_version": Entry("the database schema is not the one that this program was built for"),
    "halt.sequence_gap": Entry("a sequence of one of our own topics has a gap: events are missing from the log"),
    "halt.too_many_parked": Entry("too large a part of the last minute's events was parked: this is no single bad event"),
    "buyer.differs": Entry(
        "the event names another buyer than the order has", False, "您不是该订单的买家", "You are not the buyer of this order."
    ),
    "line.unknown": Entry("the order has no such line", False, "订单中没有该商品", "There is no such line in this order."),
    "not_supported": Entry("understood, but not built yet: nothing was changed", False, "暂不支持此操作", "This is not supported yet."),
    "seller.differs": Entry(
        "the event names another seller than the line has", False, "您不是该商品的卖家", "You are not the seller of this line."
    ),
    "case.before_order": Entry("a case of an order that is not known yet: waits", True),
    "order.before_placed": Entry("an event of an order that is not known yet: waits", True),
    "order.closed": Entry(
        "the order expired, was rejected, cancelled or completed: it takes this no more", False, "订单已关闭", "This order is closed."
    ),
    "order.due_differs": Entry(
        "the checkout's due amount is not what the allocation of the coupons gives",
        False,
        "订单金额有误,请重新下单",
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
        "发货数量超过订单数量",
        "More units were shipped than ordered.",
    ),
    "parcel.known": Entry("a parcel of this id was shipped before"),
    "parcel.signed_before": Entry("the parcel was signed for before"),
    "payment.amount_differs": Entry(
        "the paid amount is not the amount due: it goes back in full",
        False,
        "支付金额与应付金额不符,将全额退回",
        "The amount paid is not the amount due. It will be returned in full.",
    ),
    "payment.before_order": Entry("a payment of an order that is not known yet: waits", True),
    "payment.currency_differs": Entry(
        "paid in another currency than the order's: it goes back in full",
        False,
        "支付币种不符,将全额退回",
        "The payment was made in another currency. It will be returned in full.",
    ),
    "payment.known": Entry("this payment was counted before"),
    "payment.second": Entry(
        "the order is paid already: the second payment goes back in full",
        False,
        "订单已支付,重复支付将全额退回",
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
        "支付超时,将全额退回",
        "The payment came too late. It will be returned in full.",
    ),
    "payment.of_nothing": Entry("a payment of 0 pays for nothing and cannot go back"),
    "receipt.case_open": Entry(
        "an after-sale case is open on the line", False, "售后处理中,暂不能确认收货", "Receipt cannot be confirmed while a case is open."
    ),
    "settlement.before_completion": Entry("settled before it was confirmed here: waits", True),
    "payout.contradicted": Entry("the provider said the opposite of this payout before: a person asks the provider"),
    "refund.contradicted": Entry("the provider said the opposite of this refund before: a person asks the provider"),
    "escrow.exists": Entry("this order's money is in escrow already"),
    "payment.before_escrow": Entry("money of an order whose escrow is not funded yet: waits", True),
    "payout.closed": Entry("the payout was paid or returned before"),
    "payout.unknown": Entry("no payout of this id was instructed"),
    "refund.ended": Entry("the refund was paid or given up before"),
    "refund.exceeds_paid": Entry(
        "granted and done together would be more than was paid",
        False,
        "退款金额超过可退金额",
        "The refund is more than what is left to refund.",
    ),
    "refund.known": Entry("a refund of this id was reserved before"),
    "refund.unknown": Entry("no refund of this id was instructed"),
    "settlement.before_escrow": Entry("confirmed before its escrow was funded: waits", True),
    "case.attempts_used": Entry(
        "no attempts are left for this line, withdrawn ones included",
        False,
        "该商品的售后申请次数已用完",
        "No more requests are possible for this line.",
    ),
    "case.before_approval": Entry("goods were sent back before the seller's answer was known: waits", True),
    "case.before_certificate": Entry("a request for an order whose payment has not come yet: waits", True),
    "case.before_deadline": Entry("happened at a deadline or later that is not decided yet: waits", True),
    "case.before_request": Entry("an answer to a case that is not known yet: waits", True),
    "case.before_return": Entry("an inspection of goods whose waybill is not known yet: waits", True),
    "case.before_signing": Entry("a claim from signing on, before the signing is known: waits", True),
    "case.closed": Entry("the case has ended", False, "售后单已结束", "This case has ended."),
    "case.known": Entry("a case of this id was opened before"),
    "case.line_open": Entry("another case of this line is open", False, "该商品已有进行中的售后", "Another case is open for this line."),
    "case.none_accepted": Entry(
        "the seller accepted no unit on inspection", False, "卖家验货未通过", "The seller accepted none of the returned goods."
    ),
    "case.not_posted": Entry(
        "the buyer did not send the goods in time", False, "未在规定时间内寄回商品", "The goods were not sent back in time."
    ),
    "case.refunded": Entry("the buyer has the money", False, "退款已完成", "The refund is done."),
    "case.refusal_over": Entry(
        "the seller's refusal stood until its days were over",
        False,
        "卖家拒绝后未继续申请,售后已关闭",
        "The refusal stood and the case was closed.",
    ),
    "case.too_late": Entry("the answer came at or after its deadline", False, "已超过处理时限", "The deadline has passed."),
    "case.withdrawn": Entry("the buyer took the request back", False, "买家已撤销申请", "The request was withdrawn."),
    "case.wrong_state": Entry(
        "not legal in the state that the case is in", False, "当前状态不支持此操作", "This is not possible in the case's present state."
    ),
    "certificate.exists": Entry("the order's certificate was issued before"),
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
    ),
    "no_reason.window_over": Entry(
        "the window from the day after signing has passed", False, "已超过七天无理由退货期限", "The time for no-reason return has passed."
    ),
    "refund.before_grant": Entry("an outcome of a refund that no case granted yet: waits", True),
    "refund.nothing_left": Entry("nothing of the line is left to refund", False, "没有可退金额", "Nothing is left to refund."),
    "refund.quantity_exceeds": Entry(
        "more units than were bought and not yet refunded", False, "数量超过可退数量", "That is more units than can be returned."
    ),
    "evidence.known": Entry("this fact was counted before: a second telling counts nothing"),
    "campaign.below_taken": Entry("fewer units than are taken already: nothing was changed"),
    "campaign.limit_reached": Entry(
        "with this order the identity would hold more units of the product than the campaign allows one",
        False,
        "已达到活动限购数量",
        "You have reached this campaign's limit for the product.",
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
    "campaign.outdated": Entry("a later word on the same product of the campaign came before: nothing was changed"),
    "campaign.sold_out": Entry(
        "fewer units are left of the campaign's allotment than the order wants", False, "活动商品已售罄", "The product is sold out."
    ),
    "identity.known": Entry("the buyer was the first with this token, and that is known"),
    "order.promoter_suspended": Entry(
        "a promoter of the order was suspended when it was placed", False, "主播已被暂停带货,无法下单", "The promoter is suspended."
    ),
    "order.seller_suspended": Entry(
        "a seller of the order was suspended when it was placed", False, "店铺已被暂停营业,无法下单", "The seller is suspended."
    ),
    "suspension.known": Entry("a suspension for this violation was noted before"),
    "violation.known": Entry("this violation has suspended its subject before"),
}
