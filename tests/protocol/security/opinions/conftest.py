"""Every signed message that the kit makes or refuses, sound and tampered with, and our verdict on each.

The question to all engines is the same: does this signature verify with this key?  What is around a signature
(which parts it must cover, order, Timestamp) is WS-Security's business, of which an engine knows nothing.
"""

import copy
import random
import re
from base64 import b64decode, b64encode
from dataclasses import dataclass

import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from lxml import etree

from conformance.model import Severity
from conformance.protocol import markup, names, security, token

OURS = {
    "security.signature_wrong",
    "security.digest_mismatch",
    "security.reference_unresolved",
    "security.reference_ambiguous",
    "security.signature_missing",
    "token.signature",
    "token.damaged",
}
"""What an engine for XML signatures can find as well."""

NOT_FOR_ENGINES = {
    # No certificate, or not the signer's, is in the message; the engines are given the right one.
    "no-certificate",
    "no-certificate-at-all",
    "authority-certificate",
    # They are given the right certificate, and do not ask which of two the message means.
    "second-token-of-one-id",
    # They look for the Signature wherever they are pointed to.
    "header-elsewhere",
    # A second Signature is nothing to an engine that was pointed at one.
    "two-signatures",
    "a-signature-in-the-body",
    # We refuse every transform but one; engines know this one, and fail or pass on other grounds.
    "enveloped-transform",
    # There is nothing to verify.
    "unsigned",
    "no-security",
    "bearer",
    # Engines refuse a truncated HMAC as such, where we refuse its value too.
    "truncated",
    # By an RSA key, where an HMAC is asked for.
    "rsa",
    # We refuse without a digest; engines pass a signature over nothing.
    "unsigned-timestamp",
}


@dataclass(frozen=True)
class Signed:
    """A signed message, the file name of the key that should have made it, and our verdict."""

    name: str
    data: bytes
    key: str
    """`signer`, `issuer` or `proof`."""
    sound: bool
    """Whether our judges find the signature itself sound."""
    same_ids: bool = False
    """Whether two elements have one id: engines differ in which they take."""


# --- tampering ------------------------------------------------------------------------------------------


def first(root, name):
    """The first element of that prefixed name."""
    return next(root.iter(names.tag(name)))


def span(data, local):
    """Begin and end of the first element of that local name, in the bytes."""
    name = local.encode()
    return re.search(rb"<(?:\w+:)?%s[ >].*?</(?:\w+:)?%s>" % (name, name), data, re.DOTALL).span()


def flipped(data, local, share, to):
    """The message with one byte of an element replaced, a share of the way into it."""
    begin, end = span(data, local)
    place = begin + int(share * (end - begin - 1))
    if data[place] == to:
        place += 1
    return data[:place] + bytes((to,)) + data[place + 1 :]


def on_tree(change):
    """A change to the parsed message."""

    def made(data):
        root = markup.parse(data)
        change(root)
        return markup.serialize(root)

    return made


def on_text(old, new):
    """A change to the bytes; it must find something."""

    def made(data):
        changed = re.sub(old, new, data, count=1, flags=re.DOTALL)
        assert changed != data, old
        return changed

    return made


def set_text(name, text):
    return on_tree(lambda root: setattr(first(root, name), "text", text))


def value_with(name, change):
    """Replace a base64 value by that of its changed bytes."""

    def made(root):
        element = first(root, name)
        element.text = b64encode(change(b64decode(element.text))).decode()

    return on_tree(made)


def swap(root, name):
    """Let the first two elements of a name change places."""
    one, other = list(root.iter(names.tag(name)))[:2]
    one.getparent().replace(one, placeholder := etree.Element("x"))
    other.getparent().replace(other, one)
    placeholder.getparent().replace(placeholder, other)


def swap_digests(root):
    """Let two references have each other's digest."""
    one, other = list(root.iter(names.tag("ds:DigestValue")))[:2]
    one.text, other.text = other.text, one.text


