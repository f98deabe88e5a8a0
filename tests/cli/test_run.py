"""`evte run`: options win over the plan, and what it prints at the end is what there is to do."""

import importlib.util
import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from conformance import runner
from conformance.cli import main
from conformance.cli.frame import GATES
from conformance.cli.outcome import print_doctor, print_outcome
from conformance.cli.waivers import first_and_number
from conformance.errors import OperatorError
from conformance.model import (
    Blame,
    Change,
    ChangeKind,
    Changes,
    DoctorFinding,
    Level,
    Question,
    Readiness,
    Report,
    Requirement,
    Result,
    Source,
    Status,
    StoredRun,
    Subcode,
)
from conformance.simulators.bench import OperatorCredential
from conformance.verdict import Gate

PLAN = """\
iut = "reference"
profile = "smoke"
out = "from-plan"
seed = 7
examples = 20
strict = true
[keystore]
file = "plan.xml"
alias = "ABRD:plan"
password_env = "EVTE_PLAN"
trust = ["plan.pem"]
"""


def evte(*arguments):
    """The outcome of a command."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def ordered(monkeypatch):
    """Runs `evte run` with the main job replaced, and returns the order that it would have had."""

    def ordered(*arguments):
        orders = []

        def run(order, listener=None):
            orders.append(order)
            raise OperatorError("far enough")

        monkeypatch.setattr(runner, "run", run)
        monkeypatch.setattr(OperatorCredential, "from_environment", lambda **given: None)
        result = evte("run", "--only", "USI-CHK-01", *arguments)
        assert "far enough" in result.output, result.output
        return orders[0]

    return ordered


@pytest.fixture
def plan(tmp_path):
    """A plan file."""
    path = tmp_path / "evte.toml"
    path.write_text(PLAN, encoding="utf-8")
    return path


def test_the_plan_says_what_no_option_says(ordered, plan, tmp_path):
    """Every key arrives, paths from the plan's folder."""
    order = ordered("--plan", plan)
    assert (order.iut, order.profile, order.seed, order.examples) == ("reference", "smoke", 7, 20)
    assert order.out == tmp_path / "from-plan"
    assert (order.keystore, order.alias, order.password_env) == (
        tmp_path / "plan.xml",
        "ABRD:plan",
        "EVTE_PLAN",
    )
    assert order.trust == (tmp_path / "plan.pem",)
    assert order.background.measure


def test_options_win_over_the_plan(ordered, plan, tmp_path):
    """Each on its own; another keystore takes the place of the plan's with all that belongs to it."""
    order = ordered(
        "--plan", plan, "--seed", 0, "--profile", "usi-local", "--out", tmp_path / "given", "--alias", "x"
    )
    assert (order.seed, order.profile, order.out) == (0, "usi-local", tmp_path / "given")
    assert (order.keystore, order.alias, order.password_env) == (tmp_path / "plan.xml", "x", "EVTE_PLAN")
    order = ordered("--plan", plan, "--keystore", "mine.xml", "--alias", "x", "--password-env", "P")
    assert (order.keystore, order.alias, order.password_env, order.trust) == (Path("mine.xml"), "x", "P", ())


def test_without_a_plan_the_kit_chooses(ordered):
    """As `evte run --help` says."""
    order = ordered("--iut", "reference", "--shard", "1/2")
    assert (order.profile, order.seed, order.examples) == ("usi-local", 0, 60)
    assert order.out == Path("evte-report")
    assert order.background.shard == "1/2"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--plan", "nowhere.toml"], "the plan cannot be read"),
        (["--iut", "reference", "--waivers", "nowhere.toml"], "the file of waivers cannot be read"),
        (["--iut", "reference", "--gate", "no-new-failures"], "needs a baseline"),
        (["--iut", "reference", "--shard", "3/2"], "there is no such part"),
        (["--iut", "reference", "--only", "USI-CHK-99"], "there is no requirement"),
        (["--iut", "reference", "--alias", "x"], "--alias was given without --keystore"),
        (["--iut", "reference", "--sign-key", "credential"], "a credential that is not given"),
        (["--iut", "reference", "--sign-key", "nowhere.pem"], "nowhere.pem cannot be read"),
        (["--iut", "reference", "--sign-certificate", "c.pem"], "without the PEM file of a key"),
        (
            ["--iut", "reference", "--sign-key", "credential", "--sign-password-env", "P"],
            "would change nothing",
        ),
    ],
)
def test_an_option_that_cannot_work_is_a_usage_error(arguments, told, tmp_path, monkeypatch):
    """Exit 2 before anything was started or written."""
    monkeypatch.chdir(tmp_path)
    result = evte("run", *arguments)
    assert result.exit_code == 2, result.output
    assert told in result.output
    assert list(tmp_path.iterdir()) == []


# --- what is printed --------------------------------------------------------------------------------


@dataclass
class Outcome:
    """What the main job returns, as far as it is printed."""

    report: Report


