"""Questions for an LMS: every key, point and explanation arrives, in well-formed files."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from autograder.__main__ import main
from autograder.lms import moodle_xml, qti
from autograder.lms.questions import BankQuestion, prompt_of, read_questions
from autograder.publish import build
from course.quiz import Option, kinds
from tests.autograder.small import COURSE
from tests.kinds import KEYS

NAMES = build.assignment_names(COURSE)
QTI = f"{{{qti.QTI}}}"


def question(*, multiple: bool = False, each_option: bool = False) -> BankQuestion:
    options = (
        Option(r"$\frac{1}{2}$ & <b>", ticked=True, explanation="It *is*."),
        Option("two", ticked=multiple),
        Option("three", ticked=False, explanation="No.<br>"),
    )
    return BankQuestion("why not", "**Which?**", options, 2.0, multiple, each_option)


@pytest.mark.parametrize("name", NAMES)
def test_every_question_of_a_lesson_arrives_with_key_and_feedback(name: str) -> None:
    questions = list(read_questions(COURSE / "source" / name))
    assert questions
    with zipfile.ZipFile(io.BytesIO(qti.to_package(name, questions))) as archive:
        manifest = ET.fromstring(archive.read("imsmanifest.xml"))
        files = [one.get("href") for one in manifest.iter(f"{{{qti.PACKAGE}}}file")]
        assert files == [f"{one.identifier}.xml" for one in questions]
        items = [ET.fromstring(archive.read(str(file))) for file in files]
    bank = ET.fromstring(moodle_xml.to_moodle_xml(name, questions))
    entries = [entry for entry in bank if entry.get("type") != "category"]
    assert len(entries) == len(items) == len(questions)
    categories = {one.pool for one in questions}
    assert len(bank) - len(entries) >= len(categories) > 1
    assert {one.kind for one in questions} > {"choice"}
    for one, item, entry in zip(questions, items, entries, strict=True):
        if one.kind != "choice":
            assert item.find(f".//{QTI}correctResponse/{QTI}value") is not None
            continue
        keys = [value.text for value in item.findall(f".//{QTI}correctResponse/{QTI}value")]
        assert keys == [f"choice-{index + 1}" for index in one.right]
        assert len(item.findall(f".//{QTI}simpleChoice")) == len(one.options)
        explained = [f"choice-{n + 1}" for n, each in enumerate(one.options) if each.explanation]
        assert [each.get("identifier") for each in item.findall(f"{QTI}modalFeedback")] == explained
        fractions = [float(answer.get("fraction", "")) for answer in entry.findall("answer")]
        assert [index for index, value in enumerate(fractions) if value > 0] == one.right
        assert sum(value for value in fractions if value > 0) == pytest.approx(100, abs=1e-4)
        feedback = [answer.findtext("feedback/text") for answer in entry.findall("answer")]
        assert list(map(bool, feedback)) == [bool(each.explanation) for each in one.options]


def test_a_question_is_worth_the_same_points() -> None:
    item = ET.fromstring(qti.to_item(question()))
    assert item.findtext(f".//{QTI}setOutcomeValue/{QTI}baseValue") == "2"
    partial = ET.fromstring(qti.to_item(question(multiple=True, each_option=True)))
    values = [float(entry.get("mappedValue", "")) for entry in partial.iter(f"{QTI}mapEntry")]
    assert values == [1, 1, -1]
    assert partial.find(f".//{QTI}choiceInteraction").get("maxChoices") == "0"  # type: ignore[union-attr]
    for asked, expected in (
        (question(), ["100", "0", "0"]),
        (question(multiple=True), ["50", "50", "-100"]),
        (question(multiple=True, each_option=True), ["50", "50", "-50"]),
    ):
        entry = ET.fromstring(moodle_xml.to_moodle_xml("x", [asked]))[1]
        assert [answer.get("fraction") for answer in entry.findall("answer")] == expected
        assert entry.findtext("single") == str(not asked.multiple).lower()


def field_question(name: str, source: str = "", *, each_field: bool = False) -> BankQuestion:
    source = source or KEYS[name]
    kind = kinds.named(name)
    return BankQuestion(
        name,
        prompt_of(kind, source),
        (),
        3.0,
        multiple=False,
        each_option=each_field,
        kind=name,
        source=source,
    )


def test_moodle_has_a_type_for_each_kind() -> None:
    bank = ET.fromstring(moodle_xml.to_moodle_xml("x", map(field_question, KEYS)))
    number, text, blanks, order, match = bank[1:]
    assert number.get("type") == "numerical"
    assert number.findtext("questiontext/text").count("_____") == 1  # type: ignore[union-attr]
    right, wrong = number.findall("answer")
    assert (right.findtext("text"), right.findtext("tolerance")) == ("26.1", "0.1")
    assert "approx" not in right.findtext("text", "")
    assert "≈" in right.findtext("feedback/text", "")
    assert (wrong.get("fraction"), wrong.findtext("text")) == ("0", "0.038")
    assert "upside down" in wrong.findtext("feedback/text", "")
    assert number.findtext("showunits") == "3"
    assert text.get("type") == "shortanswer"
    assert [one.findtext("text") for one in text.findall("answer")] == ["logistic", "S"]
    assert text.findtext("usecase") == "0"
    assert blanks.get("type") == "cloze"
    asked = blanks.findtext("questiontext/text", "")
    assert "turns {1:NUMERICAL:=784:0} numbers into {1:SHORTANSWER:=30~=thirty}" in asked
    assert order.get("type") == "ordering"
    steps = [one.findtext("text") for one in order.findall("answer")]
    assert steps == [
        f"<p>{s}</p>\n" for s in ("copy the image", "compute the loss", "change the weights")
    ]
    assert "compute" not in order.findtext("questiontext/text", "")
    assert match.get("type") == "matching"
    pairs = [
        (one.findtext("text"), one.findtext("answer/text")) for one in match.findall("subquestion")
    ]
    assert pairs[0] == ("<p>autoencoder</p>\n", "deterministic")
    assert pairs[-1] == ("", "quantum")
    assert all("It is S-shaped" not in ET.tostring(one, "unicode") for one in (number, blanks))
    assert "two halves" in blanks.findtext("generalfeedback/text", "")


def test_moodle_knows_the_units_of_a_number() -> None:
    asked = field_question("number", "[[2.5 ± 0.1 MB | 2500 ± 100 kB]]\n\n> Yes.")
    entry = ET.fromstring(moodle_xml.to_moodle_xml("x", [asked]))[1]
    units = [(one.findtext("unit_name"), one.findtext("multiplier")) for one in entry.iter("unit")]
    assert units == [("MB", "1"), ("kB", "1000")]
    assert [one.findtext("text") for one in entry.findall("answer")] == ["2.5"]


def test_qti_has_an_interaction_for_each_kind() -> None:
    items = {name: ET.fromstring(qti.to_item(field_question(name))) for name in KEYS}
    entries = {
        name: len(item.findall(f".//{QTI}textEntryInteraction")) for name, item in items.items()
    }
    assert entries == {"number": 1, "text": 1, "blanks": 3, "order": 0, "match": 0}
    equal = items["number"].find(f".//{QTI}equal")
    assert equal is not None
    assert equal.get("tolerance") == "0.1 0.1"
    texts = [one.text for one in items["text"].findall(f".//{QTI}stringMatch/{QTI}baseValue")]
    assert texts == ["logistic", "S"]
    order = [one.text for one in items["order"].findall(f".//{QTI}correctResponse/{QTI}value")]
    shown = {
        one.get("identifier"): one[0].text for one in items["order"].iter(f"{QTI}simpleChoice")
    }
    assert [shown[name] for name in order] == [
        "copy the image",
        "compute the loss",
        "change the weights",
    ]
    pairs = [one.text for one in items["match"].findall(f".//{QTI}correctResponse/{QTI}value")]
    assert pairs == ["item-1 choice-B", "item-2 choice-A", "item-3 choice-A"]
    for item in items.values():
        names = {one.get("identifier") for one in item.iter(f"{QTI}responseDeclaration")}
        used = {
            one.get("responseIdentifier")
            for one in item.iter()
            if "responseIdentifier" in one.attrib
        }
        assert used == names
        assert item.find(f"{QTI}modalFeedback") is not None
        body = ET.tostring(item.find(f"{QTI}itemBody"), "unicode")  # type: ignore[arg-type]
        assert "\ue000" not in body
        assert "> " not in body.replace("/> ", "")
    parts = ET.fromstring(qti.to_item(field_question("blanks", each_field=True)))
    values = [one.text for one in parts.findall(f".//{QTI}sum/{QTI}baseValue")]
    assert values == ["1", "1", "1"]


def test_formulas_are_mathml_and_markup_is_closed() -> None:
    item = qti.to_item(question())
    root = ET.fromstring(item)
    assert root.find(".//{http://www.w3.org/1998/Math/MathML}mfrac") is not None
    assert root.find(f".//{QTI}br") is not None
    assert not [element for element in root.iter() if "style" in element.attrib]


@pytest.mark.parametrize("folder", ["source", "release"])
def test_keys_go_to_no_folder_of_the_course(
    folder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = COURSE / folder / NAMES[0] / "keys.xml"
    command = ["questions", NAMES[0], "--format", "moodle", "--root", str(COURSE), "--to"]
    assert main([*command, str(target)]) == 2
    assert not target.exists()
    assert "the file holds the keys" in capsys.readouterr().err
    private = tmp_path / "keys.xml"
    assert main([*command, str(private)]) == 0
    assert private.stat().st_mode & 0o077 == 0
    assert "WITH THEIR KEYS" in capsys.readouterr().out
