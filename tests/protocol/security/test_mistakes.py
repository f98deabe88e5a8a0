"""The commonest mistakes of public client code: each gives one finding, and the finding names the cause.

The messages are judged as `evte inspect` judges a capture; what it prints is what is asserted.  Twelve are
the list proper, and further ones follow.
"""

from base64 import b64encode

import msgspec
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from conformance import inspection
from conformance.model import Evidence, Message, Severity
from conformance.protocol import markup, names, operations, security, soap, trust
from conformance.protocol.operations import OPERATIONS, V5

VERIFY = OPERATIONS["VerifyUSI"]
ASKED = {
    "OrgCode": "VA1803",
    "USI": "BNGH7C75FN",
    "FirstName": "Maryam",
    "FamilyName": "Fredrick",
    "DateOfBirth": "1966-05-25",
}
TWELVE = {
    # mistake: (code, words of the cause)
    "SHA-1 algorithms sent to endpoint v1.3": (
        "security.algorithm_signature",
        "these are the algorithms of endpoint v1.2: configure SHA-256 for this one",
    ),
    "AppliesTo in the spelling of the WSDL": (
        "inspect.relying_party",
        "it differs from the registered one in case only; do not take it from a WSDL",
    ),
    "whole PKCS#7 bundle as certificate": (
        "security.token_chain",
        "take the first certificate out of the store's bundle",
    ),
    "To header not signed": (
        "security.to_unsigned",
        "To has a wsu:Id, but SignedInfo has no reference to it",
    ),
    "attribute added to To after signing": (
        "security.digest_mismatch",
        "the attribute mustUnderstand was added after the digest was made",
    ),
    "inclusive canonicalisation": (
        "security.signature_wrong",
        "inclusive canonicalisation was used instead of the exclusive one",
    ),
    "indented after signing": (
        "security.signature_wrong",
        "the message was indented or pretty-printed after it was signed",
    ),
    "Timestamp made when the client object was": (
        "security.timestamp_window",
        "the clock is off, or the Timestamp was made long before the message was sent",
    ),
    "Timestamp as long as the token's life": (
        "security.timestamp_span",
        "the life of the Timestamp is not that of the token",
    ),
    "certificate sent, nothing signed": (
        "security.signature_missing",
        "a token alone proves nothing here; the request must be signed",
    ),
    "base64 text used as proof key": (
        "security.signature_wrong",
        "the base64 text of the proof key was used as the key instead of its bytes",
    ),
    "reference to the token made up": (
        "security.key_reference",
        "copy the SecurityTokenReference out of RequestedAttachedReference as it is",
    ),
}
FURTHER = {
    "unpatched Metro at endpoint v1.3": (
        "security.algorithm_signature",
        "Metro signs with rsa-sha1 under every suite; for endpoint v1.3 it needs the ATO's patch",
    ),
    "To rewritten by a proxy": (
        "security.digest_mismatch",
        "To was rewritten after signing: it was https://softwareauthorisations.evte.ato.gov.au/R3.0/S007v1.3/",
    ),
    "key of another certificate": (
        "security.signature_wrong",
        "another private key made it than the one that belongs to this certificate",
    ),
    "local time written with Z": (
        "security.timestamp_window",
        "it is off by +10.0 h, as when local time is written with Z",
    ),
    "offset instead of Z": ("security.timestamp_form", "write the moment in UTC, with Z"),
    "slash at the end of AppliesTo": (
        "inspect.relying_party",
        "a slash at the end makes another address",
    ),
    "inclusive canonicalisation, and named so": (
        "security.algorithm_canonicalization",
        "libraries begin with the inclusive form; set the exclusive one for SignedInfo and references",
    ),
    "KeyInfo with an id of its own": (
        "security.key_reference",
        "nothing in the message has this id; the ids of token and reference were made separately",
    ),
    "namespace of version 4 at the registry": (
        "usi.outdated_namespace",
        "That is the namespace of version 4; use the client classes of version 5.",
    ),
    "MessageID of the first hop used again": (
        "addressing.message_id_reused",
        "make the id when a message is sent, not when the client object is made",
    ),
    "credential's key where the proof key must": (
        "security.signature_wrong",
        "the value is as long as an RSA signature: the credential's key signed where the proof key must",
    ),
}


def first(root, name):
    """The first element of that prefixed name."""
    return next(root.iter(names.tag(name)))


