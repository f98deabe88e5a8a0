"""Writes one line without end instead of an answer."""

from wire import asked, line, requests, write

for request in requests():
    while asked(request):
        write(b"x" * 65536)
    write(line(request) + b"\n")
