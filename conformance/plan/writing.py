"""Texts as TOML writes them, in files that people are going to edit."""


def quoted(text: str) -> str:
    r"""Return a text as a basic string of TOML, on one line.

    Everything that a reader could not see is written as an escape, `\u202E`, so that nobody edits what is
    not what it looks like.  Half of a surrogate pair, which TOML cannot hold, becomes U+FFFD.
    """
    return '"' + "".join(map(_escaped, text)) + '"'


_SHORT = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def _escaped(character: str) -> str:
    if character in _SHORT:
        return _SHORT[character]
    code = ord(character)
    if 0xD800 <= code <= 0xDFFF:
        return "\\uFFFD"
    if character.isprintable():
        return character
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"
