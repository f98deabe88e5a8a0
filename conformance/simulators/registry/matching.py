"""When the registry takes two texts for the same.

Hyphens, apostrophes, blanks and their number count; a settings field says of case and of accents whether
they do.  Whether an accent is a code point of its own never counts: nothing is known about it, and a product
cannot always choose.
"""

import unicodedata

from conformance.simulators.registry.settings import RegistrySettings


def same(one: str, other: str, settings: RegistrySettings) -> bool:
    """Tell whether two names are the same to the registry."""
    if one == other:
        return True
    case, accents = settings.case_folded, settings.accents_folded
    return folded(one, case=case, accents=accents) == folded(other, case=case, accents=accents)


def key(text: str) -> str:
    """Return what names are looked up by: the same for any two that some settings take for the same."""
    return folded(text, case=True, accents=True)


def folded(text: str, *, case: bool, accents: bool) -> str:
    """Return a text without the differences that do not count.

    Args:
        text: a name.
        case: whether upper and lower case are made the same.
        accents: whether marks on letters are taken off.
    """
    if text.isascii():
        return text.casefold() if case else text
    text = unicodedata.normalize("NFC", text)
    if case:
        text = unicodedata.normalize("NFC", text.casefold())
    if accents:
        apart = unicodedata.normalize("NFD", text)
        text = unicodedata.normalize("NFC", "".join(c for c in apart if not unicodedata.combining(c)))
    return text
