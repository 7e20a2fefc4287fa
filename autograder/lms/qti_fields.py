"""Questions with fields as interactions of QTI 2.1: text entry, order and match."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from autograder.lms.questions import BankQuestion, number_alternatives, text_alternatives
from autograder.lms.xhtml import append_xhtml
from course.quiz import fields
from course.quiz.fields import Field
from course.quiz.kinds.match import read_choices


def declare(item: ET.Element, question: BankQuestion) -> None:
    """Add the declarations of the responses, with the right ones."""
    keys = fields.parse(question.source)
    if question.kind == "order":
        by_place = sorted(range(len(keys)), key=lambda index: int(keys[index].value))
        _response(item, "RESPONSE", "ordered", "identifier", [f"item-{n + 1}" for n in by_place])
    elif question.kind == "match":
        pairs = [f"item-{number} choice-{key.value}" for number, key in enumerate(keys, 1)]
        declaration = _response(item, "RESPONSE", "multiple", "directedPair", pairs)
        if question.each_option:
            share = question.points / len(keys)
            mapping = ET.SubElement(declaration, "mapping", defaultValue="0")
            for pair in pairs:
                ET.SubElement(mapping, "mapEntry", mapKey=pair, mappedValue=f"{share:.6g}")
    else:
        for number, key in enumerate(keys, 1):
            numbers = number_alternatives(key.value)
            is_float = _is_float(key)
            value = f"{numbers[0][0]:.10g}" if is_float else _texts(key)[0]
            base_type = "float" if is_float else "string"
            _response(item, f"RESPONSE-{number}", "single", base_type, [value])


def add_body(body: ET.Element, question: BankQuestion) -> None:
    """Add what is asked, with the places for the answers."""
    keys = fields.parse(question.source)
    if question.kind in {"order", "match"}:
        append_xhtml(ET.SubElement(body, "div"), question.prompt)
    if question.kind == "order":
        parent = ET.SubElement(
            body, "orderInteraction", responseIdentifier="RESPONSE", shuffle="true"
        )
        for number, key in enumerate(keys, 1):
            choice = ET.SubElement(parent, "simpleChoice", identifier=f"item-{number}")
            append_xhtml(choice, key.after.strip())
    elif question.kind == "match":
        _add_match(body, keys, read_choices(question.source))
    else:
        marks = iter(range(1, len(keys) + 1))
        first, *rest = fields.bare(question.source).split(fields.EMPTY)
        text = first + "".join(f"\ue000{next(marks)}\ue001{part}" for part in rest)
        block = ET.SubElement(body, "div")
        append_xhtml(block, text.strip())
        _place_entries(block)


def add_scoring(processing: ET.Element, question: BankQuestion) -> None:
    """Say how the answers become points."""
    keys = fields.parse(question.source)
    if question.kind == "match" and question.each_option:
        outcome = ET.SubElement(processing, "setOutcomeValue", identifier="SCORE")
        ET.SubElement(outcome, "mapResponse", identifier="RESPONSE")
    elif question.kind in {"order", "match"}:
        rule = _if(processing)
        match = ET.SubElement(rule, "match")
        ET.SubElement(match, "variable", identifier="RESPONSE")
        ET.SubElement(match, "correct", identifier="RESPONSE")
        _set_score(rule, question.points)
    elif question.each_option:
        for number, key in enumerate(keys, 1):
            rule = _if(processing)
            _condition(rule, number, key)
            _set_score(rule, question.points / len(keys), is_added=True)
    else:
        rule = _if(processing)
        both = ET.SubElement(rule, "and")
        for number, key in enumerate(keys, 1):
            _condition(both, number, key)
        _set_score(rule, question.points)


def _is_float(key: Field) -> bool:
    """Return whether a field takes a plain number; one with a unit is a text for QTI."""
    numbers = number_alternatives(key.value)
    return bool(numbers) and not any(unit for *_, unit in numbers)


def _texts(key: Field) -> list[str]:
    """Return the texts that are right in a field; a number with a unit as it is usually written."""
    if numbers := number_alternatives(key.value):
        return [f"{value:.10g} {unit}".strip() for value, _, unit in numbers]
    return text_alternatives(key.value)[0]


def _response(
    item: ET.Element, name: str, cardinality: str, base_type: str, values: list[str]
) -> ET.Element:
    declaration = ET.SubElement(
        item,
        "responseDeclaration",
        identifier=name,
        cardinality=cardinality,
        baseType=base_type,
    )
    correct = ET.SubElement(declaration, "correctResponse")
    for value in values:
        ET.SubElement(correct, "value").text = value
    return declaration


def _add_match(body: ET.Element, keys: tuple[Field, ...], choices: dict[str, str]) -> None:
    interaction = ET.SubElement(
        body,
        "matchInteraction",
        responseIdentifier="RESPONSE",
        shuffle="true",
        maxAssociations=str(len(keys)),
    )
    items = ET.SubElement(interaction, "simpleMatchSet")
    for number, key in enumerate(keys, 1):
        choice = ET.SubElement(
            items, "simpleAssociableChoice", identifier=f"item-{number}", matchMax="1"
        )
        append_xhtml(choice, key.after.strip())
    targets = ET.SubElement(interaction, "simpleMatchSet")
    for letter, text in choices.items():
        choice = ET.SubElement(
            targets,
            "simpleAssociableChoice",
            identifier=f"choice-{letter}",
            matchMax=str(len(keys)),
        )
        append_xhtml(choice, text)


def _place_entries(block: ET.Element) -> None:
    """Put a text entry in place of each mark."""
    for element in list(block.iter()):
        element.text = _split(element, 0, element.text)
        for child in list(element):
            if child.tag != "textEntryInteraction":
                position = list(element).index(child) + 1
                child.tail = _split(element, position, child.tail)


def _split(parent: ET.Element, position: int, text: str | None) -> str | None:
    """Insert an entry for each mark of a text at a position; return the text before the first."""
    before, *parts = (text or "").split("\ue000")
    for offset, part in enumerate(parts):
        number, _, tail = part.partition("\ue001")
        entry = ET.Element("textEntryInteraction", responseIdentifier=f"RESPONSE-{number}")
        entry.tail = tail
        parent.insert(position + offset, entry)
    return before if parts else text


def _condition(parent: ET.Element, number: int, key: Field) -> None:
    """Add an expression that is true if a field is right."""
    name = f"RESPONSE-{number}"
    options = ET.SubElement(parent, "or")
    if _is_float(key):
        for value, tolerance, _ in number_alternatives(key.value):
            equal = ET.SubElement(
                options,
                "equal",
                toleranceMode="absolute",
                tolerance=f"{tolerance:.10g} {tolerance:.10g}",
            )
            ET.SubElement(equal, "variable", identifier=name)
            ET.SubElement(equal, "baseValue", baseType="float").text = f"{value:.10g}"
        return
    is_exact = not number_alternatives(key.value) and text_alternatives(key.value)[1]
    for text in _texts(key):
        match = ET.SubElement(options, "stringMatch", caseSensitive=str(is_exact).lower())
        ET.SubElement(match, "variable", identifier=name)
        ET.SubElement(match, "baseValue", baseType="string").text = text


def _if(processing: ET.Element) -> ET.Element:
    return ET.SubElement(ET.SubElement(processing, "responseCondition"), "responseIf")


def _set_score(rule: ET.Element, points: float, *, is_added: bool = False) -> None:
    outcome = ET.SubElement(rule, "setOutcomeValue", identifier="SCORE")
    target = outcome
    if is_added:
        target = ET.SubElement(outcome, "sum")
        ET.SubElement(target, "variable", identifier="SCORE")
    ET.SubElement(target, "baseValue", baseType="float").text = f"{points:.6g}"
