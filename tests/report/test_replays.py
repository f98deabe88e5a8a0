"""Stored examples as files, for a harness and for `evte replay`."""

import json

import msgspec
import pytest

from conformance.errors import OperatorError
from conformance.model import CounterExample, StoredFile
from conformance.report import forms, replays

NAME = "USI-CHK-02-refuses_strangers-cyrillic-en"


def test_the_lines_are_those_of_the_contract_and_nothing_else(sample):
    """One JSON-RPC message per line, `initialize` first, so that they can be piped into a harness."""
    files = replays.files(sample.failing())
    lines = files[f"replay/{NAME}.jsonl"].split(b"\n")
    assert lines.pop() == b""
    assert [json.loads(line)["method"] for line in lines] == ["initialize", "usi.validate"]
    assert json.loads(lines[1])["params"]["usi"] == "BNGH7C75F\u041d"


def test_the_whole_example_comes_back(sample):
    """What `evte replay` reads is what the report holds."""
    report = sample.failing()
    content = replays.files(report)[f"replay/{NAME}.json"]
    assert content.endswith(b"}\n")
    assert replays.decode(content, "here") == report.counter_examples[0]


def test_they_are_among_the_forms(sample):
    """So that they are written, and compared when a report is verified."""
    drawn = forms(sample.failing())
    assert {f"replay/{NAME}.json", f"replay/{NAME}.jsonl"} <= drawn.keys()


def test_no_name_leads_out_of_the_folder_and_no_line_becomes_two(sample):
    """Whatever a forged report says, the files lie in `replay/`, and a line of theirs is one line."""
    hostile = sample.hostile()
    files = replays.files(hostile)
    assert len(files) == 4
    for path in files:
        folder, name = path.split("/")
        assert folder == "replay"
        assert name.isascii()
        assert not set(name) & set('\\:*?"<>|')
    (content,) = (content for path, content in files.items() if path.endswith(".jsonl"))
    assert content.count(b"\n") == len(hostile.counter_examples[0].lines)


def test_copies_of_stores_are_named_by_the_lines(sample):
    """A path of a temporary folder, back-slashes and all, gives way to that of the copy beside the lines."""
    (example,) = sample.failing().counter_examples
    line = '{"method":"keystore.open","params":{"path":"C:\\\\Temp\\\\é.xml","alias":"C:\\\\Temp"}}'
    changed = msgspec.structs.replace(
        example, lines=(line,), files=(StoredFile(path="C:\\Temp\\é.xml", content="PHgvPg=="),)
    )
    files = replays.files(msgspec.structs.replace(sample.failing(), counter_examples=(changed,)))
    copy = f"replay/{NAME}.store-1.xml"
    assert files[copy] == b"<x/>"
    (sent,) = map(json.loads, files[f"replay/{NAME}.jsonl"].splitlines())
    assert sent["params"] == {"path": copy, "alias": "C:\\Temp"}


def test_what_is_no_base64_gives_an_empty_copy(sample):
    """A forged report is drawn all the same; its digests tell that it is one."""
    files = replays.files(sample.hostile())
    assert sorted(content for path, content in files.items() if path.endswith(".xml")) == [b"", b"x"]


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"{}", b"\xff", b"[" * 100_000, b'{"name": "x", "lines": 1}'],
    ids=["empty", "cut", "a list", "null", "no fields", "no text", "deep", "other types"],
)
def test_what_is_no_stored_example_is_refused(content):
    """With the file's name and what to name instead."""
    with pytest.raises(OperatorError, match="no stored example") as refusal:
        replays.decode(content, "folder/x.json")
    assert "folder/x.json" in str(refusal.value)


def test_a_field_of_another_version_is_refused(sample):
    """A record with more than this kit knows is not read as if it were less."""
    fields = msgspec.to_builtins(sample.failing().counter_examples[0]) | {"more": 1}
    with pytest.raises(OperatorError, match="no stored example"):
        replays.decode(json.dumps(fields).encode(), "x")
    assert set(CounterExample.__struct_fields__) == fields.keys() - {"more"}
