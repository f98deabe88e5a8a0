"""Passwords that somebody put into the SPEC of an implementation: they belong into no report.

A harness takes its settings as it likes, and `cmd:./harness --db-password …` is how some take them.
"""

import re
from typing import Final
from urllib.parse import unquote

_URL: Final = re.compile(r"[a-z][a-z0-9+.-]{0,20}://[^\s/?#:@]{0,200}:([^\s/?#@]{1,200})@", re.IGNORECASE)
_NAMES: Final = r"(?:password|passwd|passphrase|passcode|pwd|secret|token|api[-_]?key|access[-_]?key)"
_VALUE: Final = r"(\"[^\"]{1,400}\"|'[^']{1,400}'|[^\s\"'&]{1,400})"
_ASSIGNED: Final = re.compile(rf"{_NAMES}\s*[=:]\s*{_VALUE}", re.IGNORECASE)
_OPTION: Final = re.compile(rf"(?<!\S)--?[\w-]{{0,40}}{_NAMES}\s+{_VALUE}", re.IGNORECASE)


def secrets_in(spec: str) -> dict[str, str]:
    """Return what looks like a password in a SPEC, by what it is in words.

    Args:
        spec: `cmd:COMMAND LINE`, an address, or another form.
    """
    found: dict[str, None] = {}
    for value in (*_URL.findall(spec), *_ASSIGNED.findall(spec), *_OPTION.findall(spec)):
        for form in (value.strip("\"'"), unquote(value.strip("\"'"))):
            if not form.startswith("-"):  # the next option, and no value
                found[form] = None
    return {f"a password in --iut ({number})": secret for number, secret in enumerate(found, 1)}
