"""The explaining verifier: what it accepts, what it finds, and why."""

import hashlib
from base64 import b64decode, b64encode
from datetime import timedelta

import pytest
from lxml import etree

from conformance.model import Severity
from conformance.protocol import markup, names, security, soap

TOKEN_ONLY = {
    "security.issued_token_missing",
    "security.issued_token_repeated",
    "security.reference_altered",
}
"""Rules of the registry's hop."""

CERTIFICATE_ONLY = {
    code
    for code in security.RULES
    if code.startswith(("security.token_", "security.certificate_")) or code == "security.to_unsigned"
}
"""Rules of the token service's hop."""


def errors(judgement):
    return {finding.code for finding in judgement.findings if finding.severity is Severity.ERROR}


def remarks(judgement):
    return {finding.code for finding in judgement.findings if finding.severity is Severity.REMARK}


def leaf(hops):
    from cryptography.hazmat.primitives.serialization import Encoding

    return hops.credential.certificate.public_bytes(Encoding.DER)


# --- healthy messages -----------------------------------------------------------------------------------


def test_a_healthy_request_is_accepted_and_looked_at_completely(hops):
    """No finding, and every rule of this hop was examined."""
    judgement, facts = hops.judge_signed(hops.request(), credential=leaf(hops))
    assert judgement.findings == ()
    assert set(judgement.examined) == set(security.RULES) - TOKEN_ONLY
    assert facts.verified
    assert facts.certificate == hops.credential.certificate
    assert (facts.created, facts.expires) == (hops.moment, hops.moment + timedelta(minutes=5))


def test_a_healthy_call_is_accepted_and_looked_at_completely(hops):
    """No finding, and every rule of this hop was examined."""
    judgement, facts = hops.judge_endorsed(hops.endorsed())
    assert judgement.findings == ()
    assert set(judgement.examined) == set(security.RULES) - CERTIFICATE_ONLY
    assert facts.verified
    assert not facts.wrapped


def test_the_older_endpoint_wants_sha1(hops):
    """v1.2 accepts what v1.3 refuses, and the other way round."""
    data = markup.serialize(hops.sign(hops.unsigned(), suite=security.S007_V12))
    assert hops.judge_signed(data, suite=security.S007_V12)[0].findings == ()
    newer, _ = hops.judge_signed(hops.request(), suite=security.S007_V12)
    assert errors(newer) == {"security.algorithm_signature"}
    assert newer.findings[0].hint.startswith("these are the algorithms of endpoint v1.3")
    assert newer.findings[0].actual == "rsa-sha256, with sha256 for every digest"


def test_both_endorsing_algorithms_are_accepted(hops):
    """WCF takes the published suite for HMAC-SHA256; that is remarked on."""
    judgement, facts = hops.judge_endorsed(hops.endorsed(algorithm=names.HMAC_SHA256))
    assert (errors(judgement), remarks(judgement)) == (set(), {"security.endorsed_sha256"})
    assert facts.verified


def test_the_bytes_behind_each_digest_are_kept(hops):
    """What was hashed is there to be looked at, byte by byte."""
    _, facts = hops.judge_signed(hops.request())
    timestamp, to = facts.references
    assert timestamp.canonical.startswith(b"<u:Timestamp xmlns:u=")
    assert hashlib.sha256(timestamp.canonical).digest() == timestamp.stated == timestamp.actual
    assert to.where == "s:Envelope/s:Header/a:To"
    assert facts.signed_info.startswith(b'<ds:SignedInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">')


# --- broken messages ------------------------------------------------------------------------------------


def test_each_mistake_in_a_request_is_found(hops, broken_request):
    """One deviation: exactly its findings, and the cause where it can be known."""
    judgement, facts = hops.judge_signed(broken_request.data)
    assert errors(judgement) == broken_request.codes
    assert broken_request.hint in " / ".join(finding.hint for finding in judgement.findings)
    if broken_request.codes & {
        "security.signature_wrong",
        "security.digest_mismatch",
        "security.signature_missing",
    }:
        assert not facts.verified


