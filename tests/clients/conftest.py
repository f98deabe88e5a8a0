"""Messages in the styles of client stacks, written by hand.

The kit's own builder would write its own style, so nothing here goes through `conformance.protocol`: the
XML is typed out as each stack lays it out, canonical forms are lxml's, digests and signatures the standard
library's and `cryptography`'s.  Keys and certificates are the kit's.  What a style is like was described by
people who ran the stacks and looked; no message of theirs is copied.
"""

import hashlib
import hmac
import re
from base64 import b64encode
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from conformance.simulators.authority import Authority
from conformance.simulators.http import Request
from conformance.simulators.ram import Ram
from conformance.simulators.registry import Registry
from conformance.simulators.sts import TokenService

MOMENT = datetime(2026, 11, 21, 10, 42, tzinfo=UTC)
HOST = "localhost:8443"
V13 = "/R3.0/S007v1.3/service.svc"
V12 = "/R3.0/S007v1.2/service.svc"
USI_PATH = "/service/v5/usiservice.svc"
USI = "https://3pt.portal.usi.gov.au/service/v5/usiservice.svc"
USI_V4 = "https://3pt.portal.usi.gov.au/service/usiservice.svc"
SBR = "https://test.sbr.gov.au/services"

SOAP = "http://www.w3.org/2003/05/soap-envelope"
WSA = "http://www.w3.org/2005/08/addressing"
ANONYMOUS = f"{WSA}/anonymous"
WSS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss"
WSSE = f"{WSS}-wssecurity-secext-1.0.xsd"
WSSE11 = "http://docs.oasis-open.org/wss/oasis-wss-wssecurity-secext-1.1.xsd"
WSU = f"{WSS}-wssecurity-utility-1.0.xsd"
X509 = f"{WSS}-x509-token-profile-1.0#X509v3"
BASE64 = f"{WSS}-soap-message-security-1.0#Base64Binary"
DS = "http://www.w3.org/2000/09/xmldsig#"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
XENC = "http://www.w3.org/2001/04/xmlenc#"
EXC = "http://www.w3.org/2001/10/xml-exc-c14n#"
TRUST = "http://docs.oasis-open.org/ws-sx/ws-trust/200512"
TRUST14 = "http://docs.oasis-open.org/ws-sx/ws-trust/200802"
WSP = "http://schemas.xmlsoap.org/ws/2004/09/policy"
IC = "http://schemas.xmlsoap.org/ws/2005/05/identity"
AUTH = "http://docs.oasis-open.org/wsfed/authorization/200706"
V13NS = "http://vanguard.business.gov.au/2016/03"
SAML11 = "http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#SAMLV1.1"
SAML20 = "http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#SAMLV2.0"
CLAIMS = "http://vanguard.ebusiness.gov.au/2008/06/identity/claims/"
ISSUE = f"{TRUST}/RST/Issue"
ENTROPY = b64encode(bytes(range(32))).decode()


@dataclass(frozen=True)
class Keys:
    """Whose keys the messages are signed with."""

    authority: Authority
    credential: object

    @property
    def certificate(self):
        """The leaf, DER in base64."""
        return b64encode(self.credential.certificate.public_bytes(Encoding.DER)).decode()

    def sign(self, data, name):
        """RSA PKCS #1 v1.5 with that hash."""
        algorithm = {"sha1": hashes.SHA1, "sha256": hashes.SHA256}[name]()
        return self.credential.key.sign(data, padding.PKCS1v15(), algorithm)


@dataclass(frozen=True)
class Posted:
    """An HTTP request as a client of some style sends it."""

    body: bytes
    media_type: str = "application/soap+xml; charset=utf-8"
    path: str = V13
    headers: tuple[tuple[str, str], ...] = ()
    client_certificate: bool = False
    facts: dict = field(default_factory=dict)

    def request(self, host=HOST):
        """For a simulator's `handle`."""
        return Request(
            method="POST",
            path=self.path,
            query="",
            headers=(("Host", host), ("Content-Type", self.media_type), *self.headers),
            body=self.body,
            tls_version="TLSv1.2",
            client_certificate=self.client_certificate,
            received=MOMENT,
        )


def at(seconds=0, digits=3):
    """A moment in UTC, so many seconds from now, with so many digits of fraction."""
    moment = MOMENT + timedelta(seconds=seconds)
    return f"{moment:%Y-%m-%dT%H:%M:%S}{'.' + '0' * digits if digits else ''}Z"


# --- signing --------------------------------------------------------------------------------------------


def canonical(element, prefix_list=None):
    """Exclusive canonical form by lxml itself."""
    return etree.tostring(
        element,
        method="c14n",
        exclusive=True,
        with_comments=False,
        with_tail=False,
        inclusive_ns_prefixes=prefix_list,
    )


def inclusive_list(method):
    """The PrefixList of a method or transform."""
    found = method.find(f"{{{EXC}}}InclusiveNamespaces")
    return None if found is None else found.get("PrefixList").split()


