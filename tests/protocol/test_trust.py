"""Requests for a token, answers, proof keys, event codes."""

import random
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from conformance.model import Severity
from conformance.protocol import markup, names, soap, trust

CLIENT = bytes(range(32))
SERVICE = bytes(range(32, 64))
COMPUTED = "df59132c2af6d230e4337732076a14561694be12838cc00203d63c816653d75b"
"""P_SHA1 of the two, worked out outside this project."""
SWAPPED = "848ed6b556375d78b11c556858ed47bf4cf6566773cd22447348d5f4ff798b9e"
"""The same with its arguments swapped, which is the commonest mistake with it."""

HOSTED = trust.ActAs(
    ssid="0000123400",
    first_party="11000002568",
    second_party="96312011219",
    id="6d0c0d1e-9f55-4b7a-a2a5-5f0c6b1d7e01",
)


def judged(hops, change=None, **options):
    asked = {
        key: options.pop(key) for key in list(options) if key not in ("act_as", "certificate_abn", "now")
    }
    if options.pop("hosted", False):
        asked["act_as"] = HOSTED
    envelope = soap.of(hops.unsigned(**asked))
    if change is not None:
        change(envelope.payload)
    return trust.judge_request(envelope, **{"now": hops.moment, **options})


def errors(judgement):
    return {finding.code for finding in judgement.findings if finding.severity is Severity.ERROR}


def remarks(judgement):
    return {finding.code for finding in judgement.findings if finding.severity is Severity.REMARK}


def first(root, name):
    return next(root.iter(names.tag(name)))


# --- the request ------------------------------------------------------------------------------------------


def test_a_healthy_request_is_accepted_and_looked_at_completely(hops):
    """No finding; every rule but those of ActAs was examined."""
    judgement, facts = judged(hops, act_as=False)
    assert judgement.findings == ()
    acting = {code for code in trust.RULES if code.startswith("trust.act_as_")} - {"trust.act_as_unexpected"}
    assert set(judgement.examined) == set(trust.RULES) - acting
    assert facts.applies_to == hops.audience
    assert facts.mandatory_claims == names.USI_CLAIMS
    assert (facts.key_size, facts.token_type) == (256, names.SAML_2_TOKEN)
    assert (facts.created, facts.expires) == (hops.moment, hops.moment + timedelta(minutes=30))


def hosted(hops, change=None, **options):
    envelope = soap.of(hops.unsigned(act_as=HOSTED))
    if change is not None:
        change(envelope.payload)
    options = {"now": hops.moment, "act_as": True, "certificate_abn": "11000002568", **options}
    return trust.judge_request(envelope, **options)


def test_a_healthy_request_of_hosted_software_is_accepted(hops):
    """Every rule of ActAs was examined, and whom it acts for is read."""
    judgement, facts = hosted(hops)
    assert judgement.findings == ()
    assert set(judgement.examined) == set(trust.RULES) - {"trust.act_as_unexpected"}
    assert facts.act_as == HOSTED


def set_text(name, value):
    def change(request):
        first(request, name).text = value

    return change


def take_out(name):
    def change(request):
        element = first(request, name)
        element.getparent().remove(element)

    return change


def set_value(name, key, value):
    def change(request):
        first(request, name).set(names.tag(key) if ":" in key else key, value)

    return change


def another_applies_to(address):
    def change(request):
        reference = markup.add(markup.add(request, "wsp:AppliesTo"), "a:EndpointReference")
        markup.add(reference, "a:Address", address)

    return change


def optional_claims(request):
    for claim in request.iter(names.tag("i:ClaimType")):
        claim.set("Optional", "true")


def unknown_claim(request):
    markup.add(first(request, "t:Claims"), "i:ClaimType", None, {"Uri": "urn:unknown"})


def entropy(size, algorithm=names.P_SHA1):
    def change(request):
        from base64 import b64encode

        markup.add(markup.add(request, "t:Entropy"), "t:BinarySecret", b64encode(bytes(size)).decode())
        markup.add(request, "t:ComputedKeyAlgorithm", algorithm)

    return change


