"""Bodies are laid out for reading without changing what they say."""

from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.model import Finding
from conformance.report.transcript import BODY_LIMIT, lay_out, show


def test_lays_out_one_line_of_xml():
    """Each element starts a line, text stays between its tags."""
    assert lay_out('<?xml version="1.0"?><a><b x="1">text</b><c/><d></d></a>').splitlines() == [
        '<?xml version="1.0"?>',
        "<a>",
        '  <b x="1">text</b>',
        "  <c/>",
        "  <d></d>",
        "</a>",
    ]


def test_leaves_laid_out_text_alone():
    """What has lines already, or is no XML, stays as it is."""
    for text in ("<a>\n\n\n<b/></a>", '{"a":1}', "", "plain"):
        assert lay_out(text) == text


@given(st.text(st.sampled_from("<>/ab \"='!?-"), max_size=40).map(lambda text: "<" + text))
@settings(max_examples=100, deadline=None)
def test_changes_nothing_but_blanks(text):
    """Whatever is cut at its tags, only blanks and line breaks are added or moved."""
    assert "".join(lay_out(text).split()) == "".join(text.split())


def test_marks_what_a_finding_names():
    """The words that a judge objects to are marked with the finding's number."""
    body = show("<m>rsa-sha1</m>", [Finding(code="a.b", message="wrong", actual="rsa-sha1")])
    assert body.text == '&lt;m&gt;<mark class="bad">rsa-sha1<sup>1</sup></mark>&lt;/m&gt;'


CERTIFICATE = "MIIE" + "b64+" * 60 + "u4=="


def test_shortens_base64_that_nobody_reads():
    """A certificate keeps its beginning and its end, and what is missing is told."""
    body = show(f"<c>{CERTIFICATE}</c>", [])
    assert body.text == ("&lt;c&gt;MIIEb64+b64+b64+b64+b64+b64+b64+ … 200 more … b64+b64+b64+u4==&lt;/c&gt;")
    assert (body.shortened, body.whole) == (True, True)


def test_keeps_base64_that_a_finding_speaks_of():
    """What a judge objects to is shown and marked, however long it is."""
    body = show(f"<c>{CERTIFICATE}</c>", [Finding(code="a.b", message="wrong", actual="64+b64+u4==")])
    assert not body.shortened
    assert '<mark class="bad">64+b64+u4==<sup>1</sup></mark>' in body.text


def test_cuts_what_is_too_long():
    """A long body is cut and says so."""
    body = show("x " * (BODY_LIMIT // 2 + 1), [])
    assert not body.whole
    assert len(body.text) < BODY_LIMIT + 100
