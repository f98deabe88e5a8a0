"""Make the notebooks from their scripts: `NAME.py` in percent form becomes `NAME.ipynb` with its outputs.

    python notebooks/build.py                make all of them, by running each from top to bottom
    python notebooks/build.py 04             only those whose name begins so
    python notebooks/build.py --check        say which notebooks are not those of their scripts; run nothing

The script is what people write and review.  Nothing in a notebook tells when or on which machine it was
made: cell ids come from headings, there are no time stamps, and the version of Python is left out.
"""

import argparse
import os
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any, Final

import jupytext
import nbformat
from nbclient import NotebookClient

FOLDER: Final = Path(__file__).parent
CELL_TIMEOUT: Final = 120
"""Seconds that one cell may take."""

_METADATA: Final = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
}
_NUMBERED: Final = "[0-9][0-9]_*"
_SET_BY_READERS: Final = ("EVTE_IUT", "EVTE_LAB", "HYPOTHESIS_PROFILE", "EVTE_HYPOTHESIS_PROFILE")


def scripts(beginnings: tuple[str, ...] = ()) -> list[Path]:
    """Return the scripts of all notebooks, or of those whose name begins in one of the given ways."""
    found = sorted(FOLDER.glob(f"{_NUMBERED}.py"))
    return [path for path in found if not beginnings or path.name.startswith(beginnings)]


def read(script: Path) -> nbformat.NotebookNode:
    """Return the notebook of a script, not run, with metadata and cell ids that depend on nothing else."""
    notebook = jupytext.reads(script.read_text(encoding="utf-8"), fmt="py:percent")
    notebook.metadata = nbformat.from_dict(_METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    used: Counter[str] = Counter()
    section = "top"
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and (heading := re.search(r"^#+ (.+)$", cell.source, re.MULTILINE)):
            section = re.sub(r"[^a-z0-9]+", "-", heading[1].lower()).strip("-")[:40]
        used[section] += 1
        cell.id = f"{section}-{used[section]}"
        cell.metadata = nbformat.from_dict({"tags": tags} if (tags := cell.metadata.get("tags")) else {})
    return notebook


def run(notebook: nbformat.NotebookNode) -> None:
    """Run a notebook in place, in a fresh kernel in this folder.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell failed.
    """
    for name in _SET_BY_READERS:
        os.environ.pop(name, None)
    # Hypothesis writes beside where it runs; here that would be beside the notebooks, and travel with them.
    os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(FOLDER.parent / ".hypothesis"))
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        kernel_name="python3",
        resources={"metadata": {"path": str(FOLDER)}},
        record_timing=False,
    )
    client.execute()
    notebook.metadata = nbformat.from_dict(_METADATA)
    for cell in notebook.cells:
        _refuse_noise(cell)


def _refuse_noise(cell: Any) -> None:
    """Refuse a cell that wrote to standard error: warnings differ from one version of Python to the next."""
    for output in cell.get("outputs", ()):
        if output.get("name") == "stderr":
            raise ValueError(f"a cell wrote to standard error: {output['text']}\n{cell.source}")


def differences(script: Path) -> list[str]:
    """Return in which ways the notebook beside a script is not the script's; nothing when they agree."""
    path = script.with_suffix(".ipynb")
    if not path.exists():
        return [f"{path.name} is missing"]
    wanted, found = read(script), nbformat.read(path, as_version=4)
    problems = []
    if len(wanted.cells) != len(found.cells):
        problems.append(f"{path.name} has {len(found.cells)} cells, its script has {len(wanted.cells)}")
    for number, (one, other) in enumerate(zip(wanted.cells, found.cells, strict=False), start=1):
        if (one.cell_type, one.source, one.id) != (other.cell_type, other.source, other.id):
            problems.append(f"{path.name}, cell {number}: not as in {script.name}")
        elif other.cell_type == "code" and other.execution_count is None:
            problems.append(f"{path.name}, cell {number}: was not run")
    return problems


def main() -> int:
    """Make or check the notebooks; return the exit status."""
    parser = argparse.ArgumentParser(description="Make the notebooks from their scripts.")
    parser.add_argument("beginnings", metavar="NAME", nargs="*", help="only those whose name begins so")
    parser.add_argument("--check", action="store_true", help="compare scripts and notebooks, run nothing")
    arguments = parser.parse_args()
    chosen = scripts(tuple(arguments.beginnings))
    if not chosen:
        parser.error("there is no such script")
    if arguments.check:
        problems = [problem for script in chosen for problem in differences(script)]
        print("\n".join(problems) or f"{len(chosen)} notebooks agree with their scripts")
        return 1 if problems else 0
    for script in chosen:
        notebook = read(script)
        run(notebook)
        target = script.with_suffix(".ipynb")
        target.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8", newline="\n")
        print(target.name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
