"""What a run was told in confidence stays out of its results, whoever repeats it."""

from datetime import UTC, datetime

import pytest

from conformance import catalogue
from conformance.model import Attestation, Attested, Level, Registration, Result, Status
from conformance.plugin.conductor import Background, Choices, Conductor
from conformance.simulators.confided import A_PERSON, Confided

NOW = datetime(2026, 11, 21, 10, 42, tzinfo=UTC)


def conductor(iut="reference", **background):
    choices = Choices(
        iut=iut,
        profile="smoke",
        out=None,
        only=(),
        seed=0,
        examples=1,
        deadline_s=None,
        keystore=None,
        alias="",
        password_env="",
        trust=(),
        org_code="",
    )
    return Conductor(choices, catalogue.profile("smoke"), {}, NOW, Background(**background))


def result(text):
    return Result(requirement="STS-P15", case="c", status=Status.FAIL, level=Level.MUST, actual=text)


def test_nothing_is_changed_before_anything_was_confided():
    """Most results of most runs."""
    asked = result("refused")
    assert conductor().cleaned(asked) is asked


def test_secrets_are_known_from_the_moment_they_were_confided():
    """Each result is cleaned before it is written down."""
    run = conductor()
    run.confided = Confided()
    run.record(result("the key is Kq7+vRz2/LmX9"))
    run.confided.secrets["the password of the keystore"] = "Kq7+vRz2/LmX9"
    run.record(result("the key is Kq7+vRz2/LmX9"))
    assert [each.actual for each in run.results] == [
        "the key is Kq7+vRz2/LmX9",
        "the key is [removed: the password of the keystore]",
    ]


def test_a_password_on_the_harnesss_command_line_is_one_too():
    """It would stand in the target and in every command that replays a case."""
    run = conductor("cmd:./harness --db-password hunter22-x")
    shown = run.cleaned(result("cmd:./harness --db-password hunter22-x"))
    assert shown.actual == "cmd:./harness --db-password [removed: a password in --iut (1)]"


@pytest.mark.parametrize(
    ("background", "kept"),
    [
        ({}, False),
        ({"registration": Registration(contact="Ada Lovelace")}, True),
        (
            {
                "attestations": (
                    Attestation(
                        question="ATT-RNW-01", answer=Attested.YES, name="Ada Lovelace", date="2026-11-01"
                    ),
                )
            },
            True,
        ),
    ],
    ids=["not stated", "as contact", "as who attests"],
)
def test_a_name_stays_where_the_operator_states_it(background, kept):
    """People of the keystore are removed, but for those who stand in the report on purpose."""
    run = conductor(**background)
    run.confided = Confided()
    run.confided.secrets[A_PERSON] = "Ada Lovelace"
    assert ("Ada Lovelace" in run.cleaned(result("held by Ada Lovelace")).actual) is kept
