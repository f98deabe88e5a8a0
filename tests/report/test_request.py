"""A request line is taken apart only if it is one."""

import pytest

from conformance.report.request import Asked, read


def test_reads_a_request():
    """Method and parameters come out, values as JSON with letters unescaped, the frame's own left out."""
    line = '{"jsonrpc":"2.0","id":3,"method":"usi.validate","params":{"usi":"\\u041d","deadline_ms":1}}'
    assert read(line) == Asked("usi.validate", (("usi", '"\u041d"'),))


@pytest.mark.parametrize(
    "line", ["", "usi=2NGH7C75F8", "[1]", '{"method":1,"params":{}}', '{"params":', "\ud800"]
)
def test_leaves_other_texts(line):
    """Anything else is shown as it is."""
    assert read(line) is None
