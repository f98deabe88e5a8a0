"""The forms for programs hold everything and can be read back."""

import json
from pathlib import Path

import jsonschema
import msgspec
import pytest

from conformance import model
from conformance.report import data
from conformance.report.schema import schema, schema_text

ROOT = Path(__file__).parents[2]


def test_report_can_be_read_back(report):
    """`report.json` decodes to the record that was written, but for halves of characters."""
    content = data.encode(report)
    again = data.decode(content)
    if "\ud800" not in repr(report) and "\\ud800" not in repr(report):
        assert again == report
    assert data.encode(again) == content


def test_report_fits_the_schema(report):
    """`report.json` validates against the generated schema."""
    jsonschema.Draft202012Validator(schema()).validate(json.loads(data.encode(report)))


def test_schema_refuses_unknown_fields(sample):
    """A report with a field that the schema does not know is refused."""
    stored = json.loads(data.encode(sample.ready()))
    stored["verdict"]["certified"] = True
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema()).validate(stored)
    with pytest.raises(msgspec.ValidationError):
        data.decode(json.dumps(stored).encode())


def test_committed_schema_is_the_generated_one():
    """The schema in `reports/` is what `python -m conformance.report.schema` writes."""
    committed = (ROOT / "reports" / "schema" / "report-1.json").read_text(encoding="utf-8")
    assert committed == schema_text()


def test_half_characters_are_written_out(sample):
    """Half of a surrogate pair, which UTF-8 cannot hold, becomes its escape in words."""
    report = sample.hostile()
    assert "\ud800" in report.run.target
    assert "\\ud800" in data.decode(data.encode(report)).run.target


def test_results_are_one_per_line(sample):
    """`results.ndjson` has one result per line."""
    results = sample.failing().run.results
    lines = data.encode_results(results).decode().splitlines()
    assert [msgspec.json.decode(line, type=model.Result) for line in lines] == list(results)


@pytest.mark.parametrize("identifier", ["verify-match", "STS-R11", "a_b.c"])
def test_plain_ids_name_their_file(identifier):
    """An evidence id that can be a file name is one."""
    assert data.evidence_names([identifier]) == {identifier: f"{identifier}.json"}


def test_other_ids_get_a_safe_name():
    """Paths, device names, dots and letters outside ASCII never reach the file system."""
    wild = ["../../etc/passwd", "CON", "nul.txt", "ends.", "a/b", "a\\b", "", "\ud800", "x" * 300, ".hidden"]
    names = data.evidence_names(wild)
    assert len({name.casefold() for name in names.values()}) == len(wild)
    for name in names.values():
        assert name.removesuffix(".json").replace("-", "").replace("_", "").isalnum()
        assert len(name) < 90


def test_names_differ_in_more_than_case():
    """Two ids that differ in case alone get names that differ on every file system."""
    names = data.evidence_names(["Verify", "verify"])
    assert len({name.casefold() for name in names.values()}) == 2
