"""Never answers a USI that begins with H."""

import time

from wire import line, serve, write


def answer(request):
    """Answer one request."""
    if str(request["params"].get("usi")).startswith("H"):
        time.sleep(60)
    write(line(request) + b"\n")


serve(answer)
