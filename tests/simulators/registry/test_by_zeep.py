"""A client that zeep makes of the kit's WSDL builds all ten requests and reads all default answers.

Its envelopes are its own; the token and the endorsing signature, of which zeep knows nothing, are added where
it lets a plug-in sign.
"""

import io
from itertools import count

import pytest
import zeep
from lxml import etree
from zeep.exceptions import Fault, XMLParseError
from zeep.helpers import serialize_object

from conformance.protocol import names, security
from conformance.simulators.registry import RegistrySettings
from conformance.simulators.registry.settings import NoMatchAnswer, PendingAnswer

ADDRESS = "https://127.0.0.1:8443/service/v5/usiservice.svc"
PROOF_KEY = bytes(range(32))
ADA = {
    "Gender": "F",
    "FirstName": "Ada",
    "FamilyName": "Testperson",
    "DateOfBirth": "1990-02-28",
    "CountryOfBirthCode": "1101",
    "TownCityOfBirth": "Dubbo",
    "IsPreferredName": False,
}
HOME = {
    "CountryOfResidenceCode": "1101",
    "EmailAddress": "ada@example.org",
    "Phone": {"Mobile": "0491570006"},
}
SOUGHT = {"Gender": "F", "FirstName": "Ada", "FamilyName": "Testperson", "DateOfBirth": "1990-02-28"}
NOBODY = {**SOUGHT, "FirstName": "Nobody", "FamilyName": "Unheardof", "DateOfBirth": "1977-07-07"}
ORG = {"OrgCode": "VA1803"}
"""Of the organisation that the token is for."""


class Answered:
    """An HTTP response as zeep reads it."""

    encoding = "utf-8"

    def __init__(self, response):
        self.status_code, self.content = response.status, response.body
        self.headers = {"Content-Type": "application/soap+xml; charset=utf-8"}


class Straight(zeep.Transport):
    """Hands every message to a registry in the same process, and fetches nothing."""

    def __init__(self, registry, client):
        super().__init__()
        self.registry, self.client = registry, client

    def load(self, url):
        """Refuse."""
        raise AssertionError(f"zeep fetched {url}")

    def post_xml(self, address, envelope, headers):
        """Have the registry answer."""
        assert headers["Content-Type"].startswith("application/soap+xml")
        return Answered(self.registry.handle(self.client.post(etree.tostring(envelope))))


class Endorse:
    """Adds what zeep cannot: token, timestamp and endorsing signature."""

    def __init__(self, client, now, algorithm):
        self.client, self.now, self.algorithm = client, now, algorithm

    def apply(self, envelope, headers):
        """Endorse a finished message."""
        security.endorse(
            envelope,
            token=self.client.token,
            reference=self.client.reference,
            proof_key=PROOF_KEY,
            now=self.now,
            algorithm=self.algorithm,
        )
        return envelope, headers

    def verify(self, envelope):
        """Take every answer: TLS would protect it."""


class Service:
    """Calls operations as a program would that was written against zeep."""

    def __init__(self, registry, client, *, strict=True, algorithm=names.HMAC_SHA1):
        get = client.post(b"", method="GET", query="wsdl")
        settings = zeep.Settings(strict=strict)
        transport = Straight(registry, client)
        document = zeep.wsdl.Document(io.BytesIO(registry.handle(get).body), transport, settings=settings)
        made = zeep.Client(
            document,
            transport=transport,
            settings=settings,
            wsse=Endorse(client, registry.clock(), algorithm),
        )
        self.types = made.get_type
        self.registry = registry
        self.calls = made.create_service(next(iter(document.bindings)), ADDRESS)
        self.numbers = count(1)

    def call(self, operation, **request):
        """Call an operation; the answer comes as plain values.

        What is right for the registry is judged by it: every rule that it examined must be kept.
        """
        found = serialize_object(self.calls[operation](**request), dict)
        assert [finding.code for finding in self.judgement.findings if finding.severity == "error"] == []
        return found

    @property
    def judgement(self):
        """The registry's judgement of the last request."""
        return self.registry.exchanges[-1].judgement

    def application(self, number="1"):
        """An application for Ada, with a document of the concrete type that zeep makes an object of."""
        passport = self.types("{http://usi.gov.au/2022/ws}PassportDocumentType")
        return {
            "ApplicationId": number,
            "DVSCheckRequired": True,
            "UserReference": "kit",
            "ContactDetails": HOME,
            "PersonalDetails": ADA,
            "DVSDocument": passport(DocumentNumber="X1111111"),
        }

    def create(self):
        """Have Ada created and return her part of the answer."""
        number = f"C{next(self.numbers)}"
        return self.call("CreateUSI", RequestId=number, **ORG, Application=self.application())


@pytest.fixture
def service(registry, client):
    """A program on the registry."""
    return Service(registry, client)


def test_verifies(service):
    """VerifyUSI of a published person."""
    answer = service.call(
        "VerifyUSI",
        **ORG,
        USI="BNGH7C75FN",
        FirstName="Maryam",
        FamilyName="Fredrick",
        DateOfBirth="1966-05-25",
    )
    assert (answer["USIStatus"], answer["FamilyName"]) == ("Valid", "Match")


