"""A headless Chromium for tests of pages, by its DevTools protocol."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import os
import shutil
from contextlib import contextmanager
from subprocess import DEVNULL, PIPE
from typing import TYPE_CHECKING, Any

from running import started

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
_KEYS = {"ArrowRight": 39, "ArrowDown": 40, "ArrowLeft": 37, "ArrowUp": 38, "Tab": 9, "Enter": 13}


def find_chromium() -> str | None:
    """Where Chromium is; None if it is not installed."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


@contextmanager
def browsing(folder: Path) -> Iterator[Tab]:
    """A tab of a Chromium of its own, which keeps its files in `folder`."""
    from tornado.websocket import websocket_connect

    command = [
        find_chromium(), "--headless", "--remote-debugging-port=0", f"--user-data-dir={folder}",
        "--no-first-run", "--disable-gpu", "--disable-dev-shm-usage", "--disable-extensions",
        "--disable-background-networking", *(["--no-sandbox"] if os.geteuid() == 0 else []),
        "about:blank",
    ]  # fmt: skip
    with asyncio.Runner() as runner, started(command, stdout=DEVNULL, stderr=PIPE) as process:
        address = next(line for line in process.stderr if b"DevTools listening on " in line)
        url = address.decode().split(" on ")[1].strip()

        async def connect() -> Any:
            return await websocket_connect(url, max_message_size=2**28)

        socket = runner.run(connect())
        try:
            yield Tab(runner, socket)
        finally:
            socket.close()
            process.stderr.close()


class Tab:
    """One page in a browser, and all that it reports."""

    def __init__(self, runner: asyncio.Runner, socket: Any) -> None:
        self._runner, self._socket, self._numbers = runner, socket, itertools.count(1)
        self._session: str | None = None
        self.events: list[dict[str, Any]] = []
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        attached = self.send("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the protocol and return its result."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session

        async def call() -> dict[str, Any]:
            await self._socket.write_message(json.dumps(message))
            while True:
                answer = json.loads(await self._socket.read_message())
                if answer.get("id") == number:
                    return answer
                self.events.append(answer)

        answer = self._runner.run(call())
        assert "error" not in answer, answer
        return answer["result"]

    def open(self, page: Path, *, width: int = 1000, height: int = 900, dark: bool = False) -> None:
        """Show a file in a window of a size, and wait until its script is ready."""
        self.events.clear()
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 500,
        )  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", features=[scheme])
        self.send("Page.navigate", url=page.absolute().as_uri())
        self.evaluate(
            "new Promise(done => { const look = () => document.documentElement?.dataset.ready"
            " ? setTimeout(done, 300) : setTimeout(look, 20); look(); })"
        )

    def evaluate(self, script: str) -> Any:
        """Return what an expression of JavaScript is, after any promise."""
        found = self.send(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def click(self, x: float, y: float) -> None:
        """Click at a point of the window."""
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
        self.evaluate("new Promise(done => setTimeout(done, 400))")  # Bokeh waits for a double tap

    def press(self, key: str) -> None:
        """Press and release a key."""
        for kind in ("keyDown", "keyUp"):
            code = _KEYS.get(key, ord(key[0]))
            text = {"text": key} if kind == "keyDown" and len(key) == 1 else {}
            self.send(
                "Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, **text
            )

    def picture(self) -> bytes:
        """Return a picture of the whole page, PNG."""
        taken = self.send("Page.captureScreenshot", captureBeyondViewport=True)
        return base64.b64decode(taken["data"])

    def requests(self) -> list[str]:
        """Return what was asked for, besides data within the page and what its policy refused."""
        blocked = {
            event["params"]["requestId"]
            for event in self.events
            if event["method"] == "Network.loadingFailed" and event["params"].get("blockedReason")
        }
        urls = [
            event["params"]["request"]["url"]
            for event in self.events
            if event["method"] == "Network.requestWillBeSent"
            and event["params"]["requestId"] not in blocked
        ]
        return [url for url in urls if not url.startswith(("data:", "blob:"))]

    def complaints(self) -> list[Any]:
        """Return errors, also those that the console tells, and exceptions."""
        return [
            event["params"]
            for event in self.events
            if event["method"] == "Runtime.exceptionThrown"
            or event["params"].get("entry", {}).get("level") == "error"
            or (
                event["method"] == "Runtime.consoleAPICalled"
                and event["params"]["type"] in {"error", "warning", "assert"}
            )
        ]
