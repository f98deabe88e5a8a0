"""The issued token, from both sides of its envelope."""

from base64 import b64decode, b64encode
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from lxml import etree

from conformance.model import Severity
from conformance.protocol import markup, names, token


def errors(judgement):
    return {finding.code for finding in judgement.findings if finding.severity is Severity.ERROR}


def first(root, name):
    return next(root.iter(names.tag(name)))


@pytest.fixture(scope="module")
def issued(hops):
    """The canonical form of one EncryptedData, as it was issued."""
    return markup.canonical(hops.token()[0])


def reopened(hops, change, **options):
    """Change the assertion inside a token, encrypt it again and open it."""
    assertion = markup.parse(token.decrypt(hops.token()[0], hops.registry_key))
    change(assertion)
    data = token.encrypt(markup.canonical(assertion), recipient=hops.registry_certificate)
    return hops.open(data, **options)


def test_a_healthy_token_is_opened_and_looked_at_completely(hops, issued):
    """Key, claims, audience and life come out, and every rule was examined."""
    judgement, facts = hops.open(markup.parse(issued), issued={hops.assertion_id: issued}.get)
    assert judgement.findings == ()
    assert set(judgement.examined) == set(token.RULES)
    assert facts.proof_key == hops.proof_key
    assert facts.claims == {names.CLAIM_ABN: "11000002568", names.CLAIM_CREDENTIAL_TYPE: "ABR_Device"}
    assert (facts.assertion_id, facts.audience) == (hops.assertion_id, hops.audience)
    assert (facts.not_before, facts.not_on_or_after) == (hops.moment, hops.moment + timedelta(minutes=30))
    assert repr(hops.proof_key) not in repr(facts)


def test_the_wrapper_may_come_along(hops):
    """EncryptedAssertion is opened like its EncryptedData."""
    judgement, facts = hops.open(hops.token())
    assert judgement.findings == ()
    assert facts.wrapped


def test_without_a_token_nothing_is_examined(hops):
    """Its absence is another judge's finding."""
    judgement, facts = hops.open(None)
    assert (judgement.findings, judgement.examined) == ((), ())
    assert facts == token.TokenFacts()


def test_the_layout_is_that_of_the_published_answer(hops):
    """AES-256-CBC, an EncryptedKey inside, OAEP with an explicit digest, issuer and serial number."""
    data = hops.token()[0]
    assert data.get("Type") == "http://www.w3.org/2001/04/xmlenc#Element"
    assert [markup.local_name(part) for part in data] == ["EncryptionMethod", "KeyInfo", "CipherData"]
    key = data[1][0]
    assert key[0].get("Algorithm") == "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"
    assert key[0][0].get("Algorithm") == "http://www.w3.org/2000/09/xmldsig#sha1"
    assert markup.text(first(key, "ds:X509SerialNumber")) == str(hops.registry_certificate.serial_number)


def test_every_size_of_content_survives(hops):
    """Padding fills one to sixteen bytes, and only its last byte counts."""
    for size in range(1, 40):
        content = b"<a>" + b"x" * size + b"</a>"
        data = token.encrypt(content, recipient=hops.registry_certificate, random=lambda n: b"\xff" * n)
        assert token.decrypt(data, hops.registry_key) == content


@pytest.mark.parametrize(
    ("minutes", "codes"), [(-6, {"token.expired"}), (-4, set()), (29, set()), (30, {"token.expired"})]
)
def test_the_life_ends_without_grace(hops, minutes, codes):
    """Five minutes of skew before it begins, none after it ends."""
    assert errors(hops.open(hops.token(), now=hops.moment + timedelta(minutes=minutes))[0]) == codes


def test_a_token_for_another_service_is_found(hops):
    """Its address is compared letter by letter."""
    judgement, facts = hops.open(
        hops.token(audience="https://3pt.portal.usi.gov.au/Service/v5/UsiService.svc")
    )
    assert errors(judgement) == {"token.audience"}
    assert facts.audience == "https://3pt.portal.usi.gov.au/Service/v5/UsiService.svc"


def test_a_token_for_another_key_is_found(hops):
    """Nothing more can be examined then."""
    judgement, facts = hops.open(hops.token(), key=hops.signing_key)
    assert errors(judgement) == {"token.not_for_us"}
    assert facts.proof_key is None
    assert "token.signature" not in judgement.examined


