"""The length of the crash test: ``KILLS`` and ``N``, from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass

BATCH, THREADS = 100, 2
LATENCY_MS = 150
DELAY_MAX = 0.5  # seconds between a worker's first claim and its end
# Covers the batches that two threads claim in that time and those still claimed at the end.
MESSAGES_PER_KILL = 1_000


@dataclass(frozen=True)
class Parameters:
    kills: int
    messages: int

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> "Parameters":
        """Read the parameters.

        Raises:
            ValueError: with one sentence that names the variable and the fix.
        """
        kills = _positive("KILLS", environment.get("KILLS", "20"))
        messages = _positive("N", environment.get("N", "20000"))
        needed = kills * MESSAGES_PER_KILL
        if messages < needed:
            most = messages // MESSAGES_PER_KILL
            instead = f", or KILLS={most} or fewer" if most else ""
            raise ValueError(
                f"N={messages} is too small for KILLS={kills}: one kill can use up "
                f"{MESSAGES_PER_KILL} messages, so the last kills would hit no request; "
                f"give N={needed} or more{instead}."
            )
        return cls(kills, messages)


def _positive(name: str, written: str) -> int:
    if not (written.isascii() and written.isdigit() and int(written)):
        raise ValueError(f"{name}={written} is not valid: give a whole number above 0.")
    return int(written)
