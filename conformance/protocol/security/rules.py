"""Every code that the judges of security can emit, and the sentence behind it."""

from typing import Final

RULES: Final = {
    "security.header_missing": "The message has a wsse:Security header.",
    "security.header_repeated": "The message has only one wsse:Security header.",
    "security.must_understand": "The Security header is marked mustUnderstand (1 or true).",
    "security.timestamp_missing": "The Security header has a Timestamp with Created and Expires.",
    "security.timestamp_repeated": "The Security header has only one Timestamp.",
    "security.timestamp_form": "Created and Expires are in UTC, with Z and at most seven digits of fraction.",
    "security.timestamp_window": "Created is within five minutes of now, and Expires has not passed.",
    "security.timestamp_span": "Expires is after Created, by ten minutes at most.",
    "security.token_missing": "The Security header has a BinarySecurityToken.",
    "security.token_repeated": "The Security header has only one BinarySecurityToken.",
    "security.token_type": "The BinarySecurityToken says that it is an X509v3 certificate in base64.",
    "security.token_unreadable": "The BinarySecurityToken holds one X.509 certificate in DER.",
    "security.token_chain": "The BinarySecurityToken holds the certificate alone: no chain, no PEM lines.",
    "security.certificate_authority": "The certificate is that of an end entity, not of an authority.",
    "security.certificate_dates": "The certificate is valid at the moment of the request.",
    "security.certificate_other": "The certificate is that of the credential which the product was given.",
    "security.issued_token_missing": "The Security header has the issued token.",
    "security.issued_token_repeated": "The Security header has only one issued token.",
    "security.signature_missing": "The Security header has a Signature.",
    "security.signature_repeated": "The message has only one Signature.",
    "security.algorithm_signature": "The signature method is the one that the endpoint asks for.",
    "security.algorithm_digest": "Every digest method is the one that the endpoint asks for.",
    "security.algorithm_canonicalization": "SignedInfo is canonicalised exclusively.",
    "security.algorithm_transform": "Every reference has one transform only, the exclusive canonicalisation.",
    "security.reference_unresolved": "Every reference points at an element of the message by its id.",
    "security.reference_ambiguous": "No id occurs twice, so that every reference points at one element only.",
    "security.relocated": "What is signed is the header that the service acts upon, not a copy elsewhere.",
    "security.digest_mismatch": "Every digest is that of the element as it arrived.",
    "security.timestamp_unsigned": "The signature covers the Timestamp.",
    "security.to_unsigned": "The signature covers the To header.",
    "security.key_reference": "The KeyInfo of the signature refers to the token in the Security header.",
    "security.reference_altered": "The reference to the issued token is the one that came with it.",
    "security.signature_wrong": "The signature verifies with the key of the token that it refers to.",
    "security.layout": "Timestamp, token and Signature follow each other in this order.",
}
"""Code -> what must hold."""

REMARKS: Final = {
    "security.timestamp_unusual": "The Timestamp is usually five minutes long.",
    "security.inclusive_prefixes": "A canonicalisation carries an InclusiveNamespaces list; it is obeyed.",
    "security.reference_untyped": "The reference to the token has no ValueType.",
    "security.reference_direct": "The KeyInfo points at the token itself instead of naming its assertion.",
    "security.others_unmarked": "Only Security is marked mustUnderstand; most clients mark To and Action.",
    "security.signed_info_indented": "SignedInfo holds white space, which is part of what is signed.",
    "security.signed_more": "More is signed than the service asks for.",
    "security.token_wrapped": "The token came as EncryptedAssertion; most clients send its EncryptedData.",
    "security.endorsed_sha256": "The endorsing signature uses SHA-256; the policy names hmac-sha1.",
}
"""Code -> what is remarked on and never refused."""
