"""Servers on this machine for tests of remote files, and what such tests share."""

from __future__ import annotations

import itertools
import threading
import urllib.request
from urllib.parse import quote

YEARS = range(2001, 2006)
SECRET = "geheim"  # noqa: S105 - it is none
# Ends when its parent does: the pipe closes.
MOTO = """
import os, sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
os._exit(0)
"""


class Store:
    """An S3 server on this machine."""

    def __init__(self, port):
        self.address = f"127.0.0.1:{port}"
        self.env = {
            "AWS_S3_ENDPOINT": self.address,
            "AWS_HTTPS": "NO",
            "AWS_VIRTUAL_HOSTING": "FALSE",
            "AWS_ACCESS_KEY_ID": "somebody",
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": "us-east-1",
        }

    def put(self, key, content=b""):
        """Write an object, or make a bucket if there is no slash in the key."""
        url, kind = f"http://{self.address}/{quote(key)}", {"Content-Type": "image/tiff"}
        request = urllib.request.Request(url, content, kind, method="PUT")
        with urllib.request.urlopen(request):  # noqa: S310 - to this machine
            pass

    def put_folder(self, folder, key):
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                self.put(f"{key}/{path.relative_to(folder).as_posix()}", path.read_bytes())


def keep_waiting(server, count, first=0):
    """Let no request from byte `first` on be answered before so many wait side by side."""
    arrived, together = itertools.count(1), threading.Event()

    def answer(_method, _path, start):
        if start >= first and next(arrived) >= count:
            together.set()
        if start >= first:
            together.wait(60)  # only where they come one after the other

    server.answer = answer
    return together


def urls_of(server, query=""):
    return "\n".join(server.url(f"ndvi_{year}.tif{query}") for year in YEARS)


def one_line(done, status):
    """Return the one line that a run wrote when it failed."""
    assert done.returncode == status, done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("Error: ")
    assert SECRET not in lines[0]
    return lines[0]
