"""Does the product ask the token service in the right form?

Nearly every check reads one recorded exchange.  What the product sent has been judged completely by then; a
check demands that certain rules were looked at and held.
"""

from conformance.errors import ImplementationError
from conformance.model import Subcode
from conformance.suite import requirement

MODERN_TLS = ("TLSv1.2", "TLSv1.3")

# --- the message ------------------------------------------------------------------------------------


@requirement("STS-R01")
def test_sends_a_soap_12_envelope(token_request):
    """The request is a SOAP 1.2 envelope under the media type of SOAP 1.2."""
    token_request.must_satisfy(
        "soap.unreadable", "soap.document_type", "soap.not_an_envelope", "soap.media_type"
    )


@requirement("STS-R02")
def test_names_the_issue_action(token_request):
    """The Action header names the Issue operation of WS-Trust 1.3, once."""
    token_request.must_satisfy("addressing.action_wrong", "addressing.header_repeated")


@requirement("STS-R03")
def test_addresses_what_it_posts_to(token_request):
    """The To header is the address that the request was posted to, letter by letter."""
    token_request.must_satisfy("addressing.to_wrong")


@requirement("STS-R04")
def test_sends_a_message_id(token_request):
    """The request has a MessageID."""
    token_request.must_satisfy("addressing.message_id_missing", "addressing.message_id_reused")


@requirement("STS-R04")
def test_sends_another_message_id_next_time(second_token_request):
    """The next request has another MessageID."""
    second_token_request.must_satisfy("addressing.message_id_missing", "addressing.message_id_reused")


@requirement("STS-R05")
def test_marks_security_as_mandatory(token_request):
    """The one Security header is marked mustUnderstand, and no unknown header is."""
    token_request.must_satisfy(
        "security.header_missing",
        "security.header_repeated",
        "security.must_understand",
        "soap.header_not_understood",
    )


# --- Timestamp, certificate, signature ----------------------------------------------------------------


@requirement("STS-R06")
def test_sends_a_fresh_timestamp(token_request):
    """The one Timestamp is in UTC, begins now and ends within ten minutes."""
    token_request.must_satisfy(
        "security.timestamp_missing",
        "security.timestamp_repeated",
        "security.timestamp_form",
        "security.timestamp_window",
        "security.timestamp_span",
    )


@requirement("STS-R07")
def test_sends_its_certificate(token_request):
    """The BinarySecurityToken is the certificate of the credential that was given, and valid."""
    token_request.must_satisfy(
        "security.token_missing",
        "security.token_repeated",
        "security.token_type",
        "security.token_unreadable",
        "security.certificate_authority",
        "security.certificate_dates",
        "security.certificate_other",
        "sts.credential_untrusted",
        "sts.credential_unsuitable",
        "sts.credential_revoked",
        "sts.credential_lapsed",
        "sts.credential_over",
    )


@requirement("STS-R08")
def test_sends_the_certificate_alone(token_request):
    """The BinarySecurityToken holds neither a chain nor the lines of a PEM file."""
    token_request.must_satisfy("security.token_chain")


@requirement("STS-R09")
def test_signs_verifiably(token_request):
    """The one Signature verifies with the certificate's key, and every digest is right."""
    token_request.must_satisfy(
        "security.signature_missing",
        "security.signature_repeated",
        "security.signature_wrong",
        "security.digest_mismatch",
    )


@requirement("STS-R10")
def test_signs_with_the_algorithms_of_the_endpoint(token_request):
    """Endpoint v1.3: rsa-sha256, sha256 and exclusive canonicalisation, everywhere."""
    token_request.must_satisfy(
        "security.algorithm_signature",
        "security.algorithm_digest",
        "security.algorithm_canonicalization",
        "security.algorithm_transform",
    )


@requirement("STS-R11")
def test_signs_timestamp_and_to(token_request):
    """The signature covers the Timestamp and the To header."""
    token_request.must_satisfy("security.timestamp_unsigned", "security.to_unsigned")


@requirement("STS-R12")
def test_signs_what_it_sends(token_request):
    """Every reference points at one element, and at the header itself, not at a copy of it."""
    token_request.must_satisfy(
        "security.reference_unresolved", "security.reference_ambiguous", "security.relocated"
    )


@requirement("STS-R13")
def test_refers_to_its_certificate(token_request):
    """The KeyInfo points at the BinarySecurityToken."""
    token_request.must_satisfy("security.key_reference")


@requirement("STS-R14")
def test_orders_the_security_header(token_request):
    """Timestamp, certificate and Signature follow each other."""
    token_request.must_satisfy("security.layout")


# --- what is asked for ----------------------------------------------------------------------------------


@requirement("STS-R15")
def test_asks_for_a_new_token(token_request):
    """The request is a RequestSecurityToken whose type is Issue."""
    token_request.must_satisfy("trust.not_a_request", "trust.request_type")


