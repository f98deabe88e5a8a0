"""A plan becomes an order: every file that it names is read before anything starts."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from conformance import plan, runner
from conformance.errors import OperatorError
from conformance.model import Status
from conformance.plan import Plan
from conformance.reference import Correct

ROOT = Path(__file__).parent.parent
NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)

WAIVERS = """
[[waiver]]
requirement = "USI-CHK-03"
status = "fail"
subcode = "wrong_value"
message_prefix = "the check character of ABCDEFGHJ is wrong"
owner = "Jo Citizen"
reason = "mended in 4.2"
issue = "#417"
added = "2026-11-22"
expires = "2027-02-20"
"""


@pytest.fixture
def prepare(tmp_path):
    """Prepares the order of a plan's text, with further options."""

    def prepare(text, given=None, **options):
        path = tmp_path / "evte.toml"
        path.write_text(text, encoding="utf-8")
        return runner.prepare(plan.read(path).under(**(given or {})), now=NOW, **options)

    return prepare


def test_a_plan_without_files_is_an_order(prepare, tmp_path):
    """What is not stated is what the kit chooses."""
    order = prepare('iut = "reference"\n')
    assert (order.iut, order.profile, order.out, order.seed, order.examples) == (
        "reference",
        "usi-local",
        None,
        0,
        60,
    )
    assert order.background.capabilities is None
    order = prepare('iut = "reference"\nprofile = "smoke"\nout = "o"\nseed = 3\nexamples = 5\ndeadline = 2')
    assert (order.profile, order.out, order.seed, order.examples, order.deadline_s) == (
        "smoke",
        tmp_path / "o",
        3,
        5,
        2.0,
    )


def test_waivers_attestations_and_registration_reach_the_run(prepare, tmp_path):
    """As the files have them."""
    (tmp_path / "w.toml").write_text(WAIVERS, encoding="utf-8")
    (tmp_path / "a.toml").write_text("", encoding="utf-8")
    order = prepare(
        'iut = "reference"\nwaivers = "w.toml"\nattestations = "a.toml"\ncapabilities = ["usi.validate"]\n'
        '[registration]\nproduct = "Enrol"\n',
        only=("USI-CHK-03",),
        shard="1/2",
        measure=True,
    )
    (waiver,) = order.background.waivers
    assert (waiver.requirement, waiver.status) == ("USI-CHK-03", Status.FAIL)
    assert order.background.attestations == ()
    assert order.background.registration.product == "Enrol"
    assert order.background.capabilities == ("usi.validate",)
    assert (order.only, order.background.shard, order.background.measure) == (("USI-CHK-03",), "1/2", True)


def test_a_harness_that_the_plan_names_is_started_in_the_plans_folder(prepare, tmp_path, monkeypatch):
    """As every path of the plan starts there; one that an option names is started where the operator is."""
    text = 'iut = "cmd:./harness"\n'
    assert prepare(text).folder == tmp_path.resolve()
    assert prepare(text, {"iut": "cmd:./harness"}).folder is None
    monkeypatch.chdir(tmp_path)
    assert prepare(text).folder is None


WRONG = [
    ("", "no implementation under test was given", ""),
    ('profile = "smoke"\niut = "refrence"\n', "'refrence' names no implementation", "evte.toml, line 2"),
    ('iut = "mutant:nothing"\n', "there is no mutant named 'nothing'", "evte.toml, line 1"),
    (
        'iut = "reference"\nwaivers = "w.toml"\n',
        "the file of waivers cannot be read",
        "evte.toml, line 2 names",
    ),
    ('iut = "reference"\n\nattestations = "a.toml"\n', "attestations", "evte.toml, line 3 names"),
    (
        'iut = "reference"\nbaseline = "b"\n',
        "there is no report that could be read",
        "evte.toml, line 2 names",
    ),
    (
        'iut = "reference"\nhistory = "h"\n',
        "the folder of stored runs cannot be read",
        "evte.toml, line 2 names",
    ),
    ('iut = "reference"\n[signing]\nkey = "k.pem"\n', "k.pem cannot be read", "evte.toml, line 3 names"),
    (
        'iut = "reference"\n[keystore]\nfile = "k.xml"\nalias = "a"\npassword_env = "EVTE_NOT_SET"\n',
        "k.xml cannot be read",
        "evte.toml, line 3 names",
    ),
    ('iut = "reference"\ngate = "no-new-failures"\n', "the gate no-new-failures needs a baseline", "line 2"),
]


