"""One healthy message per hop, broken in one way at a time: what was changed, and what must be found.

`STS` and `REGISTRY` map a name to (maker, codes, part of a hint); a maker takes the hops and returns bytes.
The fixtures `broken_request` and `broken_call` go through them.
"""

import copy
import hashlib
import hmac
from base64 import b64encode
from dataclasses import dataclass
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from conformance.protocol import markup, names, security


def first(root, name):
    """The first element of that prefixed name."""
    return next(root.iter(names.tag(name)))


def digest_again(root, transform=None, algorithm="sha256"):
    """Give every reference the digest of what it points at, canonicalised as usual or by `transform`."""
    ids = {
        element.get(names.tag("u:Id")): element for element in root.iter() if element.get(names.tag("u:Id"))
    }
    for reference in root.iter(names.tag("ds:Reference")):
        element = ids[reference.get("URI")[1:]]
        data = markup.canonical(element) if transform is None else transform(element)
        first(reference, "ds:DigestValue").text = b64encode(hashlib.new(algorithm, data).digest()).decode()


def sign_again(root, key, transform=markup.canonical, algorithm=SHA256):
    """Give the Signature a new value over SignedInfo as it stands."""
    value = key.sign(transform(first(root, "ds:SignedInfo")), padding.PKCS1v15(), algorithm())
    first(root, "ds:SignatureValue").text = b64encode(value).decode()


def after_signing(change):
    """A change to the signed message, which nobody signs again."""

    def made(hops):
        root = markup.parse(hops.request())
        change(root, hops)
        return markup.serialize(root)

    return made


def before_signing(change):
    """A change to the message before it is signed."""

    def made(hops):
        root = hops.unsigned()
        change(root, hops)
        return markup.serialize(hops.sign(root))

    return made


def resigned(change, **options):
    """A change to the signed message, whose digests and signature are then made anew."""

    def made(hops):
        root = markup.parse(hops.request())
        change(root, hops)
        digest_again(root)
        sign_again(root, hops.credential.key, **options)
        return markup.serialize(root)

    return made


def attribute(name, key, value):
    """Set an attribute of the first element of that name; None takes it away."""

    def change(root, hops):
        element = first(root, name)
        key_ = names.tag(key) if ":" in key else key
        if value is None:
            del element.attrib[key_]
        else:
            element.set(key_, value)

    return change


def text(name, value):
    """Set the text of the first element of that name."""

    def change(root, hops):
        first(root, name).text = value(hops) if callable(value) else value

    return change


def removed(name):
    """Take the first element of that name away."""

    def change(root, hops):
        element = first(root, name)
        element.getparent().remove(element)

    return change


def indented(root, hops):
    """Pretty-print the whole message."""
    etree.indent(root)


def without_to_reference(root, hops):
    """Leave To unsigned."""
    reference = next(r for r in root.iter(names.tag("ds:Reference")) if r.get("URI") == "#_1")
    reference.getparent().remove(reference)


def wrapped_to(root, hops):
    """Move the signed To into a wrapper and put a forged one in its place: signature wrapping."""
    to = first(root, "a:To")
    header = to.getparent()
    forged = copy.deepcopy(to)
    del forged.attrib[names.tag("u:Id")]
    forged.text = "https://elsewhere.example/service.svc"
    header.replace(to, forged)
    markup.add(header, "sim:Wrapper").append(to)


def wrapped_timestamp(root, hops):
    """Move the signed Timestamp out of the Security header and put a fresh one in its place."""
    timestamp = first(root, "u:Timestamp")
    forged = copy.deepcopy(timestamp)
    forged.set(names.tag("u:Id"), "_forged")
    timestamp.getparent().replace(timestamp, forged)
    markup.add(first(root, "s:Header"), "sim:Wrapper").append(timestamp)


def to_in_the_body(root, hops):
    """Move the signed To into the Body."""
    first(root, "t:RequestSecurityToken").append(first(root, "a:To"))


