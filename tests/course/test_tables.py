"""Tables: as HTML in a notebook, as aligned text elsewhere."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from course.tables import Table

COLUMNS = ["method", "numbers", "error"]


def test_text_aligns_columns_of_numbers_right_and_others_left() -> None:
    table = Table(COLUMNS, [["logistic PCA (2006)", 30, "8.71"], ["pixels", 784, "–"]], "Errors.")
    assert str(table).splitlines() == [
        "Errors.",
        "method               numbers  error",
        "logistic PCA (2006)       30   8.71",
        "pixels                   784      –",
    ]
    assert repr(table) == str(table)


def test_html_names_columns_and_rows_and_escapes_what_it_shows() -> None:
    page = BeautifulSoup(
        Table(["a<b", "%"], [["<i>x", "50 %"]], "<b>")._repr_html_(), "html.parser"
    )
    heads = [(head["scope"], head.text) for head in page.find_all("th")]
    assert heads == [("col", "a<b"), ("col", "%"), ("row", "<i>x")]
    assert [cell.text for cell in page.find_all("td")] == ["50 %"]
    assert page.caption is not None
    assert page.caption.text == "<b>"
    assert not page.find_all(["i", "b"])


@pytest.mark.parametrize(("caption", "width"), [("", 0), ("Errors.", 7), ("x" * 90, 60)])
def test_a_narrow_table_leaves_room_for_its_caption(caption: str, width: int) -> None:
    page = BeautifulSoup(Table(["a"], [["x"]], caption)._repr_html_(), "html.parser")
    assert page.table is not None
    assert page.table["style"] == f"min-width: min(100%, {width}ch)"


def test_a_table_without_rows_shows_its_columns() -> None:
    table = Table(COLUMNS, [])
    assert str(table) == "method  numbers  error"
    assert table._repr_html_().count("<th ") == 3


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match=r"each row must have 3 values, one per column; got \['x'"):
        Table(COLUMNS, [["x", 1]])
