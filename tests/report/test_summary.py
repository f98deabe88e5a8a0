"""`summary.md` fits a CI page and cannot be taken over by what it quotes."""

import re

import pytest

from conformance.report import markdown, summary


def test_begins_with_the_verdict(report):
    """The first line is the verdict's word, the second its reason."""
    lines = summary.render(report).decode().splitlines()
    assert re.fullmatch(rf"## \S+ {report.verdict.readiness.value.capitalize()}", lines[0])
    assert lines[2].startswith("**")


def test_fits_a_ci_page(report):
    """However large the run, the page stays far below the limit of GitHub (1 MiB)."""
    assert len(summary.render(report)) < 60_000


def test_tables_have_even_rows(report):
    """Each row of a table has as many cells as its heading, whatever stands in the cells."""
    width = 0
    for line in summary.render(report).decode().splitlines():
        if line.startswith("|"):
            cells = len(re.findall(r"(?<!\\)\|", line))
            width = width or cells
            assert cells == width, line
        else:
            width = 0


def test_failures_have_their_command(sample):
    """Each failure has the command that runs it again."""
    text = summary.render(sample.failing()).decode()
    assert "`evte run --iut 'cmd:dotnet run --project harness' --profile usi-cloud --only 'STS-R11[" in text


def test_hostile_text_stays_text(sample):
    """Neither markup nor a mention nor a control survives outside code."""
    text = summary.render(sample.hostile()).decode()
    outside = re.sub(r"(`+).*?\1", "", text)
    assert "<script" not in outside
    assert "@all" not in outside
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\ufeff]", text)


@pytest.mark.parametrize(
    ("given_text", "written"),
    [
        ("a | b", "a &#124; b"),
        ("<b>", "&#60;b&#62;"),
        ("@team", "&#64;team"),
        ("fixes #12", "fixes &#35;12"),
        ("https://x.example", "https&#58;//x.example"),
        ("www.x.example", "www&#46;x.example"),
        (":tada:", "&#58;tada:"),
        ("_it_ snake_case", "&#95;it&#95; snake_case"),
        ("two\nlines", "two ⏎ lines"),
    ],
)
def test_prose_is_not_acted_upon(given_text, written):
    """What Markdown or GitHub would act on is written as a character reference."""
    assert markdown.prose(given_text) == written


@pytest.mark.parametrize(
    ("given_text", "written"),
    [
        ("plain", "`plain`"),
        ("a`b", "``a`b``"),
        ("`a", "`` `a ``"),
        ("a|b", "`a\\|b`"),
        ("", ""),
        ("F\u041d", "`F\u041d⟨U+041D⟩`"),
    ],
)
def test_code_cannot_be_left(given_text, written):
    """A code span has a longer fence than anything in it."""
    assert markdown.code(given_text) == written
