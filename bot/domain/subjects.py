"""Subjects: the names of messages, each made here and read here only.

They are stored with every notice and message: a change of their form leaves old messages behind.
"""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class AlertSubject:
    """The message of one alert, or the summary of a bulk change's alerts."""

    number: int  # of the alert or of the batch
    summary: bool


def of_alert(alert_id: int, severity: str = "") -> str:
    """`severity`: of an alert that rose to it, which is a message of its own."""
    return f"alert:{alert_id}:{severity}" if severity else f"alert:{alert_id}"


def of_summary(batch_id: int) -> str:
    return f"batch:{batch_id}"


def as_alert(subject: str) -> AlertSubject:
    """What `of_alert` or `of_summary` named. Raises ValueError for another subject."""
    kind, number = subject.split(":")[:2]
    if kind not in ("alert", "batch"):
        raise ValueError(f"{subject!r} is no alert's")
    return AlertSubject(int(number), summary=kind == "batch")


def of_restock(restock_id: int, subscription_id: int | None) -> str:
    """The one message that tells one customer of one restock; None: what all of them begin with."""
    return f"restock:{restock_id}:{'' if subscription_id is None else subscription_id}"


def of_sold_out(subscription_id: int, occurrence: int) -> str:
    return f"sold_out:{subscription_id}:{occurrence}"


def of_expired(subscription_id: int) -> str:
    return f"expired:{subscription_id}"


def of_digest(day: date) -> str:
    return f"digest:{day.isoformat()}"


def of_product(product_id: int) -> str:
    """Of the audit, as are members: no message has it."""
    return f"product:{product_id}"


MEMBER = "member"


def of_fault(*about: object) -> str:
    """Something of the bot itself; `about` says what, and which occurrence shares a message."""
    return ":".join(["fault", *map(str, about)])
