"""Ids that select no credential: expressions, any text at all, and near misses of a real id."""

from typing import Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

# What closes a quotation, a condition, a path or a query in the languages that readers put ids into.
_FRAGMENTS: Final = (
    *("'", '"', "''", '""', "`", "\\", "\\'", "]", "[1]", ")", "(", "|", "//", "/", "..", "../", "@id", "*"),
    *("' or '1'='1", '" or "1"="1', "'] | //*[@id!='", '"] | //*[@id!="', "' or true() or '", "or 1=1"),
    *("concat('a',\"'\")", "%00", "\0", "\n", "\r\n", "\t", "&amp;", "&#39;", "<!--", "]]>", "{0}", "${x}"),
    *("%s", "%27", ";", "--", "$", "#", "C:\\", "file:///", "\x1b[31m", "\x7f", "\u2028", "\ufeff", "\u202e"),
)

# Characters beside which an id is another one, and which readers strip, cut at or do not see.
_UNSEEN: Final = ("\0", " ", "\t", "\n", "\r\n", "\u00a0", "\u200b", "\ufeff", "\u00ad", "\u2060", "/", ";")


def aliases(*known: str) -> SearchStrategy[str]:
    """Texts that are none of the given ids: quotes, expressions, paths, control characters, any text.

    Differences of case and of compatible characters are left to `near_aliases`.  There are no lone
    surrogates, which have no form in UTF-8.

    Args:
        known: ids of the store; parts of them come up inside the texts.
    """
    fragments = st.sampled_from(_FRAGMENTS)
    if not known:
        composed = st.lists(fragments | st.text(max_size=8), min_size=1, max_size=4).map("".join)
        return st.one_of(fragments, composed, st.text(max_size=60))
    real = st.sampled_from(known)
    return st.one_of(
        fragments,
        st.builds("{}{}".format, fragments, real),
        st.builds("{}{}".format, real, fragments),
        st.lists(fragments | real | st.text(max_size=8), min_size=1, max_size=4).map("".join),
        st.text(max_size=60),
    ).filter(lambda text: text not in known)


def near_aliases(alias: str, *, but: tuple[str, ...] = ()) -> SearchStrategy[str]:
    """Texts that differ from an id by little: a character more, less or other, or one that looks the same.

    The case of letters stays as it is, since ids that differ in nothing else are a rule of their own.

    Args:
        alias: the id to miss, not empty.
        but: other ids of the store, which are not wanted.

    Raises:
        ValueError: `alias` is empty.
    """
    if not alias:
        raise ValueError("an empty id has no near misses")
    places = st.integers(0, len(alias) - 1)
    return st.one_of(
        st.builds(lambda at: alias[:at] + alias[at + 1 :], places),
        st.builds(lambda at, new: alias[:at] + new + alias[at + 1 :], places, st.sampled_from("0129XYZ_:-.")),
        st.builds(lambda at, new: alias[:at] + new + alias[at:], places, st.sampled_from(_UNSEEN)),
        st.sampled_from(_UNSEEN).map(lambda end: alias + end),
        st.sampled_from(_UNSEEN).map(lambda start: start + alias),
        st.builds(lambda at: alias[:at] + _wide(alias[at]) + alias[at + 1 :], places),
        st.integers(1, len(alias)).map(lambda size: alias[:-size]),
        st.just(alias.partition(":")[2]),
        st.just(alias.partition("_")[2]),
        st.just(alias + alias),
    ).filter(lambda text: text not in (alias, *but) and text.casefold() != alias.casefold())


def _wide(character: str) -> str:
    """Return the full-width form of a printable ASCII character, which NFKC folds back."""
    return chr(ord(character) + 0xFEE0) if "!" <= character <= "~" else character
