#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Verbs that report: what people see, and the keys that machines read."""
import json
from pathlib import Path

from support import Case, main


class Reports(Case):
    def test_every_family_compiles(self):
        for line in self.succeeds("new", "--list").out.splitlines():
            family = line.split()[0]
            with self.subTest(family=family):
                self.succeeds("new", family, "-o", family + ".pb")
                self.succeeds("compile", family + ".pb", "--batch-size=4")
                self.succeeds("inspect", family + ".so")

    def test_parameters_are_those_of_pytorch(self):
        for family, parameters in (("mlp", 101770), ("cnn", 1199882), ("lenet", 62006)):
            self.succeeds("new", family, "-o", family + ".pb")
            summary = json.loads(self.succeeds("summary", family + ".pb", "--batch-size", "4", "--json").out)
            self.assertEqual(summary["parameters"], parameters, family)

    def test_plan_is_exact(self):
        self.make_mlp()
        plan = json.loads(self.succeeds("plan", "model.pb", "--batch-size", "32", "--json").out)
        bench = json.loads(self.succeeds("bench", "model.pb", "--batch-size", "32", "--seconds", "0.1", "--json").out)
        self.assertEqual(plan["arena_bytes"], bench["peak_arena_bytes"])
        self.assertLessEqual(plan["peak_bytes"], plan["arena_bytes"])
        alive = sum(tensor["bytes"] for tensor in plan["alive_at_peak"])
        self.assertEqual(alive, plan["peak_bytes"])

    def test_bench_keys(self):
        self.make_mlp()
        bench = json.loads(self.succeeds("bench", "model.pb", "--batch-size", "32", "--threads", "2", "--seconds", "0.1",
                                         "--json").out)
        for key in ("steps_per_s", "first_step_s", "compile_s", "peak_rss_mb", "peak_arena_bytes", "params"):
            self.assertGreater(bench[key], 0, key)

    def test_profile(self):
        self.make_mlp()
        report = json.loads(self.succeeds("profile", "model.pb", "--batch-size", "32", "--threads", "1", "--steps", "5",
                                          "--trace", "trace.json", "--json").out)
        self.assertEqual((report["batch_size"], report["threads"], report["steps"]), (32, 1, 5))
        for call in report["calls"]:
            self.assertGreater(call["seconds"], 0)
            self.assertTrue(0 <= call["share_of_limit"] <= 1)
        self.assertAlmostEqual(report["step_s"], sum(call["seconds"] for call in report["calls"]), delta=1e-9)
        table = self.succeeds("profile", "model.pb", "--batch-size", "32", "--threads", "1", "--steps", "5").out
        self.assertIn("1 thread,", table)
        for line in table.splitlines()[2:]:
            self.assertRegex(line, r"% (compute|memory) |in cache ")
        # The forward pass alone multiplies and adds every parameter for each of 32 samples.
        parameters = json.loads(self.succeeds("summary", "model.pb", "--batch-size", "32", "--json").out)["parameters"]
        self.assertGreater(sum(call["flops"] for call in report["calls"]), 2 * 32 * parameters)
        events = json.loads((self.here / "trace.json").read_text())["traceEvents"]
        self.assertEqual(len(events), 5 * len(report["calls"]))
        self.assertTrue(all(event["ph"] == "X" and event["dur"] >= 0 for event in events))

    def test_ops(self):
        table = json.loads(self.succeeds("ops", "--json").out)
        rows = {row["name"]: row for row in table["nn"]}
        self.assertTrue(rows["nn.matmul"]["gradient"] and rows["nn.matmul"]["cpu"])
        self.assertIn("f32", rows["nn.matmul"]["dtypes"])
        self.assertIn("Gemm", table["onnx"])

    def test_doctor(self):
        report = json.loads(self.succeeds("doctor", "--json").out)
        for key in ("processor", "threads", "memory", "cuda", "cache"):
            self.assertIn(key, report)

    def test_predicted_time_and_measured_limits(self):
        self.make_mlp()
        limits = json.loads(self.succeeds("doctor", "--measure", "--json").out)
        for key in ("flops_one", "flops_all", "read_l1", "read_l2", "read_l3", "read_memory", "read_memory_all", "call_s"):
            self.assertGreater(limits[key], 0, key)
        file = Path(self.environment["XDG_CACHE_HOME"]) / "ntc" / "machine.json"
        self.addCleanup(file.unlink)
        self.assertEqual(json.loads(file.read_text()), limits)
        words = ("plan", "model.pb", "--batch-size", "32", "--cost")
        ending = self.succeeds(*words, "--threads", "1", "--json")
        self.assertNotIn("measuring", ending.err)
        plan = json.loads(ending.out)
        self.assertEqual((plan["batch_size"], plan["threads"], plan["processor"]), (32, 1, limits["processor"]))
        self.assertEqual(plan["one_thread"], plan["step"])
        self.assertGreater(plan["step"]["seconds"], sum(call["seconds"] for call in plan["calls"]))
        self.assertGreater(plan["step"]["seconds"], plan["step"]["floor_s"])
        profile = json.loads(self.succeeds("profile", "model.pb", "--batch-size", "32", "--steps", "1", "--json").out)
        for key in ("name", "groups", "flops", "bytes"):
            self.assertEqual([call[key] for call in plan["calls"]], [call[key] for call in profile["calls"]])
        for call in plan["calls"]:
            self.assertIn(call["bound"], ("compute", "cache", "memory", "fork"))
        table = self.succeeds(*words).out
        self.assertRegex(table, r"dispatch +groups +GFLOP +MB +us +bound by")
        self.assertIn("1 thread: ", table)
        self.refused(2, "give --cost, too", "plan", "model.pb", "--threads", "1")
        self.refused(2, "were measured", *words, "--threads", str(limits["threads"] + 1))
        file.write_text(file.read_text().replace("read_l2", "read_l9"))
        self.refused(1, f"'{file}' is not a file of 'ntc doctor --measure': expected a number 'read_l2'", *words)

    def test_limits_are_measured_where_there_are_none(self):
        self.make_linear()
        file = Path(self.environment["XDG_CACHE_HOME"]) / "ntc" / "machine.json"
        file.unlink(missing_ok=True)
        ending = self.succeeds("plan", "model.pb", "--cost")
        self.assertIn("this machine's limits are measured first", ending.err)
        file.write_text(json.dumps(json.loads(file.read_text()) | {"processor": "another"}))
        self.assertIn("is of another processor", self.succeeds("plan", "model.pb", "--cost").err)
        file.unlink()

    def test_inspect_data(self):
        self.make_mnist()
        report = json.loads(self.succeeds("inspect", "mnist:mnist", "--json").out)
        self.assertEqual(report["samples"], 96)

    def test_emitted_texts(self):
        self.make_linear()
        for kind, word in (("mlir", "train.program"), ("llvm", "define"), ("asm", ".text")):
            self.assertIn(word, self.succeeds("compile", "model.pb", f"--emit={kind}").out)

    def test_phases_can_be_written_and_continued(self):
        self.make_linear()
        self.make_csv(rows=32)
        self.succeeds("compile", "model.pb", "--batch-size=16", "-o", "straight.so")
        for phase in ("captured", "differentiated", "optimized", "fused", "planned"):
            self.succeeds("compile", "model.pb", "--batch-size=16", f"--compile-to={phase}", "-o", phase + ".mlir")
            self.succeeds("compile", phase + ".mlir", f"--compile-from={phase}", "-o", phase + ".so")
            self.succeeds("diff", "straight.so", phase + ".so", "--steps", "3")
        self.succeeds("compile", "model.pb", "--dump-phases-to=phases")
        self.assertEqual(len(list((self.here / "phases").glob("*.mlir"))), 5)


if __name__ == "__main__":
    main()
