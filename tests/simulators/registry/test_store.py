"""What the simulated registry knows and remembers."""

import sqlite3
import threading
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from conformance.errors import KitError, OperatorError
from conformance.protocol import checksum
from conformance.simulators.population import (
    Account,
    Organisation,
    OrganisationType,
    Population,
    State,
    bundled,
)
from conformance.simulators.registry.store import Identity, Store
from conformance.simulators.services import stream

NOW = datetime(2026, 11, 21, 10, 42, tzinfo=UTC)
NEW = Account(
    usi="SYNTHET2JK",
    first="Renée",
    middle="Marie",
    family="O'Test",
    born=date(2000, 2, 29),
    gender="X",
    country_of_birth="1101",
    town_of_birth="Hobart",
    preferred_first="Ren",
    contact={"CountryOfResidenceCode": "1101", "Phone": {"Mobile": "0491570006"}},
    state=State.NOT_ACTIVATED,
    origin="created",
)


def opened(path, population=None, seed=1):
    return Store(population or bundled(), random=stream(seed), database=path)


# --- people ---------------------------------------------------------------------------------------


def test_everybody_bundled_is_there_as_bundled(store):
    """What goes into the database comes out of it, accents and contact details too."""
    for usi, account in bundled().people.items():
        assert store.person(usi) == account
    assert store.person("2222222222") is None


def test_a_new_account_is_found(store):
    """By its USI, with everything that is held of it."""
    store.add(NEW)
    assert store.person("SYNTHET2JK") == NEW


def test_a_usi_is_given_once(store):
    """A second account with a USI would be a mistake of ours."""
    with pytest.raises(KitError, match="BNGH7C75FN"):
        store.add(replace(NEW, usi="BNGH7C75FN"))


def test_identities_are_looked_up_together(store):
    """Those that there are, by USI, with nothing but what is compared."""
    assert store.identities(["BNGH7C75FN", "2222222222", "R5HQLSWS9Y", "BNGH7C75FN"]) == {
        "BNGH7C75FN": Identity("BNGH7C75FN", "Maryam", "Fredrick", "", "1966-05-25", "active"),
        "R5HQLSWS9Y": Identity("R5HQLSWS9Y", "", "", "Testdeactivated", "1963-12-10", "deactivated"),
    }
    assert store.identities([]) == {}


@pytest.mark.parametrize(
    ("asked", "usis"),
    [
        ({"family": "FREDRICK"}, ["BNGH7C75FN"]),
        ({"family": "Leveque", "first": "renee"}, ["SYNTHET23J"]),
        ({"family": "Double", "first": "Alex", "born": date(1999, 9, 9)}, ["SYNTHET2EU", "SYNTHET2FS"]),
        ({"family": "Double", "born": date(1999, 9, 10)}, []),
        ({"single": "amy"}, ["XNY5NV9WG9"]),
        ({"born": date(1966, 5, 25)}, ["BNGH7C75FN"]),
        ({"family": "Smith"}, []),
        ({"family": "Loflin"}, ["DG6K5YHPP3"]),
    ],
)
def test_namesakes_are_found_by_what_is_given(store, asked, usis):
    """Case and accents do not count yet, states neither; what is not given is not compared."""
    assert [account.usi for account in store.namesakes(**asked)] == usis


@pytest.mark.parametrize("asked", [{}, {"first": "Alex"}])
def test_namesakes_need_something_to_go_by(store, asked):
    """Nobody is looked for by a first name only."""
    with pytest.raises(KitError, match="family or single name"):
        store.namesakes(**asked)


def test_a_change_is_found_under_the_new_name(store):
    """And no longer under the old one."""
    changed = store.change("BNGH7C75FN", family="Newname", contact={"EmailAddress": "m@example.org"})
    assert (changed.first, changed.family) == ("Maryam", "Newname")
    assert store.person("BNGH7C75FN") == changed
    assert [account.usi for account in store.namesakes(family="newname")] == ["BNGH7C75FN"]
    assert store.namesakes(family="Fredrick") == []


@pytest.mark.parametrize(
    ("usi", "changed"),
    [("2222222222", {"first": "A"}), ("BNGH7C75FN", {"single": "A"})],
)
def test_what_cannot_be_changed_stays(store, usi, changed):
    """An unknown account, and names of both forms, are mistakes of ours."""
    before = store.person(usi)
    with pytest.raises(KitError):
        store.change(usi, **changed)
    assert store.person(usi) == before


def test_a_new_usi_is_right_and_free(store):
    """It has its check character, belongs to nobody, and is another one each time."""
    drawn = [store.new_usi() for _ in range(50)]
    assert len(set(drawn)) == 50
    assert all(checksum.is_valid(usi) and store.person(usi) is None for usi in drawn)


