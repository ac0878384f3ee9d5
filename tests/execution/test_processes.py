"""Worker processes: whatever becomes of them, nobody waits in vain, or is left behind."""

from __future__ import annotations

import concurrent.futures.process
import multiprocessing
import os
import pickle
import signal
import threading
import time
from collections import deque
from concurrent.futures.process import _CallItem, _ResultItem

import numpy as np
import pytest
from local_workers import local, sleep_for_ever, square
from running import wait_until

from pixeltrend.errors import WorkerError
from pixeltrend.execution.executors import map_ordered
from pixeltrend.execution.processes import _ARRAYS, _answer
from pixeltrend.raster.windows import Window


def die_at_three(number):
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def exit_at_three(number):
    if number == 3:
        os._exit(7)
    return number


def sleep_until_killed(number):
    if number == 2:
        os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(600)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (die_at_three, r"a worker died at 3 \(killed by signal 9\); .* less --memory may help"),
        (sleep_until_killed, r"a worker died at 2 \(killed by signal 15\)$"),
        (exit_at_three, r"a worker died at 3 \(exit 7\)$"),
    ],
)
def test_a_dead_worker_is_named_with_its_task(function, said):
    with pytest.raises(WorkerError, match=said) as raised, local(4, function) as submit:
        list(map_ordered(submit, range(10), in_flight=8))
    assert "\n" not in str(raised.value)
    assert not multiprocessing.active_children()


def test_a_worker_that_dies_while_nobody_waits_is_named():
    with (  # noqa: PT012 - the second half is what raises
        pytest.raises(WorkerError, match="killed by signal 9"),
        local(2, square) as submit,
    ):
        results = map_ordered(submit, range(10), in_flight=2)
        next(results)
        pool = submit.__self__._executor
        wait_until(lambda: not pool._pending_work_items)
        os.kill(multiprocessing.active_children()[0].pid, signal.SIGKILL)
        wait_until(lambda: pool._broken)
        list(results)


def test_a_task_that_is_submitted_while_a_worker_dies_is_not_lost(monkeypatch):
    item = concurrent.futures.process._WorkItem
    submitted = []

    def kill_first(*arguments):
        if len(submitted) == 3:
            os.kill(multiprocessing.active_children()[0].pid, signal.SIGKILL)
            for _ in range(50):  # while this lasts, it must not begin to look who waits
                if submit.__self__._executor._broken:
                    break
                time.sleep(0.01)
        return item(*arguments)

    monkeypatch.setattr(concurrent.futures.process, "_WorkItem", kill_first)
    with local(2, sleep_for_ever) as submit:
        while len(submitted) < 4:
            submitted.append(submit(len(submitted)))
        for result in submitted:
            assert "killed by signal 9" in str(result.exception(timeout=60))


MEGABYTES = 2**24


def answer_much_and_die(delay):
    threading.Timer(delay, os.kill, (os.getpid(), signal.SIGKILL)).start()
    return np.ones(MEGABYTES, np.uint8)


@pytest.mark.parametrize("delay", [0.0, 0.005, 0.01, 0.02, 0.05, 0.1])
def test_a_worker_killed_in_the_middle_of_its_answer_leaves_nobody_waiting(delay):
    with (
        pytest.raises(WorkerError, match="worker died"),
        local(2, answer_much_and_die, MEGABYTES) as submit,
    ):
        for _ in map_ordered(submit, [delay] * 500, in_flight=4):
            pass
    assert not multiprocessing.active_children()


@pytest.mark.parametrize("delay", [0.0, 0.01, 0.02, 0.05])
def test_leaving_in_the_middle_of_an_answer_leaves_nobody_waiting(delay):
    def leave():
        with local(2, much, MEGABYTES) as submit:
            for number in range(4):
                submit(number)
            time.sleep(delay)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        leave()
    assert not multiprocessing.active_children()


