"""The rules of QTI 2.1 and of content packages that our files must follow.

All packages of the lessons were valid by IMS's own XML schemas (QTI 2.1 of 2012, content packaging
1.1, MathML 2) when this was written. The schemas aren't here, so these rules, in our own words,
keep it that way.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from typing import Final
from xml.etree import ElementTree as ET

import pytest

from autograder.lms import qti
from autograder.lms.questions import read_questions
from autograder.publish import build
from tests.autograder.lms.test_questions import field_question, question
from tests.autograder.small import COURSE
from tests.kinds import KEYS

QTI: Final = f"{{{qti.QTI}}}"
CP: Final = f"{{{qti.PACKAGE}}}"
MATH: Final = "{http://www.w3.org/1998/Math/MathML}"
NAME: Final = re.compile(r"[A-Za-z_][\w.-]*")  # of XML, without a colon
ORDER: Final = (  # what comes in an item, and how often at most
    ("responseDeclaration", 99),
    ("outcomeDeclaration", 99),
    ("itemBody", 1),
    ("responseProcessing", 1),
    ("modalFeedback", 99),
)
REQUIRED: Final = {
    "assessmentItem": {"identifier", "title", "adaptive", "timeDependent"},
    "responseDeclaration": {"identifier", "cardinality", "baseType"},
    "outcomeDeclaration": {"identifier", "cardinality", "baseType"},
    "mapping": {"defaultValue"},
    "mapEntry": {"mapKey", "mappedValue"},
    "choiceInteraction": {"responseIdentifier", "shuffle", "maxChoices"},
    "orderInteraction": {"responseIdentifier", "shuffle"},
    "matchInteraction": {"responseIdentifier", "shuffle", "maxAssociations"},
    "textEntryInteraction": {"responseIdentifier"},
    "simpleChoice": {"identifier"},
    "simpleAssociableChoice": {"identifier", "matchMax"},
    "setOutcomeValue": {"identifier"},
    "variable": {"identifier"},
    "correct": {"identifier"},
    "mapResponse": {"identifier"},
    "baseValue": {"baseType"},
    "equal": {"toleranceMode", "tolerance"},
    "stringMatch": {"caseSensitive"},
    "modalFeedback": {"outcomeIdentifier", "identifier", "showHide"},
}
BLOCKS: Final = {
    *("blockquote", "div", "dl", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "ol", "p", "pre"),
    *("table", "ul"),
}
INTERACTIONS: Final = {"choiceInteraction", "orderInteraction", "matchInteraction"}
MARKUP: Final = BLOCKS | {
    *("a", "abbr", "b", "br", "caption", "code", "col", "colgroup", "dd", "dt", "em", "i", "img"),
    *("kbd", "li", "samp", "small", "span", "strong", "sub", "sup", "tbody", "td", "tfoot", "th"),
    *("thead", "tr", "var"),
}
MARKUP_ATTRIBUTES: Final = {"href", "src", "alt", "class", "title", "width", "height"}


def local(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def breaches(item: ET.Element) -> Iterator[str]:
    """Yield what in an item is against the rules."""
    yield from _order(item)
    yield from _attributes(item)
    yield from _markup(item)
    yield from _nesting(item)
    yield from _references(item)
    yield from _choices(item)


def _order(item: ET.Element) -> Iterator[str]:
    places = [name for name, _ in ORDER]
    found = [local(child) for child in item]
    if sorted(found, key=places.index) != found:
        yield f"order: {found}"
    counts = Counter(found)
    if any(counts[name] > limit for name, limit in ORDER) or not counts["itemBody"]:
        yield f"counts: {counts}"
    for declaration in item.iter(f"{QTI}responseDeclaration"):
        if [local(child) for child in declaration] not in (
            ["correctResponse"],
            ["correctResponse", "mapping"],
        ):
            yield "a response needs its right answer, then perhaps a mapping"
    for interaction in item.iter():
        children = {local(child) for child in interaction}
        expected = {
            "choiceInteraction": {"simpleChoice"},
            "orderInteraction": {"simpleChoice"},
            "matchInteraction": {"simpleMatchSet"},
            "textEntryInteraction": set(),
        }.get(local(interaction))
        if expected is not None and children != expected:
            yield f"{local(interaction)} holds {children}"
        if local(interaction) == "matchInteraction" and len(interaction) != 2:
            yield "a match has two sets"


def _attributes(item: ET.Element) -> Iterator[str]:
    for element in item.iter():
        if element.tag.startswith(MATH):
            continue
        if missing := REQUIRED.get(local(element), set()) - set(element.attrib):
            yield f"{local(element)} lacks {missing}"
        identifier = element.get("identifier")
        if identifier is not None and not NAME.fullmatch(identifier):
            yield f"{identifier!r} is not an identifier"
        for name in ("mappedValue", "defaultValue", "lowerBound", "upperBound"):
            if name in element.attrib:
                float(element.attrib[name])
        if element.get("baseType") == "float" and element.text and element.text.strip():
            float(element.text)


def _markup(item: ET.Element) -> Iterator[str]:
    """Text is XHTML and MathML."""
    known = set(REQUIRED) | {name for name, _ in ORDER} | MARKUP
    known |= {"correctResponse", "defaultValue", "value", "simpleMatchSet", "match", "and", "or"}
    known |= {"responseCondition", "responseIf", "multiple", "sum"}
    for element in item.iter():
        name = local(element)
        if not element.tag.startswith((QTI, MATH)):
            yield f"{element.tag} is in no known namespace"
        elif element.tag.startswith(QTI) and name not in known:
            yield f"QTI has no {name} here"
        if (
            name in MARKUP
            and element.tag.startswith(QTI)
            and set(element.attrib) - MARKUP_ATTRIBUTES
        ):
            yield f"{name} has {element.attrib}"
        if name == "img" and not element.get("alt"):
            yield "an image without a text"


def _nesting(item: ET.Element) -> Iterator[str]:
    """Blocks stand in blocks, and entries in a text."""
    body = item.find(f"{QTI}itemBody")
    for child in body if body is not None else ():
        if local(child) not in BLOCKS | INTERACTIONS:
            yield f"{local(child)} stands in the body"
    for parent in item.iter():
        inside = {local(child) for child in parent}
        if local(parent) in {"p", "span", "em", "strong", "code", "a"} and inside & BLOCKS:
            yield f"{local(parent)} holds a block"
        if "textEntryInteraction" in inside and local(parent) not in MARKUP:
            yield f"an entry stands in {local(parent)}"


def _references(item: ET.Element) -> Iterator[str]:
    responses = [one.get("identifier") for one in item.iter(f"{QTI}responseDeclaration")]
    outcomes = [one.get("identifier") for one in item.iter(f"{QTI}outcomeDeclaration")]
    if len(set(responses + outcomes)) != len(responses + outcomes):
        yield "two variables have one name"
    asked = [
        one.get("responseIdentifier") for one in item.iter() if "responseIdentifier" in one.attrib
    ]
    if sorted(map(str, asked)) != sorted(map(str, responses)):
        yield f"declared {responses}, asked {asked}"
    for element in item.iter():
        name = element.get("identifier")
        if local(element) == "setOutcomeValue" and name not in outcomes:
            yield f"{name} is not an outcome"
        if local(element) in {"correct", "mapResponse"} and name not in responses:
            yield f"{name} is not a response"
        if local(element) == "variable" and name not in responses + outcomes:
            yield f"{name} is not declared"
        if local(element) == "modalFeedback" and element.get("outcomeIdentifier") not in outcomes:
            yield "feedback depends on nothing"


def _choices(item: ET.Element) -> Iterator[str]:
    choices = [
        str(one.get("identifier"))
        for one in item.iter()
        if local(one) in {"simpleChoice", "simpleAssociableChoice"}
    ]
    if len(set(choices)) != len(choices):
        yield "two choices have one name"
    for declaration in item.iter(f"{QTI}responseDeclaration"):
        values = [str(one.text) for one in declaration.iter(f"{QTI}value")]
        keys = [str(one.get("mapKey")) for one in declaration.iter(f"{QTI}mapEntry")]
        if declaration.get("cardinality") == "single" and len(values) != 1:
            yield f"{len(values)} values for one"
        if declaration.get("baseType") in {"identifier", "directedPair"}:
            named = {name for value in (*values, *keys) for name in value.split()}
            if not named <= set(choices):
                yield f"{named - set(choices)} can't be chosen"


@pytest.mark.parametrize("name", build.assignment_names(COURSE))
def test_the_packages_of_the_lessons_follow_the_rules(name: str) -> None:
    questions = list(read_questions(COURSE / "source" / name))
    with zipfile.ZipFile(io.BytesIO(qti.to_package(name, questions))) as archive:
        files = {path: archive.read(path) for path in archive.namelist()}
    manifest = ET.fromstring(files.pop("imsmanifest.xml"))
    assert manifest.tag == f"{CP}manifest"
    assert [local(child) for child in manifest] == ["metadata", "organizations", "resources"]
    metadata, _, resources = manifest
    assert [(local(one), one.text) for one in metadata] == [
        ("schema", "QTIv2.1 Package"),
        ("schemaversion", "1.0.0"),
    ]
    identifiers = [str(one.get("identifier")) for one in (manifest, *resources)]
    assert len(set(identifiers)) == len(identifiers)
    assert all(map(NAME.fullmatch, identifiers))
    for resource in resources:
        assert resource.get("type") == "imsqti_item_xmlv2p1"
        assert [file.get("href") for file in resource] == [resource.get("href")]
    assert sorted(str(resource.get("href")) for resource in resources) == sorted(files)
    for path, content in files.items():
        assert content.startswith(b"<?xml")
        item = ET.fromstring(content)
        assert item.tag == f"{QTI}assessmentItem"
        assert path == f"{item.get('identifier')}.xml"
        assert list(breaches(item)) == []


@pytest.mark.parametrize("each", [False, True])
def test_every_kind_of_question_follows_the_rules(each: bool) -> None:
    items = [qti.to_item(field_question(name, each_field=each)) for name in KEYS]
    items += [
        qti.to_item(question(multiple=multiple, each_option=each)) for multiple in (False, True)
    ]
    for item in items:
        assert list(breaches(ET.fromstring(item))) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b' timeDependent="false"', b""),
        (b'identifier="RESPONSE"', b'identifier="A B"'),
        (b'responseIdentifier="RESPONSE"', b'responseIdentifier="OTHER"'),
        (b"<value>choice-1</value>", b"<value>choice-9</value>"),
        (b"<value>choice-1</value>", b"<value>choice-1</value><value>choice-2</value>"),
        (b"<itemBody>", b"<modalFeedback /><itemBody>"),
        (b"<itemBody>", b"<itemBody>text<span />"),
        (b"<itemBody>", b"<itemBody><video />"),
        (b'outcomeIdentifier="FEEDBACK"', b'outcomeIdentifier="OTHER"'),
        (b"<simpleChoice ", b"<prompt /><simpleChoice "),
        (b'identifier="choice-2"', b'identifier="choice-1"'),
        (b"<p>", b'<p style="color:red">'),
        (b"<em>", b"<em><div />"),
    ],
)
def test_the_rules_find_a_fault(old: bytes, new: bytes) -> None:
    item = qti.to_item(question())
    assert old in item
    assert list(breaches(ET.fromstring(item.replace(old, new, 1))))
