# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a measurement says about the machine that it was taken on, and how a process is run on some of its cores."""
import json
import os
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
# The MKL in PyTorch's wheel runs its AVX-512 code on Intel's processors only, half as fast elsewhere; this function is how it
# asks. Preloading an answer of yes makes PyTorch the faster peer, so that is what ntc is compared with.
SHIM = "int mkl_serv_intel_cpu_true(void) { return 1; }\n"


def machine():
    """(vendor, description) of the processor and the system."""
    fields = {}
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        key, _, value = line.partition(":")
        fields.setdefault(key.strip(), value.strip())
    wide = "AVX-512" if "avx512f" in fields.get("flags", "") else "AVX2" if "avx2" in fields.get("flags", "") else "no AVX2"
    text = (f"{fields.get('model name', 'unknown')} (family {fields.get('cpu family')}, model {fields.get('model')}), {wide}, "
            f"{len(os.sched_getaffinity(0))} cores usable, {os.uname().sysname} {os.uname().release}")
    return fields.get("vendor_id", ""), text


def build_shim(folder, vendor):
    """Path of the library to preload for PyTorch, or None where it brings nothing."""
    if vendor == "GenuineIntel":
        return None
    compiler = c_compiler()
    if not compiler:
        raise SystemExit("no C compiler for the MKL shim; give --no-shim to measure PyTorch without it")
    source, library = folder / "shim.c", folder / "libmklshim.so"
    source.write_text(SHIM)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source], check=True)
    return library


def c_compiler():
    return shutil.which("cc") or shutil.which("gcc") or shutil.which("clang-22")


def pin_to(threads):
    """Keeps the calling process on the last `threads` of its cores."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-threads:])


def run_process(command, threads, env, limit):
    """The last line of the output as JSON, or {"error": …}. The process is pinned to the last `threads` cores."""
    child = subprocess.Popen(command, cwd=HERE, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                             start_new_session=True, preexec_fn=lambda: pin_to(threads))
    try:
        out, err = child.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, 9)  # the session that was started above, with its compilers
        child.communicate()
        return {"error": "timeout"}
    if child.returncode != 0 or not out.strip():
        return {"error": "failed", "detail": err.strip().splitlines()[-1:]}
    return json.loads(out.strip().splitlines()[-1])
