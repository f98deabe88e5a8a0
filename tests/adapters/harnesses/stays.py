"""Answers `shutdown` and everything after it, and ends only with its input."""

from wire import line, requests, write

for request in requests():
    write(line(request) + b"\n")
