"""Torture: real runs with faults of many kinds, and a table of what happened: ``make torture``.

Each round has a seed of its own, made of --seed, the fault and the number of the round. With
--resume FILE results are appended to it, and rounds that went well in it are not run again.
"""

from __future__ import annotations

import argparse
import importlib
import json
import random
import signal
import sys
import tempfile
from collections import Counter, defaultdict
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from command import HungError, WrongError
from rounds import Bench, Fault

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FAMILIES = ("kills", "disks", "headers", "inputs", "outputs", "surroundings", "cluster")
COLUMNS = {
    "old": "old output",
    "new": "complete new one",
    "refused": "refused, one line",
    "hung": "hung",
    "wrong": "wrong",
}


def chosen(fault: Fault, given: argparse.Namespace) -> Iterator[int]:
    """Yield the numbers of the rounds to run: all, or some from first to last."""
    count = fault.quick if given.quick else -(-fault.rounds * given.scale // 1)
    count = min(int(count), fault.rounds, given.rounds or fault.rounds)
    for step in range(count):
        yield step * fault.rounds // count


def attempt(fault: Fault, bench: Bench, number: int, seed: int) -> tuple[str, str]:
    """Run one round; return what became of it, and what was wrong."""
    chance = random.Random(f"{seed}/{fault.name}/{number}")  # noqa: S311 - nothing is kept secret
    try:
        return fault.round(bench, chance, number), ""
    except HungError as error:
        return "hung", str(error)
    except WrongError as error:
        return "wrong", str(error)
    finally:
        bench.end()


def table(faults: Iterable[Fault], counts: dict[str, Counter[str]]) -> Iterator[str]:
    """Yield the lines of the table in Markdown."""
    yield f"| fault | rounds | {' | '.join(COLUMNS.values())} |"
    yield f"| --- | --- | {' | '.join('---' for _ in COLUMNS)} |"
    total: Counter[str] = Counter()
    for name in (fault.name for fault in faults):
        count = counts[name]
        total += count
        if count:
            numbers = " | ".join(str(count[column]) for column in COLUMNS)
            yield f"| {name} | {count.total()} | {numbers} |"
    yield f"| all | {total.total()} | {' | '.join(str(total[c]) for c in COLUMNS)} |"


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("families", nargs="*", help=f"of {', '.join(FAMILIES)} [all]")
    parser.add_argument("--seed", type=int, default=1, help="of the rounds [1]")
    parser.add_argument("--rounds", type=int, help="at most, of each fault")
    parser.add_argument("--scale", type=float, default=1.0, help="part of all rounds [1]")
    parser.add_argument("--quick", action="store_true", help="the part that takes two minutes")
    parser.add_argument("--resume", type=Path, metavar="FILE", help="results, one a line")
    parser.add_argument("--table", action="store_true", help="of what --resume has; run nothing")
    return parser.parse_args()


def read(path: Path | None) -> dict[tuple[str, int], dict[str, Any]]:
    """Return the last result of each round in a file."""
    found = {}
    for line in path.read_text().splitlines() if path and path.exists() else ():
        with suppress(ValueError):  # the last line of a torture that was killed
            result = json.loads(line)
            found[result["fault"], result["round"]] = result
    return found


def is_torn(path: Path) -> bool:
    """Return whether the last line of a file has no end."""
    return path.read_bytes()[-1:] not in (b"", b"\n")


def run(
    faults: Iterable[Fault], bench: Bench, given: argparse.Namespace
) -> Iterator[dict[str, Any]]:
    """Yield the results of the chosen rounds; those that went well before are not run again."""
    done = read(given.resume)
    for fault in faults:
        counts: Counter[str] = Counter()
        for number in chosen(fault, given):
            result = done.get((fault.name, number), {"outcome": ""})
            if result["outcome"] in {"", "hung", "wrong"}:
                outcome, detail = attempt(fault, bench, number, given.seed)
                result = {"fault": fault.name, "round": number, "outcome": outcome}
                if detail:
                    result["detail"] = detail
                    print(f"{fault.name}, round {number}: {outcome}: {detail}", file=sys.stderr)
                if given.resume:
                    with given.resume.open("a") as file:
                        file.write("\n" * is_torn(given.resume) + json.dumps(result) + "\n")
            counts[result["outcome"]] += 1
            yield result
        print(f"{fault.name}: {dict(counts)}", file=sys.stderr)


def main() -> int:
    """Run the rounds that are missing, and print the table."""
    # Shells start what is in the background with it ignored, and what is ignored stays ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    given = options()
    names = given.families or FAMILIES
    faults = [fault for name in names for fault in importlib.import_module(name).FAULTS]
    if given.table:
        results = list(read(given.resume).values())
    else:
        with tempfile.TemporaryDirectory(prefix="torture-", ignore_cleanup_errors=True) as folder:
            results = list(run(faults, Bench(Path(folder)), given))
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for result in results:
        counts[result["fault"]][result["outcome"]] += 1
    print("\n".join(table(faults, counts)))
    return any(count["hung"] or count["wrong"] for count in counts.values())


if __name__ == "__main__":
    sys.exit(main())
