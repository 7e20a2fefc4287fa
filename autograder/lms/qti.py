"""Questions as a content package of IMS QTI 2.1, with the explanations as feedback.

IMS Global, "Question & Test Interoperability Assessment Test, Section, and Item Information Model",
version 2.1, 2012; the package is a ZIP file with a manifest and one file for each question.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from typing import Final
from xml.etree import ElementTree as ET

from autograder.lms import qti_fields
from autograder.lms.questions import BankQuestion
from autograder.lms.xhtml import append_xhtml
from course.quiz import fields

QTI: Final = "http://www.imsglobal.org/xsd/imsqti_v2p1"
PACKAGE: Final = "http://www.imsglobal.org/xsd/imscp_v1p1"
_ITEM_TYPE: Final = "imsqti_item_xmlv2p1"
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # so that equal questions make equal files


def to_package(name: str, questions: Sequence[BankQuestion]) -> bytes:
    """Return a content package, a ZIP file, with one item for each question."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        files = {f"{one.identifier}.xml": to_item(one) for one in questions}
        files["imsmanifest.xml"] = _manifest(name, questions)
        for path, text in files.items():
            archive.writestr(zipfile.ZipInfo(path, _EPOCH), text, zipfile.ZIP_DEFLATED)
    return content.getvalue()


def to_item(question: BankQuestion) -> bytes:
    """Return one question as an ``assessmentItem``."""
    item = ET.Element(
        "assessmentItem",
        xmlns=QTI,
        identifier=question.identifier,
        title=question.name,
        adaptive="false",
        timeDependent="false",
    )
    if question.kind == "choice":
        _fill_choice(item, question)
    else:
        _fill_fields(item, question)
    return _to_xml(item)


def _fill_fields(item: ET.Element, question: BankQuestion) -> None:
    """Add the parts of a question with fields; its explanations show after any answer."""
    qti_fields.declare(item, question)
    _outcomes(item, question)
    qti_fields.add_body(ET.SubElement(item, "itemBody"), question)
    processing = ET.SubElement(item, "responseProcessing")
    qti_fields.add_scoring(processing, question)
    outcome = ET.SubElement(processing, "setOutcomeValue", identifier="FEEDBACK")
    shown = ET.SubElement(ET.SubElement(outcome, "multiple"), "baseValue", baseType="identifier")
    shown.text = "explanation"
    explanations = [key.explanation for key in fields.parse(question.source) if key.explanation]
    feedback = ET.SubElement(
        item,
        "modalFeedback",
        outcomeIdentifier="FEEDBACK",
        identifier="explanation",
        showHide="show",
    )
    append_xhtml(feedback, "\n\n".join(explanations))


def _fill_choice(item: ET.Element, question: BankQuestion) -> None:
    kind = "multiple" if question.multiple else "single"
    response = ET.SubElement(
        item,
        "responseDeclaration",
        identifier="RESPONSE",
        cardinality=kind,
        baseType="identifier",
    )
    correct = ET.SubElement(response, "correctResponse")
    for index in question.right:
        ET.SubElement(correct, "value").text = _choice(index)
    by_option = question.multiple and question.each_option
    if by_option:
        share = question.points / max(1, len(question.right))
        mapping = ET.SubElement(
            response,
            "mapping",
            lowerBound="0",
            upperBound=f"{question.points:g}",
            defaultValue="0",
        )
        for index, option in enumerate(question.options):
            value = share if option.ticked else -share
            ET.SubElement(mapping, "mapEntry", mapKey=_choice(index), mappedValue=f"{value:.6g}")
    _outcomes(item, question)
    body = ET.SubElement(item, "itemBody")
    append_xhtml(ET.SubElement(body, "div"), question.prompt)
    interaction = ET.SubElement(
        body,
        "choiceInteraction",
        responseIdentifier="RESPONSE",
        shuffle="true",
        maxChoices="0" if question.multiple else "1",
    )
    for index, option in enumerate(question.options):
        append_xhtml(
            ET.SubElement(interaction, "simpleChoice", identifier=_choice(index)), option.text
        )
    _processing(item, question, by_option=by_option)
    for index, option in enumerate(question.options):
        if option.explanation:
            feedback = ET.SubElement(
                item,
                "modalFeedback",
                outcomeIdentifier="FEEDBACK",
                identifier=_choice(index),
                showHide="show",
            )
            append_xhtml(feedback, option.explanation)


def _outcomes(item: ET.Element, question: BankQuestion) -> None:
    for name, value in (("SCORE", "0"), ("MAXSCORE", f"{question.points:g}")):
        outcome = ET.SubElement(
            item, "outcomeDeclaration", identifier=name, cardinality="single", baseType="float"
        )
        ET.SubElement(ET.SubElement(outcome, "defaultValue"), "value").text = value
    ET.SubElement(
        item,
        "outcomeDeclaration",
        identifier="FEEDBACK",
        cardinality="multiple",
        baseType="identifier",
    )


def _processing(item: ET.Element, question: BankQuestion, *, by_option: bool) -> None:
    """Say how an answer becomes points, and that the chosen options choose the feedback."""
    processing = ET.SubElement(item, "responseProcessing")
    if by_option:
        outcome = ET.SubElement(processing, "setOutcomeValue", identifier="SCORE")
        ET.SubElement(outcome, "mapResponse", identifier="RESPONSE")
    else:
        condition = ET.SubElement(ET.SubElement(processing, "responseCondition"), "responseIf")
        match = ET.SubElement(condition, "match")
        ET.SubElement(match, "variable", identifier="RESPONSE")
        ET.SubElement(match, "correct", identifier="RESPONSE")
        outcome = ET.SubElement(condition, "setOutcomeValue", identifier="SCORE")
        value = ET.SubElement(outcome, "baseValue", baseType="float")
        value.text = f"{question.points:g}"
    outcome = ET.SubElement(processing, "setOutcomeValue", identifier="FEEDBACK")
    variable = ET.Element("variable", identifier="RESPONSE")
    if question.multiple:
        outcome.append(variable)
    else:
        ET.SubElement(outcome, "multiple").append(variable)


def _choice(index: int) -> str:
    return f"choice-{index + 1}"


def _manifest(name: str, questions: Sequence[BankQuestion]) -> bytes:
    manifest = ET.Element("manifest", xmlns=PACKAGE, identifier=f"manifest-{name}")
    metadata = ET.SubElement(manifest, "metadata")
    ET.SubElement(metadata, "schema").text = "QTIv2.1 Package"
    ET.SubElement(metadata, "schemaversion").text = "1.0.0"
    ET.SubElement(manifest, "organizations")
    resources = ET.SubElement(manifest, "resources")
    for question in questions:
        path = f"{question.identifier}.xml"
        resource = ET.SubElement(
            resources, "resource", identifier=question.identifier, type=_ITEM_TYPE, href=path
        )
        ET.SubElement(resource, "file", href=path)
    return _to_xml(manifest)


def _to_xml(element: ET.Element) -> bytes:
    return bytes(ET.tostring(element, encoding="utf-8", xml_declaration=True))