def much(number):
    return np.full((3, MEGABYTES // 12), number, np.float32), number


def test_an_array_is_the_shared_memory_itself():
    with local(2, much, MEGABYTES) as submit:
        for task, (block, number) in map_ordered(submit, range(10), in_flight=4):
            assert block.shape == (3, MEGABYTES // 12)
            assert block.dtype == np.float32
            assert not block.flags.owndata
            assert (block == task).all()
            assert number == task


def test_arrays_stay_as_long_as_somebody_keeps_them():
    kept = deque(maxlen=3)
    with local(2, much, MEGABYTES, 3) as submit:
        for task, result in map_ordered(submit, range(30), in_flight=4):
            kept.append((task, result))
            for number, (block, _) in kept:
                assert (block == number).all()


@pytest.mark.parametrize("count", [0, 1, 5, 1000])
def test_any_number_of_arrays_arrives(count):
    with local(2, several, 2**20) as submit:
        for task, arrays in map_ordered(submit, [count] * 6, in_flight=4):
            assert [array.tolist() for array in arrays] == [[n % 9] * (n % 9) for n in range(task)]


def several(count):
    return [np.full(n % 9, n % 9) for n in range(count)]


def test_an_answer_that_is_too_long_is_an_error():
    with local(2, bytes) as submit:
        with pytest.raises(ValueError, match="memoryview"):
            submit(MEGABYTES).result(timeout=60)
        assert submit(3).result(timeout=60) == bytes(3)


def fail_at_length(_):
    raise ValueError("long " * 2**18)


def test_a_long_error_is_cut():
    with local(2, fail_at_length) as submit:
        error = submit(0).exception(timeout=60)
    assert str(error).startswith("ValueError: long long")
    assert len(str(error)) < 4096


def test_what_goes_through_the_pipe_is_taken_as_a_whole():
    """A pipe takes 512 bytes as a whole on every system (POSIX); 4 of them are their number."""
    longest = 2**40, [2**40] * (_ARRAYS + 1)
    assert len(pickle.dumps(_ResultItem(2**40, result=longest))) + 4 <= 512
    window = Window(2**31, 2**31, 2**31, 2**31)
    assert len(pickle.dumps(_CallItem(2**40, _answer, (2**40, window), {}))) + 4 <= 512


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
    with local(2, function) as submit:
        calls = [submit(number) for number in range(3)]
        assert all(call.exception() is not None for call in calls)
        assert submit(3).exception() is not None
        assert len(multiprocessing.active_children()) == 2


@pytest.mark.parametrize("victim", [0, 1])
def test_an_idle_worker_that_is_killed_at_the_end_holds_nobody_up(monkeypatch, victim):
    """One of two idle workers holds the lock of the queue that the other one waits for."""
    manager = concurrent.futures.process._ExecutorManagerThread
    end_workers = manager.shutdown_workers

    def kill_first(self):
        process = list(self.processes.values())[victim]
        time.sleep(0.3)  # until both are idle
        process.kill()
        process.join()
        end_workers(self)

    monkeypatch.setattr(manager, "shutdown_workers", kill_first)
    with local(2, square) as submit:
        assert [result for _, result in map_ordered(submit, range(4), in_flight=4)] == [0, 1, 4, 9]
    assert not multiprocessing.active_children()


def submit_for_ever(error):
    """Give two workers what they never finish, and fail while they are at it."""
    with local(2, sleep_for_ever) as submit:
        for number in range(4):
            submit(number)
        wait_until(lambda: len(multiprocessing.active_children()) == 2)
        raise error


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_leaving_with_an_error_ends_the_workers(error):
    with pytest.raises(error):
        submit_for_ever(error)
    assert not multiprocessing.active_children()


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            BlockingIOError(11, "no more processes"),
            r"3 worker processes cannot .* no more proc",
        ),
        (RuntimeError("no more threads"), "cannot be started: no more threads; give fewer"),
        (KeyboardInterrupt("now"), "now"),
    ],
    ids=repr,
)
def test_workers_that_cannot_all_start_leave_nobody_behind(monkeypatch, error, told):
    start = multiprocessing.process.BaseProcess.start
    started = []

    def start_once(process):
        if started:
            raise error
        started.append(process)
        start(process)

    monkeypatch.setattr(multiprocessing.process.BaseProcess, "start", start_once)
    with (  # noqa: PT012 - spawned workers start one by one, with the tasks
        pytest.raises((WorkerError, KeyboardInterrupt), match=told),
        local(3, sleep_for_ever) as submit,
    ):
        for number in range(3):
            submit(number)
    assert len(started) == 1
    assert not multiprocessing.active_children()