def second_token_of_one_id(root, hops):
    """Put another certificate under the id of the right one, outside the Security header."""
    copied = copy.deepcopy(first(root, "o:BinarySecurityToken"))
    copied.text = b64encode(hops.other.certificate.public_bytes(Encoding.DER)).decode()
    markup.add(first(root, "s:Header"), "sim:Wrapper").append(copied)


def reference_to_the_timestamp(root, hops):
    """Have the KeyInfo point at a part that is no token."""
    first(root, "o:Reference").set("URI", "#_0")


def reference_to_a_second_token(root, hops):
    """Bring a second certificate in the Security header, and have the KeyInfo point at that one."""
    right = first(root, "o:BinarySecurityToken")
    second = copy.deepcopy(right)
    second.set(names.tag("u:Id"), "_second")
    second.text = b64encode(hops.other.certificate.public_bytes(Encoding.DER)).decode()
    right.addnext(second)
    first(root, "o:Reference").set("URI", "#_second")


def two_references_to_keys(root, hops):
    """Refer to two tokens."""
    reference = markup.child(first(root, "ds:Signature"), "ds:KeyInfo", "o:SecurityTokenReference")
    reference.append(copy.deepcopy(reference[0]))


def twice(name):
    """Write the base64 of base64."""

    def change(root, hops):
        element = first(root, name)
        element.text = b64encode(element.text.encode()).decode()

    return change


def second_to(root, hops):
    """Add an unsigned To beside the signed one."""
    markup.add(first(root, "s:Header"), "a:To", "https://elsewhere.example/service.svc")


def duplicate_id(root, hops):
    """Give another element the id of the signed To."""
    first(root, "a:MessageID").set(names.tag("u:Id"), "_1")


def second_signature(root, hops):
    """Add another Signature beside the right one."""
    signature = first(root, "ds:Signature")
    signature.getparent().append(copy.deepcopy(signature))


def second_signature_elsewhere(root, hops):
    """Put another Signature into the Body."""
    first(root, "t:RequestSecurityToken").append(copy.deepcopy(first(root, "ds:Signature")))


def signature_first(root, hops):
    """Move the Signature to the front of the header."""
    signature = first(root, "ds:Signature")
    security_header = signature.getparent()
    security_header.insert(0, signature)


def moments(created, expires, form="%Y-%m-%dT%H:%M:%S.000Z"):
    """Set Created and Expires, in seconds from now."""

    def change(root, hops):
        for name, offset in (("u:Created", created), ("u:Expires", expires)):
            first(first(root, "u:Timestamp"), name).text = f"{hops.moment + timedelta(seconds=offset):{form}}"

    return change


def before_signing_to(address):
    """Sign for another address, and have To rewritten on the way."""

    def made(hops):
        root = hops.unsigned()
        to = first(root, "a:To")
        right, to.text = to.text, address
        hops.sign(root)
        to.text = right
        return markup.serialize(root)

    return made


def digest_twice(hops):
    """Write every digest in base64 twice, and sign that."""
    root = markup.parse(hops.request())
    for value in root.iter(names.tag("ds:DigestValue")):
        value.text = b64encode(value.text.encode()).decode()
    sign_again(root, hops.credential.key)
    return markup.serialize(root)


def sha1_everywhere(hops):
    """Sign for the older endpoint and send to the newer."""
    return markup.serialize(hops.sign(hops.unsigned(), suite=security.S007_V12))


def sha1_signature_only(hops):
    """Unpatched Metro: rsa-sha1 with sha256 digests."""
    root = markup.parse(hops.request())
    first(root, "ds:SignatureMethod").set("Algorithm", names.RSA_SHA1)
    sign_again(root, hops.credential.key, algorithm=SHA1)
    return markup.serialize(root)


def digested(transform, algorithm="sha256", strip=False):
    """Make digests of something else than the canonical form, and sign over them."""

    def made(hops):
        root = markup.parse(hops.request())
        digest_again(root, transform, algorithm)
        sign_again(root, hops.credential.key)
        return markup.serialize(root)

    return made


