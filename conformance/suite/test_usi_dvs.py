"""Does the product send identity documents as the contract and the verification service want them?

What is sent is looked at, and not whether the document verifies.
"""

from conformance.errors import ImplementationError
from conformance.model import Subcode
from conformance.suite import requirement
from conformance.suite.operations import expecting, must_keep_to, must_send_it_all


@requirement("USI-DVS-01")
@expecting("usi/licences.json", "ok")
def test_sends_card_numbers(call_of, case):
    """A licence goes with the number of the card, in a valid request."""
    must_send_it_all(call_of(case), case, "usi.document_type", "usi.card_number")


@requirement("USI-DVS-01B")
@expecting("usi/licences.json", "either", "rejected")
def test_tells_that_a_card_number_is_missing(iut, call_of, case):
    """A licence without what its state demands is refused by the product, or by the registry and told."""
    must_keep_to(iut, call_of, case)


@requirement("USI-DVS-02")
@expecting("usi/birth_certificates.json", "ok")
def test_sends_birth_certificates_whole(call_of, case):
    """A birth certificate goes with what its state is searched by, and when it was printed."""
    must_send_it_all(call_of(case), case, "usi.document_type", "usi.birth_certificate", "usi.date_printed")


@requirement("USI-DVS-02B")
@expecting("usi/birth_certificates.json", "either", "rejected")
def test_tells_what_a_birth_certificate_lacks(iut, call_of, case):
    """A certificate without a particular of its state is refused by the product, or by the registry."""
    must_keep_to(iut, call_of, case)


@requirement("USI-DVS-02C")
@expecting("usi/birth_certificates.json", "ok")
def test_sends_no_year_of_registration(call_of, case):
    """RegistrationYear, which version 4 removed, is not there."""
    scenario = call_of(case)
    sent = scenario.request_of("CreateUSI").facts.request.values.get("Application", {}).get("DVSDocument", {})
    if "RegistrationYear" in sent:
        raise ImplementationError(
            "the birth certificate holds RegistrationYear, which version 5 does not have",
            subcode=Subcode.WRONG_VALUE,
            expected=", ".join(case.input["request"]["Application"]["DVSDocument"]),
            found=", ".join(sent),
            where="CreateUSI/Application/DVSDocument",
            advice="generate the client from the WSDL of version 5",
        )


@requirement("USI-DVS-03")
@expecting("usi/medicare_cards.json", "ok", "either")
def test_sends_medicare_cards_as_printed(iut, call_of, case):
    """Name lines go out as printed, the expiry date in the form of the colour."""
    must_keep_to(iut, call_of, case, *(["usi.medicare_expiry"] if case.expect.status == "ok" else []))


@requirement("USI-DVS-03B")
@expecting("usi/medicare_cards.json", "rejected")
def test_sends_no_impossible_medicare_card(iut, call_of, case):
    """What the contract has no room for is refused and not sent."""
    must_keep_to(iut, call_of, case)


@requirement("USI-DVS-04")
@expecting("usi/centrelink_cards.json", "ok")
def test_sends_centrelink_cards(call_of, case):
    """The type is CentrelinkCardType, and the expiry date has a day."""
    must_send_it_all(call_of(case), case, "usi.document_type")


@requirement("USI-DVS-04B")
@expecting("usi/centrelink_cards.json", "rejected")
def test_sends_no_impossible_centrelink_card(iut, call_of, case):
    """What the contract has no room for is refused and not sent."""
    must_keep_to(iut, call_of, case, "usi.document_type")


@requirement("USI-DVS-05")
@expecting("usi/document_or_none.json", "ok")
def test_sends_what_goes_with_the_check(call_of, case):
    """With the check goes a document, without it the id of the kind that was seen."""
    must_send_it_all(
        call_of(case), case, "usi.document_needed", "usi.document_alternative", "usi.document_both"
    )


@requirement("USI-DVS-05B")
@expecting("usi/document_or_none.json", "either")
def test_sends_no_check_of_nothing(iut, call_of, case):
    """DVSCheckRequired that does not fit what was handed over is not sent as it is."""
    must_keep_to(iut, call_of, case, "usi.document_needed", "usi.document_alternative")


@requirement("USI-DVS-06")
@expecting("usi/other_documents.json", "ok")
def test_sends_other_documents(call_of, case):
    """Passports, visas, ImmiCards and certificates go out as they were recorded."""
    must_send_it_all(call_of(case), case, "usi.document_type")


@requirement("USI-DVS-06B")
@expecting("usi/other_documents.json", "either", "rejected")
def test_sends_no_impossible_document(iut, call_of, case):
    """A number or a kind that the contract has no room for is refused and not sent."""
    must_keep_to(iut, call_of, case, "usi.document_type")


@requirement("USI-DVS-07")
@expecting("usi/both_documents.json", "ok", "either")
def test_sends_one_kind_of_document(iut, call_of, case):
    """A document that is checked and the id of one that was seen never go out together."""
    must_keep_to(iut, call_of, case, "usi.document_both")
