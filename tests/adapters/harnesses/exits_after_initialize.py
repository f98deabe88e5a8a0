"""Serves one request per process, as a program made for the command line would."""

from wire import line, requests, write

for request in requests():
    write(line(request) + b"\n")
    break
