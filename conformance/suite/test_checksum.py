"""Does the product accept every USI that is right, refuse every one that is wrong, and send no wrong one?"""

import pytest

from conformance.adapters.contract import Outcome
from conformance.errors import ImplementationError
from conformance.model import Subcode
from conformance.protocol.checksum import ALPHABET, UNSEEN_SWAP, check_character
from conformance.strategies import characters, positions, stems, strange_texts, usis, wrong_lengths
from conformance.suite import for_all, requirement, vectors

PERSON = {"FirstName": "Maryam", "FamilyName": "Fredrick", "DateOfBirth": "1966-05-25"}
"""The published test person to whom BNGH7C75FN belongs."""

TYPED = {"lower-case": "bngh7c75fn", "a-blank": " BNGH7C75FN", "a-line-feed": "BNGH7C75FN\n"}
"""The same USI as people type and paste it."""


# --- what is accepted -----------------------------------------------------------------------------


@requirement("USI-CHK-01")
@vectors("checksum/valid.json", "checksum/blind_spots.json")
def test_accepts_a_right_usi(iut, case):
    """A USI whose check character is right is accepted, whoever issued it."""
    iut.answer_to(case).must_meet(case.expect)


@requirement("USI-CHK-01")
@for_all(usi=usis())
def test_accepts_every_right_usi(iut, usi):
    """Nine characters of the alphabet and the check character that belongs to them are accepted."""
    iut.usi_validate(usi).must_be_ok()


@requirement("USI-CHK-07")
@vectors("checksum/lower_case.json", "checksum/padded.json")
def test_survives_what_people_type(iut, case):
    """A right USI in lower case or between blanks is folded or refused; nothing falls over."""
    iut.answer_to(case).must_meet(case.expect)


# --- what is refused ------------------------------------------------------------------------------


@requirement("USI-CHK-02")
@vectors("checksum/check_characters.json", "checksum/lower_case_wrong.json")
def test_refuses_a_wrong_check_character(iut, case):
    """A text of the right form with another check character is refused, in lower case too."""
    iut.answer_to(case).must_meet(case.expect)


@requirement("USI-CHK-03")
@vectors("checksum/one_wrong_character.json")
def test_refuses_one_wrong_character(iut, case):
    """A character that was misread, misheard or mistyped makes a USI wrong, at every place."""
    iut.answer_to(case).must_meet(case.expect)


@requirement("USI-CHK-03")
@for_all(usi=usis(), position=positions(10), replacement=characters())
def test_notices_every_wrong_character(iut, usi, position, replacement):
    """Replacing any one character of a right USI makes it wrong."""
    iut.usi_validate(usi).must_be_ok(as_twin=True)
    if replacement != usi[position]:
        wrong = usi[:position] + replacement + usi[position + 1 :]
        iut.usi_validate(wrong).must_be_refused("usi.check_character")


@requirement("USI-CHK-04")
@vectors("checksum/swaps.json")
def test_refuses_swapped_neighbours(iut, case):
    """Two neighbours that have changed places make a USI wrong, at every place."""
    iut.answer_to(case).must_meet(case.expect)


@requirement("USI-CHK-04")
@for_all(usi=usis(), position=positions(9))
def test_notices_every_swap_but_one(iut, usi, position):
    """Swapping two neighbours is noticed, unless they are equal or are 2 and Z."""
    iut.usi_validate(usi).must_be_ok(as_twin=True)
    pair = usi[position : position + 2]
    swapped = usi[:position] + pair[::-1] + usi[position + 2 :]
    if swapped == usi or set(pair) == set(UNSEEN_SWAP):
        iut.usi_validate(swapped).must_be_ok()
    else:
        iut.usi_validate(swapped).must_be_refused("usi.check_character")


@requirement("USI-CHK-05")
@vectors("checksum/lengths.json")
def test_refuses_a_wrong_length(iut, case):
    """Nine, eleven, none or thousands of characters are no USI, whatever their sum is."""
    iut.answer_to(case).must_meet(case.expect)


@requirement("USI-CHK-05")
@for_all(usi=usis(), text=wrong_lengths())
def test_refuses_every_length_but_ten(iut, usi, text):
    """A text of the alphabet that does not have ten characters is refused, though its sum may come out."""
    iut.usi_validate(usi).must_be_ok(as_twin=True)
    iut.usi_validate(text).must_be_refused("usi.length", "usi.format")


@requirement("USI-CHK-06")
@vectors("checksum/look_alikes.json", "checksum/blanks_and_hyphens.json", "checksum/unicode.json")
def test_refuses_what_is_not_in_the_alphabet(iut, case):
    """0, 1, I, O, separators and everything else outside the alphabet are aliases of nothing."""
    iut.answer_to(case).must_meet(case.expect)


@requirement("USI-CHK-06")
@for_all(usi=usis(), text=strange_texts())
def test_refuses_every_stranger(iut, usi, text):
    """No text with a character from outside the alphabet is accepted, wherever that character stands."""
    iut.usi_validate(usi).must_be_ok(as_twin=True)
    # Characters, bytes and units of UTF-16 are different lengths; any of them may be named first.
    iut.usi_validate(text).must_be_refused("usi.alphabet", "usi.length", "usi.format")


