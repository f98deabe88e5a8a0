"""The answers of the simulated token service: layout, both shapes of the token, proof keys, variations."""

import copy
import hashlib
import hmac
import re
from base64 import b64decode
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import signxml
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA1
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod

from conformance.protocol import instants, markup, names, security, soap, trust
from conformance.protocol.trust import ProofMode
from conformance.reference import Correct
from conformance.simulators.bench import Bench
from conformance.simulators.faults import FAULTS, NETWORK
from conformance.simulators.settings import Settings
from conformance.simulators.transcript import redact
from conformance.simulators.variation import PREFIXES, Variation

MOMENT = datetime(2026, 11, 21, 10, 42, tzinfo=UTC)
AUDIENCE = "https://3pt.portal.usi.gov.au/service/v5/usiservice.svc"
ENTROPY = bytes(range(100, 132))
BOTH = [names.SAML_1_TOKEN, names.SAML_2_TOKEN]


def tell(desk, *faults):
    desk.service.faults = faults


def response_of(envelope):
    return markup.child(envelope.payload, "t:RequestSecurityTokenResponse")


def body(desk):
    return desk.service.exchanges[-1].response.body


def moment(envelope, name):
    return markup.text(markup.child(envelope.security, "u:Timestamp", f"u:{name}"))


# --- layout -----------------------------------------------------------------------------------------------


def test_children_are_in_the_order_of_the_published_answer(desk):
    """As the real service had them in 2021, and with the literal prefix soap."""
    _, envelope, _ = desk.ask()
    assert [markup.local_name(part) for part in response_of(envelope)] == [
        "TokenType",
        "RequestedSecurityToken",
        "RequestedAttachedReference",
        "RequestedUnattachedReference",
        "AppliesTo",
        "RequestedProofToken",
        "Lifetime",
    ]
    assert b"<soap:Envelope" in body(desk)
    assert body(desk).count(b"\n") == 1  # behind the declaration


@pytest.mark.parametrize("kind", BOTH)
def test_the_first_reference_is_that_of_the_relying_partys_certificate(desk, kind):
    """Some clients take the second one of the document for the attached reference."""
    _, envelope, _ = desk.ask(token_type=kind)
    found = list(envelope.root.iter(names.tag("o:SecurityTokenReference")))
    assert [markup.local_name(reference[0]) for reference in found] == [
        "X509Data",
        "KeyIdentifier",
        "KeyIdentifier",
    ]
    method = next(envelope.root.iter(names.tag("ds:DigestMethod")))
    assert method.get("Algorithm") == "http://www.w3.org/2000/09/xmldsig#sha1"
    assert markup.local_name(method.getparent()) == "EncryptionMethod"


def test_the_context_comes_back(desk):
    """The framework's clients set one."""
    _, envelope, _ = desk.ask(context="c1")
    assert response_of(envelope).get("Context") == "c1"


@pytest.mark.parametrize("name", ["sts.pretty", "sts.varied"])
def test_no_white_space_is_beside_the_token(desk, name):
    """A stack takes the first child node for an element, whatever else is indented."""
    tell(desk, name)
    indented = 0
    for _ in range(8):
        _, envelope, _ = desk.ask()
        holder = markup.child(response_of(envelope), "t:RequestedSecurityToken")
        assert holder.text is None
        assert [child.tail for child in holder.iterdescendants()] == [None] * len(list(holder.iter())[1:])
        indented += body(desk).count(b"\n") > 20
        desk.open(envelope)
    assert indented == 8 if name == "sts.pretty" else 0 < indented < 8


