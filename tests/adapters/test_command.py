"""The command line of a harness is split into words, and no shell ever sees it."""

import pytest

from conformance.adapters.command import join_words, split_words
from conformance.errors import OperatorError


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("node harness.mjs", ["node", "harness.mjs"]),
        ('  "/opt/my product/run"  --x=1 ', ["/opt/my product/run", "--x=1"]),
        ("java -cp 'a b.jar' Harness", ["java", "-cp", "a b.jar", "Harness"]),
        (r"run a\ b", ["run", "a b"]),
        ("run '' x", ["run", "", "x"]),
        (
            "run $HOME *.txt | cat > x; y && z",
            ["run", "$HOME", "*.txt", "|", "cat", ">", "x;", "y", "&&", "z"],
        ),
    ],
)
def test_words_elsewhere_than_on_windows(line, words):
    """Quotes and backslashes are those of a POSIX shell; nothing else of a shell has a meaning."""
    assert split_words(line, windows=False) == words


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (r"C:\kit\harness.exe --verbose", [r"C:\kit\harness.exe", "--verbose"]),
        (r'"C:\Program Files\node\node.exe" "D:\x y\"', [r"C:\Program Files\node\node.exe", "D:\\x y\\"]),
        (r"\\server\share\h.exe O'Brien", [r"\\server\share\h.exe", "O'Brien"]),
        (r'--path="C:\a b"\c', [r"--path=C:\a b\c"]),
        ('run "" x', ["run", "", "x"]),
        ("run %PATH% & del x", ["run", "%PATH%", "&", "del", "x"]),
    ],
)
def test_words_on_windows(line, words):
    """Backslashes are kept, double quotes group."""
    assert split_words(line, windows=True) == words


@pytest.mark.parametrize("windows", [True, False])
@pytest.mark.parametrize("line", ["", "   ", 'run "x'])
def test_nothing_and_open_quotations_are_refused(line, windows):
    """An empty command line and an open quotation are the operator's errors."""
    with pytest.raises(OperatorError):
        split_words(line, windows=windows)


@pytest.mark.parametrize(
    ("words", "windows", "line"),
    [
        (["evte", "--only", "A-1[c]"], False, "evte --only 'A-1[c]'"),
        (["evte", "--only", "A-1[c]"], True, "evte --only A-1[c]"),
        (["/opt/my kit/python", "-m", "x"], False, "'/opt/my kit/python' -m x"),
        ([r"C:\my kit\python.exe", "-m", "x"], True, r'"C:\my kit\python.exe" -m x'),
        (["run", ""], False, "run ''"),
        (["run", ""], True, 'run ""'),
    ],
)
def test_words_become_a_line_and_words_again(words, windows, line):
    """What is quoted for a shell is split into the same words."""
    assert join_words(words, windows=windows) == line
    assert split_words(line, windows=windows) == words
