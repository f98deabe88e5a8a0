"""Every URI of the two wire legs, once: namespaces, actions, algorithms, token types, claims.

Each constant names the document that defines it.  Nothing else in the kit spells a URI out, so that
a reader can tell a fixed name from a chosen one.
"""

import functools
from typing import Final

# --- namespaces -----------------------------------------------------------------------------------

SOAP: Final = "http://www.w3.org/2003/05/soap-envelope"  # SOAP 1.2 part 1
SOAP_11: Final = "http://schemas.xmlsoap.org/soap/envelope/"  # SOAP 1.1; known only to be refused by name
ADDRESSING: Final = "http://www.w3.org/2005/08/addressing"  # WS-Addressing 1.0 core
SECURITY: Final = (
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"  # WS-Security 1.0
)
SECURITY_11: Final = (
    "http://docs.oasis-open.org/wss/oasis-wss-wssecurity-secext-1.1.xsd"  # WS-Security 1.1; only k:TokenType
)
UTILITY: Final = (
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"  # WS-Security 1.0
)
SIGNATURE: Final = "http://www.w3.org/2000/09/xmldsig#"  # XML Signature
ENCRYPTION: Final = "http://www.w3.org/2001/04/xmlenc#"  # XML Encryption
EXCLUSIVE: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"  # Exclusive XML Canonicalization 1.0
TRUST: Final = "http://docs.oasis-open.org/ws-sx/ws-trust/200512"  # WS-Trust 1.3; no slash at the end
TRUST_14: Final = "http://docs.oasis-open.org/ws-sx/ws-trust/200802"  # WS-Trust 1.4; only ActAs
POLICY: Final = "http://schemas.xmlsoap.org/ws/2004/09/policy"  # WS-Policy 1.2, the one WS-Trust 1.3 cites
SECURITY_POLICY: Final = "http://docs.oasis-open.org/ws-sx/ws-securitypolicy/200702"  # WS-SecurityPolicy 1.2
IDENTITY: Final = (
    "http://schemas.xmlsoap.org/ws/2005/05/identity"  # Identity Metasystem 1.0: the claim dialect
)
AUTHORIZATION: Final = "http://docs.oasis-open.org/wsfed/authorization/200706"  # WS-Federation 1.2, section 9
RELATIONSHIP: Final = (
    "http://vanguard.business.gov.au/2016/03"  # RelationshipToken of the hosted-software scheme
)
SAML_2: Final = "urn:oasis:names:tc:SAML:2.0:assertion"  # SAML 2.0 core
SAML_1: Final = "urn:oasis:names:tc:SAML:1.0:assertion"  # SAML 1.1 core (its namespace still says 1.0)
SCHEMA_INSTANCE: Final = "http://www.w3.org/2001/XMLSchema-instance"  # XML Schema part 1
WSDL: Final = "http://schemas.xmlsoap.org/wsdl/"  # WSDL 1.1
WSDL_SOAP12: Final = "http://schemas.xmlsoap.org/wsdl/soap12/"  # WSDL 1.1 binding for SOAP 1.2
WSDL_ADDRESSING: Final = "http://www.w3.org/2006/05/addressing/wsdl"  # WS-Addressing 1.0 WSDL binding
# The STS's own WSDL, as clients name it.
STS_SERVICE: Final = "http://schemas.microsoft.com/ws/2008/06/identity/securitytokenservice"
XML: Final = "http://www.w3.org/XML/1998/namespace"  # Namespaces in XML 1.0
# Ours: what the real services name in a way that is not public.
SIMULATED: Final = "urn:evte-conformance:simulated"

PREFIXES: Final = {
    "s": SOAP,
    "a": ADDRESSING,
    "o": SECURITY,
    "k": SECURITY_11,
    "u": UTILITY,
    "ds": SIGNATURE,
    "xenc": ENCRYPTION,
    "ec": EXCLUSIVE,
    "t": TRUST,
    "t14": TRUST_14,
    "wsp": POLICY,
    "i": IDENTITY,
    "auth": AUTHORIZATION,
    "v13": RELATIONSHIP,
    "saml2": SAML_2,
    "saml": SAML_1,
    "sim": SIMULATED,
}
"""The prefix that element paths in findings and our own messages use for each namespace."""

