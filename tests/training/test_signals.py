"""What Ctrl-C and a request to terminate do, by signals that this process sends itself."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator

import pytest

from disentangle_bench.training import signals


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Python's own ones, as in a terminal, and after the test those that were there."""
    before = {number: signal.getsignal(number) for number in signals.STOPPING}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def send(number: int) -> None:
    """To this thread: another thread of the test runner's might take what is sent to the process."""
    signal.pthread_kill(threading.get_ident(), number)


@pytest.mark.parametrize("number", signals.STOPPING)
class TestStopRequests:
    def test_the_first_is_an_event(self, number: int) -> None:
        with signals.stop_requests() as stop:
            assert not stop.is_set()
            send(number)
            assert stop.is_set()

    def test_the_second_interrupts(self, number: int) -> None:
        with signals.stop_requests():
            send(number)
            with pytest.raises(KeyboardInterrupt):
                send(number)

    def test_a_handler_can_interrupt_at_once(self, number: int) -> None:
        with signals.handled(signals.interrupt), pytest.raises(KeyboardInterrupt):
            send(number)

    def test_what_was_there_is_there_again(self, number: int) -> None:
        before = signal.getsignal(number)
        with signals.handled(signals.interrupt), signals.stop_requests():
            assert signal.getsignal(number) != before
        assert signal.getsignal(number) == before

    def test_what_is_ignored_stays_ignored(self, number: int) -> None:
        signal.signal(number, signal.SIG_IGN)
        with signals.stop_requests() as stop:
            send(number)
            assert not stop.is_set()

    def test_what_is_held_back_comes_afterwards(self, number: int) -> None:
        with signals.stop_requests() as stop:
            with signals.held_back():
                send(number)
                assert not stop.is_set()
            assert stop.is_set()


def test_in_a_side_thread_nothing_is_touched() -> None:
    before = [signal.getsignal(number) for number in signals.STOPPING]
    seen: list[object] = []

    def work() -> None:
        with signals.handled(signals.interrupt), signals.stop_requests() as stop:
            seen.extend(signal.getsignal(number) for number in signals.STOPPING)
            seen.append(stop.is_set())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [*before, False]
