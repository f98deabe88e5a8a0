"""The command line parses, calls and prints; its exit codes are those of the README."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from conformance import plugin, report, runner
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
        (["run", "--iut", "reference", "--only", ""], "evte catalogue"),
        (["run", "--iut", "reference", "--only", "USI-CHK-01["], "ID[case] in full"),
        (["run", "--iut", "reference", "--keystore", "no-such-file.xml"], "no-such-file.xml"),
        (["run", "--iut", "reference", "--alias", "ABRD:x"], "--keystore"),
        (["run", "--iut", "reference", "--trust", "anchor.pem"], "--keystore"),
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


def test_a_password_given_for_the_name_of_its_variable_is_not_repeated(tmp_path):
    """What cannot be a variable's name may be the password itself."""
    keystore = tmp_path / "keystore.xml"
    keystore.write_text("<x/>", encoding="utf-8")
    chosen = ("--keystore", keystore, "--alias", "a", "--password-env", "Secret-1!")
    for command in ([*SMOKE, "--out", tmp_path / "out"], ["doctor"]):
        result = evte(*command, *chosen)
        assert result.exit_code == 2, result.output
        assert "--password-env" in result.output
        assert "Secret-1!" not in result.output


@pytest.mark.parametrize("content", [b"", b"0\x82\x0a\x11 no XML", b"<other/>"])
def test_a_file_that_is_no_keystore_is_named_with_what_to_give(tmp_path, content):
    """The message says which file it was, and what belongs there."""
    keystore = tmp_path / "keystore.p12"
    keystore.write_bytes(content)
    chosen = ("--keystore", keystore, "--alias", "a", "--password-env", "EVTE_P")
    result = evte(*SMOKE, "--out", tmp_path / "out", *chosen, EVTE_P="x")
    assert result.exit_code == 2, result.output
    assert f"where: {keystore}" in result.output
    assert "developer kit" in result.output


def test_settings_of_pytest_in_the_readers_folder_change_nothing(tmp_path, monkeypatch):
    """A conftest.py that ends the process with 0 makes no run green."""
    (tmp_path / "conftest.py").write_text("raise SystemExit(0)", encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    result = evte(*SMOKE, "--out", "out", "--only", "USI-CHK-01")
    assert result.exit_code == 3, result.output
    assert (tmp_path / "out" / "report.json").is_file()


def test_a_module_that_ends_the_process_is_a_harness_that_does_not_start(tmp_path, monkeypatch):
    """An exit status of the imported module is never taken for the kit's."""
    (tmp_path / "evte_leaves.py").write_text("raise SystemExit(0)", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    result = evte("run", "--iut", "python:evte_leaves:x", "--out", tmp_path / "out")
    assert result.exit_code == 4, result.output
    assert "SystemExit" in result.output


def test_a_report_that_cannot_be_written_at_the_end_is_no_verdict(tmp_path, monkeypatch):
    """A full disk gives exit 2 and one error, not the verdict of a report that is not there."""

    def write(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(report, "write", write)
    result = evte(*SMOKE, "--out", tmp_path / "out", "--only", "USI-CHK-01")
    assert result.exit_code == 2, result.output
    assert "No space left on device" in result.output
    assert "INCOMPLETE" not in result.output


@pytest.mark.parametrize(
    ("problem", "exit_code", "told"),
    [(KeyboardInterrupt(), 130, "interrupted"), (RuntimeError("unforeseen"), 5, "report this to us")],
)
def test_what_happens_before_the_first_check_has_its_own_exit_code(
    tmp_path, monkeypatch, problem, exit_code, told
):
    """Ctrl-C while checks are collected is 130, an error of the kit is 5; neither shows a traceback."""

    def plan(*_):
        raise problem

    monkeypatch.setattr(plugin, "_plan", plan)
    result = evte(*SMOKE, "--out", tmp_path / "out")
    assert result.exit_code == exit_code, result.output
    assert told in result.output
    assert "Traceback" not in result.output


def test_an_error_that_nobody_foresaw_is_the_kits(tmp_path, monkeypatch):
    """Exit 5 with the place, and no exit status of a verdict."""

    def run(*_):
        raise RuntimeError("unforeseen")

    monkeypatch.setattr(runner, "run", run)
    result = evte(*SMOKE, "--out", tmp_path / "out")
    assert result.exit_code == 5, result.output
    assert "test_cli.py, line" in result.output


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


def test_a_skeleton_of_a_vector_is_printed():
    """A case of the operation, as JSON; of one that does not exist an error that names those that do."""
    result = evte("vectors", "--skeleton", "GetCountries")
    assert json.loads(result.output)["input"] == {"operation": "GetCountries", "request": {}}
    wrong = evte("vectors", "--skeleton", "DeleteUSI")
    assert wrong.exit_code == 2
    assert "GetNonDvsDocumentTypes" in wrong.output


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
