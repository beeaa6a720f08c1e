#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The same model and options give the same bytes, wherever and whenever."""
from support import Case, main
from probe import PROBE


class Reproducible(Case):
    def test_artifacts_of_two_folders(self):
        for family in ("mlp", "cnn", "lenet"):
            artifacts = []
            for folder in ("a", "some/other folder"):
                (self.here / folder).mkdir(parents=True, exist_ok=True)
                self.succeeds("new", family, "-o", f"{folder}/model.pb")
                self.succeeds("compile", f"{folder}/model.pb", "--batch-size=4,2", "-o", f"{folder}/{family}.so")
                artifacts.append((self.here / folder / f"{family}.so").read_bytes())
                self.assertNotIn(str(self.here).encode(), artifacts[-1], "the artifact holds the path of its folder")
            self.assertTrue(artifacts[0] == artifacts[1], f"two artifacts of {family} differ")

    def test_models_of_two_folders(self):
        for name in ("a.pb", "b.pb"):
            self.succeeds("model", name, program=PROBE)
        self.assertTrue((self.here / "a.pb").read_bytes() == (self.here / "b.pb").read_bytes())

    def test_imported_weights(self):
        self.make_mlp()
        self.make_mnist()
        self.succeeds("train", "model.pb", "--data", "mnist:mnist", "--batch-size", "32", "--epochs", "1", "--out", "run")
        self.succeeds("export", "run", "-o", "trained.onnx")
        contents = []
        for folder in ("a", "b"):
            (self.here / folder).mkdir()
            self.succeeds("compile", "trained.onnx", "--loss=cross_entropy", "--optimizer=sgd", "--batch-size=4", "-o",
                          f"{folder}/model.so")
            contents.append({path.name: path.read_bytes() for path in (self.here / folder).iterdir()})
        self.assertTrue(contents[0] == contents[1], "files differ: " + ", ".join(sorted(contents[0])))


if __name__ == "__main__":
    main()
