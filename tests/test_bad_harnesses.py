"""A harness that misbehaves gets one clear sentence, and what was learned before is in the report."""

import json
import sys
from pathlib import Path

import pytest

from conformance.model import Readiness, Status
from conformance.runner import Order, run

HARNESSES = Path(__file__).parent / "adapters" / "harnesses"


class Obstinate:
    """Answers everything in the same way."""

    def __init__(self, answer):
        self._answer = answer

    def handle(self, method, params):
        """Shake hands rightly and then say the same to everything."""
        if method == "initialize":
            value = {
                "protocol": 1,
                "implementation": {"name": "obstinate", "version": "1"},
                "capabilities": [
                    "usi.validate",
                    "usi.check_character",
                    "keystore.list",
                    "keystore.open",
                    "keystore.sign",
                    "token.obtain",
                    "usi.call",
                    "clock",
                ],
            }
            return {"status": "ok", "value": value}
        return self._answer(method)


VALUES = {
    "usi.validate": None,
    "usi.check_character": "2",
    "keystore.list": {"aliases": []},
    "keystore.open": {
        "certificate": "",
        "abn": "11000002568",
        "name": "x",
        "not_after": "2030-01-01T00:00:00Z",
        "renewal_due": False,
    },
    "keystore.sign": {"signature": ""},
    "token.obtain": {"expires": "2030-01-01T00:00:00Z"},
    "usi.call": {"response": {"USIStatus": "Valid"}, "conclusion": "verified"},
}

always_refuses = Obstinate(lambda method: {"status": "rejected", "native": {"code": "no", "text": "no"}})
always_accepts = Obstinate(lambda method: {"status": "ok", "value": VALUES.get(method)})
always_errs = Obstinate(lambda method: {"status": "error", "message": "null reference"})


@pytest.mark.parametrize("name", ["always_refuses", "always_accepts", "always_errs"])
def test_an_obstinate_implementation_passes_nothing(name, monkeypatch):
    """Refusing everything is no refusal, accepting everything no acceptance, an error is neither."""
    monkeypatch.setitem(sys.modules, "obstinate_test_module", sys.modules[__name__])
    outcome = run(Order(iut=f"python:obstinate_test_module:{name}", profile="usi-local", examples=5))
    # The nine characters of two vectors do have the check character that `always_accepts` gives to all.
    passed = {
        result.requirement
        for result in outcome.report.run.results
        if result.status is Status.PASS and "computes_the_check_character" not in result.case
    }
    assert passed == set()
    assert outcome.report.verdict.readiness in {Readiness.NOT_READY, Readiness.INCOMPLETE}


def harness_run(name, tmp_path, *, arguments="", only=("USI-CHK-01", "USI-CHK-02")):
    command = f'cmd:"{sys.executable}" "{HARNESSES / name}" {arguments}'.rstrip()
    outcome = run(Order(iut=command, profile="smoke", only=only, out=tmp_path, examples=5, deadline_s=0.3))
    report = json.loads((tmp_path / "report.json").read_bytes())
    assert (tmp_path / "report.html").is_file()
    return outcome, report


@pytest.mark.parametrize(
    ("name", "code", "told"),
    [
        ("crashes_at_once.py", 4, "initialize"),
        ("no-such-file.py", 4, "initialize"),
        ("exits_after_initialize.py", 3, ""),
        ("hangs.py", 3, ""),
        ("garbage.py", 4, ""),
        ("wrong_id.py", 4, "id"),
    ],
)
def test_a_broken_harness_ends_in_exit_four_or_incomplete(name, code, told, tmp_path):
    """Never READY, never NOT READY for want of an answer, and one sentence says why."""
    outcome, report = harness_run(name, tmp_path)
    assert outcome.exit_code == code, outcome.report.verdict.sentence
    assert outcome.report.verdict.readiness is Readiness.INCOMPLETE
    assert report["verdict"]["sentence"] == outcome.report.verdict.sentence
    assert "\n" not in outcome.report.verdict.sentence
    assert told in outcome.report.run.harness_failure
    assert "Traceback" not in outcome.report.verdict.sentence


def test_what_was_learned_before_a_break_is_kept(tmp_path):
    """Results from before a crash are in the report and in results.ndjson."""
    outcome, report = harness_run("crashes.py", tmp_path)
    assert outcome.report.verdict.readiness is Readiness.INCOMPLETE
    lines = (tmp_path / "results.ndjson").read_bytes().splitlines()
    assert len(lines) == len(report["run"]["results"])
    assert {r["status"] for r in report["run"]["results"]} & {"pass", "fail", "not_testable"}


def test_a_program_that_does_not_exist_gives_exit_four(tmp_path):
    """The command itself cannot be started."""
    outcome = run(Order(iut="cmd:no-such-program-anywhere", profile="smoke", out=tmp_path))
    assert outcome.exit_code == 4
    assert "no-such-program-anywhere" in outcome.report.run.harness_failure
