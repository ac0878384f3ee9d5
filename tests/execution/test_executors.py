"""Where chunks are computed: in order, and bounded, whatever the executor."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from local_workers import local, square

from pixeltrend.errors import ArgumentError
from pixeltrend.execution.executors import Workers, available_cpus, map_ordered


def sleep_longer_at_first(number):
    time.sleep(0.01 * (5 - number % 5))
    return number


def process_id(_):
    time.sleep(0.01)
    return os.getpid()


def fail_at_three(number):
    if number == 3:
        raise ValueError("three")
    return number


class Counting(Executor):
    """Runs nothing until a result is wanted, and counts what is submitted."""

    def __init__(self):
        self.submitted = 0

    def submit(self, fn, /, *args, **kwargs):
        self.submitted += 1
        return LazyFuture(lambda: fn(*args, **kwargs))


class LazyFuture(Future):
    def __init__(self, call):
        super().__init__()
        self.call = call

    def result(self, timeout=None):
        if not self.done():
            self.set_result(self.call())
        return super().result(timeout)


@contextmanager
def some_executor(name, function):
    if name.isdigit():
        with local(int(name), function) as submit:
            yield submit
        return
    spawn = multiprocessing.get_context("spawn")  # safe whatever threads a test runner has
    pool = ThreadPoolExecutor(3) if name == "threads" else ProcessPoolExecutor(2, spawn)
    with pool, Workers(executor=pool).open([]) as (start, _):
        yield start(function, 0, 2, 0)


@pytest.mark.parametrize("name", ["1", "2", "threads", "processes"])
def test_results_come_in_order_with_their_tasks(name):
    with some_executor(name, sleep_longer_at_first) as submit:
        results = list(map_ordered(submit, range(20), in_flight=4))
    assert results == [(number, number) for number in range(20)]


@given(st.integers(0, 30), st.integers(1, 8))
def test_what_is_in_flight_is_bounded(count, in_flight):
    executor = Counting()
    taken = 0
    for _ in map_ordered(partial(executor.submit, square), range(count), in_flight=in_flight):
        assert executor.submitted - taken <= in_flight
        taken += 1
    assert taken == executor.submitted == count


@pytest.mark.parametrize("name", ["1", "threads"])
def test_tasks_are_taken_as_they_are_needed(name):
    asked = []

    def tasks():
        for number in range(1000):
            asked.append(number)
            yield number

    with some_executor(name, square) as submit:
        results = map_ordered(submit, tasks(), in_flight=4)
        for _ in range(3):
            next(results)
        assert len(asked) <= 3 + 4
        results.close()


def test_no_tasks():
    with local(2, square) as submit:
        assert list(map_ordered(submit, [], in_flight=4)) == []


@pytest.mark.parametrize("name", ["1", "2", "threads"])
def test_an_error_is_raised_where_its_result_would_be(name):
    taken = []
    with (  # noqa: PT012 - the loop is what raises
        pytest.raises(ValueError, match="three"),
        some_executor(name, fail_at_three) as submit,
    ):
        for task, _ in map_ordered(submit, range(10), in_flight=4):
            taken.append(task)
    assert taken == [0, 1, 2]


def test_calls_that_have_not_begun_are_cancelled():
    called = []
    go_on = threading.Event()

    def call(number):
        called.append(number)
        if number == 1:
            go_on.wait()

    with ThreadPoolExecutor(1) as executor:
        results = map_ordered(partial(executor.submit, call), range(5), in_flight=5)
        next(results)
        results.close()
        go_on.set()
    assert set(called) <= {0, 1}


def test_one_worker_is_this_process():
    with local(1, process_id) as submit:
        assert submit(0).result() == os.getpid()


def test_several_workers_are_other_processes():
    with local(2, process_id) as submit:
        found = {pid for _, pid in map_ordered(submit, range(20), in_flight=4)}
    assert os.getpid() not in found
    assert 1 <= len(found) <= 2
    assert not multiprocessing.active_children()


@pytest.mark.parametrize("workers", [0, -1])
def test_no_workers_are_refused(workers):
    with pytest.raises(ArgumentError):
        Workers(workers=workers)


def test_cpus_are_those_this_process_may_use():
    assert available_cpus() == len(os.sched_getaffinity(0))


@pytest.mark.parametrize(
    ("workers", "executor", "threads"),
    [(1, "processes", 1), (3, "processes", 3), (3, "threads", 3), (9, "processes", 4),
     (None, "processes", 4)],
)  # fmt: skip
def test_as_many_threads_compress_as_there_are_workers(monkeypatch, workers, executor, threads):
    monkeypatch.setattr("pixeltrend.execution.executors.available_cpus", lambda: 4)
    assert Workers(workers, executor=executor).writer_threads == threads
