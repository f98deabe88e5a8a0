"""What the simulated registry knows and remembers, in SQLite: people, organisations, requests, batches.

In memory unless a file is named.  A file holds everything that the registry was told, durably after each
`at_once`, so that a registry which is killed and started again with it goes on where it was.
"""

# ruff: noqa: S608 - statements are put together from names of columns, never from values

import json
import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple
from uuid import UUID

from conformance.errors import KitError, OperatorError
from conformance.protocol import checksum
from conformance.simulators.population import Account, Organisation, OrganisationType, Population, State
from conformance.simulators.registry import matching

__all__ = ["Account", "Batch", "Identity", "Remembered", "Store"]


class Identity(NamedTuple):
    """By what a person is verified; each field as of Account, in the form that the database has."""

    usi: str
    first: str
    family: str
    single: str
    born: str
    """yyyy-mm-dd."""
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """A RequestId that an organisation has used."""

    operation: str
    """Name of the operation that it was used for."""
    answer: dict[str, Any]
    """JSON form of what was answered; empty when that was a fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One BulkUpload and what has become of it."""

    receipt: str
    """36 characters."""
    code: str
    """OrgCode of the organisation that it belongs to."""
    request_id: str
    applications: tuple[Mapping[str, Any], ...]
    """JSON form of each, in the order of the request."""
    taken: datetime
    """UTC."""
    polls: int = 0
    """How often it was asked for."""
    results: tuple[Mapping[str, Any], ...] | None = None
    """JSON form of each ApplicationResponse; None until it was processed."""


_APPLICATION: Final = 0x45565445
"""Marks a file as one of these databases: EVTE in ASCII."""
_VERSION: Final = 1
"""Of the tables below; to be raised when they change."""

_COLUMNS: Final = tuple(field.name for field in fields(Account))
_KEYS: Final = ("first", "family", "single")
"""Names that are looked up, each in a column of its own, by its `matching.key`."""

_TABLES: Final = (
    # `entry` keeps the order; the columns in between are the fields of Account.
    f"""CREATE TABLE people (entry INTEGER PRIMARY KEY,
        {", ".join(f"{name} TEXT NOT NULL" for name in _COLUMNS)},
        {", ".join(f"{name}_key TEXT NOT NULL" for name in _KEYS)}, UNIQUE (usi))""",
    "CREATE INDEX people_family ON people (family_key, born)",
    "CREATE INDEX people_single ON people (single_key, born)",
    "CREATE INDEX people_born ON people (born)",
    """CREATE TABLE organisations (entry INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE COLLATE NOCASE,
        abn TEXT NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL)""",
    """CREATE TABLE requests (code TEXT NOT NULL COLLATE NOCASE, request_id TEXT NOT NULL,
        operation TEXT NOT NULL, answer TEXT NOT NULL, PRIMARY KEY (code, request_id)) WITHOUT ROWID""",
    """CREATE TABLE batches (receipt TEXT PRIMARY KEY, code TEXT NOT NULL, request_id TEXT NOT NULL,
        applications TEXT NOT NULL, taken TEXT NOT NULL, polls INTEGER NOT NULL, results TEXT)""",
)

_STATES: Final = {state.value: state for state in State}

_PERSON: Final = f"SELECT {', '.join(_COLUMNS)} FROM people"
_IDENTITY: Final = f"SELECT {', '.join(Identity._fields)} FROM people"
_ENTER: Final = (
    f"INSERT INTO people ({', '.join(_COLUMNS)}, {', '.join(f'{name}_key' for name in _KEYS)}) "
    f"VALUES ({', '.join('?' * (len(_COLUMNS) + len(_KEYS)))})"
)


