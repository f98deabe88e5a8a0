"""The WSDL of the token service, in our own words, with the policy that makes a client sign.

Stacks read it before they ask for a token: Metro finds its security in it, and sends an unsigned request when
it finds none; PHP's SoapClient only wants it to exist.  Names of service, port and namespace are those that
published client configurations use.
"""

from typing import Final
from xml.sax.saxutils import escape

from conformance.protocol import names
from conformance.protocol.security import S007_V13, AlgorithmSuite

SERVICE: Final = "SecurityTokenService"
PORT: Final = "S007SecurityTokenServiceEndpoint"

# Metro takes its digests from the suite's name; with Basic256 they are SHA-1.
_SUITE_NAME: Final = {S007_V13.name: "Basic256Sha256"}

_TEMPLATE: Final = f"""<?xml version="1.0" encoding="utf-8"?>
<wsdl:definitions name="{SERVICE}" targetNamespace="{names.STS_SERVICE}"
    xmlns:tns="{names.STS_SERVICE}" xmlns:wsdl="{names.WSDL}" xmlns:soap12="{names.WSDL_SOAP12}"
    xmlns:wsaw="{names.WSDL_ADDRESSING}" xmlns:wsp="{names.POLICY}" xmlns:sp="{names.SECURITY_POLICY}"
    xmlns:u="{names.UTILITY}" xmlns:t="{names.TRUST}" xmlns:xsd="http://www.w3.org/2001/XMLSchema">
  <wsp:Policy u:Id="{PORT}_policy">
    <wsp:ExactlyOne>
      <wsp:All>
        <sp:TransportBinding>
          <wsp:Policy>
            <sp:TransportToken><wsp:Policy><sp:HttpsToken><wsp:Policy/></sp:HttpsToken></wsp:Policy></sp:TransportToken>
            <sp:AlgorithmSuite><wsp:Policy><sp:@SUITE@/></wsp:Policy></sp:AlgorithmSuite>
            <sp:Layout><wsp:Policy><sp:Strict/></wsp:Policy></sp:Layout>
            <sp:IncludeTimestamp/>
          </wsp:Policy>
        </sp:TransportBinding>
        <sp:EndorsingSupportingTokens>
          <wsp:Policy>
            <sp:X509Token sp:IncludeToken="{names.SECURITY_POLICY}/IncludeToken/AlwaysToRecipient">
              <wsp:Policy><sp:WssX509V3Token10/></wsp:Policy>
            </sp:X509Token>
            <sp:SignedParts><sp:Header Name="To" Namespace="{names.ADDRESSING}"/></sp:SignedParts>
          </wsp:Policy>
        </sp:EndorsingSupportingTokens>
        <sp:Wss11><wsp:Policy/></sp:Wss11>
        <sp:Trust13><wsp:Policy><sp:MustSupportIssuedTokens/></wsp:Policy></sp:Trust13>
        <wsaw:UsingAddressing/>
      </wsp:All>
    </wsp:ExactlyOne>
  </wsp:Policy>
  <wsdl:types>
    <xsd:schema targetNamespace="{names.TRUST}" elementFormDefault="qualified">
      <xsd:complexType name="AnyContent">
        <xsd:sequence><xsd:any minOccurs="0" maxOccurs="unbounded" processContents="lax"/></xsd:sequence>
        <xsd:anyAttribute processContents="lax"/>
      </xsd:complexType>
      <xsd:element name="RequestSecurityToken" type="t:AnyContent"/>
      <xsd:element name="RequestSecurityTokenResponseCollection" type="t:AnyContent"/>
    </xsd:schema>
  </wsdl:types>
  <wsdl:message name="IssueRequest">
    <wsdl:part name="request" element="t:RequestSecurityToken"/>
  </wsdl:message>
  <wsdl:message name="IssueResponse">
    <wsdl:part name="response" element="t:RequestSecurityTokenResponseCollection"/>
  </wsdl:message>
  <wsdl:portType name="I{SERVICE}">
    <wsdl:operation name="Issue">
      <wsdl:input wsaw:Action="{names.ISSUE_ACTION}" message="tns:IssueRequest"/>
      <wsdl:output wsaw:Action="{names.ISSUE_FINAL_ACTION}" message="tns:IssueResponse"/>
    </wsdl:operation>
  </wsdl:portType>
  <wsdl:binding name="{PORT}" type="tns:I{SERVICE}">
    <wsp:PolicyReference URI="#{PORT}_policy"/>
    <soap12:binding transport="http://schemas.xmlsoap.org/soap/http"/>
    <wsdl:operation name="Issue">
      <soap12:operation soapAction="{names.ISSUE_ACTION}" style="document"/>
      <wsdl:input><soap12:body use="literal"/></wsdl:input>
      <wsdl:output><soap12:body use="literal"/></wsdl:output>
    </wsdl:operation>
  </wsdl:binding>
  <wsdl:service name="{SERVICE}">
    <wsdl:port name="{PORT}" binding="tns:{PORT}">
      <soap12:address location="@ADDRESS@"/>
    </wsdl:port>
  </wsdl:service>
</wsdl:definitions>
"""


def wsdl(address: str, *, suite: AlgorithmSuite = S007_V13) -> bytes:
    """Return the WSDL, UTF-8.

    Args:
        address: URL of the endpoint, as the client wrote it.
        suite: the endpoint's algorithms; its name decides which suite the policy names.
    """
    document = _TEMPLATE.replace("@SUITE@", _SUITE_NAME.get(suite.name, "Basic256"))
    return document.replace("@ADDRESS@", escape(address, {'"': "&quot;"})).encode()