# --- both shapes of the token -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "child", "kind_of_id", "wrapped"),
    [
        (names.SAML_1_TOKEN, "xenc:EncryptedData", names.SAML_1_ID, False),
        (names.SAML_2_TOKEN, "saml2:EncryptedAssertion", names.SAML_2_ID, True),
    ],
)
def test_the_token_has_the_type_that_was_asked_for(desk, kind, child, kind_of_id, wrapped):
    """SAML 1.1 comes without a wrapper, and each is referred to in its own way."""
    status, envelope, exchange = desk.ask(token_type=kind)
    issued, facts = desk.open(envelope)
    assert (status, issued.token.tag) == (200, names.tag(child))
    assert issued.token_type == facts.token_type == exchange.facts.token_type == kind
    assert facts.proof_key == issued.proof_key
    assert facts.claims == {names.CLAIM_ABN: "11000002568", names.CLAIM_CREDENTIAL_TYPE: "ABR_Device"}
    assert (facts.not_before, facts.not_on_or_after) == (MOMENT, MOMENT + timedelta(minutes=20))
    reference = security.read_reference(issued.attached)
    assert (reference.value, reference.value_type) == (facts.assertion_id, kind_of_id)
    assert (reference.token_type, issued.token is not issued.encrypted_data) == (kind, True)
    assert (markup.child(issued.token, "xenc:EncryptedData") is not None) == wrapped


def test_the_type_of_a_token_nobody_named_is_a_setting(desk):
    """A request need not name one."""

    def unnamed(request):
        request.remove(request.find(names.tag("t:TokenType")))

    assert desk.open(desk.ask(change=unnamed)[1])[1].token_type == names.SAML_2_TOKEN
    desk.set(default_token_type=names.SAML_1_TOKEN)
    assert desk.open(desk.ask(change=unnamed)[1])[1].token_type == names.SAML_1_TOKEN


@pytest.mark.parametrize(("name", "kind"), [("sts.saml_1", BOTH[0]), ("sts.saml_2", BOTH[1])])
@pytest.mark.parametrize("asked", BOTH)
def test_a_fault_forces_the_shape(desk, name, kind, asked):
    """Clients are known to accept SAML 2.0 where they asked for 1.1."""
    tell(desk, name)
    assert desk.open(desk.ask(token_type=asked)[1])[1].token_type == kind


def opened_independently(envelope, key):
    """The assertion in an answer, decrypted without a line of the kit's."""
    root = etree.fromstring(etree.tostring(envelope.root))
    space = {"x": "http://www.w3.org/2001/04/xmlenc#"}
    wrapped, content = (b64decode(found.text) for found in root.iterfind(".//x:CipherValue", space))
    unwrapped = key.decrypt(wrapped, padding.OAEP(padding.MGF1(SHA1()), SHA1(), None))
    decryptor = Cipher(algorithms.AES(unwrapped), modes.CBC(content[:16])).decryptor()
    plain = decryptor.update(content[16:]) + decryptor.finalize()
    return etree.fromstring(plain[: -plain[-1]])


@pytest.mark.parametrize("kind", BOTH)
def test_another_engine_verifies_the_assertion(desk, kind):
    """Decrypted by OpenSSL, verified by signxml, holder-of-key with the key encrypted for the registry."""
    _, envelope, exchange = desk.ask(token_type=kind)
    key = desk.authority.service("registry")[1]
    assertion = opened_independently(envelope, key)
    verified = signxml.XMLVerifier().verify(
        assertion,
        x509_cert=desk.service.signing_certificate,
        id_attribute="AssertionID" if kind == names.SAML_1_TOKEN else "ID",
        expect_config=signxml.SignatureConfiguration(
            signature_methods=frozenset({SignatureMethod.RSA_SHA256}),
            digest_algorithms=frozenset({DigestAlgorithm.SHA256}),
        ),
    )
    assert verified.signed_xml.tag == assertion.tag
    assert exchange.facts.assertion_id in verified.signed_xml.values()
    cipher = next(assertion.iter(f"{{{names.ENCRYPTION}}}CipherValue"))
    proof = key.decrypt(b64decode(cipher.text), padding.OAEP(padding.MGF1(SHA1()), SHA1(), None))
    assert proof == trust.read_response(envelope).proof_key
    method = (
        assertion.findtext(f".//{{{names.SAML_1}}}ConfirmationMethod")
        if kind == names.SAML_1_TOKEN
        else assertion.find(f".//{{{names.SAML_2}}}SubjectConfirmation").get("Method")
    )
    assert method.endswith(":cm:holder-of-key")
    changed = copy.deepcopy(assertion)
    next(changed.iter("{*}AttributeValue")).text = "96312011219"
    with pytest.raises(signxml.InvalidSignature):
        signxml.XMLVerifier().verify(
            changed,
            x509_cert=desk.service.signing_certificate,
            id_attribute="AssertionID" if kind == names.SAML_1_TOKEN else "ID",
        )


