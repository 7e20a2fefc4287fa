"""Questions with fields as the types that Moodle has for them.

``numerical``, ``shortanswer``, ``cloze`` for several blanks, ``ordering`` (in Moodle since 4.4) and
``matching``. https://docs.moodle.org/en/Moodle_XML_format and
https://docs.moodle.org/en/Embedded_Answers_(Cloze)_question_type document them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from xml.etree import ElementTree as ET

from autograder.feedback.markup import render_markdown
from autograder.lms.questions import BankQuestion, number_alternatives, text_alternatives
from course.quiz import fields
from course.quiz.fields import Field
from course.quiz.kinds.match import read_choices

TYPES: Final = {
    "number": "numerical",
    "text": "shortanswer",
    "blanks": "cloze",
    "order": "ordering",
    "match": "matching",
}
BLANK: Final = "_____"
_CLOZE_SPECIAL: Final = re.compile(r"([}#~/\"\\])")


def add_fields(element: ET.Element, question: BankQuestion) -> None:
    """Add what a question with fields has beyond its name and points."""
    keys = fields.parse(question.source)
    {
        "number": _add_number,
        "text": _add_text,
        "blanks": _add_blanks,
        "order": _add_order,
        "match": _add_match,
    }[question.kind](element, question, keys)


def question_text(question: BankQuestion) -> str:
    r"""Return what is asked as HTML, with a line or a cloze for each field.

    Example:
        >>> question_text(BankQuestion("q", "", (), 1, False, False, "number", "It is [[1]]."))
        '<p>It is _____.</p>\n'
    """
    if question.kind in {"order", "match"}:  # their items and choices stand elsewhere
        return render_markdown(question.prompt)
    marks = (f"\ue000{index}\ue001" for index in range(fields.MAX_FIELDS))
    text = "".join(
        f"{next(marks)}{part}" if index else part
        for index, part in enumerate(fields.bare(question.source).split(fields.EMPTY))
    )
    html = render_markdown(text.strip())
    for index, key in enumerate(fields.parse(question.source)):
        shown = cloze(key) if question.kind == "blanks" else BLANK
        html = html.replace(f"\ue000{index}\ue001", shown)
    return html


def cloze(key: Field) -> str:
    """Return the field of a cloze text in Moodle's notation.

    Example:
        >>> cloze(Field("30 ± 1")), cloze(Field("decoder | the decoder"))
        ('{1:NUMERICAL:=30:1}', '{1:SHORTANSWER:=decoder~=the decoder}')
    """
    if numbers := number_alternatives(key.value):
        answers = [f"={value:.10g}:{tolerance:.10g}" for value, tolerance, _ in numbers]
        kind = "NUMERICAL"
    else:
        texts, is_exact = text_alternatives(key.value)
        answers = [f"={_escaped(text)}" for text in texts]
        kind = "SHORTANSWER_C" if is_exact else "SHORTANSWER"
    for value, remark in key.remarks:
        number = number_alternatives(value)
        wrong = f"{number[0][0]:.10g}:{number[0][1]:.10g}" if number else _escaped(value)
        answers.append(f"%0%{wrong}#{_escaped(remark)}")
    return f"{{1:{kind}:{'~'.join(answers)}}}"


def _escaped(text: str) -> str:
    return _CLOZE_SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _add_number(element: ET.Element, _question: BankQuestion, keys: tuple[Field, ...]) -> None:
    (key,) = keys
    (base, _, base_unit), *others = number_alternatives(key.value)
    scales = {unit: value / base for value, _, unit in others if unit and base}
    same_unit = [one for one in number_alternatives(key.value) if one[2] not in scales]
    for value, tolerance, _ in same_unit:
        _answer(element, "100", f"{value:.10g}", key.explanation, f"{tolerance:.10g}")
    for wrong, remark in key.remarks:
        for number, tolerance, _ in number_alternatives(wrong):
            _answer(element, "0", f"{number:.10g}", remark, f"{tolerance:.10g}")
    if base_unit:
        units = ET.SubElement(element, "units")
        for name, scale in {base_unit: 1.0, **scales}.items():
            unit = ET.SubElement(units, "unit")
            ET.SubElement(unit, "multiplier").text = f"{scale:.10g}"
            ET.SubElement(unit, "unit_name").text = name
    # A missing unit costs all points; without units, none is shown.
    ET.SubElement(element, "unitgradingtype").text = "1" if base_unit else "0"
    ET.SubElement(element, "unitpenalty").text = "1.0"
    ET.SubElement(element, "showunits").text = "0" if base_unit else "3"
    ET.SubElement(element, "unitsleft").text = "0"


def _add_text(element: ET.Element, _question: BankQuestion, keys: tuple[Field, ...]) -> None:
    (key,) = keys
    texts, is_exact = text_alternatives(key.value)
    ET.SubElement(element, "usecase").text = str(int(is_exact))
    for text in texts:
        _answer(element, "100", text.replace("*", r"\*"), key.explanation)
    for value, remark in key.remarks:
        for text in text_alternatives(value)[0]:
            _answer(element, "0", text.replace("*", r"\*"), remark)


def _add_blanks(_element: ET.Element, _question: BankQuestion, _keys: tuple[Field, ...]) -> None:
    """Add nothing: all of it is in the text."""


def _add_order(element: ET.Element, question: BankQuestion, keys: tuple[Field, ...]) -> None:
    settings = {
        "layouttype": "VERTICAL",
        "selecttype": "ALL",
        "selectcount": str(len(keys)),
        "gradingtype": "ABSOLUTE_POSITION" if question.each_option else "ALL_OR_NOTHING",
        "showgrading": "SHOW",
        "numberingstyle": "none",
    }
    for name, value in settings.items():
        ET.SubElement(element, name).text = value
    for place, key in enumerate(sorted(keys, key=lambda one: int(one.value)), 1):
        answer = ET.SubElement(element, "answer", fraction=f"{place:.7f}", format="html")
        ET.SubElement(answer, "text").text = render_markdown(key.after.strip())


def _add_match(element: ET.Element, question: BankQuestion, keys: tuple[Field, ...]) -> None:
    ET.SubElement(element, "shuffleanswers").text = "true"
    choices = read_choices(question.source)
    for key in keys:
        _pair(element, render_markdown(key.after.strip()), choices[key.value])
    for letter in choices.keys() - {key.value for key in keys}:  # choices that fit nothing
        _pair(element, "", choices[letter])


def _pair(element: ET.Element, item: str, choice: str) -> None:
    pair = ET.SubElement(element, "subquestion", format="html")
    ET.SubElement(pair, "text").text = item
    ET.SubElement(ET.SubElement(pair, "answer"), "text").text = choice


def _answer(
    element: ET.Element, fraction: str, text: str, feedback: str, tolerance: str = ""
) -> None:
    answer = ET.SubElement(element, "answer", fraction=fraction, format="moodle_auto_format")
    ET.SubElement(answer, "text").text = text
    html = render_markdown(feedback) if feedback else ""
    ET.SubElement(ET.SubElement(answer, "feedback", format="html"), "text").text = html
    if tolerance:
        ET.SubElement(answer, "tolerance").text = tolerance


def explanations(question: BankQuestion) -> Iterator[str]:
    """Yield the explanations that belong to the whole question."""
    if question.kind in {"blanks", "order", "match"}:
        yield from (key.explanation for key in fields.parse(question.source) if key.explanation)
