"""Several questions at once, and an end to waiting."""

import threading

from jetson_containers.questions import ask_all


def test_answers_come_in_the_order_of_the_questions_and_faults_are_answers():
    fault = ValueError("no")

    def fail() -> int:
        raise fault

    assert ask_all([lambda: 1, fail, lambda: 3], workers=2, seconds=60) == [1, fault, 3]


def test_who_is_not_done_in_time_has_no_answer():
    released = threading.Event()
    try:
        assert ask_all([released.wait, lambda: True], seconds=0.2) == [None, True]
    finally:
        released.set()


def test_not_more_are_asked_at_the_same_time_than_there_are_workers():
    lock, running, most = threading.Lock(), [0], [0]

    def ask() -> None:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        threading.Event().wait(0.01)
        with lock:
            running[0] -= 1

    ask_all([ask] * 12, seconds=60, workers=3)
    assert (most[0], running[0]) == (3, 0)


def test_nothing_asked_is_nothing_answered():
    assert ask_all([], seconds=1) == []
