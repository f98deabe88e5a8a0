"""Answers with as many bytes as the USI says."""

from wire import line, serve, write

TEXT = b'{"jsonrpc":"2.0","id":%d,"result":{"status":"rejected","native":{"code":"E7","text":"%s"}}}'


def answer(request):
    """Answer one request."""
    usi = request["params"].get("usi")
    if usi is None:
        write(line(request) + b"\n")
    else:
        write(TEXT % (request["id"], b"x" * (int(usi) - len(TEXT % (request["id"], b"")))) + b"\n")


serve(answer)