def signed(text, sign):
    """Fill DIGEST-n and SIGNATURE in, without touching anything else.

    Args:
        text: the whole message; the n-th reference states `DIGEST-n`.
        sign: (canonical SignedInfo, name of the hash) -> signature value.
    """
    root = etree.fromstring(text.encode())
    identified = {element.get(f"{{{WSU}}}Id"): element for element in root.iter(etree.Element)}
    for count, reference in enumerate(root.iter(f"{{{DS}}}Reference")):
        transform = next(reference.iter(f"{{{DS}}}Transform"))
        method = next(reference.iter(f"{{{DS}}}DigestMethod")).get("Algorithm")
        data = canonical(identified[reference.get("URI")[1:]], inclusive_list(transform))
        digest = hashlib.new("sha256" if method.endswith("sha256") else "sha1", data).digest()
        text = text.replace(f"DIGEST-{count}", b64encode(digest).decode())
    root = etree.fromstring(text.encode())
    info = next(root.iter(f"{{{DS}}}SignedInfo"))
    prefix_list = inclusive_list(info.find(f"{{{DS}}}CanonicalizationMethod"))
    method = info.find(f"{{{DS}}}SignatureMethod").get("Algorithm")
    value = sign(canonical(info, prefix_list), "sha256" if method.endswith("sha256") else "sha1")
    return text.replace("SIGNATURE", b64encode(value).decode())


def reference(uri, count, digest=f"{XENC}sha256", inner="", prefix="ds"):
    """A Reference on one line."""
    p = f"{prefix}:" if prefix else ""
    transform = f'<{p}Transform Algorithm="{EXC}">{inner}</{p}Transform>'
    if not inner:
        transform = f'<{p}Transform Algorithm="{EXC}"/>'
    return (
        f'<{p}Reference URI="#{uri}"><{p}Transforms>{transform}</{p}Transforms>'
        f'<{p}DigestMethod Algorithm="{digest}"/><{p}DigestValue>DIGEST-{count}</{p}DigestValue>'
        f"</{p}Reference>"
    )


def signed_info(references, method=f"{MORE}rsa-sha256", inner="", prefix="ds"):
    """SignedInfo on one line."""
    p = f"{prefix}:" if prefix else ""
    canonicalization = f'<{p}CanonicalizationMethod Algorithm="{EXC}"/>'
    if inner:
        canonicalization = f'<{p}CanonicalizationMethod Algorithm="{EXC}">{inner}</{p}CanonicalizationMethod>'
    return (
        f"<{p}SignedInfo>{canonicalization}"
        f'<{p}SignatureMethod Algorithm="{method}"/>{"".join(references)}</{p}SignedInfo>'
    )


# --- the first hop, style by style ----------------------------------------------------------------------


def metro(
    keys, *, to, applies_to=USI, method=f"{MORE}rsa-sha256", digest=f"{XENC}sha256", act_as=None, path=V13
):
    """The official Java sample on its Metro fork."""

    def listed(prefixes):
        return f'<exc14n:InclusiveNamespaces xmlns:exc14n="{EXC}" PrefixList="{prefixes}"/>'

    references = (
        reference("_5006", 0, digest, listed("S")),
        reference("_3", 1, digest, listed("wsu wsse S")),
    )
    relationship = (
        f'<ns4:ActAs xmlns:ns4="{TRUST14}"><v13:RelationshipToken xmlns:v13="{V13NS}" '
        f'ID="1d7f8f3e-0b5c-4f65-9b7e-7e6a63ba0a11"><v13:Relationship v13:Type="OSPfor">'
        f'<v13:Attribute v13:Name="SSID" v13:Value="{act_as[2]}"/></v13:Relationship>'
        f'<v13:FirstParty v13:Scheme="uri://abr.gov.au/ABN" v13:Value="{act_as[0]}"/>'
        f'<v13:SecondParty v13:Scheme="uri://abr.gov.au/ABN" v13:Value="{act_as[1]}"/>'
        "</v13:RelationshipToken></ns4:ActAs>"
        if act_as
        else ""
    )
    text = (
        f'<S:Envelope xmlns:S="{SOAP}" xmlns:wsse="{WSSE}" xmlns:wsu="{WSU}" '
        'xmlns:xs="http://www.w3.org/2001/XMLSchema"><S:Header>'
        f'<To xmlns="{WSA}" wsu:Id="_5006">{to}</To>'
        f'<Action xmlns="{WSA}">{ISSUE}</Action>'
        f'<ReplyTo xmlns="{WSA}"><Address>{ANONYMOUS}</Address></ReplyTo>'
        f'<FaultTo xmlns="{WSA}"><Address>{ANONYMOUS}</Address></FaultTo>'
        f'<MessageID xmlns="{WSA}">uuid:8e1c7a52-6a0d-43d8-9a4f-5c1a7be2c901</MessageID>'
        '<wsse:Security S:mustUnderstand="true">'
        f'<wsu:Timestamp xmlns:ns15="urn:nobody" xmlns:ns14="{SOAP}" wsu:Id="_3">'
        f"<wsu:Created>{at(digits=0)}</wsu:Created><wsu:Expires>{at(300, 0)}</wsu:Expires></wsu:Timestamp>"
        f'<wsse:BinarySecurityToken xmlns:ns15="urn:nobody" ValueType="{X509}" EncodingType="{BASE64}" '
        f'wsu:Id="uuid_52a0a8f5-2f9e-4cf5">{keys.certificate}</wsse:BinarySecurityToken>'
        f'<ds:Signature xmlns:ds="{DS}" Id="_1">{signed_info(references, method, listed("wsse S"))}'
        "<ds:SignatureValue>SIGNATURE</ds:SignatureValue><ds:KeyInfo><wsse:SecurityTokenReference "
        f'wsu:Id="uuid_1"><wsse:Reference URI="#uuid_52a0a8f5-2f9e-4cf5" ValueType="{X509}"/>'
        "</wsse:SecurityTokenReference></ds:KeyInfo></ds:Signature></wsse:Security></S:Header><S:Body>"
        f'<trust:RequestSecurityToken xmlns:trust="{TRUST}" xmlns:wsp="{WSP}" xmlns:ic="{IC}" '
        f'xmlns:wsa="{WSA}">'
        f"<trust:RequestType>{TRUST}/Issue</trust:RequestType>"
        f"<wsp:AppliesTo><wsa:EndpointReference><wsa:Address>{applies_to}</wsa:Address>"
        f"</wsa:EndpointReference></wsp:AppliesTo>{relationship}"
        f"<trust:Lifetime><wsu:Created>{at(digits=0)}</wsu:Created><wsu:Expires>{at(1200, 0)}</wsu:Expires>"
        "</trust:Lifetime><trust:SecondaryParameters>"
        f"<trust:TokenType>{SAML11}</trust:TokenType><trust:KeyType>{TRUST}/SymmetricKey</trust:KeyType>"
        "<trust:KeySize>256</trust:KeySize>"
        f"<trust:KeyWrapAlgorithm>{XENC}rsa-oaep-mgf1p</trust:KeyWrapAlgorithm>"
        f"<trust:CanonicalizationAlgorithm>{EXC}</trust:CanonicalizationAlgorithm>"
        f'<trust:Claims Dialect="{IC}"><ic:ClaimType Uri="{CLAIMS}abn" Optional="false"/>'
        f'<ic:ClaimType Uri="{CLAIMS}credentialtype" Optional="false"/></trust:Claims>'
        "</trust:SecondaryParameters>"
        f'<trust:Entropy><trust:BinarySecret Type="{TRUST}/Nonce">{ENTROPY}</trust:BinarySecret>'
        "</trust:Entropy>"
        f"<trust:ComputedKeyAlgorithm>{TRUST}/CK/PSHA1</trust:ComputedKeyAlgorithm>"
        "<trust:SignatureAlgorithm>SHA256withRSA</trust:SignatureAlgorithm>"
        "</trust:RequestSecurityToken></S:Body></S:Envelope>"
    )
    body = f'<?xml version="1.0" encoding="UTF-8"?>{signed(text, keys.sign)}'
    return Posted(body.encode(), f'application/soap+xml; charset=utf-8; action="{ISSUE}"', path)