MISTAKES = {
    "misspelt-request-type": (set_text("t:RequestType", names.ISSUE + "e"), {"trust.request_type"}),
    "no-request-type": (take_out("t:RequestType"), {"trust.request_type"}),
    "no-applies-to": (take_out("wsp:AppliesTo"), {"trust.applies_to_missing"}),
    "no-address": (take_out("a:Address"), {"trust.applies_to_missing"}),
    "two-relying-parties": (another_applies_to("https://other.example/"), {"trust.applies_to_ambiguous"}),
    "bearer": (set_text("t:KeyType", names.BEARER), {"trust.key_type"}),
    "no-key-type": (take_out("t:KeyType"), {"trust.key_type"}),
    "key-size-in-bytes": (set_text("t:KeySize", "32"), {"trust.key_size"}),
    "key-size-in-full-width": (set_text("t:KeySize", "\uff12\uff15\uff16"), {"trust.key_size"}),
    "json-web-token": (set_text("t:TokenType", "urn:ietf:params:oauth:token-type:jwt"), {"trust.token_type"}),
    "no-claims": (take_out("t:Claims"), {"trust.claims_missing"}),
    "one-claim": (take_out("i:ClaimType"), {"trust.claims_missing"}),
    "optional-claims": (optional_claims, {"trust.claims_missing"}),
    "unknown-claim": (unknown_claim, {"trust.claim_unknown"}),
    "local-time": (set_text("u:Created", "2026-11-21T20:42:00+10:00"), {"trust.lifetime_form"}),
    "no-expires": (take_out("u:Expires"), {"trust.lifetime_form"}),
    "a-week": (set_text("u:Expires", "2026-11-28T10:42:00Z"), {"trust.lifetime_span"}),
    "backwards": (set_text("u:Expires", "2026-11-21T10:41:00Z"), {"trust.lifetime_span"}),
    "begun-long-ago": (set_text("u:Created", "2026-11-21T10:30:00Z"), {"trust.lifetime_start"}),
    "short-entropy": (entropy(16), {"trust.entropy"}),
    "other-computation": (entropy(32, "urn:other"), {"trust.entropy"}),
    "entropy": (entropy(32), set()),
    "no-key-size": (take_out("t:KeySize"), set()),
    "no-token-type": (take_out("t:TokenType"), set()),
    "no-lifetime": (take_out("t:Lifetime"), set()),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_each_mistake_is_found(hops, name):
    """One deviation, exactly its finding; what is optional may be missing."""
    change, codes = MISTAKES[name]
    assert errors(judged(hops, change)[0]) == codes


MISTAKES_OF_HOSTED_SOFTWARE = {
    "no-act-as": (take_out("t14:ActAs"), {"trust.act_as_missing"}),
    "no-relationship-token": (take_out("v13:RelationshipToken"), {"trust.act_as_form"}),
    "other-relationship": (set_value("v13:Relationship", "v13:Type", "OSPFor"), {"trust.act_as_form"}),
    "other-scheme": (set_value("v13:FirstParty", "v13:Scheme", "abn"), {"trust.act_as_form"}),
    "zeros-lost": (set_value("v13:Attribute", "v13:Value", "123400"), {"trust.act_as_ssid"}),
    "full-width-zero": (set_value("v13:Attribute", "v13:Value", "\uff10000123400"), {"trust.act_as_ssid"}),
    "another-first-party": (
        set_value("v13:FirstParty", "v13:Value", "96312011219"),
        {"trust.act_as_first_party", "trust.act_as_second_party"},
    ),
    "mistyped-abn": (set_value("v13:SecondParty", "v13:Value", "96312011218"), {"trust.act_as_second_party"}),
    "for-itself": (set_value("v13:SecondParty", "v13:Value", "11000002568"), {"trust.act_as_second_party"}),
}


@pytest.mark.parametrize("name", MISTAKES_OF_HOSTED_SOFTWARE)
def test_each_mistake_of_hosted_software_is_found(hops, name):
    """One deviation, exactly its findings."""
    change, codes = MISTAKES_OF_HOSTED_SOFTWARE[name]
    assert errors(hosted(hops, change)[0]) == codes


def test_acting_for_somebody_is_wrong_for_local_software(hops):
    """The same element is demanded in one mode and refused in the other."""
    assert errors(hosted(hops, act_as=False)[0]) == {"trust.act_as_unexpected"}


def test_an_unqualified_id_is_remarked_on(hops):
    """The official sample writes it so; both forms are read."""

    def change(request):
        token = first(request, "v13:RelationshipToken")
        token.set("ID", token.attrib.pop(names.tag("v13:ID")))

    judgement, facts = hosted(hops, change)
    assert (errors(judgement), remarks(judgement)) == (set(), {"trust.act_as_id"})
    assert facts.act_as == HOSTED


def metro(request):
    """The shape of the official Java sample's request."""
    secondary = markup.add(request, "t:SecondaryParameters")
    for name in ("t:TokenType", "t:KeyType", "t:KeySize", "t:Claims"):
        secondary.append(first(request, name))
    first(request, "t:TokenType").text = names.SAML_1_TOKEN
    entropy(32)(request)
    markup.add(request, "t:SignatureAlgorithm", "SHA256withRSA")


def test_metros_shape_is_understood(hops):
    """SecondaryParameters, entropy, SAML 1.1: accepted, and remarked on."""
    judgement, facts = judged(hops, metro)
    assert errors(judgement) == set()
    assert remarks(judgement) == {
        "trust.secondary_parameters",
        "trust.saml_1_asked",
        "trust.entropy_sent",
        "trust.algorithm_name",
    }
    assert facts.entropy == bytes(32)
    assert facts.mandatory_claims == names.USI_CLAIMS


def test_oddities_are_remarked_on(hops):
    """A repeated AppliesTo, claims of WS-Federation with values, an element of nobody's."""

    def change(request):
        another_applies_to(hops.audience)(request)
        for claim in list(request.iter(names.tag("i:ClaimType"))):
            claim.tag = names.tag("auth:ClaimType")
            claim.text = "abn"
        markup.add(request, "sim:Extra")

    judgement, facts = judged(hops, change)
    assert errors(judgement) == set()
    assert remarks(judgement) == {
        "trust.applies_to_repeated",
        "trust.claim_namespace",
        "trust.claim_value",
        "trust.element_unknown",
    }
    assert facts.mandatory_claims == names.USI_CLAIMS


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32))
def test_any_order_of_children_is_understood(hops, seed):
    """Five working clients use five orders."""
    envelope = soap.of(hops.unsigned(act_as=HOSTED, entropy=CLIENT))
    children = list(envelope.payload)
    random.Random(seed).shuffle(children)
    for child in children:
        envelope.payload.append(child)
    judgement, facts = trust.judge_request(
        envelope, now=hops.moment, certificate_abn="11000002568", act_as=True
    )
    assert (errors(judgement), remarks(judgement)) == (set(), {"trust.entropy_sent"})
    assert (facts.act_as, facts.entropy, facts.applies_to) == (HOSTED, CLIENT, hops.audience)


