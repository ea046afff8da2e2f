"""What asking may cost: calls, money and time, counted while they are spent."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import monotonic


class Spent(Exception):
    """Nothing more may be asked; the message says which limit was reached."""


@dataclass(slots=True)
class Budget:
    """The limits of one server in one run, and what was spent of them."""

    max_calls: int | None = None
    max_cost: float | None = None
    deadline: float | None = None
    """Seconds of wall time from the first call."""
    price: tuple[float, float] | None = None
    """For a million tokens: read, written; in the currency of `max_cost`."""
    calls: int = 0
    read: int = 0
    written: int = 0
    guessed: int = 0
    """Replies that did not say how many tokens they took; they are counted at the most they can have taken."""
    stopped: str = ""
    """Why nothing more is asked, once and for all."""
    _began: float | None = field(default=None, repr=False)

    @property
    def cost(self) -> float | None:
        """What was spent; None where the suite names no price."""
        return None if self.price is None else (self.read * self.price[0] + self.written * self.price[1]) / 1e6

    def take(self) -> None:
        """One call more.

        Raises:
            Spent: it would be one too many.
        """
        if self.stopped:
            raise Spent(self.stopped)
        self._began = monotonic() if self._began is None else self._began
        if self.max_calls is not None and self.calls >= self.max_calls:
            raise self._stop(f"the budget of {self.max_calls} calls is spent (max_calls)")
        if self.max_cost is not None and (self.cost or 0.0) >= self.max_cost:
            raise self._stop(f"the budget of {self.max_cost:g} is spent (max_cost)")
        if self.left() <= 0:
            raise self._stop(f"the {self.deadline:g} seconds for this server are over (deadline)")
        self.calls += 1

    def left(self) -> float:
        """Seconds until the deadline; infinite where there is none."""
        if self.deadline is None or self._began is None:
            return float("inf")
        return self.deadline - (monotonic() - self._began)

    def pay(self, read: int | None, written: int | None, *, most_read: int, most_written: int) -> None:
        """What one reply took, or the most that it can have taken where it does not say."""
        if read is None or written is None:
            self.guessed += 1
        self.read += most_read if read is None else read
        self.written += most_written if written is None else written

    def stop(self, why: str) -> None:
        """Ask nothing more."""
        self.stopped = self.stopped or why

    def _stop(self, why: str) -> Spent:
        self.stop(why)
        return Spent(self.stopped)
