"""The carrier that starts a program: framing, crashes, hangs, and no child left behind."""

import os
import shutil
import sys
import time
from pathlib import Path

import pytest

from conformance.adapters.contract import MAX_LINE, Outcome
from conformance.adapters.process import Process
from conformance.errors import HarnessError
from conformance.model import Blame

SHORT = 0.3
"""Seconds; the deadline of calls that are meant to miss it."""


def is_alive(pid):
    """Tell whether a process runs; one that has ended and waits to be noticed does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"


def wait_until(condition):
    """Wait for what another process does; the time is an upper bound, not a pause."""
    end = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.01)


def test_healthy_harness_is_understood(fake):
    """A healthy harness answers, is called again, and leaves no remark."""
    session = fake("healthy")
    assert session.start().implementation.name == "fake"
    assert session.call("usi.validate", {"usi": "BNGH7C75FN"}).outcome is Outcome.OK
    assert session.call("usi.validate", {"usi": "0NGH7C75FN"}).reason == "usi.alphabet"
    session.close()
    assert session.remarks == []


def test_many_calls_reach_one_process(fake):
    """The program lives for the whole conversation."""
    session = fake("healthy")
    session.start()
    pid = session._carrier.pid
    for _ in range(200):
        session.call("usi.validate", {"usi": "BNGH7C75FN"})
    assert session._carrier.pid == pid


def test_program_that_does_not_exist_is_said_so(fake):
    """A command that cannot be started is the harness's error and names the command."""
    process = Process(["no-such-program-anywhere"])
    with pytest.raises(HarnessError) as caught:
        process.open()
    assert caught.value.message == "the harness could not be started"
    assert "no-such-program-anywhere" in caught.value.found


def test_crash_before_the_handshake_has_status_and_last_words(fake):
    """A program that ends at once is reported with its exit status and its last line of standard error."""
    with pytest.raises(HarnessError) as caught:
        fake("crashes_at_once").start()
    assert caught.value.message == "the harness ended before it answered `initialize`"
    assert "ended with exit status 3" in caught.value.found
    assert "no configuration file" in caught.value.found


def test_silent_program_is_a_hang_of_the_handshake(fake):
    """A program that never answers `initialize` is given up after the deadline."""
    with pytest.raises(HarnessError) as caught:
        fake("hangs_at_once", start_deadline_s=SHORT).start()
    assert caught.value.message == "the harness did not answer `initialize`"
    assert "nothing was written to standard output" in caught.value.found


def test_garbage_is_no_handshake(fake):
    """A program that prints no answer at all is given up after the deadline, as a silent one is."""
    with pytest.raises(HarnessError, match="did not answer `initialize`"):
        fake("garbage", start_deadline_s=SHORT).start()


def test_failed_start_is_not_tried_again(fake):
    """After a failed start every call says so at once, and no second process is started."""
    session = fake("hangs_at_once", start_deadline_s=SHORT)
    with pytest.raises(HarnessError):
        session.start()
    began = time.monotonic()
    with pytest.raises(HarnessError, match="did not answer `initialize`"):
        session.call("usi.validate", {"usi": "BNGH7C75FN"})
    assert time.monotonic() - began < SHORT


def test_crash_is_an_outcome_and_the_harness_starts_again(fake):
    """A crash has its exit status; the next call finds a new process."""
    session = fake("crashes")
    answer = session.call("usi.validate", {"usi": "CRASH"})
    assert answer.outcome is Outcome.CRASH
    assert "ended with exit status 7" in answer.message
    assert "out of cheese" in answer.message
    assert session.call("usi.validate", {"usi": "BNGH7C75FN"}).outcome is Outcome.OK


def test_hang_is_an_outcome_and_the_harness_starts_again(fake):
    """Past the deadline the outcome is a hang; the next call finds a new process."""
    session = fake("hangs")
    session.start()
    first = session._carrier.pid
    answer = session.call("usi.validate", {"usi": "HANG"}, deadline_s=SHORT)
    assert answer.outcome is Outcome.HANG
    assert SHORT * 1000 <= answer.duration_ms < SHORT * 1000 + 1500
    assert session.call("usi.validate", {"usi": "BNGH7C75FN"}).outcome is Outcome.OK
    assert session._carrier.pid != first


