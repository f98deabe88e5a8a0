"""`requirements.csv` opens in a spreadsheet as what it is, and computes nothing there."""

import csv
import io

import msgspec
import pytest

from conformance.model import Status
from conformance.report import table


def rows_of(report):
    text = table.render(report).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def test_has_a_row_per_requirement(report):
    """There is one row per requirement and every row has every cell, whatever the cells hold."""
    rows = list(csv.reader(io.StringIO(table.render(report).decode("utf-8-sig"), newline=""), strict=True))
    assert rows[0] == list(table.COLUMNS)
    assert {len(row) for row in rows} == {len(table.COLUMNS)}
    assert len(rows) - 1 >= len(report.requirements)


def test_begins_with_a_mark_and_ends_lines_with_crlf(sample):
    """Spreadsheets on Windows know it for UTF-8, and lines end as RFC 4180 has them."""
    content = table.render(sample.ready())
    assert content.startswith(b'\xef\xbb\xbf"requirement","text",')
    assert content.endswith(b'"\r\n')
    assert content.count(b"\n") == content.count(b"\r\n") == 1 + len(sample.ready().requirements)


def test_is_drawn_alike(report):
    """The same report gives the same bytes."""
    assert table.render(report) == table.render(report)


def test_tells_the_gravest_case(sample):
    """A row that is not as it should be says which case, what was expected and what was answered."""
    rows = {row["requirement"]: row for row in rows_of(sample.failing())}
    row = rows["STS-R11"]
    assert (row["stands"], row["level"], row["confidence"], row["blocks"]) == (
        "fail",
        "MUST",
        "observed",
        "yes",
    )
    assert (row["cases"], row["pass"], row["fail"]) == ("1", "0", "1")
    assert row["case"] == "signs_with_sha256"
    assert row["your implementation answered"] == "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
    assert rows["STS-P06"]["cannot be waived"] == "yes"
    assert rows["KS-K12"]["waiver"].startswith("until 2027-01-30, j.doe@example.com: The store's reader")
    assert rows["USI-CHK-01"]["case"] == ""


@pytest.mark.parametrize(
    ("given_text", "written"),
    [
        ("=cmd|' /C calc'!A0", "\"'=cmd|' /C calc'!A0\""),
        ("+1", '"\'+1"'),
        ("-1", '"\'-1"'),
        ("@SUM(A1)", '"\'@SUM(A1)"'),
        ("\t=1", '"\'=1"'),
        ("  =1", '"\'=1"'),
        ("\uff1d1", '"\'\uff1d1"'),
        ("a; =1;+2", "\"a; '=1;'+2\""),
        ("\r\n=1", '"\'=1"'),
        ('say "so"', '"say ""so"""'),
        ("a,b", '"a,b"'),
        ("two\nlines", '"two ⏎ lines"'),
        ("2-1=1", '"2-1=1"'),
        ("", '""'),
        ("\x00\x1b[31m", '"⟨NUL⟩⟨ESC⟩[31m"'),
        ("\u200b=1", '"⟨U+200B⟩=1"'),
    ],
)
def test_cell_is_no_formula(given_text, written):
    """What a spreadsheet would compute gets an apostrophe, quotes are doubled, controls are named."""
    assert table.cell(given_text) == written


def test_hostile_report_computes_nothing(sample):
    """No cell of a report full of formulas begins as one, even where a semicolon parts cells."""
    report = sample.failing()
    attack = "=HYPERLINK(1);=1;@x"
    bad = msgspec.structs.replace(
        report.run.results[0], status=Status.FAIL, message=attack, actual=attack, case=attack, where=attack
    )
    run = msgspec.structs.replace(report.run, results=(bad,), planned=())
    for row in rows_of(msgspec.structs.replace(report, run=run)):
        for cell in row.values():
            assert not any(part.lstrip().startswith(("=", "+", "-", "@")) for part in cell.split(";"))
