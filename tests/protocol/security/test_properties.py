"""What must never change the verdict, and what must always change it."""

import hashlib
import random
import re
from base64 import b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from lxml import etree

from conformance.protocol import markup, names

UNSIGNED_PARTS = ("s:Body", "a:MessageID", "a:ReplyTo")

prefixes = st.lists(
    st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,6}", fullmatch=True).filter(
        lambda name: not name.lower().startswith("xml")
    ),
    min_size=9,
    max_size=9,
    unique=True,
)


def rewritten(element, nsmap=None, shuffle=None):
    """A copy of a tree with other prefixes and, if asked, its attributes in another order."""

    def copy(old, parent):
        declared = nsmap if nsmap is not None else old.nsmap
        if parent is None:
            made = etree.Element(old.tag, nsmap=declared)
        else:
            made = etree.SubElement(parent, old.tag, nsmap=None if nsmap is not None else declared)
        attributes = list(old.attrib.items())
        if shuffle is not None:
            shuffle.shuffle(attributes)
        for name, value in attributes:
            made.set(name, value)
        made.text, made.tail = old.text, old.tail
        for inner in old.iterchildren(etree.Element):
            copy(inner, made)
        return made

    return copy(element, None)


def namespaces(element):
    """Every namespace of a tree, in order of appearance."""
    found = {}
    for inner in element.iter(etree.Element):
        for name in (inner.tag, *inner.attrib):
            if name.startswith("{"):
                found[name[1:].partition("}")[0]] = None
    return list(found)


@settings(max_examples=25)
@given(chosen=prefixes)
def test_prefixes_mean_nothing(hops, chosen):
    """Whatever prefixes a client binds before it signs, the request is accepted."""
    plain = hops.unsigned()
    nsmap = dict(zip(chosen, namespaces(plain), strict=False))
    judgement, facts = hops.judge_signed(markup.serialize(hops.sign(rewritten(plain, nsmap))))
    assert judgement.findings == ()
    assert facts.verified


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32))
def test_the_order_of_attributes_means_nothing(hops, seed):
    """Canonicalisation sorts them, inside the signed parts too."""
    root = markup.parse(hops.request())
    shuffled = rewritten(root, shuffle=random.Random(seed))
    judgement, facts = hops.judge_signed(markup.serialize(shuffled))
    assert judgement.findings == ()
    assert facts.verified


@settings(max_examples=25)
@given(data=st.data())
def test_white_space_outside_the_signed_parts_means_nothing(hops, data):
    """Between headers, between the children of the Body, inside base64."""
    blanks = st.text(" \t\n", max_size=5)
    root = markup.parse(hops.request())
    for name in ("s:Envelope", "s:Header", "o:Security", "s:Body", "t:RequestSecurityToken", "ds:KeyInfo"):
        element = next(root.iter(names.tag(name)))
        element.text = data.draw(blanks)
        for inner in element:
            inner.tail = data.draw(blanks)
    for name in ("o:BinarySecurityToken", "ds:SignatureValue"):
        element = next(root.iter(names.tag(name)))
        cut = data.draw(st.integers(0, len(element.text)))
        element.text = element.text[:cut] + data.draw(blanks) + element.text[cut:]
    judgement, facts = hops.judge_signed(markup.serialize(root))
    assert judgement.findings == ()
    assert facts.verified


@settings(max_examples=100)
@given(
    part=st.sampled_from(["u:Timestamp", "a:To", "ds:SignedInfo"]),
    at=st.floats(0, 1),
    byte=st.integers(0, 255),
)
def test_a_changed_byte_of_a_signed_part_is_always_noticed(hops, part, at, byte):
    """Unless it leaves the canonical form as it was, the message is no longer accepted."""
    message = hops.request()
    local = part.partition(":")[2]
    begin, end = re.search(
        rb"<\w+:%s[ >].*?</\w+:%s>" % (local.encode(), local.encode()), message, re.DOTALL
    ).span()
    place = begin + min(int(at * (end - begin)), end - begin - 1)
    changed = message[:place] + bytes((byte,)) + message[place + 1 :]
    before = {name: markup.canonical(next(markup.parse(message).iter(names.tag(name)))) for name in (part,)}
    try:
        root = markup.parse(changed)
    except markup.MarkupError:
        return
    found = next(root.iter(names.tag(part)), None)
    assume(found is None or markup.canonical(found) != before[part])
    try:
        judgement, facts = hops.judge_signed(changed)
    except ValueError:
        return
    assert not judgement.accepted
    assert not facts.verified


@settings(max_examples=100)
@given(data=st.binary(max_size=400), cut=st.floats(0, 1))
def test_no_bytes_make_the_judge_fall_over(hops, data, cut):
    """Spliced garbage gives findings, never another exception."""
    message = hops.request()
    place = int(cut * len(message))
    spliced = message[:place] + data + message[place + len(data) :]
    try:
        judgement, _ = hops.judge_signed(spliced)
    except ValueError:
        return
    assert isinstance(judgement.accepted, bool)