PREFIX_OF: Final = {namespace: prefix for prefix, namespace in PREFIXES.items()}
"""The same, the other way round."""

# --- addressing and actions -----------------------------------------------------------------------

ANONYMOUS: Final = "http://www.w3.org/2005/08/addressing/anonymous"  # WS-Addressing 1.0 core 3.2.1
ADDRESSING_FAULT: Final = "http://www.w3.org/2005/08/addressing/fault"  # WS-Addressing 1.0 SOAP binding 6
SOAP_FAULT: Final = "http://www.w3.org/2005/08/addressing/soap/fault"  # WS-Addressing 1.0 SOAP binding 6
ISSUE_ACTION: Final = f"{TRUST}/RST/Issue"  # WS-Trust 1.3, section 4.1
ISSUE_FINAL_ACTION: Final = f"{TRUST}/RSTRC/IssueFinal"  # WS-Trust 1.3, section 4.2

# --- WS-Trust values ------------------------------------------------------------------------------

ISSUE: Final = f"{TRUST}/Issue"  # WS-Trust 1.3, section 3.1: RequestType
SYMMETRIC_KEY: Final = f"{TRUST}/SymmetricKey"  # WS-Trust 1.3, section 9.2: KeyType and BinarySecret type
BEARER: Final = f"{TRUST}/Bearer"  # WS-Trust 1.3, section 9.2
NONCE: Final = f"{TRUST}/Nonce"  # WS-Trust 1.3, section 3.3: BinarySecret type of entropy
P_SHA1: Final = f"{TRUST}/CK/PSHA1"  # WS-Trust 1.3, section 4.4.4: computed key

# --- token types and references -------------------------------------------------------------------

# X.509 token profile 1.0.
X509_V3: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3"
# WS-Security 1.0.
BASE64: Final = (
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
)
# SAML token profile 1.1, section 3.2: TokenType, and k:TokenType of a reference.
SAML_2_TOKEN: Final = "http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#SAMLV2.0"
SAML_1_TOKEN: Final = "http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#SAMLV1.1"
SAML_2_ID: Final = (
    "http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#SAMLID"  # same, section 3.3
)
# SAML token profile 1.0.
SAML_1_ID: Final = "http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.0#SAMLAssertionID"
HOLDER_OF_KEY: Final = "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"  # SAML 2.0 profiles, section 3.1
HOLDER_OF_KEY_1: Final = "urn:oasis:names:tc:SAML:1.0:cm:holder-of-key"  # SAML 1.1 bindings, section 5.1
NAME_URI: Final = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"  # SAML 2.0 core, section 8.2.2

# --- algorithms -----------------------------------------------------------------------------------

EXCLUSIVE_C14N: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"  # Exclusive XML Canonicalization 1.0
INCLUSIVE_C14N: Final = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"  # Canonical XML 1.0
ENVELOPED: Final = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"  # XML Signature 6.6.4
RSA_SHA1: Final = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"  # XML Signature 6.4.2
RSA_SHA256: Final = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"  # RFC 4051, 2.3.2
HMAC_SHA1: Final = "http://www.w3.org/2000/09/xmldsig#hmac-sha1"  # XML Signature 6.3.1
HMAC_SHA256: Final = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"  # RFC 4051, 2.2.2
SHA1: Final = "http://www.w3.org/2000/09/xmldsig#sha1"  # XML Signature 6.2.1
SHA256: Final = "http://www.w3.org/2001/04/xmlenc#sha256"  # XML Encryption 5.7.2
AES256_CBC: Final = "http://www.w3.org/2001/04/xmlenc#aes256-cbc"  # XML Encryption 5.2.2
RSA_OAEP: Final = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"  # XML Encryption 5.4.2
ELEMENT_CONTENT: Final = "http://www.w3.org/2001/04/xmlenc#Element"  # XML Encryption 3.1: what was encrypted

