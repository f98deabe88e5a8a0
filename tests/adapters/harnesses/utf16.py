"""Answers calls in UTF-16, as a console of Windows may."""

from wire import asked, line, serve, write


def answer(request):
    """Answer one request."""
    text = line(request) + b"\n"
    write(text.decode().encode("utf-16-le") if asked(request) else text)


serve(answer)