def test_an_assertion_of_saml_1_has_the_order_of_its_schema(desk):
    """Conditions, statement, Signature at the end; the claim's URI is divided at its last slash."""
    _, envelope, _ = desk.ask(token_type=names.SAML_1_TOKEN)
    assertion = opened_independently(envelope, desk.authority.service("registry")[1])
    assert [markup.local_name(part) for part in assertion] == [
        "Conditions",
        "AttributeStatement",
        "Signature",
    ]
    assert (assertion.get("MajorVersion"), assertion.get("MinorVersion")) == ("1", "1")
    attribute = assertion.find(f".//{{{names.SAML_1}}}Attribute")
    assert attribute.attrib == {
        "AttributeName": "abn",
        "AttributeNamespace": "http://vanguard.ebusiness.gov.au/2008/06/identity/claims",
    }


# --- proof keys -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("sts.secret_nonce", "http://docs.oasis-open.org/ws-sx/ws-trust/200512/Nonce"),
        ("sts.secret_symmetric_key", "http://docs.oasis-open.org/ws-sx/ws-trust/200512/SymmetricKey"),
        ("sts.secret_untyped", None),
    ],
)
@pytest.mark.parametrize("entropy", [None, ENTROPY])
def test_a_secret_has_one_of_three_types(desk, name, kind, entropy):
    """All are used, and entropy of the client changes nothing."""
    desk.set(proof_mode=ProofMode.COMPUTED)
    tell(desk, name)
    _, envelope, exchange = desk.ask(entropy=entropy)
    secret = markup.child(response_of(envelope), "t:RequestedProofToken", "t:BinarySecret")
    assert secret.get("Type") == kind
    assert (exchange.facts.proof_mode, exchange.facts.secret_type) == (ProofMode.BINARY_SECRET, kind or "")
    issued, facts = desk.open(envelope, entropy=entropy)
    assert issued.proof_key == facts.proof_key == b64decode(secret.text)