def test_a_body_without_a_request_is_one_finding(hops):
    """Nothing else is claimed to have been examined."""
    judgement, facts = trust.judge_request(soap.of(hops.call()), now=hops.moment)
    assert (errors(judgement), judgement.examined, facts) == (
        {"trust.not_a_request"},
        ("trust.not_a_request",),
        None,
    )


# --- the answer -------------------------------------------------------------------------------------------


def test_the_answer_has_the_observed_order(hops):
    """The children of the one published answer, in its order."""
    response = soap.of(hops.answer()).payload[0]
    assert [markup.local_name(child) for child in response] == [
        "TokenType",
        "RequestedSecurityToken",
        "RequestedAttachedReference",
        "RequestedUnattachedReference",
        "AppliesTo",
        "RequestedProofToken",
        "Lifetime",
    ]


def test_the_first_reference_of_an_answer_is_the_recipients(hops):
    """Clients that take the second SecurityTokenReference for the attached one must be right."""
    references = list(hops.answer().iter(names.tag("o:SecurityTokenReference")))
    assert [markup.local_name(reference[0]) for reference in references] == [
        "X509Data",
        "KeyIdentifier",
        "KeyIdentifier",
    ]


def test_no_white_space_stands_beside_the_token(hops):
    """Metro casts the first child node to an element."""
    holder = first(hops.answer(), "t:RequestedSecurityToken")
    assert holder.text is None
    assert holder[0].tail is None