def php_1(keys, *, to, applies_to=USI, act_as=None, path=V13):
    """PHP templates and SoapClient: everything is indented before it is signed."""
    relationship = (
        f"""
      <tr:ActAs xmlns:tr="{TRUST14}">
        <v13:RelationshipToken xmlns:v13="{V13NS}" v13:ID="b0f0b1a8-51d0-4c9f-9b66-3a4d4c8f51f7">
          <v13:Relationship v13:Type="OSPfor">
            <v13:Attribute v13:Name="SSID" v13:Value="{act_as[2]}"/>
          </v13:Relationship>
          <v13:FirstParty v13:Scheme="uri://abr.gov.au/ABN" v13:Value="{act_as[0]}"/>
          <v13:SecondParty v13:Scheme="uri://abr.gov.au/ABN" v13:Value="{act_as[1]}"/>
        </v13:RelationshipToken>
      </tr:ActAs>"""
        if act_as
        else ""
    )
    text = f"""<s:Envelope xmlns:s="{SOAP}" xmlns:a="{WSA}" xmlns:u="{WSU}">
  <s:Header>
    <a:Action s:mustUnderstand="1">{ISSUE}</a:Action>
    <a:MessageID>urn:uuid:3c9f2d4b-6e0f-4a9e-8a55-94f0c9a54e02</a:MessageID>
    <a:ReplyTo>
      <a:Address>{ANONYMOUS}</a:Address>
    </a:ReplyTo>
    <a:To xmlns:wsu="{WSU}" s:mustUnderstand="1" wsu:Id="_1">{to}</a:To>
    <o:Security xmlns:o="{WSSE}" s:mustUnderstand="1">
      <u:Timestamp u:Id="_0">
        <u:Created>{at()}</u:Created>
        <u:Expires>{at(300)}</u:Expires>
      </u:Timestamp>
      <o:BinarySecurityToken u:Id="uuid-9f1f9c5d-1" EncodingType="{BASE64}" ValueType="{X509}">
        {keys.certificate}
      </o:BinarySecurityToken>
      <Signature xmlns="{DS}">
        <SignedInfo>
          <CanonicalizationMethod Algorithm="{EXC}"/>
          <SignatureMethod Algorithm="{MORE}rsa-sha256"/>
          <Reference URI="#_0">
            <Transforms>
              <Transform Algorithm="{EXC}"/>
            </Transforms>
            <DigestMethod Algorithm="{XENC}sha256"/>
            <DigestValue>DIGEST-0</DigestValue>
          </Reference>
          <Reference URI="#_1">
            <Transforms>
              <Transform Algorithm="{EXC}"/>
            </Transforms>
            <DigestMethod Algorithm="{XENC}sha256"/>
            <DigestValue>DIGEST-1</DigestValue>
          </Reference>
        </SignedInfo>
        <SignatureValue>SIGNATURE</SignatureValue>
        <KeyInfo>
          <o:SecurityTokenReference>
            <o:Reference URI="#uuid-9f1f9c5d-1"/>
          </o:SecurityTokenReference>
        </KeyInfo>
      </Signature>
    </o:Security>
  </s:Header>
  <s:Body>
    <trust:RequestSecurityToken xmlns:trust="{TRUST}">
      <wsp:AppliesTo xmlns:wsp="{WSP}">
        <a:EndpointReference>
          <a:Address>{applies_to}</a:Address>
        </a:EndpointReference>
      </wsp:AppliesTo>
      <trust:Claims Dialect="{IC}" xmlns:i="{IC}">
        <i:ClaimType Uri="{CLAIMS}abn" Optional="false"/>
        <i:ClaimType Uri="{CLAIMS}credentialtype" Optional="false"/>
      </trust:Claims>
      <trust:KeyType>{TRUST}/SymmetricKey</trust:KeyType>
      <trust:Lifetime>
        <wsu:Created xmlns:wsu="{WSU}">{at()}</wsu:Created>
        <wsu:Expires xmlns:wsu="{WSU}">{at(86400)}</wsu:Expires>
      </trust:Lifetime>
      <trust:RequestType>{TRUST}/Issue</trust:RequestType>
      <trust:TokenType>{SAML20}</trust:TokenType>{relationship}
    </trust:RequestSecurityToken>
  </s:Body>
</s:Envelope>
"""
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n{signed(text, keys.sign)}'
    return Posted(body.encode(), 'application/soap+xml; charset=utf-8; action=""', path)