@pytest.mark.parametrize("size", [256, 512])
def test_a_computed_key_follows_from_both_halves(desk, size):
    """Worked out here from hashlib alone: the client's half is the secret, the service's the seed."""
    tell(desk, "sts.computed_key")
    entropy = bytes(range(size // 8))
    _, envelope, exchange = desk.ask(entropy=entropy, key_size=size)
    response = response_of(envelope)
    seed = b64decode(markup.text(markup.child(response, "t:Entropy", "t:BinarySecret")))
    proof = markup.child(response, "t:RequestedProofToken")
    assert [markup.text(part) for part in proof] == [
        "http://docs.oasis-open.org/ws-sx/ws-trust/200512/CK/PSHA1"
    ]
    assert markup.text(markup.child(response, "t:KeySize")) == str(size)
    key, link = b"", seed
    while len(key) < size // 8:
        link = hmac.new(entropy, link, hashlib.sha1).digest()
        key += hmac.new(entropy, link + seed, hashlib.sha1).digest()
    assert desk.open(envelope, entropy=entropy)[1].proof_key == key[: size // 8]
    assert exchange.facts.proof_mode is ProofMode.COMPUTED


def test_the_clients_entropy_may_be_the_key(desk):
    """Then the answer has neither proof token nor entropy."""
    tell(desk, "sts.client_entropy")
    _, envelope, exchange = desk.ask(entropy=ENTROPY)
    parts = {markup.local_name(part) for part in response_of(envelope)}
    assert parts & {"RequestedProofToken", "Entropy"} == set()
    assert desk.open(envelope, entropy=ENTROPY)[1].proof_key == ENTROPY
    assert exchange.facts.proof_mode is ProofMode.CLIENT_ENTROPY


@pytest.mark.parametrize("name", ["sts.computed_key", "sts.client_entropy"])
def test_without_entropy_the_key_is_a_secret_whatever_the_mode(desk, name):
    """Nobody could work one out."""
    tell(desk, name)
    _, envelope, exchange = desk.ask()
    desk.open(envelope)
    assert exchange.facts.proof_mode is ProofMode.BINARY_SECRET


# --- answers that no client may accept --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("sts.secret_and_computed", "a proof key and a recipe"),
        ("sts.no_proof_token", "no proof key"),
        ("sts.no_token", "no encrypted token"),
        ("sts.two_tokens", "does not hold one"),
    ],
)
def test_a_broken_answer_has_one_fault(desk, name, said):
    """It is an answer, not a fault, and cannot be used."""
    tell(desk, name)
    status, envelope, exchange = desk.ask()
    assert (status, exchange.outcome, exchange.facts.faults) == (200, "token issued", (name,))
    with pytest.raises(trust.TrustError, match=said):
        trust.read_response(envelope)
    assert len(desk.service.issued) == {"sts.no_token": 0, "sts.two_tokens": 2}.get(name, 1)


def test_a_contradicting_secret_is_the_key_of_the_token(desk):
    """Who took it all the same is found out by his next step, not by a wrong key."""
    tell(desk, "sts.secret_and_computed")
    _, envelope, exchange = desk.ask(entropy=ENTROPY)
    proof = markup.child(response_of(envelope), "t:RequestedProofToken")
    assert [markup.local_name(part) for part in proof] == ["BinarySecret", "ComputedKey"]
    assert markup.child(response_of(envelope), "t:Entropy", "t:BinarySecret") is not None
    assert exchange.facts.proof_mode is ProofMode.CONTRADICTION


@pytest.mark.parametrize(
    ("name", "relates"), [("sts.wrong_relates_to", "another"), ("sts.no_relates_to", "none")]
)
@pytest.mark.parametrize("more", [(), ("sts.E2003",)])
def test_an_answer_may_be_for_another_request(desk, name, relates, more):
    """Or for none at all; faults likewise."""
    tell(desk, name, *more)
    _, envelope, exchange = desk.ask()
    asked = exchange.facts.envelope.message_id
    assert envelope.relates_to != asked
    assert envelope.relates_to.startswith("urn:uuid:") == (relates == "another")


@pytest.mark.parametrize(
    ("name", "created", "expires"),
    [("sts.stale_timestamp", -11, -6), ("sts.future_timestamp", 6, 11)],
)
def test_a_timestamp_may_lie(desk, name, created, expires):
    """It ended six minutes ago, or begins in six; the token is a healthy one."""
    tell(desk, name)
    _, envelope, _ = desk.ask()
    assert [moment(envelope, part) for part in ("Created", "Expires")] == [
        instants.write(MOMENT + timedelta(minutes=minutes)) for minutes in (created, expires)
    ]
    desk.open(envelope)


def test_a_token_may_be_for_somebody_else(desk):
    """The answer says so, and so does the token."""
    tell(desk, "sts.other_applies_to")
    _, envelope, exchange = desk.ask()
    issued, facts = desk.open(envelope, audience="https://other.relying-party.invalid/service.svc")
    assert issued.applies_to == facts.audience == exchange.facts.applies_to
    assert exchange.facts.request.applies_to == AUDIENCE


# --- time -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "seconds"), [("sts.short_life", 1), ("sts.two_minutes", 120)])
def test_a_short_life_is_granted_from_the_answer_on(desk, name, seconds):
    """Lifetime and assertion agree."""
    tell(desk, name)
    issued, facts = desk.open(desk.ask()[1])
    assert issued.expires == facts.not_on_or_after == MOMENT + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("name", "minutes", "answer"),
    [
        ("sts.fast_4", 4, "token issued"),
        ("sts.slow_4", -4, "token issued"),
        ("sts.fast_6", 6, "fault MessageExpired"),
        ("sts.slow_6", -6, "fault MessageExpired"),
    ],
)
def test_the_service_goes_by_its_own_clock(desk, name, minutes, answer):
    """It judges by it and dates its answer by it; more than five minutes are too many."""
    tell(desk, name)
    _, envelope, exchange = desk.ask()
    assert exchange.outcome == answer
    assert moment(envelope, "Created") == instants.write(MOMENT + timedelta(minutes=minutes))


