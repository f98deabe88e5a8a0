"""Requests for a token as client stacks write them: accepted, remarked on, or refused for a stated reason."""

from dataclasses import replace

import pytest

from conformance.model import Severity
from conformance.protocol import names, soap, trust

OPTIONAL = {"security.others_unmarked"}
METRO = OPTIONAL | {
    "addressing.fault_to",
    "addressing.message_id_form",
    "security.inclusive_prefixes",
    "trust.secondary_parameters",
    "trust.saml_1_asked",
    "trust.entropy_sent",
    "trust.algorithm_name",
}
PHP_1 = {
    "soap.media_type_action_empty",
    "security.signed_info_indented",
    "security.reference_untyped",
    "trust.lifetime_longest",
}
PHP_2 = {"soap.soapaction", "trust.saml_1_asked", "trust.computed_key_without_entropy"}
WCF = {
    "soap.header_ignored",
    "trust.computed_key_without_entropy",
    "trust.claim_namespace",
    "trust.claim_value",
    "trust.applies_to_repeated",
}

EXPECTED = {
    # style: (answer, errors, remarks)
    "metro": ("issued", set(), METRO),
    "metro-cloud": ("issued", set(), METRO | {"trust.act_as_id"}),
    "metro-unpatched": (
        "InvalidSecurity",
        {"security.algorithm_signature"},
        METRO,
    ),
    "php-1": ("issued", set(), PHP_1),
    "php-1-cloud": ("issued", set(), PHP_1),
    "php-2": ("issued", {"security.to_unsigned"}, PHP_2),
    "php-2-bare-soapaction": ("issued", {"security.to_unsigned"}, PHP_2),
    "php-fork-for-v4": ("issued", {"sts.relying_party_outdated"}, PHP_1),
    "moodle": (
        "InvalidSecurity",
        {"security.signature_missing", "security.timestamp_span"},
        OPTIONAL,
    ),
    "wcf": ("issued", set(), WCF),
    "wcf-cloud": ("issued", set(), WCF),
    "julia": ("issued", set(), OPTIONAL),
    "sbr": ("issued", set(), set()),
}


def codes(exchange, severity):
    """Codes of the findings of that severity."""
    return {found.code for found in exchange.judgement.findings if found.severity is severity}


def outcome(response):
    """`issued`, an event code, or the local name of a fault's subcode."""
    envelope = soap.read(response.body)
    fault = soap.read_fault(envelope)
    if fault is None:
        return "issued"
    event = trust.read_event(fault)
    return event.code if event else fault.subcodes[0].rpartition("}")[2]


@pytest.mark.parametrize("style", sorted(EXPECTED))
def test_each_style_is_judged_as_described(services, style):
    """Exactly these errors and remarks, and the token is issued unless the style is one that cannot work."""
    response, exchange = services.post(services.made(style))
    answer, errors, remarks = EXPECTED[style]
    assert (codes(exchange, Severity.ERROR), codes(exchange, Severity.REMARK)) == (errors, remarks)
    assert outcome(response) == answer
    assert (response.status == 200) == (answer == "issued")


def test_every_style_has_its_row(calls):
    """A style that nobody expects anything of would be tested by nobody."""
    assert set(calls["styles"]) == set(EXPECTED)


def test_what_metro_asks_is_understood(services):
    """From SecondaryParameters as from the top level."""
    _, exchange = services.post(services.made("metro-cloud"))
    asked = exchange.facts.request
    assert (asked.token_type, asked.key_type, asked.key_size) == (
        names.SAML_1_TOKEN,
        names.SYMMETRIC_KEY,
        256,
    )
    assert asked.mandatory_claims == names.USI_CLAIMS
    assert asked.entropy == bytes(range(32))
    assert asked.applies_to == "https://3pt.portal.usi.gov.au/service/v5/usiservice.svc"
    assert (asked.act_as.first_party, asked.act_as.second_party, asked.act_as.ssid) == (
        "11000002568",
        "96312011219",
        "0000123400",
    )
    assert asked.act_as.id == "1d7f8f3e-0b5c-4f65-9b7e-7e6a63ba0a11"
    assert (asked.expires - asked.created).total_seconds() == 1200


def test_what_sbr_asks_is_understood(services):
    """Five claims that must be there, eleven that may, and a key of 512 bits."""
    for style in ("sbr", "julia"):
        response, exchange = services.post(services.made(style))
        asked = exchange.facts.request
        assert len(asked.claims) == 16
        assert set(asked.mandatory_claims) == set(names.SBR_CLAIMS)
        assert len(trust.read_response(soap.read(response.body)).proof_key) == 64