def repeat_reference(root):
    """Refer to one part twice."""
    reference = first(root, "ds:Reference")
    reference.addnext(copy.deepcopy(reference))


def last_reference_gone(root):
    """Take the last reference away."""
    reference = list(root.iter(names.tag("ds:Reference")))[-1]
    reference.getparent().remove(reference)


def comment_in(name):
    """Put a comment in the middle of a text; canonical form without comments knows nothing of it."""

    def made(root):
        element = first(root, name)
        text = element.text
        element.text = text[:3]
        comment = etree.Comment("x")
        comment.tail = text[3:]
        element.append(comment)

    return on_tree(made)


def instruction_in(root):
    """Put a processing instruction into a signed part; the canonical form keeps it."""
    first(root, "u:Timestamp").append(etree.ProcessingInstruction("x", "y"))


def shuffled(root):
    """Write the attributes in another order."""
    chance = random.Random(7)
    for element in root.iter(etree.Element):
        pairs = list(element.attrib.items())
        chance.shuffle(pairs)
        element.attrib.clear()
        for name, value in pairs:
            element.set(name, value)


def spaced_out(root):
    """Put white space between the children of everything that is not signed."""
    for name in ("s:Envelope", "s:Header", "o:Security", "s:Body", "ds:KeyInfo"):
        element = first(root, name)
        element.text = "\n "
        for inner in element:
            inner.tail = "\n "


ANY = {
    # Sound before and after.
    "attributes-shuffled": on_tree(shuffled),
    "comment-in-created": comment_in("u:Created"),
    "white-space-outside": on_tree(spaced_out),
    "signature-value-in-lines": on_tree(
        lambda root: setattr(v := first(root, "ds:SignatureValue"), "text", f"{v.text[:9]}\n{v.text[9:]}")
    ),
    "character-reference": on_text(rb"Created>2", b"Created>&#50;"),
    "cdata": on_text(rb"(<u:Created>)([^<]+)", rb"\1<![CDATA[\2]]>"),
    "quotes": on_text(rb'URI="(#\w+)"', rb"URI='\1'"),
    "blanks-in-a-tag": on_text(rb"<ds:SignedInfo", b"<ds:SignedInfo  \n"),
    "empty-element-in-two-tags": on_text(
        rb"<ds:SignatureMethod ([^>]*)/>", rb"<ds:SignatureMethod \1></ds:SignatureMethod>"
    ),
    "unused-namespace": on_text(rb"<(\w+):Envelope ", rb'<\1:Envelope xmlns:unused="urn:x" '),
    # Broken.
    "nothing-to-see-in-created": on_text(rb"(Created>\d)", rb"\1&#x200B;"),
    "created-later": on_text(rb"(Created>\d{4})", rb"\g<1>0"),
    "expires-gone": on_tree(lambda root: first(root, "u:Timestamp").remove(first(root, "u:Expires"))),
    "moments-swapped": on_tree(lambda root: first(root, "u:Timestamp").append(first(root, "u:Created"))),
    "blank-in-timestamp": on_text(rb"</u:Created>", b"</u:Created> "),
    "line-ends-in-timestamp": on_text(rb"</u:Created>", b"</u:Created>\r\n"),
    "instruction-in-timestamp": on_tree(instruction_in),
    "attribute-on-timestamp": on_text(rb"<u:Created", b'<u:Created x="y"'),
    "namespace-used-in-timestamp": on_text(rb"<u:Created", b'<u:Created xmlns:x="urn:x" x:y=""'),
    "prefix-of-timestamp": on_text(
        rb"<u:Created>([^<]*)</u:Created>",
        rb'<z:Created xmlns:z="%s">\1</z:Created>' % names.UTILITY.encode(),
    ),
    "id-of-timestamp": on_tree(lambda root: first(root, "u:Timestamp").set(names.tag("u:Id"), "_other")),
    "digest-changed": value_with("ds:DigestValue", lambda data: bytes((data[0] ^ 1,)) + data[1:]),
    "digest-cut": value_with("ds:DigestValue", lambda data: data[:-1]),
    "digest-empty": set_text("ds:DigestValue", ""),
    "value-first-bit": value_with("ds:SignatureValue", lambda data: bytes((data[0] ^ 128,)) + data[1:]),
    "value-last-bit": value_with("ds:SignatureValue", lambda data: data[:-1] + bytes((data[-1] ^ 1,))),
    "value-cut": value_with("ds:SignatureValue", lambda data: data[:-1]),
    "value-longer": value_with("ds:SignatureValue", lambda data: data + b"\0"),
    "value-reversed": value_with("ds:SignatureValue", lambda data: data[::-1]),
    "value-zero": value_with("ds:SignatureValue", lambda data: bytes(len(data))),
    "blank-in-signed-info": on_text(rb"<ds:SignedInfo>", b"<ds:SignedInfo> "),
    "attribute-on-signed-info": on_text(rb"<ds:SignedInfo", b'<ds:SignedInfo Id="x"'),
    "reference-twice": on_tree(repeat_reference),
    "reference-to-nothing": on_text(rb'URI="#\w+"', b'URI="#nothing"'),
    "transforms-gone": on_tree(lambda root: first(root, "ds:Reference").remove(first(root, "ds:Transforms"))),
    "prefix-list-added": on_text(
        rb'<ds:Transform Algorithm="([^"]*)"/>',
        rb'<ds:Transform Algorithm="\1"><ec:InclusiveNamespaces xmlns:ec="\1" PrefixList="s"/>'
        rb"</ds:Transform>",
    ),
    "canonicalization-inclusive": on_tree(
        lambda root: first(root, "ds:CanonicalizationMethod").set("Algorithm", names.INCLUSIVE_C14N)
    ),
}
"""Name -> change, for any message with a Timestamp."""