def inclusively_signed(hops):
    """Hash SignedInfo inclusively while exclusive canonicalisation is named."""
    root = markup.parse(hops.request())
    sign_again(root, hops.credential.key, transform=markup.inclusive_canonical)
    return markup.serialize(root)


def signed_by_another(hops):
    """Sign with a key that is not the certificate's."""
    return markup.serialize(hops.sign(hops.unsigned(), key=hops.other.key))


def sha1_under_sha256(hops):
    """Name rsa-sha256 and sign with SHA-1."""
    root = markup.parse(hops.request())
    sign_again(root, hops.credential.key, algorithm=SHA1)
    return markup.serialize(root)


def token_of(value):
    """Replace the content of the BinarySecurityToken; it is not signed."""
    return after_signing(text("o:BinarySecurityToken", value))


def pem(hops):
    return hops.credential.certificate.public_bytes(Encoding.PEM).decode()


def bundle(hops):
    from conformance.protocol.certificates import write_bundle

    return b64encode(write_bundle(hops.credential.chain)).decode()


def authority(hops):
    return b64encode(hops.authority.sub.public_bytes(Encoding.DER)).decode()


def key_identifier(root, hops):
    """Refer to the certificate by a key identifier instead of directly."""
    reference = first(root, "o:SecurityTokenReference")
    reference.remove(reference[0])
    markup.add(reference, "o:KeyIdentifier", "abc")


