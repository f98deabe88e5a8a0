"""Answers `initialize` and never reads again."""

import time

from wire import line, requests, write

for request in requests():
    write(line(request) + b"\n")
    time.sleep(60)
