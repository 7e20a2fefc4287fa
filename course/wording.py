"""Counts, durations and sentences, as readers see them."""

from __future__ import annotations

import math


def format_count(number: int, noun: str) -> str:
    """Return a number of things.

    Example:
        >>> format_count(1, "late day"), format_count(2, "late day")
        ('1 late day', '2 late days')
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"


def format_duration(seconds: float, *, long: bool = False) -> str:
    """Return a duration in its two largest units.

    Example:
        >>> format_duration(90061), format_duration(7200), format_duration(20)
        ('1 day 1 h', '2 h', 'less than 1 min')
        >>> format_duration(90061, long=True), format_duration(20, long=True)
        ('1 day 1 hour', 'less than a minute')
    """
    if not math.isfinite(seconds):
        return "a very long time"
    minutes = int(seconds // 60)
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    if long:
        small = [format_count(hours, "hour"), format_count(minutes, "minute")]
    else:
        small = [f"{hours} h", f"{minutes} min"]
    texts = zip((days, hours, minutes), [format_count(days, "day"), *small], strict=True)
    parts = [text for number, text in texts if number]
    return " ".join(parts[:2]) or f"less than {'a minute' if long else '1 min'}"


def to_sentence(phrase: str) -> str:
    """Return the summary of a command, as its own help says it.

    Example:
        >>> to_sentence("show the log")
        'Show the log.'
    """
    return f"{phrase[0].upper()}{phrase[1:]}."
