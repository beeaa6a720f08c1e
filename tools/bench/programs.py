# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""ntc's programs as a user starts them: the most memory that each held, and how long a command took."""
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from machine import pin_to

POLL = 0.002  # seconds between two readings of a process's memory, which never shrinks


def most_memory(process):
    """The most memory that the process held so far, in 10^6 bytes; nothing once it has ended."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return None
    for line in status.splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1e6
    return None


def watch(command, threads, limit):
    """Runs `command` on `threads` cores: (seconds, 10^6 bytes at the most). Its output is thrown away."""
    start, peak = time.perf_counter(), 0.0
    with tempfile.TemporaryFile() as errors, subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=errors, preexec_fn=lambda: pin_to(threads)) as child:
        while child.poll() is None:
            peak = max(peak, most_memory(child.pid) or 0.0)
            if time.perf_counter() - start > limit:
                child.kill()
            time.sleep(POLL)
        seconds = time.perf_counter() - start
        if child.returncode != 0:
            errors.seek(0)
            raise SystemExit(f"error: {' '.join(map(str, command))} failed: {errors.read().decode()[-500:]}")
    return seconds, peak


def measure(ntc, model, batch, threads, limit):
    """For one JSON row: peaks of `ntc-run` in the middle of training and of `ntc train` with its compiler, and how long a whole
    `ntc train` of one step takes from start to end, compiled anew, its run folder and report included."""
    folder = Path(tempfile.mkdtemp(prefix="ntc-bench-"))
    try:
        words = ["--batch-size", str(batch), "--threads", str(threads)]
        subprocess.run([ntc, "compile", model, "--batch-size", str(batch), "-o", folder / "model.so"], check=True,
                       capture_output=True)
        _, running = watch([Path(ntc).with_name("ntc-run"), folder / "model.so", "--bench", "--seconds", "0.5", *words], threads,
                           limit)
        seconds, training = watch([ntc, "train", model, "--data", "synthetic", "--max-steps", "1", "--no-cache", *words, "--out",
                                   folder / "run"], threads, limit)
        return {"run_peak_mb": running, "train_peak_mb": training, "train_s": seconds}
    finally:
        shutil.rmtree(folder)