class Store:
    """The state of one registry.  It may be used from several threads.

    Args:
        population: who is known from the beginning.  People are entered in an empty store only; organisations
            each time, so that those given now stand.
        random: gives that many bytes that look random: new USIs and receipts are made of them.
        database: a file that holds the state, made where there is none; in memory when left out.

    Raises:
        OperatorError: the file cannot be opened, or is no such database, or is one of another version.
    """

    def __init__(
        self, population: Population, *, random: Callable[[int], bytes], database: Path | None = None
    ) -> None:
        self._random = random
        self._lock = threading.RLock()
        self._connection = _open(database)
        # Whoever forgets to close it does not leave that to the interpreter, which complains.
        self._close = weakref.finalize(self, self._connection.close)
        try:
            with self.at_once():
                self._seed(population)
        except sqlite3.OperationalError as error:
            self.close()
            raise _unusable(database, str(error)) from error
        except BaseException:
            self.close()
            raise

    def _seed(self, population: Population) -> None:
        if not self._all("SELECT 1 FROM sqlite_master LIMIT 1"):
            for statement in _TABLES:
                self._run(statement)
            self._run(f"PRAGMA application_id = {_APPLICATION}")
            self._run(f"PRAGMA user_version = {_VERSION}")
            self._connection.executemany(_ENTER, map(_row, population.people.values()))
        self._run("DELETE FROM organisations")
        for known in population.organisations.values():
            self._run(
                "INSERT INTO organisations (code, abn, name, type) VALUES (?, ?, ?, ?)",
                known.code,
                known.abn,
                known.name,
                known.type,
            )

    def _run(self, statement: str, *values: object) -> int:
        """Carry out a statement and return how many rows it changed."""
        with self._lock:
            return self._connection.execute(statement, values).rowcount

    def _all(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._connection.execute(statement, values).fetchall()

    # --- people -------------------------------------------------------------------------------

    def person(self, usi: str) -> Account | None:
        """Return the account with this USI, or None."""
        return next(map(_account, self._all(f"{_PERSON} WHERE usi = ?", usi)), None)

    def identities(self, usis: Iterable[str]) -> dict[str, Identity]:
        """Return by what the people with these USIs are verified, by USI, those that there are, in one query.

        A batch has hundreds of them, of whom nothing else need be read.
        """
        asked = json.dumps(list(usis))
        rows = self._all(f"{_IDENTITY} WHERE usi IN (SELECT value FROM json_each(?))", asked)
        return {row[0]: Identity._make(row) for row in rows}

    def namesakes(
        self,
        *,
        first: str | None = None,
        family: str | None = None,
        single: str | None = None,
        born: date | None = None,
    ) -> list[Account]:
        """Return the accounts with all of these, whatever their state, in the order of their entry.

        Names are compared by `matching.key`, which is coarser than any setting: apply `matching.same` to
        what is returned.  What is None is not compared; at least one of family, single and born is needed.

        Raises:
            KitError: none of these is given.
        """
        named = {"first": first, "family": family, "single": single}
        asked = {f"{name}_key": matching.key(text) for name, text in named.items() if text is not None}
        if born is not None:
            asked["born"] = born.isoformat()
        if not asked.keys() - {"first_key"}:
            raise KitError("namesakes are looked for without a family or single name or a date of birth")
        where = " AND ".join(f"{column} = ?" for column in asked)
        return list(map(_account, self._all(f"{_PERSON} WHERE {where} ORDER BY entry", *asked.values())))

    def add(self, account: Account) -> None:
        """Enter a new account.

        Raises:
            KitError: its USI is taken.
        """
        try:
            self._run(_ENTER, *_row(account))
        except sqlite3.IntegrityError as error:
            raise KitError(f"there is an account with the USI {account.usi} already") from error

    def change(self, usi: str, **changed: Any) -> Account:  # noqa: ANN401 - fields of Account
        """Change fields of an account and return it as it is now.

        Raises:
            KitError: there is no such account, or the names are no longer one of the two forms.
        """
        with self.at_once():
            before = self.person(usi)
            if before is None:
                raise KitError(f"there is no account with the USI {usi}")
            after = replace(before, **changed)
            columns = (*_COLUMNS, *(f"{name}_key" for name in _KEYS))
            self._run(
                f"UPDATE people SET {', '.join(f'{name} = ?' for name in columns)} WHERE usi = ?",
                *_row(after),
                usi,
            )
            return after

    def new_usi(self) -> str:
        """Return a USI that nobody has, with its check character; it is not entered anywhere."""
        while True:
            stem = "".join(checksum.ALPHABET[byte % 32] for byte in self._random(9))
            usi = checksum.complete(stem)
            if self.person(usi) is None:
                return usi

    # --- organisations ------------------------------------------------------------------------

    def organisations(self) -> list[Organisation]:
        """Return all of them, in the order of their entry."""
        return self._organisations("")

    def organisation(self, code: str) -> Organisation | None:
        """Return the one with this code, whatever its case, or None."""
        return next(iter(self._organisations("WHERE code = ?", code)), None)

    def organisation_of(self, abn: str) -> Organisation | None:
        """Return the first one with this ABN, or None."""
        return next(iter(self._organisations("WHERE abn = ?", abn)), None)

    def _organisations(self, where: str, *values: str) -> list[Organisation]:
        rows = self._all(f"SELECT code, abn, name, type FROM organisations {where} ORDER BY entry", *values)
        return [
            Organisation(code=code, abn=abn, name=name, type=OrganisationType(kind))
            for code, abn, name, kind in rows
        ]

    # --- requests -----------------------------------------------------------------------------

    def answer_to_request(self, code: str, request_id: str) -> Remembered | None:
        """Return what an organisation used a RequestId for, or None when it has not."""
        rows = self._all(
            "SELECT operation, answer FROM requests WHERE code = ? AND request_id = ?", code, request_id
        )
        return Remembered(operation=rows[0][0], answer=json.loads(rows[0][1])) if rows else None

    def remember_request(self, code: str, request_id: str, operation: str, answer: Mapping[str, Any]) -> None:
        """Note that an organisation has used a RequestId.

        Raises:
            KitError: it had used it before.
        """
        try:
            self._run("INSERT INTO requests VALUES (?, ?, ?, ?)", code, request_id, operation, _json(answer))
        except sqlite3.IntegrityError as error:
            raise KitError(f"{code} has used the RequestId {request_id} before") from error

    # --- batches ------------------------------------------------------------------------------

    def take_batch(
        self, code: str, request_id: str, applications: Iterable[Mapping[str, Any]], now: datetime
    ) -> Batch:
        """Keep the applications of a BulkUpload under a new receipt."""
        batch = Batch(
            receipt=self._new_receipt(),
            code=code,
            request_id=request_id,
            applications=tuple(applications),
            taken=now,
        )
        self._run(
            "INSERT INTO batches VALUES (?, ?, ?, ?, ?, 0, NULL)",
            batch.receipt,
            code,
            request_id,
            _json(batch.applications),
            now.isoformat(),
        )
        return batch

    def _new_receipt(self) -> str:
        # A registry that was started again with the same seed draws the same bytes again.
        while self.batch(receipt := str(UUID(bytes=self._random(16), version=4))) is not None:
            pass
        return receipt

    def batch(self, receipt: str) -> Batch | None:
        """Return the batch of a receipt, or None."""
        rows = self._all(
            "SELECT code, request_id, applications, taken, polls, results FROM batches WHERE receipt = ?",
            receipt,
        )
        if not rows:
            return None
        code, request_id, applications, taken, polls, results = rows[0]
        return Batch(
            receipt=receipt,
            code=code,
            request_id=request_id,
            applications=tuple(json.loads(applications)),
            taken=datetime.fromisoformat(taken),
            polls=polls,
            results=None if results is None else tuple(json.loads(results)),
        )

    def polled(self, receipt: str) -> int:
        """Count that a batch was asked for, and return how often it was until now, this time included.

        Raises:
            KitError: there is no such batch.
        """
        with self.at_once():
            if not self._run("UPDATE batches SET polls = polls + 1 WHERE receipt = ?", receipt):
                raise KitError(f"there is no batch of the receipt {receipt}")
            return int(self._all("SELECT polls FROM batches WHERE receipt = ?", receipt)[0][0])

    def settle_batch(self, receipt: str, results: Iterable[Mapping[str, Any]]) -> Batch:
        """Keep the results of a batch and return it as it is now.

        Raises:
            KitError: there is no such batch, or it has results already.
        """
        with self.at_once():
            told = _json(tuple(results))
            settled = self._run(
                "UPDATE batches SET results = ? WHERE receipt = ? AND results IS NULL", told, receipt
            )
            batch = self.batch(receipt)
            if not settled or batch is None:
                raise KitError(f"there is no batch of the receipt {receipt} that waits for results")
            return batch

    # --- transactions -------------------------------------------------------------------------

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Do everything in the block or, when it raises, nothing of it; other threads wait.

        It may stand inside another one, whose outcome then decides too.  A file holds what was done for good
        once the outermost block has ended.
        """
        with self._lock:
            inside = self._connection.in_transaction
            self._run("SAVEPOINT at_once" if inside else "BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                if inside:
                    self._run("ROLLBACK TO at_once")
                    self._run("RELEASE at_once")
                else:
                    self._run("ROLLBACK")
                raise
            self._run("RELEASE at_once" if inside else "COMMIT")

    @contextmanager
    def restored(self) -> Iterator[None]:
        """Take back at the end of the block everything that was done while it ran, by whichever thread."""
        self._run("SAVEPOINT restored")
        try:
            yield
        finally:
            with self._lock:
                self._run("ROLLBACK TO restored")
                self._run("RELEASE restored")

    def close(self) -> None:
        """End the use of the database; a second time does nothing."""
        with self._lock:
            self._close()


# --- rows -----------------------------------------------------------------------------------------


def _row(account: Account) -> tuple[str, ...]:
    values = (getattr(account, name) for name in _COLUMNS)
    return (
        *(
            _json(value)
            if isinstance(value, Mapping)
            else value.isoformat()
            if isinstance(value, date)
            else value
            for value in values
        ),
        *(matching.key(getattr(account, name)) for name in _KEYS),
    )


def _account(row: tuple[Any, ...]) -> Account:
    values = dict(zip(_COLUMNS, row, strict=True))
    values["born"] = date.fromisoformat(values["born"])
    values["contact"] = {} if values["contact"] == "{}" else json.loads(values["contact"])
    values["state"] = _STATES[values["state"]]
    return Account(**values)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


# --- files ----------------------------------------------------------------------------------------


def _open(database: Path | None) -> sqlite3.Connection:
    """Open a database without changing one that is not the registry's.

    Raises:
        OperatorError: as of `Store`.
    """
    try:
        connection = sqlite3.connect(
            ":memory:" if database is None else database, check_same_thread=False, isolation_level=None
        )
    except sqlite3.Error as error:
        raise _unusable(database, str(error)) from error
    try:
        (marked,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if marked != _APPLICATION and (marked or tables):
            raise _unusable(database, "a database of something else")
        if tables and version != _VERSION:
            raise _unusable(
                database,
                f"version {version}",
                expected=f"version {_VERSION}, the one that this kit writes",
                advice="Use the kit that wrote the file, or name another file to begin anew.",
            )
        if database is not None:
            # The write-ahead log is flushed at each commit, so that nothing that was answered is lost.
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
    except sqlite3.Error as error:
        connection.close()
        raise _unusable(database, str(error)) from error
    except OperatorError:
        connection.close()
        raise
    return connection


def _unusable(
    database: Path | None,
    found: str,
    *,
    expected: str = "a database that an earlier run of the simulated registry wrote, or no file yet",
    advice: str = "Name a file of its own in a directory that exists and can be written to.",
) -> OperatorError:
    return OperatorError(
        "The registry's database cannot be used.",
        expected=expected,
        found=found,
        where=str(database or "in memory"),
        advice=advice,
    )
