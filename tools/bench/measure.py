# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How a Python peer is measured: synthetic batches, warm-up, windows, peak memory, one JSON line.

The same as `ntc bench` does: eight fixed batches in turn, 0.5 s of running first, the median of seven windows, of three where
steps are long. Imports no
framework, so that a peer can time its own import and set its environment before. The process is pinned by its parent.
"""

import argparse
import json
import os
import statistics
import time

import numpy as np

from workloads import ALL, BATCHES

WINDOWS = 7
FEW_WINDOWS = 3  # where a step takes longer than a window should


def arguments(modes):
    parser = argparse.ArgumentParser()
    parser.add_argument("--workload", required=True, choices=list(ALL))
    parser.add_argument("--mode", default=modes[0], choices=modes)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--precision", default="f32", choices=("f32", "bf16"), help="bf16: automatic mixed precision")
    parser.add_argument("--seconds", type=float, default=3.0, help="measured time, all windows together")
    return parser.parse_args()


def batches(workload, int_type):
    """BATCHES dicts of numpy arrays, the same for every peer."""
    rng = np.random.default_rng(0)
    result = []
    for _ in range(BATCHES):
        batch = {}
        for name, (shape, kind) in workload.inputs.items():
            if kind == "normal":
                batch[name] = rng.standard_normal(shape, dtype=np.float32)
            elif kind == "uniform":
                batch[name] = rng.random(shape, dtype=np.float32)
            else:
                batch[name] = rng.integers(0, kind, shape, dtype=int_type)
        result.append(batch)
    return result


def peak_rss_mb():
    """The most memory that this process held, in 10^6 bytes; its compilers' subprocesses are not in it."""
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    raise SystemExit("/proc/self/status has no VmHWM")


def since_process_start():
    """Seconds since the kernel started this process, to a hundredth."""
    with open("/proc/self/stat") as stat:
        ticks = int(stat.read().rpartition(")")[2].split()[19])  # the 22nd field; the second ends with a parenthesis
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")


def run(name, version, build, seconds):
    """build() -> (step, number of parameters); step(i) returns a loss whose float() waits for the whole step."""
    workload = ALL[name]
    start = time.perf_counter()
    step, params = build()
    float(step(0))
    first_step_s, from_start_s = time.perf_counter() - start, since_process_start()
    if params != workload.params:
        raise SystemExit(f"{name}: expected {workload.params} parameters, found {params}")
    count = 1
    for _ in range(2):  # optimizer state, a second compilation, the allocator
        float(step(count))
        count += 1
    start, done = time.perf_counter(), 0
    while done < 1 or (time.perf_counter() - start < 0.5 and done < 10_000):
        float(step(count))
        count, done = count + 1, done + 1
    steps = seconds / WINDOWS * done / (time.perf_counter() - start)
    per_window, rates = max(1, round(steps)), []
    for _ in range(WINDOWS if steps >= 1 else FEW_WINDOWS):
        start = time.perf_counter()
        for _ in range(per_window):
            loss = step(count)
            count += 1
        float(loss)
        rates.append(per_window / (time.perf_counter() - start))
    print(json.dumps({"steps_per_s": statistics.median(rates), "first_step_s": first_step_s, "from_start_s": from_start_s,
                      "version": version, "peak_rss_mb": peak_rss_mb(), "params": params}), flush=True)