def test_the_granted_life_is_the_asked_one_to_the_millisecond(desk):
    """Its begin is copied from the request."""
    created = MOMENT - timedelta(milliseconds=4321)
    issued, facts = desk.open(desk.ask(created=created, expires=created + timedelta(hours=1))[1])
    assert (issued.created, issued.expires) == (created, created + timedelta(hours=1))
    assert (facts.not_before, facts.not_on_or_after) == (issued.created, issued.expires)


# --- variations -------------------------------------------------------------------------------------------


def seen(envelope, issued, facts):
    """What an answer says, without regard to its form."""
    return (
        envelope.action,
        envelope.relates_to[:13],
        issued.created,
        issued.expires,
        facts.proof_key == issued.proof_key,
        len(issued.proof_key),
        facts.token_type,
        dict(facts.claims),
        facts.audience,
        (facts.not_before, facts.not_on_or_after),
        security.read_reference(issued.attached).value == facts.assertion_id,
    )


@given(
    seed=st.integers(min_value=0, max_value=10**9),
    kind=st.sampled_from(BOTH),
    mode=st.sampled_from(["sts.secret_untyped", "sts.computed_key", "sts.client_entropy"]),
)
@settings(max_examples=30, deadline=None)
def test_every_variation_is_read_like_the_plain_answer(make_desk, seed, kind, mode):
    """Whatever the form, token, key, life and audience are the same, and evidence shows nothing secret."""
    desk = make_desk()
    tell(desk, mode)
    plain = desk.ask(token_type=kind, entropy=ENTROPY)[1]
    expected = seen(plain, *desk.open(plain, entropy=ENTROPY))
    desk.service.seed = seed
    tell(desk, mode, "sts.varied")
    _, envelope, exchange = desk.ask(token_type=kind, entropy=ENTROPY)
    issued, facts = desk.open(envelope, entropy=ENTROPY)
    variation = exchange.facts.variation
    assert seen(envelope, issued, facts) == expected, variation
    assert issued.applies_to == ("" if "wsp:AppliesTo" in variation.missing else AUDIENCE)
    assert issued.token_type == ("" if "t:TokenType" in variation.missing else kind)
    first, *others = (
        markup.local_name(reference[0])
        for reference in envelope.root.iter(names.tag("o:SecurityTokenReference"))
    )
    assert (first, set(others)) == ("X509Data", {"KeyIdentifier"})
    shown = redact(body(desk))
    secrets = [found.text for found in envelope.root.iter(names.tag("t:BinarySecret"))]
    assert not any(secret in shown for secret in secrets)


@given(
    seed=st.integers(min_value=0, max_value=10**9), what=st.sampled_from(["E2003", "E1001", "late", "own"])
)
@settings(max_examples=20, deadline=None)
def test_a_varied_fault_is_read_like_the_plain_one(make_desk, seed, what):
    """Names inside its text keep their namespaces, even those of a namespace that nobody foresaw."""
    desk = make_desk()
    event = (f"sts.{what}",) if what.startswith("E") else ()
    asked = {} if event else {"now": MOMENT - timedelta(minutes=6)}
    if what == "own":
        desk.set(skew_subcode="{urn:unforeseen}TooLate")
    found = []
    for faults in (event, (*event, "sts.varied")):
        desk.service.seed = seed
        tell(desk, *faults)
        fault = soap.read_fault(desk.ask(**asked)[1])
        found.append((fault.code, fault.subcodes, fault.reason, trust.read_event(fault)))
    assert found[0] == found[1]
    assert found[0][1] or found[0][3]