def test_each_mistake_in_a_call_is_found(hops, broken_call):
    """One deviation: exactly its findings, and the cause where it can be known."""
    judgement, _ = hops.judge_endorsed(broken_call.data)
    assert errors(judgement) == broken_call.codes
    assert broken_call.hint in " / ".join(finding.hint for finding in judgement.findings)


def test_the_first_differing_byte_is_told(hops):
    """Both forms are kept, and the finding shows where they part."""
    root = markup.parse(hops.request())
    to = root.find(f".//{names.tag('a:To')}")
    to.text += "/"
    judgement, facts = hops.judge_signed(markup.serialize(root))
    reference = facts.references[1]
    at = security.first_difference(reference.canonical, reference.hashed)
    assert reference.canonical[at:] == b"/</a:To>"
    assert reference.hashed[at:] == b"</a:To>"
    assert facts.references[0].hashed == b""
    told = judgement.findings[0].actual
    assert f"the digest of {len(reference.hashed)} other bytes, different from byte {at} on" in told


def test_the_bytes_behind_a_signature_are_told(hops):
    """The same of SignedInfo, when the mistake can be repeated."""
    root = markup.parse(hops.request())
    signed_info = root.find(f".//{names.tag('ds:SignedInfo')}")
    right = markup.canonical(signed_info)
    etree.indent(signed_info)
    judgement, facts = hops.judge_signed(markup.serialize(root))
    assert (facts.signed_instead, facts.verified) == (right, False)
    assert "different from byte 61 on" in judgement.findings[0].actual


def test_equal_bytes_have_no_difference():
    """One that goes on longer differs where the other ends."""
    assert security.first_difference(b"abc", b"abc") is None
    assert security.first_difference(b"abc", b"abd") == 2
    assert security.first_difference(b"abc", b"ab") == 2


def test_secrets_stay_out_of_differences(hops):
    """Where the bytes part inside a secret, asterisks stand in for it."""
    secret = b64encode(b"secret entropy, thirty-two bytes").decode()
    root = markup.parse(hops.request(entropy=b"secret entropy, thirty-two bytes"))
    body = root.find(names.tag("s:Body"))
    body.set(names.tag("u:Id"), "_9")
    signed_info = root.find(f".//{names.tag('ds:SignedInfo')}")
    reference = markup.parse(markup.canonical(signed_info[-1]))
    reference.set("URI", "#_9")
    digest = hashlib.sha256(markup.canonical(body)).digest()
    reference.find(names.tag("ds:DigestValue")).text = b64encode(digest).decode()
    signed_info.append(reference)
    etree.indent(root)
    judgement, facts = hops.judge_signed(markup.serialize(root))
    assert facts.references[2].hashed
    assert secret not in str(judgement)
    assert security.masked(b"<t:BinarySecret>abc<!-- --></t:BinarySecret>") == (
        b"<t:BinarySecret>***********</t:BinarySecret>"
    )


def test_a_suspected_signer_is_named(hops):
    """Whoever has the other keys of a store can have the mix-up told."""
    data = markup.serialize(hops.sign(hops.unsigned(), key=hops.other.key))
    cause = "the key of KITTEST2 signed"
    judgement, _ = hops.judge_signed(data, suspects={cause: hops.other.certificate.public_key()})
    assert [finding.hint for finding in judgement.findings] == [cause]


def test_several_mistakes_are_all_found(hops):
    """A message is judged completely, not up to its first mistake."""
    root = markup.parse(hops.request())
    header = root.find(f".//{names.tag('o:Security')}")
    del header.attrib[names.tag("s:mustUnderstand")]
    header.insert(0, header[2])
    root.find(f".//{names.tag('a:To')}").text = "https://elsewhere.example/"
    root.find(f".//{names.tag('o:Reference')}").set("URI", "#other")
    judgement, _ = hops.judge_signed(markup.serialize(root), now=hops.moment + timedelta(hours=1))
    assert errors(judgement) == {
        "security.must_understand",
        "security.layout",
        "security.digest_mismatch",
        "security.key_reference",
        "security.timestamp_window",
    }


