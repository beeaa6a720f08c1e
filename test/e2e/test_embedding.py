#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The program of docs/embedding.md builds with a C compiler and the runtime library alone, trains, and resumes bit for bit."""
import re

from support import Case, main, subprocess, unittest
from probe import RUNTIME, SANITIZED, SOURCE, needed


@unittest.skipIf(SANITIZED, "a plain C program cannot load a library with sanitizers")
class Embedding(Case):
    def build(self):
        page = (SOURCE / "docs" / "embedding.md").read_text()
        programs = re.findall(r"^```c\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
        self.assertEqual(len(programs), 1)
        self.assertLess(programs[0].count("\n"), 100, "the program fits no page any more")
        self.write("embedding.c", programs[0])
        self.compile_program()
        self.assertIn("libntc_runtime.so.0", needed(self.here / "embedding"))
        self.succeeds("new", "mlp", "-o", "mlp.pb")
        self.succeeds("compile", "mlp.pb", "--batch-size=32", "-o", "mlp.so")

    def compile_program(self):
        subprocess.run(["cc", "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "embedding.c", "-o", "embedding",
                        f"-I{SOURCE}/runtime/include", f"-L{RUNTIME.parent}", "-lntc_runtime", f"-Wl,-rpath,{RUNTIME.parent}"],
                       cwd=self.here, check=True)

    def train(self, state):
        return self.succeeds("./mlp.so", state, program=str(self.here / "embedding")).out.splitlines()

    def test_it_trains_saves_and_resumes(self):
        self.build()
        first = self.train("state.safetensors")
        self.assertEqual(len(first), 10)
        self.assertTrue(first[0].startswith("step 1  "), first[0])
        second = self.train("state.safetensors")
        self.assertTrue(second[0].startswith("step 11  "), second[0])
        losses = [float(re.search(r"loss ([0-9.]+)", line).group(1)) for line in first + second]
        self.assertLess(losses[-1], losses[0])

    def test_twice_ten_steps_are_twenty(self):
        self.build()
        self.train("parts.safetensors"), self.train("parts.safetensors")
        source = (self.here / "embedding.c").read_text()
        self.assertIn("STEPS = 10", source)
        self.write("embedding.c", source.replace("STEPS = 10", "STEPS = 20"))
        self.compile_program()
        self.assertEqual(len(self.train("whole.safetensors")), 20)
        self.assertTrue((self.here / "whole.safetensors").read_bytes() == (self.here / "parts.safetensors").read_bytes())

    def test_what_it_says_when_something_is_missing(self):
        self.build()
        ending = self.run_program("./absent.so", "state.safetensors", program=str(self.here / "embedding"))
        self.assertEqual(ending.code, 1)
        self.assertIn("absent.so", ending.err)
        self.write("state.safetensors", b"no state")
        ending = self.run_program("./mlp.so", "state.safetensors", program=str(self.here / "embedding"))
        self.assertEqual(ending.code, 1)
        self.assertIn("state.safetensors", ending.err)


if __name__ == "__main__":
    main()
