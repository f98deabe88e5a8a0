"""The file of waivers: each entry whole and bound to one failure, or refused with its line."""

import tomllib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance import catalogue
from conformance.errors import OperatorError
from conformance.model import Level, Readiness, Result, Status, Subcode, Verdict, Waiver
from conformance.plan import waivers

TODAY = date(2026, 11, 22)
WHOLE = {
    "requirement": "USI-CHK-03",
    "status": "fail",
    "subcode": "wrong_value",
    "message_prefix": "the check character of ABCDEFGHJ is wrong",
    "owner": "Jo Citizen",
    "reason": "mended in 4.2",
    "issue": "https://issues.example.com/417",
    "added": "2026-11-22",
    "expires": "2027-02-20",
}
SECURE = next(r.id for r in catalogue.requirements().values() if r.security and not r.excluded)


def written(**changes):
    """The text of one waiver, with other values or, for None, without a key."""
    rows = {**WHOLE, **changes}
    lines = [f'{key} = "{value}"' for key, value in rows.items() if value is not None]
    return "\n".join(["[[waiver]]", *lines, ""])


def result(**changes):
    """A failure."""
    fields = {
        "requirement": "USI-CHK-03",
        "case": "one",
        "status": Status.FAIL,
        "level": Level.MUST,
        "subcode": Subcode.WRONG_VALUE,
        "message": "the check character of ABCDEFGHJ is wrong",
    }
    return Result(**{**fields, **changes})


@pytest.fixture
def read(tmp_path):
    """Reads a text as a file of waivers."""

    def read(text):
        path = tmp_path / "waivers.toml"
        path.write_text(text, encoding="utf-8")
        return waivers.read(path)

    return read


def test_a_whole_waiver_is_read(read):
    """Every field, and a date also as TOML's own."""
    expected = Waiver(
        requirement="USI-CHK-03",
        status=Status.FAIL,
        subcode=Subcode.WRONG_VALUE,
        message_prefix="the check character of ABCDEFGHJ is wrong",
        owner="Jo Citizen",
        reason="mended in 4.2",
        issue="https://issues.example.com/417",
        added="2026-11-22",
        expires="2027-02-20",
    )
    assert read(written()) == (expected,)
    assert read(written().replace('"2027-02-20"', "2027-02-20")) == (expected,)


def test_a_file_without_waivers_has_none(read):
    """An empty file, or one of comments, is right."""
    assert read("# none yet\n") == ()


def test_what_could_not_be_tested_is_waived_without_a_subcode(read):
    """Such a result has none."""
    (waiver,) = read(written(status="not_testable", subcode=None))
    assert (waiver.status, waiver.subcode) == (Status.NOT_TESTABLE, None)


@pytest.mark.parametrize("name", ["owner", "reason", "issue"])
@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "FILL IN",
        "fill me in",
        "TODO",
        "to do",
        "tbd",
        "TBA",
        "xxx",
        "n/a",
        "...",
        "…",
        "<name>",
        "?",
        "-",
        "_",
    ],
)
def test_a_placeholder_is_refused(read, tmp_path, name, text):
    """An entry that nobody has filled in admits nothing; the line is that of the key."""
    with pytest.raises(OperatorError) as error:
        read(written(**{name: text}))
    assert error.value.message == f"{name} of the waiver is not filled in"
    line = list(WHOLE).index(name) + 2
    assert error.value.where == f"{tmp_path / 'waivers.toml'}, line {line}"


@pytest.mark.parametrize("name", ["owner", "reason", "issue"])
def test_a_missing_key_is_refused_as_a_placeholder_is(read, tmp_path, name):
    """The line is that of the table."""
    with pytest.raises(OperatorError, match=f"{name} of the waiver is not filled in") as error:
        read(written(**{name: None}))
    assert error.value.where.endswith("line 1")


UNWAIVABLE = f"accepted_invalid of {SECURE} cannot be waived"
WRONG = [
    ({"requirement": "USI-CHK-3"}, "there is no requirement 'USI-CHK-3'", 2),
    ({"requirement": None}, "requirement is missing in [waiver]", 1),
    ({"status": "failed"}, "there is no status 'failed'", 3),
    ({"status": "warn"}, "a waiver cannot admit the status 'warn'", 3),
    ({"status": "kit_error"}, "a waiver cannot admit the status 'kit_error'", 3),
    ({"status": None}, "a waiver cannot admit the status ''", 1),
    ({"subcode": "wrong"}, "there is no subcode 'wrong'", 4),
    ({"subcode": None}, "subcode is missing: a waiver admits one kind of failure", 1),
    ({"subcode": "secret_leak"}, "secret_leak of USI-CHK-03 cannot be waived", 4),
    ({"requirement": SECURE, "subcode": "accepted_invalid"}, UNWAIVABLE, 4),
    ({"message_prefix": None}, "message_prefix is missing in [waiver]", 1),
    ({"message_prefix": ""}, "message_prefix is too short to admit one failure only", 5),
    ({"message_prefix": "the check"}, "message_prefix is too short to admit one failure only", 5),
    ({"message_prefix": "          "}, "message_prefix is too short to admit one failure only", 5),
    ({"added": None}, "added is missing", 1),
    ({"expires": "next spring"}, "expires must be a date", 10),
    ({"expires": "2026-11-21"}, "the waiver expires before it is added", 10),
    ({"Owner": "Jo"}, "there is no key 'Owner' of [waiver]", 11),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "message", "line"), WRONG, ids=range(len(WRONG)))
