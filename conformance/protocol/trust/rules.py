"""Every code that the judge of requests for a token can emit, and the sentence behind it."""

from typing import Final

RULES: Final = {
    "trust.not_a_request": "The Body holds a RequestSecurityToken of WS-Trust 1.3.",
    "trust.request_type": "The RequestType is Issue.",
    "trust.applies_to_missing": "AppliesTo names the address of a relying party.",
    "trust.applies_to_ambiguous": "AppliesTo names one relying party only.",
    "trust.key_type": "The KeyType is SymmetricKey.",
    "trust.key_size": "The KeySize, where there is one, is 256 or 512.",
    "trust.token_type": "The TokenType, where there is one, is SAML 2.0 or SAML 1.1.",
    "trust.claims_missing": "The claims abn and credentialtype are asked for, and not as optional ones.",
    "trust.claim_unknown": "Every claim that is not optional is one that the service knows.",
    "trust.lifetime_form": "The Lifetime, where there is one, has Created and Expires in UTC.",
    "trust.lifetime_span": "The Lifetime ends after it begins and lasts 24 hours at most.",
    "trust.lifetime_start": "The Lifetime begins now.",
    "trust.entropy": "Entropy, where there is some, is as long as the key and combined by P_SHA1.",
    "trust.act_as_missing": "A request of hosted software says on whose behalf it asks.",
    "trust.act_as_unexpected": "A request of locally installed software acts for nobody else.",
    "trust.act_as_form": "ActAs holds a RelationshipToken with relationship and both parties, as published.",
    "trust.act_as_ssid": "The software id (SSID) has ten digits.",
    "trust.act_as_first_party": "The first party is the holder of the certificate.",
    "trust.act_as_second_party": "The second party is another business, by a right ABN.",
}
"""Code -> what must hold."""

REMARKS: Final = {
    "trust.saml_1_asked": "The request asks for SAML 1.1; current clients ask for SAML 2.0.",
    "trust.applies_to_repeated": "AppliesTo occurs more than once, with the same address.",
    "trust.secondary_parameters": "Part of the request is inside SecondaryParameters.",
    "trust.claim_value": "A claim carries a value, which the service is not known to read.",
    "trust.claim_namespace": "The claims are in the namespace of WS-Federation.",
    "trust.act_as_id": "The ID of the RelationshipToken is not in its namespace, or is missing.",
    "trust.lifetime_longest": "The Lifetime is 24 hours, the longest that may be asked for.",
    "trust.entropy_sent": "The request brings entropy; whether the service makes use of it is not known.",
    "trust.computed_key_without_entropy": "ComputedKeyAlgorithm is named although no Entropy is sent.",
    "trust.algorithm_name": "An algorithm is named by another name than its URI.",
    "trust.element_unknown": "The request has an element that means nothing to the service.",
}
"""Code -> what is remarked on and never refused."""