TWO_PARTS = {
    "to-case": on_text(rb"(<a:To[^>]*>)https", rb"\1HTTPS"),
    "to-longer": on_text(rb"</a:To>", b"x</a:To>"),
    "to-blank": on_text(rb"</a:To>", b" </a:To>"),
    "to-comment": comment_in("a:To"),
    "to-attribute-gone": on_tree(lambda root: first(root, "a:To").attrib.pop(names.tag("s:mustUnderstand"))),
    "to-attribute-value": on_tree(
        lambda root: first(root, "a:To").set(names.tag("s:mustUnderstand"), "true")
    ),
    "to-elsewhere": on_tree(lambda root: first(root, "s:Body").append(first(root, "a:To"))),
    "digests-swapped": on_tree(swap_digests),
    "references-swapped": on_tree(lambda root: swap(root, "ds:Reference")),
    "last-reference-gone": on_tree(last_reference_gone),
    "uris-swapped": on_text(rb'URI="#_0"(.*)URI="#_1"', rb'URI="#_1"\1URI="#_0"'),
}
"""The same for a message that signs Timestamp and To."""

ASSERTION = {
    "attributes-shuffled": on_tree(shuffled),
    "claim-changed": on_text(rb"11000002568", b"11000002569"),
    "audience-changed": on_text(rb"3pt\.portal", b"portal"),
    "life-longer": on_text(rb'NotOnOrAfter="2026', b'NotOnOrAfter="2027'),
    "id-changed": on_text(rb'ID="_', b'ID="_x'),
    "issuer-changed": on_text(rb"urn:test:token-service", b"urn:test:token-servicf"),
    "blank-added": on_text(rb"(:Conditions )", rb"\1 "),
    "blank-between": on_text(rb"(<saml2?:Conditions)", rb" \1"),
    "digest-changed": ANY["digest-changed"],
    "value-first-bit": ANY["value-first-bit"],
    "value-cut": ANY["value-cut"],
    "blank-in-signed-info": ANY["blank-in-signed-info"],
    "enveloped-gone": on_tree(lambda root: first(root, "ds:Transforms").remove(first(root, "ds:Transform"))),
}
"""The same for a signed assertion."""