def test_what_is_no_waiver_is_refused_with_its_line(read, tmp_path, changes, message, line):
    """Whatever would admit nothing, or more than one kind of failure."""
    with pytest.raises(OperatorError) as error:
        read(written(**changes))
    assert error.value.message == message
    assert error.value.where == f"{tmp_path / 'waivers.toml'}, line {line}"


def test_an_accepted_invalid_input_without_consequences_for_security_can_be_waived(read):
    """Only where somebody could be deceived it cannot."""
    plain = catalogue.requirement("USI-CHK-03")
    assert not plain.security
    assert read(written(subcode="accepted_invalid"))[0].subcode is Subcode.ACCEPTED_INVALID


def test_a_waiver_for_too_long_is_the_verdicts_to_refuse(read):
    """It is told beside the other waivers, with its own exit code."""
    assert read(written(expires="2028-11-22"))[0].expires == "2028-11-22"


def test_the_same_failure_is_waived_once(read, tmp_path):
    """Both lines are named."""
    with pytest.raises(OperatorError) as error:
        read(written() + written(owner="Someone Else"))
    assert error.value.where.endswith("line 11")
    assert error.value.found == f"also {tmp_path / 'waivers.toml'}, line 1"
    assert len(read(written() + written(message_prefix="the check character of ZZZ"))) == 2


def test_a_table_of_another_name_is_refused(read):
    """`[[waivers]]` would be passed over in silence otherwise."""
    with pytest.raises(OperatorError, match="did you mean waiver"):
        read(written().replace("[[waiver]]", "[[waivers]]"))


def test_an_entry_is_ready_but_for_owner_reason_and_issue(read):
    """As it is it is refused; filled in it is read, and holds for ninety days."""
    entry = waivers.entry(result(), today=TODAY)
    assert entry == (
        "[[waiver]]\n"
        'requirement = "USI-CHK-03"\n'
        'status = "fail"\n'
        'subcode = "wrong_value"\n'
        'message_prefix = "the check character of ABCDEFGHJ is wrong"\n'
        'owner = "" # who answers for it, a name\n'
        'reason = "" # why it may stay for now\n'
        'issue = "" # where it is being mended: a link or a number\n'
        'added = "2026-11-22"\n'
        'expires = "2027-02-20" # 180 days after `added` at the latest\n'
    )
    with pytest.raises(OperatorError, match="owner of the waiver is not filled in"):
        read(entry)
    for name, text in (("owner", "Jo Citizen"), ("reason", "mended in 4.2"), ("issue", "#417")):
        entry = entry.replace(f'{name} = ""', f'{name} = "{text}"')
    assert read(entry)[0].owner == "Jo Citizen"


MESSAGES = st.text(min_size=10, max_size=300).filter(lambda text: len(waivers.prefix(text).strip()) >= 10)


@given(MESSAGES)
def test_whatever_a_message_holds_its_entry_is_one_table_that_admits_it(message):
    """Quotes, line ends, brackets, directions and halves of pairs: the quoted beginning is one."""
    found = tomllib.loads(waivers.entry(result(message=message), today=TODAY))
    assert list(found) == ["waiver"]
    assert len(found["waiver"]) == 1
    assert message.startswith(found["waiver"][0]["message_prefix"])
    assert set(found["waiver"][0]) == {*waivers.KEYS}


def verdict(**changes):
    """A verdict of a run that is not ready."""
    return Verdict(readiness=Readiness.NOT_READY, sentence="", **changes)


def test_one_entry_serves_all_cases_that_fail_in_the_same_way():
    """Another message, subcode or status takes another waiver."""
    results = [
        result(),
        result(case="two"),
        result(case="three", message="the check character of ZZZ is wrong"),
        result(case="four", subcode=Subcode.CRASH),
        result(case="five", status=Status.NOT_TESTABLE, subcode=None),
        result(case="six", status=Status.PASS, subcode=None),
    ]
    blocking = tuple(f"USI-CHK-03[{each.case}]" for each in results)
    found = waivers.waivable(results, verdict(blocking=blocking))
    assert [each.case for each in found] == ["one", "three", "four", "five"]


def test_what_is_waived_already_or_cannot_be_waived_has_no_entry():
    """The verdict lists the first not as blocking, and the second as not to be waived."""
    results = [result(case="one"), result(case="two"), result(case="three", message="short")]
    blocking = ("USI-CHK-03[two]", "USI-CHK-03[three]")
    assert waivers.waivable(results, verdict(blocking=blocking, unwaivable=("USI-CHK-03[two]",))) == ()
