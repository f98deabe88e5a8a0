"""What must hold: requirements as data, one TOML file per capability, and the frozen profiles.

A requirement is either checked by something or excluded because of something; there is no third state.
A profile is a list of requirement ids under an edition.  Checks written later run and are reported, but
they count for nobody until an edition takes them in on purpose.
"""

import hashlib
import tomllib
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from conformance.errors import KitError, OperatorError
from conformance.model import Profile, Question, Requirement

T = TypeVar("T")

FOLDER: Final = Path(__file__).parent
_PROFILES: Final = "profiles.toml"
_QUESTIONS: Final = "questions.toml"


@cache
def requirements() -> dict[str, Requirement]:
    """Return every requirement by id, in the order of the files and of the rows in them.

    Raises:
        KitError: a file is not a catalogue, an id stands twice, or a requirement is neither checked
            nor excluded, or both.
    """
    found: dict[str, Requirement] = {}
    for path in _files():
        for identifier, row in _table(path).items():
            try:
                requirement = msgspec.convert({"id": identifier, **row}, Requirement)
            except (msgspec.ValidationError, TypeError) as error:
                raise KitError(f"{identifier} is not a requirement: {error}", where=path.name) from error
            if identifier in found:
                raise KitError(f"requirement {identifier} stands twice", where=path.name)
            if bool(requirement.checked_by) == bool(requirement.excluded):
                raise KitError(f"{identifier} must say either checked_by or excluded", where=path.name)
            if "any" not in requirement.mend and not requirement.excluded:
                raise KitError(f"{identifier} has no remediation for any language", where=path.name)
            found[identifier] = requirement
    return found


@cache
def profiles() -> dict[str, Profile]:
    """Return every profile by name.

    `extends` in the file takes another profile's ids in first; the ids of a profile are unique.

    Raises:
        KitError: a profile names a requirement that does not exist or is excluded.
    """
    table = _table(FOLDER / _PROFILES)
    known = requirements()
    asked = questions()
    found: dict[str, Profile] = {}
    for name, raw in table.items():
        row = dict(raw)
        inherited = found[row.pop("extends")].requirements if "extends" in row else ()
        without = frozenset(row.pop("without", ()))
        own = tuple(row.pop("requirements"))
        ids = tuple(dict.fromkeys((*(i for i in inherited if i not in without), *own)))
        for identifier in (*ids, *without):
            if identifier not in known or known[identifier].excluded:
                raise KitError(
                    f"profile {name} names {identifier}, which no check stands for", where=_PROFILES
                )
        for question in row.get("questions", ()):
            if question not in asked:
                raise KitError(f"profile {name} asks {question}, which is no question", where=_PROFILES)
        found[name] = msgspec.convert({"name": name, "requirements": ids, **row}, Profile)
    return found


@cache
def questions() -> dict[str, Question]:
    """Return every question that a person must answer for, by id, in the order of the file.

    Raises:
        KitError: the file is not a list of questions.
    """
    found: dict[str, Question] = {}
    for identifier, row in _table(FOLDER / _QUESTIONS).items():
        try:
            found[identifier] = msgspec.convert({"id": identifier, **row}, Question)
        except (msgspec.ValidationError, TypeError) as error:
            raise KitError(f"{identifier} is not a question: {error}", where=_QUESTIONS) from error
    return found


def requirement(identifier: str) -> Requirement:
    """Return one requirement.

    Raises:
        OperatorError: there is none of that id; the nearest ids are named.
    """
    return _find(identifier, requirements(), "requirement", "evte catalogue")


def profile(name: str) -> Profile:
    """Return one profile.

    Raises:
        OperatorError: there is none of that name; the nearest and all names are given.
    """
    return _find(name, profiles(), "profile", "evte catalogue --profiles")


def question(identifier: str) -> Question:
    """Return one question.

    Raises:
        OperatorError: there is none of that id; the nearest and the command that lists them are named.
    """
    return _find(identifier, questions(), "question", "evte attest --list")


def digest() -> str:
    """Return `sha256:…` over every catalogue file, line ends normalised."""
    total = hashlib.sha256()
    for path in (*_files(), FOLDER / _PROFILES, FOLDER / _QUESTIONS):
        total.update(path.name.encode() + b"\0" + path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return f"sha256:{total.hexdigest()}"


def _find(name: str, among: dict[str, T], kind: str, command: str) -> T:
    if name in among:
        return among[name]
    near = get_close_matches(name, among, n=3, cutoff=0.5) or get_close_matches(name.upper(), among, n=3)
    raise OperatorError(
        f"there is no {kind} {name!r}",
        expected=f"one of {', '.join(among)}" if len(among) <= 8 else f"an id as `{command}` lists them",
        found=repr(name),
        advice=f"did you mean {' or '.join(near)}?" if near else f"run `{command}`",
    )


def _files() -> list[Path]:
    return sorted(path for path in FOLDER.glob("*.toml") if path.name not in {_PROFILES, _QUESTIONS})


def _table(path: Path) -> dict[str, dict[str, Any]]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise KitError(f"the catalogue file cannot be read: {error}", where=path.name) from error
