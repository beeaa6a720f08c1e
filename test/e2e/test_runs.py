#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The whole way: train, stop, resume bit for bit, evaluate, predict, export, compare."""
import json
import math
import re

from support import Case, NTC, NTC_RUN, main, shutil


class Runs(Case):
    def setUp(self):
        super().setUp()
        self.make_mlp()
        self.make_mnist(train=100, test=40)
        self.data = ("--data", "mnist:mnist", "--batch-size", "32", "--seed", "3")

    def train(self, out, *options, model="model.pb"):
        return self.succeeds("train", model, *self.data, "--out", out, *options)

    def tensors(self, path):
        """The bytes of each tensor of a safetensors file."""
        data = path.read_bytes()
        size = 8 + int.from_bytes(data[:8], "little")
        header = json.loads(data[8:size])
        return {name: data[size + entry["data_offsets"][0]:size + entry["data_offsets"][1]]
                for name, entry in header.items() if name != "__metadata__"}

    def same(self, a, b):
        self.succeeds("diff", self.checkpoints(a)[-1], self.checkpoints(b)[-1])

    def test_a_run_beside_a_model_that_is_there_keeps_it_when_it_fails(self):
        (self.here / "train.json").mkdir()
        self.refused(2, "train.json", "train", "model.pb", *self.data, "--epochs", "1", "--out", ".")
        self.succeeds("inspect", "model.pb")

    def test_a_run_holds_all_that_repeats_it(self):
        self.train("run", "--epochs", "2", "--val", "mnist:mnist?split=test")
        for name in ("train.json", "run.json", "model.pb", "model.so", "metrics.jsonl", "latest", "best"):
            self.assertTrue((self.here / "run" / name).exists(), name)
        records = [json.loads(line) for line in (self.here / "run" / "metrics.jsonl").read_text().splitlines()]
        self.assertEqual([record["epoch"] for record in records], [1, 2])
        for key in ("step", "loss", "lr", "time_s", "val_loss", "val_accuracy"):
            self.assertIn(key, records[0])
        json.loads((self.here / "run" / "train.json").read_text())

    def test_it_learns(self):
        self.train("run", "--epochs", "30")
        result = json.loads(self.succeeds("eval", "run", "--data", "mnist:mnist", "--json").out)
        self.assertGreater(result["accuracy"], 0.95)
        self.assertEqual(result["samples"], 40)

    def test_compiled_once(self):
        first = self.train("one", "--epochs", "1", "--no-cache")
        self.assertIn("compiled", first.err)
        self.train("two", "--epochs", "1")
        third = self.train("three", "--epochs", "1", "--lr", "0.5")
        self.assertIn("cached", third.err)
        self.same("one", "two")

    def test_the_steps_own_metrics_are_recorded(self):
        flags = ("--penalty", "*.weight:l1=1e-4", "--log-grad-norm", "--clip-grad-value", "0.01")
        self.train("run", "--epochs", "1", "--log-interval", "1", "--val-split", "20", *flags)
        records = [json.loads(line) for line in (self.here / "run" / "metrics.jsonl").read_text().splitlines()]
        self.assertGreater(records[0]["grad_norm"], 0.1)
        self.assertGreater(records[0]["penalty"], 0)
        self.assertNotIn("val_penalty", records[-1])
        self.train("four", "--epochs", "1", "--val-split", "20", "--threads", "4", *flags)
        self.same("run", "four")

    def test_accumulated_batches_are_one_batch(self):
        for case, loss in {"plain": "cross_entropy", "weighted": "cross_entropy,weight=1:2:3:4:5:6:7:8:9:10,ignore_index=3",
                           "sum": "cross_entropy,reduction=sum"}.items():
            flags = ("--data", "mnist:mnist", "--seed", "3", "--epochs", "3", "--precision", "f64", "--loss", loss,
                     "--optimizer", f"sgd,lr={0.001 if case == 'sum' else 0.01},momentum=0.9",
                     "--schedule", "cosine,t_max=12,interval=step")
            self.succeeds("train", "model.pb", *flags, "--batch-size", "32", "--out", case)
            self.succeeds("train", "model.pb", *flags, "--batch-size", "8", "--accumulate", "4", "--out", case + "-4")
            one, joined = ([json.loads(line) for line in (self.here / run / "metrics.jsonl").read_text().splitlines()]
                           for run in (case, case + "-4"))
            for a, b in zip(one, joined, strict=True):
                self.assertEqual((a["step"], a["lr"]), (b["step"], b["lr"]))
                self.assertLess(abs(a["loss"] - b["loss"]), 1e-12 * max(1, abs(a["loss"])))

    def test_an_accumulating_run_resumes(self):
        flags = ("--data", "mnist:mnist", "--seed", "3", "--batch-size", "8", "--accumulate", "5", "--epochs", "3")
        self.succeeds("train", "model.pb", *flags, "--out", "whole")
        self.succeeds("train", "model.pb", *flags, "--out", "parts", "--max-steps", "4")
        self.succeeds("train", "--out", "parts", "--resume", "--max-steps", "9")
        self.same("whole", "parts")
        plan = json.loads(self.succeeds("plan", "model.pb", "--batch-size", "8", "--accumulate", "5", "--json").out)
        plain = json.loads(self.succeeds("plan", "model.pb", "--batch-size", "8", "--json").out)
        weights = plan["bytes_by_role"]["parameter"]
        more = plan["bytes_by_role"]["moment"] - plain["bytes_by_role"]["moment"]
        self.assertEqual(more, weights + 4, "a sum for each element, and a count")

    def test_a_step_of_many_batches_is_finished(self):
        self.make_mnist("large", train=640, test=40)
        flags = ("--data", "mnist:large", "--seed", "3", "--batch-size", "1", "--accumulate", "40", "--epochs", "40")
        self.succeeds("train", "model.pb", *flags, "--out", "whole")
        self.succeeds("train", "model.pb", *flags, "--out", "parts", "--max-time", "0.02s")
        self.assertNotIn(b"train.accumulated", self.checkpoints("parts")[-1].read_bytes())
        self.succeeds("train", "--out", "parts", "--resume")
        self.same("whole", "parts")

    def test_parameters_thaw(self):
        flags = ("--unfreeze", "fc1.*@1", "--unfreeze", "fc2.bias@2", "--epochs", "3", "--optimizer", "adam,lr=1e-3")
        self.train("run", *flags)
        self.train("parts", "--max-steps", "4", *flags)
        for steps in ("5", "8", "9", "12"):  # an epoch has four steps
            self.succeeds("train", "--out", "parts", "--resume", "--max-steps", steps)
        self.same("run", "parts")
        self.train("four", "--threads", "4", *flags)
        self.same("run", "four")
        self.write("thaw.textproto", """unfreeze { patterns: "fc1.*" epoch: 1 } unfreeze { patterns: "fc2.bias" epoch: 2 }""")
        self.train("spec", "--spec", "thaw.textproto", "--epochs", "3", "--optimizer", "adam,lr=1e-3")
        self.same("run", "spec")
        # What is frozen stays as it was drawn.
        self.train("frozen", "--freeze", "fc1.*", "--max-steps", "4", "--optimizer", "adam,lr=1e-3")
        self.train("stage", *flags, "--max-steps", "4")
        a, b = (self.tensors(self.checkpoints(run)[-1]) for run in ("frozen", "stage"))
        self.assertEqual(a["fc1.weight"], b["fc1.weight"])
        self.assertNotEqual(a["fc2.bias"], b["fc2.bias"])
        self.assertEqual(set(b["optimizer.step.fc1.weight"]), {0})
        entries = self.succeeds("inspect", "run/model.so").out
        self.assertIn("train_step.b32.epoch2", entries)

    def test_averages_are_validated_evaluated_and_exported(self):
        flags = ("--val", "mnist:mnist?split=test", "--average", "ema,decay=0.5,start=2")
        self.train("run", "--epochs", "3", *flags)
        record = json.loads((self.here / "run" / "metrics.jsonl").read_text().splitlines()[-1])
        data = ("--data", "mnist:mnist?split=test", "--json", "--checkpoint", "latest")
        averaged = json.loads(self.succeeds("eval", "run", *data, "--averaged").out)
        plain = json.loads(self.succeeds("eval", "run", *data).out)
        self.assertAlmostEqual(averaged["loss"], record["val_loss"], places=12)
        self.assertNotEqual(averaged["loss"], plain["loss"])
        self.succeeds("export", "run", "--averaged", "-o", "averaged.safetensors")
        self.train("parts", "--epochs", "3", "--max-steps", "5", *flags)
        self.succeeds("train", "--out", "parts", "--resume", "--max-steps", "12")
        self.same("run", "parts")
        self.train("none", "--epochs", "1")
        self.refused(2, "--averaged", "eval", "none", *data, "--averaged")
        self.refused(2, ["--average", "did you mean 'ema'"], "train", "model.pb", *self.data, "--average", "emma")

    def test_a_recipe_file_says_what_flags_say(self):
        self.write("train.textproto", """
            loss { name: "CrossEntropyLoss" }
            optimizer { name: "SGD" hyperparameters { key: "lr" value: 0.05 } }
            clip { clip_value: 0.5 }
            init: "fc*.weight=xavier_uniform" init: "*.bias=zeros"
            early_stop: "patience=1,monitor=val_f1,mode=max" monitor: "val_f1" validation_metrics: "f1"
            schedule { name: "StepLR" parameters { key: "step_size" value: 1 } parameters { key: "gamma" value: 0.5 } }
            preprocessing { transform: "RandomHorizontalFlip(), ToTensor(), Normalize((0.5,), (0.25,))" }
            epochs: 2""")
        val = ("--val", "mnist:mnist?split=test")
        self.train("spec", "--spec", "train.textproto", *val)
        self.train("flags", "--optimizer", "sgd,lr=0.05", "--clip-grad-value", "0.5", "--init", "fc*.weight=xavier_uniform",
                   "--init", "*.bias=zeros", "--early-stop=patience=1,monitor=val_f1,mode=max", "--monitor", "val_f1",
                   "--metrics", "f1", "--epochs", "2", "--schedule", "step,step_size=1,gamma=0.5", "--transform",
                   "RandomHorizontalFlip(), ToTensor(), Normalize((0.5,), (0.25,))", *val)
        self.same("spec", "flags")
        self.assertIn("val_f1", json.loads((self.here / "spec" / "metrics.jsonl").read_text().splitlines()[-1]))
        self.train("again", "--spec", "spec/train.json", *val)
        self.same("spec", "again")
        blind = self.succeeds("train", "model.pb", *self.data, "--spec", "train.textproto", "--max-steps", "1", "--out", "blind")
        for what in ("metrics of the validation are", "early stopping is", "monitor is"):
            self.assertIn(f"note: the model's {what} left out: the run has no validation", blind.out + blind.err)
        self.write("bad.textproto", "optimiser { }")
        self.refused(2, ["--spec", "bad.textproto", "line 1"], "train", "model.pb", *self.data, "--spec", "bad.textproto")

    def test_a_groups_rate_follows_the_optimizers(self):
        self.train("factor", "--epochs", "1", "--lr", "0.02", "--param-group", "fc2*:lr=0.25x")
        self.train("number", "--epochs", "1", "--lr", "0.02", "--param-group", "fc2*:lr=0.005")
        self.succeeds("train", "--out", "factor", "--resume", "--epochs", "2")
        self.succeeds("train", "--out", "number", "--resume", "--epochs", "2")
        weights = [self.checkpoints(run)[-1] for run in ("factor", "number")]
        self.succeeds("diff", *weights)
        frozen = self.train("frozen", "--epochs", "1", "--param-group", "fc2*:freeze")
        self.assertNotIn("error", frozen.err)

    def test_threads_do_not_change_a_bit(self):
        self.train("one", "--epochs", "2", "--threads", "1")
        self.train("four", "--epochs", "2", "--threads", "4")
        self.same("one", "four")

    def test_resume_is_bitwise(self):
        self.train("whole", "--epochs", "3")
        self.train("parts", "--epochs", "3", "--max-steps", "5")
        self.succeeds("train", "--out", "parts", "--resume", "--max-steps", "12")
        self.same("whole", "parts")

    def test_resume_from_the_model_and_by_the_runtime_alone(self):
        self.train("whole", "--epochs", "2")
        self.train("parts", "--max-steps", "3")
        self.succeeds("train", "model.pb", "--out", "parts", "--resume", "--max-steps", "5")
        self.succeeds("parts", "--resume", "--max-steps", "8", program=NTC_RUN)
        self.same("whole", "parts")

    def test_weights_beside_an_artifact_go_with_its_runs(self):
        self.succeeds("new", "mlp", "--hidden", "64", "-o", "model.pb")
        self.train("run", "--epochs", "1")
        self.succeeds("export", "run", "-o", "trained.onnx")
        (self.here / "compiled").mkdir()
        self.succeeds("compile", "trained.onnx", "--loss=cross_entropy", "--optimizer=adam", "--batch-size=32,4", "-o",
                      "compiled/model.so")
        weights = [path.name for path in (self.here / "compiled").glob("*.safetensors")]
        self.assertEqual(len(weights), 1)
        for program, verb, out in ((NTC_RUN, (), "runtime"), (NTC, ("train",), "compiler")):
            self.succeeds(*verb, "compiled/model.so", *self.data, "--max-steps", "3", "--out", out, program=program)
            self.assertTrue((self.here / out / weights[0]).exists(), out)
        self.succeeds("compiled/model.so", *self.data, "--max-steps", "8", "--out", "whole", program=NTC_RUN)
        shutil.rmtree(self.here / "compiled")
        self.succeeds("runtime", "--resume", "--max-steps", "8", program=NTC_RUN)
        self.succeeds("train", "--out", "compiler", "--resume", "--max-steps", "8")
        self.same("whole", "runtime")
        self.same("whole", "compiler")

    def test_a_run_is_not_overwritten(self):
        self.train("run", "--epochs", "1")
        self.refused(2, "--resume", "train", "model.pb", *self.data, "--out", "run")

    def test_a_run_that_ends_before_its_first_checkpoint_leaves_its_folder_free(self):
        self.refused(1, "no checkpoint was written before", "train", "model.pb", *self.data, "--lr", "1e30", "--out", "run")
        self.train("run", "--epochs", "1")
        self.assertEqual((self.here / "run" / "metrics.jsonl").read_text().count("\n"), 1)
        self.assertEqual(len(list((self.here / "run").glob("events.out.tfevents.*"))), 1)
        (self.here / "killed").mkdir()
        (self.here / "killed" / "run.json").write_text("{}")
        self.refused(2, ("holds a run already", "it has no checkpoint"), "train", "model.pb", *self.data, "--out", "killed")

    def test_a_resumed_run_that_fails_names_the_checkpoint_it_came_from(self):
        self.train("run", "--epochs", "1")
        self.refused(1, ("the loss is", "the last checkpoint is 'run/checkpoints/step-"), "train", "--out", "run", "--resume=state",
                     "--epochs", "3", "--lr", "1e30")
        self.refused(1, ("is no run", "runs in it: 'run'"), "eval", ".", "--data", "mnist:mnist")

    def test_a_finished_run_says_so(self):
        self.train("run", "--epochs", "1")
        ending = self.succeeds("train", "--out", "run", "--resume")
        self.assertIn("the run is finished, 1 epochs and 4 steps: a greater --epochs trains on", ending.err)
        self.assertIn("--max-steps trains on", self.succeeds("train", "--out", "run", "--resume", "--max-steps", "4").err)

    def test_a_shorter_resume_keeps_the_length(self):
        self.train("run", "--epochs", "3")
        self.train("parts", "--epochs", "3", "--max-time", "0.000001")
        self.succeeds("train", "--out", "parts", "--resume", "--max-steps", "6")
        self.assertTrue(self.checkpoints("parts")[-1].name.endswith("06.safetensors"))
        self.succeeds("train", "--out", "parts", "--resume")
        self.same("run", "parts")

    def test_what_changes_the_course_of_a_resumed_run_is_refused(self):
        self.train("run", "--epochs", "1", "--lr", "0.01", "--schedule", "step,step_size=1")
        for words in (("--lr", "0.02"), ("--schedule", "step,step_size=2"), ("--val", "csv:data.csv?target=y"),
                      ("--control", "eps=1e-3")):
            self.refused(2, [words[0], "--resume=state"], "train", "--out", "run", "--resume", "--epochs", "2", *words)
        self.succeeds("train", "--out", "run", "--resume", "--epochs", "2", "--lr", "0.01", "--schedule",
                      "step,step_size=1,gamma=0.1")
        self.succeeds("train", "--out", "run", "--resume=state", "--epochs", "3", "--lr", "0.02")

    def test_parameters_that_are_not_finite_are_not_saved(self):
        ending = self.refused(1, ["parameter", "after the update at step 1"], "train", "model.pb", *self.data, "--out", "run",
                              "--lr", "1e39", "--save-every", "1")
        self.assertIn("no checkpoint was written before", ending.err)
        self.assertFalse(list((self.here / "run").glob("checkpoints/*.safetensors")))

    def test_a_new_run_of_a_run_says_so(self):
        self.train("run", "--epochs", "1")
        ending = self.succeeds("train", "run", *self.data, "--epochs", "1", "--out", "other")
        self.assertIn("note: a new run of the model of 'run'; with --resume that run itself goes on", ending.err)

    def test_a_resumed_run_logs_as_before(self):
        self.train("run", "--epochs", "1", "--log-interval", "2", "--save-every", "3", "--keep", "5")
        self.succeeds("train", "--out", "run", "--resume", "--epochs", "2")
        steps = [json.loads(line)["step"] for line in (self.here / "run" / "metrics.jsonl").read_text().splitlines()]
        self.assertEqual(steps, [2, 4, 6, 8])
        self.assertEqual(len(self.checkpoints("run")), 4)

    def test_a_new_run_of_a_run_compiles_what_it_lacks(self):
        self.train("run", "--epochs", "1")
        program = (self.here / "run" / "model.so").read_bytes()
        (self.here / "model.pb").rename(self.here / "elsewhere.pb")
        again = self.succeeds("train", "run", "--data", "mnist:mnist", "--batch-size", "24", "--max-steps", "1", "--out", "again")
        self.assertIn("for batch size 24", again.err)
        self.assertEqual((self.here / "run" / "model.so").read_bytes(), program)
        self.succeeds("train", "run", "--data", "mnist:mnist", "--optimizer", "sgd,lr=0.1", "--max-steps", "1", "--out", "sgd")
        line = "'ntc compile run/model.pb --batch-size="
        self.refused(2, line, "run/model.so", "--data", "mnist:mnist", "--batch-size", "23", "--out", "x", program=NTC_RUN)

    def test_what_needs_no_compiler_is_refused_without_it(self):
        self.write("file", "")
        (self.here / "held").mkdir()
        (self.here / "held" / "run.json").write_text("{}")
        base = ("train", "model.pb", "--no-cache", "--batch-size", "32")
        mnist = ("--data", "mnist:mnist", "--val-split", "16")
        self.write("data.csv", "a,b,kind\n" + "1,2,0\n3,4,1\n" * 20)
        for code, words, flags in (
                (2, "holds a run already", (*mnist, "--out", "held")),
                (2, ("--out", "'file' is a file"), (*mnist, "--out", "file")),
                (2, ("--out", "'file' is a file"), (*mnist, "--out", "file/run")),
                (2, "expects samples of shape", ("--data", "csv:data.csv?target=kind")),
                (2, "--transform", (*mnist, "--transform", "ToTensor(),RandomCrop(8),Nonsense()")),
                (2, "is for numbers", (*mnist, "--metrics", "r2")),
                (2, "add --val", ("--data", "mnist:mnist", "--metrics", "f1")),
                (2, "did you mean 'val_accuracy'?", (*mnist, "--monitor", "val_acc")),
                (2, "has no control 'beta9'", (*mnist, "--control", "beta9=1")),
                (2, "--optimizer adam,weight_decay=0.01", (*mnist, "--control", "weight_decay=0.01")),
                (2, "nothing is left", ("--data", "mnist:mnist?samples=16", "--drop-last")),
                (2, "exclude each other", (*mnist, "--val", "mnist:mnist"))):
            ending = self.refused(code, words, *base, *flags)
            self.assertNotIn("compiled ", ending.err, str(ending))

    def test_dry_run_writes_nothing(self):
        before = set(self.here.rglob("*"))
        self.succeeds("train", "model.pb", *self.data, "--dry-run")
        self.assertEqual(before, set(self.here.rglob("*")))

    def test_eval_compiles_the_sizes_that_it_lacks(self):
        self.train("run", "--epochs", "1", "--drop-last")
        ending = self.succeeds("eval", "run", "--data", "mnist:mnist", "--json")
        self.assertEqual(json.loads(ending.out)["samples"], 40)
        self.assertIn("checkpoint run/checkpoints/step-0000000003.safetensors (latest)", ending.err)

    def test_eval_has_the_metrics_of_the_run_and_names_the_checkpoint(self):
        self.train("run", "--epochs", "1", "--val-split", "16", "--metrics", "f1,recall")
        ending = self.succeeds("eval", "run", "--data", "mnist:mnist", "--json")
        self.assertLessEqual({"loss", "f1", "recall"}, set(json.loads(ending.out)))
        self.assertIn("(best, latest)", ending.err)
        only = self.succeeds("eval", "run", "--data", "mnist:mnist", "--metrics", "top3", "--json")
        self.assertNotIn("f1", json.loads(only.out))
        for verb in (("predict", "run", "--data", "mnist:mnist", "-o", "out.csv"), ("export", "run", "-o", "out.onnx")):
            self.assertIn("checkpoint run/checkpoints/", self.succeeds(*verb).err)
            self.refused(1, "no folder 'none'", *verb[:-1], "none/" + verb[-1])

    def test_predict(self):
        self.train("run", "--epochs", "1")
        self.succeeds("predict", "run", "--data", "mnist:mnist", "-o", "out.csv")
        lines = (self.here / "out.csv").read_text().splitlines()
        self.assertEqual(len(lines), 41)
        self.assertTrue(lines[0].startswith("index,class,p0,"))
        self.write("kinds.csv", "a,b,kind\n" + "1,2,left\n3,4,right\n" * 20)
        self.succeeds("new", "mlp", "--input", "2", "--classes", "2", "-o", "kinds.pb")
        self.succeeds("train", "kinds.pb", "--data", "csv:kinds.csv?target=kind", "--max-steps", "2", "--out", "kinds")
        self.succeeds("predict", "kinds", "--data", "csv:kinds.csv?target=kind", "-o", "kinds-out.csv")
        head, *rows = (self.here / "kinds-out.csv").read_text().splitlines()
        self.assertEqual(head, "index,class,name,p0,p1")
        for row in rows:
            _, label, name, *_ = row.split(",")
            self.assertEqual(name, ("left", "right")[int(label)])

    def test_export_trains_on(self):
        self.train("run", "--epochs", "1")
        for name in ("trained.onnx", "trained.pb", "trained.safetensors"):
            self.succeeds("export", "run", "-o", name)
            self.succeeds("inspect", name)
        self.succeeds("train", "trained.pb", *self.data, "--epochs", "1", "--out", "on")
        self.succeeds("train", "trained.onnx", *self.data, "--epochs", "1", "--out", "packed", "--loss", "cross_entropy",
                      "--optimizer", "sgd,lr=0.01")
        self.succeeds("train", "model.pb", *self.data, "--epochs", "1", "--out", "weights", "--weights", "trained.safetensors")
        a, b = (self.succeeds("eval", run, "--data", "mnist:mnist", "--json").out for run in ("on", "weights"))
        self.assertIn("accuracy", json.loads(a))
        self.assertIn("accuracy", json.loads(b))

    def test_exported_model_computes_the_same(self):
        self.train("run", "--epochs", "2")
        self.succeeds("export", "run", "-o", "trained.onnx")
        self.succeeds("compile", "trained.onnx", "--loss", "cross_entropy", "--optimizer", "sgd,lr=0.1", "--batch-size=20", "-o",
                      "trained.so")
        ours, exported = (json.loads(self.succeeds("eval", model, "--data", "mnist:mnist", "--batch-size", "20", "--json").out)
                          for model in ("run", "trained.so"))
        self.assertEqual(ours["loss"], exported["loss"])
        self.assertEqual(ours["accuracy"], exported["accuracy"])

    def test_diff_finds_a_difference(self):
        self.train("one", "--epochs", "1")
        self.train("two", "--epochs", "1", "--lr", "0.5")
        ending = self.run_program("diff", "one", "two", "--json")
        self.assertEqual(ending.code, 1)
        self.assertFalse(json.loads(ending.out)["equal"])

    def test_diff_counts_what_both_have(self):
        self.train("run", "--epochs", "1")
        self.make_mlp("other.pb", "--optimizer", "sgd,lr=0.1")
        self.train("other", "--epochs", "1", model="other.pb")
        out = self.run_program("diff", "run", "other").out
        table, rest = out.split("\nnot compared:\n")
        self.assertNotIn("only", table)
        self.assertIn("only the first has it", rest)
        differing, both = map(int, re.search(r"(\d+) of (\d+) values that both have differ", rest).groups())
        self.assertLessEqual(differing, both)

    def test_phases_agree(self):
        self.succeeds("diff", "model.pb", "--phases", "differentiated,fused", "--batch-size", "2")


