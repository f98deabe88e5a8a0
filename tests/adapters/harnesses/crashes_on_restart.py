"""Starts once; crashes on a call and on every later start."""

import os
import sys
from pathlib import Path

from wire import asked, line, serve, write

mark = Path(sys.argv[1])
if mark.exists():
    sys.exit("the port is in use")
mark.touch()


def answer(request):
    """Answer one request."""
    if asked(request):
        os._exit(1)
    write(line(request) + b"\n")


serve(answer)
