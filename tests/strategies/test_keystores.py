"""Drawn stores are legal, drawn ids miss, drawn damage is damage, and all of it reads well."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from conformance import strategies
from conformance.protocol import keystore
from conformance.reference.second_reader import SecondReader
from conformance.simulators.authority import Authority
from conformance.simulators.recipes import MACHINE_1, MACHINE_2
from conformance.strategies import StorePlan, Tape

MOMENT = datetime(2026, 1, 15, tzinfo=UTC)
AUTHORITY = Authority(MOMENT)
ALIAS = f"ABRD:{MACHINE_1.abn}_{MACHINE_1.name}"
SEARCH = settings(database=None, phases=(Phase.generate,), max_examples=1000)


@given(plan=strategies.store_plans())
def test_every_planned_store_opens(plan):
    """The credential of the plan, with the plan's password."""
    made = plan.made(AUTHORITY)
    opened = keystore.open_credential(keystore.read(made.data), plan.alias, plan.password, now=MOMENT)
    assert opened.certificate == made.credentials[plan.alias].certificate


@settings(max_examples=30)
@given(plan=strategies.store_plans())
def test_another_reader_opens_it_too(tmp_path_factory, plan):
    """One that shares no code with the writer."""
    path = tmp_path_factory.mktemp("plan") / "keystore.xml"
    path.write_bytes(plan.made(AUTHORITY).data)
    answer = SecondReader().keystore_open(str(path), plan.alias, plan.password, "2026-01-15T00:00:00Z")
    assert answer["status"] == "ok", (plan, answer)


@given(spelling=strategies.spellings(unusual=True))
def test_every_spelling_says_the_same(spelling):
    """Whatever its prefixes, quotes, comments, blanks and encoding."""
    store = StorePlan().store(AUTHORITY)
    assert keystore.read(spelling.write(store)) == store


def test_the_plain_plan_is_the_plain_store():
    """What a plan leaves out is that of the newest published writer; so is its spelling."""
    plan = StorePlan()
    assert plan.made(AUTHORITY).data == keystore.write(plan.store(AUTHORITY), "dom-2025")
    assert repr(plan) == "StorePlan()"
    assert list(plan.parts()) == []


def test_parts_have_one_thing_each():
    """So that a combination can be told from what is in it."""
    plan = StorePlan(
        generation="2020", password="Another-Password9", holders=(MACHINE_2, MACHINE_1), chosen=1
    )
    assert set(map(repr, plan.parts())) == {
        "StorePlan(generation='2020')",
        "StorePlan(password='Another-Password9')",
        repr(StorePlan(holders=(MACHINE_2, MACHINE_1), chosen=1)),
    }


@pytest.mark.parametrize(
    "condition",
    [
        lambda plan: len(plan.holders) == 4,
        lambda plan: plan.salt is not None and len(plan.salt) == 64,
        lambda plan: plan.salt is not None and len(plan.salt) == 1,
        lambda plan: plan.store_salt_only,
        lambda plan: "&" in plan.alias,
        lambda plan: any(ord(character) > 0xFFFF for character in plan.legal_name),
        lambda plan: len(plan.password) == 64,
        lambda plan: plan.generation != "2025" and plan.bundle != "",
        lambda plan: plan.spelling is not None and plan.spelling.encoding == "utf-16",
        lambda plan: len({each.name for each in plan.holders}) < len(plan.holders),
    ],
    ids=[
        *("four", "long-salt", "short-salt", "store-salt", "ampersand", "beyond-16-bits", "long-password"),
        *("other-bundle", "utf-16", "namesakes"),
    ],
)
def test_special_stores_come_up(condition):
    """What readers stumble over is found."""
    assert condition(find(strategies.store_plans(), condition, settings=SEARCH))


@given(password=strategies.passwords())
def test_passwords_are_those_that_the_tools_allow(password):
    """Ten printable characters without a blank, both cases, and a digit or punctuation mark."""
    assert 10 <= len(password) <= 64
    assert all("!" <= character <= "~" for character in password)
    assert any(character.isupper() for character in password)
    assert any(character.islower() for character in password)
    assert not password.isalpha()


@given(alias=strategies.aliases(ALIAS))
def test_aliases_are_no_id_of_the_store(alias):
    """And can be written as UTF-8."""
    assert alias != ALIAS
    assert alias.encode() is not None


@given(alias=strategies.near_aliases(ALIAS))
def test_near_misses_miss_by_more_than_case(alias):
    """Case is a rule of its own."""
    assert alias.casefold() != ALIAS.casefold()


@pytest.mark.parametrize("wanted", ["\0", "' or '1'='1", "\n", ALIAS + "\0", "../" + ALIAS])
def test_special_ids_come_up(wanted):
    """Quotes, expressions, line ends, NUL, and an id with something before or behind it."""
    assert find(
        strategies.aliases(ALIAS), lambda text: text == wanted, settings=settings(SEARCH, max_examples=5000)
    )


@given(change=strategies.byte_changes())
def test_a_byte_change_changes_one_byte(change):
    """Of one value, and nothing else."""
    before = StorePlan().store(AUTHORITY).credentials[0]
    after = change.of(before)
    old, new = getattr(before, change.field), getattr(after, change.field)
    assert sum(a != b for a, b in zip(old, new, strict=True)) == 1
    assert replace(after, **{change.field: old}) == before


@given(tape=strategies.tapes(), data=st.binary(max_size=300))
def test_any_bytes_can_be_damaged(tape, data):
    """The engine needs no store, and the same tape does the same damage."""
    assert strategies.mutate_bytes(data, Tape(tape)) == strategies.mutate_bytes(data, Tape(tape))


@given(tape=strategies.tapes())
def test_damaged_values_can_be_written(tape):
    """And the rest of the credential stays."""
    before = StorePlan().store(AUTHORITY).credentials[0]
    after = strategies.mutate_store(before, Tape(tape))
    assert (after.id, after.abn, after.integrity_value is None) == (before.id, before.abn, False)
    assert keystore.write(keystore.Store(salt=b"s", credentials=(after,)))


@given(moment=strategies.instants(MOMENT, within=timedelta(days=1)))
def test_instants_are_near_their_boundary(moment):
    """Aware, in UTC, in whole seconds."""
    assert abs(moment - MOMENT) <= timedelta(days=1)
    assert (moment.tzinfo, moment.microsecond) == (UTC, 0)


@pytest.mark.parametrize("seconds", [0, -1, 1, -36_000, 36_000, 60])
def test_special_instants_come_up(seconds):
    """The boundary, a second beside it, a minute of grace, and the ten hours of the labels."""
    wanted = MOMENT + timedelta(seconds=seconds)
    assert find(strategies.instants(MOMENT), lambda moment: moment == wanted, settings=SEARCH) == wanted


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: strategies.passwords(longest=9), "at least 10"),
        (lambda: strategies.near_aliases(""), "empty id"),
        (lambda: strategies.byte_changes("abn"), "'abn' is no binary value"),
        (lambda: strategies.tapes(decisions=0), "decides nothing"),
        (strategies.instants, "boundary"),
        (lambda: strategies.instants(datetime(2026, 1, 1)), "without a zone"),  # noqa: DTZ001 - the point
        (lambda: strategies.seconds_beside(within=timedelta(0)), "at least a second"),
        (lambda: strategies.spellings(ordinary=False), "ordinary spellings, unusual ones or both"),
    ],
)
def test_a_wrong_argument_raises_at_once(make, message):
    """When the strategy is made, not when it is drawn from."""
    with pytest.raises(ValueError, match=message):
        make()