STS = {
    "no-security": (lambda hops: markup.serialize(hops.unsigned()), {"security.header_missing"}, ""),
    "header-elsewhere": (
        after_signing(lambda root, hops: first(root, "s:Body").append(first(root, "o:Security"))),
        {"security.header_missing"},
        "it lies where nobody looks for it",
    ),
    "second-header": (
        after_signing(lambda root, hops: markup.add(first(root, "s:Header"), "o:Security")),
        {"security.header_repeated"},
        "",
    ),
    "optional-security": (
        after_signing(attribute("o:Security", "s:mustUnderstand", None)),
        {"security.must_understand"},
        "",
    ),
    "no-timestamp": (
        after_signing(removed("u:Timestamp")),
        {"security.timestamp_missing", "security.reference_unresolved"},
        "",
    ),
    "no-expires": (resigned(removed("u:Expires")), {"security.timestamp_missing"}, ""),
    "local-time": (
        resigned(moments(0, 300, "%Y-%m-%dT%H:%M:%S+00:00")),
        {"security.timestamp_form"},
        "write the moment in UTC",
    ),
    "six-minutes-slow": (resigned(moments(-360, -60)), {"security.timestamp_window"}, "the clock is off"),
    "six-minutes-fast": (resigned(moments(360, 660)), {"security.timestamp_window"}, "the clock is off"),
    "ten-hours-fast": (
        resigned(moments(36000, 36300)),
        {"security.timestamp_window"},
        "+10.0 h, as when local time is written with Z",
    ),
    "half-an-hour-long": (
        resigned(moments(0, 1800)),
        {"security.timestamp_span"},
        "the life of the Timestamp is not that of the token",
    ),
    "ends-before-it-begins": (resigned(moments(0, -10)), {"security.timestamp_span"}, ""),
    "no-certificate": (
        after_signing(removed("o:BinarySecurityToken")),
        {"security.token_missing"},
        "",
    ),
    "untyped-certificate": (
        after_signing(attribute("o:BinarySecurityToken", "ValueType", None)),
        {"security.token_type"},
        "",
    ),
    "pem-certificate": (token_of(pem), {"security.token_chain"}, ""),
    "pkcs7-certificate": (token_of(bundle), {"security.token_chain"}, "take the first certificate"),
    "no-certificate-at-all": (token_of("AAEC"), {"security.token_unreadable"}, ""),
    "authority-certificate": (
        token_of(authority),
        {"security.certificate_authority", "security.signature_wrong"},
        "this follows from the certificate, which is an authority's",
    ),
    "unsigned": (
        after_signing(removed("ds:Signature")),
        {"security.signature_missing"},
        "a token alone proves nothing",
    ),
    "two-signatures": (after_signing(second_signature), {"security.signature_repeated"}, ""),
    "a-signature-in-the-body": (
        after_signing(second_signature_elsewhere),
        {"security.signature_repeated"},
        "",
    ),
    "sha1": (
        sha1_everywhere,
        {"security.algorithm_signature"},
        "these are the algorithms of endpoint v1.2",
    ),
    "sha1-signature-only": (
        sha1_signature_only,
        {"security.algorithm_signature"},
        "Metro signs with rsa-sha1",
    ),
    "sha1-under-another-name": (
        sha1_under_sha256,
        {"security.signature_wrong"},
        "the right key signed with SHA-1, not with the algorithm that the message names",
    ),
    "inclusive-named": (
        resigned(
            attribute("ds:CanonicalizationMethod", "Algorithm", names.INCLUSIVE_C14N),
            transform=markup.inclusive_canonical,
        ),
        {"security.algorithm_canonicalization"},
        "",
    ),
    "inclusive-signed-info": (
        inclusively_signed,
        {"security.signature_wrong"},
        "inclusive canonicalisation was used",
    ),
    "inclusive-digests": (
        digested(markup.inclusive_canonical),
        {"security.digest_mismatch"},
        "inclusive canonicalisation was used",
    ),
    "digest-of-plain-text": (
        digested(lambda element: etree.tostring(element, with_tail=False)),
        {"security.digest_mismatch"},
        "",
    ),
    "digest-by-sha1-under-another-name": (
        digested(markup.canonical, "sha1"),
        {"security.digest_mismatch"},
        "the digest was made with SHA-1",
    ),
    "indented-after-signing": (
        after_signing(indented),
        {"security.signature_wrong"},
        "indented or pretty-printed after it was signed",
    ),
    "attribute-added-later": (
        after_signing(attribute("a:To", "s:role", "urn:x")),
        {"security.digest_mismatch"},
        "the attribute role was added after the digest was made",
    ),
    "to-rewritten": (
        after_signing(text("a:To", "https://localhost:8443/R3.0/S007v1.3/service.svc/")),
        {"security.digest_mismatch"},
        "a slash was added to the text",
    ),
    "to-sent-on": (
        before_signing_to("https://softwareauthorisations.evte.ato.gov.au/R3.0/S007v1.3/service.svc"),
        {"security.digest_mismatch"},
        "To was rewritten after signing: it was https://softwareauthorisations.evte.ato.gov.au/R3.0",
    ),
    "to-taken-from-applies-to": (
        before_signing_to("https://3pt.portal.usi.gov.au/service/v5/usiservice.svc"),
        {"security.digest_mismatch"},
        "To was rewritten after signing: it was https://3pt.portal.usi.gov.au/service/v5/usiservice.svc",
    ),
    "to-from-nowhere": (
        before_signing_to("urn:nowhere"),
        {"security.digest_mismatch"},
        "the signature holds, so To was changed after it was signed",
    ),
    "digest-twice": (
        digest_twice,
        {"security.digest_mismatch"},
        "the digest is written in base64 twice",
    ),
    "timestamp-changed": (
        after_signing(moments(1, 301)),
        {"security.digest_mismatch"},
        "the signature holds, so Timestamp was changed after it was signed",
    ),
    "signed-info-changed": (
        after_signing(attribute("ds:Reference", "Type", "urn:x")),
        {"security.signature_wrong"},
        "over other bytes: SignedInfo was changed",
    ),
    "another-key": (
        signed_by_another,
        {"security.signature_wrong"},
        "another private key made it",
    ),
    "signature-cut": (
        after_signing(text("ds:SignatureValue", "AAEC")),
        {"security.signature_wrong"},
        "the signature has 3 bytes",
    ),
    "signature-twice": (
        after_signing(twice("ds:SignatureValue")),
        {"security.signature_wrong"},
        "the signature is written in base64 twice",
    ),
    "signature-no-base64": (after_signing(text("ds:SignatureValue", "?")), {"security.signature_wrong"}, ""),
    "to-unsigned": (
        resigned(without_to_reference),
        {"security.to_unsigned"},
        "To has a wsu:Id, but SignedInfo has no reference to it",
    ),
    "to-wrapped": (
        after_signing(wrapped_to),
        {"security.to_unsigned", "security.relocated"},
        "a signed element of that name lies elsewhere",
    ),
    "timestamp-wrapped": (
        after_signing(wrapped_timestamp),
        {"security.timestamp_unsigned", "security.relocated"},
        "a signed element of that name lies elsewhere",
    ),
    "to-in-the-body": (after_signing(to_in_the_body), {"security.relocated"}, ""),
    "second-token-of-one-id": (
        after_signing(second_token_of_one_id),
        {"security.reference_ambiguous"},
        "how the certificate of a signature is replaced",
    ),
    "second-to": (after_signing(second_to), {"security.to_unsigned"}, ""),
    "duplicate-id": (
        after_signing(duplicate_id),
        {"security.reference_ambiguous", "security.digest_mismatch", "security.to_unsigned"},
        "",
    ),
    "reference-to-nothing": (
        after_signing(attribute("u:Timestamp", "u:Id", "other")),
        {"security.reference_unresolved", "security.timestamp_unsigned"},
        "this follows from the reference that points at nothing",
    ),
    "enveloped-transform": (
        resigned(attribute("ds:Transform", "Algorithm", names.ENVELOPED)),
        {"security.algorithm_transform"},
        "",
    ),
    "reference-to-another-token": (
        after_signing(attribute("o:Reference", "URI", "#other")),
        {"security.key_reference"},
        "nothing in the message has this id",
    ),
    "reference-to-no-token": (
        after_signing(reference_to_the_timestamp),
        {"security.key_reference"},
        "it points at s:Envelope/s:Header/o:Security/u:Timestamp",
    ),
    "reference-to-a-second-token": (
        after_signing(reference_to_a_second_token),
        {"security.token_repeated", "security.key_reference"},
        "it points at s:Envelope/s:Header/o:Security/o:BinarySecurityToken, which is not the token",
    ),
    "two-references-to-keys": (after_signing(two_references_to_keys), {"security.key_reference"}, ""),
    "key-identifier": (after_signing(key_identifier), {"security.key_reference"}, ""),
    "signature-before-token": (after_signing(signature_first), {"security.layout"}, ""),
}
"""Requests for a token."""


