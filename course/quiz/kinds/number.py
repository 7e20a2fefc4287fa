"""One number: ``[[784 ± 1]]``, with a unit ``[[2.5 ± 0.1 MB | 2500 ± 100 kB]]``."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from course.quiz.fields import Field
from course.quiz.kinds.fields import FieldKind, Judgement
from course.quiz.text import normalized

ALTERNATIVE: Final = re.compile(r"\s\|\s")
_MAX_CHARS: Final = 80
_SLACK: Final = 1e-9  # so that 26.2 is within 26.1 ± 0.1

_DIGITS: Final = r"(?:\d{1,3}(?:[ ,'_\u2009\u202f]\d{3})+(?![\d])|\d+)"
_MANTISSA: Final = rf"[+-]?(?:{_DIGITS}(?:[.,]\d*)?|[.,]\d+)"
_EXPONENT: Final = r"(?:[eE]([+-]?\d{1,3})|\s?[x*×·]\s?10\s?\^\s?\(?([+-]?\d{1,3})\)?)"
_NUMBER: Final = re.compile(rf"(?:[≈~=]\s?)?({_MANTISSA})(?:/(\d+))?{_EXPONENT}?(?![\d.,])(.*)")
_TOLERANCE: Final = re.compile(r"\s*(?:±|\+/?-)\s*")
_SUPERSCRIPTS: Final = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_SUPERSCRIPT: Final = re.compile(r"10([⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)")
_GROUPED: Final = re.compile(r"[+-]?\d{1,3},\d{3}")


def read_number(text: str) -> tuple[tuple[float, ...], str] | None:
    """Return what a text may mean as a number, the likeliest first, and the unit behind it.

    Example:
        >>> read_number("2.5 MB"), read_number("6 × 10⁻³"), read_number("1/4")
        (((2.5,), 'MB'), ((0.006,), ''), ((0.25,), ''))
        >>> read_number("1,234"), read_number("0,5"), read_number("many")
        (((1234.0, 1.234), ''), ((0.5,), ''), None)
    """
    if len(text) > _MAX_CHARS:
        return None
    text = _SUPERSCRIPT.sub(lambda match: f"10^{match[1].translate(_SUPERSCRIPTS)}", text)
    text = unicodedata.normalize("NFKC", text).translate({0x2212: "-", 0x2013: "-"})
    match = _NUMBER.fullmatch(text.strip())
    if match is None:
        return None
    mantissa, divisor, *exponents, unit = match.groups()
    power = int(next(filter(None, exponents), "0"))
    values = []
    for digits in _readings(re.sub(r"[ '_]", "", mantissa)):
        try:
            value = float(f"{digits}e{power}") / (int(divisor) if divisor else 1)
        except (ValueError, ZeroDivisionError):
            return None
        if not math.isfinite(value):
            return None
        values.append(value)
    return tuple(values), unit.strip()


def _readings(mantissa: str) -> list[str]:
    """Return a number as Python writes it; a comma may group thousands or stand for the point."""
    if "," not in mantissa:
        return [mantissa]
    grouped, decimal = mantissa.replace(",", ""), mantissa.replace(",", ".")
    if _GROUPED.fullmatch(mantissa) and not re.match(r"[+-]?0,", mantissa):
        return [grouped, decimal]
    is_decimal = mantissa.count(",") == 1 and "." not in mantissa
    return [decimal if is_decimal else grouped]


def read_key(text: str) -> tuple[float, float, str]:
    """Return the number, the tolerance and the unit of one alternative of a key.

    Example:
        >>> read_key("2.5 ± 0.1 MB"), read_key("784")
        ((2.5, 0.1, 'MB'), (784.0, 0.0, ''))

    Raises:
        ValueError: It isn't a number.
    """
    parts = _TOLERANCE.split(text, maxsplit=1)
    numbers = [read_number(part) for part in parts]
    if any(number is None or len(number[0]) > 1 for number in numbers):
        raise ValueError(
            f"the key {text!r} isn't a number; write '784', '2.5 ± 0.1' or '2.5 ± 0.1 MB', and"
            " thousands without a comma"
        )
    (value,), unit = numbers[0] or ((0.0,), "")
    tolerance = 0.0
    if len(numbers) == 2:
        if unit:
            raise ValueError(f"the key {text!r} has its unit before the tolerance; move it behind")
        (tolerance,), unit = numbers[1] or ((0.0,), "")
    if tolerance < 0:
        raise ValueError(f"the tolerance in {text!r} must not be negative")
    return value, tolerance, unit


def shown_number(key: str) -> str:
    """Return the first alternative of a key, without its tolerance.

    Example:
        >>> shown_number("2.5 ± 0.1 MB | 2500 kB"), shown_number("784")
        ('2.5 MB', '784')
    """
    first = ALTERNATIVE.split(key)[0]
    unit = read_key(first)[2]
    number = _TOLERANCE.split(first, maxsplit=1)[0]
    return number if number.endswith(unit) else f"{number} {unit}"


def judge_number(value: str, key: Field) -> Judgement:
    """Judge a number, written in any usual way."""
    number = read_number(value)
    if number is None:
        return None, f"“{value[:_MAX_CHARS]}” can't be read as a number."
    readings, unit = number
    keys = [read_key(text) for text in ALTERNATIVE.split(key.value)]
    if not any(own for *_, own in keys):
        if unit and not normalized(key.after).startswith(normalized(unit)):
            return None, f"It isn't clear what “{unit}” means behind the number."
        unit = ""
    elif not unit:
        return False, "The unit is missing."
    elif not any(_same_unit(unit, own) for *_, own in keys):
        return None, f"The unit “{unit}” isn't one that the key knows."
    hits = [
        any(
            _same_unit(unit, own) and abs(reading - number) <= tolerance + _slack(number)
            for number, tolerance, own in keys
        )
        for reading in readings
    ]
    if not hits[0] and any(hits):
        return None, f"The comma in “{value}” may group thousands or stand for a point."
    return hits[0], ""


def _slack(number: float) -> float:
    return _SLACK * max(abs(number), 1e-300)


def _same_unit(unit: str, other: str) -> bool:
    own, wanted = ("".join(text.split()).rstrip(".") for text in (unit, other))
    return own == wanted


class Number(FieldKind):
    """One field with a number."""

    name = "number"
    max_fields = 1

    def judge(self, value: str, key: Field, _question: str) -> Judgement:
        """Judge the number."""
        return judge_number(value, key)

    def shown_key(self, key: Field) -> str:
        """Return the number without its tolerance."""
        return shown_number(key.value)

    def check_fields(self, keys: Sequence[Field], _source: str) -> None:
        """Require numbers."""
        for text in ALTERNATIVE.split(keys[0].value):
            read_key(text)