def test_three_hangs_in_a_row_stop_the_capability(fake):
    """After three misses in a row the capability is stopped, another one goes on."""
    session = fake("hangs")
    hang = {"usi": "HANG"}
    outcomes = [session.call("usi.validate", hang, deadline_s=0.2).outcome for _ in range(3)]
    assert outcomes == [Outcome.HANG] * 3
    stopped = session.call("usi.validate", {"usi": "BNGH7C75FN"})
    assert stopped.outcome is Outcome.STOPPED
    assert stopped.message == "3 calls of checksum in a row had crashed or hung"
    store = {"path": "/x", "alias": "a", "password": "secret"}
    with pytest.raises(HarnessError, match=r"keystore\.open with a value of the wrong type"):
        session.call("keystore.open", store)  # it was asked, which is the point; the fake answers null


def test_an_answer_between_misses_keeps_the_capability(fake):
    """Only misses in a row count."""
    session = fake("crashes")
    for usi in ("C1", "C2", "BNGH7C75FN", "C3", "C4"):
        session.call("usi.validate", {"usi": usi})
    assert session.call("usi.validate", {"usi": "BNGH7C75FN"}).outcome is Outcome.OK


def test_process_per_request_is_a_crash_of_each_call(fake):
    """A program that ends after `initialize` crashes thrice and is stopped."""
    session = fake("exits_after_initialize")
    outcomes = [session.call("usi.validate", {"usi": "B"}).outcome for _ in range(4)]
    assert outcomes == [Outcome.CRASH, Outcome.CRASH, Outcome.CRASH, Outcome.STOPPED]


def test_garbage_is_quoted_when_no_answer_comes(fake):
    """Output that is no answer is named in the outcome and kept as a remark."""
    session = fake("garbles")
    answer = session.call("usi.validate", {"usi": "B"}, deadline_s=SHORT)
    assert answer.outcome is Outcome.HANG
    assert "7 lines on standard output are no answers; the first 5: " in answer.message
    assert "<html>" in answer.message
    assert [remark.blame for remark in session.remarks] == [Blame.HARNESS]


def test_flood_is_counted_and_not_kept(fake):
    """An endless flood of lines ends in a hang, not in the kit's memory."""
    session = fake("floods")
    assert session.call("usi.validate", {"usi": "B"}, deadline_s=SHORT).outcome is Outcome.HANG
    (remark,) = session.remarks
    assert "the first 5" in remark.text
    assert len(remark.text) < 1000


def test_banner_and_logs_are_passed_over_and_reported(fake):
    """Banner, log lines, CRLF and a byte-order mark are tolerated and never silently dropped."""
    session = fake("banner")
    assert session.call("usi.validate", {"usi": "BNGH7C75FN"}).outcome is Outcome.OK
    texts = [remark.text for remark in session.remarks]
    assert len(texts) == 2
    assert "byte-order mark" in texts[0]
    assert "Enrol 4.2 starting" in texts[1]
    assert "3 lines on standard output are no answers" in texts[1]


def test_byte_order_mark_before_an_answer_is_reported(fake):
    """A byte-order mark directly before the first answer is passed over and reported."""
    session = fake("byte_order_mark")
    session.start()
    (remark,) = session.remarks
    assert "byte-order mark" in remark.text


def test_utf16_is_recognised(fake):
    """Output in UTF-16 is never an answer, and the failure says what it looks like."""
    answer = fake("utf16").call("usi.validate", {"usi": "B"}, deadline_s=SHORT)
    assert answer.outcome is Outcome.HANG
    assert "look like UTF-16" in answer.message


def test_missing_line_end_is_named(fake):
    """A harness that forgets the line feed is told so, with the bytes that it wrote."""
    answer = fake("no_line_end").call("usi.validate", {"usi": "B"}, deadline_s=SHORT)
    assert answer.outcome is Outcome.HANG
    assert "bytes without a line end" in answer.message
    assert '{"jsonrpc": "2.0"' in answer.message


def test_answers_may_come_in_pieces(fake):
    """How an answer is cut into writes makes no difference."""
    session = fake("pieces")
    assert session.call("usi.validate", {"usi": "BNGH7C75FN"}).outcome is Outcome.OK
    assert session.remarks == []


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("wrong_id", "9"),
        ("text_id", "the string '1'; ids are echoed unchanged, and this one is a number"),
    ],
)
def test_wrong_id_breaks_the_contract(fake, name, found):
    """An id that is not that of the request breaks the contract, and the message shows it."""
    session = fake(name)
    with pytest.raises(HarnessError) as caught:
        session.call("usi.validate", {"usi": "BNGH7C75FN"})
    assert "with the wrong id" in caught.value.message
    assert caught.value.found == found


