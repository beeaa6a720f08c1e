#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A compilation that goes on from any dumped phase gives the artifact of one that never stopped, byte for byte."""
import json

from support import Case, main, shutil

PHASES = ("captured", "differentiated", "optimized", "fused", "planned")


class Phases(Case):
    def compile_both_ways(self, model, *options):
        """Compiles `model` and every one of its dumped phases; returns the folder of the dumps."""
        (self.here / "direct").mkdir()
        self.succeeds("compile", model, *options, "--dump-phases-to=phases", "-o", "direct/model.so")
        direct = {path.name: path.read_bytes() for path in (self.here / "direct").iterdir()}
        for number, phase in enumerate(PHASES):
            (self.here / phase).mkdir()
            self.succeeds("compile", f"phases/{number}-{phase}.mlir", f"--compile-from={phase}", "-o", f"{phase}/model.so")
            found = {path.name: path.read_bytes() for path in (self.here / phase).iterdir()}
            self.assertEqual(sorted(found), sorted(direct), phase)
            for name, content in found.items():
                self.assertTrue(content == direct[name], f"{name} compiled from the phase {phase} differs")
        return self.here / "phases"

    def test_fresh_models(self):
        for family, optimizer in (("mlp", "adam"), ("cnn", "sgd")):
            self.succeeds("new", family, "--optimizer", optimizer, "-o", "model.pb")
            self.compile_both_ways("model.pb", "--batch-size=2")
            shutil.rmtree(self.here / "direct")
            shutil.rmtree(self.here / "phases")
            for phase in PHASES:
                shutil.rmtree(self.here / phase)

    def train(self):
        self.succeeds("new", "mlp", "--hidden", "64", "-o", "model.pb")
        self.make_mnist()
        self.succeeds("train", "model.pb", "--data", "mnist:mnist", "--batch-size", "32", "--epochs", "1", "--out", "run")
        self.succeeds("export", "run", "-o", "trained.onnx")
        return ("trained.onnx", "--loss=cross_entropy", "--optimizer=sgd", "--batch-size=4")

    def test_imported_weights(self):
        folder = self.compile_both_ways(*self.train())
        self.assertTrue((folder / "0-captured.safetensors").exists())
        self.assertIn("#train.file<", (folder / "3-fused.mlir").read_text())
        # The artifact works: its weights are the trained ones.
        expected, found = (json.loads(self.succeeds("eval", model, "--data", "mnist:mnist", "--batch-size", "4", "--json").out)
                           for model in ("run", "fused/model.so"))
        self.assertAlmostEqual(found["loss"], expected["loss"], delta=1e-6 * expected["loss"])

    def test_changed_weights_are_noticed(self):
        self.succeeds("compile", *self.train(), "--dump-phases-to=phases", "-o", "model.so")
        path = self.here / "phases" / "0-captured.safetensors"
        content = bytearray(path.read_bytes())
        content[-3] ^= 1
        path.write_bytes(content)
        self.refused(1, "0-captured.safetensors", "compile", "phases/3-fused.mlir", "--compile-from=fused", "-o", "again.so")
        path.unlink()
        self.refused(1, "0-captured.safetensors", "compile", "phases/3-fused.mlir", "--compile-from=fused", "-o", "again.so")
        self.assertFalse((self.here / "again.so").exists())

    def test_a_phase_without_its_model_says_what_to_do(self):
        self.succeeds("new", "linear", "--input", "3", "-o", "model.pb")
        self.succeeds("compile", "model.pb", "--batch-size=2", "--dump-phases-to=phases", "-o", "model.so")
        shutil.copyfile(self.here / "phases" / "2-optimized.mlir", self.here / "edited.mlir")
        self.refused(1, ["0-captured.model.pb", "model_file"], "compile", "edited.mlir",
                     "--compile-from=optimized", "-o", "again.so")

    def test_an_edited_phase_is_checked_before_it_goes_on(self):
        self.succeeds("new", "mlp", "--hidden", "8", "-o", "model.pb")
        self.succeeds("compile", "model.pb", "--batch-size=2", "--dump-phases-to=phases", "-o", "model.so")
        stray = "    %unused = tensor.empty() : tensor<f32>\n    train.return"
        for phase, old, new, words in (
                ("4-planned", "{groups = 1 : i64", "{groups = 64 : i64", "has 64 groups of work, its tiles are 1"),
                ("4-planned", "live = array<i64: 0, 0>", "live = array<i64>", "needs a first and a last call"),
                ("4-planned", "slot = #plan.slot<", "slot = #plan.slot<-4", "which does not exist"),
                ("2-optimized", "    train.return", stray, "before fusion"),
                ("3-fused", "    train.return", stray, "outside of a dispatch")):
            text = (self.here / "phases" / f"{phase}.mlir").read_text()
            self.assertIn(old, text)
            (self.here / "phases" / "edited.mlir").write_text(text.replace(old, new, 1))
            self.refused(1, [words], "compile", "phases/edited.mlir", f"--compile-from={phase[2:]}", "-o", "again.so")
            self.assertFalse((self.here / "again.so").exists())

    def test_one_phase_as_a_file(self):
        model = self.train()
        self.succeeds("compile", *model, "-o", "direct.so")
        self.succeeds("compile", *model, "--compile-to=optimized", "-o", "stopped.mlir")
        self.assertTrue((self.here / "stopped.mlir.safetensors").exists())
        self.succeeds("compile", "stopped.mlir", "--compile-from=optimized", "-o", "again.so")
        self.assertTrue((self.here / "again.so.safetensors").read_bytes() == (self.here / "direct.so.safetensors").read_bytes())


if __name__ == "__main__":
    main()
