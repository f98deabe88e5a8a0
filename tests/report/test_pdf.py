"""`report.pdf` is drawn from the report alone, or refused in words where it cannot be."""

import builtins
import re
import sys
import zlib

import pytest

from conformance.errors import KitError, OperatorError
from conformance.report import SECTIONS, page, pdf


@pytest.fixture(scope="module")
def weasyprint():
    try:
        return pdf.require()
    except OperatorError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def drawn(sample, weasyprint):
    return pdf.render(sample.failing(), SECTIONS)


def unpacked(document):
    """Return a document and all that is compressed in it."""
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", document, re.DOTALL)
    return document + b"".join(zlib.decompressobj().decompress(each) for each in streams if each[:1] == b"x")


def test_is_a_tagged_document(drawn):
    """It is a PDF that a screen reader can follow, and ends as one."""
    assert drawn.startswith(b"%PDF-1.7")
    assert drawn.rstrip().endswith(b"%%EOF")
    assert b"/MarkInfo" in unpacked(drawn)


def test_is_to_be_found_by_its_title(drawn):
    """A reader of files sees the verdict and the product without opening it."""
    assert b"/Title (Not ready: Example SMS 7.2.0, profile usi-cloud)" in unpacked(drawn)


def test_is_drawn_alike(sample, weasyprint):
    """On one machine the same report gives the same bytes, even of a run that could not begin."""
    assert pdf.render(sample.empty(), SECTIONS) == pdf.render(sample.empty(), SECTIONS)


def test_hostile_report_can_be_drawn(sample, weasyprint):
    """No stranger's text stops it."""
    assert pdf.render(sample.hostile(), SECTIONS).startswith(b"%PDF")


def test_loads_nothing(weasyprint):
    """Whatever address stands in a document, nobody is asked for it."""
    for address in ("https://x.example/a.png", "http://127.0.0.1:9/", "file:///etc/passwd"):
        with pytest.raises(ValueError, match="a report loads nothing"):
            pdf._refusing(weasyprint).fetch(address)


def test_leaves_transcripts_and_folded_parts_out(sample):
    """What nobody prints is not laid out, and everything else is: a heading per section."""
    kept = [section for section in SECTIONS if section.anchor != "evidence"]
    text = pdf._printable(page.render(sample.failing(), kept, pdf.TEMPLATE).decode())
    assert "<details" not in text
    assert "<svg" not in text
    assert "<fieldset" not in text
    assert text.count("<h2>") == len(SECTIONS) - 1
    assert set(re.findall('href="#([^"]+)"', text)) <= set(re.findall('id="([^"]+)"', text))
    assert "A USI whose check character is right is accepted." in text


def test_missing_extra_is_the_operators(monkeypatch):
    """Without WeasyPrint the error says what to install, before anything is run."""
    real = builtins.__import__

    def absent(name, *rest):
        if name == "weasyprint":
            raise ModuleNotFoundError("No module named 'weasyprint'", name="weasyprint")
        return real(name, *rest)

    monkeypatch.delitem(sys.modules, "weasyprint", raising=False)
    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(OperatorError) as caught:
        pdf.require()
    assert caught.value.advice == 'pip install "evte-conformance[report-pdf]", or leave --pdf out'


def test_missing_pango_is_the_operators(monkeypatch):
    """Without Pango, which WeasyPrint finds missing when it is loaded, the error names it."""
    real = builtins.__import__

    def broken(name, *rest):
        if name == "weasyprint":
            raise OSError("cannot load library 'libpango-1.0-0'\nand more")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", broken)
    with pytest.raises(OperatorError) as caught:
        pdf.require()
    assert caught.value.found == "cannot load library 'libpango-1.0-0'"
    assert "Pango" in caught.value.expected


def test_layout_that_fails_is_the_kits(sample, weasyprint, monkeypatch):
    """A renderer that breaks down is an error of ours, in one piece, and no traceback."""

    def fail(*_, **__):
        raise AssertionError

    monkeypatch.setattr(weasyprint.HTML, "write_pdf", fail)
    with pytest.raises(KitError) as caught:
        pdf.render(sample.ready(), SECTIONS)
    assert caught.value.found == "AssertionError"
