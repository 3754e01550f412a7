"""Every job is done once; the crew grows while all only wait, shrinks at hang-ups, and stops at once."""

import threading
import time
from collections import Counter

import pytest

from auditor import crew as module
from auditor.crew import FEWEST, MOST, START, Crew
from auditor.lanes import Lane

LATENCY_S = 0.6


class Watch:
    """How many jobs run at the same time, and the most there were, in all and by lane."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.now: Counter[str] = Counter()
        self.most: Counter[str] = Counter()

    def job(self, lane: str, takes_s: float) -> None:
        with self.lock:
            for name in ("all", lane):
                self.now[name] += 1
                self.most[name] = max(self.most[name], self.now[name])
        time.sleep(takes_s)
        with self.lock:
            self.now.subtract(("all", lane))


def no_more_threads() -> bool:
    return not any(thread.name == "collect" for thread in threading.enumerate())


@pytest.fixture
def idle_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        module._SpareTime, "_times", staticmethod(lambda: (time.monotonic(), time.monotonic()))
    )


@pytest.fixture
def busy_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module._SpareTime, "_times", staticmethod(lambda: (0.0, time.monotonic())))


def test_every_job_is_done_once_with_its_own_result_or_exception() -> None:
    def halve(number: int) -> float:
        return 1 / (number - 7)

    done = list(Crew(range(50), halve).finished())
    assert sorted(job for job, _, _ in done) == list(range(50))
    failed = {job: error for job, _, error in done if error is not None}
    assert list(failed) == [7]
    assert isinstance(failed[7], ZeroDivisionError)
    assert all(result == 1 / (job - 7) for job, result, error in done if error is None)


def test_no_jobs_need_no_workers() -> None:
    assert list(Crew([], print).finished()) == []


@pytest.mark.usefixtures("idle_machine")
def test_it_grows_while_all_only_wait() -> None:
    watch = Watch()
    began = time.monotonic()
    assert len(list(Crew(range(300), lambda _: watch.job("", LATENCY_S)).finished())) == 300
    assert watch.most["all"] > START * 2
    assert time.monotonic() - began < 300 / START * LATENCY_S


@pytest.mark.usefixtures("idle_machine")
def test_never_more_than_asked_for_or_than_the_limit() -> None:
    watch = Watch()
    list(Crew(range(40), lambda _: watch.job("", 0.2), most=5).finished())
    assert watch.most["all"] <= 5
    crew = Crew(range(2000), lambda _: time.sleep(0.5))
    finished = crew.finished()
    for _ in range(600):
        next(finished)
        assert crew.wanted <= MOST
    finished.close()


@pytest.mark.usefixtures("busy_machine")
def test_it_does_not_grow_where_no_cpu_time_is_left() -> None:
    watch = Watch()
    list(Crew(range(120), lambda _: watch.job("", LATENCY_S)).finished())
    assert watch.most["all"] <= START


@pytest.mark.usefixtures("idle_machine")
def test_it_shrinks_when_servers_hang_up_but_keeps_a_few() -> None:
    dropped = 0

    def hang_ups() -> int:
        nonlocal dropped
        dropped += 1
        return dropped

    crew = Crew(range(150), lambda _: time.sleep(0.2), hang_ups=hang_ups)
    assert len(list(crew.finished())) == 150
    assert FEWEST <= crew.wanted < START


def test_a_lane_holds_few_and_delays_no_other() -> None:
    watch = Watch()
    jobs = [*("slow",) * 24, *("",) * 40]
    ended: list[str] = []
    crew = Crew(
        jobs,
        lambda lane: watch.job(lane, 0.5 if lane else 0.02),
        lane=lambda name: Lane(name, 8) if name else None,
    )
    for job, _, _ in crew.finished():
        ended.append(job)
    assert watch.most["slow"] == 8
    assert ended[:40].count("") >= 32, "those in no lane do not wait behind the slow ones"


def test_narrow_lanes_that_all_wait_come_to_an_end() -> None:
    watch = Watch()
    jobs = [name for name in "abc" for _ in range(30)]
    done = list(Crew(jobs, lambda name: watch.job(name, 0.01), lane=lambda name: Lane(name, 1)).finished())
    assert sorted(job for job, _, _ in done) == jobs
    assert [watch.most[name] for name in "abc"] == [1, 1, 1]
    assert watch.most["all"] > 1, "one lane does not wait for another"


def test_an_interrupt_ends_at_once_and_starts_nothing_more() -> None:
    started: list[int] = []

    def job(number: int) -> None:
        started.append(number)
        time.sleep(0.5)

    finished = Crew(range(500), job).finished()
    next(finished)
    began = time.monotonic()
    finished.close()
    assert time.monotonic() - began < 0.2
    before = len(started)
    time.sleep(0.8)
    assert len(started) == before
    assert no_more_threads()


def test_no_worker_is_left_after_the_last_job() -> None:
    list(Crew(range(100), lambda _: None).finished())
    deadline = time.monotonic() + 2
    while not no_more_threads() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert no_more_threads()
