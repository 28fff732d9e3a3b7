"""Whole processes from start to end: the best and the median of five runs each."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

COMMANDS = (
    ("--help",),
    ("targets",),
    ("targets", "--host"),
    ("list", "--target", "x86-cu130"),
    ("plan", "sglang", "--target", "x86-cu130"),
    ("plan", "sglang", "--target", "orin-jp62", "--json"),
    ("autotag", "sglang", "--offline"),
)


def main() -> None:
    print(f"{'command':<48}{'best':>8}{'median':>8}  seconds")
    for words in COMMANDS:
        times = []
        for _ in range(5):
            begun = time.perf_counter()
            subprocess.run(
                [sys.executable, "-m", "jetson_containers.cli.main", *words],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            times.append(time.perf_counter() - begun)
        print(f"{' '.join(words):<48}{min(times):>8.2f}{statistics.median(times):>8.2f}")


if __name__ == "__main__":
    main()