@requirement("STS-R16")
def test_names_a_registered_relying_party(token_request):
    """AppliesTo names one relying party exactly as it is registered."""
    token_request.must_satisfy(
        "trust.applies_to_missing",
        "trust.applies_to_ambiguous",
        "sts.relying_party_unknown",
        "sts.relying_party_outdated",
    )


@requirement("STS-R17")
def test_asks_for_a_symmetric_key(token_request):
    """The KeyType is SymmetricKey."""
    token_request.must_satisfy("trust.key_type")


@requirement("STS-R18")
def test_asks_for_a_saml_token(token_request):
    """The TokenType, where there is one, is SAML 2.0 or SAML 1.1."""
    token_request.must_satisfy("trust.token_type")


@requirement("STS-R19")
def test_asks_for_a_usual_key_size(token_request):
    """The KeySize, where there is one, is 256 or 512 bits."""
    token_request.must_satisfy("trust.key_size")


@requirement("STS-R20")
def test_demands_the_claims_of_the_policy(token_request):
    """The claims abn and credentialtype are asked for as mandatory ones."""
    token_request.must_satisfy("trust.claims_missing")


@requirement("STS-R21")
def test_demands_no_unknown_claim(token_request):
    """Every mandatory claim is known and can be provided for the credential."""
    token_request.must_satisfy("trust.claim_unknown", "sts.claim_unavailable")


@requirement("STS-R22")
def test_asks_for_a_sensible_lifetime(token_request):
    """The Lifetime, where there is one, begins now and lasts 24 hours at most."""
    token_request.must_satisfy("trust.lifetime_form", "trust.lifetime_span", "trust.lifetime_start")


@requirement("STS-R23")
def test_sends_entropy_of_the_right_length(token_request):
    """Entropy, where there is some, is as long as the key and to be combined by P_SHA1."""
    token_request.must_satisfy("trust.entropy")


@requirement("STS-R24")
def test_says_for_whom_it_acts(token_request):
    """Hosted software names provider, client and software id in the published form."""
    token_request.must_satisfy(
        "trust.act_as_missing",
        "trust.act_as_form",
        "trust.act_as_ssid",
        "trust.act_as_first_party",
        "trust.act_as_second_party",
        "sts.relationship_unknown",
    )


@requirement("STS-R24B")
def test_names_each_relationship_anew(second_token_request):
    """The RelationshipToken of the next request has another ID."""
    second_token_request.must_satisfy("sts.relationship_id_reused")


@requirement("STS-R25")
def test_acts_for_nobody_else(token_request):
    """Locally installed software sends no ActAs."""
    token_request.must_satisfy("trust.act_as_unexpected")


# --- the connection -------------------------------------------------------------------------------------


@requirement("STS-R27")
def test_speaks_modern_tls(token_request):
    """The request comes over TLS 1.2 or 1.3."""
    token_request.iut.ledger.cite(token_request.evidence)
    version = token_request.exchange.request.tls_version
    if version not in MODERN_TLS:
        raise ImplementationError(
            "the request came over an outdated version of TLS",
            subcode=Subcode.WRONG_VALUE,
            expected=" or ".join(MODERN_TLS),
            found=version or "none",
        )


@requirement("STS-R27")
def test_refuses_a_token_service_of_another_authority(bench, healthy, carry_out):
    """A token service whose certificate is not of the given authority learns nothing."""
    healthy.token_request()
    scenario = carry_out("token-service-of-an-untrusted-authority", sts_address=bench.sts_impostor_address)
    _must_have_sent_nothing(scenario, "comes from an authority that it does not trust")


@requirement("STS-R27")
def test_refuses_a_token_service_of_another_name(bench, healthy, carry_out):
    """A token service whose certificate is for another host learns nothing, whoever issued it."""
    healthy.token_request()
    scenario = carry_out("token-service-of-another-name", sts_address=bench.sts_misnamed_address)
    _must_have_sent_nothing(scenario, "is for another host")


def _must_have_sent_nothing(scenario, why):
    """Demand that nobody was sent anything, and that the user is told that it is the connection."""
    scenario.cite()
    if asked := scenario.recording.exchanges:
        raise ImplementationError(
            f"the product talked to a token service whose certificate {why}",
            subcode=Subcode.ACCEPTED_INVALID,
            expected="no request",
            found=f"{len(asked)} request{'s' if len(asked) > 1 else ''}, the first {asked[0].summary}",
            advice="verify authority and host name of every server, in every environment",
        )
    scenario.reply.must_be_refused("transport.untrusted", "transport.failed")


@requirement("STS-R28")
def test_asks_for_no_metadata(token_request, healthy):
    """Nothing is sent to the address at which metadata would be exchanged."""
    healthy.cite()
    asked = [each for each in healthy.recording.sts if each.request.path.lower().endswith("/mex")]
    if asked:
        raise ImplementationError(
            "the product asked the token service for its metadata",
            subcode=Subcode.WRONG_VALUE,
            expected="a request for a token, with a GET for the WSDL before it if need be",
            found=f"{len(asked)} to {asked[0].request.path}",
            where=asked[0].request.path,
        )
