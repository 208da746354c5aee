"""Who paid what of a case, as people and programs read it; to buyer and seller in both languages. Source: R3.4-R3.6, R4.6, R4.9, R4.11."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from deploy.cli.waterfall import BACK, BY_HAND, DONE, OWED, Share, Waterfall
from shared.currencies import amount, money
from shared.texts import Language, priced

Words = tuple[str, str]
LANGUAGES: tuple[Language, Language] = ("zh", "en")  # of Words

OPEN: Words = ("本次售后暂无款项支付", "No money has been paid in this case.")
GOT: Words = ("您共收到{buyer}", "You got {buyer} in all.")
REFUND: Words = ("其中退款{refund}", "Of it {refund} is the refund.")
COMPENSATION: Words = ("其中赔付{compensation}", "Of it {compensation} is compensation.")
RETURNED: Words = ("其中有款项被退回支付机构，平台正在核实", "Some of it came back to the payment provider: the platform looks into it.")
UNCLAIMED: Words = (
    "平台未能向您支付{unclaimed}，该款项仍归您所有",
    "{unclaimed} could not be paid to you: the platform still owes it to you.",
)
FUND: Words = (
    "退款由平台保障基金承担，不影响您的货款结算",
    "The platform's guarantee fund paid the refund: your settlement is as without it.",
)
ESCROW: Words = (
    "{escrow}从本订单待结算货款中支出，您的结算金额相应减少",
    "{escrow} came from the order's escrow: you are settled less by your share of it.",
)
BALANCE: Words = ("从您的余额扣除{balance}", "{balance} was taken from your balance.")
DEPOSIT: Words = ("从您的保证金扣除{deposit}", "{deposit} was taken from your deposit.")
DEBT: Words = ("平台为您垫付{debt}，已计为欠款", "The platform advanced {debt} for you, which became a debt of yours.")
ADVANCE: Words = ("平台暂时垫付{advance}，尚待承担方归还", "The platform has fronted {advance}; who bears it has not given it back yet.")
PROMOTER: Words = ("达人退回佣金{promoter}", "The promoter gave back {promoter} of commission.")
FEE: Words = ("平台退回服务费{fee}", "The platform gave back {fee} of its fee.")
SUBSIDY: Words = ("优惠补贴{subsidy}退回出资方", "{subsidy} of subsidy went back to who gave it.")
REIMBURSED: Words = (
    "申诉成功，平台补偿您{reimbursed}，即本次售后由您实际承担的金额",
    "You won on appeal: the platform paid you {reimbursed}, what the case had cost you.",
)


def flow_lines(flow: Waterfall) -> Iterator[str]:
    """The whole of it for people: what was granted, who gave, who got, that it comes out even, what both sides read."""
    for refund_id, minor, funder, became in flow.refunds:
        yield f"refund {refund_id}: {money(minor, flow.currency)} granted, {became}; the {funder} bears it"
    for compensation_id, why, minor, became in flow.compensations:
        yield f"compensation {compensation_id}: {money(minor, flow.currency)}, {why}, {became}"
    yield "who pays:" if flow.gave else "nobody has paid anything"
    yield from (_line(flow, one) for one in flow.gave)
    if flow.got:
        yield "who gets it:"
    yield from (_line(flow, one) for one in flow.got)
    if flow.delayed_minor:
        yield f"a promoter is still to give back {money(flow.delayed_minor, flow.currency)}: its balance does not suffice yet [R3.6]"
    if flow.shares:
        gave, others = -sum(one.amount_minor for one in flow.gave), sum(one.amount_minor for one in flow.got) - flow.buyer_minor
        paid = f"{amount(gave, flow.currency)} paid - {amount(others, flow.currency)} to others"
        yield f"{paid} = {money(flow.buyer_minor, flow.currency)} to the buyer"
    for reader, (zh, en) in told(flow).items():
        yield f"{reader}: {zh} / {en}"


def flow_data(flow: Waterfall) -> dict[str, Any]:
    """The same for programs. pays, gets: amounts above zero; they sum to the same."""
    return {
        "currency": flow.currency,
        "buyer_minor": flow.buyer_minor,
        "refunded_minor": flow.refunded_minor,
        "compensated_minor": flow.compensated_minor,
        "reimbursed_minor": flow.reimbursed_minor,
        "delayed_minor": flow.delayed_minor,
        "refunds": [dict(zip(("refund_id", "amount_minor", "funder", "became"), one, strict=True)) for one in flow.refunds],
        "compensations": [dict(zip(("compensation_id", "why", "amount_minor", "became"), one, strict=True)) for one in flow.compensations],
        "pays": [_data(one) for one in flow.gave],
        "gets": [_data(one) for one in flow.got],
        "sentences": {reader: {"zh": zh, "en": en} for reader, (zh, en) in told(flow).items()},
    }


def _line(flow: Waterfall, one: Share) -> str:
    rules = f" [{', '.join(one.rules)}]" if one.rules else ""
    return f"{amount(abs(one.amount_minor), flow.currency):>14} {flow.currency}  {one.account}  {one.means}{rules}"


def _data(one: Share) -> dict[str, Any]:
    about = {"account": one.account, "party": one.party, "role": one.role, "means": one.means, "amount_minor": abs(one.amount_minor)}
    return {**about, "facts": list(one.facts), "rules": list(one.rules)}


def told(flow: Waterfall) -> dict[str, Words]:
    """By reader: zh and en."""
    zh, en = ({name: priced(minor, flow.currency, language) for name, minor in _numbers(flow).items()} for language in LANGUAGES)
    return {
        reader: ("。".join(words[0].format(**zh) for words in said) + "。", " ".join(words[1].format(**en) for words in said))
        for reader, said in (("buyer", list(_buyer(flow))), ("seller", list(_seller(flow))))
    }


def _numbers(flow: Waterfall) -> dict[str, int]:
    return {
        "buyer": flow.buyer_minor,
        "refund": flow.refunded_minor,
        "compensation": flow.compensated_minor,
        "escrow": flow.of("escrow"),
        "balance": flow.of("balance", role="seller") + flow.reimbursed_minor,
        "deposit": flow.of("deposit"),
        "debt": flow.of("debt"),
        "advance": flow.of("platform:advance"),
        "promoter": flow.of("balance", role="promoter"),
        "fee": flow.of("platform:commission"),
        "subsidy": -flow.of("platform:subsidy", "prefunded", "promoter_subsidy"),
        "reimbursed": flow.reimbursed_minor,
        "unclaimed": -flow.of("platform:unclaimed"),
    }


def _buyer(flow: Waterfall) -> Iterator[Words]:
    became = [one[-1] for one in (*flow.refunds, *flow.compensations)]
    if flow.buyer_minor:
        yield GOT
    elif OWED not in became:
        yield OPEN
    if flow.refunded_minor and flow.compensated_minor:
        yield REFUND
        yield COMPENSATION
    if BACK in became:
        yield RETURNED
    if OWED in became:
        yield UNCLAIMED


def _seller(flow: Waterfall) -> Iterator[Words]:
    """Only what is not nothing, in the order in which it is asked for."""
    minor = _numbers(flow)
    if not flow.shares:
        yield OPEN
        return
    if any(funder == "platform" and state in (DONE, BY_HAND, OWED, BACK) for _, _, funder, state in flow.refunds):
        yield FUND
    parts = (("escrow", ESCROW), ("balance", BALANCE), ("deposit", DEPOSIT), ("debt", DEBT), ("promoter", PROMOTER), ("fee", FEE))
    for name, words in (*parts, ("advance", ADVANCE), ("subsidy", SUBSIDY), ("reimbursed", REIMBURSED)):
        if minor[name] > 0:
            yield words
