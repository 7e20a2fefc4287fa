"""The feedback page: when the key is shown, and no active content."""

from __future__ import annotations

from datetime import datetime

import pytest

from autograder.feedback import page, questions
from tests.autograder.pages import Page

KEY = "**Even?**\n\n- [ ] one\n  > It is odd.\n- [x] two\n  > Twice one.\n"
DUE = datetime(2026, 3, 1)  # noqa: DTZ001  (UTC without a time zone, as in nbgrader)
BEFORE = datetime(2026, 2, 1)  # noqa: DTZ001
AFTER = datetime(2026, 4, 1)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("policy", "due_date", "now", "shown"),
    [
        ("never", DUE, AFTER, False),
        ("always", None, BEFORE, True),
        ("after the due date", DUE, BEFORE, False),
        ("after the due date", DUE, AFTER, True),
        ("after the due date", None, AFTER, False),
    ],
)
def test_the_policy_decides_about_the_key(
    policy: str, due_date: datetime | None, now: datetime, *, shown: bool
) -> None:
    assert questions.reveals_key(policy, due_date, now) is shown


def test_without_the_key_only_the_answer_is_shown() -> None:
    text = questions.question_markdown(KEY, {"chosen": [0]}, reveal=False)
    assert "☑ one — **your answer**" in text
    assert "correct" not in text
    assert "odd" not in text


def test_with_the_key_every_option_is_explained() -> None:
    text = questions.question_markdown(KEY, {"chosen": [0]}, reveal=True)
    assert "☑ one — **your answer, incorrect**" in text
    assert "☐ two — **correct**" in text
    assert "> It is odd." in text
    assert "> Twice one." in text


PIXEL = "data:image/png;base64,AA=="


@pytest.mark.parametrize(
    ("hostile", "harmless"),
    [
        ("<script>x</script>", "&lt;script&gt;x&lt;/script&gt;"),
        ("<img src='x' onerror='y' alt='z'>", '<img alt="z">'),
        ("<a href='javascript:x'>y</a>", "<a>y</a>"),
        ("<a href='data:text/html,x'>y</a>", "<a>y</a>"),
        ("<p style='position:fixed'>y</p>", "<p>y</p>"),
        ("<img src='data:text/html;base64,eA=='>", "<img>"),
        ("<iframe src='x'></iframe>", "&lt;iframe src='x'&gt;&lt;/iframe&gt;"),
        # Pictures are requests.
        ("<img src='https://x.y/z.png'>", "<img>"),
        ("<img src='/hub/logout'>", "<img>"),
        ("<img src='//x.y/z.png'>", "<img>"),
        ("<img src='data:image/svg+xml;base64,AA=='>", "<img>"),
        ("<img src='data:image/png,x'>", "<img>"),
        (f"<img src='{PIXEL}' srcset='https://x.y/z.png 2x'>", f'<img src="{PIXEL}">'),
        ("<p background='https://x.y' poster='z'>a</p>", "<p>a</p>"),
        ("<video poster='x'>a</video>", "&lt;video poster='x'&gt;a&lt;/video&gt;"),
        ("<picture><source srcset='x'></picture>", "&lt;picture&gt;&lt;source srcset='x'&gt;"),
        # Links that are no addresses.
        ("<a href=' java\nscript:x'>y</a>", "<a>y</a>"),
        ("<a href='&#106;avascript:x'>y</a>", "<a>y</a>"),
        ("<a href='vbscript:x'>y</a>", "<a>y</a>"),
        ("<a href='evil.html'>y</a>", "<a>y</a>"),
        ("<a href='//x.y'>y</a>", "<a>y</a>"),
        ("<a href='https:evil.html'>y</a>", "<a>y</a>"),
        ("<a href='https://x.y' target='_top' ping='z'>y</a>", '<a href="https://x.y">y</a>'),
        # What a page does by itself.
        ("<meta http-equiv='refresh' content='0;url=x'>", "&lt;meta http-equiv='refresh'"),
        ("<base href='https://x.y/'>", "&lt;base href='https://x.y/'&gt;"),
        ("<link rel='stylesheet' href='x'>", "&lt;link rel='stylesheet' href='x'&gt;"),
        ("<style>@import 'x'</style>", "&lt;style&gt;@import 'x'&lt;/style&gt;"),
        ("<form action='x'><button>y</button></form>", "&lt;form action='x'&gt;&lt;button&gt;y"),
        ("<input autofocus onfocus='x'>", "&lt;input autofocus onfocus='x'&gt;"),
        ("<object data='x'></object><embed src='x'>", "&lt;object data='x'&gt;&lt;/object&gt;"),
        ("<details ontoggle='x' open>y</details>", "<details>y</details>"),
        # Markup that is read differently the second time.
        ("<svg><style><img src=x onerror=y></style></svg>", "&lt;svg&gt;&lt;style&gt;<img>"),
        ("<math><mtext><table><mglyph><style><img src=x onerror=y>", "&lt;math&gt;&lt;mtext&gt;"),
        ("<noscript><p title='</noscript><img src=x onerror=y>'>", "&lt;noscript&gt;<p title="),
        ("<p title='<!--<img src=x onerror=y>'>a", '<p title="'),
        ("<!--><img src=x onerror=y>-->", "<img>--&gt;"),
        ("<xmp><p title='</xmp><img src=x onerror=y>'>", "&lt;xmp&gt;<p title="),
        ("<textarea><img src=x onerror=y>", "&lt;textarea&gt;<img>"),
        ("<ScRiPt >x</sCrIpT\n>", "&lt;ScRiPt &gt;x&lt;/sCrIpT\n&gt;"),
        ("<p/onclick='x'>y</p>", "<p>y</p>"),
        ("<<script>x", "&lt;&lt;script&gt;x"),
        ("<!doctype html><?php x ?><![CDATA[<b>y</b>]]>", "&lt;!doctype html&gt;&lt;?php x ?&gt;"),
        # Names belong to the page, and so do ids; see below.
        ("<img name='getElementById'><a name='x'>y</a>", "<img><a>y</a>"),
    ],
)
def test_active_content_is_escaped_or_removed(hostile: str, harmless: str) -> None:
    clean = page.sanitize_html(hostile)
    assert clean.startswith(harmless)
    assert Page(clean).acts == []
    assert page.sanitize_html(clean) == clean


def test_tables_images_and_headings_stay() -> None:
    html = (
        '<h2 id="a">b</h2><table><tbody><tr><td>1</td></tr></tbody></table>'
        f'<img src="{PIXEL}"><a href="#a">c</a><a href="https://x.y/z?a#b">d</a>'
    )
    assert page.sanitize_html(html) == html


def test_ids_of_a_text_are_kept_apart_from_the_pages_own() -> None:
    clean = page.sanitize_html('<b id="quiz">a</b><a href="#quiz">b</a>', id_prefix="text-")
    assert clean == '<b id="text-quiz">a</b><a href="#text-quiz">b</a>'


def test_unknown_tags_are_shown_as_text() -> None:
    assert page.sanitize_html("List<int>, 1<2") == "List&lt;int&gt;, 1&lt;2"