def test_a_token_of_another_issuer_is_found(hops):
    """It decrypts, but nobody whom the registry knows has signed it."""
    judgement, _ = hops.open(hops.token(), issuer=hops.registry_certificate)
    assert errors(judgement) == {"token.signature"}


def remove_signature(assertion):
    assertion.remove(assertion[1])


def change_abn(assertion):
    first(assertion, "saml2:AttributeValue").text = "96312011219"


def change_id(assertion):
    assertion.set("ID", "_other")


def bearer(assertion):
    first(assertion, "saml2:SubjectConfirmation").set("Method", "urn:oasis:names:tc:SAML:2.0:cm:bearer")


def sha1_digest(assertion):
    first(assertion, "ds:DigestMethod").set("Algorithm", names.SHA1)


def no_conditions(assertion):
    assertion.remove(first(assertion, "saml2:Conditions"))


FORGED = {
    "unsigned": (remove_signature, {"token.signature"}),
    "another-abn": (change_abn, {"token.signature"}),
    "another-id": (change_id, {"token.signature"}),
    "sha1-digest": (sha1_digest, {"token.signature"}),
    "bearer": (bearer, {"token.signature", "token.proof_key"}),
    "no-conditions": (no_conditions, {"token.signature", "token.expired", "token.audience"}),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_assertion_is_found(hops, name):
    """Anyone can encrypt for the registry; only the token service can sign."""
    change, codes = FORGED[name]
    assert errors(reopened(hops, change)[0]) == codes


def cipher(change):
    def made(data):
        value = data[2][0]
        value.text = b64encode(change(bytearray(b64decode(value.text)))).decode()

    return made


DAMAGED = {
    "no-key-info": (lambda data: data.remove(data[1]), {"token.unreadable"}),
    "no-cipher-data": (lambda data: data.remove(data[2]), {"token.unreadable"}),
    "aes-128": (
        lambda data: data[0].set("Algorithm", "http://www.w3.org/2001/04/xmlenc#aes128-cbc"),
        {"token.algorithm"},
    ),
    "byte-lost": (cipher(lambda data: data[:-1]), {"token.damaged"}),
    "vector-only": (cipher(lambda data: data[:16]), {"token.damaged"}),
    "block-lost": (cipher(lambda data: data[:16] + data[32:]), {"token.damaged"}),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_token_is_found(hops, name):
    """Findings, not exceptions."""
    change, codes = DAMAGED[name]
    data = hops.token()[0]
    change(data)
    assert errors(hops.open(data)[0]) == codes


def test_something_else_in_the_envelope_is_found(hops):
    """What decrypts must be an assertion."""
    for content in (b"<a/>", b"no markup", b"<!DOCTYPE a><a/>"):
        data = token.encrypt(content, recipient=hops.registry_certificate)
        assert errors(hops.open(data)[0]) == {"token.damaged"}


def test_a_token_that_was_rebuilt_is_found(hops, issued):
    """Another encryption of the same assertion is another token."""
    content = token.decrypt(markup.parse(issued), hops.registry_key)
    rebuilt = token.encrypt(content, recipient=hops.registry_certificate)
    assert errors(hops.open(rebuilt, issued={hops.assertion_id: issued}.get)[0]) == {"token.changed"}


def test_indentation_of_a_token_is_found(hops, issued):
    """White space between its elements is not what was issued, though it decrypts."""
    data = markup.parse(issued)
    etree.indent(data)
    judgement, facts = hops.open(data, issued={hops.assertion_id: issued}.get)
    assert errors(judgement) == {"token.reformatted"}
    assert facts.proof_key == hops.proof_key


def test_other_prefixes_are_remarked_on(hops, issued):
    """A stack may bind the namespaces anew."""
    data = markup.parse(issued.replace(b"xenc:", b"e:").replace(b"xmlns:xenc=", b"xmlns:e="))
    judgement, _ = hops.open(data, issued={hops.assertion_id: issued}.get)
    assert [finding.code for finding in judgement.findings] == ["token.rewritten"]
    assert judgement.accepted


def test_a_token_that_nobody_issued_here_is_not_compared(hops, issued):
    """There is nothing to compare it with."""
    judgement, _ = hops.open(markup.parse(issued), issued=lambda _: None)
    assert "token.changed" not in judgement.examined


@settings(max_examples=60)
@given(at=st.floats(0, 1), byte=st.integers(0, 255))
def test_a_changed_byte_of_a_token_is_always_noticed(hops, issued, at, byte):
    """Whatever byte of the element changes, unless the canonical form stays, somebody notices."""
    place = min(int(at * len(issued)), len(issued) - 1)
    changed = issued[:place] + bytes((byte,)) + issued[place + 1 :]
    try:
        data = markup.parse(changed)
    except markup.MarkupError:
        return
    assume(markup.canonical(data) != issued)
    judgement, _ = hops.open(data, issued={hops.assertion_id: issued}.get)
    prefixes_only = {finding.code for finding in judgement.findings} == {"token.rewritten"}
    assert not judgement.accepted or prefixes_only


def test_decrypting_says_why_it_cannot(hops):
    """The plain function raises where the judge finds."""
    with pytest.raises(ValueError, match="does not open the token"):
        token.decrypt(hops.token()[0], hops.signing_key)


# --- SAML 1.1 ---------------------------------------------------------------------------------------------


def reopened_1(hops, change, **options):
    """Change the assertion inside a token of SAML 1.1, encrypt it again and open it."""
    assertion = markup.parse(token.decrypt(hops.token(token_type=names.SAML_1_TOKEN), hops.registry_key))
    change(assertion)
    return hops.open(
        token.encrypt(markup.canonical(assertion), recipient=hops.registry_certificate), **options
    )


def test_a_healthy_token_of_saml_1_is_opened_and_looked_at_completely(hops):
    """It tells the same as one of SAML 2.0, and has no wrapper."""
    data = hops.token(token_type=names.SAML_1_TOKEN)
    assert data.tag == names.tag("xenc:EncryptedData")
    judgement, facts = hops.open(data, issued={hops.assertion_id: markup.canonical(data)}.get)
    assert judgement.findings == ()
    assert set(judgement.examined) == set(token.RULES)
    assert replace(facts, token_type=names.SAML_2_TOKEN) == hops.open(hops.token()[0])[1]
    assert facts.token_type == names.SAML_1_TOKEN


def change_value(assertion):
    first(assertion, "saml:AttributeValue").text = "96312011219"


def change_identifier(assertion):
    assertion.set("AssertionID", "_another")


def signature_away(assertion):
    assertion.remove(assertion[-1])


def say_bearer(assertion):
    first(assertion, "saml:ConfirmationMethod").text = "urn:oasis:names:tc:SAML:1.0:cm:bearer"


def add_bearer(assertion):
    method = first(assertion, "saml:ConfirmationMethod")
    markup.add(method.getparent(), "saml:ConfirmationMethod", "urn:oasis:names:tc:SAML:1.0:cm:bearer")


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        (change_value, {"token.signature"}),
        (change_identifier, {"token.signature"}),
        (signature_away, {"token.signature"}),
        (say_bearer, {"token.signature", "token.proof_key"}),
        (add_bearer, {"token.signature", "token.proof_key"}),
    ],
)
def test_a_changed_assertion_of_saml_1_is_found(hops, change, codes):
    """As with SAML 2.0; a bearer confirms nothing, not even beside holder-of-key."""
    assert errors(reopened_1(hops, change)[0]) == codes


def test_audience_and_life_of_saml_1_are_judged(hops):
    """The elements have other names, the rules are the same."""
    data = hops.token(token_type=names.SAML_1_TOKEN, audience="https://elsewhere.invalid/")
    judgement, facts = hops.open(data, now=hops.moment + timedelta(minutes=30))
    assert errors(judgement) == {"token.audience", "token.expired"}
    assert facts.audience == "https://elsewhere.invalid/"
    places = {finding.where for finding in judgement.findings}
    assert places == {
        "saml:Assertion/saml:Conditions",
        "saml:Assertion/saml:Conditions/saml:AudienceRestrictionCondition",
    }


def test_an_assertion_of_another_name_is_damaged(hops):
    """Only SAML 2.0 and 1.1 are known."""

    def rename(assertion):
        assertion.tag = "{urn:oasis:names:tc:SAML:3.0:assertion}Assertion"

    assert errors(reopened_1(hops, rename)[0]) == {"token.damaged"}
