"""A run that shall end with a PDF is refused before it begins where none can be drawn."""

import pytest

from conformance import runner
from conformance.errors import OperatorError
from conformance.plan import read
from conformance.report import pdf


def test_pdf_that_cannot_be_drawn_is_refused_early(monkeypatch, tmp_path):
    """The error names the line of the plan that asks for it, and nothing was started or written."""

    def missing():
        raise OperatorError("report.pdf cannot be drawn: WeasyPrint is not installed")

    monkeypatch.setattr(pdf, "require", missing)
    plan = tmp_path / "evte.toml"
    plan.write_text('iut = "reference"\nprofile = "smoke"\npdf = true\n', encoding="utf-8")
    with pytest.raises(OperatorError, match="WeasyPrint is not installed") as caught:
        runner.prepare(read(plan))
    assert "line 3" in caught.value.where
    assert not (tmp_path / "evte-report").exists()


def test_without_pdf_nothing_is_asked_for(monkeypatch, tmp_path):
    """The extra is no matter for whoever wants no PDF."""

    def missing():
        raise AssertionError

    monkeypatch.setattr(pdf, "require", missing)
    plan = tmp_path / "evte.toml"
    plan.write_text('iut = "reference"\nprofile = "smoke"\n', encoding="utf-8")
    assert runner.prepare(read(plan)).background.pdf is False