def php_2(keys, *, to, applies_to=USI, soapaction=f'"{ISSUE}"', path=V13):
    """PHP with DOM and curl: To is not signed, and one MessageID serves both hops."""
    text = (
        f'<soap:Envelope xmlns:soap="{SOAP}" xmlns:wsa="{WSA}" xmlns:wsse="{WSSE}" xmlns:wsu="{WSU}">'
        f'<soap:Header><wsa:Action soap:mustUnderstand="1">{ISSUE}</wsa:Action>'
        f"<wsa:MessageID>urn:uuid:{ONE_ID}</wsa:MessageID>"
        f"<wsa:ReplyTo><wsa:Address>{ANONYMOUS}</wsa:Address></wsa:ReplyTo>"
        f'<wsa:To soap:mustUnderstand="1">{to}</wsa:To><wsse:Security soap:mustUnderstand="1">'
        f'<wsu:Timestamp wsu:Id="TS-1"><wsu:Created>{at(-9)}</wsu:Created>'
        f"<wsu:Expires>{at(300)}</wsu:Expires></wsu:Timestamp>"
        f'<wsse:BinarySecurityToken EncodingType="{BASE64}" ValueType="{X509}" wsu:Id="X509-1">'
        f'{keys.certificate}</wsse:BinarySecurityToken><ds:Signature xmlns:ds="{DS}">'
        f"{signed_info((reference('TS-1', 0),))}<ds:SignatureValue>SIGNATURE</ds:SignatureValue>"
        f'<ds:KeyInfo><wsse:SecurityTokenReference><wsse:Reference URI="#X509-1" ValueType="{X509}"/>'
        "</wsse:SecurityTokenReference></ds:KeyInfo></ds:Signature></wsse:Security></soap:Header><soap:Body>"
        f'<wst:RequestSecurityToken xmlns:wst="{TRUST}">'
        f"<wst:RequestType>{TRUST}/Issue</wst:RequestType><wst:TokenType>{SAML11}</wst:TokenType>"
        f"<wst:KeyType>{TRUST}/SymmetricKey</wst:KeyType><wst:KeySize>256</wst:KeySize>"
        f'<wst:Claims Dialect="{IC}"><ic:ClaimType xmlns:ic="{IC}" Uri="{CLAIMS}abn"/>'
        f'<ic:ClaimType xmlns:ic="{IC}" Uri="{CLAIMS}credentialtype"/></wst:Claims>'
        f"<wst:KeyWrapAlgorithm>{XENC}rsa-oaep-mgf1p</wst:KeyWrapAlgorithm>"
        f"<wst:EncryptWith>{XENC}aes256-cbc</wst:EncryptWith><wst:SignWith>{DS}hmac-sha1</wst:SignWith>"
        f"<wst:CanonicalizationAlgorithm>{EXC}</wst:CanonicalizationAlgorithm>"
        f"<wst:EncryptionAlgorithm>{XENC}aes256-cbc</wst:EncryptionAlgorithm>"
        f'<wsp:AppliesTo xmlns:wsp="{WSP}"><wsa:EndpointReference><wsa:Address>{applies_to}</wsa:Address>'
        "</wsa:EndpointReference></wsp:AppliesTo>"
        f"<wst:ComputedKeyAlgorithm>{TRUST}/CK/PSHA1</wst:ComputedKeyAlgorithm>"
        "</wst:RequestSecurityToken></soap:Body></soap:Envelope>"
    )
    # DOMDocument::C14N of the whole envelope: no XML declaration, empty elements written out.
    body = etree.tostring(etree.fromstring(signed(text, keys.sign).encode()), method="c14n")
    return Posted(body, "application/soap+xml; charset=utf-8", path, (("SOAPAction", soapaction),))