# --- claims ---------------------------------------------------------------------------------------

CLAIM_BASE: Final = (
    "http://vanguard.ebusiness.gov.au/2008/06/identity/claims/"  # published USI WSDL, token template
)
CLAIM_ABN: Final = f"{CLAIM_BASE}abn"  # same
CLAIM_CREDENTIAL_TYPE: Final = f"{CLAIM_BASE}credentialtype"  # same
CLAIM_COMMON_NAME: Final = f"{CLAIM_BASE}commonname"  # SBR core services implementation guide
CLAIM_SUBJECT_ID: Final = f"{CLAIM_BASE}samlsubjectid"  # same
CLAIM_FINGERPRINT: Final = f"{CLAIM_BASE}fingerprint"  # same

USI_CLAIMS: Final = (CLAIM_ABN, CLAIM_CREDENTIAL_TYPE)
"""The two claims that the registry's published policy asks for."""

SBR_CLAIMS: Final = (*USI_CLAIMS, CLAIM_COMMON_NAME, CLAIM_SUBJECT_ID, CLAIM_FINGERPRINT)
"""The five mandatory claims of an SBR token."""

KNOWN_CLAIMS: Final = frozenset(
    {
        *SBR_CLAIMS,
        *(
            CLAIM_BASE + name
            for name in (
                "sbr_personid",
                "givennames",
                "credentialadministrator",
                "stalecrlminutes",
                "subjectdn",
                "issuerdn",
                "notafterdate",
                "certificateserialnumber",
                "previoussubject",
            )
        ),
        f"{IDENTITY}/claims/surname",
        f"{IDENTITY}/claims/emailaddress",
        f"{IDENTITY}/claims/nameidentifier",
    }
)
"""Every claim that a published client or policy names."""

DEVICE_CREDENTIAL: Final = "ABR_Device"
"""Value of the credentialtype claim for a machine credential; the store itself says "D"."""

# --- hosted software (ActAs) ----------------------------------------------------------------------

OSP_FOR: Final = "OSPfor"  # Relationship/@Type in published clients
SSID: Final = "SSID"  # Attribute/@Name in published clients
ABN_SCHEME: Final = "uri://abr.gov.au/ABN"  # FirstParty/@Scheme and SecondParty/@Scheme in published clients

# --- faults of WS-Security and WS-Trust -----------------------------------------------------------

INVALID_SECURITY: Final = f"{{{SECURITY}}}InvalidSecurity"  # WS-Security 1.0, section 12
FAILED_AUTHENTICATION: Final = f"{{{SECURITY}}}FailedAuthentication"  # same
MESSAGE_EXPIRED: Final = f"{{{UTILITY}}}MessageExpired"  # WS-Security 1.1, section 10
INVALID_REQUEST: Final = f"{{{TRUST}}}InvalidRequest"  # WS-Trust 1.3, section 11
REQUEST_FAILED: Final = f"{{{TRUST}}}RequestFailed"  # same
INVALID_TIME_RANGE: Final = f"{{{TRUST}}}InvalidTimeRange"  # same
ACTION_NOT_SUPPORTED: Final = f"{{{ADDRESSING}}}ActionNotSupported"  # WS-Addressing 1.0 SOAP binding 6.4
DESTINATION_UNREACHABLE: Final = f"{{{ADDRESSING}}}DestinationUnreachable"  # same
INVALID_ADDRESSING_HEADER: Final = f"{{{ADDRESSING}}}InvalidAddressingHeader"  # same
ADDRESSING_HEADER_REQUIRED: Final = f"{{{ADDRESSING}}}MessageAddressingHeaderRequired"  # same


@functools.cache
def tag(name: str) -> str:
    """Return the Clark name of a prefixed one: `tag("s:Body")` is `{http://www.w3.org/2003/05/…}Body`.

    Raises:
        KeyError: the prefix is not one of `PREFIXES`.
    """
    prefix, _, local = name.partition(":")
    return f"{{{PREFIXES[prefix]}}}{local}"