FLIPPED = ("Timestamp", "SignedInfo", "SignatureValue")


def tampered(data, table, flips=FLIPPED, shares=6):
    """Yield (name, bytes) of a sound message changed in every way of a table, and byte by byte."""
    for name, change in table.items():
        yield name, change(data)
    for local in flips:
        for step in range(shares):
            changed = flipped(data, local, step / shares, ord("A") + step)
            try:
                markup.parse(changed)
            except markup.MarkupError:
                continue
            yield f"{local}-{step}", changed


# --- the messages ---------------------------------------------------------------------------------------


def sound(judgement):
    """Whether our judge has verified the signature itself, and every digest."""
    errors = {found.code for found in judgement.findings if found.severity is Severity.ERROR}
    return bool({"security.signature_wrong", "token.signature"} & {*judgement.examined}) and not errors & OURS


@pytest.fixture(scope="session")
def vectors(hops, all_requests, all_calls):
    """Every message of both hops and both endpoints, and every assertion, by name."""
    made = []

    def add(name, data, key, judge):
        try:
            verdict = sound(judge(data)[0])
        except ValueError:
            verdict = False
        ids = re.findall(rb'\b(?:\w+:)?(?:Id|ID|AssertionID)="([^"]*)"', data)
        made.append(Signed(name, data, key, verdict, len(ids) != len(set(ids))))

    def older(data):
        return hops.judge_signed(data, suite=security.S007_V12)

    def opened(data):
        return hops.open(token.encrypt(data, recipient=hops.registry_certificate))

    for name, data in all_requests.items():
        if name not in NOT_FOR_ENGINES:
            add(f"request-{name}", data, "signer", hops.judge_signed)
    for name, data in all_calls.items():
        if name not in NOT_FOR_ENGINES:
            add(f"call-{name}", data, "proof", hops.judge_endorsed)
    request, flips = hops.request(), ("To", *FLIPPED)
    old = markup.serialize(hops.sign(hops.unsigned(), suite=security.S007_V12))
    add("older-healthy", old, "signer", older)
    for name, data in tampered(request, {**ANY, **TWO_PARTS}, flips):
        add(f"request-tampered-{name}", data, "signer", hops.judge_signed)
    for name, data in tampered(old, {**ANY, **TWO_PARTS}, flips, shares=3):
        add(f"older-tampered-{name}", data, "signer", older)
    for algorithm in (names.HMAC_SHA1, names.HMAC_SHA256):
        short = algorithm.rpartition("#")[2]
        for name, data in tampered(hops.endorsed(algorithm=algorithm), ANY, shares=3):
            add(f"call-{short}-tampered-{name}", data, "proof", hops.judge_endorsed)
    for kind, version in ((names.SAML_2_TOKEN, "2.0"), (names.SAML_1_TOKEN, "1.1")):
        encrypted = hops.token(token_type=kind)
        data = encrypted if kind == names.SAML_1_TOKEN else encrypted[0]
        content = token.decrypt(data, hops.registry_key)
        add(f"assertion-{version}-healthy", content, "issuer", opened)
        for name, changed in tampered(content, ASSERTION, ("Conditions", "SignedInfo", "SignatureValue")):
            add(f"assertion-{version}-tampered-{name}", changed, "issuer", opened)
    return {vector.name: vector for vector in made}


@pytest.fixture(scope="session")
def folder(hops, vectors, tmp_path_factory):
    """Messages and keys as files."""
    made = tmp_path_factory.mktemp("messages")
    for name, certificate in (
        ("signer", hops.credential.certificate),
        ("issuer", hops.signing_certificate),
        ("registry", hops.registry_certificate),
    ):
        (made / f"{name}.der").write_bytes(certificate.public_bytes(Encoding.DER))
        (made / f"{name}.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    private = hops.registry_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (made / "registry-key.pem").write_bytes(private)
    (made / "proof.key").write_bytes(hops.proof_key)
    for name, vector in vectors.items():
        (made / f"{name}.xml").write_bytes(vector.data)
    return made
