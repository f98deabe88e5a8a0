"""How much memory an implementation took during a call, where that can be seen: on Linux.

The peak of resident memory is reset before the call and read after it, over the program and the children in
its group (a harness is often started through another program).  Elsewhere there is no figure, and whoever
asks must do without.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_PEAK: Final = re.compile(rb"^VmHWM:\s*(\d+) kB$", re.MULTILINE)
_NOW: Final = re.compile(rb"^VmRSS:\s*(\d+) kB$", re.MULTILINE)
_RESET_PEAK: Final = b"5"  # proc(5), /proc/pid/clear_refs


class PeakMemory:
    """Measures from its making until `growth` is asked for."""

    def __init__(self, pid: int | None) -> None:
        """Begin.

        Args:
            pid: of the program, the leader of its group; of the kit itself for an implementation in the same
                process; None where there is none to look at.
        """
        self._pid = pid
        self._before = _resident(pid)

    def growth(self) -> int | None:
        """Return the bytes by which the peak since the beginning exceeds what was in use then.

        None where it cannot be seen: no Linux, another machine, or a process that was started again.
        """
        if self._pid is None or not self._before:
            return None
        total = 0
        for pid in _group(self._pid):
            peak = _read(pid, _PEAK)
            if peak is None:
                continue
            total += max(0, peak - self._before.get(pid, 0))
        return total if self._pid in _group(self._pid) else None


def _resident(pid: int | None) -> dict[int, int]:
    """Reset the peaks of a group and return what each of its processes uses; empty where that is not seen."""
    found: dict[int, int] = {}
    if pid is None:
        return found
    for member in _group(pid):
        try:
            (_PROC / str(member) / "clear_refs").write_bytes(_RESET_PEAK)
        except OSError:
            return {}
        now = _read(member, _NOW)
        if now is not None:
            found[member] = now
    return found if pid in found else {}


def _group(pid: int) -> list[int]:
    """Return a program and the other members of its group; nothing where there is no /proc of Linux.

    The kit's own group holds whatever it was started with, so that of the kit only itself counts.
    """
    if not (_PROC / str(pid) / "status").exists():
        return []
    if pid == os.getpid():
        return [pid]
    return [pid, *(other for other, group in _groups() if group == pid and other != pid)]


def _groups() -> Iterator[tuple[int, int]]:
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_bytes().rpartition(b")")[2].split()
            except OSError:
                continue  # it has ended meanwhile
            yield int(entry.name), int(fields[2])


def _read(pid: int, pattern: re.Pattern[bytes]) -> int | None:
    try:
        match = pattern.search((_PROC / str(pid) / "status").read_bytes())
    except OSError:
        return None
    return int(match[1]) * 1024 if match else None