def read(hops, answer, **options):
    return trust.read_response(soap.read(markup.serialize(answer)), **options)


def test_a_binary_secret_is_the_key(hops):
    """And reference, life and address come with it."""
    issued = read(hops, hops.answer())
    assert issued.proof_key == hops.proof_key
    assert markup.text(issued.attached) == hops.assertion_id
    assert issued.applies_to == hops.audience
    assert (issued.created, issued.expires) == (hops.moment, hops.moment + timedelta(minutes=30))
    assert issued.token.tag == names.tag("saml2:EncryptedAssertion")
    assert issued.encrypted_data.tag == names.tag("xenc:EncryptedData")
    assert hops.proof_key.hex() not in repr(issued)
    assert repr(hops.proof_key) not in repr(issued)


@pytest.mark.parametrize("kind", [names.NONCE, names.SYMMETRIC_KEY, ""])
def test_the_type_of_the_secret_means_nothing(hops, kind):
    """All three work with real clients."""
    assert read(hops, hops.answer(secret_type=kind)).proof_key == hops.proof_key


def test_a_computed_key_is_computed_from_both_entropies(hops):
    """P_SHA1 with the client's entropy as the secret and the service's as the seed."""
    answer = hops.answer(proof_mode=trust.ProofMode.COMPUTED, secret=SERVICE, key_size=256)
    assert read(hops, answer, entropy=CLIENT).proof_key.hex() == COMPUTED


def test_a_computed_key_has_the_size_of_the_answer(hops):
    """Then that of the request, then 256 bits."""
    answer = hops.answer(proof_mode=trust.ProofMode.COMPUTED, secret=SERVICE, key_size=512)
    assert len(read(hops, answer, entropy=CLIENT, key_size=256).proof_key) == 64
    answer = hops.answer(proof_mode=trust.ProofMode.COMPUTED, secret=SERVICE)
    assert len(read(hops, answer, entropy=CLIENT, key_size=512).proof_key) == 64
    assert len(read(hops, answer, entropy=CLIENT).proof_key) == 32


def test_without_a_proof_token_the_own_entropy_is_the_key(hops):
    """The third of the three ways."""
    answer = hops.answer(proof_mode=trust.ProofMode.CLIENT_ENTROPY)
    assert read(hops, answer, entropy=CLIENT).proof_key == CLIENT


def test_saml_1_comes_without_a_wrapper(hops):
    """EncryptedData stands directly in RequestedSecurityToken."""
    issued = read(hops, hops.answer(hops.token()[0], token_type=names.SAML_1_TOKEN))
    assert issued.token.tag == issued.encrypted_data.tag == names.tag("xenc:EncryptedData")


def test_a_pretty_printed_answer_with_other_prefixes_is_read(hops):
    """White space and prefixes mean nothing."""
    answer = hops.answer()
    etree.indent(answer)
    assert read(hops, answer).proof_key == hops.proof_key


def both_keys(answer):
    proof = first(answer, "t:RequestedProofToken")
    markup.add(proof, "t:ComputedKey", names.P_SHA1)


def key_and_entropy(answer):
    markup.add(
        markup.add(first(answer, "t:RequestSecurityTokenResponse"), "t:Entropy"), "t:BinarySecret", "AAEC"
    )


def doubled(answer):
    import copy

    response = first(answer, "t:RequestSecurityTokenResponse")
    response.getparent().append(copy.deepcopy(response))


