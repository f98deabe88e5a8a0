"""Strangers' text inside GitHub-flavoured Markdown, so that it stays text.

Markdown has no escape for everything: a backslash stops emphasis but neither a mention nor a link that
GitHub finds by itself.  A character reference stops all of them, since references are resolved after
the structure is known.
"""

import re
from typing import Final

from conformance.report.text import one_line

_SPECIAL: Final = re.compile(
    r"[&<>*`\[\]|\\~@$]"
    r"|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])"  # within a word it is no emphasis
    r"|#(?=\d)"  # the number of an issue
    r"|:(?=//|[\w+-]+:)|(?<=\bwww)\."  # an address, an emoji
)


def prose(text: str, limit: int = 300) -> str:
    """Return ``text`` on one line, with everything that Markdown or GitHub would act on as a reference.

    It is meant for the inside of a line: at its beginning a hyphen or a number still begins a list.
    """
    return _SPECIAL.sub(lambda found: f"&#{ord(found[0])};", one_line(text, limit))


def code(text: str, limit: int = 200, *, in_table: bool = True) -> str:
    """Return ``text`` on one line as a code span; look-alike letters get their code points.

    Args:
        text: anything; empty gives an empty string, since an empty span cannot be written.
        limit: characters kept.
        in_table: whether it stands in a table, where even in code a bar ends the cell.
    """
    line = one_line(text, limit, look_alikes=True)
    if not line:
        return ""
    if in_table:
        line = line.replace("|", "\\|")
    longest = max((len(run) for run in re.findall("`+", line)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{pad}{line}{pad}{fence}"