def miss(case, message="the answer was wrong", **fields):
    """A failure."""
    chosen = {"status": Status.FAIL, "subcode": Subcode.WRONG_VALUE, "blame": Blame.IMPLEMENTATION, **fields}
    return Result(requirement="A-1", case=case, level=Level.MUST, message=message, **chosen)


@pytest.fixture
def report():
    """A report of the reference's form, with another verdict, results and so on."""
    location = Path(__file__).parents[1] / "report" / "sample.py"
    spec = importlib.util.spec_from_file_location("evte_sample_reports", location)
    module = sys.modules.setdefault("evte_sample_reports", importlib.util.module_from_spec(spec))
    if not hasattr(module, "ready"):
        spec.loader.exec_module(module)
    base = module.ready()

    def report(*results, verdict=None, changes=None, questions=()):
        return msgspec.structs.replace(
            base,
            run=msgspec.structs.replace(base.run, results=results),
            verdict=msgspec.structs.replace(base.verdict, **(verdict or {})),
            changes=changes,
            questions=questions,
            requirements=(
                Requirement(
                    id="A-1",
                    text="An answer is right.",
                    level=Level.MUST,
                    confidence="documented",
                    source=Source(document="d"),
                    capability="usi",
                    method="usi.validate",
                    why="",
                    trap="",
                    mend={"any": ""},
                    checked_by="x",
                ),
            ),
        )

    return report


def printed(capsys, report, *, gate=Gate.READY, code=0):
    """The lines that are printed of a report."""
    print_outcome(Outcome(report), Path("o"), gate=gate, code=code)
    return capsys.readouterr().out.splitlines()


NOT_READY = {"readiness": Readiness.NOT_READY, "sentence": "Wrong."}


def test_attestations_and_waivers_have_a_line_each(report, capsys):
    """All of them, however many there are; line ends of strangers do not make lines of their own."""
    source = Source(document="d")
    questions = tuple(
        Question(
            id=f"ATT-{n:02}",
            text=f"Is it {n}?\nReally?",
            why="",
            how="",
            source=source,
            confidence="documented",
        )
        for n in range(14)
    )
    verdict = {
        "readiness": Readiness.CONDITIONS,
        "open_questions": tuple(each.id for each in questions),
        "waiver_errors": ("waiver for A-1: stale, nothing fails in this way any more; remove it",),
        "waiver_notices": ("waiver for A-2: expires in 3 days, on 2026-11-25",),
    }
    lines = printed(capsys, report(verdict=verdict, questions=questions))
    assert lines[0] == "READY WITH CONDITIONS"
    assert [line for line in lines if line.startswith("  attestation open: ")] == [
        f"  attestation open: ATT-{n:02}: Is it {n}? ⏎ Really?" for n in range(14)
    ]
    assert "  waiver: A-1: stale, nothing fails in this way any more; remove it" in lines
    assert "  waiver ends soon: A-2: expires in 3 days, on 2026-11-25" in lines
    assert lines[-1].startswith("report: ")
    assert not any("[[waiver]]" in line for line in lines)


def test_the_first_failure_comes_with_its_waiver(report, capsys):
    """Ready but for owner, reason and issue; where the others' are is said."""
    results = (miss("one"), miss("two", "another wrong answer"), miss("three"))
    verdict = {**NOT_READY, "blocking": ("A-1[one]", "A-1[two]", "A-1[three]")}
    lines = printed(capsys, report(*results, verdict=verdict), code=1)
    entry = lines[lines.index("[[waiver]]") :]
    assert entry[1:6] == [
        'requirement = "A-1"',
        'status = "fail"',
        'subcode = "wrong_value"',
        'message_prefix = "the answer was wrong"',
        'owner = "" # who answers for it, a name',
    ]
    assert "the entries of the other 1: evte waivers o" in lines
    assert lines.count("[[waiver]]") == 1


def test_what_cannot_be_waived_has_no_entry(report, capsys):
    """Nor is there one where the run is incomplete: first it is to be finished."""
    result = miss("one", subcode=Subcode.SECRET_LEAK)
    verdict = {**NOT_READY, "blocking": ("A-1[one]",), "unwaivable": ("A-1[one]",)}
    assert not any("waiver" in line for line in printed(capsys, report(result, verdict=verdict), code=1))
    verdict = {"readiness": Readiness.INCOMPLETE, "blocking": ("A-1[one]",)}
    assert not any("waiver" in line for line in printed(capsys, report(miss("one"), verdict=verdict), code=3))


def changes(*kinds):
    """Changes of points of A-1."""
    stored = StoredRun(
        started="2026-11-01T00:00:00Z",
        product="p",
        version="1",
        build="",
        profile="smoke",
        kit_version="0",
        readiness=Readiness.READY,
    )
    return Changes(
        baseline=stored,
        changes=tuple(
            Change(requirement="A-1", case=case, kind=kind, before=Status.PASS, after=Status.FAIL)
            for case, kind in kinds
        ),
    )