def test_secrets_stay_out_of_findings(hops):
    """Who signs the Body too and gets it wrong must not find his entropy in a report."""
    root = markup.parse(hops.request(entropy=b"secret entropy, thirty-two bytes"))
    body = root.find(names.tag("s:Body"))
    body.set(names.tag("u:Id"), "_9")
    signed_info = root.find(f".//{names.tag('ds:SignedInfo')}")
    reference = markup.parse(markup.canonical(signed_info[-1]))
    reference.set("URI", "#_9")
    signed_info.append(reference)
    judgement, facts = hops.judge_signed(markup.serialize(root))
    assert errors(judgement) == {"security.digest_mismatch", "security.signature_wrong"}
    assert b64encode(b"secret entropy, thirty-two bytes") in facts.references[2].canonical
    assert b64encode(b"secret entropy, thirty-two bytes").decode() not in str(judgement)
    assert "BinarySecret" in str(judgement)
    assert all(
        b64encode(b"secret entropy") not in b64decode(finding.octets) for finding in judgement.findings
    )


def test_a_digest_that_differs_comes_with_the_bytes_that_were_hashed(hops):
    """What the judge canonicalised, to be compared byte by byte with what the sender did."""
    root = markup.parse(hops.request())
    to = root.find(f".//{names.tag('a:To')}")
    to.text = "https://elsewhere.example/"
    judgement, facts = hops.judge_signed(markup.serialize(root))
    (finding,) = judgement.findings
    assert finding.code == "security.digest_mismatch"
    (changed,) = [reference for reference in facts.references if not reference.holds]
    assert b64decode(finding.octets) == changed.canonical
    assert b"https://elsewhere.example/" in changed.canonical


def test_the_bytes_of_a_finding_are_bounded_and_hold_no_secret():
    """The first 4 096; tokens, passwords and identity documents are overwritten before they are cut."""
    data = (
        b"<a><x:CipherValue>c2VjcmV0</x:CipherValue><DVSDocument><Number>PA1234567</Number></DVSDocument>"
        b"<o:Password>hunter2</o:Password><s2:Assertion ID='_1'><b>who</b></s2:Assertion><c>kept</c></a>"
    )
    shown = b64decode(security.octets(data))
    assert len(shown) == len(data)
    for secret in (b"c2VjcmV0", b"PA1234567", b"hunter2", b"who"):
        assert secret in data
        assert secret not in shown
    assert b"<c>kept</c>" in shown
    assert len(b64decode(security.octets(b"x" * 5000))) == 4096


def test_masses_of_references_are_not_followed(hops):
    """Sixteen are looked at, so that a small message cannot make much work."""
    root = markup.parse(hops.request())
    signed_info = root.find(f".//{names.tag('ds:SignedInfo')}")
    for _ in range(3000):
        signed_info.append(markup.parse(markup.canonical(signed_info[-1])))
    judgement, facts = hops.judge_signed(markup.serialize(root))
    assert len(facts.references) == 16
    assert errors(judgement) == {"security.reference_unresolved", "security.signature_wrong"}
    assert not facts.verified


def test_another_credential_is_found_where_the_right_one_is_known(hops):
    """A product may not sign with whatever it finds in the store."""
    data = markup.serialize(
        hops.sign(hops.unsigned(), key=hops.other.key, certificate=hops.other.certificate)
    )
    assert errors(hops.judge_signed(data)[0]) == set()
    assert errors(hops.judge_signed(data, credential=leaf(hops))[0]) == {"security.certificate_other"}


@pytest.mark.parametrize("minutes", [-4, 4])
def test_four_minutes_of_skew_are_tolerated(hops, minutes):
    """Five are the bound, either way."""
    assert hops.judge_signed(hops.request(), now=hops.moment + timedelta(minutes=minutes))[0].accepted


@pytest.mark.parametrize("years", [-3, 3])
def test_a_certificate_that_is_not_valid_now_is_found(hops, years):
    """Expired or not yet valid, with the certificate's own dates."""
    moment = hops.moment + timedelta(days=365 * years)
    data = markup.serialize(hops.sign(hops.unsigned(), now=moment))
    judgement, _ = hops.judge_signed(data, now=moment)
    assert errors(judgement) == {"security.certificate_dates"}
    assert "valid from 2026-10-22T10:32:00.000Z to 2028-10-21T10:31:59.000Z" in judgement.findings[0].actual