@settings(max_examples=60)
@given(data=st.data())
def test_any_element_may_be_missing_or_empty(hops, data):
    """Whatever is taken out of a message of either hop, the judges go on to the end."""
    which = data.draw(st.booleans())
    root = markup.parse(hops.endorsed() if which else hops.request())
    elements = [
        element
        for element in root.iter(etree.Element)
        if element is not root and element.tag != names.tag("s:Body")
    ]
    element = data.draw(st.sampled_from(elements))
    action = data.draw(st.sampled_from(["remove", "empty", "text", "attributes"]))
    if action == "remove":
        element.getparent().remove(element)
    elif action == "empty":
        element.text = None
        for inner in list(element):
            element.remove(inner)
    elif action == "text":
        element.text = data.draw(st.sampled_from(["", "x", b64encode(b"x").decode(), "é" * 50]))
    else:
        element.attrib.clear()
    judge = hops.judge_endorsed if which else hops.judge_signed
    judgement, _ = judge(markup.serialize(root))
    assert set(judgement.examined) >= {finding.code for finding in judgement.findings}


# --- every byte, one after another ------------------------------------------------------------------------


def parts_of(hop):
    """What a Signature of that hop is over, and the value itself."""
    return ("u:Timestamp", "a:To", "ds:SignedInfo") if hop == "request" else ("u:Timestamp", "ds:SignedInfo")


def said(data, name):
    """What an element says: its canonical form, or the bytes of a value; None for no element."""
    found = next(data.iter(names.tag(name)), None)
    if found is None:
        return None
    return markup.binary(found) if name == "ds:SignatureValue" else markup.canonical(found)


@pytest.mark.parametrize("hop", ["request", "call"])
def test_no_byte_of_what_is_signed_can_be_changed(hops, hop):
    """Each byte of Timestamp, To, SignedInfo and SignatureValue in turn: refused, or it said the same."""
    message = hops.request() if hop == "request" else hops.endorsed()
    judge = hops.judge_signed if hop == "request" else hops.judge_endorsed
    tried = unchanged = 0
    for name in (*parts_of(hop), "ds:SignatureValue"):
        local = name.partition(":")[2].encode()
        begin, end = re.search(rb"<\w+:%s[ >].*?</\w+:%s>" % (local, local), message, re.DOTALL).span()
        before = said(markup.parse(message), name)
        for place in range(begin, end):
            changed = message[:place] + bytes((message[place] ^ 1,)) + message[place + 1 :]
            try:
                root = markup.parse(changed)
            except markup.MarkupError:
                continue
            tried += 1
            same = said(root, name) == before
            unchanged += same
            judgement, facts = judge(changed)
            assert (judgement.accepted, facts.verified) == (same, same), changed[begin:end]
    assert tried > 300
    # White space and quotes in a tag, the last bits of base64: all else makes a difference.
    assert unchanged < tried / 50


# --- prefix lists -----------------------------------------------------------------------------------------

LISTED = ("s", "a", "o", "u", "ds", "t", "i", "nobody", "#default", "xml")


def with_lists(hops, lists):
    """A request whose SignedInfo and references each carry a PrefixList, and that is signed so."""
    root = markup.parse(hops.request())
    methods = [next(root.iter(names.tag("ds:CanonicalizationMethod"))), *root.iter(names.tag("ds:Transform"))]
    for method, listed in zip(methods, lists, strict=True):
        if listed is not None:
            markup.add(method, "ec:InclusiveNamespaces", None, {"PrefixList": " ".join(listed)})
    identified = {element.get(names.tag("u:Id")): element for element in root.iter(etree.Element)}
    for reference, listed in zip(root.iter(names.tag("ds:Reference")), lists[1:], strict=True):
        data = markup.canonical(identified[reference.get("URI")[1:]], inclusive_prefixes=listed or ())
        digest = b64encode(hashlib.sha256(data).digest()).decode()
        next(reference.iter(names.tag("ds:DigestValue"))).text = digest
    data = markup.canonical(next(root.iter(names.tag("ds:SignedInfo"))), inclusive_prefixes=lists[0] or ())
    value = hops.credential.key.sign(data, padding.PKCS1v15(), SHA256())
    next(root.iter(names.tag("ds:SignatureValue"))).text = b64encode(value).decode()
    return markup.serialize(root)


@settings(max_examples=40)
@given(
    lists=st.lists(
        st.none() | st.lists(st.sampled_from(LISTED), max_size=4, unique=True), min_size=3, max_size=3
    )
)
def test_every_prefix_list_is_obeyed(hops, engines, lists):
    """Declared prefixes, undeclared ones, the default one: accepted, remarked on, and signxml agrees."""
    data = with_lists(hops, lists)
    judgement, facts = hops.judge_signed(data)
    assert facts.verified
    wanted = {"security.inclusive_prefixes"} if any(lists) else set()
    assert {finding.code for finding in judgement.findings} == wanted
    assert judgement.accepted
    assert engines.signxml(data, certificate=hops.credential.certificate)


@settings(max_examples=40)
@given(
    which=st.integers(0, 2),
    listed=st.lists(st.sampled_from(LISTED), min_size=1, max_size=4, unique=True),
)
def test_a_prefix_list_that_was_not_signed_with_is_noticed(hops, engines, which, listed):
    """Added later to one place: refused, unless the bytes are the same with it; signxml agrees."""
    root = markup.parse(hops.request())
    methods = [next(root.iter(names.tag("ds:CanonicalizationMethod"))), *root.iter(names.tag("ds:Transform"))]
    markup.add(methods[which], "ec:InclusiveNamespaces", None, {"PrefixList": " ".join(listed)})
    data = markup.serialize(root)
    judgement, facts = hops.judge_signed(data)
    # The list itself is inside SignedInfo.
    assert not judgement.accepted
    assert not facts.verified
    assert not engines.signxml(data, certificate=hops.credential.certificate)