def test_eight_in_a_row_have_every_number_of_digits(desk):
    """And six have every style of prefixes; what is varied is on record."""
    tell(desk, "sts.varied")
    variations, fractions = [], []
    for _ in range(8):
        _, envelope, exchange = desk.ask()
        variations.append(exchange.facts.variation)
        written = moment(envelope, "Created")
        fractions.append(len(written.partition(".")[2].rstrip("Z")))
    assert sorted(fractions) == [0, 1, 2, 3, 4, 5, 6, 7]
    assert fractions == [variation.digits for variation in variations]
    assert [variation.number for variation in variations] == list(range(8))
    assert desk.service.exchanges[-1].outcome == "token issued, variation 7 of seed 0"
    assert {variation.prefixes for variation in variations} == set(PREFIXES)


def test_seeds_differ_and_reach_every_optional_child():
    """Nobody can fit to one form."""
    drawn = [Variation.drawn(seed, 0) for seed in range(60)]
    assert {part for variation in drawn for part in variation.missing} == {
        "t:TokenType",
        "t:RequestedUnattachedReference",
        "wsp:AppliesTo",
        "t:KeySize",
    }
    assert len({variation.parts for variation in drawn}) > 20
    assert {variation.attributes for variation in drawn} == {"as usual", "sorted", "reversed"}
    assert all("t:Lifetime" in variation.parts for variation in drawn)


@pytest.mark.parametrize(
    "faults", [(), ("sts.varied",), ("sts.saml_1", "sts.pretty"), ("sts.E2003", "sts.varied")]
)
def test_the_same_seed_gives_the_same_bytes(make_desk, faults):
    """All but the ciphertexts, since OAEP draws its own randomness."""
    answers = []
    for _ in range(2):
        desk = make_desk()
        desk.service.seed = 5
        tell(desk, *faults)
        for _ in range(3):
            desk.ask(entropy=ENTROPY)
        answers.append(
            [
                re.sub(rb"CipherValue([^>]*)>[^<]*<", rb"CipherValue\1><", exchange.response.body)
                for exchange in desk.service.exchanges
            ]
        )
    assert answers[0] == answers[1]
    assert len(set(answers[0])) == 3


def test_variations_begin_anew_with_every_scenario(desk):
    """So that a scenario can be played again on its own."""
    numbers = []
    for _ in range(2):
        tell(desk, "sts.varied")
        for _ in range(2):
            numbers.append(desk.ask()[2].facts.variation.number)
    assert numbers == [0, 1, 0, 1]


def test_a_varied_document_says_the_same_with_fewer_digits():
    """What is beyond the digits of a fraction is dropped, not rounded."""
    variation = replace(Variation.drawn(1, 0), digits=1)
    late = MOMENT.replace(second=59, microsecond=987654)
    assert variation.moment(late) == MOMENT.replace(second=59, microsecond=900000)
    assert replace(variation, digits=0).moment(late) == MOMENT.replace(second=59)
    assert replace(variation, digits=7).moment(late) == late


# --- counts -----------------------------------------------------------------------------------------------


def test_a_counted_fault_is_over_after_its_answers(desk):
    """The first request is refused, the second one is not; the facts say which fault held."""
    tell(desk, "sts.E1001@1", "sts.saml_1@2")
    outcomes = [desk.ask()[2] for _ in range(3)]
    assert [exchange.outcome for exchange in outcomes] == ["fault E1001", "token issued", "token issued"]
    assert [exchange.facts.faults for exchange in outcomes] == [
        ("sts.E1001@1", "sts.saml_1@2"),
        ("sts.saml_1@2",),
        (),
    ]
    assert [exchange.facts.token_type for exchange in outcomes[1:]] == BOTH


def test_a_wsdl_is_no_answer_that_is_counted(desk):
    """Stacks fetch one before they ask."""
    tell(desk, "sts.E1001@1")
    desk.send(method="GET", query="wsdl")
    assert desk.ask()[2].outcome == "fault E1001"