def moodle(keys, *, to, applies_to=USI, path=V13):
    """A plugin that signs nothing: a certificate in the header and another at the TLS layer."""
    text = f"""<?xml version="1.0" encoding="UTF-8"?>
<soap:Envelope xmlns:soap="{SOAP}" xmlns:wsa="{WSA}" xmlns:wsse="{WSSE}" xmlns:wsu="{WSU}">
  <soap:Header>
    <wsa:Action>{ISSUE}</wsa:Action>
    <wsa:MessageID>urn:uuid:aa4f6e0c-92a8-4d2f-b5a1-6a0b9a1e7f10</wsa:MessageID>
    <wsa:To>{to}</wsa:To>
    <wsse:Security soap:mustUnderstand="1">
      <wsu:Timestamp wsu:Id="TS-1">
        <wsu:Created>{at(digits=0)}</wsu:Created>
        <wsu:Expires>{at(1800, 0)}</wsu:Expires>
      </wsu:Timestamp>
      <wsse:BinarySecurityToken EncodingType="{BASE64}" ValueType="{X509}">{keys.certificate}\
</wsse:BinarySecurityToken>
    </wsse:Security>
  </soap:Header>
  <soap:Body>
    <wst:RequestSecurityToken xmlns:wst="{TRUST}">
      <wst:TokenType>{SAML20}</wst:TokenType>
      <wst:RequestType>{TRUST}/Issue</wst:RequestType>
      <wst:KeyType>{TRUST}/SymmetricKey</wst:KeyType>
      <wsp:AppliesTo xmlns:wsp="{WSP}">
        <wsa:EndpointReference><wsa:Address>{applies_to}</wsa:Address></wsa:EndpointReference>
      </wsp:AppliesTo>
      <wst:Claims Dialect="{IC}">
        <ic:ClaimType xmlns:ic="{IC}" Uri="{CLAIMS}abn"/>
        <ic:ClaimType xmlns:ic="{IC}" Uri="{CLAIMS}credentialtype"/>
      </wst:Claims>
    </wst:RequestSecurityToken>
  </soap:Body>
</soap:Envelope>
"""
    return Posted(text.encode(), "application/soap+xml; charset=utf-8", path, client_certificate=True)


def wcf(keys, *, to, applies_to=USI, act_as=None, path=V13):
    """.NET: WCF's header and the federation client's order of children."""
    endpoint = (
        f'<wsp:AppliesTo xmlns:wsp="{WSP}"><EndpointReference xmlns="{WSA}"><Address>{applies_to}</Address>'
        "</EndpointReference></wsp:AppliesTo>"
    )
    relationship = (
        f'<tr:ActAs xmlns:tr="{TRUST14}"><v13:RelationshipToken xmlns:v13="{V13NS}" '
        f'v13:ID="{{{"5e0d51e2-0ac1-4a3d-8d0a-6d6f2f2a7c11"}}}"><v13:Relationship v13:Type="OSPfor">'
        f'<v13:Attribute v13:Name="SSID" v13:Value="{act_as[2]}"/></v13:Relationship>'
        f'<v13:FirstParty v13:Scheme="uri://abr.gov.au/ABN" v13:Value="{act_as[0]}"/>'
        f'<v13:SecondParty v13:Scheme="uri://abr.gov.au/ABN" v13:Value="{act_as[1]}"/>'
        "</v13:RelationshipToken></tr:ActAs>"
        if act_as
        else ""
    )
    text = (
        f'<s:Envelope xmlns:s="{SOAP}" xmlns:a="{WSA}" xmlns:u="{WSU}"><s:Header>'
        f'<a:Action s:mustUnderstand="1">{ISSUE}</a:Action>'
        '<ActivityId CorrelationId="7a4f2a4d-5cf1-4e58-8d6c-1c86d3e4b3c2" '
        'xmlns="http://schemas.microsoft.com/2004/09/ServiceModel/Diagnostics">'
        "00000000-0000-0000-0000-000000000000</ActivityId>"
        "<a:MessageID>urn:uuid:d7b6c3d5-53ef-4be0-8a3a-0a5bd5c3a4f1</a:MessageID>"
        f"<a:ReplyTo><a:Address>{ANONYMOUS}</a:Address></a:ReplyTo>"
        f'<a:To s:mustUnderstand="1" u:Id="_1">{to}</a:To>'
        f'<o:Security s:mustUnderstand="1" xmlns:o="{WSSE}"><u:Timestamp u:Id="_0">'
        f"<u:Created>{at()}</u:Created><u:Expires>{at(300)}</u:Expires></u:Timestamp>"
        f'<o:BinarySecurityToken u:Id="uuid-3f5c5a1e-1" ValueType="{X509}" EncodingType="{BASE64}">'
        f'{keys.certificate}</o:BinarySecurityToken><Signature xmlns="{DS}">'
        f"{signed_info((reference('_0', 0, prefix=''), reference('_1', 1, prefix='')), prefix='')}"
        "<SignatureValue>SIGNATURE</SignatureValue><KeyInfo><o:SecurityTokenReference>"
        f'<o:Reference ValueType="{X509}" URI="#uuid-3f5c5a1e-1"/></o:SecurityTokenReference></KeyInfo>'
        "</Signature></o:Security></s:Header><s:Body>"
        f'<trust:RequestSecurityToken Context="6d7a0f3a-51a4-43d8-8a10-5d2f2b3f9c10" xmlns:trust="{TRUST}">'
        f"<trust:RequestType>{TRUST}/Issue</trust:RequestType><trust:TokenType>{SAML20}</trust:TokenType>"
        f"<trust:KeyType>{TRUST}/SymmetricKey</trust:KeyType><trust:KeySize>256</trust:KeySize>"
        f"<trust:ComputedKeyAlgorithm>{TRUST}/CK/PSHA1</trust:ComputedKeyAlgorithm>{endpoint}"
        f'<trust:Claims Dialect="{AUTH}/authclaims" xmlns:auth="{AUTH}">'
        f'<auth:ClaimType Uri="{CLAIMS}abn" Optional="false"><auth:Value>11000002568</auth:Value>'
        f'</auth:ClaimType><auth:ClaimType Uri="{CLAIMS}credentialtype" Optional="false">'
        "<auth:Value>ABR_Device</auth:Value>"
        f"</auth:ClaimType></trust:Claims><trust:Lifetime><u:Created>{at(digits=7)}</u:Created>"
        f"<u:Expires>{at(1800, 7)}</u:Expires></trust:Lifetime>{relationship}{endpoint}"
        "</trust:RequestSecurityToken></s:Body></s:Envelope>"
    )
    return Posted(
        signed(text, keys.sign).encode(), f'application/soap+xml; charset=utf-8; action="{ISSUE}"', path
    )


