"""The memory that a call took is seen where the system shows it, and nowhere invented."""

import os
import sys

import pytest

from conformance.adapters.memory import PeakMemory
from conformance.adapters.process import Process

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows the peak of memory")


@linux
def test_memory_that_was_used_and_given_back_is_seen():
    """The peak counts, not what is left of it."""
    meter = PeakMemory(os.getpid())
    del_me = bytearray(os.urandom(1)) * 80_000_000
    assert del_me
    del del_me
    growth = meter.growth()
    assert growth is None or 60_000_000 < growth < 200_000_000


@linux
def test_a_peak_before_the_beginning_does_not_count():
    """What was used earlier is forgotten."""
    del_me = bytearray(b"x") * 80_000_000
    del del_me
    growth = PeakMemory(os.getpid()).growth()
    assert growth is None or growth < 20_000_000


def test_without_a_process_there_is_no_figure():
    """Nothing to look at, or no longer."""
    assert PeakMemory(None).growth() is None
    assert PeakMemory(2**22 + 5).growth() is None


def test_a_program_has_a_folder_of_its_own_for_temporary_files():
    """It is told of it by the variables of every platform, and it is gone in the end."""
    program = "import os; print(*(os.environ[n] for n in ('TMPDIR','TEMP','TMP')), sep='|')"
    process = Process([sys.executable, "-S", "-c", f"{program}; input()"])
    process.open()
    folder = process.temporary
    assert folder.is_dir()
    process._child.process.stdin.write(b"\n")
    process._child.process.wait(10)
    process.close(grace_s=5)
    assert "|".join([str(folder)] * 3) in process.stray.excerpts[0]
    assert not folder.exists()
