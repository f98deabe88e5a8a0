"""`write` puts every form where it belongs, each file complete or absent."""

import pytest

from conformance import report as reports
from conformance.report import page


def test_writes_every_form(sample, tmp_path):
    """All files are there, none half-written, and the list says which."""
    out = tmp_path / "reports" / "7.2.0"
    written = reports.write(sample.failing(), out)
    assert [path.relative_to(out).as_posix() for path in written] == [
        "report.json",
        "results.ndjson",
        "evidence/token-cloud.json",
        "evidence/two-tenants.json",
        "evidence/verify.json",
        "replay/USI-CHK-02-refuses_strangers-cyrillic-en.jsonl",
        "replay/USI-CHK-02-refuses_strangers-cyrillic-en.json",
        "junit.xml",
        "report.sarif",
        "summary.md",
        "requirements.csv",
        "badge.svg",
        "badge.json",
        "report.html",
        "manifest.json",
    ]
    assert sorted(path for path in out.rglob("*") if path.is_file()) == sorted(written)
    assert (out / "report.html").read_bytes() == page.render(sample.failing(), reports.SECTIONS)


def test_replaces_what_was_there(sample, tmp_path):
    """A second report takes the place of the first, appended results included."""
    reports.write(sample.failing(), tmp_path)
    with (tmp_path / "results.ndjson").open("ab") as lines:
        lines.write(b'{"half":')
    reports.write(sample.ready(), tmp_path)
    assert len((tmp_path / "results.ndjson").read_text(encoding="utf-8").splitlines()) == len(
        sample.ready().run.results
    )


def test_results_survive_a_page_that_cannot_be_drawn(sample, tmp_path, monkeypatch):
    """The raw results are safe before anything is drawn from them."""

    def fail(*_):
        raise RuntimeError("a template is wrong")

    monkeypatch.setattr(page, "render", fail)
    with pytest.raises(RuntimeError):
        reports.write(sample.failing(), tmp_path)
    assert (tmp_path / "report.json").is_file()
    assert not list(tmp_path.rglob("*.part"))
    assert not (tmp_path / "report.html").exists()


def test_every_report_can_be_written(report, tmp_path):
    """No sample, hostile or empty, stops a file from being written."""
    for path in reports.write(report, tmp_path):
        assert path.is_file()
        path.read_bytes().decode("utf-8")