def julia(keys, *, to, applies_to=SBR, path=V13):
    """Julia: Security comes first, nothing asks for a reply address."""
    text = (
        f'<?xml version="1.0" encoding="utf-8"?>\n<S12:Envelope xmlns:S12="{SOAP}"><S12:Header>'
        f'<wsse:Security xmlns:wsse="{WSSE}" xmlns:wsu="{WSU}" S12:mustUnderstand="true">'
        f'<wsu:Timestamp wsu:Id="TS"><wsu:Created>{at()}</wsu:Created><wsu:Expires>{at(300)}</wsu:Expires>'
        f'</wsu:Timestamp><wsse:BinarySecurityToken EncodingType="{BASE64}" ValueType="{X509}" wsu:Id="X509">'
        f'{keys.certificate}</wsse:BinarySecurityToken><ds:Signature xmlns:ds="{DS}">'
        f"{signed_info((reference('TS', 0), reference('To', 1)))}<ds:SignatureValue>SIGNATURE"
        "</ds:SignatureValue><ds:KeyInfo><wsse:SecurityTokenReference>"
        f'<wsse:Reference URI="#X509" ValueType="{X509}"/></wsse:SecurityTokenReference></ds:KeyInfo>'
        "</ds:Signature></wsse:Security>"
        f'<wsa:To xmlns:wsa="{WSA}" xmlns:wsu="{WSU}" wsu:Id="To">{to}</wsa:To>'
        f'<wsa:MessageID xmlns:wsa="{WSA}">urn:uuid:5a2b8d0a-8a57-4a3c-9c9b-3f3ad0c8b6f4</wsa:MessageID>'
        f'<wsa:Action xmlns:wsa="{WSA}">{ISSUE}</wsa:Action></S12:Header><S12:Body>'
        f'<wst:RequestSecurityToken xmlns:wst="{TRUST}"><wst:RequestType>{TRUST}/Issue</wst:RequestType>'
        f'<wsp:AppliesTo xmlns:wsp="{WSP}"><wsa:EndpointReference xmlns:wsa="{WSA}">'
        f"<wsa:Address>{applies_to}</wsa:Address></wsa:EndpointReference></wsp:AppliesTo>"
        f"<wst:TokenType>{SAML20}</wst:TokenType>{sbr_claims()}"
        f'<wst:Lifetime xmlns:wsu="{WSU}"><wsu:Created>{at()}</wsu:Created><wsu:Expires>{at(1800)}'
        f"</wsu:Expires></wst:Lifetime><wst:KeyType>{TRUST}/SymmetricKey</wst:KeyType>"
        "<wst:KeySize>512</wst:KeySize></wst:RequestSecurityToken></S12:Body></S12:Envelope>"
    )
    media_type = f'application/soap+xml; charset=utf-8; action="{ISSUE}"'
    return Posted(signed(text, keys.sign).encode(), media_type, path)


def sbr_claims():
    """Five claims that SBR must have, and eleven that it may."""
    mandatory = [
        CLAIMS + name for name in ("abn", "credentialtype", "commonname", "samlsubjectid", "fingerprint")
    ]
    optional = [
        CLAIMS + name
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
    ] + [f"{IC}/claims/surname", f"{IC}/claims/emailaddress"]
    asked = "".join(
        [f'<i:ClaimType Uri="{uri}"/>' for uri in mandatory]
        + [f'<i:ClaimType Uri="{uri}" Optional="true"/>' for uri in optional]
    )
    return f'<wst:Claims xmlns:i="{IC}" Dialect="{IC}">{asked}</wst:Claims>'


