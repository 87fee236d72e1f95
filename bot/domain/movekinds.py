"""What kind of move a person means by `+5 returned` or `-3 damaged`. Pure."""

from bot.domain.stock import MoveKind

# The first word of the reason that is known decides; a receipt or an adjustment otherwise.
PLUS_WORDS = {
    MoveKind.RETURN: ("return", "returned", "returns", "refund", "退货", "退回", "退款"),
    MoveKind.ADJUSTMENT: (
        "found",
        "correction",
        "correct",
        "fix",
        "adjust",
        "更正",
        "调整",
        "找到",
    ),
}
MINUS_WORDS = {
    MoveKind.SALE: ("sale", "sold", "sell", "sales", "卖出", "售出", "销售"),
    MoveKind.WRITE_OFF: (
        "damaged",
        "damage",
        "broken",
        "lost",
        "stolen",
        "theft",
        "expired",
        "waste",
        "spoiled",
        "write-off",
        "损坏",
        "破损",
        "丢失",
        "被盗",
        "过期",
        "报废",
    ),
}


def kind_of(quantity: int, reason: str) -> MoveKind:
    """The kind of a signed move that a person gave this reason for.

    >>> kind_of(5, "returned by customer")
    <MoveKind.RETURN: 'return'>
    """
    words = PLUS_WORDS if quantity > 0 else MINUS_WORDS
    lowered = reason.casefold()
    spoken = lowered.replace(",", " ").replace(".", " ").split()
    for kind, known in words.items():
        if any(word in spoken or (not word.isascii() and word in lowered) for word in known):
            return kind
    return MoveKind.RECEIPT if quantity > 0 else MoveKind.ADJUSTMENT
