"""What `initialize` may say."""

import pytest

from conformance.adapters.contract import METHODS
from conformance.adapters.handshake import read_error_map, read_initialized
from conformance.errors import HarnessError


def value(**changes):
    """Return a healthy handshake with changes."""
    return {
        "protocol": 1,
        "implementation": {"name": "Enrol", "version": "4.2.0"},
        "capabilities": ["usi.validate"],
        **changes,
    }


def read(**changes):
    """Read a healthy handshake with changes; return it and what was remarked."""
    notes = []
    return read_initialized(value(**changes), notes.append), notes


def test_smallest_handshake_is_enough():
    """Name, version, protocol and capabilities are enough; the rest is empty."""
    found, notes = read()
    assert found.implementation.name == "Enrol"
    assert found.implementation.language == ""
    assert found.implementation.capabilities == ("usi.validate",)
    assert found.error_map == ()
    assert notes == []


def test_full_handshake_is_kept():
    """Everything that an implementation says of itself is kept."""
    identity = {"name": "n", "version": "v", "language": "C#", "runtime": ".NET 8", "build": "sha256:00"}
    capabilities = [*METHODS, "clock"]
    found, notes = read(implementation=identity, capabilities=capabilities, error_map={"E1": "usi.alphabet"})
    assert found.implementation.build == "sha256:00"
    assert found.implementation.capabilities == tuple(capabilities)
    assert found.error_map == (("E1", "usi.alphabet"),)
    assert notes == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"protocol": 2}, "harness and kit speak different versions of the contract"),
        ({"protocol": "1"}, "the harness answered initialize with a wrong `protocol`"),
        ({"protocol": True}, "the harness answered initialize with a wrong `protocol`"),
        ({"implementation": "Enrol"}, "the harness answered initialize with a wrong `implementation`"),
        ({"implementation": {"version": "1"}}, "the harness does not say the name of the implementation"),
        (
            {"implementation": {"name": "n", "version": " "}},
            "the harness does not say the version of the implementation",
        ),
        (
            {"implementation": {"name": "n", "version": 4}},
            "the harness does not say the version of the implementation",
        ),
        ({"capabilities": "usi.validate"}, "the harness answered initialize with a wrong `capabilities`"),
        (
            {"capabilities": ["usi.verify"]},
            "the harness declares a capability that the contract does not know",
        ),
        (
            {"capabilities": [["usi.call"]]},
            "the harness declares a capability that the contract does not know",
        ),
    ],
)
def test_unfit_handshake_is_refused(changes, message):
    """A handshake that lacks a part or names the unknown breaks the contract."""
    with pytest.raises(HarnessError) as caught:
        read(**changes)
    assert caught.value.message == message


def test_missing_part_is_named():
    """A part that is missing is named."""
    with pytest.raises(HarnessError, match="with a value without capabilities"):
        read_initialized({"protocol": 1, "implementation": {}}, lambda note: None)


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("checksum", "list the methods: usi.validate, usi.check_character"),
        ("usi_validate", "did you mean usi.validate"),
    ],
)
def test_unknown_capability_has_advice(name, advice):
    """The name of a group is answered with its methods, a misspelt one with the right ones."""
    with pytest.raises(HarnessError) as caught:
        read(capabilities=[name])
    assert caught.value.advice.startswith(advice)


def test_unknown_keys_are_remarked():
    """A misspelt key is passed over and never silently."""
    _, notes = read(errorMap={}, implementation={"name": "n", "version": "v", "vendor": "x"})
    assert notes[0].split(";")[0] == "initialize: unknown keys, passed over: 'errorMap'"
    assert "'vendor'" in notes[1]


@pytest.mark.parametrize("form", ["list", "object"])
def test_error_map_has_two_forms(form):
    """Pairs in a list and members of an object say the same."""
    pairs = [["E1", "usi.length"], ["too short", "usi.length"]]
    given = pairs if form == "list" else dict(pairs)
    assert read_error_map(given) == (("E1", "usi.length"), ("too short", "usi.length"))


@pytest.mark.parametrize("entry", ["", " ", "*", ".*", "%", "default", "ELSE"])
@pytest.mark.parametrize("form", [list, dict])
def test_entry_for_everything_is_refused(entry, form):
    """An entry that matches every error would state reasons that nobody knows."""
    with pytest.raises(HarnessError, match="the error map has an entry for everything"):
        read_error_map(form([(entry, "keystore.damaged")]))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("E1", "the error map has the wrong form"),
        (["E1", "usi.length"], "the error map has the wrong form"),
        ([["E1"]], "the error map has the wrong form"),
        ([["E1", None]], "the error map has the wrong form"),
        ({"E1": ["usi.length"]}, "the error map has the wrong form"),
        ({"E1": "usi.lenght"}, "the error map names a reason that the contract does not know"),
        ([["E1", "usi.length"], ["E1", "usi.type"]], "the error map gives one entry two reasons"),
    ],
)
def test_unfit_error_map_is_refused(given, message):
    """A map of another form, with an unknown reason or a contradiction breaks the contract."""
    with pytest.raises(HarnessError) as caught:
        read_error_map(given)
    assert caught.value.message == message