class Loop(Case):
    """What surrounds the step: schedules, early stopping, metrics, first values, numeric checks."""

    def setUp(self):
        super().setUp()
        self.make_mlp("model.pb", "--optimizer", "sgd,lr=0.05,momentum=0.9")
        self.make_mnist(train=128, test=40)
        self.data = ("--data", "mnist:mnist", "--val-split", "32", "--batch-size", "32", "--seed", "3", "--epochs", "4")
        self.train = ("train", "model.pb", *self.data)

    def records(self, run):
        return [json.loads(line) for line in (self.here / run / "metrics.jsonl").read_text().splitlines()]

    def untimed(self, run):
        return [{key: value for key, value in record.items() if key != "time_s"} for record in self.records(run)]

    def test_resume_with_all_of_them_is_bitwise(self):
        extras = {
            "onecycle": ("--schedule", "onecycle,max_lr=0.1"),
            "plateau": ("--schedule", "plateau,patience=0,factor=0.5,threshold=0.5", "--early-stop=patience=2,min_delta=0.2"),
            "warm": ("--schedule", "sequential(linear,total_iters=3;cosine,t_max=9),milestones=3,interval=step", "--metrics",
                     "f1,roc_auc", "--monitor", "val_f1"),
        }
        for name, extra in extras.items():
            self.succeeds(*self.train, *extra, "--out", name)
            for stop in (2, 5, 6):
                part = f"{name}-{stop}"
                self.succeeds(*self.train, *extra, "--out", part, "--max-steps", stop)
                self.succeeds("train", "--out", part, "--resume", "--epochs", "4")
                self.succeeds("diff", self.checkpoints(name)[-1], self.checkpoints(part)[-1])
                whole, parts = self.untimed(name), self.untimed(part)
                self.assertEqual(whole[-1], parts[-1], part)
                self.assertEqual((self.here / name / "best").readlink(), (self.here / part / "best").readlink(), part)

    def test_an_artifact_takes_a_schedule(self):
        self.succeeds("compile", "model.pb", "--batch-size=32", "-o", "model.so")
        self.succeeds("model.so", *self.data, "--schedule", "exponential,gamma=0.5", "--out", "run", program=NTC_RUN)
        self.assertEqual([record["lr"] for record in self.records("run")], [0.05, 0.025, 0.0125, 0.00625])

    def test_schedules_do_not_compile_anew(self):
        self.succeeds(*self.train, "--out", "a")
        self.assertIn("cached", self.succeeds(*self.train, "--schedule", "step,step_size=1", "--out", "b").err)

    def test_early_stopping_says_why(self):
        ending = self.succeeds(*self.train, "--early-stop=patience=1,min_delta=100", "--out", "run")
        self.assertIn("stopped early after epoch 2: val_loss was best", ending.err)
        self.assertEqual(len(self.records("run")), 2)

    def test_eval_reports_every_class(self):
        self.succeeds(*self.train, "--out", "run")
        out = self.succeeds("eval", "run", "--data", "mnist:mnist", "--report", "--metrics", "f1,top5,roc_auc").out
        for fragment in ("precision    recall  f1-score   support", "weighted avg", "top5 ", "roc_auc "):
            self.assertIn(fragment, out)
        result = json.loads(self.succeeds("eval", "run", "--data", "mnist:mnist", "--report", "--json").out)
        self.assertEqual(sum(map(sum, result["confusion_matrix"])), 40)

    def test_first_values_by_rule(self):
        self.succeeds(*self.train, "--init", "fc*.weight=orthogonal", "--init", "*.bias=zeros", "--out", "a")
        self.succeeds(*self.train, "--init", "fc*.weight=orthogonal", "--init", "*.bias=zeros", "--out", "b")
        self.succeeds("diff", self.checkpoints("a")[-1], self.checkpoints("b")[-1])
        self.refused(2, "the pattern 'head*' fits no parameter", *self.train, "--init", "head*=ones", "--out", "c")

    def test_the_first_value_that_is_not_finite(self):
        found = ("the loss is", "at step 2", "training stopped; step 2: the first value that is not finite is in", "computed by")
        ending = self.refused(1, found, *self.train, "--lr", "1e30", "--out", "a")
        self.assertIn("looking for the layer: 2 steps again from the first values, about", ending.err)
        self.refused(1, ("the first value that is not finite is in", "computed by"), *self.train, "--lr", "1e30",
                     "--check-numerics", "--out", "b")

    def test_the_first_value_that_is_not_finite_since_a_checkpoint(self):
        # Epochs of six steps; what step 11 makes of the parameters overflows in step 12.
        factors = ":".join(["1"] * 10 + ["1e35", "1"])
        flags = (*self.train, "--batch-size", "8", "--accumulate", "2", "--save-every", "4", "--schedule",
                 f"lambda,factors={factors},interval=step", "--out")
        words = ("at step 12 (epoch 2): training stopped; step 12: the first value that is not finite is in",
                 "the last checkpoint is 'a/checkpoints/step-0000000008.safetensors'")
        ending = self.refused(1, words, *flags, "a")
        self.assertIn("looking for the layer: 4 steps again from a/checkpoints/step-0000000008.safetensors, about", ending.err)
        found = re.search(r"step 12: the first value [^;]*", ending.err).group()
        kept = [path.read_bytes() for path in self.checkpoints("a")]
        self.refused(1, found, *flags, "b", "--check-numerics")
        self.refused(1, found, "train", "--out", "a", "--resume", "--threads", "1")
        self.assertEqual(kept, [path.read_bytes() for path in self.checkpoints("a")])

    def test_the_first_value_that_is_not_finite_in_bf16(self):
        self.succeeds(*self.train, "--precision=bf16", "--check-numerics", "--epochs", "1", "--out", "a")
        self.refused(1, ("the first value that is not finite is in", "computed by"), *self.train, "--precision=bf16", "--lr",
                     "1e30", "--check-numerics", "--out", "b")

    def test_a_validation_that_is_not_finite_is_no_loss(self):
        self.make_linear("linear.pb")
        self.make_csv()
        self.write("far.csv", "x0,x1,x2,y\n" + "1,2,3,1e30\n" * 4)
        words = ("warning: the validation loss of epoch 1 is infinite (step 10)",
                 "the run has ended, but the validation loss of epoch 2 is infinite (step 20); the last checkpoint is")
        self.refused(1, words, "train", "linear.pb", "--data", "csv:data.csv?target=y", "--batch-size", "10", "--val",
                     "csv:far.csv?target=y", "--epochs", "2", "--out", "far")
        self.assertTrue(self.checkpoints("far")[-1].name.startswith("step-0000000020"))
        self.succeeds("train", "--out", "far", "--resume")

    def test_lr_find(self):
        out = self.succeeds("lr-find", "model.pb", "--data", "mnist:mnist", "--batch-size", "32", "--steps", "40", "-o", "find").out
        self.assertIn("learning rate", out)
        table = (self.here / "find.tsv").read_text().splitlines()
        self.assertEqual(table[0], "step\tlr\tloss\tsmooth")
        self.assertGreater(len(table), 10)
        self.assertTrue((self.here / "find.svg").read_text().endswith("</svg>\n"))
        # It reads what a run reads: the recipe's seed, its transforms, a table as it would be fitted, with the same first loss.
        seeded = ("--data", "mnist:mnist", "--batch-size", "32", "--seed", "5", "--transform", "RandomRotation(20),ToTensor()")
        first = []
        for workers in (0, 2):
            found = self.succeeds("lr-find", "model.pb", *seeded, "--workers", workers, "--min-lr", "1e-9", "--json", "-o", "find")
            first.append([point["loss"] for point in json.loads(found.out)["points"]])
        self.assertEqual(*first)
        self.succeeds("train", "model.pb", *seeded, "--max-steps", "1", "--log-interval", "1", "--out", "one")
        step = json.loads((self.here / "one" / "metrics.jsonl").read_text().splitlines()[0])
        self.assertAlmostEqual(step["loss"], first[0][0], 6)
        # Its steps are the recipe's: of all batches that are joined, from the recipe's first values.
        joined = self.succeeds("lr-find", "model.pb", "--data", "mnist:mnist", "--seed", "5", "--batch-size", "16",
                               "--accumulate", "2", "--min-lr", "1e-9", "--steps", "10", "--json", "-o", "find")
        whole = self.succeeds("lr-find", "model.pb", "--data", "mnist:mnist", "--seed", "5", "--batch-size", "32",
                              "--min-lr", "1e-9", "--steps", "10", "--json", "-o", "find")
        for one, other in zip(*(json.loads(found.out)["points"] for found in (joined, whole))):
            self.assertAlmostEqual(one["loss"], other["loss"], 4)
        self.write("zeros.textproto", 'init: "*=zeros"')
        zeros = self.succeeds("lr-find", "model.pb", "--data", "mnist:mnist", "--batch-size", "32", "--spec", "zeros.textproto",
                              "--min-lr", "1e-9", "--steps", "10", "--json", "-o", "find")
        self.assertAlmostEqual(json.loads(zeros.out)["points"][0]["loss"], math.log(10), 5)
        self.refused(2, "--min-lr", "lr-find", "model.pb", "--data", "mnist:mnist", "--batch-size", "32", "--min-lr", "1",
                     "--max-lr", "0.1")

    def test_refusals(self):
        for fragment, *flags in (("schedule cosine needs t_max", "--schedule", "cosine"),
                                 ("which the run does not report", "--early-stop=monitor=val_f1"),
                                 ("unknown metric 'f2'", "--metrics", "f2"),
                                 ("is for numbers", "--metrics", "r2"),
                                 ("metric 'top11': the model has 10 classes", "--metrics", "top11"),
                                 ("unknown initializer", "--init", "*=magic")):
            self.refused(2, fragment, *self.train, *flags, "--out", "refused")
            self.assertFalse((self.here / "refused" / "run.json").exists(), fragment)


if __name__ == "__main__":
    main()
