"""Runs the command line in this process; then prints what each part of it took, as JSON.

    python shares.py slope 'exports/*.tiff' -o trend.tif --workers 2 --quiet

CPU seconds of `workers` (child processes), of this process's own `threads` by name, and of its
`native` threads, which are GDAL's and compress the output; voluntary and involuntary `switches`.
With one worker GDAL compresses in the main thread.
"""

from __future__ import annotations

import json
import resource
import sys
import threading
import time
from collections import Counter

THREADS: Counter[str] = Counter()


def count_threads() -> None:
    """Count the CPU seconds of each of Python's threads, by the first word of its name."""
    start = threading.Thread.start

    def start_counting(thread: threading.Thread) -> None:
        run, name = thread.run, thread.name.partition("-")[0]

        def run_counting() -> None:
            try:
                run()
            finally:
                THREADS[name] += time.thread_time()

        thread.run = run_counting  # type: ignore[method-assign]
        start(thread)

    threading.Thread.start = start_counting  # type: ignore[method-assign]


def shares() -> dict[str, object]:
    """Return what was taken until now; of children, by those that have ended."""
    own, workers = (
        resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    threads = {"MainThread": time.thread_time(), **THREADS}
    return {
        "workers": workers.ru_utime + workers.ru_stime,
        "threads": threads,
        "native": max(0.0, time.process_time() - sum(threads.values())),
        "switches": [own.ru_nvcsw + workers.ru_nvcsw, own.ru_nivcsw + workers.ru_nivcsw],
    }


def main() -> None:
    count_threads()
    from pixeltrend.__main__ import main as run

    sys.argv[0] = "pixeltrend"
    try:
        run()
    except SystemExit as end:
        if end.code:
            raise
    print(json.dumps(shares()))


if __name__ == "__main__":
    main()
