"""What a buyer reads of each refusal of the table, in Chinese and English, with the numbers of the case; and a seller, where it is other.

{until}: the end of the window or the deadline, in Shanghai. None: for the platform's people alone.
"""

from __future__ import annotations

NOT_SIGNED = ("商品尚未签收", "The goods were not signed for yet.")
SENTENCES: dict[str, tuple[str, ...] | None] = {
    "appeal.known": ("该裁决已申诉过，仅可申诉一次", "This ruling was appealed before. It can be appealed once."),
    "appeal.not_loser": ("裁决支持您，无需申诉", "The ruling was in your favour: there is nothing to appeal."),
    "appeal.too_late": ("已超过申诉期限，截止时间{until}", "The time to appeal is over; it ended at {until}."),
    "buyer.differs": (
        "您不是该订单的买家",
        "You are not the buyer of this order.",
        "申请人不是该订单的买家",
        "Whoever asked is not the buyer of this order.",
    ),
    "case.attempts_used": ("该商品的售后申请次数已用完（最多5次）", "No more requests are possible for this line (at most 5)."),
    "case.closed": ("售后单已结束", "This case has ended."),
    "case.known": None,
    "case.line_open": ("该商品已有进行中的售后", "Another case is open for this line."),
    "case.too_late": ("已超过处理时限，截止时间{until}", "The deadline has passed; it was {until}."),
    "case.wrong_state": ("当前状态不支持此操作", "This is not possible in the case's present state."),
    "claim.kind_not_offered": ("该原因不支持此售后类型", "This kind of case is not offered for this reason."),
    "claim.not_signed": NOT_SIGNED,
    "claim.window_over": (
        "已超过申请期限（签收次日起100天），截止时间{until}",
        "The time for this has passed (100 days from the day after signing); it ended at {until}.",
    ),
    "evidence.known": None,
    "evidence.too_late": ("举证时间已结束，截止时间{until}", "The time for evidence is over; it ended at {until}."),
    "first_order.elsewhere": (
        "此前已有付款订单，该订单不是首单，不享受首单保障",
        "An order was paid for before this one, so the first-order guarantee does not apply.",
    ),
    "first_order.not_first": (
        "该订单不是首单，不享受首单保障",
        "This is not the first order, so the first-order guarantee does not apply.",
    ),
    "first_order.used": ("首单保障已使用", "The first-order guarantee has been used."),
    "line.unknown": ("订单中没有该商品", "There is no such line in this order."),
    "no_reason.excluded": ("该商品不支持无理由退货", "This product is excluded from no-reason returns."),
    "no_reason.not_signed": NOT_SIGNED,
    "no_reason.unsealed": ("商品已拆封或激活，不支持无理由退货", "Unsealed digital goods cannot be returned without a reason."),
    "no_reason.waived": (
        "购买时已确认不支持无理由退货",
        "You confirmed at purchase that no-reason return does not apply.",
        "买家购买时已确认不支持无理由退货",
        "The buyer confirmed at purchase that no-reason return does not apply.",
    ),
    "no_reason.window_over": (
        "已超过7天无理由退货期限，截止时间{until}",
        "The time for no-reason return has passed (7 days from the day after signing); it ended at {until}.",
    ),
    "not_shipped.sent": (
        "商品已发货，未发货数量：0件，签收后可申请退货退款",
        "The goods have left already; still to be sent: 0. You can ask to return them once they have arrived.",
        "商品已发货，未发货数量：0件，买家签收后可申请退货退款",
        "The goods have left already; still to be sent: 0. The buyer can ask to return them once they have arrived.",
    ),
    "promise.freight": ("运费随商品一并处理", "Freight goes with its goods."),
    "promise.gift": ("赠品随主商品一并退回", "A gift goes back with its product."),
    "promise.goods_only": ("虚拟商品不提供此保障", "Virtual goods do not have this promise."),
    "refund.amount_exceeds": (
        "申请金额60.01元超过可退金额60.00元",
        "The amount asked for (60.01 CNY) is more than can be refunded (60.00 CNY).",
    ),
    "refund.amount_not_fit": ("该售后申请不能填写此金额", "This amount cannot be asked for in this kind of case."),
    "refund.nothing_left": ("没有可退金额", "Nothing is left to refund."),
    "refund.quantity_exceeds": ("数量4件超过可处理的数量3件", "The number of units (4) is more than it can be (3)."),
    "return.waybill_used": ("该运单号已被使用", "This waybill was used before."),
    "ruling.exceeds_claim": None,
    "ruling.finds_unheard": None,
    "ruling.too_early": None,
    "ruling.too_late": None,
    "seller.differs": (
        "操作人不负责该商品的发货与售后",
        "Whoever did this does not ship this line or answer for it.",
        "该商品的发货与售后不由您负责",
        "You do not ship this line or answer for it.",
    ),
    "trust_card.no_card": (
        "下单时未使用小店信任卡",
        "You ordered without a trust card.",
        "买家下单时未使用小店信任卡",
        "The buyer ordered without a trust card.",
    ),
    "trust_card.not_known": ("暂未查询到该小店信任卡，请稍后再试", "This trust card is not known yet. Please try again later."),
    "trust_card.not_offered": ("商家未提供该小店信任卡权益", "The seller did not offer this right."),
    "trust_card.not_valid": (
        "下单时小店信任卡无效",
        "Your trust card was not valid when you ordered.",
        "买家下单时小店信任卡无效",
        "The buyer's trust card was not valid at the order.",
    ),
    "trust_card.of_another": (
        "下单时使用了他人的小店信任卡",
        "You ordered with another's card.",
        "买家下单时使用了他人的小店信任卡",
        "The buyer ordered with another's card.",
    ),
}
