"""Starts a child that outlives it, writes both ids to the file that is named, then hangs on a call."""

import os
import subprocess
import sys
import time
from pathlib import Path

from wire import asked, line, serve, write

child = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(60)"])
Path(sys.argv[1]).write_text(f"{os.getpid()} {child.pid}", encoding="ascii")


def answer(request):
    """Answer one request."""
    if asked(request):
        time.sleep(60)
    write(line(request) + b"\n")


serve(answer)
