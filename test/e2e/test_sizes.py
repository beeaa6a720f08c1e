#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What an application carries along: small files that need the system's C and C++ libraries only."""
from support import Case, NTC_RUN, main, shutil, subprocess, unittest
from probe import RUNTIME, SANITIZED, needed

SYSTEM = {"libc.so.6", "libm.so.6", "libgcc_s.so.1", "libstdc++.so.6", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}


@unittest.skipIf(SANITIZED, "sanitizers change sizes and libraries")
class Sizes(Case):
    def stripped_size(self, path):
        copy = self.here / "stripped"
        shutil.copyfile(path, copy)
        subprocess.run(["strip", "--strip-unneeded", str(copy)], check=True)
        return copy.stat().st_size

    def test_runtime_library(self):
        self.assertLessEqual(self.stripped_size(RUNTIME), 1_000_000)
        self.assertLessEqual(needed(RUNTIME), SYSTEM)

    def test_runtime_exports_its_interface_only(self):
        out = subprocess.run(["nm", "--dynamic", "--defined-only", str(RUNTIME)], check=True, capture_output=True, text=True).stdout
        names = [line.split()[-1] for line in out.splitlines()]
        self.assertTrue(names)
        self.assertEqual([name for name in names if not name.startswith(("ntc_", "NTC_"))], [])

    def test_artifact(self):
        self.succeeds("new", "mlp", "-o", "mlp.pb")
        self.succeeds("compile", "mlp.pb", "--batch-size=64,32", "-o", "mlp.so")
        self.assertLessEqual((self.here / "mlp.so").stat().st_size, 300_000)
        self.assertLessEqual(needed(self.here / "mlp.so"), SYSTEM)

    def test_ntc_run_has_no_compiler(self):
        self.assertLessEqual(needed(NTC_RUN), SYSTEM | {"libz.so.1", "libpng16.so.16", "libjpeg.so.62"})


if __name__ == "__main__":
    main()
