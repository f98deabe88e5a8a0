"""The kit's own verdict is the same wherever it runs, and fair to a harness whose zone it cannot change."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from conformance.model import Blame, Status
from conformance.runner import Order, run

ROOT = Path(__file__).parent.parent
ZONES = ("Australia/Sydney", "Australia/Perth", "UTC", "Pacific/Kiritimati")


@pytest.fixture
def host_in(monkeypatch):
    """Move this host into a time zone."""
    if not hasattr(time, "tzset"):
        pytest.skip("a running process cannot change its zone here")

    def move(zone):
        monkeypatch.setenv("TZ", zone)
        time.tzset()

    yield move
    monkeypatch.undo()
    time.tzset()


def test_the_zone_of_the_host_changes_no_verdict(host_in):
    """The checks of time find the reference right wherever the kit itself runs."""
    verdicts = []
    for zone in ZONES:
        host_in(zone)
        outcome = run(Order(iut="reference", only=("KS-D01", "KS-D06", "KS-D08"), examples=5))
        verdicts.append({(r.requirement, r.case): r.status for r in outcome.results("KS-D")})
        assert verdicts[-1] == verdicts[0], zone
    settled = {point for point, status in verdicts[0].items() if status is Status.PASS}
    assert {requirement for requirement, _ in settled} == {"KS-D01", "KS-D06", "KS-D08"}
    assert set(verdicts[0].values()) == {Status.PASS, Status.SKIP}


@pytest.fixture
def address():
    """The reference behind HTTP, in a process that the run does not start."""
    words = [sys.executable, "-m", "conformance.reference", "--http", "0"]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        yield process.stdout.readline().strip()
        process.kill()


def test_a_harness_that_the_kit_does_not_start_is_left_out_and_said_so(address):
    """Neither a miss nor a pass; the report tells the operator what to do."""
    outcome = run(Order(iut=address, only=("KS-D06",)))
    results = outcome.results("KS-D06")
    assert [result.status for result in results] == [Status.NOT_APPLICABLE] * 4
    assert outcome.report.verdict.blocking == outcome.report.verdict.conditions == ()
    assert "KS-D06[answers_alike_in_every_zone[UTC]]" in outcome.report.verdict.excluded
    told = [remark.text for remark in outcome.report.run.remarks if remark.blame is Blame.ENVIRONMENT]
    assert len(told) == 4
    assert "TZ=Australia/Sydney" in told[0]
