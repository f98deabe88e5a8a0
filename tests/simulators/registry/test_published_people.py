"""The published people of the third-party testing environment answer as published, written out by hand."""

import pytest

from conformance.reference import Correct

PEOPLE = {
    # USI: first name, family name (or single name alone), date of birth, status
    "BNGH7C75FN": (("Maryam", "Fredrick"), "1966-05-25", "Valid"),
    "BP6LKB3C7X": (("Csenge", "Gumarsson"), "1988-12-26", "Valid"),
    "DG6K5YHPP3": (("Asfaha", "Loflin"), "1982-12-23", "Deactivated"),
    "QFJEGFSBC4": (("Testsinglename",), "1985-01-01", "Valid"),
    "R5HQLSWS9Y": (("Testdeactivated",), "1963-12-10", "Deactivated"),
    "XNY5NV9WG9": (("Amy",), "2022-06-07", "Valid"),
    "HQ9HHNJC3J": (("BERT", "ZYWIEC"), "1986-04-22", "Valid"),
    "C2P5P4UBHP": (("Nicholas", "Koke"), "1990-07-02", "Valid"),
    "QS5Q8XWSUJ": (("Annie", "Angle"), "1981-09-02", "Valid"),
    "9AKTUJMMAZ": (("Lucy", "Smithcd"), "1985-03-03", "Valid"),
    "BJRVU7U59N": (("Nick", "Smithdd"), "1990-07-14", "Valid"),
    "VL8CYKH3ND": (("Adam", "Smithed"), "1977-09-07", "Valid"),
    "6N69KBFUDZ": (("Paul", "Smithfd"), "1982-12-06", "Valid"),
    "N7UEE7FWKV": (("Lisa", "Smithgd"), "1981-02-19", "Valid"),
    "A88H9D64CS": (("Anne", "Smithhd"), "1981-09-22", "Valid"),
    "GBYDD3ZLVN": (("Mary", "Smithid"), "1991-04-26", "Valid"),
}
"""A date of birth of 2022 makes one of them a small child: a verification knows no age."""


def particulars(usi):
    """What a verification of a published person asks with."""
    names, born, _ = PEOPLE[usi]
    named = (
        {"SingleName": names[0]}
        if len(names) == 1
        else dict(zip(("FirstName", "FamilyName"), names, strict=True))
    )
    return {"USI": usi, **named, "DateOfBirth": born}


def verify(registry, client, **values):
    """Ask VerifyUSI."""
    return client.ask(registry, "VerifyUSI", {"OrgCode": "VA1803", **values})


@pytest.mark.parametrize("usi", PEOPLE)
def test_each_answers_as_published(registry, client, usi):
    """Everything matches, and the status is that of the list."""
    asked = particulars(usi)
    fields = [name for name in asked if name != "USI"]
    assert verify(registry, client, **asked) == {
        "USIStatus": PEOPLE[usi][2],
        **dict.fromkeys(fields, "Match"),
    }


def test_all_of_them_answer_in_one_batch(registry, client):
    """The same answers, each under the RecordId that it was asked with."""
    usis = sorted(PEOPLE)
    records = [{"RecordId": 900 - place, **particulars(usi)} for place, usi in enumerate(usis)]
    answer = client.ask(
        registry,
        "BulkVerifyUSI",
        {"OrgCode": "VA1803", "NoOfVerifications": 16, "Verifications": {"Verification": records}},
    )
    answers = answer["VerificationResponses"]["VerificationResponse"]
    assert {each["RecordId"]: (each["USI"], each["USIStatus"]) for each in answers} == {
        900 - place: (usi, PEOPLE[usi][2]) for place, usi in enumerate(usis)
    }


@pytest.mark.parametrize(
    ("change", "field"),
    [({"FamilyName": "Frederick"}, "FamilyName"), ({"DateOfBirth": "1966-05-26"}, "DateOfBirth")],
)
def test_the_published_slips_do_not_match_in_their_field(registry, client, change, field):
    """The misspelt name and the next day, which public samples use as negative cases."""
    answer = verify(registry, client, **{**particulars("BNGH7C75FN"), **change})
    assert answer == {
        "USIStatus": "Valid",
        **dict.fromkeys(("FirstName", "FamilyName", "DateOfBirth"), "Match"),
        field: "NoMatch",
    }


def test_the_published_wrong_usi_never_leaves_the_product():
    """ZZZZ9999ZZ has a wrong check character, which the reference finds before it opens a credential."""
    answer = Correct().usi_call(
        usi_address="https://localhost:1/x",
        org_code="VA1803",
        operation="VerifyUSI",
        request={**particulars("BNGH7C75FN"), "USI": "ZZZZ9999ZZ"},
        sts_address="https://localhost:1/x",
        ca_file="",
        keystore="there-is-none.xml",
        alias="ABRD:nobody",
        password="none",
        applies_to="https://localhost:1/x",
    )
    assert (answer["status"], answer["reason"]) == ("rejected", "usi.check_character")
