"""Questions in Moodle's XML format, with the explanation of each option as its feedback.

https://docs.moodle.org/en/Moodle_XML_format documents the format; there is no schema.
"""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree as ET

from autograder.feedback.markup import render_markdown
from autograder.lms import moodle_fields
from autograder.lms.questions import BankQuestion


def to_moodle_xml(category: str, questions: Iterable[BankQuestion]) -> bytes:
    """Return a file for Moodle's question bank; the questions go into a category of this name.

    The variants of a pool go into a category below it, from which a quiz can draw one at random.

    Example:
        >>> to_moodle_xml("01-intro", [])[:38]
        b"<?xml version='1.0' encoding='utf-8'?>"
    """
    quiz = ET.Element("quiz")
    _add_category(quiz, category)
    pool = ""
    for question in questions:
        if question.pool != pool:
            pool = question.pool
            _add_category(quiz, f"{category}/{pool}" if pool else category)
        _add(quiz, question)
    ET.indent(quiz)
    return bytes(ET.tostring(quiz, encoding="utf-8", xml_declaration=True))


def _add_category(quiz: ET.Element, path: str) -> None:
    heading = ET.SubElement(quiz, "question", type="category")
    _text(ET.SubElement(heading, "category"), f"$course$/top/{path}")


def _add(quiz: ET.Element, question: BankQuestion) -> None:
    is_choice = question.kind == "choice"
    kind = "multichoice" if is_choice else moodle_fields.TYPES[question.kind]
    element = ET.SubElement(quiz, "question", type=kind)
    _text(ET.SubElement(element, "name"), question.name)
    if is_choice:
        _html(element, "questiontext", question.prompt)
    else:
        text = ET.SubElement(element, "questiontext", format="html")
        _text(text, moodle_fields.question_text(question))
    _html(element, "generalfeedback", "\n\n".join(moodle_fields.explanations(question)))
    ET.SubElement(element, "defaultgrade").text = f"{question.points:g}"
    ET.SubElement(element, "penalty").text = "0.3333333"
    ET.SubElement(element, "hidden").text = "0"
    if not is_choice:
        moodle_fields.add_fields(element, question)
        return
    ET.SubElement(element, "single").text = str(not question.multiple).lower()
    ET.SubElement(element, "shuffleanswers").text = "true"
    ET.SubElement(element, "answernumbering").text = "abc"
    for option in question.options:
        answer = ET.SubElement(
            element, "answer", fraction=_fraction(question, option.ticked), format="html"
        )
        _text(answer, render_markdown(option.text))
        _html(answer, "feedback", option.explanation)


def _fraction(question: BankQuestion, is_right: bool) -> str:
    """Return what an option earns, in percent; Moodle adds the chosen ones up.

    Where all right options must be found, a wrong one costs everything. Moodle can't refuse points
    for an incomplete answer without a wrong one.
    """
    if not question.multiple:
        return "100" if is_right else "0"
    share = 100 / max(1, len(question.right))
    wrong = -share if question.each_option else -100.0
    return f"{share if is_right else wrong:.7g}"


def _text(parent: ET.Element, text: str) -> None:
    ET.SubElement(parent, "text").text = text


def _html(parent: ET.Element, name: str, markdown: str) -> None:
    _text(ET.SubElement(parent, name, format="html"), render_markdown(markdown) if markdown else "")