def test_a_usi_that_is_taken_is_drawn_again(store):
    """A registry that was started again draws the same bytes as the first time."""
    again = Store(bundled(), random=stream(1))
    first = again.new_usi()
    store.add(replace(NEW, usi=first))
    assert store.new_usi() != first


def test_the_same_seed_gives_the_same_usis():
    """Runs can be repeated."""
    assert Store(bundled(), random=stream(7)).new_usi() == Store(bundled(), random=stream(7)).new_usi()


# --- organisations --------------------------------------------------------------------------------


def test_organisations_are_found_by_code_in_any_case_and_by_abn(store):
    """The two published ones, in the order of the file."""
    assert [known.code for known in store.organisations()] == ["VA1803", "VA1802"]
    assert store.organisation("va1803").abn == "27809366375"
    assert store.organisation_of("96312011219").code == "VA1802"
    assert store.organisation("VA9999") is None
    assert store.organisation_of("") is None


def test_the_type_of_an_organisation_is_kept():
    """What it may call depends on it."""
    body = Organisation(code="VRB1", abn="1", type=OrganisationType.VRB)
    assert Store(bundled().with_organisation(body), random=stream(1)).organisation("vrb1") == body


# --- requests and batches -------------------------------------------------------------------------


def test_a_request_id_is_remembered_of_its_organisation_only(store):
    """With operation and answer; another organisation may use the same."""
    assert store.answer_to_request("VA1803", "R1") is None
    store.remember_request("VA1803", "R1", "CreateUSI", {"Application": {"Result": "Success"}})
    store.remember_request("VA1802", "R1", "BulkUpload", {})
    remembered = store.answer_to_request("va1803", "R1")
    assert (remembered.operation, remembered.answer) == (
        "CreateUSI",
        {"Application": {"Result": "Success"}},
    )
    assert store.answer_to_request("VA1802", "R1").operation == "BulkUpload"
    assert store.answer_to_request("VA1803", "r1") is None


def test_a_request_id_is_remembered_once(store):
    """A handler that does not look first is a mistake of ours."""
    store.remember_request("VA1803", "R1", "CreateUSI", {})
    with pytest.raises(KitError, match="R1"):
        store.remember_request("va1803", "R1", "CreateUSI", {})


def test_a_batch_is_kept_with_its_results(store):
    """Receipt of 36 characters, applications in their order, polls counted, results once."""
    batch = store.take_batch("VA1803", "R1", [{"ApplicationId": "B"}, {"ApplicationId": "A"}], NOW)
    assert len(batch.receipt) == 36
    assert store.batch(batch.receipt) == batch
    assert batch.applications == ({"ApplicationId": "B"}, {"ApplicationId": "A"})
    assert (batch.polls, batch.results, batch.taken) == (0, None, NOW)
    assert (store.polled(batch.receipt), store.polled(batch.receipt)) == (1, 2)
    settled = store.settle_batch(batch.receipt, [{"Result": "Success"}])
    assert (settled.polls, settled.results) == (2, ({"Result": "Success"},))
    with pytest.raises(KitError):
        store.settle_batch(batch.receipt, [])


def test_an_unknown_receipt_has_no_batch(store):
    """To count or settle it is a mistake of ours."""
    receipt = "00000000-0000-4000-8000-000000000000"
    assert store.batch(receipt) is None
    with pytest.raises(KitError):
        store.polled(receipt)
    with pytest.raises(KitError):
        store.settle_batch(receipt, [])


# --- transactions ---------------------------------------------------------------------------------


def test_what_is_done_at_once_is_done_or_not(store):
    """An exception takes all of it back, of an inner block only what was done there."""
    with suppress(ZeroDivisionError), store.at_once():
        store.add(NEW)
        raise ZeroDivisionError
    assert store.person("SYNTHET2JK") is None
    with store.at_once():
        store.add(NEW)
        with suppress(ZeroDivisionError), store.at_once():
            store.change("SYNTHET2JK", first="Other")
            raise ZeroDivisionError
    assert store.person("SYNTHET2JK") == NEW


def test_everything_is_restored_at_the_end_of_a_scenario(store):
    """People, changes, RequestIds, receipts: whatever was done meanwhile, by whichever thread."""
    before = store.person("BNGH7C75FN")
    receipts = []

    def elsewhere():
        with store.at_once():
            store.change("BNGH7C75FN", first="Other")
            receipts.append(store.take_batch("VA1803", "R1", [], NOW).receipt)

    with store.restored():
        store.add(NEW)
        store.remember_request("VA1803", "R1", "CreateUSI", {})
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
        assert store.person("BNGH7C75FN").first == "Other"
        assert store.batch(receipts[0]) is not None
    assert store.person("SYNTHET2JK") is None
    assert store.person("BNGH7C75FN") == before
    assert store.answer_to_request("VA1803", "R1") is None
    assert store.batch(receipts[0]) is None


