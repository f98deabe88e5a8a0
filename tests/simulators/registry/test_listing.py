"""The reference lists."""

from conformance.protocol.interface import validator
from conformance.protocol.operations import OPERATIONS, answer_element
from conformance.simulators.population import bundled
from conformance.simulators.registry.listing import (
    countries,
    current_countries,
    document_type_ids,
    document_types,
)


def test_countries_have_four_digits_and_former_ones_are_marked(carry_out):
    """Australia is 1101; a list without a former country would not show who ignores IsCurrent."""
    answer = carry_out(countries, "GetCountries", {"OrgCode": "VA1803"})
    listed = answer["Countries"]["CountryDetails"]
    assert {"CountryCode": "1101", "Name": "Australia", "IsCurrent": True} in listed
    assert {"CountryCode": "3213", "Name": "Serbia and Montenegro", "IsCurrent": False} in listed
    codes = [country["CountryCode"] for country in listed]
    assert all(len(code) == 4 and code.isdigit() for code in codes)
    assert len(set(codes)) == len(codes)
    assert current_countries() == set(codes) - {"3213"}
    assert validator().errors(answer_element(OPERATIONS["GetCountries"], answer)) == ()


def test_documents_are_listed_by_id_and_ordered_otherwise(carry_out):
    """The ids of the official sample are there; who shows the list has to sort it."""
    answer = carry_out(document_types, "GetNonDvsDocumentTypes", {"OrgCode": "VA1803"})
    listed = answer["NonDvsDocumentTypes"]["NonDvsDocumentType"]
    ids = [each["Id"] for each in listed]
    assert ids == [1, 2, 5, 6, 9]
    assert [each["SortOrder"] for each in listed] == [3, 1, 2, 4, 5]
    assert document_type_ids() == {1, 2, 5, 6, 9}
    assert validator().errors(answer_element(OPERATIONS["GetNonDvsDocumentTypes"], answer)) == ()


def test_the_kits_people_live_in_listed_countries():
    """Of birth and of residence."""
    for person in bundled().people.values():
        held = {person.country_of_birth, person.contact.get("CountryOfResidenceCode", "")} - {""}
        assert held <= current_countries()