def test_what_is_new_since_the_baseline_comes_first(report, capsys):
    """The entry is that of the new failure, and the changes are counted."""
    results = (miss("old"), miss("new", "another wrong answer"))
    verdict = {**NOT_READY, "blocking": ("A-1[old]", "A-1[new]")}
    found = report(*results, verdict=verdict, changes=changes(("new", ChangeKind.NEWLY_FAILING)))
    lines = printed(capsys, found, code=1)
    assert "since the baseline of 2026-11-01T00:00:00Z: 1 newly failing" in lines
    assert 'message_prefix = "another wrong answer"' in lines


def test_a_gate_that_lets_a_failure_pass_says_so(report, capsys):
    """Nobody takes exit code 0 for readiness."""
    verdict = {**NOT_READY, "blocking": ("A-1[old]",)}
    lines = printed(
        capsys, report(miss("old"), verdict=verdict, changes=changes()), gate=Gate.NO_NEW_FAILURES, code=0
    )
    assert "since the baseline of 2026-11-01T00:00:00Z: nothing changed" in lines
    told = (
        "gate no-new-failures: passed; whatever fails failed in the baseline too. The product is not ready."
    )
    assert told in lines
    assert "to admit what fails until it is mended: evte waivers o" in lines
    assert "[[waiver]]" not in lines


def test_the_entries_are_counted_as_they_are_printed(report):
    """One for each waiver that it would take."""
    results = (miss("one"), miss("two"), miss("three", "another wrong answer"))
    verdict = {**NOT_READY, "blocking": ("A-1[one]", "A-1[two]", "A-1[three]")}
    entry, number = first_and_number(
        report(*results, verdict=verdict), datetime(2026, 11, 22, tzinfo=UTC).date()
    )
    assert entry.startswith("[[waiver]]\n")
    assert number == 2
    assert first_and_number(report(), datetime(2026, 11, 22, tzinfo=UTC).date()) == ("", 0)


def test_the_doctor_speaks_only_of_what_is_amiss(capsys):
    """On standard error, a line each, safe for terminals."""
    print_doctor(
        [
            DoctorFinding(check="python", ok=True, owner=Blame.ENVIRONMENT, sentence="Python 3.11"),
            DoctorFinding(
                check="framing",
                ok=False,
                owner=Blame.HARNESS,
                sentence="a stray\x1b[31m line",
                advice="mend it",
            ),
        ]
    )
    out, err = capsys.readouterr()
    assert (out, err) == ("", "doctor: framing: a stray⟨ESC⟩[31m line [harness]; try: mend it\n")


# --- the whole way ----------------------------------------------------------------------------------


def signing_key(path):
    """Write a key and its certificate."""
    now = datetime.now(UTC)
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Example Pty Ltd")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    path.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + builder.sign(key, SHA256()).public_bytes(Encoding.PEM)
    )


MUTANT = "mutant:trusts-lower-case"


def test_a_failure_that_is_admitted_in_a_plan_is_a_condition(tmp_path):
    """From the entries that `evte waivers` prints to a run with conditions, compared, signed, registered."""
    path = tmp_path / "evte.toml"
    path.write_text(
        f'iut = "{MUTANT}"\nprofile = "smoke"\nout = "o"\nplain = true\nexamples = 5\n'
        '[signing]\nkey = "signing.pem"\n[registration]\nproduct = "Enrol"\n',
        encoding="utf-8",
    )
    signing_key(tmp_path / "signing.pem")
    first = evte("run", "--plan", path)
    assert first.exit_code == 1, first.output
    assert "[[waiver]]" in first.output
    entries = evte("waivers", tmp_path / "o")
    assert entries.exit_code == 0, entries.output
    filled = entries.stdout.replace('owner = ""', 'owner = "Jo"').replace('reason = ""', 'reason = "soon"')
    (tmp_path / "w.toml").write_text(filled.replace('issue = ""', 'issue = "#1"'), encoding="utf-8")
    second = evte(
        "run", "--plan", path, "--waivers", tmp_path / "w.toml", "--baseline", tmp_path / "o", "--strict"
    )
    assert second.exit_code == 7, second.output
    assert "READY WITH CONDITIONS" in second.output
    assert "since the baseline of " in second.output
    found = json.loads((tmp_path / "o" / "report.json").read_bytes())
    assert found["run"]["registration"]["product"] == "Enrol"
    assert {finding["check"] for finding in found["run"]["doctor"]} >= {"python", "vectors", "harness"}
    assert (tmp_path / "o" / "manifest.sig.xml").is_file()


def test_the_gates_of_the_options_are_those_of_the_verdict():
    """The names stand in the options too, so that help is printed without the verdict's module."""
    assert tuple(GATES) == tuple(gate.value for gate in Gate)