# --- the registry's hop -------------------------------------------------------------------------------


def altered(change):
    """A change to the endorsed message, which nobody endorses again."""

    def made(hops):
        root = markup.parse(hops.endorsed())
        change(root, hops)
        return markup.serialize(root)

    return made


def keyed(key):
    """Endorse with another key."""
    return lambda hops: hops.endorsed(proof_key=key(hops))


def rsa_endorsed(hops):
    """Sign with the credential's key where the proof key must."""
    root = markup.parse(hops.endorsed())
    first(root, "ds:SignatureMethod").set("Algorithm", names.RSA_SHA256)
    sign_again(root, hops.credential.key)
    return markup.serialize(root)


def without_reference(root, hops):
    """Sign nothing."""
    reference = first(root, "ds:Reference")
    reference.getparent().remove(reference)
    data = markup.canonical(first(root, "ds:SignedInfo"))
    first(root, "ds:SignatureValue").text = b64encode(hmac.digest(hops.proof_key, data, "sha1")).decode()


def without_key_info(root, hops):
    """Refer to no token at all."""
    signature = first(root, "ds:Signature")
    signature.remove(markup.child(signature, "ds:KeyInfo"))


def token_last(root, hops):
    """Put the token behind the Signature."""
    token = first(root, "xenc:EncryptedData")
    token.getparent().append(token)


def truncated(root, hops):
    """Cut the HMAC to ten bytes and say so."""
    method = first(root, "ds:SignatureMethod")
    markup.add(method, "ds:HMACOutputLength", "80")
    data = markup.canonical(first(root, "ds:SignedInfo"))
    first(root, "ds:SignatureValue").text = b64encode(hmac.digest(hops.proof_key, data, "sha1")[:10]).decode()


