#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""--precision=bf16: what the manifest says, planned memory, bits that depend on no thread and no interruption."""
import json
import re

from support import Case, main
from probe import PROBE


class Precision(Case):
    def compile(self, family, batch, *flags, output="model.so"):
        self.succeeds("new", *family.split(), "-o", "model.pb")
        return self.succeeds("compile", "model.pb", f"--batch-size={batch}", "--precision=bf16", "-o", output, *flags)

    def test_manifest_and_remarks(self):
        ending = self.compile("mlp", 8, "--remarks-filter=mixed-precision")
        self.assertIn("remark: mixed-precision: fc1: matmul of bf16, summed in f32", ending.err)
        self.assertEqual(json.loads(self.succeeds("inspect", "model.so", "--json").out)["precision"], "bf16")
        self.refused(2, "f16 is not available", "compile", "model.pb", "--precision=f16", "-o", "x.so")
        self.write("half.textproto", b"precision: F16\n")
        self.refused(1, "the recipe's precision F16 is not available", "compile", "model.pb", "--spec", "half.textproto",
                     "-o", "x.so")

    def test_copies_on_the_stack_are_bounded(self):
        for family, batch in (("mlp --input 64 --hidden 60000 --classes 3", 16), ("mlp --input 64 --hidden 64", 30000)):
            code = self.compile(family, batch, "--emit=llvm", output="-").out
            copies = [int(elements) for elements in re.findall(r"alloca i16, i64 (\d+)", code)]
            self.assertTrue(copies, family)
            self.assertLess(max(copies), 128 * 1024, family)

    def test_checkpoints_are_those_of_f32(self):
        for precision in ("f32", "bf16"):
            self.succeeds("new", "mlp", "-o", "model.pb")
            self.succeeds("train", "model.pb", "--data", "synthetic?samples=32", "--batch-size", "16", "--epochs", "1",
                          "--precision", precision, "--out", precision)
        self.succeeds("train", "model.pb", "--data", "synthetic?samples=32", "--batch-size", "16", "--epochs", "1",
                      "--weights", "bf16/latest", "--out", "next")

    def test_plan_is_exact(self):
        for family, batch in (("mlp", 32), ("lenet", 16), ("resnet18", 2)):
            self.compile(family, batch)
            plan = json.loads(self.succeeds("plan", "model.so", "--json").out)
            real = json.loads(self.succeeds("memory", "model.so", batch, 2, program=PROBE).out)
            self.assertEqual(plan["arena_bytes"], real["peak_bytes"], f"{family}: {real}")
            self.assertEqual(real["heap_in_steps"], 0, f"{family}: {real}")

    def test_threads_change_no_bit(self):
        for family, batch in (("mlp --hidden 500,300", 64), ("cnn", 8), ("resnet18", 4)):
            self.compile(family, batch)
            runs = []
            for threads in (1, 2, 4):
                file = f"{threads}.safetensors"
                losses = self.succeeds("steps", "model.so", batch, threads, 4, file, program=PROBE).out
                runs.append((losses, (self.here / file).read_bytes()))
            self.assertEqual(runs[1:], runs[:1] * 2, family)

    def test_resumes_at_every_step(self):
        self.succeeds("model", "model.pb", program=PROBE)
        self.succeeds("compile", "model.pb", "--batch-size=10,4", "--precision=bf16", "-o", "model.so")
        self.succeeds("resume", "model.so", 10, 64, 20, self.here, program=PROBE)

    def test_other_processors(self):
        """Without instructions for bf16 the same numbers come out; nothing is left undefined in the artifact."""
        losses = {}
        for cpu in ("native", "x86-64-v4", "x86-64-v3", "x86-64-v2"):
            self.compile("mlp --hidden 500,300", 64, f"--mcpu={cpu}", output=f"{cpu}.so")
            ending = self.run_program("steps", f"{cpu}.so", 64, 2, 6, f"{cpu}.safetensors", program=PROBE)
            if ending.code != 0 and cpu != "native":
                self.assertIn("avx", ending.err, str(ending))  # this machine lacks an instruction set
                continue
            losses[cpu] = [float.fromhex(x) for x in re.findall(r"loss=(\S+)/", ending.out)]
        for cpu, values in losses.items():
            for value, expected in zip(values, losses["native"], strict=True):
                self.assertAlmostEqual(value, expected, delta=1e-3 * abs(expected), msg=cpu)


if __name__ == "__main__":
    main()
