"""The snippets of `ci/` are valid, and their shell lines do what they promise: run, tell, keep, gate.

The lines are taken out of the files and run as they stand, with the variables that the server would set.
The servers themselves, and the actions and tasks of others that the snippets name, are not tried here.
"""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import check_jsonschema
import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
CI = ROOT / "ci"
PLAN = 'iut = "{iut}"\nprofile = "smoke"\nexamples = 3\n{more}'
WRONG = "mutant:factors-begin-with-one"


@dataclass(frozen=True)
class Step:
    """A piece of shell and the variables that it is given."""

    text: str
    variables: dict[str, str]
    whatever: bool = False
    """Whether it runs when an earlier step has failed."""


def github(gate):
    action = YAML(typ="safe").load(CI / "github" / "action.yml")
    known = {name: each["default"] for name, each in action["inputs"].items()} | {"gate": gate}
    steps = []
    for step in action["runs"]["steps"]:
        if "run" in step:
            assert step["shell"] == "bash"
            steps.append(
                Step(step["run"], {k: _given(v, "inputs", known) for k, v in step.get("env", {}).items()})
            )
    return steps


def gitlab(gate):
    job = YAML(typ="safe").load(CI / "gitlab.yml")["evte"]
    variables = {**job["variables"], "EVTE_GATE": gate}
    return [
        *(Step(line, variables) for line in job["script"]),
        *(Step(line, variables, whatever=True) for line in job["after_script"]),
    ]


def azure(gate):
    template = YAML(typ="safe").load(CI / "azure.yml")
    known = {each["name"]: each["default"] for each in template["parameters"]} | {"gate": gate}
    return [
        Step(
            step["bash"],
            {name: _given(value, "parameters", known) for name, value in step.get("env", {}).items()},
            whatever=step.get("condition") == "succeededOrFailed()",
        )
        for step in template["steps"]
        if "bash" in step
    ]


def jenkins(gate):
    text = (CI / "Jenkinsfile").read_text(encoding="utf-8")
    variables = dict(re.findall(r"^    (EVTE_\w+) = '([^']*)'", text, re.MULTILINE)) | {"EVTE_GATE": gate}
    head, _, tail = text.partition("post {")
    found = [(line, False) for line in re.findall(r"^ *sh '([^']+)'$", head, re.MULTILINE)]
    found += [(line, True) for line in re.findall(r"^ *sh '([^']+)'$", tail, re.MULTILINE)]
    return [Step(line, variables, whatever) for line, whatever in found]


SNIPPETS = {"github": github, "gitlab": gitlab, "azure": azure, "jenkins": jenkins}


def _given(value, kind, known):
    return re.sub(r"\$\{\{ " + kind + r"\.(\w+) \}\}", lambda found: known[found[1]], value)


@dataclass(frozen=True)
class Server:
    """A stand-in for a CI server: a workspace, and the variables of a job."""

    workspace: Path
    variables: dict[str, str]

    def plan(self, iut, more=""):
        """Write the plan of the workspace."""
        (self.workspace / "evte.toml").write_text(PLAN.format(iut=iut, more=more), encoding="utf-8")

    def run(self, steps):
        """Run the steps as a server does, and return the exit code of the job and all that was printed."""
        code, printed = 0, ""
        for step in steps:
            if code and not step.whatever:
                continue
            variables = {name: self._outputs(value) for name, value in step.variables.items()}
            done = subprocess.run(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step.text],
                cwd=self.workspace,
                env={**self.variables, **variables},
                capture_output=True,
                text=True,
                encoding="utf-8",
            )
            printed += done.stdout + done.stderr
            code = code or done.returncode
        return code, printed

    def told(self, printed):
        """Return what the page of the job shows: its log, its summary file, and what the log has uploaded."""
        uploads = re.findall(r"##vso\[task\.uploadsummary\](.+)", printed)
        return "\n".join([printed, self.read("summary"), *(self.read(path.strip()) for path in uploads)])

    def _outputs(self, value):
        """Put in what an earlier step of GitHub has set."""
        found = re.fullmatch(r"\$\{\{ steps\.run\.outputs\.(\w+) \}\}", value)
        return (
            dict(line.split("=") for line in self.read("output").splitlines())[found[1]] if found else value
        )

    def read(self, name):
        return (self.workspace / name).read_text(encoding="utf-8")