class Maker:
    """Makes the message of each mistake; a list of two is an answer and what is made of it."""

    def __init__(self, hops, requests):
        self.hops, self.requests = hops, requests

    def made(self, mistake):
        """The message, or the messages of one transcript."""
        by_name = {
            "SHA-1 algorithms sent to endpoint v1.3": "sha1",
            "whole PKCS#7 bundle as certificate": "pkcs7-certificate",
            "To header not signed": "to-unsigned",
            "indented after signing": "indented-after-signing",
            "Timestamp made when the client object was": "six-minutes-slow",
            "Timestamp as long as the token's life": "half-an-hour-long",
            "certificate sent, nothing signed": "unsigned",
            "unpatched Metro at endpoint v1.3": "sha1-signature-only",
            "To rewritten by a proxy": "to-sent-on",
            "key of another certificate": "another-key",
            "local time written with Z": "ten-hours-fast",
            "offset instead of Z": "local-time",
            "KeyInfo with an id of its own": "reference-to-another-token",
        }
        here = {
            "AppliesTo in the spelling of the WSDL": lambda: self.hops.request(
                applies_to="https://3pt.portal.usi.gov.au/Service/v5/UsiService.svc"
            ),
            "slash at the end of AppliesTo": lambda: self.hops.request(applies_to=f"{self.hops.audience}/"),
            "attribute added to To after signing": self.attribute_added,
            "inclusive canonicalisation": lambda: self.inclusive(named=False),
            "inclusive canonicalisation, and named so": lambda: self.inclusive(named=True),
            "base64 text used as proof key": lambda: self.call(proof_key=b64encode(self.hops.proof_key)),
            "reference to the token made up": self.made_up_reference,
            "namespace of version 4 at the registry": lambda: self.call().replace(
                V5.namespace.encode(), b"http://usi.gov.au/2020/ws"
            ),
            "MessageID of the first hop used again": self.one_message_id,
            "credential's key where the proof key must": self.endorsed_with_rsa,
        }
        return self.requests[by_name[mistake]] if mistake in by_name else here[mistake]()

    def attribute_added(self):
        """To is marked mustUnderstand when its digest has been made."""
        root = self.hops.unsigned()
        name = names.tag("s:mustUnderstand")
        del first(root, "a:To").attrib[name]
        self.hops.sign(root)
        first(root, "a:To").set(name, "1")
        return markup.serialize(root)

    def inclusive(self, *, named):
        """Everything is canonicalised inclusively, and says so or not."""
        root = markup.parse(self.hops.request())
        if named:
            for name in ("ds:CanonicalizationMethod", "ds:Transform"):
                for element in root.iter(names.tag(name)):
                    element.set("Algorithm", names.INCLUSIVE_C14N)
        parts = {element.get(names.tag("u:Id")): element for element in root.iter()}
        for reference in root.iter(names.tag("ds:Reference")):
            digest = hashes.Hash(hashes.SHA256())
            digest.update(markup.inclusive_canonical(parts[reference.get("URI")[1:]]))
            first(reference, "ds:DigestValue").text = b64encode(digest.finalize()).decode()
        data = markup.inclusive_canonical(first(root, "ds:SignedInfo"))
        value = self.hops.credential.key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        first(root, "ds:SignatureValue").text = b64encode(value).decode()
        return markup.serialize(root)

    def call(self, *, message_id="urn:uuid:7c1e4b1c-94b5-4f0e-8f4e-2f5a0e6d8c22", **options):
        """An endorsed call of VerifyUSI."""
        envelope = soap.build(
            operations.request_element(VERIFY, ASKED),
            action=V5.action(VERIFY),
            message_id=message_id,
            to=self.hops.registry,
        )
        return markup.serialize(self.hops.endorse(envelope, **options))

    def made_up_reference(self):
        """The answer, and a call whose KeyInfo names something else."""
        answer = self.hops.answer()
        security.add_timestamp(answer, now=self.hops.moment)
        return [markup.serialize(answer), self.call(reference=security.key_identifier("_made-up"))]

    def one_message_id(self):
        """Both requests, with one MessageID."""
        request = self.hops.request()
        return [request, self.call(message_id=soap.read(request).message_id)]

    def endorsed_with_rsa(self):
        """The method says HMAC, the value is an RSA signature."""
        root = markup.parse(self.call())
        data = markup.canonical(first(root, "ds:SignedInfo"))
        value = self.hops.credential.key.sign(data, padding.PKCS1v15(), hashes.SHA1())
        first(root, "ds:SignatureValue").text = b64encode(value).decode()
        return markup.serialize(root)