def sbr(keys, *, to, applies_to=SBR, path=V13):
    """The SBR software developer kits: VANguard's order, a bigger key, sixteen claims."""
    text = (
        f'<soapenv:Envelope xmlns:soapenv="{SOAP}"><soapenv:Header xmlns:wsa="{WSA}">'
        f'<wsa:To soapenv:mustUnderstand="1" xmlns:wsu="{WSU}" wsu:Id="id-2">{to}</wsa:To>'
        f"<wsa:ReplyTo><wsa:Address>{ANONYMOUS}</wsa:Address></wsa:ReplyTo>"
        "<wsa:MessageID>urn:uuid:0f5ab1f6-6f0b-4c84-8ad1-b5a0d5d1f6aa</wsa:MessageID>"
        f'<wsa:Action soapenv:mustUnderstand="1">{ISSUE}</wsa:Action>'
        f'<wsse:Security xmlns:wsse="{WSSE}" xmlns:wsu="{WSU}" soapenv:mustUnderstand="1">'
        f'<wsu:Timestamp wsu:Id="Timestamp-1"><wsu:Created>{at()}</wsu:Created>'
        f"<wsu:Expires>{at(300)}</wsu:Expires></wsu:Timestamp>"
        f'<wsse:BinarySecurityToken EncodingType="{BASE64}" ValueType="{X509}" wsu:Id="CertId-1">'
        f'{keys.certificate}</wsse:BinarySecurityToken><ds:Signature xmlns:ds="{DS}" Id="Signature-3">'
        f"{signed_info((reference('id-2', 0), reference('Timestamp-1', 1)))}"
        "<ds:SignatureValue>SIGNATURE</ds:SignatureValue>"
        '<ds:KeyInfo Id="KeyId-1"><wsse:SecurityTokenReference wsu:Id="STRId-1">'
        f'<wsse:Reference URI="#CertId-1" ValueType="{X509}"/></wsse:SecurityTokenReference></ds:KeyInfo>'
        "</ds:Signature></wsse:Security></soapenv:Header><soapenv:Body>"
        f'<wst:RequestSecurityToken xmlns:wst="{TRUST}"><wst:RequestType>{TRUST}/Issue</wst:RequestType>'
        f'<wst:Lifetime xmlns:wsu="{WSU}"><wsu:Created>{at()}</wsu:Created>'
        f"<wsu:Expires>{at(1800)}</wsu:Expires></wst:Lifetime>"
        f'<wsp:AppliesTo xmlns:wsp="{WSP}"><wsa:EndpointReference xmlns:wsa="{WSA}">'
        f"<wsa:Address>{applies_to}</wsa:Address></wsa:EndpointReference></wsp:AppliesTo>"
        f"<wst:TokenType>{SAML20}</wst:TokenType><wst:KeyType>{TRUST}/SymmetricKey</wst:KeyType>"
        f"<wst:KeySize>512</wst:KeySize>{sbr_claims()}"
        "</wst:RequestSecurityToken></soapenv:Body></soapenv:Envelope>"
    )
    return Posted(signed(text, keys.sign).encode(), path=path)


ONE_ID = "1b0f8f52-8f4a-4c02-9ae3-6f0d8cf5a990"
"""The MessageID that one client uses for both hops."""
HOSTED = ("11000002568", "96312011219", "0000123400")
"""First party, second party, SSID."""

STYLES = {
    "metro": metro,
    "metro-cloud": lambda keys, **given: metro(keys, **{"act_as": HOSTED, **given}),
    "metro-unpatched": lambda keys, **given: metro(keys, **{"method": f"{DS}rsa-sha1", **given}),
    "php-1": php_1,
    "php-1-cloud": lambda keys, **given: php_1(keys, **{"act_as": HOSTED, **given}),
    "php-2": php_2,
    "php-2-bare-soapaction": lambda keys, **given: php_2(keys, **{"soapaction": ISSUE, **given}),
    "php-fork-for-v4": lambda keys, **given: php_1(keys, **{"applies_to": USI_V4, **given}),
    "moodle": moodle,
    "wcf": wcf,
    "wcf-cloud": lambda keys, **given: wcf(keys, **{"act_as": HOSTED, **given}),
    "julia": julia,
    "sbr": sbr,
}
"""Style -> (keys, to=..., ...) -> the HTTP request."""

OLDER = {
    "metro": lambda keys, **given: metro(keys, method=f"{DS}rsa-sha1", digest=f"{DS}sha1", path=V12, **given),
}
"""What works at endpoint v1.2."""


# --- the second hop -------------------------------------------------------------------------------------

OPERATION = "http://usi.gov.au/2022/ws"
USI_BODY = (
    '<ws:VerifyUSI xmlns:ws="{namespace}"><ws:OrgCode>VA1803</ws:OrgCode><ws:USI>BNGH7C75FN</ws:USI>'
    "<ws:FirstName>Maryam</ws:FirstName><ws:FamilyName>Fredrick</ws:FamilyName>"
    "<ws:DateOfBirth>1966-05-25</ws:DateOfBirth></ws:VerifyUSI>"
)


