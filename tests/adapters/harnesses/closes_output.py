"""Closes standard output in the middle of a call and stays."""

import os
import time

from wire import asked, line, requests, write

for request in requests():
    if asked(request):
        os.close(1)
        time.sleep(60)
    write(line(request) + b"\n")
