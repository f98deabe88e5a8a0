"""What may be demanded of a product with a hostile store: take no bait, call nobody, stay bounded."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from conformance.adapters.contract import REASONS, Outcome
from conformance.adapters.memory import PeakMemory
from conformance.errors import ImplementationError
from conformance.model import Subcode
from conformance.protocol.secrets import Search
from conformance.simulators.listener import Listener
from conformance.simulators.recipes.hostile import MARK, Trap
from conformance.simulators.stores import PASSWORD
from conformance.suite.iut import Reply
from conformance.suite.stores import Stores, must_not_tell
from conformance.suite.surroundings import must_not_have_said

ANY_REASON: Final = tuple(reason for reason in REASONS if reason.startswith("keystore."))
"""Where a hostile store is refused, any of these is right: there is more than one thing wrong with it."""

BOMB_S: Final = 1.0
BOMB_BYTES: Final = 50_000_000
"""What an entity bomb of a few kilobytes may cost.  A parser with limits stops after milliseconds."""

SWOLLEN_S: Final = 5.0
"""Seconds for a file of 50 MB: a quarter of what the contract gives a call, and time enough to read it."""
SWOLLEN_BYTES: Final = 1_000_000_000
"""Memory for a file of 50 MB: twenty times its size, which is what a tree of a slow library takes."""

_NEWER_NS: Final = 2_000_000_000
"""By how much a replaced file is younger: some file systems count in two seconds."""


def must_take_no_bait(stores: Stores, name: str, alias: str, trap: Trap) -> Reply:
    """Have a store with bait opened and listed, and demand that the bait was not taken.

    Args:
        stores: of the run.
        name: of the trap, unique within the run.
        alias: to open.
        trap: its files are laid beside the store.

    Raises:
        ImplementationError: the store opened by what another file holds, or something of that file was told.
    """
    path = stores.place(name, [trap.data], trap.files)
    search = Search({"the content of another file": MARK})
    reply = stores.iut.keystore_open(str(path), alias, PASSWORD, stores.now)
    if trap.opens_if_taken and reply.answer.outcome is Outcome.OK:
        raise ImplementationError(
            "a store opened whose key was in another file",
            subcode=Subcode.ACCEPTED_INVALID,
            expected="a refusal: the file itself holds no key",
            found=reply.described(),
            advice="let the parser resolve no entities, and no inclusions",
        )
    reply.must_be_ok_or_refused(*ANY_REASON)
    try:
        for told in (reply, stores.iut.keystore_list(str(path))):
            must_not_tell(told, {"the content of another file": MARK})
        must_not_have_said(stores.iut, search)
    except ImplementationError as error:
        # The mark is no secret: that it was told shows only that the bait was taken.
        error.subcode = Subcode.ACCEPTED_INVALID
        raise
    return reply


def must_be_silent(listener: Listener) -> None:
    """Demand that nobody called.

    Raises:
        ImplementationError: somebody did.
    """
    if listener.calls:
        raise ImplementationError(
            "an address that stands in a store was called",
            subcode=Subcode.ACCEPTED_INVALID,
            expected="no connection",
            found=f"{len(listener.calls)} connections; {listener.calls[0] or 'nothing was sent'}",
            advice="give the parser no network and no way to resolve external identifiers",
        )


def must_be_bounded(stores: Stores, path: Path, alias: str, *, seconds: float, memory: int) -> None:
    """Demand an orderly answer, either way, within limits; the better of two counts.

    Args:
        stores: of the run.
        path: of the store.
        alias: to open.
        seconds: that the answer may take.
        memory: bytes by which the product may grow meanwhile, where that can be seen.

    Raises:
        ImplementationError: it crashed, hung, or was beyond a limit twice.
    """
    for last in (False, True):
        meter = PeakMemory(stores.iut.session.pid)
        reply = stores.iut.keystore_open(str(path), alias, PASSWORD, stores.now)
        growth = meter.growth() or 0
        reply.must_be_ok_or_refused(*ANY_REASON)
        took_s = reply.answer.duration_ms / 1000
        if took_s <= seconds and growth <= memory:
            return
        if last:
            raise ImplementationError(
                "a hostile store costs too much",
                subcode=Subcode.SLOW,
                expected=f"an answer within {seconds:g} s and {memory // 1_000_000} MB",
                found=f"{took_s:.1f} s, {growth // 1_000_000} MB (the second time)",
                advice="bound the size of the file before it is parsed, and let the parser bound the rest",
            )


def replace(path: Path, data: bytes) -> None:
    """Put another file in the place of a store, at once, as installers do.

    Raises:
        ImplementationError: the product keeps the file open so that it cannot be replaced (Windows).
    """
    new = path.with_name("keystore-new.xml")
    new.write_bytes(data)
    later = path.stat().st_mtime_ns + _NEWER_NS
    os.utime(new, ns=(later, later))
    try:
        new.replace(path)
    except PermissionError as problem:
        new.unlink()
        raise ImplementationError(
            "the store cannot be replaced while the product runs",
            subcode=Subcode.STATE_LEAK,
            expected="a file that is closed once it was read",
            found=str(problem.strerror),
            advice="close the file after reading it",
        ) from problem


def write_over(path: Path, data: bytes) -> None:
    """Write over a store in its place, as a copy that was broken off does."""
    later = path.stat().st_mtime_ns + _NEWER_NS
    path.write_bytes(data)
    os.utime(path, ns=(later, later))


@contextlib.contextmanager
def read_only(path: Path) -> Iterator[bool]:
    """Allow a file and its folder to be read only, for a while; gives whether that binds this user."""
    modes = {each: each.stat().st_mode for each in (path, path.parent)}
    path.chmod(0o400)
    path.parent.chmod(0o500)
    try:
        try:
            with path.open("r+b"):
                binds = False
        except OSError:
            binds = True
        yield binds
    finally:
        for each, mode in reversed(modes.items()):
            each.chmod(mode)