def test_a_scenario_that_fails_is_restored_too(store):
    """The next one begins from the same state."""
    with suppress(ZeroDivisionError), store.restored():
        store.add(NEW)
        raise ZeroDivisionError
    assert store.person("SYNTHET2JK") is None


def test_several_threads_may_ask(store):
    """Each poll is counted once."""
    receipt = store.take_batch("VA1803", "R1", [], NOW).receipt
    threads = [threading.Thread(target=lambda: [store.polled(receipt) for _ in range(25)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.batch(receipt).polls == 100


# --- files ----------------------------------------------------------------------------------------


def test_a_file_holds_everything(tmp_path):
    """Another store with it goes on where the first was, with the people of the file and no others."""
    path = tmp_path / "registry.sqlite"
    first = opened(path)
    first.add(NEW)
    first.change("BNGH7C75FN", first="Other")
    first.remember_request("VA1803", "R1", "CreateUSI", {"a": 1})
    receipt = first.take_batch("VA1803", "R2", [{"ApplicationId": "A"}], NOW).receipt
    first.polled(receipt)
    first.close()
    second = opened(path, Population({}, bundled().organisations))
    assert second.person("SYNTHET2JK") == NEW
    assert second.person("BNGH7C75FN").first == "Other"
    assert second.answer_to_request("VA1803", "R1").answer == {"a": 1}
    assert second.batch(receipt).polls == 1
    second.close()


def test_what_was_done_is_in_the_file_before_the_store_is_closed(tmp_path):
    """A process that is killed leaves it behind."""
    path = tmp_path / "registry.sqlite"
    first = opened(path)
    with first.at_once():
        first.add(NEW)
    second = opened(path)
    assert second.person("SYNTHET2JK") == NEW
    first.close()
    second.close()


def test_organisations_are_those_given_now(tmp_path):
    """What the file has of them is replaced at each start."""
    path = tmp_path / "registry.sqlite"
    opened(path).close()
    other = Organisation(code="KIT00001", abn="11000002568")
    second = opened(path, Population.of([], [other]))
    assert second.organisations() == [other]
    second.close()


def test_a_receipt_is_not_given_twice_after_a_restart(tmp_path):
    """The same seed draws the same bytes again, which the file then has."""
    path = tmp_path / "registry.sqlite"
    receipts = set()
    for request_id in ("R1", "R2"):
        store = opened(path)
        receipts.add(store.take_batch("VA1803", request_id, [], NOW).receipt)
        store.close()
    assert len(receipts) == 2


def test_a_store_may_be_closed_twice(store):
    """And is of no use afterwards."""
    store.close()
    store.close()
    with pytest.raises(sqlite3.ProgrammingError):
        store.person("BNGH7C75FN")


def test_what_is_no_database_is_refused_and_left_alone(tmp_path):
    """The operator named a wrong file."""
    path = tmp_path / "letter.txt"
    path.write_text("Dear registry, " * 100, encoding="utf-8")
    with pytest.raises(OperatorError, match="cannot be used") as caught:
        opened(path)
    assert caught.value.where == str(path)
    assert "not a database" in caught.value.found
    assert path.read_text(encoding="utf-8") == "Dear registry, " * 100


def test_a_database_of_something_else_is_refused_and_left_alone(tmp_path):
    """SQLite is everywhere; another program's tables are not ours."""
    path = tmp_path / "other.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE people (name TEXT)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(OperatorError) as caught:
        opened(path)
    assert caught.value.found == "a database of something else"
    assert path.read_bytes() == before


def test_a_database_of_another_version_is_refused(tmp_path):
    """Its tables may be other ones."""
    path = tmp_path / "registry.sqlite"
    opened(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 2")
    connection.close()
    with pytest.raises(OperatorError) as caught:
        opened(path)
    assert (caught.value.found, caught.value.expected) == (
        "version 2",
        "version 1, the one that this kit writes",
    )


def test_a_place_that_does_not_exist_is_refused(tmp_path):
    """SQLite makes files and no directories."""
    with pytest.raises(OperatorError, match="cannot be used"):
        opened(tmp_path / "nowhere" / "registry.sqlite")


def test_an_empty_file_is_filled(tmp_path):
    """As a temporary file that somebody made first."""
    path = tmp_path / "registry.sqlite"
    path.touch()
    store = opened(path)
    assert store.person("BNGH7C75FN") is not None
    store.close()
