"""The harnesses that ship: they run as they lie there, and keep to the contract."""

import ast
import re
import shutil
import sys
from pathlib import Path

import pytest

import conformance.adapters
from conformance.adapters.contract import METHODS, Outcome
from conformance.adapters.session import attach

HARNESSES = Path(conformance.adapters.__file__).parent / "harnesses"


@pytest.fixture(scope="module")
def node():
    """A session with the Node.js harness."""
    program = shutil.which("node")
    if program is None:
        pytest.skip("Node.js is not installed")
    with attach(f'cmd:"{program}" "{HARNESSES / "node" / "harness.mjs"}"') as session:
        yield session
    assert session.remarks == []


def test_node_harness_says_who_it_is(node):
    """The Node.js harness declares what it answers, and nothing else."""
    who = node.start().implementation
    assert who.language == "JavaScript"
    assert who.capabilities == ("usi.validate", "usi.check_character")


@pytest.mark.parametrize(
    ("usi", "outcome", "reason"),
    [
        ("BNGH7C75FN", Outcome.OK, ""),
        ("BNGH7C75FM", Outcome.REJECTED, "usi.check_character"),
        ("0NGH7C75FN", Outcome.REJECTED, "usi.alphabet"),
        ("BNGH7C75F0", Outcome.REJECTED, "usi.alphabet"),
        ("BNGH7C75F", Outcome.REJECTED, "usi.length"),
        ("INDIV", Outcome.REJECTED, "usi.not_a_usi"),
        (None, Outcome.REJECTED, "usi.type"),
        (["BNGH7C75FN"], Outcome.REJECTED, "usi.type"),
        ("Ü" * 10, Outcome.REJECTED, "usi.alphabet"),
        ("\ud800\u2028", Outcome.REJECTED, "usi.length"),
    ],
)
def test_node_harness_answers(node, usi, outcome, reason):
    """Its stand-in product knows USIs, and its error map states the reasons."""
    answer = node.call("usi.validate", {"usi": usi})
    assert (answer.outcome, answer.reason) == (outcome, reason)


def test_node_harness_computes_check_characters(node):
    """The check character is a value; a wrong stem is refused; a stem of another type is an error."""
    assert node.call("usi.check_character", {"stem": "BNGH7C75F"}).value == "N"
    assert node.call("usi.check_character", {"stem": "BNGH7C75"}).reason == "usi.length"
    assert node.call("usi.check_character", {"stem": None}).outcome is Outcome.ERROR


def test_node_harness_lacks_the_rest(node):
    """What it does not declare it answers as unsupported."""
    answer = node.call("keystore.list", {"path": "/x"})
    assert answer.outcome is Outcome.UNSUPPORTED


def skeleton():
    """Return the path of the Python skeleton."""
    return HARNESSES / "python" / "harness.py"


def test_python_skeleton_runs_as_it_is():
    """The Python skeleton shakes hands and offers nothing before it is filled in."""
    with attach(f'cmd:"{sys.executable}" -I "{skeleton()}"') as session:
        assert session.implementation.capabilities == ()
        assert session.call("usi.validate", {"usi": "B"}).outcome is Outcome.UNSUPPORTED
    assert session.remarks == []


def test_python_skeleton_works_when_filled_in(tmp_path):
    """Taking the comment signs off and filling two functions makes a harness."""
    text = skeleton().read_text(encoding="utf-8").replace("\n# @offers(", "\n@offers(")
    body = (
        "    print('the product logs here')\n"
        "    if usi != 'BNGH7C75FN':\n"
        "        raise ProductError('no USI')\n"
        "    return\n    raise NotImplementedError"
    )
    text = text.replace("    raise NotImplementedError", body, 1)
    path = tmp_path / "harness.py"
    path.write_text(text, encoding="utf-8")
    with attach(f'cmd:"{sys.executable}" -I "{path}"') as session:
        offered = set(METHODS) - {"initialize", "shutdown"}
        assert set(session.implementation.capabilities) == offered
        assert session.call("usi.validate", {"usi": "BNGH7C75FN"}).outcome is Outcome.OK
        refused = session.call("usi.validate", {"usi": "B"})
        assert refused.native.text == "no USI"
        assert session.call("usi.check_character", {"stem": "B"}).outcome is Outcome.ERROR
        assert "the product logs here" in session.stderr
    assert session.remarks == []


def test_python_skeleton_has_the_parameters_of_the_contract():
    """Every function of the skeleton takes the parameters of its method by their names."""
    text = skeleton().read_text(encoding="utf-8").replace("\n# @offers(", "\n@offers(")
    for node in ast.parse(text).body:
        if not isinstance(node, ast.FunctionDef) or not node.decorator_list:
            continue
        method = METHODS[node.decorator_list[0].args[0].value]
        names = {argument.arg for argument in node.args.args}
        if node.args.kwarg is None:
            assert names == {*method.parameters, *method.optional_parameters}
        else:
            assert names <= {*method.parameters, *method.optional_parameters}


@pytest.mark.parametrize("path", [*HARNESSES.glob("*/harness.*")], ids=lambda path: path.parent.name)
def test_harness_is_short(path):
    """A harness holds no logic: less than 200 lines."""
    assert len(path.read_text(encoding="utf-8").splitlines()) < 200


def test_page_for_authors_names_every_method():
    """The contract's page has each method, parameter and key of a value."""
    text = (HARNESSES / "README.md").read_text(encoding="utf-8")
    words = set(re.findall(r"`([a-z_.]+)`", text)) | set(re.findall(r'"([a-z_.]+)"', text))
    for method in METHODS.values():
        assert {method.name, *method.parameters, *method.optional_parameters, *method.value} <= words


def test_examples_of_the_page_are_legal():
    """Every message on the contract's page is legal."""
    jsonschema = pytest.importorskip("jsonschema", reason="the second opinion on schemas is not installed")
    import json

    from conformance.adapters.messages import schemas

    text = (HARNESSES / "README.md").read_text(encoding="utf-8")
    messages = []
    decoder = json.JSONDecoder()
    for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL):
        rest = block.strip()
        while rest:
            message, end = decoder.raw_decode(rest)
            messages.append(message)
            rest = rest[end:].strip()
    assert len(messages) == 6
    methods = {message["id"]: message["method"] for message in messages if "method" in message}
    for message in messages:
        kind = "request" if "method" in message else "answer"
        jsonschema.validate(message, schemas()[f"{methods[message['id']]}.{kind}"])