@requirement("USI-CHK-08")
@vectors("checksum/not_texts.json")
def test_refuses_what_is_no_text(iut, case):
    """Null, numbers, lists, objects and a million characters are refused, and nothing falls over."""
    iut.answer_to(case).must_meet(case.expect)


@requirement("USI-CHK-09")
@vectors("checksum/reporting_codes.json")
def test_refuses_reporting_codes(iut, case):
    """INDIV, INTOFF and SHORT stand for students without a USI and are none."""
    iut.answer_to(case).must_meet(case.expect)


@requirement("USI-CHK-12")
@for_all(stem=stems())
def test_accepts_exactly_one_last_character(iut, stem):
    """Of the 32 characters that may stand last, the check character is accepted and no other."""
    for last in ALPHABET:
        reply = iut.usi_validate(stem + last)
        if last == check_character(stem):
            reply.must_be_ok()
        else:
            reply.must_be_refused("usi.check_character")


# --- the check character itself -------------------------------------------------------------------


@requirement("USI-CHK-11")
@vectors("checksum/stems.json")
def test_computes_the_check_character(iut, case):
    """Each of the 32 characters is computed for a stem to which it belongs."""
    iut.answer_to(case).must_meet(case.expect)


@requirement("USI-CHK-11")
@for_all(stem=stems())
def test_accepts_what_it_completes(iut, stem):
    """The computed check character is the one that belongs to the stem, and makes a USI that is accepted."""
    iut.usi_check_character(stem).must_be(check_character(stem))
    iut.usi_validate(stem + check_character(stem)).must_be_ok()


@requirement("USI-CHK-13")
@vectors("checksum/wrong_stems.json")
def test_completes_no_wrong_stem(iut, case):
    """No check character is given for what can begin no USI."""
    iut.answer_to(case).must_meet(case.expect)


# --- what is sent ---------------------------------------------------------------------------------


@requirement("USI-CHK-09")
@pytest.mark.parametrize("code", ["INDIV", "INTOFF", "SHORT"])
def test_sends_no_reporting_code(healthy, carry_out, code):
    """A reporting code is never sent to the registry in place of a USI."""
    healthy.registry_request()
    scenario = carry_out(f"verify-the-reporting-code-{code}", request={**PERSON, "USI": code})
    _must_stay_inside(
        scenario, "usi.not_a_usi", "usi.alphabet", "usi.length", "usi.format", "request.invalid"
    )


@requirement("USI-CHK-10")
@pytest.mark.parametrize("usi", ["BNGH7C75FM", "BNGH7C75F", "BNGH0C75FN", "bngh7c75fm"])
def test_stops_an_invalid_usi(healthy, carry_out, usi):
    """A USI with a wrong check character, length or alphabet, in either case, is refused before any call."""
    healthy.registry_request()
    scenario = carry_out(f"verify-the-invalid-usi-{usi}", request={**PERSON, "USI": usi})
    _must_stay_inside(
        scenario, "usi.check_character", "usi.length", "usi.alphabet", "usi.format", "request.invalid"
    )


@requirement("USI-CHK-14")
@pytest.mark.parametrize("name", TYPED)
def test_sends_the_exact_form(healthy, carry_out, name):
    """What was typed in lower case or with blanks is sent in its exact form, or not at all."""
    healthy.registry_request()
    scenario = carry_out(f"verify-what-was-typed-with-{name}", request={**PERSON, "USI": TYPED[name]})
    usis = _usis_sent(scenario)
    for sent in usis:
        # A request that could not be read says nothing of the USI; what is wrong with it, other checks say.
        if sent not in {"BNGH7C75FN", None}:
            raise ImplementationError(
                "the USI was sent as it was typed",
                subcode=Subcode.WRONG_VALUE,
                expected="BNGH7C75FN, or no request",
                found=repr(sent),
                where="VerifyUSI/USI",
            )
    if not usis:
        scenario.reply.must_be_refused("usi.alphabet", "usi.length", "usi.format", "request.invalid")


def _usis_sent(scenario):
    """Return the USI of each request that reached the registry, just as it was written."""
    asked = [exchange for exchange in scenario.cite().recording.registry if exchange.request.method == "POST"]
    return [exchange.facts.request.values.get("USI") if exchange.facts else None for exchange in asked]


def _must_stay_inside(scenario, *reasons):
    """Demand that nothing reached the registry and that the product came to an orderly end."""
    if sent := _usis_sent(scenario):
        raise ImplementationError(
            "a USI that is none was sent to the registry",
            subcode=Subcode.ACCEPTED_INVALID,
            expected="no request",
            found=f"{len(sent)} with USI {', '.join(map(repr, sent))}",
            where="VerifyUSI/USI",
        )
    scenario.reply.must_be_ok_or_refused(*reasons)
    answer = scenario.reply.answer
    if answer.outcome is Outcome.OK and answer.value["conclusion"] == "verified":
        raise ImplementationError(
            "a USI that is none was reported as verified without a call",
            subcode=Subcode.ACCEPTED_INVALID,
            expected="a refusal, or any other conclusion",
            found=scenario.reply.described(),
        )
