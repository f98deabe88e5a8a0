"""The command line parses, calls and prints; its exit codes are those of the README."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from conformance.cli import main

ROOT = Path(__file__).parent.parent
SMOKE = ["run", "--iut", "reference", "--profile", "smoke", "--plain"]


def evte(*arguments, **environment):
    return CliRunner(env=environment).invoke(main, [str(argument) for argument in arguments])


def test_a_smoke_run_of_the_reference_is_ready(tmp_path):
    """The reference is READY, exit 0, and every form of the report is written."""
    result = evte(*SMOKE, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "READY" in result.output.splitlines()[-4:][0] or "READY" in result.output
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"report.html", "report.json", "junit.xml", "summary.md", "results.ndjson", "evidence"} <= written
    report = json.loads((tmp_path / "out" / "report.json").read_bytes())
    assert report["verdict"]["readiness"] == "READY"


def test_a_mutant_is_not_ready(tmp_path):
    """A wrong implementation exits 1 and the failing requirement is printed."""
    result = evte(
        "run", "--iut", "mutant:factors-begin-with-one", "--profile", "smoke", "--out", tmp_path, "--plain"
    )
    assert result.exit_code == 1, result.output
    assert "NOT READY" in result.output
    assert "USI-CHK-0" in result.output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["run"], "--iut SPEC"),
        (["run", "--iut", "reference", "--profile", "smok"], "did you mean smoke"),
        (["run", "--iut", "mutant:factors-begin-with-on"], "factors-begin-with-one"),
        (["run", "--iut", "nonsense"], "cmd:"),
        (["run", "--iut", "reference", "--only", "USI-CHK-99"], "USI-CHK-0"),
        (["run", "--iut", "reference", "--keystore", "no-such-file.xml"], "no-such-file.xml"),
        (["explain", "USI-CHK-3"], "USI-CHK-03"),
        (["catalogue", "--schema", "Rapport"], "Report"),
    ],
)
def test_a_usage_error_says_what_to_try(tmp_path, arguments, told):
    """Exit 2, one clear message, no traceback."""
    if arguments[0] == "run":
        arguments = [*arguments, "--out", tmp_path / "out"]
    result = evte(*arguments)
    assert result.exit_code == 2, result.output
    assert told in result.output
    assert "Traceback" not in result.output


def test_a_password_variable_that_is_not_set_is_a_usage_error(tmp_path):
    """The message names the variable and never a password."""
    keystore = tmp_path / "keystore.xml"
    keystore.write_text("<x/>", encoding="utf-8")
    result = evte(
        *SMOKE,
        "--out",
        tmp_path / "out",
        "--keystore",
        keystore,
        "--alias",
        "a",
        "--password-env",
        "EVTE_NOT_SET",
    )
    assert result.exit_code == 2, result.output
    assert "EVTE_NOT_SET" in result.output


def test_a_report_folder_that_is_a_file_is_a_usage_error(tmp_path):
    """Where nothing can be written, nothing is run."""
    (tmp_path / "file").write_bytes(b"")
    result = evte(*SMOKE, "--out", tmp_path / "file" / "below")
    assert result.exit_code == 2, result.output
    assert "--out" in result.output


def test_explain_tells_the_whole_story():
    """Requirement, why, trap, source, confidence, remedies and the mutants that miss it."""
    output = evte("explain", "USI-CHK-03").output
    for word in ("MUST", "why:", "trap:", "source:", "confidence:", "mend:", "mutant"):
        assert word in output


def test_the_catalogue_lists_requirements_profiles_and_schemas():
    """Each form of the list is there."""
    assert "USI-CHK-03" in evte("catalogue", "--profile", "smoke").output
    assert "usi-cloud" in evte("catalogue", "--profiles").output
    assert json.loads(evte("catalogue", "--schema", "Report").output)["$ref"] == "#/$defs/Report"


def test_the_vectors_are_listed_and_sound():
    """`evte vectors --check` finds nothing to complain of."""
    result = evte("vectors", "--check")
    assert result.exit_code == 0, result.output
    assert "checksum/valid.json" in result.output


def test_the_doctor_finds_the_reference_well():
    """Exit 0, a line per finding."""
    result = evte("doctor", "--iut", "reference")
    assert result.exit_code == 0, result.output


def test_help_imports_nothing_heavy():
    """`evte --help` stays quick because the libraries are imported by the commands that need them."""
    code = (
        "import sys\n"
        "from conformance.cli import main\n"
        "try:\n    main(['--help'])\n"
        "except SystemExit:\n    pass\n"
        "heavy = {'pytest', 'hypothesis', 'lxml', 'cryptography', 'zeep', 'rich', 'jinja2'}\n"
        "print('HEAVY', sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT, env={**os.environ}
    )
    assert "HEAVY []" in done.stdout


def test_the_suite_without_an_implementation_is_a_usage_error(tmp_path):
    """Plain pytest on the suite without --iut is an error, never a green run of skips."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "conformance.plugin", "--pyargs", "conformance.suite", "-q"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 4, done.stdout + done.stderr
    assert "--iut reference" in done.stdout + done.stderr


def test_the_suite_runs_under_plain_pytest(tmp_path):
    """`pytest --pyargs conformance.suite --iut SPEC` comes to the same verdict."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "conformance.plugin", "--pyargs", "conformance.suite"),
            *("--iut", "reference", "--evte-profile", "smoke", "-q"),
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "READY: smoke" in done.stdout