REGISTRY = {
    "no-token": (altered(removed("xenc:EncryptedData")), {"security.issued_token_missing"}, ""),
    "two-tokens": (
        altered(
            lambda root, hops: first(root, "o:Security").append(
                copy.deepcopy(first(root, "xenc:EncryptedData"))
            )
        ),
        {"security.issued_token_repeated"},
        "",
    ),
    "bearer": (
        altered(removed("ds:Signature")),
        {"security.signature_missing"},
        "a token alone proves nothing",
    ),
    "key-as-text": (
        keyed(lambda hops: b64encode(hops.proof_key)),
        {"security.signature_wrong"},
        "the base64 text of the proof key was used",
    ),
    "key-cut": (keyed(lambda hops: hops.proof_key[:16]), {"security.signature_wrong"}, "cut to 16 bytes"),
    "another-key": (keyed(lambda hops: b"k" * 32), {"security.signature_wrong"}, "another key was used"),
    "rsa": (
        rsa_endorsed,
        {"security.algorithm_signature", "security.signature_wrong"},
        "the credential's key signed where the proof key of the token must",
    ),
    "truncated": (
        altered(truncated),
        {"security.algorithm_signature", "security.signature_wrong"},
        "",
    ),
    "unsigned-timestamp": (altered(without_reference), {"security.timestamp_unsigned"}, ""),
    "timestamp-changed": (altered(moments(1, 301)), {"security.digest_mismatch"}, ""),
    "stale": (
        lambda hops: hops.endorsed(now=hops.moment - timedelta(minutes=6)),
        {"security.timestamp_window"},
        "the clock is off, or the Timestamp was made long before",
    ),
    "timestamp-wrapped": (
        altered(wrapped_timestamp),
        {"security.timestamp_unsigned", "security.relocated"},
        "a signed element of that name lies elsewhere",
    ),
    "two-signatures": (altered(second_signature), {"security.signature_repeated"}, ""),
    "two-references-to-keys": (altered(two_references_to_keys), {"security.key_reference"}, ""),
    "token-last": (altered(token_last), {"security.layout"}, ""),
    "guessed-reference": (
        lambda hops: hops.endorsed(reference=security.key_identifier("_guessed")),
        {"security.key_reference"},
        "copy the SecurityTokenReference",
    ),
    "reference-of-saml-1": (
        lambda hops: hops.endorsed(
            reference=security.key_identifier(hops.assertion_id, token_type=names.SAML_1_TOKEN)
        ),
        {"security.reference_altered"},
        "",
    ),
    "no-key-info": (altered(without_key_info), {"security.key_reference"}, ""),
}
"""Requests to the registry."""


@dataclass(frozen=True)
class Broken:
    """A message with one deviation."""

    name: str
    data: bytes
    codes: frozenset
    hint: str


def _broken(name, table, hops):
    make, codes, hint = table[name]
    return Broken(name, make(hops), frozenset(codes), hint)


@pytest.fixture(params=sorted(STS))
def broken_request(request, hops):
    """Each request for a token that is wrong in one way."""
    return _broken(request.param, STS, hops)


@pytest.fixture(params=sorted(REGISTRY))
def broken_call(request, hops):
    """Each request to the registry that is wrong in one way."""
    return _broken(request.param, REGISTRY, hops)


@pytest.fixture(scope="session")
def all_requests(hops):
    """Every request for a token by name, the healthy one included."""
    return {"healthy": hops.request(), **{name: make(hops) for name, (make, _, _) in STS.items()}}


@pytest.fixture(scope="session")
def all_calls(hops):
    """Every request to the registry by name, the healthy ones included."""
    healthy = {"healthy-sha1": hops.endorsed(), "healthy-sha256": hops.endorsed(algorithm=names.HMAC_SHA256)}
    return {**healthy, **{name: make(hops) for name, (make, _, _) in REGISTRY.items()}}