@pytest.fixture
def maker(hops, all_requests):
    """Makes the messages."""
    return Maker(hops, all_requests)


def transcript(bodies):
    """Messages as the kit keeps them."""
    messages = tuple(
        Message(
            at_ms=0.0,
            sender="implementation",
            receiver="x",
            summary="s",
            size=len(body),
            body=body.decode(),
            headers=(("Content-Type", "application/soap+xml"),),
        )
        for body in bodies
    )
    return msgspec.json.encode(Evidence(id="e", title="t", messages=messages))


def inspected(hops, made):
    """What the inspector says of the message, or of the last one of a transcript."""
    data = transcript(made) if isinstance(made, list) else made
    return inspection.inspect(data, now=hops.moment, name="message", proof_key=hops.proof_key)


@pytest.mark.parametrize("mistake", [*TWELVE, *FURTHER])
def test_each_mistake_gives_one_finding_that_names_its_cause(hops, maker, mistake):
    """One error, refused, and the cause in the words that are printed."""
    code, cause = {**TWELVE, **FURTHER}[mistake]
    found = inspected(hops, maker.made(mistake))
    message = found.messages[-1]
    errors = [each for each in message.findings if each.severity is Severity.ERROR]
    assert [each.code for each in errors] == [code]
    assert not message.accepted
    assert found.exit_code == 1
    assert errors[0].hint.startswith(cause)
    printed = inspection.tell(found)
    assert f"error {code}: {errors[0].message}" in printed
    assert f"cause: {cause}" in printed
    assert all(earlier.accepted for earlier in found.messages[:-1])


@pytest.mark.parametrize("hop", ["request", "call"])
def test_the_healthy_message_gives_none(hops, maker, hop):
    """Each mistake is the only thing that is wrong with its message."""
    data = hops.request() if hop == "request" else maker.call()
    message = inspected(hops, data).messages[0]
    assert (message.accepted, message.findings) == (True, ())


def test_what_follows_from_a_mistake_is_said_with_it(hops, maker):
    """Indenting breaks a digest and the value: one finding has all the places and all the bytes."""
    (finding,) = inspected(hops, maker.made("indented after signing")).messages[0].findings
    assert finding.message == (
        "the signature does not verify; the digest of Timestamp is not that of the element as it arrived"
    )
    assert finding.where.split("; ") == [
        "s:Envelope/s:Header/o:Security/ds:Signature/ds:SignatureValue",
        "s:Envelope/s:Header/o:Security/ds:Signature/ds:SignedInfo/ds:Reference[@URI='#_0']",
    ]
    assert "<ds:SignedInfo xmlns" in finding.expected
    assert "<u:Timestamp xmlns" in finding.expected


def test_every_rule_that_was_broken_stays_examined(hops, all_requests):
    """One finding or three, a check asks for each rule by its own code."""
    for name in ("sha1", "indented-after-signing"):
        judgement, facts = hops.judge_signed(all_requests[name])
        assert {
            "security.algorithm_signature",
            "security.algorithm_digest",
            "security.signature_wrong",
            "security.digest_mismatch",
        } <= set(judgement.examined)
        assert len([each for each in judgement.findings if each.severity is Severity.ERROR]) == 1
        assert facts.verified is (name == "sha1")


def test_swapped_arguments_of_p_sha1_are_recognised(hops):
    """Both entropies the wrong way round give a known wrong key; whoever knows both can name it."""
    ours, theirs = bytes(range(32)), bytes(range(32, 64))
    right, swapped = trust.p_sha1(ours, theirs, 32), trust.p_sha1(theirs, ours, 32)
    assert right.hex() == "df59132c2af6d230e4337732076a14561694be12838cc00203d63c816653d75b"
    assert swapped.hex() == "848ed6b556375d78b11c556858ed47bf4cf6566773cd22447348d5f4ff798b9e"
    judgement, facts = hops.judge_endorsed(
        hops.endorsed(proof_key=swapped),
        proof_key=right,
        suspects={"the arguments of P_SHA1 were swapped": swapped},
    )
    (finding,) = judgement.findings
    assert (finding.code, finding.hint) == (
        "security.signature_wrong",
        "the arguments of P_SHA1 were swapped",
    )
    assert not facts.verified
