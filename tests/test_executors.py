"""Where chunks are computed: in order, bounded, and nobody left behind."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st
from running import wait_until

from pixeltrend.errors import ArgumentError, WorkerError
from pixeltrend.execution.executors import Place, available_cpus, map_ordered


def square(number):
    return number * number


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


def die_at_three(number):
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def sleep_for_ever(_):
    time.sleep(600)


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
def local_executor(workers):
    with Place(workers=workers).open([]) as (executor, count):
        assert count == workers
        yield executor


def some_executor(name):
    if name == "threads":
        return ThreadPoolExecutor(3)
    if name == "processes":
        spawn = multiprocessing.get_context("spawn")  # safe whatever threads a test runner has
        return ProcessPoolExecutor(2, mp_context=spawn)
    return local_executor(int(name))


@pytest.mark.parametrize("name", ["1", "2", "threads", "processes"])
def test_results_come_in_order_with_their_tasks(name):
    with some_executor(name) as executor:
        results = list(map_ordered(executor, sleep_longer_at_first, range(20), in_flight=6))
    assert results == [(number, number) for number in range(20)]


@given(st.integers(0, 30), st.integers(1, 8))
def test_what_is_in_flight_is_bounded(count, in_flight):
    executor = Counting()
    taken = 0
    for _ in map_ordered(executor, square, range(count), in_flight=in_flight):
        taken += 1
        assert executor.submitted - taken <= in_flight
    assert taken == executor.submitted == count


@pytest.mark.parametrize("name", ["1", "threads"])
def test_tasks_are_taken_as_they_are_needed(name):
    asked = []

    def tasks():
        for number in range(1000):
            asked.append(number)
            yield number

    with some_executor(name) as executor:
        results = map_ordered(executor, square, tasks(), in_flight=4)
        for _ in range(3):
            next(results)
        assert len(asked) <= 3 + 4
        results.close()


def test_no_tasks():
    with local_executor(1) as executor:
        assert list(map_ordered(executor, square, [], in_flight=4)) == []


@pytest.mark.parametrize("name", ["1", "2", "threads"])
def test_an_error_is_raised_where_its_result_would_be(name):
    taken = []
    with (  # noqa: PT012 - the loop is what raises
        pytest.raises(ValueError, match="three"),
        some_executor(name) as executor,
    ):
        for task, _ in map_ordered(executor, fail_at_three, range(10), in_flight=4):
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
        results = map_ordered(executor, call, range(5), in_flight=5)
        next(results)
        results.close()
        go_on.set()
    assert set(called) <= {0, 1}


def test_one_worker_is_this_process():
    with local_executor(1) as executor:
        assert executor.submit(os.getpid).result() == os.getpid()


def test_several_workers_are_other_processes():
    with local_executor(2) as executor:
        found = {pid for _, pid in map_ordered(executor, process_id, range(20), in_flight=4)}
    assert os.getpid() not in found
    assert 1 <= len(found) <= 2
    assert not multiprocessing.active_children()


@pytest.mark.parametrize("workers", [0, -1])
def test_no_workers_are_refused(workers):
    with pytest.raises(ArgumentError):
        Place(workers=workers)


def test_killed_worker_is_said_with_its_task():
    with pytest.raises(WorkerError, match="worker died") as raised, local_executor(2) as executor:
        list(map_ordered(executor, die_at_three, range(10), in_flight=4))
    assert "\n" not in str(raised.value)
    wait_until(lambda: not multiprocessing.active_children())


def answer_much_and_die(delay):
    threading.Timer(delay, os.kill, (os.getpid(), signal.SIGKILL)).start()
    return bytes(2**27)


@pytest.mark.parametrize("delay", [0.0, 0.02, 0.05, 0.08, 0.12, 0.2])
def test_a_worker_killed_in_the_middle_of_its_answer_leaves_nobody_waiting(delay):
    with pytest.raises(WorkerError, match="worker died"), local_executor(2) as executor:
        list(map_ordered(executor, answer_much_and_die, [delay] * 50, in_flight=4))
    wait_until(lambda: not multiprocessing.active_children())


@pytest.mark.parametrize("delay", [0.0, 0.01, 0.02, 0.05, 0.08, 0.12])
def test_leaving_in_the_middle_of_an_answer_leaves_nobody_waiting(delay):
    def leave():
        with local_executor(2) as executor:
            for _ in range(4):
                executor.submit(bytes, 2**27)
            time.sleep(delay)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        leave()
    wait_until(lambda: not multiprocessing.active_children())


class UnreadableError(Exception):
    def __init__(self, one, two):
        super().__init__(one)
        self.two = two


def raise_unreadable(_):
    raise UnreadableError(1, 2)


def leave_the_process(_):
    raise SystemExit(7)


def give_a_lambda(_):
    return lambda: None


@pytest.mark.parametrize("function", [raise_unreadable, leave_the_process, give_a_lambda])
def test_whatever_a_call_does_is_told(function):
    with local_executor(2) as executor:
        calls = [executor.submit(function, number) for number in range(3)]
        assert all(call.exception() is not None for call in calls)
        assert executor.submit(square, 3).result() == 9


def submit_for_ever(error):
    """Give two workers what they never finish, and fail while they are at it."""
    with local_executor(2) as executor:
        for number in range(4):
            executor.submit(sleep_for_ever, number)
        wait_until(lambda: len(multiprocessing.active_children()) == 2)
        raise error


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_leaving_with_an_error_ends_the_workers(error):
    with pytest.raises(error):
        submit_for_ever(error)
    wait_until(lambda: not multiprocessing.active_children())


def test_cpus_are_those_this_process_may_use():
    assert available_cpus() == len(os.sched_getaffinity(0))


@pytest.mark.parametrize("error", [BlockingIOError, KeyboardInterrupt])
def test_workers_that_cannot_all_start_leave_nobody_behind(monkeypatch, error):
    start = multiprocessing.process.BaseProcess.start
    started = []

    def start_once(process):
        if started:
            raise error
        started.append(process)
        start(process)

    monkeypatch.setattr(multiprocessing.process.BaseProcess, "start", start_once)
    with pytest.raises(error), local_executor(3):
        pass
    assert len(started) == 1
    assert not multiprocessing.active_children()
