"""The direction of imports is what CONTRIBUTING.md says it is."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "conformance"

LAYERS = {
    "__init__": 0,
    "model": 0,
    "errors": 0,
    "verdict": 1,
    "protocol": 1,
    "catalogue": 1,
    "shards": 1,
    "simulators": 2,
    "adapters": 2,
    "vectors": 2,
    "strategies": 2,
    "plan": 2,
    "reference": 3,
    "suite": 3,
    "report": 3,
    "doctor": 3,
    "inspection": 3,
    "pictures": 3,
    "signer": 4,
    "plugin": 4,
    "runner": 5,
    "replaying": 5,
    "serving": 5,
    "progress": 5,
    "notebooks": 5,
    "cli": 6,
    "__main__": 7,
}

# One-way doors between neighbours of a line, each with its reason.
DOORS = {
    ("suite", "suite"),
    ("strategies", "simulators"),  # a drawn store holds credentials that the simulated authority has issued
    ("plan", "adapters"),  # a plan states what the harness must declare, in the contract's own names
    ("replaying", "runner"),  # a stored example is tried by the main job, so that its answer is that of a run
    ("notebooks", "runner"),  # the notebooks' verdicts come from the main job, not from a second one
}


def modules():
    return sorted(
        path for path in PACKAGE.rglob("*.py") if "_data" not in path.parts and "harnesses" not in path.parts
    )


def imports(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield from (
                [f"conformance.{alias.name}" for alias in node.names]
                if node.module == "conformance"
                else [node.module or ""]
            )


def part(dotted):
    names = dotted.split(".")
    return names[1] if len(names) > 1 else "__init__"


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_point_upwards(path):
    """A module imports from lower lines or from its own part, never from below it or beside it."""
    own = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    for name in imports(path):
        if name.partition(".")[0] != "conformance":
            continue
        other = part(name)
        if other not in LAYERS:
            other = "__init__"  # a name such as `__version__`
        allowed = other == own or LAYERS[other] < LAYERS[own] or (own, other) in DOORS
        assert allowed, f"{own} must not import {name}"


@pytest.mark.parametrize(
    ("part_of", "forbidden"),
    [
        (
            "protocol",
            {"pytest", "hypothesis", "zeep", "requests", "h11", "socket", "random", "secrets", "time"},
        ),
        ("report", {"pytest", "hypothesis", "zeep"}),
        ("model", {"pytest", "lxml", "cryptography"}),
        ("verdict", {"pytest", "lxml", "random", "time"}),
    ],
)
def test_pure_parts_import_nothing_that_acts(part_of, forbidden):
    """Protocol, verdict, model and report stay free of runners, networks, clocks and dice."""
    for path in modules():
        if path.relative_to(PACKAGE).parts[0].removesuffix(".py") == part_of:
            assert not {name.partition(".")[0] for name in imports(path)} & forbidden, path


def test_every_part_has_a_layer():
    """A new module or package must be given its place."""
    assert {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in modules()} <= set(LAYERS)


def test_no_drawer_for_odds_and_ends():
    """There is no module named utils, helpers or common."""
    assert not {path.stem for path in modules()} & {"utils", "util", "helpers", "helper", "common", "misc"}
