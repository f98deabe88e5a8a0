"""`evte replay` says FIXED, STILL FAILS or CANNOT RUN, and FIXED only of what was really tried again."""

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from conformance import replaying
from conformance.adapters.conversation import MASK
from conformance.cli import main
from conformance.errors import OperatorError
from conformance.model import Status
from conformance.replaying import Answer, read, replay
from conformance.report import write
from conformance.runner import Order, run
from conformance.simulators.authority import Authority
from conformance.simulators.bench import LOCAL
from conformance.simulators.stores import make_store

ROOT = Path(__file__).parent.parent


def evte(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def found_by(mutant, *only, profile="usi-local"):
    """The stored examples of a run."""
    outcome = run(Order(iut=f"mutant:{mutant}", profile=profile, only=only, examples=60))
    return outcome.report, {each.requirement: each for each in outcome.report.counter_examples}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The report of a product that computes the check character wrongly, and sends dates wrongly."""
    report, _ = found_by(
        "factors-begin-with-one",
        "USI-CHK-01[accepts_a_right_usi[all-digits]]",
        "USI-CHK-01[accepts_every_right_usi]",
        "USI-CHK-12",
    )
    out = tmp_path_factory.mktemp("out")
    write(report, out)
    return out


@pytest.fixture(scope="module")
def property_(folder):
    """A stored example that was drawn."""
    return read(folder / "replay" / "USI-CHK-12-accepts_exactly_one_last_character.json")


def changed(example, **changes):
    return msgspec.structs.replace(example, **changes)


def test_every_miss_with_a_request_is_stored(folder):
    """Its result names the file; the line of the result is the last one of the file for the harness."""
    report = json.loads((folder / "report.json").read_bytes())
    misses = [each for each in report["run"]["results"] if each["status"] in ("fail", "warn")]
    assert len(misses) == 3
    for miss in misses:
        lines = (folder / "replay" / f"{miss['counter_example']}.jsonl").read_text("utf-8").splitlines()
        assert [json.loads(line)["method"] for line in (lines[0], lines[-1])] == [
            "initialize",
            "usi.validate",
        ]
        assert miss["example"] == lines[-1]


def test_passes_are_not_stored():
    """The reference leaves no example."""
    report, stored = found_by("factors-begin-with-one", "USI-CHK-13")
    assert all(each.status is Status.PASS for each in report.run.results if each.status is not Status.SKIP)
    assert stored == {}


def test_the_lines_can_be_piped_into_a_harness(folder):
    """`harness < FILE` answers each of them."""
    path = folder / "replay" / "USI-CHK-12-accepts_exactly_one_last_character.jsonl"
    with path.open("rb") as lines:
        done = subprocess.run(
            [sys.executable, "-m", "conformance.reference"],
            stdin=lines,
            capture_output=True,
            cwd=ROOT,
            timeout=60,
            check=True,
        )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    asked = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert [answer["id"] for answer in answers] == [each["id"] for each in asked]
    assert answers[-1]["result"]["status"] in ("ok", "rejected")


def test_a_vector_is_tried_again(folder):
    """By its case: the product that misses it still does, the reference does not."""
    example = read(folder / "replay" / "USI-CHK-01-accepts_a_right_usi-all-digits.jsonl")
    assert example.choices == ""
    found = replay(example, Order(iut="mutant:factors-begin-with-one"))
    assert (found.answer, found.reason) == (Answer.STILL_FAILS, "the same failure")
    assert found.result.message == example.message
    assert replay(example, Order(iut="reference")).answer is Answer.FIXED


def test_a_property_is_tried_again(property_):
    """By what was drawn, and by nothing else."""
    assert property_.choices
    assert replay(property_, Order(iut="mutant:factors-begin-with-one")).answer is Answer.STILL_FAILS
    assert replay(property_, Order(iut="reference")).answer is Answer.FIXED


def test_another_failure_is_told_apart(property_):
    """The product still fails, in another way."""
    found = replay(property_, Order(iut="mutant:accepts-everything"))
    assert (found.answer, found.reason) == (Answer.STILL_FAILS, "the failure is another one now")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"hypothesis": "6.0.0"}, "recorded by Hypothesis 6.0.0, and only that version can read it"),
        ({"hypothesis": ""}, "of a version that is not told"),
        ({"choices": "AAAA"}, "cannot be read|draws another example"),
        ({"drawn": "{'stem': '222222222'}"}, "draws another example"),
        ({"choices": ""}, "the stored request was not sent"),
        ({"lines": ()}, "holds no request"),
        ({"lines": ("nonsense",)}, "holds no request"),
        ({"profile": "no-such"}, "no profile 'no-such'"),
        ({"profile": "sbr-token"}, "does not ask about 'USI-CHK-12'"),
        ({"requirement": "USI-CHK-99"}, "does not ask about 'USI-CHK-99'"),
        ({"case": "no_such_check"}, "has no such check as USI-CHK-12"),
    ],
)
def test_what_cannot_be_tried_is_never_fixed(property_, changes, told):
    """A record of another version, of another example or of nothing: the reference is not called FIXED."""
    found = replay(changed(property_, **changes), Order(iut="reference"))
    assert found.answer is Answer.CANNOT_RUN
    assert re.search(told, found.reason), found.reason


def test_a_check_that_passes_without_the_stored_request_has_not_looked(folder):
    """The reference passes the check; but what was stored is not what was sent."""
    example = read(folder / "replay" / "USI-CHK-01-accepts_a_right_usi-all-digits.json")
    other = example.lines[-1].replace('"9876543298"', '"BNGH7C75FN"')
    assert other != example.lines[-1]
    found = replay(changed(example, lines=(example.lines[0], other)), Order(iut="reference"))
    assert found.answer is Answer.CANNOT_RUN
    assert "the stored request was not sent" in found.reason
    assert found.result.expected == other


def test_a_harness_that_does_not_start_cannot_run(property_):
    """It is no failure of the product, and no success."""
    found = replay(property_, Order(iut=f'cmd:"{sys.executable}" -c "raise SystemExit(3)"'))
    assert found.answer is Answer.CANNOT_RUN
    assert "ended before it answered `initialize`" in found.reason


def test_an_implementation_that_is_not_there_is_the_operators(property_):
    """A misspelt name is told as ever."""
    with pytest.raises(OperatorError, match="no mutant named"):
        replay(property_, Order(iut="mutant:no-such"))


def test_a_call_of_the_services_is_tried_again():
    """With services of its own; their addresses and files are others, the password is not stored."""
    _, stored = found_by("guesses-the-century", "USI-WIRE-14[verifies_any_person]")
    example = stored["USI-WIRE-14"]
    assert MASK in example.lines[-1]
    assert any("simulated services" in need for need in example.needs)
    assert replay(example, Order(iut="mutant:guesses-the-century")).answer is Answer.STILL_FAILS
    assert replay(example, Order(iut="reference")).answer is Answer.FIXED


@pytest.mark.parametrize(
    ("mutant", "requirement", "profile", "case"),
    [
        (
            "takes-namesakes-for-one-person",
            "USI-CRE-11",
            "usi-local",
            "agrees_with_the_registry_in_any_order",
        ),
        ("shares-tokens-between-clients", "STS-T01", "usi-cloud", "keeps_clients_apart_in_any_order"),
    ],
)
def test_a_story_is_tried_again(mutant, requirement, profile, case):
    """Step by step, of the registry and of the token cache alike."""
    report, _ = found_by(mutant, f"{requirement}[{case}]", profile=profile)
    (example,) = report.counter_examples
    assert example.choices
    assert replay(example, Order(iut=f"mutant:{mutant}")).answer is Answer.STILL_FAILS
    assert replay(example, Order(iut="reference")).answer is Answer.FIXED


def test_the_lines_on_a_store_can_be_piped_in_the_folder_of_the_report(tmp_path):
    """The copy of the store lies beside them, since the one that was opened is gone."""
    report, stored = found_by("takes-the-first-certificate", "KS-T04[finds_the_leaf_anywhere[root-first]]")
    write(report, tmp_path)
    (file,) = stored["KS-T04"].files
    assert not Path(file.path).exists()
    lines = (tmp_path / "replay" / f"{stored['KS-T04'].name}.jsonl").read_bytes()
    told = subprocess.run(
        [sys.executable, "-m", "conformance.reference"],
        input=lines,
        capture_output=True,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=True,
        timeout=60,
    )
    answers = [json.loads(line)["result"]["status"] for line in told.stdout.splitlines()]
    assert answers == ["ok", "ok"]


def test_an_operators_store_is_never_copied(tmp_path, monkeypatch):
    """Not even one of the kit's own making, in a run with a credential that was given."""
    name = f"ABRD:{LOCAL.abn}_{LOCAL.name}"
    moment = datetime.now(UTC)
    own = Authority(moment).machine_credential(abn=LOCAL.abn, name=LOCAL.name)
    path = tmp_path / "keystore.xml"
    path.write_bytes(make_store([own], password="Of-the-operator-1", moment=moment))
    monkeypatch.setenv("OWN_PASSWORD", "Of-the-operator-1")
    outcome = run(
        Order(
            iut="mutant:takes-the-first-certificate",
            only=("KS-T04[finds_the_leaf_anywhere[root-first]]",),
            keystore=path,
            alias=name,
            password_env="OWN_PASSWORD",
        )
    )
    (example,) = outcome.report.counter_examples
    assert example.files == ()


def test_a_store_of_the_kits_own_making_is_opened_with_its_password():
    """It is published with the vectors, so that the line is exact; the store itself is made again."""
    _, stored = found_by("decodes-percent-signs-in-passwords", "KS-K05")
    example = stored["KS-K05"]
    assert json.loads(example.lines[-1])["params"]["password"] == "Passw%6Frd1!"
    assert any("copy of the store" in need for need in example.needs)
    assert replay(example, Order(iut="reference")).answer is Answer.FIXED


def test_a_check_that_reads_another_checks_transcript_has_its_requests():
    """The scenario was carried out for the first of them; every stored example holds its request."""
    report, _ = found_by("signs-with-sha1", "STS-R")
    (example,) = report.counter_examples
    assert [json.loads(line)["method"] for line in example.lines] == [
        "initialize",
        "session.reset",
        "usi.call",
    ]
    assert replay(example, Order(iut="reference")).answer is Answer.FIXED


# --- the command ----------------------------------------------------------------------------------


def test_the_exit_code_tells_the_answer(folder):
    """0, 1, 3; the kit's own implementation of the stored run needs no naming."""
    path = folder / "replay" / "USI-CHK-12-accepts_exactly_one_last_character.json"
    again = evte("replay", path)
    assert (again.exit_code, again.output.split(" USI")[0]) == (1, "STILL FAILS")
    assert "your implementation answered: " in again.output
    fixed = evte("replay", path, "--iut", "reference")
    assert (fixed.exit_code, fixed.output.split(" USI")[0]) == (0, "FIXED")
    spoilt = folder / "replay" / "spoilt.json"
    spoilt.write_bytes(path.read_bytes().replace(b'"hypothesis": "', b'"hypothesis": "1'))
    cannot = evte("replay", spoilt, "--iut", "reference")
    assert (cannot.exit_code, cannot.output.split(" USI")[0]) == (3, "CANNOT RUN")


def test_a_command_out_of_a_report_is_not_run_unasked(folder, tmp_path):
    """It is named, and whoever wants it says so: a report may be a stranger's."""
    (tmp_path / "replay").mkdir()
    name = "USI-CHK-12-accepts_exactly_one_last_character.json"
    (tmp_path / "replay" / name).write_bytes((folder / "replay" / name).read_bytes())
    trap = tmp_path / "trap"
    command = f"cmd:{sys.executable} -c \"open({str(trap)!r}, 'w')\""
    (tmp_path / "report.json").write_text(json.dumps({"run": {"target": command}}), "utf-8")
    result = evte("replay", tmp_path / "replay" / name)
    assert result.exit_code == 2
    assert "the stored run was made with" in result.output
    assert not trap.exists()


@pytest.mark.parametrize("content", [None, b"{", b'{"run": 1}', b"[" * 100_000, b"\xff"])
def test_without_a_report_the_implementation_has_to_be_named(folder, tmp_path, content):
    """Whatever lies there in its place."""
    (tmp_path / "replay").mkdir()
    path = tmp_path / "replay" / "x.json"
    path.write_bytes((folder / "replay" / "USI-CHK-01-accepts_a_right_usi-all-digits.json").read_bytes())
    if content is not None:
        (tmp_path / "report.json").write_bytes(content)
    assert replaying.target_beside(path) == ""
    result = evte("replay", path)
    assert (result.exit_code, "--iut SPEC" in result.output) == (2, True)


@pytest.mark.parametrize("content", [None, b"", b"{}", b"nonsense"])
def test_a_file_that_is_none_is_refused(tmp_path, content):
    """With what was expected, exit 2, and no traceback."""
    path = tmp_path / "x.json"
    if content is not None:
        path.write_bytes(content)
    result = evte("replay", path, "--iut", "reference")
    assert result.exit_code == 2
    assert "expected: a file replay/NAME.json" in result.output
    assert "Traceback" not in result.output


def test_a_plan_names_the_implementation(folder, tmp_path):
    """And an option wins over it."""
    path = folder / "replay" / "USI-CHK-01-accepts_a_right_usi-all-digits.json"
    plan = tmp_path / "evte.toml"
    plan.write_text('iut = "reference"\nwaivers = "no-such.toml"\n', "utf-8")
    assert evte("replay", path, "--plan", plan).exit_code == 0
    assert evte("replay", path, "--plan", plan, "--iut", "mutant:factors-begin-with-one").exit_code == 1
    refused = evte("replay", path, "--plan", plan, "--alias", "ABRD:x")
    assert (refused.exit_code, "--keystore" in refused.output) == (2, True)


def test_an_example_becomes_a_candidate_for_the_vectors(folder):
    """Printed in the form of the vectors; nothing is run."""
    path = folder / "replay" / "USI-CHK-01-accepts_a_right_usi-all-digits.json"
    result = evte("replay", path, "--as-vector", "--iut", "mutant:no-such")
    assert result.exit_code == 0
    (case,) = json.loads(result.output)["cases"]
    assert (case["input"], case["expect"]) == ({"usi": "9876543298"}, {"status": "ok"})
