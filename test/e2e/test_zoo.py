#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The larger families of the zoo, from `ntc new` to a trained model and its predictions."""
import json

from support import Case, main, struct


class Zoo(Case):
    def losses(self, run):
        rows = [json.loads(line) for line in (self.here / run / "metrics.jsonl").read_text().splitlines()]
        return [row["loss"] for row in rows if "loss" in row]

    def test_vae_learns_images_without_labels(self):
        self.succeeds("new", "vae", "-o", "vae.pb")
        self.make_mnist(train=128, test=32)
        self.succeeds("train", "vae.pb", "--data", "mnist:mnist", "--batch-size", "16", "--epochs", "6", "--out", "run")
        losses = self.losses("run")
        # Per sample, as PyTorch's example prints it: 784 pixels at ln 2 before the first step.
        self.assertLess(losses[0], 784 * 0.7)
        self.assertLess(losses[-1], 0.6 * losses[0])
        report = json.loads(self.succeeds("eval", "run", "--data", "mnist:mnist", "--json").out)
        self.assertLess(report["loss"], 0.6 * losses[0])
        self.succeeds("predict", "run", "--data", "mnist:mnist", "-o", "images.csv")
        lines = (self.here / "images.csv").read_text().splitlines()
        self.assertEqual(len(lines), 1 + 32)
        pixels = [float(value) for value in lines[1].split(",")[1:]]
        self.assertEqual(len(pixels), 784)
        self.assertTrue(all(0 <= pixel <= 1 for pixel in pixels))
        self.succeeds("export", "run", "-o", "trained.onnx")

    def test_vae_keeps_its_terms_under_another_loss(self):
        self.succeeds("new", "vae", "-o", "vae.pb")
        self.make_mnist(train=32)
        self.succeeds("train", "vae.pb", "--loss", "mse,reduction=sum", "--data", "mnist:mnist", "--batch-size", "16",
                      "--epochs", "1", "--out", "run")
        self.assertLess(self.losses("run")[0], 784)

    def test_values_of_the_model_are_metrics(self):
        """The VAE's divergence, by name: of training and validation, whatever the batches, and over a resume."""
        self.succeeds("new", "vae", "-o", "vae.pb")
        self.make_mnist(train=40, test=20)
        self.write("spec.textproto", 'value_metrics: "kl_divergence"\n')
        train = ("train", "vae.pb", "--spec", "spec.textproto", "--data", "mnist:mnist", "--val", "mnist:mnist",
                 "--batch-size", "16", "--epochs", "2", "--monitor", "val_kl_divergence", "--save-every", "2", "--keep", "9")
        self.succeeds(*train, "--out", "run")
        rows = [json.loads(line) for line in (self.here / "run" / "metrics.jsonl").read_text().splitlines()]
        self.assertGreater(rows[0]["kl_divergence"], 0)
        found = rows[-1]["val_kl_divergence"]
        for size in (5, 20):
            report = json.loads(self.succeeds("eval", "run", "--data", "mnist:mnist", "--batch-size", str(size), "--checkpoint",
                                              "latest", "--json").out)
            self.assertAlmostEqual(report["kl_divergence"], found, delta=1e-5 * abs(found))
        self.succeeds(*train, "--out", "stopped", "--max-steps", "2")
        self.succeeds("train", "--out", "stopped", "--resume", "--max-steps", "6")
        again = [json.loads(line) for line in (self.here / "stopped" / "metrics.jsonl").read_text().splitlines()]
        self.assertEqual([row["kl_divergence"] for row in again][-1], rows[-1]["kl_divergence"])
        for name, words in (("nothing", "needs the value"), ("val_x", "records of runs"), ("a b", "letters, digits")):
            self.write("spec.textproto", f'value_metrics: "{name}"\n')
            self.refused(1, [words], "compile", "vae.pb", "--spec", "spec.textproto")

    def test_resnet18_takes_a_step(self):
        self.succeeds("new", "resnet18", "-o", "resnet.pb")
        summary = self.succeeds("summary", "resnet.pb").out
        self.assertIn("11,173,962", summary)
        self.assertIn("layer2.0.downsample.0", summary)
        self.succeeds("train", "resnet.pb", "--data", "synthetic?samples=4", "--batch-size", "2", "--epochs", "1", "--out", "run")
        self.assertLess(abs(self.losses("run")[0]), 100)

    def test_first_values_are_those_of_the_file(self):
        self.succeeds("new", "resnet18", "--seed", "3", "-o", "resnet.pb")
        self.succeeds("compile", "resnet.pb", "--batch-size", "1", "-o", "resnet.so")
        self.succeeds("train", "resnet.so", "--data", "synthetic?samples=1", "--batch-size", "1", "--epochs", "1", "--lr", "0",
                      "--out", "run")
        self.succeeds("export", "run", "-o", "kept.safetensors")
        kept, model = (self.here / "kept.safetensors").read_bytes(), (self.here / "resnet.pb").read_bytes()
        size = struct.unpack("<Q", kept[:8])[0]
        header = json.loads(kept[8:8 + size])
        for name in ("conv1.weight", "layer2.0.downsample.0.weight", "layer4.1.conv2.weight", "fc.weight"):
            begin, end = header[name]["data_offsets"]
            self.assertTrue(kept[8 + size + begin:8 + size + end] in model, f"the compiled draw of {name} is not the file's")

    def test_stem_is_checked(self):
        self.refused(2, "--stem", "new", "resnet18", "--stem", "mnist")
        self.refused(2, "family cnn has no option --stem", "new", "cnn", "--stem", "cifar")


if __name__ == "__main__":
    main()