def call(
    *,
    to,
    token,
    proof_key,
    reference_text,
    namespace=OPERATION,
    body=USI_BODY,
    method=f"{DS}hmac-sha1",
    digest=f"{DS}sha1",
    message_id="2e4f0a31-1d5a-4b53-90ef-0a52f1c0ce11",
    headers=(),
):
    """A request to the registry: Timestamp, token, Signature with HMAC over the Timestamp; To unsigned."""
    text = (
        f'<s:Envelope xmlns:s="{SOAP}" xmlns:a="{WSA}" xmlns:u="{WSU}"><s:Header>'
        f'<a:Action s:mustUnderstand="1">{namespace}/VerifyUSI</a:Action>'
        f"<a:MessageID>urn:uuid:{message_id}</a:MessageID>"
        f"<a:ReplyTo><a:Address>{ANONYMOUS}</a:Address></a:ReplyTo>"
        f'<a:To s:mustUnderstand="1">{to}</a:To><o:Security s:mustUnderstand="1" xmlns:o="{WSSE}">'
        f'<u:Timestamp u:Id="_0"><u:Created>{at()}</u:Created><u:Expires>{at(300)}</u:Expires></u:Timestamp>'
        f'TOKEN<Signature xmlns="{DS}">'
        f"{signed_info((reference('_0', 0, digest, prefix=''),), method, prefix='')}"
        f"<SignatureValue>SIGNATURE</SignatureValue><KeyInfo>{reference_text}</KeyInfo></Signature>"
        f"</o:Security></s:Header><s:Body>{body.format(namespace=namespace)}</s:Body></s:Envelope>"
    )

    def mac(data, name):
        return hmac.digest(proof_key, data, name)

    # The token is put in as text, after the signature is made: it is none of the signed parts.
    done = signed(text.replace("TOKEN", ""), mac).replace("</u:Timestamp>", f"</u:Timestamp>{token}", 1)
    return Posted(done.encode(), path=USI_PATH, headers=headers)


def answer_parts(body):
    """What a client takes out of the answer: token element, attached reference, key, without our reader.

    Regular expressions, as some clients do; the simulator's answer is one line with prefixes of its own.
    """
    root = etree.fromstring(body)
    secret = next(root.iter(f"{{{TRUST}}}BinarySecret"))
    requested = next(root.iter(f"{{{TRUST}}}RequestedSecurityToken"))
    attached = next(root.iter(f"{{{TRUST}}}RequestedAttachedReference"))
    data = next(requested.iter(f"{{{XENC}}}EncryptedData"))
    return {
        "encrypted_data": etree.tostring(data, method="c14n", exclusive=True, with_tail=False).decode(),
        "as_requested": etree.tostring(requested[0], method="c14n", exclusive=True, with_tail=False).decode(),
        "id": data.get("Id"),
        "attached": etree.tostring(attached[0], method="c14n", exclusive=True, with_tail=False).decode(),
        "secret": secret.text,
        "assertion_id": re.sub(r"\s", "", attached[0][0].text),
    }


# --- the services that are asked ------------------------------------------------------------------------


class Services:
    """A token service and a registry at one moment, and a credential that both know."""

    def __init__(self):
        self.authority = Authority(MOMENT)
        credential = self.authority.machine_credential(abn="11000002568", name="KITTEST1")
        self.keys = Keys(self.authority, credential)
        self.local = Keys(
            self.authority,
            self.authority.machine_credential(abn="27809366375", name="KITTEST2", key="machine-2"),
        )
        self.count = 0
        ram = Ram(lambda: MOMENT)
        for abn in HOSTED[:2]:
            ram.register(abn, principal_authority="Ada")
        ram.add_notification(HOSTED[1], by="Ada", provider=HOSTED[0], software_ids=(HOSTED[2],))
        self.sts = TokenService(
            self.authority,
            clock=lambda: MOMENT,
            random=self.random,
            relying_parties=(USI, SBR),
            ram=ram,
        )
        self.registry = Registry(
            key=self.authority.service("registry")[1],
            issuer=self.authority.service("sts-signing")[0],
            audiences=(USI,),
            clock=lambda: MOMENT,
        )

    def random(self, size):
        """Bytes that are new every time."""
        self.count += 1
        return hashlib.shake_256(str(self.count).encode()).digest(size)

    def to(self, path=V13):
        """The address of a path."""
        return f"https://{HOST}{path}"

    def made(self, style, **given):
        """A message of a style, to the newer endpoint unless told otherwise."""
        return STYLES[style](self.keys, **{"to": self.to(given.get("path", V13)), **given})

    def post(self, posted):
        """Post to the service of the path; returns response and recorded exchange."""
        service = self.registry if posted.path == USI_PATH else self.sts
        response = service.handle(posted.request())
        return response, service.exchanges[-1]

    def set(self, **settings):
        """Change settings of the token service."""
        self.sts.settings = replace(self.sts.settings, **settings)


@pytest.fixture
def services():
    """Fresh services."""
    return Services()


@pytest.fixture
def calls():
    """How to make messages by hand, by name."""
    return {"call": call, "parts": answer_parts, "one_id": ONE_ID, "styles": STYLES, "older": OLDER}