UNUSABLE = {
    "both-keys": (both_keys, "a proof key and a recipe"),
    "key-and-entropy": (key_and_entropy, "a proof key and a recipe"),
    "no-key": (take_out("t:RequestedProofToken"), "no proof key"),
    "no-base64": (set_text("t:BinarySecret", "?"), "not base64"),
    "empty-key": (set_text("t:BinarySecret", ""), "not base64, or empty"),
    "no-token": (take_out("t:RequestedSecurityToken"), "no encrypted token"),
    "empty-wrapper": (take_out("xenc:EncryptedData"), "no encrypted token"),
    "no-reference": (take_out("t:RequestedAttachedReference"), "no attached reference"),
    "no-response": (take_out("t:RequestSecurityTokenResponse"), "does not hold one"),
    "two-responses": (doubled, "does not hold one"),
    "no-moment": (set_text("u:Expires", "soon"), "Lifetime cannot be read"),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_an_answer_that_cannot_be_used_is_refused(hops, name):
    """One error class, and a sentence that says why."""
    change, says = UNUSABLE[name]
    answer = hops.answer()
    change(answer)
    with pytest.raises(trust.TrustError, match=says):
        read(hops, answer)


def test_a_computed_key_is_not_guessable(hops):
    """The size that an answer names cannot make the key short."""
    answer = hops.answer(proof_mode=trust.ProofMode.COMPUTED, secret=SERVICE, key_size=0)
    with pytest.raises(trust.TrustError, match="too short"):
        read(hops, answer, entropy=CLIENT)


def test_entropy_of_the_service_without_a_recipe_is_refused(hops):
    """Whether the key is to be computed from it nobody can say."""
    answer = hops.answer(proof_mode=trust.ProofMode.CLIENT_ENTROPY)
    key_and_entropy(answer)
    with pytest.raises(trust.TrustError, match="no proof key"):
        read(hops, answer, entropy=CLIENT)


def test_a_computed_key_without_own_entropy_is_refused(hops):
    """Nothing can be computed from one half."""
    answer = hops.answer(proof_mode=trust.ProofMode.COMPUTED, secret=SERVICE)
    with pytest.raises(trust.TrustError, match="cannot be computed"):
        read(hops, answer)


# --- P_SHA1 -----------------------------------------------------------------------------------------------


def test_p_sha1_gives_the_known_answer():
    """And its arguments are not interchangeable."""
    assert trust.p_sha1(CLIENT, SERVICE, 32).hex() == COMPUTED
    assert trust.p_sha1(SERVICE, CLIENT, 32).hex() == SWAPPED


@given(secret=st.binary(max_size=64), seed=st.binary(max_size=64), length=st.integers(0, 100))
def test_p_sha1_is_a_stream(secret, seed, length):
    """Fewer bytes are the beginning of more."""
    assert trust.p_sha1(secret, seed, length) == trust.p_sha1(secret, seed, 100)[:length]


# --- events -----------------------------------------------------------------------------------------------


EVENT = trust.Event(code="E2015", description="The credential has expired.", advice="Renew it.")


def test_an_event_is_read_from_the_detail():
    """Whatever the reason says."""
    fault = soap.Fault(code="Sender", subcodes=(), reason="", detail=trust.event_detail(EVENT))
    assert trust.read_event(fault) == EVENT


def test_an_event_is_read_from_the_reason():
    """Where there is no detail, from its labelled fields."""
    fault = soap.Fault(code="Sender", subcodes=(), reason=trust.event_reason(EVENT))
    assert trust.read_event(fault) == EVENT


@pytest.mark.parametrize(
    ("reason", "detail", "event"),
    [
        (
            "Business User Credential expired on [1/1/2026].Event Code: [E2015]",
            None,
            trust.Event(code="E2015", description="", advice=""),
        ),
        (
            "User Advice: [Ask again.] Event Description: [Trouble.]",
            "<x:d xmlns:x='urn:any'><x:y><x:MyEVENTCODE>E1001</x:MyEVENTCODE></x:y></x:d>",
            trust.Event(code="E1001", description="Trouble.", advice="Ask again."),
        ),
        ("An error occurred when verifying security for the message.", None, None),
        ("", "<d/>", None),
    ],
)
def test_other_forms_of_events(reason, detail, event):
    """Any order, any prefix, any depth, any case; or none at all."""
    element = None if detail is None else markup.parse(detail.encode())
    assert trust.read_event(soap.Fault(code="Sender", subcodes=(), reason=reason, detail=element)) == event
