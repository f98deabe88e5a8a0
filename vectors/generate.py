"""Regenerate what in this folder is made from code, byte for byte.

That is the JSON Schema of the format, the page on the operations of the registry, and the credential stores
that vectors name as their `file`.

    python vectors/generate.py            # write
    python vectors/generate.py --check    # exit 1 if a file differs from what would be written

The vectors themselves are written by hand; the kit's tests recompute each of them in two independent ways.
"""

import sys
from datetime import datetime
from pathlib import Path

from conformance import vectors
from conformance.adapters import product_form
from conformance.simulators.authority import Authority
from conformance.simulators.recipes import materialise

FOLDER = Path(__file__).resolve().parent
OPERATIONS_PAGE = "usi/OPERATIONS.md"


def made() -> dict[Path, bytes]:
    """Return every generated file with its content."""
    return {
        FOLDER / vectors.SCHEMA_FILE: vectors.schema(),
        FOLDER / OPERATIONS_PAGE: product_form.page().encode(),
        **stores(),
    }


def stores() -> dict[Path, bytes]:
    """Return the file of every case that has a recipe, made for the moment that the case calls `now`."""
    found: dict[Path, bytes] = {}
    recipes: dict[str, object] = {}
    for name in vectors.files():
        for case in vectors.load(name).cases:
            if "recipe" not in case.input:
                continue
            file, recipe = case.input["file"], case.input["recipe"]
            assert recipes.setdefault(file, recipe) == recipe, f"{case.id}: another recipe makes {file}"
            if FOLDER / file not in found:
                moment = datetime.fromisoformat(case.input["now"])
                found[FOLDER / file] = materialise(recipe, Authority(moment), moment)
    return found


def main(arguments: list[str]) -> int:
    """Write the generated files, or with `--check` say which differ.  Returns the exit code."""
    contents = made()
    stale = [path for path, content in contents.items() if not path.is_file() or path.read_bytes() != content]
    for path in stale:
        if "--check" in arguments:
            print(f"{path.relative_to(FOLDER).as_posix()} differs from what is generated", file=sys.stderr)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(contents[path])
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
