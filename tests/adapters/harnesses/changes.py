"""Crashes on every call, and is another product each time it starts; counts in the file that is named."""

import os
import sys
from pathlib import Path

from wire import INITIALIZED, asked, line, serve, write

count = Path(sys.argv[1])
count.write_text(count.read_text() + "x" if count.exists() else "x")
INITIALIZED["value"]["implementation"]["version"] = str(len(count.read_text()))


def answer(request):
    """Answer one request."""
    if asked(request):
        os._exit(1)
    write(line(request) + b"\n")


serve(answer)
