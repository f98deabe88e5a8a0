"""Answers calls with the value of a variable of its environment."""

import os

from wire import line, serve, write


def answer(request):
    """Answer one request."""
    value = {"status": "ok", "value": str(os.environ.get("EVTE_TEST"))}
    write(line(request, given=value if request["method"] == "usi.check_character" else None) + b"\n")


serve(answer)
