"""The manifest names every file of a directory, in one form only."""

import hashlib
import os

import msgspec
import pytest

from conformance import report as reports
from conformance.errors import OperatorError
from conformance.report import manifest


def paths(made):
    return [entry.path for entry in made.files]


def test_names_every_file_with_size_and_digest(sample, tmp_path):
    """Whatever stands there, sorted by path; the manifest and its signature cannot name themselves."""
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "c.txt").write_bytes(b"seen")
    (tmp_path / "a.txt").write_bytes(b"")
    (tmp_path / "manifest.json").write_bytes(b"old")
    (tmp_path / "manifest.sig.xml").write_bytes(b"old")
    made = manifest.make(sample.ready(), tmp_path)
    assert [(entry.path, entry.size, entry.sha256) for entry in made.files] == [
        ("a.txt", 0, hashlib.sha256(b"").hexdigest()),
        ("b/c.txt", 4, hashlib.sha256(b"seen").hexdigest()),
    ]


def test_says_which_run_and_which_verdict(sample, tmp_path):
    """Product, profile, times and verdict as in the report."""
    report = sample.ready()
    made = manifest.make(report, tmp_path)
    assert made.run.product == report.run.implementation.name
    assert made.run.finished == report.run.finished
    assert made.verdict.readiness is report.verdict.readiness
    assert made.signed_by is None


def test_is_read_as_it_was_written(sample, tmp_path):
    """Encoding and decoding lose nothing, and end in a line feed."""
    made = manifest.make(sample.ready(), tmp_path)
    assert manifest.decode(manifest.encode(made)) == made
    assert manifest.encode(made).endswith(b"}\n")


def test_something_else_is_refused():
    """A field that nobody knows is no manifest."""
    with pytest.raises(msgspec.ValidationError):
        manifest.decode(b'{"schema": "manifest/1", "more": 1}')


def test_links_are_left_out_and_told(sample, tmp_path):
    """What a link leads to can change while the directory stays as it is."""
    outside = tmp_path / "outside.txt"
    outside.write_bytes(b"x")
    inside = tmp_path / "out"
    inside.mkdir()
    try:
        (inside / "link.txt").symlink_to(outside)
        (inside / "folder").symlink_to(tmp_path)
    except OSError:
        pytest.skip("this system lets nobody make links")
    assert paths(manifest.make(sample.ready(), inside)) == []
    assert manifest.odd(inside) == ["folder", "link.txt"]


@pytest.mark.skipif(os.name == "nt", reason="names there are text")
def test_a_name_that_is_no_text_is_named(sample, tmp_path):
    """Its odd bytes are written as escapes."""
    try:
        (tmp_path / os.fsdecode(b"a\xff.txt")).write_bytes(b"")
    except OSError:
        pytest.skip("this file system takes no such name")
    assert paths(manifest.make(sample.ready(), tmp_path)) == ["a\\udcff.txt"]


def test_a_folder_that_is_not_the_reports_own_is_refused(sample, tmp_path, monkeypatch):
    """Nobody wants the digests of a whole disk."""
    monkeypatch.setattr(manifest, "MOST_FILES", 3)
    for number in range(4):
        (tmp_path / f"{number}.txt").write_bytes(b"")
    with pytest.raises(OperatorError, match="too many other files"):
        manifest.make(sample.ready(), tmp_path)


def test_a_crowded_folder_is_refused_before_the_run(tmp_path, monkeypatch):
    """The limit is lower then, so that the report has a place."""
    monkeypatch.setattr(manifest, "MOST_FOREIGN", 2)
    for number in range(2):
        (tmp_path / f"{number}.txt").write_bytes(b"")
    manifest.refuse_crowded(tmp_path)
    (tmp_path / "2.txt").write_bytes(b"")
    with pytest.raises(OperatorError, match="too many other files"):
        manifest.refuse_crowded(tmp_path)


def test_an_earlier_manifest_does_not_outlive_its_report(sample, tmp_path, monkeypatch):
    """When a form cannot be drawn, nothing claims to list what stands there."""
    reports.write(sample.failing(), tmp_path)
    assert (tmp_path / "manifest.json").is_file()

    def fail(*_):
        raise RuntimeError("a template is wrong")

    monkeypatch.setattr(reports.page, "render", fail)
    with pytest.raises(RuntimeError):
        reports.write(sample.ready(), tmp_path)
    assert not (tmp_path / "manifest.json").exists()