def test_second_answer_breaks_the_contract(fake):
    """A call that is answered twice is noticed at the next call, never taken for its answer."""
    session = fake("answers_twice")
    session.call("usi.validate", {"usi": "BNGH7C75FN"})
    with pytest.raises(HarnessError) as caught:
        session.call("usi.validate", {"usi": "BNGH7C75FN"})
    assert "that nobody had asked for" in caught.value.message or "answered twice" in caught.value.found


def test_broken_contract_does_not_end_the_session(fake):
    """After a broken contract the harness is started again and can be called."""
    session = fake("wrong_id")
    for _ in range(2):
        with pytest.raises(HarnessError, match="with the wrong id"):
            session.call("usi.validate", {"usi": "BNGH7C75FN"})


def test_longest_legal_line_is_read(fake):
    """A line of exactly 16 MiB is legal."""
    answer = fake("long_line").call("usi.validate", {"usi": str(MAX_LINE)})
    assert answer.outcome is Outcome.REJECTED
    assert len(answer.native.text) > MAX_LINE - 200


def test_one_byte_more_breaks_the_contract(fake):
    """A line of one byte more than 16 MiB breaks the contract."""
    session = fake("long_line")
    with pytest.raises(HarnessError, match="a line that is too long"):
        session.call("usi.validate", {"usi": str(MAX_LINE + 2)})  # the carrier allows a carriage return


def test_line_without_end_is_cut_off(fake):
    """A line that never ends is given up at the limit, without waiting for the deadline."""
    with pytest.raises(HarnessError, match="a line that is too long"):
        fake("endless_line").call("usi.validate", {"usi": "B"}, deadline_s=60)


@pytest.mark.parametrize(
    ("name", "message"), [("latin1", "that is not UTF-8"), ("cut_answer", "that is not JSON")]
)
def test_unreadable_answer_is_named(fake, name, message):
    """What is plainly meant as an answer but cannot be read breaks the contract at once."""
    with pytest.raises(HarnessError, match=message):
        fake(name).call("usi.validate", {"usi": "BNGH7C75FN"})


def test_closed_output_is_a_crash(fake):
    """A program that closes its output cannot answer any more, though it runs on; it is ended."""
    answer = fake("closes_output").call("usi.validate", {"usi": "BNGH7C75FN"})
    assert answer.outcome is Outcome.CRASH
    assert answer.message == "the harness closed its standard output, did not end and was killed"


def test_long_request_to_a_program_that_does_not_read_is_a_hang(fake):
    """A request that fills the pipe does not block the kit."""
    session = fake("never_reads")
    session.start()
    answer = session.call("usi.validate", {"usi": "B" * 2_000_000}, deadline_s=SHORT)
    assert answer.outcome is Outcome.HANG


def test_long_requests_arrive(fake):
    """Requests of a megabyte arrive whole, again and again."""
    session = fake("healthy")
    for _ in range(3):
        assert session.call("usi.validate", {"usi": "B" * 1_000_000}).outcome is Outcome.OK


def test_standard_error_is_kept_in_part(fake):
    """The end of standard error is kept, within its limit, without passwords."""
    session = fake("loud", stderr_limit=10_000)
    session.call("usi.validate", {"usi": "BNGH7C75FN"})
    session.call("keystore.open", {"path": "/x", "alias": "a", "password": "sesame-open"})
    session.close()
    assert 0 < len(session.stderr) <= 10_000
    assert "(password removed)" in session.stderr
    assert "sesame-open" not in session.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="asks the system for processes as POSIX does")
@pytest.mark.parametrize("miss", [True, False], ids=["after a hang", "after a tidy end"])
def test_no_descendant_is_left(fake, tmp_path, miss):
    """Ending a harness ends the processes that it has started."""
    pids = tmp_path / "pids"
    session = fake("family", str(pids))
    session.start()
    harness, child = map(int, pids.read_text(encoding="ascii").split())
    assert is_alive(child)
    if miss:
        assert session.call("usi.validate", {"usi": "B"}, deadline_s=SHORT).outcome is Outcome.HANG
    else:
        session.close()
    wait_until(lambda: not is_alive(harness) and not is_alive(child))


