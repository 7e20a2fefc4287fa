"""Class lists as learning management systems and spreadsheets export them."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.lti.people import clean
from deploy.hub import class_list
from deploy.hub.class_list import ClassListError, ListedStudent

CANVAS = """Student,ID,SIS User ID,SIS Login ID,Section,Quiz 1 (123)
    Points Possible,,,,,10
"Muster, Anna",4711,00815,anna,S1,7
"Beispiel, Ben",4712,00816,ben,S1,
"""
ANNA = ListedStudent("anna", "Anna", "Muster")
BEN = ListedStudent("ben", "Ben", "Beispiel")
SEMICOLONS = "Nachname;Vorname;Benutzername\nMuster;Anna;anna\nBeispiel;Ben;ben\n"


def read(tmp_path: Path, content: str | bytes) -> list[ListedStudent]:
    path = tmp_path / "class.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return class_list.read_class_list(path)


@pytest.mark.parametrize(
    "content",
    [
        CANVAS,
        CANVAS.replace("\n", "\r\n"),
        CANVAS.replace(",ID,", ",ID,Login,")
        .replace(",4711,", ",4711,x@uni,")
        .replace(",4712,", ",4712,y@uni,")
        .replace("Possible,", "Possible,,"),
        f"\n\n{CANVAS}",
        f"\ufeff{CANVAS}",
        SEMICOLONS,
        f"sep=;\n{SEMICOLONS}",
        f'\ufeff\r\n"sep=;"\r\n\r\n{SEMICOLONS}',
        f";;;\n{SEMICOLONS}",
        SEMICOLONS.replace(";", "\t"),
        SEMICOLONS.replace(";", "|"),
        SEMICOLONS.replace("Nachname;", '"Nachname, wie im Ausweis";Nachname;')
        .replace("Muster", "M;Muster")
        .replace("Beispiel", "B;Beispiel"),
        SEMICOLONS.replace("\n", "\r"),
        SEMICOLONS.encode("utf-16"),
        SEMICOLONS.encode("utf-16-le"),
        SEMICOLONS.encode("utf-16-be"),
        'username , "last name", "first name"\nanna, "Muster", Anna\nben, "Beispiel", Ben\n',
        "ID,id,Vorname,Nachname\n1,anna,Anna,Muster\n2,ben,Ben,Beispiel\n",
        "id,username,Vorname,Nachname\n1,anna,Anna,Muster\n2,ben,Ben,Beispiel\n",
        "Username,id,Vorname,Nachname\nam1@uni,anna,Anna,Muster\nbb2@uni,ben,Ben,Beispiel\n",
    ],
)
def test_exports_are_read_whole(tmp_path: Path, content: str | bytes) -> None:
    assert read(tmp_path, content) == [ANNA, BEN]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (CANVAS.replace('Anna",', "Anna,"), "line 3: a value begins with a quotation mark"),
        (CANVAS.replace('"Beispiel, Ben"', '"Beispiel, Ben'), "line 4: a value begins with a"),
        (
            'id,section\nanna,"S1\nben,S1\ncleo,"S1"\n',
            "line 2: a value begins with a quotation mark",
        ),
        ('id,section\nanna,"S1\nben,S2"\n', "line 2: .*in the same line"),
        (CANVAS.replace('"Muster, Anna"', "Muster, Anna"), "line 3: 7 values for 6 columns"),
        (CANVAS.replace(",ben,", ",,"), "line 4: no login in the column 'SIS Login ID'"),
        ("Nachname;Vorname\nMuster;Anna\n", "no column holds the login, found: Nachname, Vorname"),
        ("id\n4711\n4712\n", "line 2: '4711' can't be an account name"),
    ],
)
def test_no_student_is_dropped_in_silence(tmp_path: Path, content: str, reason: str) -> None:
    with pytest.raises(ClassListError, match=reason):
        read(tmp_path, content)


@settings(deadline=None)
@given(st.text(max_size=150), st.text(max_size=150), st.text(max_size=150))
def test_any_name_from_an_lms_keeps_the_list_readable(first: str, last: str, email: str) -> None:
    student = ListedStudent("ada", clean(first), clean(last), clean(email))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "class.csv")
        class_list.write_class_list(path, [student, BEN])
        assert class_list.read_class_list(path) == [student, BEN]