@pytest.fixture
def server(tmp_path):
    """A workspace with `python` and `evte` on the path, in which pip finds the kit and downloads nothing."""
    if shutil.which("bash") is None:
        pytest.skip("there is no bash on this machine to run the lines with")
    programs, installed = tmp_path / "bin", tmp_path / "site"
    programs.mkdir()
    for name, words in (("python", ""), ("evte", " -m conformance")):
        script = programs / name
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}"{words} "$@"\n', encoding="utf-8")
        script.chmod(0o755)
    record = installed / "evte_conformance-1.0.0.dist-info"
    record.mkdir(parents=True)
    (record / "METADATA").write_text("Metadata-Version: 2.1\nName: evte-conformance\nVersion: 1.0.0\n")
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    for name in ("output", "summary"):
        (workspace / name).touch()
    return Server(
        workspace,
        {
            **os.environ,
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": f"{installed}{os.pathsep}{ROOT}",
            "PIP_NO_INDEX": "1",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "GITHUB_OUTPUT": str(workspace / "output"),
            "GITHUB_STEP_SUMMARY": str(workspace / "summary"),
        },
    )


def check_schema(path, schema):
    """Return exit code and message of the judgement of one file."""
    done = CliRunner().invoke(check_jsonschema.main, ["--builtin-schema", schema, str(path)])
    return done.exit_code, done.output


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("github/action.yml", "vendor.github-actions"),
        ("gitlab.yml", "vendor.gitlab-ci"),
        ("azure.yml", "vendor.azure-pipelines"),
    ],
)
def test_is_valid(name, schema, tmp_path):
    """Each file is valid against the published schema of its server, and a broken one would not be."""
    assert check_schema(CI / name, schema) == (0, "ok -- validation done\n")
    broken = tmp_path / Path(name).name
    text = (CI / name).read_text(encoding="utf-8")
    broken.write_text(re.sub("(?m)^(runs|  script|steps):", r"\1: 7\nlost:", text), encoding="utf-8")
    assert check_schema(broken, schema)[0] == 1


def test_pipeline_of_jenkins_is_whole():
    """The declarative pipeline has the parts that Jenkins asks for, and every brace has its other half."""
    text = re.sub(r"'[^']*'|//.*", "", (CI / "Jenkinsfile").read_text(encoding="utf-8"))
    depth = 0
    for character in text:
        depth += {"{": 1, "}": -1}.get(character, 0)
        assert depth >= 0
    assert depth == 0
    for part in (
        "pipeline",
        "agent any",
        "stages",
        "steps",
        "post",
        "always",
        "junit",
        "recordIssues",
        "archiveArtifacts",
    ):
        assert part in text


@pytest.mark.parametrize("name", SNIPPETS)
def test_has_every_step(name):
    """Each snippet installs, runs by the plan, tells the summary, and names all that it publishes."""
    lines = [step.text for step in SNIPPETS[name]("")]
    assert sum('pip install "$EVTE_KIT"' in line for line in lines) == 1
    assert sum("evte run --plain --plan " in line for line in lines) == 1
    assert any("summary.md" in line for line in lines)
    (path,) = (
        path
        for path in CI.rglob("*")
        if name in path.relative_to(CI).as_posix().casefold() and path.is_file()
    )
    text = path.read_text(encoding="utf-8")
    for published in ("junit.xml", "report.sarif", "evte-report"):
        assert published in text


@pytest.mark.parametrize("name", SNIPPETS)
def test_passes_what_is_ready(name, server):
    """The job is green for the reference, its summary is told and its report is kept."""
    server.plan("reference")
    code, printed = server.run(SNIPPETS[name](""))
    assert code == 0, printed
    assert "## ✅ Ready" in server.told(printed)
    for kept in ("report.html", "report.sarif", "junit.xml", "results.ndjson", "manifest.json"):
        assert (server.workspace / "evte-report" / kept).is_file()


@pytest.mark.parametrize("name", [name for name in SNIPPETS if name != "github"])  # which is below
def test_fails_what_is_not_ready(name, server):
    """The job is red for an implementation that is wrong, with the exit code, and still tells and keeps."""
    server.plan(WRONG)
    code, printed = server.run(SNIPPETS[name]("ready"))
    assert code == 1, printed
    assert "## ❌ Not ready" in server.told(printed)
    assert (server.workspace / "evte-report" / "report.sarif").is_file()


def test_gate_lets_known_failures_pass(server):
    """Against a baseline that failed alike the job is green; against one that was ready it is red."""
    server.plan(WRONG)
    code, printed = server.run(github("ready"))
    assert code == 1, printed
    assert "## ❌ Not ready" in server.read("summary")
    baseline = server.workspace / "baseline"
    baseline.mkdir()
    shutil.copy(server.workspace / "evte-report" / "report.json", baseline)
    (server.workspace / "output").write_text("")
    server.plan(WRONG, 'baseline = "baseline"\n')
    code, printed = server.run(github("no-new-failures"))
    assert code == 0, printed
    assert "Every point stands as it did." in server.read("summary")


def test_plan_that_is_wrong_fails(server):
    """Without a plan the job is red with the exit code of a usage error, and no step invents a report."""
    for name in ("github", "gitlab"):
        (server.workspace / "output").write_text("")
        code, printed = server.run(SNIPPETS[name](""))
        assert code == 2, (name, printed)
        assert not (server.workspace / "evte-report").exists()
