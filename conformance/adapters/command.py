"""The command line of `cmd:COMMAND LINE`: split into words and never given to a shell; and the way back."""

import os
import shlex
import subprocess
from collections.abc import Sequence
from typing import Final

from conformance.errors import OperatorError

WINDOWS: Final = os.name == "nt"


def split_words(line: str, *, windows: bool = WINDOWS) -> list[str]:
    r"""Return the words of a command line.

    Blanks separate words.  Elsewhere than on Windows the rules are those of a POSIX shell: both kinds of
    quotes, and the backslash takes the meaning of the next character away.  On Windows only double quotes
    group and a backslash is always a backslash, so that `C:\kit\harness.exe` survives, even at the end of
    a quotation.  Variables, wildcards, pipes and redirections mean nothing anywhere.

    Raises:
        OperatorError: a quotation is not closed, or there are no words.
    """
    try:
        words = _windows_words(line) if windows else shlex.split(line)
    except ValueError as problem:
        raise OperatorError(
            "the command line of the harness cannot be split into words",
            found=f"{line!r}: {problem}",
            advice="close every quotation; quote each word that has a blank inside",
        ) from problem
    if not words:
        raise OperatorError(
            "no command line was given",
            expected="cmd:COMMAND LINE, for instance cmd:node harness.mjs",
            found=f"cmd:{line}",
        )
    return words


def join_words(words: Sequence[str], *, windows: bool = WINDOWS) -> str:
    """Return words as one line, quoted for the shell of the platform.

    `split_words` makes the same words of it, unless one holds a double quote and the platform is Windows.
    """
    return subprocess.list2cmdline(words) if windows else shlex.join(words)


def _windows_words(line: str) -> list[str]:
    words: list[str] = []
    word: str | None = None
    quoted = False
    for character in line:
        if character == '"':
            quoted = not quoted
            word = word or ""
        elif character.isspace() and not quoted:
            if word is not None:
                words.append(word)
            word = None
        else:
            word = (word or "") + character
    if quoted:
        raise ValueError("No closing quotation")
    return words if word is None else [*words, word]
