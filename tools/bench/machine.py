# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a measurement says about the machine that it was taken on, and how it is kept on some of its cores."""
import os
from pathlib import Path


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


def pin_to(threads):
    """Keeps the calling process on the last `threads` of its cores."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-threads:])