@pytest.mark.parametrize(("text", "message", "where"), WRONG, ids=range(len(WRONG)))
def test_what_the_plan_names_and_is_not_there_is_told_with_the_plans_line(prepare, text, message, where):
    """The file that is no good, and where the plan names it."""
    with pytest.raises(OperatorError) as error:
        prepare(text)
    assert message in error.value.message
    assert where in error.value.where
    assert error.value.exit_code == 2


def test_the_want_of_the_extra_for_pdf_is_told_before_the_run(prepare, monkeypatch):
    """And not when a long run is over."""
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(OperatorError, match="report-pdf") as error:
        prepare('iut = "reference"\npdf = true\n')
    assert error.value.where.endswith("evte.toml, line 2")


def test_a_mistake_in_a_file_of_waivers_has_both_lines(prepare, tmp_path):
    """Its own, and the plan's."""
    (tmp_path / "w.toml").write_text(WAIVERS.replace("Jo Citizen", "TODO"), encoding="utf-8")
    with pytest.raises(OperatorError) as error:
        prepare('iut = "reference"\nwaivers = "w.toml"\n')
    wanted = f"{tmp_path / 'w.toml'}, line 7, which {tmp_path / 'evte.toml'}, line 2 names"
    assert error.value.where == wanted


def test_an_option_has_no_line_in_the_plan(prepare, tmp_path):
    """The error names the file alone."""
    with pytest.raises(OperatorError) as error:
        prepare('iut = "reference"\nwaivers = "w.toml"\n', {"waivers": tmp_path / "other.toml"})
    assert error.value.where == str(tmp_path / "other.toml")


def test_stored_runs_that_cannot_be_read_are_remarked_on(prepare, tmp_path):
    """A trend that leaves something out says so."""
    (tmp_path / "h" / "monday").mkdir(parents=True)
    (tmp_path / "h" / "monday" / "report.json").write_text("{", encoding="utf-8")
    order = prepare('iut = "reference"\nhistory = "h"\n')
    (remark,) = order.background.remarks
    assert remark.text.startswith("The stored run monday cannot be read")
    assert order.background.trend == ()


def test_a_capability_that_is_gone_ends_the_run_before_the_first_check(prepare, tmp_path, monkeypatch):
    """Its checks might no longer apply otherwise, and the run be green."""
    monkeypatch.setattr(Correct, "capabilities", ("usi.validate",))
    order = prepare(
        'iut = "reference"\nprofile = "smoke"\nout = "o"\ncapabilities = ["usi.validate", "clock"]\n'
    )
    outcome = runner.run(order)
    assert outcome.exit_code == 2
    assert outcome.failure.message == "the harness does not declare clock, which the plan says that it must"
    report = json.loads((tmp_path / "o" / "report.json").read_bytes())
    assert report["run"]["results"] == []
    assert report["verdict"]["readiness"] == "INCOMPLETE"


def test_a_further_capability_is_a_remark_of_the_report(prepare):
    """The run goes on."""
    order = prepare(
        'iut = "reference"\nprofile = "smoke"\ncapabilities = ["usi.validate"]\n', only=("USI-CHK-01",)
    )
    outcome = runner.run(order)
    assert {each.status for each in outcome.results("USI-CHK-01")} == {Status.PASS}
    told = [remark.text for remark in outcome.report.run.remarks]
    assert any(
        text.startswith("The harness declares more than the plan says: keystore.list,") for text in told
    )


def test_a_harness_is_really_started_in_that_folder(prepare, tmp_path):
    """A program that is named by a path from the plan's folder is found there."""
    name = "harness.py"
    (tmp_path / name).write_text(
        f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n"
        "from conformance.reference.__main__ import main\nmain()\n",
        encoding="utf-8",
    )
    order = prepare(f'iut = \'cmd:"{sys.executable}" {name}\'\nprofile = "smoke"\n', only=("USI-CHK-01",))
    outcome = runner.run(order)
    assert outcome.report.run.harness_failure == ""
    assert {r.status for r in outcome.results("USI-CHK-01")} == {Status.PASS}


def test_a_plan_can_be_made_without_a_file():
    """The notebooks and the self-tests do so."""
    order = runner.prepare(Plan(iut="reference", profile="smoke"), now=NOW)
    assert (order.iut, order.profile, order.folder) == ("reference", "smoke", None)