def test_a_suspected_key_is_named(hops):
    """Whoever knows other keys can have the mix-up told."""
    data = hops.endorsed(proof_key=b"k" * 32)
    judgement, _ = hops.judge_endorsed(
        data, suspects={"the key of another client's token was used": b"k" * 32}
    )
    assert [finding.hint for finding in judgement.findings] == ["the key of another client's token was used"]


def test_without_the_token_the_signature_is_not_examined(hops):
    """What cannot be verified is neither right nor wrong."""
    judgement, facts = hops.judge_endorsed(hops.endorsed(), proof_key=None, assertion_id="")
    assert judgement.findings == ()
    assert "security.signature_wrong" not in judgement.examined
    assert "security.key_reference" not in judgement.examined
    assert not facts.verified


@pytest.mark.parametrize(
    "garbage", [b"<o:x xmlns:o='u:x'/>", b"<ds:Signature xmlns:ds='http://www.w3.org/2000/09/xmldsig#'/>"]
)
def test_hostile_headers_are_judged_not_raised(hops, garbage):
    """An empty Signature, or anything else in the header, gives findings."""
    root = markup.parse(hops.request())
    header = root.find(f".//{names.tag('o:Security')}")
    for part in list(header)[1:]:
        header.remove(part)
    header.append(markup.parse(garbage))
    judgement, facts = hops.judge_signed(markup.serialize(root))
    assert not judgement.accepted
    assert not facts.verified


# --- what real clients send -----------------------------------------------------------------------------


def prefixed_lists(hops):
    """Metro: InclusiveNamespaces in the canonicalisation and in both transforms."""
    from cryptography.hazmat.primitives.asymmetric import padding
    from cryptography.hazmat.primitives.hashes import SHA256

    root = markup.parse(hops.request())
    listed = ("u", "o", "s")
    for name in ("ds:CanonicalizationMethod", "ds:Transform"):
        for method in root.iter(names.tag(name)):
            markup.add(method, "ec:InclusiveNamespaces", None, {"PrefixList": " ".join(listed)})
    ids = {element.get(names.tag("u:Id")): element for element in root.iter(etree.Element)}
    for reference in root.iter(names.tag("ds:Reference")):
        canonical = markup.canonical(ids[reference.get("URI")[1:]], inclusive_prefixes=listed)
        reference[-1].text = b64encode(hashlib.sha256(canonical).digest()).decode()
    signed_info = root.find(f".//{names.tag('ds:SignedInfo')}")
    data = markup.canonical(signed_info, inclusive_prefixes=listed)
    value = hops.credential.key.sign(data, padding.PKCS1v15(), SHA256())
    signed_info.getnext().text = b64encode(value).decode()
    return markup.serialize(root)


def test_prefix_lists_are_obeyed_and_remarked_on(hops):
    """The official Java sample sends them; leaving them out of account would refuse it."""
    data = prefixed_lists(hops)
    judgement, facts = hops.judge_signed(data)
    assert (errors(judgement), remarks(judgement)) == (set(), {"security.inclusive_prefixes"})
    assert facts.verified
    assert b'xmlns:s="http://www.w3.org/2003/05/soap-envelope"' in facts.references[0].canonical


def test_a_prefix_list_that_was_not_obeyed_is_named(hops):
    """Naming a list and hashing without it is a mistake of its own."""
    root = markup.parse(hops.request())
    transform = root.find(f".//{names.tag('ds:Transform')}")
    markup.add(transform, "ec:InclusiveNamespaces", None, {"PrefixList": "s"})
    judgement, _ = hops.judge_signed(markup.serialize(root))
    hints = {finding.code: finding.hint for finding in judgement.findings}
    assert hints["security.digest_mismatch"].startswith("the PrefixList of InclusiveNamespaces was left out")


