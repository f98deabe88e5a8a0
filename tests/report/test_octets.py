"""The bytes behind a finding are shown sixteen to a line."""

import base64

from conformance.report.octets import dump


def encoded(content):
    return base64.b64encode(content).decode("ascii")


def test_shows_place_bytes_and_letters():
    """Each line has the place of its first byte, the bytes in hex, and what of them can be read."""
    assert dump(encoded(b"<ds:Reference>\n\xc3\xa9x")).text.splitlines() == [
        "0000  3c 64 73 3a 52 65 66 65  72 65 6e 63 65 3e 0a c3  <ds:Reference>..",
        "0010  a9 78                                             .x",
    ]


def test_tells_what_is_not_shown():
    """A dump ends at its limit and says how many bytes follow."""
    dumped = dump(encoded(b"a" * 40), 32)
    assert len(dumped.text.splitlines()) == 2
    assert (dumped.size, dumped.unshown) == (40, 8)


def test_takes_base64_in_lines():
    """Line breaks inside base64 do not matter."""
    assert dump("YWJj\nZGVm").size == 6


def test_what_is_no_base64_is_no_dump():
    """An edited report may say anything; nothing is made of it."""
    for text in ("not base64!", "YWJ", "\u202eYWJj", "Y\x00Jj"):
        assert dump(text) is None
