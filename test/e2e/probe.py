# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Where the tests find the programs and files of the build."""
import os
import pathlib
import re
import subprocess

from support import BIN

BUILD = BIN.parent
PROBE = str(BUILD / "test" / "e2e" / "ntc-e2e-probe")
SOURCE = pathlib.Path(os.environ.get("NTC_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
RUNTIME = BUILD / "lib" / "libntc_runtime.so"
CACHE = (BUILD / "CMakeCache.txt").read_text() if (BUILD / "CMakeCache.txt").exists() else ""
SANITIZED = re.search(r"^NTC_SANITIZE:STRING=.+$", CACHE, re.MULTILINE) is not None


def needed(path):
    """The libraries that a program or library names."""
    out = subprocess.run(["readelf", "--dynamic", "--wide", str(path)], check=True, capture_output=True, text=True).stdout
    return set(re.findall(r"\(NEEDED\).*\[(.*)\]", out))