def test_an_indented_template_is_accepted(hops):
    """PHP: the envelope is pretty-printed first and signed afterwards, with white space inside SignedInfo."""
    root = hops.unsigned()
    etree.indent(root)
    hops.sign(root)
    header = root.find(f".//{names.tag('o:Security')}")
    etree.indent(header)
    ids = {element.get(names.tag("u:Id")): element for element in root.iter(etree.Element)}
    for reference in root.iter(names.tag("ds:Reference")):
        digest = hashlib.sha256(markup.canonical(ids[reference.get("URI")[1:]])).digest()
        reference.find(names.tag("ds:DigestValue")).text = f"\n  {b64encode(digest).decode()}\n"
    from cryptography.hazmat.primitives.asymmetric import padding
    from cryptography.hazmat.primitives.hashes import SHA256

    signed_info = root.find(f".//{names.tag('ds:SignedInfo')}")
    value = hops.credential.key.sign(markup.canonical(signed_info), padding.PKCS1v15(), SHA256())
    encoded = b64encode(value).decode()
    signed_info.getnext().text = "\n".join(encoded[i : i + 76] for i in range(0, len(encoded), 76))
    judgement, facts = hops.judge_signed(markup.serialize(root))
    assert errors(judgement) == set()
    assert remarks(judgement) == {"security.signed_info_indented"}
    assert facts.verified


def test_a_reference_without_a_value_type_is_remarked_on(hops):
    """PHP clients and the real WCF client of 2021 leave it out."""
    root = markup.parse(hops.request())
    del root.find(f".//{names.tag('o:Reference')}").attrib["ValueType"]
    judgement, _ = hops.judge_signed(markup.serialize(root))
    assert (errors(judgement), remarks(judgement)) == (set(), {"security.reference_untyped"})


def test_true_is_as_good_as_1(hops):
    """Metro and a Julia client write mustUnderstand="true"."""
    root = markup.parse(hops.request())
    root.find(f".//{names.tag('o:Security')}").set(names.tag("s:mustUnderstand"), "true")
    assert hops.judge_signed(markup.serialize(root))[0].findings == ()


def test_a_wrapped_token_is_remarked_on(hops):
    """WCF may leave the EncryptedData in its EncryptedAssertion."""
    judgement, facts = hops.judge_endorsed(hops.endorsed(token=hops.token()))
    assert (errors(judgement), remarks(judgement)) == (set(), {"security.token_wrapped"})
    assert facts.wrapped


def test_a_signed_to_at_the_registry_is_remarked_on(hops):
    """More than the Timestamp may be endorsed."""
    from conformance.protocol.security import building

    envelope = hops.call()
    header = security.add_timestamp(envelope, now=hops.moment)
    security.graft(header, hops.token()[0])
    to = envelope.find(f".//{names.tag('a:To')}")
    to.set(names.tag("u:Id"), "_1")
    parts = (("_0", header[0]), ("_1", to))
    signature, signed_info = building._signature(header, names.HMAC_SHA1, names.SHA1, parts)
    import hmac

    value = hmac.digest(hops.proof_key, markup.canonical(signed_info), "sha1")
    markup.add(signature, "ds:SignatureValue", b64encode(value).decode())
    security.graft(markup.add(signature, "ds:KeyInfo"), security.key_identifier(hops.assertion_id))
    judgement, facts = hops.judge_endorsed(markup.serialize(envelope))
    assert (errors(judgement), remarks(judgement)) == (set(), {"security.signed_more"})
    assert facts.verified


def test_a_reply_has_a_timestamp(hops):
    """Metro hides a reply without one."""
    answer = hops.answer()
    security.add_timestamp(answer, now=hops.moment)
    envelope = soap.read(markup.serialize(answer))
    assert (
        markup.text(markup.child(envelope.security, "u:Timestamp", "u:Created")) == "2026-11-21T10:42:00.000Z"
    )


def test_references_come_apart(hops):
    """Both kinds, and none."""
    made = security.read_reference(security.key_identifier("_a"))
    assert (made.kind, made.value, made.value_type) == ("KeyIdentifier", "_a", names.SAML_2_ID)
    assert made.token_type == names.SAML_2_TOKEN
    older = security.read_reference(security.key_identifier("_a", token_type=names.SAML_1_TOKEN))
    assert older.value_type == names.SAML_1_ID
    assert security.read_reference(None) is None
    assert security.read_reference(markup.element("o:SecurityTokenReference")).kind == ""
