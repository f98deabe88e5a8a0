"""Requests and answers in a few words."""

import pytest

from conformance.protocol.operations import summary_of_answer, summary_of_request


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"USIStatus": "Valid", "FirstName": "NoMatch"}, "Valid"),
        ({"Result": "Exact", "USI": "BNGH7C75FN"}, "Exact"),
        ({"Application": {"ApplicationId": "1", "Result": "MatchFound"}}, "MatchFound"),
        ({"Application": {}}, ""),
        (
            {"VerificationResponses": {"VerificationResponse": [{"USIStatus": "Valid"}] * 3}},
            "3 Valid",
        ),
        (
            {
                "RequestId": "R-1",
                "NoOfApplications": 3,
                "Applications": {
                    "Application": [{"Result": "Failure"}, {"Result": "Success"}, {"Result": "Success"}]
                },
            },
            "2 Success, 1 Failure",
        ),
        ({"ReceiptNumber": "0" * 36}, f"receipt {'0' * 36}"),
        ({"Countries": {"CountryDetails": [{"CountryCode": "1101"}]}}, "1 entry"),
        ({"Countries": {"CountryDetails": [{}, {}]}}, "2 entries"),
        ({"Countries": {"CountryDetails": []}}, "0 entries"),
        ({"Countries": {}}, ""),
        ({}, ""),
        ({"Applications": {"Application": ["x", None]}}, "2 entries"),
        (
            {"Result": "Failure", "Errors": {"Error": [{"Code": "E001", "Message": "No."}]}},
            "Failure (E001: No.)",
        ),
        ({"Application": {"Result": "Failure", "Errors": {"Error": [{}]}}}, "Failure (None: None)"),
        ({"Result": "Failure", "Errors": {"Error": "x"}}, "Failure"),
        ({"Result": "Failure", "Errors": "x"}, "Failure"),
        ({"Result": None}, "None"),
        ({"Result": "x" * 1000}, f"{'x' * 60}…"),
        (
            {"Applications": {"Application": [{"Result": str(n)} for n in range(9)]}},
            "1 0, 1 1, 1 2, 1 3, 1 4, 1 5",
        ),
    ],
)
def test_an_answer_in_a_few_words(answer, words):
    """Status or result; of several how many of each; of a list how long it is; hostile values are cut."""
    assert summary_of_answer(answer) == words


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"OrgCode": "VA1803", "USI": "BNGH7C75FN", "FirstName": "Maryam"}, ""),
        ({"RequestId": "R-1", "Application": {"PersonalDetails": {"FirstName": "Tessa"}}}, "RequestId R-1"),
        (
            {"RequestId": "R-1", "NoOfApplications": 2, "Applications": {"Application": [{}, {}]}},
            "RequestId R-1, 2 records",
        ),
        ({"Verifications": {"Verification": [{"FirstName": "Tessa"}]}}, "1 record"),
        ({"ReceiptNumber": "abc"}, "ReceiptNumber abc"),
        ({"PersonalDetailsModifier": "Gender", "USI": "BNGH7C75FN"}, "PersonalDetailsModifier Gender"),
    ],
)
def test_a_request_in_a_few_words(request_, words):
    """What tells it from others, and nothing about the person."""
    assert summary_of_request(request_) == words
