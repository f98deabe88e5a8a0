"""Every code that the judge of requests for renewal can emit, and the sentence behind it."""

from typing import Final

RULES: Final = {
    "renewal.not_a_request": "The message is a `requests` of the AutoRenew namespace with one `request`.",
    "renewal.qualified": "The elements inside `requests` are in no namespace.",
    "renewal.credential_type": "The credentialType is D, a machine's.",
    "renewal.id": "The id is that of the credential whose key signed the request.",
    "renewal.not_signed": "cmsB64 is base64 of CMS SignedData with a content and one signer.",
    "renewal.digest": "The digest of the signature is SHA-256 or better.",
    "renewal.attributes": "Content type, signing time and message digest are signed attributes.",
    "renewal.message_digest": "The message digest is that of the content.",
    "renewal.signature": "The signature verifies under the key of the old credential.",
    "renewal.chain": "The full chain of the old credential is in the SignedData.",
    "renewal.signer_unknown": "The signer's certificate was issued by the authority that is to renew it.",
    "renewal.signer_expired": "The signer's certificate is current.",
    "renewal.not_a_csr": "The content is one PKCS#10 request for certification.",
    "renewal.proof": "The request for certification is signed with its own key.",
    "renewal.csr_digest": "The request for certification is signed with SHA-256 or better.",
    "renewal.key_size": "The new key is an RSA key of 2048 bits or more.",
    "renewal.key_reused": "The new key is not the old one.",
    "renewal.subject": "The subject asked for is CN, O and C of the old certificate, without dnQualifier.",
    "renewal.abn": "The extension 1.2.36.1.333.1 asked for holds the old certificate's ABN as IA5String.",
}
"""Code -> what must hold."""

REMARKS: Final = {
    "renewal.signing_time": "The signing time is more than five minutes from now.",
    "renewal.element_unknown": "The request has an element that means nothing to the service.",
}
"""Code -> what is remarked on and never refused."""
