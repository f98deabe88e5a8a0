"""Prints lines that are no answers without end, once it is called."""

from wire import asked, line, requests, write

for request in requests():
    while asked(request):
        write(b"the quick brown fox jumps over the lazy dog\n" * 1000)
    write(line(request) + b"\n")