@pytest.mark.skipif(sys.platform == "win32", reason="asks the system for processes as POSIX does")
def test_kit_that_ends_without_closing_leaves_no_harness(tmp_path, pytester):
    """A session that nobody closed is ended when the interpreter ends."""
    pids = tmp_path / "pids"
    fakes = Path(__file__).parent / "harnesses"
    spec = f'cmd:"{sys.executable}" -S "{fakes / "family.py"}" "{pids}"'
    program = pytester.makepyfile(
        f"import sys; sys.path.insert(0, {str(Path(__file__).parents[2])!r})\n"
        "from conformance.adapters.session import attach\n"
        f"attach({spec!r}).start()\n"
    )
    assert pytester.runpython(program).ret == 0
    harness, child = map(int, pids.read_text(encoding="ascii").split())
    wait_until(lambda: not is_alive(harness) and not is_alive(child))


def test_untidy_end_is_remarked(fake):
    """An exit status other than 0 after `shutdown` is reported."""
    session = fake("untidy")
    session.start()
    session.close()
    assert [remark.text for remark in session.remarks] == [
        "After `shutdown` the harness ended with exit status 5."
    ]


def test_end_of_input_ends_the_harness_too(fake):
    """A harness that does not end at `shutdown` sees its input end; that is tidy enough."""
    session = fake("stays")
    session.start()
    session.close()
    assert session.remarks == []


def test_closed_session_makes_no_calls(fake):
    """A closed session does not start the harness again."""
    session = fake("healthy")
    session.start()
    session.close()
    session.close()
    with pytest.raises(HarnessError, match="has been closed"):
        session.call("usi.validate", {"usi": "BNGH7C75FN"})


def test_restart_that_fails_ends_the_session(fake, tmp_path):
    """A harness that cannot be started again is an error of the harness, with its last words."""
    session = fake("crashes_on_restart", str(tmp_path / "mark"))
    assert session.call("usi.validate", {"usi": "B"}).outcome is Outcome.CRASH
    for _ in range(2):
        with pytest.raises(HarnessError) as caught:
            session.call("usi.validate", {"usi": "B"})
        assert caught.value.message.startswith("after a crash or hang, the harness ended before")
        assert "the port is in use" in caught.value.found


def test_another_product_after_a_restart_is_refused(fake, tmp_path):
    """A harness that says to be another product after a restart breaks the contract."""
    session = fake("changes", str(tmp_path / "count"))
    assert session.call("usi.validate", {"usi": "B"}).outcome is Outcome.CRASH
    with pytest.raises(HarnessError, match="differently after it was started again"):
        session.call("usi.validate", {"usi": "B"})


def test_working_directory_is_the_given_one(tmp_path):
    """The program runs in the folder that was given."""
    process = Process(
        [sys.executable, "-S", "-c", "import os; print('{\"jsonrpc\":' + repr(os.getcwd())[1:-1] + '}')"],
        cwd=tmp_path,
    )
    process.open()
    with pytest.raises(HarnessError) as caught:
        process.exchange(b"{}", deadline_s=10)
    assert tmp_path.name in caught.value.found


def test_a_program_below_the_working_directory_is_found_there(tmp_path):
    """One that is named with a folder starts from it; others are looked up."""
    (tmp_path / "bin").mkdir()
    name = "bin/program.cmd" if os.name == "nt" else "bin/program"
    link = tmp_path / name
    link.write_text("#!/bin/sh\n", encoding="utf-8", newline="\n")
    link.chmod(0o755)
    assert Process([name], cwd=tmp_path).found() == shutil.which(str(link))
    assert Process([name]).found() == name
    assert Process([sys.executable], cwd=tmp_path).found() == shutil.which(sys.executable)


def test_a_harness_that_was_killed_between_calls_is_started_again(fake):
    """The kit's own kill is not taken for a crash of the next call, which knows nothing of it."""
    session = fake("healthy")
    assert session.call("usi.validate", {"usi": "BNGH7C75FN"}).outcome is Outcome.OK
    session.kill()
    assert session.call("usi.validate", {"usi": "BNGH7C75FN"}).outcome is Outcome.OK
