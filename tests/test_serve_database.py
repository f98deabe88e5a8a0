"""`evte serve --database`: which files it takes, and what it says of the others."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from conformance.cli import main
from conformance.errors import OperatorError
from conformance.serving import Order, Station


def order(path):
    """Return an order for a station that keeps its state in a file."""
    return Order(port=0, database=path)


def refused(path):
    """Return the error that a file is refused with."""
    with pytest.raises(OperatorError) as caught:
        Station(order(path), print)
    assert caught.value.message == "The registry's database cannot be used."
    assert str(path) in caught.value.where
    assert caught.value.exit_code == 2
    return caught.value


def written(path):
    """Have a registry write its database, and return where."""
    with Station(order(path), print):
        pass
    return path


def test_a_database_is_made_where_there_is_none(tmp_path):
    """The folder must be there, the file is made; the welcome says so, and what it is the next time."""
    path = tmp_path / "state.db"
    with Station(order(path), print) as station:
        assert f"database         {path}, new" in list(station.welcome())
        assert path.is_file()
    with Station(order(path), print) as station:
        assert f"database         {path}, as it was left" in list(station.welcome())


def test_an_empty_file_is_none_yet(tmp_path):
    """As a tool makes it that asks for the name of a file first."""
    path = tmp_path / "state.db"
    path.touch()
    with Station(order(path), print) as station:
        assert f"database         {path}, new" in list(station.welcome())


@pytest.mark.skipif(os.name == "nt", reason="no file can have that name there")
def test_a_name_that_means_memory_to_sqlite_is_a_file(tmp_path, monkeypatch):
    """Who names a file gets one."""
    monkeypatch.chdir(tmp_path)
    written(Path(":memory:"))
    assert [path.name for path in tmp_path.iterdir()] == [":memory:"]


def test_a_stopped_registry_leaves_one_file(tmp_path):
    """The write-ahead log is taken back into the database, so that one file can be copied."""
    written(tmp_path / "state.db")
    assert [path.name for path in tmp_path.iterdir()] == ["state.db"]


@pytest.mark.parametrize("content", [b"hello", b"hello world, this is no database\n" * 1000, b"\0" * 4096])
def test_what_is_no_database_is_refused(content, tmp_path):
    """And stays as it is."""
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    assert refused(path).found == "file is not a database"
    assert path.read_bytes() == content


def test_a_database_of_something_else_is_refused(tmp_path):
    """And stays as it is: nothing of the kit is written into it."""
    path = tmp_path / "students.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE people (usi TEXT)")
        connection.commit()
    before = path.read_bytes()
    assert refused(path).found == "a database of something else"
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["students.db"]


def test_another_version_is_refused(tmp_path):
    """With both versions, and what can be done."""
    path = written(tmp_path / "state.db")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
        connection.commit()
    error = refused(path)
    assert error.found == "version 99"
    assert "begin anew" in error.advice


def test_a_damaged_database_is_refused(tmp_path):
    """Its head is right and the rest is not."""
    path = written(tmp_path / "state.db")
    content = path.read_bytes()
    path.write_bytes(content[:100] + b"\xa5" * (len(content) - 100))
    assert "malformed" in refused(path).found


def test_a_folder_is_refused(tmp_path):
    """In words of its own, rather than SQLite's for everything."""
    assert refused(tmp_path).found == "a folder"


def test_a_place_in_no_folder_is_refused(tmp_path):
    """No folders are made, lest a slip of the pen make some; a file is no folder."""
    assert refused(tmp_path / "nowhere" / "state.db").found == f"there is no folder {tmp_path / 'nowhere'}"
    (tmp_path / "file").touch()
    assert refused(tmp_path / "file" / "state.db").found == f"there is no folder {tmp_path / 'file'}"


def test_a_file_that_may_not_be_written_is_refused(tmp_path):
    """A registry that cannot remember would answer as if it could."""
    path = written(tmp_path / "state.db")
    path.chmod(0o400)
    if os.access(path, os.W_OK):
        pytest.skip("this user may write any file")
    assert refused(path).found == "Permission denied"


def test_a_folder_that_may_not_be_written_is_refused(tmp_path):
    """Neither the database nor its write-ahead log could be made."""
    folder = tmp_path / "locked"
    folder.mkdir()
    folder.chmod(0o500)
    try:
        if os.access(folder, os.W_OK):
            pytest.skip("this user may write into any folder")
        assert refused(folder / "state.db").found == "Permission denied"
    finally:
        folder.chmod(0o700)


def test_the_command_tells_it_in_the_kits_form(tmp_path):
    """One error, exit code 2, nothing served."""
    result = CliRunner().invoke(main, ["serve", "--port", "0", "--database", str(tmp_path)])
    assert (result.exit_code, result.output.count("found:")) == (2, 1)
    assert "found: a folder" in result.output
    assert "registry  " not in result.output
