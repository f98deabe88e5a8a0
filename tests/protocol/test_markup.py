"""XML that comes from anywhere."""

import pytest
from lxml import etree

from conformance.protocol import markup

LAUGHS = b"".join(b'<!ENTITY e%d "%s">' % (i, b"&e%d;" % (i - 1) * 10) for i in range(1, 10))


@pytest.mark.parametrize(
    "data",
    [
        b"<!DOCTYPE a><a/>",
        b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd"><a/>',
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>',
        b'<!DOCTYPE a [<!ENTITY x "y">]><a b="&x;"/>',
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e0 "ha">' + LAUGHS + b"]><a>text</a>",
        '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a><a/>'.encode("utf-16"),
    ],
)
def test_a_document_type_declaration_is_refused(data):
    """Whatever it declares, in whatever encoding."""
    with pytest.raises(markup.DocumentTypeError, match="document type declaration"):
        markup.parse(data)


def test_expanding_entities_end_the_parse():
    """Where the parser itself has to expand them, its own bound on amplification ends it."""
    data = b'<!DOCTYPE a [<!ENTITY e0 "ha">' + LAUGHS + b']><a b="&e9;"/>'
    with pytest.raises(markup.MarkupError):
        markup.parse(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"   ",
        b"no markup",
        b"<a>",
        b"<a></b>",
        b"<a b='1' b='2'/>",
        b"<a>\x00</a>",
        b"<a>&x;</a>",
        b"<a><p:b/></a>",
    ],
)
def test_what_is_not_well_formed_is_refused(data):
    """One error class, and the parser's own words."""
    with pytest.raises(markup.MarkupError, match="not well-formed"):
        markup.parse(data)


def test_size_is_bounded():
    """The bound is on bytes, before anything is parsed."""
    with pytest.raises(markup.MarkupError, match="too long"):
        markup.parse(b"<a>" + b" " * 100 + b"</a>", limit=50)


@pytest.mark.parametrize("levels", [101, 300, 100_000])
def test_depth_is_bounded(levels):
    """A hundred levels are fine and more are not, whoever notices it first."""
    markup.parse(b"<a>" * 100 + b"</a>" * 100)
    with pytest.raises(markup.MarkupError):
        markup.parse(b"<a>" * levels + b"</a>" * levels)


def test_text_is_joined_across_comments():
    """A comment put into a signed value must not cut it short."""
    element = markup.parse(b"<a>https://a<!-- x -->.example<?x y?>/z</a>")
    assert markup.text(element) == "https://a.example/z"


def test_canonical_form_is_the_exclusive_one():
    """Namespaces where they are used, attributes sorted, comments gone, empty elements with an end tag."""
    root = markup.parse(
        b'<x xmlns="u:x" xmlns:p="u:p" xmlns:q="u:q"><p:y  b="2"\na="1"><!--c--><z/></p:y>tail</x>'
    )
    assert markup.canonical(root[0]) == b'<p:y xmlns:p="u:p" a="1" b="2"><z xmlns="u:x"></z></p:y>'


def test_canonical_form_obeys_a_prefix_list():
    """Listed prefixes are written at the apex though nobody uses them; #default is the default namespace."""
    root = markup.parse(b'<x xmlns="u:x" xmlns:p="u:p" xmlns:q="u:q"><p:y/></x>')
    assert markup.canonical(root[0], inclusive_prefixes=("q",)) == b'<p:y xmlns:p="u:p" xmlns:q="u:q"></p:y>'
    assert (
        markup.canonical(root[0], inclusive_prefixes=("#default",))
        == b'<p:y xmlns="u:x" xmlns:p="u:p"></p:y>'
    )


def test_inclusive_form_takes_every_namespace_along():
    """What a client hashes that forgot the word exclusive."""
    root = markup.parse(b'<x xmlns="u:x" xmlns:q="u:q"><y/></x>')
    assert markup.inclusive_canonical(root[0]) == b'<y xmlns="u:x" xmlns:q="u:q"></y>'


@pytest.mark.parametrize(
    ("encoded", "decoded"),
    [("AAEC", b"\x00\x01\x02"), (" AA\r\nE\tC ", b"\x00\x01\x02"), ("AAE", None), ("A?EC", None), ("", b"")],
)
def test_base64_may_be_wrapped(encoded, decoded):
    """White space means nothing in it; anything else does."""
    assert markup.decode(encoded) == decoded


def test_paths_use_our_prefixes():
    """A reader finds the element whatever prefixes the document has."""
    root = markup.parse(
        b'<x:Envelope xmlns:x="http://www.w3.org/2003/05/soap-envelope"><x:Body><own/></x:Body></x:Envelope>'
    )
    assert markup.where(root[0][0]) == "s:Envelope/s:Body/own"


def test_builders_declare_what_they_use():
    """Prefixed names in, qualified elements out."""
    made = markup.element("t:KeyType", "x", {"u:Id": "1", "plain": "2"})
    assert etree.tostring(made) == (
        b'<t:KeyType xmlns:t="http://docs.oasis-open.org/ws-sx/ws-trust/200512" '
        b'xmlns:ns0="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd" '
        b'ns0:Id="1" plain="2">x</t:KeyType>'
    )
