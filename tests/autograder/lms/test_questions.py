"""Questions for an LMS: every key, point and explanation arrives, in well-formed files."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from autograder.__main__ import main
from autograder.lms import moodle_xml, qti
from autograder.lms.questions import BankQuestion, read_questions
from autograder.publish import build
from course.quiz import Option
from tests.autograder.small import COURSE

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
    entries = bank.findall("question[@type='multichoice']")
    assert len(entries) == len(items) == len(questions)
    for one, item, entry in zip(questions, items, entries, strict=True):
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
