"""What may change in any style's message without a change of our verdict."""

import random
from xml.parsers import expat

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from conformance.protocol import soap

SIGNED = ["metro-cloud", "php-1-cloud", "php-2", "wcf-cloud", "julia", "sbr"]
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"

several = settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
"""The services keep nothing that a message's judgement depends on, besides ids that were seen."""


def judged(services, posted, body):
    """Codes with severities, and what was understood, of a message with another body."""
    services.sts.message_ids.clear()
    _, exchange = services.post(type(posted)(body, posted.media_type, posted.path, posted.headers))
    codes = {
        (found.code, found.severity)
        for found in exchange.judgement.findings
        # One service judges the message many times.
        if found.code != "sts.relationship_id_reused"
    }
    return codes, exchange.facts.request, exchange.facts.signer.verified


def written(root):
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def with_children_shuffled(data, local, chance):
    """The bytes with the children of the first element of that local name in another order.

    Bytes are moved, because lxml rewrites the prefixes of an element that it moves.
    """
    parser = expat.ParserCreate(namespace_separator=" ")
    path, spans, inside = [], [], []

    def start(name, attributes):
        if inside and len(path) == inside[0]:
            spans.append([parser.CurrentByteIndex, 0])
        path.append(name)
        if not spans and not inside and name.rpartition(" ")[2] == local:
            inside.append(len(path))

    def end(name):
        path.pop()
        if spans and len(path) == inside[0]:
            # Where the end tag begins; of an empty element, where it is over.
            place = parser.CurrentByteIndex
            spans[-1][1] = data.index(b">", place) + 1 if data[place : place + 2] == b"</" else place
        elif inside and len(path) < inside[0]:
            inside[0] = -1

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.Parse(data, True)
    pieces = [data[begin:stop] for begin, stop in spans]
    chance.shuffle(pieces)
    made, last = b"", 0
    for (begin, stop), piece in zip(spans, pieces, strict=True):
        made += data[last:begin] + piece
        last = stop
    return made + data[last:]


def renamed(element, chance):
    """A copy of a subtree with other prefixes; those of its ancestors stay in scope."""
    namespaces = sorted({etree.QName(inner).namespace or "" for inner in element.iter(etree.Element)} - {""})
    for inner in element.iter(etree.Element):
        for name in inner.attrib:
            if name.startswith("{"):
                namespaces.append(etree.QName(name).namespace)
    nsmap = {
        f"p{chance.randrange(10**6)}x{count}": name for count, name in enumerate(dict.fromkeys(namespaces))
    }

    def copied(old, parent):
        if parent is None:
            new = etree.Element(old.tag, nsmap=nsmap)
        else:
            new = etree.SubElement(parent, old.tag)
        pairs = list(old.attrib.items())
        chance.shuffle(pairs)
        for name, value in pairs:
            new.set(name, value)
        new.text, new.tail = old.text, old.tail
        for inner in old.iterchildren(etree.Element):
            copied(inner, new)
        return new

    return copied(element, None)


def test_children_are_moved_as_they_are():
    """The bytes of each child stay together, and what is between them stays where it was."""
    data = b'<a><x:b xmlns:x="urn:x"><c/> <d y=">">1</d>-<e></e></x:b><c>2</c></a>'
    seen = {with_children_shuffled(data, "b", random.Random(seed)) for seed in range(30)}
    assert len(seen) == 6
    assert b'<a><x:b xmlns:x="urn:x"><e></e> <c/>-<d y=">">1</d></x:b><c>2</c></a>' in seen


@pytest.mark.parametrize("style", SIGNED)
@several
@given(seed=st.integers(0, 2**32))
def test_any_order_of_children_is_understood(services, style, seed):
    """Of the request, of SecondaryParameters, of the headers: same findings, same facts."""
    chance = random.Random(seed)
    posted = services.made(style)
    data = posted.body
    for local in ("SecondaryParameters", "RequestSecurityToken", "Header"):
        data = with_children_shuffled(data, local, chance)
    assert sorted(data) == sorted(posted.body)
    assert judged(services, posted, data) == judged(services, posted, posted.body)


@pytest.mark.parametrize("style", SIGNED)
@several
@given(seed=st.integers(0, 2**32))
def test_prefixes_and_white_space_outside_the_signed_parts_mean_nothing(services, style, seed):
    """The Body with other prefixes, attributes shuffled, blanks between the headers: the same again."""
    chance = random.Random(seed)
    posted = services.made(style)
    before = judged(services, posted, posted.body)
    root = etree.fromstring(posted.body)
    body = root[1]
    body.replace(body[0], renamed(body[0], chance))
    for element in (root, root[0], next(root.iter(f"{{{WSSE}}}Security"))):
        element.text = chance.choice(["", " ", "\n\t"])
        for inner in element:
            inner.tail = chance.choice(["", " ", "\n\t"])
    data = written(root)
    assert soap.read(data).payload is not None
    assert judged(services, posted, data) == before
