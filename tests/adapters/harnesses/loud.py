"""Writes a lot to standard error, the parameters of each call among it, and repeats the password."""

import sys

from wire import line, serve, write


def answer(request):
    """Answer one request."""
    if request["method"] != "shutdown":
        print("noise " * 40_000, file=sys.stderr)
        print(request["params"], file=sys.stderr, flush=True)
    text = f"no key opens with {request['params'].get('password')}"
    refused = {"status": "rejected", "native": {"code": "E1", "text": text}}
    write(line(request, given=refused if request["method"] == "keystore.open" else None) + b"\n")


serve(answer)
