"""Greets before the first answer, logs between the answers, and writes CRLF with a byte-order mark."""

from wire import line, serve, write

write(b"\xef\xbb\xbfEnrol 4.2 starting\r\n")


def answer(request):
    """Answer one request."""
    write(b'{"level": "info", "text": "called"}\r\n')
    write(line(request) + b"\r\n")


serve(answer)
