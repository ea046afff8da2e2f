"""The footprint: memory that was taken and let go inside is seen, and fresh requests may be asked together."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence

import pytest

from harness.exchange import Facts, Request, Response, lots
from harness.footprint import footprint
from harness.pool import Place, Pool
from harness.watch import Silent

MEGA = 1_000_000


@pytest.mark.skipif(sys.platform != "linux", reason="needs memory that is given back to the system at once")
def test_half_a_gigabyte_is_seen_even_where_it_is_let_go() -> None:
    with footprint() as taken:
        held = b"x" * (500 * MEGA)
        time.sleep(0.01)
        del held
    assert taken.peak is not None
    assert 495 * MEGA < taken.peak < 560 * MEGA
    with footprint() as little:
        sum(range(1000))
    assert little.peak is not None
    assert little.peak < 20 * MEGA


def test_nobody_watches_unless_asked() -> None:
    with footprint(watched=False) as taken:
        pass
    assert taken.peak is None


def test_what_is_raised_inside_comes_out() -> None:
    with pytest.raises(ValueError, match="inside"), footprint():
        raise ValueError("inside")


class Model:
    """Notes what it is asked at once."""

    facts = Facts()

    def __init__(self) -> None:
        self.calls: list[list[str]] = []

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        self.calls.append([request.prompt for request in requests])
        time.sleep(0.02)
        yield from ((at, Response(text=r.prompt, new_tokens=1)) for at, r in reversed(list(enumerate(requests))))

    def close(self) -> None:
        """Nothing."""


def fresh(prompt: str, together: str = "", memory: bool = False) -> Request:
    return Request("generate", prompt, fresh=True, together=together, memory=memory)


def ask(by_sample: bool, *requests: tuple[str, Request]) -> tuple[dict[str, Model], list[Response]]:
    models = {name: Model() for name in dict.fromkeys(name for name, _ in requests)}
    places = [Place(name, lambda m=made: m, None, by_sample) for name, made in models.items()]  # type: ignore[misc]
    return models, Pool(places, Silent()).answer(requests)


def test_marked_requests_reach_the_model_at_once_and_share_their_time() -> None:
    asked = [
        ("a", fresh("1", "x")),
        ("a", fresh("2", "x")),
        ("b", fresh("3", "x")),
        ("a", fresh("4")),
        ("a", fresh("5")),
    ]
    models, responses = ask(False, *asked)
    assert models["a"].calls == [["1", "2"], ["4"], ["5"]]
    assert models["b"].calls == [["3"]]
    assert [r.text for r in responses] == ["1", "2", "3", "4", "5"]
    assert responses[0].seconds == responses[1].seconds
    assert all(r.seconds is not None and r.seconds >= 0.02 for r in responses)
    assert all(r.peak_bytes is None for r in responses)


def test_memory_is_watched_where_it_is_asked_for() -> None:
    _, (first, second) = ask(False, ("a", fresh("1", memory=True)), ("a", fresh("2")))
    assert first.peak_bytes is not None
    assert first.peak_bytes >= 0
    assert second.peak_bytes is None


def test_a_recording_has_no_time_of_many_at_once() -> None:
    _, responses = ask(True, ("a", fresh("1", "x")), ("a", fresh("2", "x")))
    assert [r.seconds for r in responses] == [None, None]


def test_lots() -> None:
    assert lots([]) == []
    assert lots([fresh("1", "x"), fresh("2", "y"), fresh("3", "y"), fresh("4"), fresh("5")]) == [[0], [1, 2], [3], [4]]


def test_marks_do_not_change_the_question() -> None:
    assert fresh("1", "x", True).digest == fresh("1").digest
    assert fresh("1", "x", True) == fresh("1")


def test_a_local_model_answers_a_lot_in_one_go(tmp_path: object) -> None:
    from pathlib import Path

    import tiny
    from harness.local import Residents, identify
    from harness.models.transformers import transformers

    folder = tiny.causal(Path(str(tmp_path)) / "base")
    checkpoint = identify("candidate", {"pretrained": str(folder)}, folder=Path(str(tmp_path)))
    model = transformers(checkpoint, Residents(), print)
    asked = [Request("generate", p, max_new_tokens=4, fresh=True, together="x") for p in ("one", "two", "three")]
    alone = [Request("generate", p, max_new_tokens=4, fresh=True) for p in ("one", "two", "three")]
    together, apart = (dict(model.answer(requests)) for requests in (asked, alone))
    assert [together[at].text for at in range(3)] == [apart[at].text for at in range(3)]
    assert together[0].seconds == together[1].seconds == together[2].seconds
    assert apart[0].seconds != apart[1].seconds
    model.close()
