"""Writes an answer in Latin-1."""

from wire import asked, line, serve, write

BAD = '{"jsonrpc":"2.0","id":%d,"result":{"status":"rejected","native":{"code":"E7","text":"ungültig"}}}\n'


def answer(request):
    """Answer one request."""
    write((BAD % request["id"]).encode("latin-1") if asked(request) else line(request) + b"\n")


serve(answer)
