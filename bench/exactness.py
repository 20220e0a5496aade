"""How exact cuts are: build/release/bench-exact does it, this writes down what it says."""

import os
import subprocess

from servers import PROGRAM, Failed

BENCH_EXACT = os.path.join(os.path.dirname(PROGRAM), "bench-exact")


def exact(_rounds, _seconds):
    """Every exact cut of the language, each 200 times, side by side."""
    if not os.access(BENCH_EXACT, os.X_OK):
        raise Failed("build/release/bench-exact is not built; ./dev build builds it")
    run = subprocess.run([BENCH_EXACT], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    if run.returncode not in (0, 1):
        raise Failed(f"bench-exact ended with {run.returncode}: {run.stdout[-2000:]}")
    verdict = "Every one was exact." if run.returncode == 0 else "**NOT all were exact.**"
    return f"{verdict}\n\n```\n{run.stdout.strip()}\n```", run.returncode == 0