CHANGING = {"CipherValue", "BinarySecret", "KeyIdentifier", "RelatesTo"}
"""Elements whose text is another one in every answer."""


def shape(desk, *faults, **asked):
    """Status and content of an answer, without what is another one every time."""
    tell(desk, *faults)
    response = desk.send(desk.message(**asked))
    root = markup.parse(response.body)
    return (
        response.status,
        root.prefix,
        [
            (
                element.tag,
                element.get("Type"),
                len(element.text or "") if markup.local_name(element) in CHANGING else element.text,
            )
            for element in root.iter()
        ],
    )


def test_every_message_level_fault_does_something(desk):
    """A fault that nobody carries out would let a check pass for nothing."""
    asked = sorted(
        name
        for name, found in FAULTS.items()
        if found.simulator == "sts" and not found.code and name.partition(".")[2] not in NETWORK
    )
    idle = {
        name
        for name in asked
        if shape(desk, name, entropy=ENTROPY) == shape(desk, entropy=ENTROPY)
        and shape(desk, name, "sts.E2003") == shape(desk, "sts.E2003")
    }
    assert len(asked) == 28
    # What is asked for already, or is seen in the value of RelatesTo only.
    assert idle == {"sts.saml_2", "sts.secret_nonce", "sts.wrong_relates_to"}


# --- the whole exchange -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    """Both services over HTTPS."""
    with Bench(datetime.now(UTC), 11, tmp_path_factory.mktemp("bench")) as laid_out:
        yield laid_out


@pytest.mark.parametrize(
    "faults",
    [
        ("sts.saml_1",),
        ("sts.saml_1", "sts.pretty"),
        ("sts.secret_untyped", "sts.fault_prefix_s"),
        ("sts.varied",),
        ("sts.varied", "sts.saml_1"),
        ("sts.fast_4",),
        ("sts.slow_4",),
    ],
    ids=" ".join,
)
def test_the_registry_takes_every_healthy_token(bench, faults):
    """The reference passes it on, and the registry decrypts and verifies it: nothing is found wrong."""
    person = {
        "USI": "BNGH7C75FN",
        "FirstName": "Maryam",
        "FamilyName": "Fredrick",
        "DateOfBirth": "1966-05-25",
    }
    with bench.scenario(f"takes {' '.join(faults)}", faults=faults) as recording:
        result = Correct().usi_call(**bench.parameters(), operation="VerifyUSI", request=person)
    assert result["value"]["conclusion"] == "verified"
    judgement = recording.registry[0].judgement
    assert [
        finding.code for finding in judgement.findings if finding.code.startswith(("token.", "security."))
    ] in (
        [],
        ["token.rewritten"],
    )
    held = recording.registry[0].facts.token
    assert held.token_type == recording.sts[0].facts.token_type
    assert held.assertion_id == recording.sts[0].facts.assertion_id


@pytest.mark.parametrize(
    ("name", "calls"), [("registry.invalid_security", 2), ("registry.invalid_security@1", 2)]
)
def test_the_registry_may_refuse_for_security(bench, name, calls):
    """Every request, or the first one only; the fault says no more than that."""
    person = {
        "USI": "BNGH7C75FN",
        "FirstName": "Maryam",
        "FamilyName": "Fredrick",
        "DateOfBirth": "1966-05-25",
    }
    with bench.scenario(f"refuses {name}", faults=(name,)) as recording:
        result = Correct(sleep=lambda _: None).usi_call(
            **bench.parameters(), operation="VerifyUSI", request=person
        )
    assert recording.registry[0].facts.fault == "InvalidSecurity"
    assert len(recording.registry) == calls
    assert (result["status"] == "ok") == name.endswith("@1")


def test_settings_are_the_only_source_of_defaults():
    """Nothing but a fault or a setting changes an answer."""
    plain = Settings()
    assert (plain.proof_mode, plain.token_type, plain.varied, plain.indented) == (
        ProofMode.BINARY_SECRET,
        "",
        False,
        False,
    )
    assert plain.parts == trust.OBSERVED_PARTS
