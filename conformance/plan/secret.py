"""No file that the kit reads may hold a secret: what looks like one is refused and never repeated.

Plans, waivers and attestations are committed, mailed and copied into reports.  A password belongs into an
environment variable, of which a plan has the name.  A file whose secret is refused by mistake costs its
owner a word; one that is let pass costs a credential.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final

from conformance.plan.places import Place

_WORDS: Final = frozenset(
    {"password", "passwd", "passphrase", "passcode", "pass", "pwd", "pin", "secret", "secrets", "token"}
    | {"tokens", "apikey", "accesskey", "privatekey", "private"}
)
_WORD: Final = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+")
_NAMING: Final = ("_env", "-env", "Env")
"""Endings of keys that hold the name of an environment variable."""

_NAMES: Final = r"(?:password|passwd|passphrase|passcode|pwd|secret|token|api[-_]?key|access[-_]?key)"
# Repetitions have bounds: a long file must not take long to search.
_ANYWHERE: Final = (
    (re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----"), "a private key in PEM"),
    (
        re.compile(r"[a-z][a-z0-9+.-]{0,20}://[^\s/?#:@]{0,200}:[^\s/?#@]{1,200}@", re.IGNORECASE),
        "a password in a URL",
    ),
    (re.compile(r"\beyJ[\w-]{8,400}\.[\w-]{8}"), "a token"),
    (re.compile(r"\bBearer\s+[\w.~+/-]{16,}", re.IGNORECASE), "a token"),
)
_IN_VALUES: Final = (
    (re.compile(rf"--?{_NAMES}[ =]+[^\s-]", re.IGNORECASE), "a password on a command line"),
    (re.compile(rf"{_NAMES}=[^\s&]", re.IGNORECASE), "a password beside its name"),
)
_IN_COMMENTS: Final = (
    (re.compile(rf"^\s*[\w.-]*{_NAMES}\s*=\s*[\"'][^\"']", re.IGNORECASE), "a password in a comment"),
)
_QUOTING: Final = frozenset({"message_prefix"})
"""Keys whose text the kit wrote itself, about whatever a product said."""

_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def find(content: dict[str, Any]) -> Iterator[tuple[Place, str]]:
    """Yield the place of whatever looks like a secret, and what it looks like, in words."""
    yield from _search(content, ())


def find_in_text(text: str) -> Iterator[tuple[int, str]]:
    """Yield the line, from 1, of what looks like a secret anywhere in a file, comments included."""
    for number, line in enumerate(text.split("\n"), 1):
        for pattern, looks_like in _ANYWHERE:
            if pattern.search(line):
                yield number, looks_like
        # A `#` inside of a text is taken for the beginning of a comment too: then this errs to the safe side.
        _, _, comment = line.partition("#")
        for pattern, looks_like in _IN_COMMENTS:
            if pattern.search(comment):
                yield number, looks_like


def _search(value: Any, place: Place) -> Iterator[tuple[Place, str]]:  # noqa: ANN401 - any TOML value
    if isinstance(value, dict):
        for key, each in value.items():
            here = (*place, key)
            if key.endswith(_NAMING):
                if isinstance(each, str) and each and not _VARIABLE.fullmatch(each):
                    yield here, "no name of a variable, but perhaps the password itself"
            elif is_secret(key):
                yield here, f"a secret, by its key {key!r}"
            else:
                yield from _search(each, here)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _search(each, (*place, index))
    elif isinstance(value, str):
        patterns = _ANYWHERE if place and place[-1] in _QUOTING else (*_ANYWHERE, *_IN_VALUES)
        for pattern, looks_like in patterns:
            if pattern.search(value):
                yield place, looks_like
                return


def is_secret(key: str) -> bool:
    """Tell whether a key promises a secret: `password`, `keyPassword`, `api-key`, but not `password_env`."""
    words = [word.casefold() for word in _WORD.findall(key)]
    joined = {first + second for first, second in pairwise(words)}
    return bool(_WORDS & {*words, *joined})