def test_verifies_in_bulk(service):
    """BulkVerifyUSI of two, one by single name."""
    records = [
        {
            "RecordId": 7,
            "USI": "BNGH7C75FN",
            "FirstName": "Maryam",
            "FamilyName": "Fredrick",
            "DateOfBirth": "1966-05-25",
        },
        {"RecordId": 9, "USI": "QFJEGFSBC4", "SingleName": "Testsinglename", "DateOfBirth": "1985-01-01"},
    ]
    answer = service.call(
        "BulkVerifyUSI", **ORG, NoOfVerifications=2, Verifications={"Verification": records}
    )
    assert [(each["RecordId"], each["USIStatus"]) for each in answer] == [(7, "Valid"), (9, "Valid")]


def test_creates_and_finds_again(service):
    """CreateUSI twice: Success with a new USI, then MatchFound with the same one; LocateUSI finds it too."""
    first, second = service.create(), service.create()
    assert (first["Result"], second["Result"]) == ("Success", "MatchFound")
    assert first["USI"] == second["USI"]
    located = service.call(
        "LocateUSI", **ORG, UserReference="kit", PersonalDetails=SOUGHT, ContactDetails=HOME
    )
    assert (located["Result"], located["USI"]) == ("Exact", first["USI"])


def test_uploads_and_retrieves(service):
    """BulkUpload gives a receipt; before the results are there, retrieving is answered with a fault."""
    applications = {"Application": [service.application()]}
    receipt = service.call("BulkUpload", **ORG, RequestId="B1", NoOfApplications=1, Applications=applications)
    assert len(receipt) == 36
    with pytest.raises(Fault):
        service.call("BulkUploadRetrieve", ReceiptNumber=receipt)
    answer = service.call("BulkUploadRetrieve", ReceiptNumber=receipt)
    assert (answer["RequestId"], answer["NoOfApplications"], answer["NoOfApplicationsFailed"]) == ("B1", 1, 0)
    assert [each["Result"] for each in answer["Applications"]["Application"]] == ["Success"]


def test_updates(service):
    """UpdateUSIPersonalDetails and UpdateUSIContactDetails of the person that was created."""
    usi = service.create()["USI"]
    answer = service.call(
        "UpdateUSIPersonalDetails",
        **ORG,
        USI=usi,
        DVSCheckRequired=False,
        UserReference="kit",
        PersonalDetailsModifier="PreferredFirstName",
        PersonalDetailsUpdate={"PreferredFirstName": "Adi"},
        NonDvsDocumentTypeId=5,
    )
    assert answer["Result"] == "Success"
    answer = service.call(
        "UpdateUSIContactDetails",
        **ORG,
        USI=usi,
        UserReference="kit",
        ContactDetailsUpdate={"EmailAddress": "adi@example.org"},
    )
    assert answer["Result"] == "Success"


def test_lists(service):
    """GetCountries and GetNonDvsDocumentTypes."""
    countries = service.call("GetCountries", **ORG)
    assert {"CountryCode": "1101", "Name": "Australia", "IsCurrent": True} in countries
    assert {5, 6} <= {each["Id"] for each in service.call("GetNonDvsDocumentTypes", **ORG)}


# --- the answers that no schema allows --------------------------------------------------------------------


def sought(service):
    """Look somebody up whom nobody knows."""
    return service.call("LocateUSI", **ORG, UserReference="kit", PersonalDetails=NOBODY, ContactDetails={})


def test_an_empty_usi_reads_as_none(service):
    """Of LocateUSI without a match, by default."""
    answer = sought(service)
    assert (answer["Result"], answer["USI"]) == ("NoMatch", None)


def test_a_missing_usi_is_read_by_the_lenient_only(registry, client):
    """The other form: strict reading ends in an exception, and it is the one that the documents speak of."""
    registry.settings = RegistrySettings(no_match_answer=NoMatchAnswer.OMITTED)
    with pytest.raises(XMLParseError, match="USI"):
        sought(Service(registry, client))
    assert sought(Service(registry, client, strict=False))["Result"] == "NoMatch"


def test_pending_as_an_empty_list_reads_as_no_list(registry, client):
    """The other form of pending has no application, which the schema demands and zeep does not."""
    registry.settings = RegistrySettings(pending_answer=PendingAnswer.EMPTY_LIST)
    service = Service(registry, client)
    applications = {"Application": [service.application()]}
    receipt = service.call("BulkUpload", **ORG, RequestId="B1", NoOfApplications=1, Applications=applications)
    answer = service.call("BulkUploadRetrieve", ReceiptNumber=receipt)
    assert answer == {
        "RequestId": "B1",
        "NoOfApplications": 1,
        "NoOfApplicationsFailed": 0,
        "Applications": None,
    }


# --- signatures -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("algorithm", "remarks"),
    [(names.HMAC_SHA1, set()), (names.HMAC_SHA256, {"security.endorsed_sha256"})],
)
def test_both_signatures_are_accepted_and_told(registry, client, algorithm, remarks):
    """The facts of an exchange name the algorithm; hmac-sha256 is remarked on too."""
    service = Service(registry, client, algorithm=algorithm)
    service.call("GetCountries", **ORG)
    assert registry.exchanges[-1].facts.endorser.signature_algorithm == algorithm
    assert {found.code for found in service.judgement.findings if found.severity == "remark"} == remarks


def test_hmac_sha256_can_be_refused(registry, client):
    """Whether the real registry takes it is not known, so that a setting decides."""
    registry.settings = RegistrySettings(hmac_sha256_accepted=False)
    with pytest.raises(Fault):
        Service(registry, client, algorithm=names.HMAC_SHA256).call("GetCountries", **ORG)