def test_seven_digits_of_fraction_are_read(services):
    """.NET writes them in the Lifetime."""
    _, exchange = services.post(services.made("wcf"))
    assert (exchange.facts.expires - exchange.facts.created).total_seconds() == 1800


@pytest.mark.parametrize("style", ["metro", "php-1", "php-2", "wcf", "julia", "sbr"])
def test_every_signature_verifies(services, style):
    """The remarks are about shape; no style's signature is in doubt, and its Timestamp is signed."""
    _, exchange = services.post(services.made(style))
    assert exchange.facts.signer.verified
    assert all(reference.holds for reference in exchange.facts.signer.references)


def test_metro_works_at_the_older_endpoint_without_the_patch(services, calls):
    """rsa-sha1 with sha1 digests, as the table of WS-SecurityPolicy has it for Basic256."""
    posted = calls["older"]["metro"](services.keys, to=services.to("/R3.0/S007v1.2/service.svc"))
    response, exchange = services.post(posted)
    assert (outcome(response), codes(exchange, Severity.ERROR)) == ("issued", set())


def test_the_patch_is_named_where_it_is_missing(services):
    """rsa-sha1 over sha256 digests is what unpatched Metro sends."""
    _, exchange = services.post(services.made("metro-unpatched"))
    (finding,) = (found for found in exchange.judgement.findings if found.severity is Severity.ERROR)
    assert (finding.expected, finding.actual) == ("rsa-sha256", "rsa-sha1")
    assert finding.hint == (
        "Metro signs with rsa-sha1 under every suite; for endpoint v1.3 it needs the ATO's patch"
    )


def test_what_the_real_service_may_refuse_is_a_switch(services):
    """Found in any case; refused once the switch says so."""
    services.set(unsigned_to_refused=True)
    response, exchange = services.post(services.made("php-2"))
    assert outcome(response) == "InvalidSecurity"
    assert codes(exchange, Severity.ERROR) == {"security.to_unsigned"}
    services.set(tolerated=services.sts.settings.tolerated - {"sts.relying_party_outdated"})
    response, exchange = services.post(services.made("php-fork-for-v4"))
    assert outcome(response) == "E2003"
    assert codes(exchange, Severity.ERROR) == {"sts.relying_party_outdated"}


def test_an_unsigned_to_says_how_to_mend_it(services):
    """It has no id, so no reference could lead to it."""
    _, exchange = services.post(services.made("php-2"))
    (finding,) = (found for found in exchange.judgement.findings if found.severity is Severity.ERROR)
    assert finding.hint == (
        "To has no wsu:Id, so that no reference can point at it: give it one, and sign it"
    )


def test_a_message_id_for_both_hops_is_found_at_the_second(services, calls):
    """The registry shares the list of the ids that were seen; it does not refuse."""
    services.registry.message_ids = services.sts.message_ids
    response, _ = services.post(services.made("php-2"))
    posted = registry_call(services, calls, response, message_id=calls["one_id"])
    _, exchange = services.post(posted)
    assert "addressing.message_id_reused" in codes(exchange, Severity.ERROR)


def registry_call(services, calls, response, **given):
    """A call with the token of an answer."""
    from base64 import b64decode

    parts = calls["parts"](response.body)
    given = {
        "to": services.to("/service/v5/usiservice.svc"),
        "token": parts["encrypted_data"],
        "proof_key": b64decode(parts["secret"]),
        "reference_text": parts["attached"],
        **given,
    }
    return calls["call"](**given)


def test_order_and_prefixes_of_the_styles_differ(services):
    """The styles are really different: no two have the same children in the same order."""
    orders = set()
    for style in ("metro", "php-1", "php-2", "wcf", "julia", "sbr"):
        envelope = soap.read(services.made(style).body)
        orders.add(tuple(child.tag for child in envelope.payload))
    assert len(orders) == 6


def test_a_prefix_list_that_nobody_declared_changes_nothing(services):
    """Metro lists prefixes that the element does not know as well."""
    posted = services.made("metro")
    response, _ = services.post(posted)
    assert outcome(response) == "issued"
    # The same bytes without the list are other bytes: it was obeyed.
    stripped = replace(posted, body=posted.body.replace(b'PrefixList="wsu wsse S"', b'PrefixList="S"'))
    response, exchange = services.post(stripped)
    assert outcome(response) == "InvalidSecurity"
    assert "security.signature_wrong" in codes(exchange, Severity.ERROR)
