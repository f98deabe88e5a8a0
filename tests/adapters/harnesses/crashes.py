"""Ends in the middle of a call about a USI that begins with C."""

import os
import sys

from wire import line, serve, write


def answer(request):
    """Answer one request."""
    if str(request["params"].get("usi")).startswith("C"):
        print("out of cheese", file=sys.stderr, flush=True)
        os._exit(7)
    write(line(request) + b"\n")


serve(answer)
