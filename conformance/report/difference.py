"""What differs between what was expected and what was answered, word by word."""

import re
from difflib import SequenceMatcher
from typing import Final

from markupsafe import Markup

from conformance.report.text import shown

_WORD: Final = re.compile(r"\w+|\s+|[^\w\s]")
_MOST: Final = 1_500
"""Characters beyond which no marks are made: comparing takes quadratic time and helps nobody."""
_SHOWN: Final = 1_000
"""Characters of a text without marks."""
_ALIKE: Final = 0.45
"""Share of common words below which two texts are simply different and marks would be confetti."""


def compare(expected: str, actual: str) -> tuple[Markup, Markup]:
    """Return both texts for HTML, what only the first has in `<ins>`, what only the second has in `<mark>`.

    Words of equal length are compared letter by letter, so that one wrong letter of a USI or of a digest
    stands out.  Texts that are long, equal or too different come back without marks.
    """
    if max(len(expected), len(actual)) > _MOST or expected == actual or not (expected and actual):
        return shown(expected, _SHOWN), shown(actual, _SHOWN)
    left, right = _WORD.findall(expected), _WORD.findall(actual)
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    if max(len(left), len(right)) > 1 and matcher.ratio() < _ALIKE:
        return shown(expected, _SHOWN), shown(actual, _SHOWN)
    ours, theirs = [], []
    for kind, a, b, c, d in matcher.get_opcodes():
        removed, added = "".join(left[a:b]), "".join(right[c:d])
        if kind == "equal":
            ours.append(shown(removed))
            theirs.append(shown(added))
        elif len(removed) == len(added) and _letters_alike(removed, added):
            marked = _letters(removed, added)
            ours.append(marked[0])
            theirs.append(marked[1])
        else:
            ours.append(_wrapped("ins", removed))
            theirs.append(_wrapped("mark", added))
    return Markup("").join(ours), Markup("").join(theirs)


def _letters_alike(left: str, right: str) -> bool:
    same = sum(a == b for a, b in zip(left, right, strict=True))
    return same * 2 >= len(left)


def _letters(left: str, right: str) -> tuple[Markup, Markup]:
    ours, theirs = [], []
    for kind, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if kind == "equal":
            ours.append(shown(left[a:b]))
            theirs.append(shown(right[c:d]))
        else:
            ours.append(_wrapped("ins", left[a:b]))
            theirs.append(_wrapped("mark", right[c:d]))
    return Markup("").join(ours), Markup("").join(theirs)


def _wrapped(tag: str, text: str) -> Markup:
    return Markup(f"<{tag}>{shown(text)}</{tag}>") if text else Markup("")  # noqa: S704 - shown escapes
