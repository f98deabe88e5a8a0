"""Writes each answer byte by byte."""

from wire import line, serve, write


def answer(request):
    """Answer one request."""
    for byte in line(request) + b"\r\n":
        write(bytes([byte]))


serve(answer)
