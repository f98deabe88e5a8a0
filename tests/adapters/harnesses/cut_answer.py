"""Breaks an answer over two lines."""

from wire import asked, line, serve, write


def answer(request):
    """Answer one request."""
    text = line(request)
    write(text.replace(b'"result"', b'\n"result"') + b"\n" if asked(request) else text + b"\n")


serve(answer)
