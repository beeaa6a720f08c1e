# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a run does to data goes with its network: into ONNX files as nodes and metadata, read back here by ntc itself."""
import array
import csv
import json
import math

from support import NTC, NTC_RUN, Case, main, shutil

NAN = math.nan


class ExportCase(Case):
    def write_safetensors(self, name, field, shape, values, code="d"):
        data = array.array(code, values).tobytes()
        dtype = {"d": "F64", "f": "F32"}[code]
        header = json.dumps({field: {"dtype": dtype, "shape": shape, "data_offsets": [0, len(data)]}}).encode()
        return self.write(name, len(header).to_bytes(8, "little") + header + data)

    def predictions(self, model, data, *flags, program=NTC):
        """Rows of numbers, as texts of nine digits."""
        self.succeeds("predict", model, "--data", data, "-o", "out.csv", *flags, program=program)
        with open(self.here / "out.csv", newline="") as file:
            return [[cell for name, cell in row.items() if name[0] in "py"] for row in csv.DictReader(file)]

    def exported(self, *flags):
        """The note of the export."""
        return self.succeeds("export", "run", "-o", "trained.onnx", *flags).err

    def compiled(self, loss, model="trained.onnx"):
        self.succeeds("compile", model, "--loss", loss, "--optimizer", "sgd,lr=0.1", "--batch-size", "16", "-o", "read.so")
        return "read.so"

    def train_pictures(self, transform):
        self.make_mnist()
        self.make_mlp()
        self.succeeds("train", "model.pb", "--data", "mnist:mnist", "--batch-size", "16", "--epochs", "1", "--out", "run",
                      "--transform", transform)

    def train_table(self, text="", options="scale=standard&missing=median", loss="mse", width=3):
        self.table = [[float(i % 7) * 1e5, NAN if i % 5 == 0 else i * 0.01 - 3, float(i * i % 11)] for i in range(48)]
        rows = ["size,heat,age" + (",kind" if text else "") + ",price"]
        for i, row in enumerate(self.table):
            cells = ["" if math.isnan(value) else repr(value) for value in row]
            rows.append(",".join(cells + ([text[i % len(text)]] if text else []) + [str(i % 9)]))
        self.write("data.csv", "\n".join(rows) + "\n")
        self.succeeds("new", "mlp", "--input", width, "--hidden", "8", "--classes", "1", "--loss", loss, "-o", "model.pb")
        self.succeeds("train", "model.pb", "--data", f"csv:data.csv?target=price&{options}", "--batch-size", "16", "--epochs", "2",
                      "--out", "run")


class OnnxTest(ExportCase):
    """The preprocessing in files of other formats."""

    def test_normalization_is_done_by_the_graph(self):
        self.train_pictures("RandomCrop(28, padding=2), ToTensor(), Normalize((0.28,), (0.35,)), Normalize(0.1, 0.5)")
        note = self.exported()
        self.assertIn("nodes of trained.onnx do Normalize((0.28,), (0.35,)), Normalize(0.1, 0.5)", note)
        self.assertIn("CenterCrop((28,28)), ToTensor() (ntc.transform)", note)
        self.assertIn(b"ntc.transform", (self.here / "trained.onnx").read_bytes())
        ours = self.predictions("run", "mnist:mnist")
        self.assertEqual(self.predictions(self.compiled("cross_entropy"), "mnist:mnist"), ours)
        # The network alone wants pictures that are normalized.
        self.assertNotIn("note:", self.exported("--bare").replace("note: no", ""))
        bare = self.compiled("cross_entropy")
        self.assertNotEqual(self.predictions(bare, "mnist:mnist"), ours)
        self.assertEqual(
            self.predictions(bare, "mnist:mnist", "--transform", "ToTensor(), Normalize(0.28, 0.35), Normalize(0.1, 0.5)"), ours)
        self.assertNotIn(b"/preprocessing/", (self.here / "trained.onnx").read_bytes())
        self.assertNotIn(b"ntc.", (self.here / "trained.onnx").read_bytes())

    def test_normalization_before_another_transform_is_left_to_the_caller(self):
        self.train_pictures("ToTensor(), Normalize(0.28, 0.35), CenterCrop(28)")
        self.assertIn("metadata_props of trained.onnx say ToTensor(),Normalize(0.28, 0.35),CenterCrop(28)", self.exported())

    def test_a_tables_values_are_filled_and_scaled_by_the_graph(self):
        for options in ("scale=standard&missing=median", "scale=minmax&missing=mean", "missing=zero"):
            with self.subTest(options):
                self.train_table(options=options)
                note = self.exported()
                self.assertIn("filling of missing values" + (", scaling;" if "scale" in options else ";"), note)
                self.write_safetensors("raw.safetensors", "x", [48, 3], sum(self.table, []))
                raw = self.predictions(self.compiled("mse"), "safetensors:raw.safetensors")
                self.assertEqual(raw, self.predictions("run", "csv:data.csv"))
                self.assertGreater(len({row[0] for row in raw}), 20)
                shutil.rmtree(self.here / "run")

    def test_a_series_in_one_row_is_prepared_by_the_graph(self):
        values = [float(i % 12) * 10 + i for i in range(40)]
        self.write("data.csv", "load\n" + "\n".join(map(str, values)) + "\n")
        self.succeeds("new", "linear", "--input", "12", "-o", "model.pb")
        self.succeeds("train", "model.pb", "--data", "csv:data.csv?target=load&window=12&scale=standard", "--batch-size", "4",
                      "--epochs", "1", "--out", "run")
        self.exported()
        windows = [values[i:i + 12] for i in range(28)]
        self.write_safetensors("raw.safetensors", "x", [28, 12, 1], sum(windows, []))
        raw = self.predictions(self.compiled("mse"), "safetensors:raw.safetensors")
        self.assertEqual(raw, self.predictions("run", "csv:data.csv")[:28])

    def test_categories_are_inputs_of_texts(self):
        self.train_table(text=("red", "blue", "green"), width=6)
        self.assertIn("do categories, filling of missing values, scaling", self.exported())
        data = (self.here / "trained.onnx").read_bytes()
        for word in (b"LabelEncoder", b"ai.onnx.ml", b"green", b"heat", b"ntc.columns"):
            self.assertIn(word, data)
        self.refused(3, ["LabelEncoder", "ai.onnx.ml"], "compile", "trained.onnx", "--loss", "mse", "--optimizer", "sgd", "-o",
                     "x.so")
        # Without it, what is left of the network is compiled as before.
        self.exported("--bare")
        self.compiled("mse")

    def test_other_formats_keep_the_preprocessing(self):
        self.train_table()
        self.succeeds("export", "run", "-o", "trained.safetensors")
        header = (self.here / "trained.safetensors").read_bytes()[8:].split(b"\0")[0]
        self.assertIn(b"ntc.preprocessing", header)
        self.succeeds("export", "run", "--bare", "-o", "trained.safetensors")
        self.assertNotIn(b"ntc.preprocessing", (self.here / "trained.safetensors").read_bytes())
        # A model file has it in its recipe: who compiles it predicts as the run does, and trains on with the same fit.
        self.succeeds("export", "run", "-o", "trained.pb")
        self.succeeds("compile", "trained.pb", "--batch-size", "16", "-o", "trained.so")
        self.assertEqual(self.predictions("trained.so", "csv:data.csv"), self.predictions("run", "csv:data.csv"))
        half = (self.here / "data.csv").read_text().splitlines()[:25]
        self.write("half.csv", "\n".join(half) + "\n")
        self.succeeds("train", "trained.pb", "--data", "csv:half.csv?target=price", "--batch-size", "8", "--epochs", "1",
                      "--out", "on")
        first, second = (json.loads((self.here / run / "train.json").read_text())["preprocessing"] for run in ("run", "on"))
        self.assertEqual(first, second)
        # The step is ours still, with or without what is done to data, and flags may change it.
        self.succeeds("export", "run", "--bare", "-o", "bare.pb")
        self.assertIn(b"preprocessing {", (self.here / "trained.pb").read_bytes())
        self.assertNotIn(b"preprocessing {", (self.here / "bare.pb").read_bytes())
        for model in ("trained.pb", "bare.pb"):
            self.succeeds("compile", model, "--optimizer", "sgd,lr=0.1", "--reinit", "*", "--batch-size", "16", "-o", "x.so")


class ArtifactTest(ExportCase):
    """One file that holds code, parameters and what was fitted to the data."""

    def move_away(self, *names):
        """Leaves `names` alone in a new folder, where nothing of the run can be found."""
        away = self.here / "away"
        away.mkdir()
        for name in names:
            shutil.move(self.here / name, away / name)
        shutil.rmtree(self.here / "run")
        self.here = away

    def test_a_table_is_prepared_by_the_artifact(self):
        self.train_table(text=("red", "blue", "green"), width=6)
        ours = self.predictions("run", "csv:data.csv")
        scores = json.loads(self.succeeds("eval", "run", "--data", "csv:data.csv", "--json").out)
        fit = json.loads((self.here / "run/train.json").read_text())["preprocessing"]
        self.succeeds("export", "run", "-o", "trained.so")
        self.move_away("trained.so", "data.csv")
        out = self.succeeds("predict", "trained.so", "--data", "csv:data.csv", "-o", "x.csv")
        self.assertIn("parameters of trained.so", out.err)
        self.assertEqual(self.predictions("trained.so", "csv:data.csv"), ours)
        exported = json.loads(self.succeeds("eval", "trained.so", "--data", "csv:data.csv", "--json").out)
        self.assertEqual(exported["loss"], scores["loss"])
        # Training goes on from the parameters, with the fit of the run, by either program.
        more = ("trained.so", "--data", "csv:data.csv?target=price", "--epochs", "1", "--lr", "0", "--out")
        self.succeeds("train", *more, "on")
        self.assertEqual(json.loads((self.here / "on/train.json").read_text())["preprocessing"], fit)
        self.assertEqual(self.predictions("on", "csv:data.csv"), ours)
        self.succeeds(*more, "runtime", program=NTC_RUN)
        self.assertEqual(json.loads((self.here / "runtime/train.json").read_text())["preprocessing"], fit)
        self.assertEqual(self.predictions("runtime", "csv:data.csv"), ours)

    def test_pictures_are_prepared_and_classes_named_by_the_artifact(self):
        self.train_pictures("RandomCrop(28, padding=2), ToTensor(), Normalize((0.28,), (0.35,))")
        ours = self.predictions("run", "mnist:mnist")
        self.succeeds("export", "run", "-o", "trained.so")
        self.succeeds("export", "run", "--bare", "-o", "bare.so")
        self.assertEqual(self.predictions("trained.so", "mnist:mnist"), ours)
        self.assertNotEqual(self.predictions("bare.so", "mnist:mnist"), ours)
        # What comes of an exported artifact is what comes of the run.
        for name in ("trained.onnx", "trained.safetensors", "again.so"):
            self.succeeds("export", "run", "-o", "of-run-" + name)
            self.succeeds("export", "trained.so", "-o", "of-so-" + name)
            self.assertEqual((self.here / ("of-run-" + name)).read_bytes(), (self.here / ("of-so-" + name)).read_bytes(), name)

    def test_the_artifact_is_sealed_and_does_not_grow(self):
        self.train_table()
        self.succeeds("export", "run", "-o", "trained.so")
        data = (self.here / "trained.so").read_bytes()
        self.assertEqual(data.count(b"NTCMANIF"), 1)
        self.succeeds("export", "trained.so", "-o", "trained.so")
        self.assertEqual((self.here / "trained.so").read_bytes(), data)
        before = len((self.here / "run/model.so").read_bytes())
        self.assertLess(len(data), 3 * before)
        # Every part of the file is under the seal: code, zeros, manifest, digest.
        for place in (64, before // 2, len(data) - 2000, len(data) - 10):
            damaged = bytearray(data)
            damaged[place] ^= 1
            self.write("damaged.so", bytes(damaged))
            self.refused(1, "damaged", "predict", "damaged.so", "--data", "csv:data.csv", "-o", "out.csv")
        self.write("cut.so", data[:-1])
        self.refused(1, "cut.so", "predict", "cut.so", "--data", "csv:data.csv", "-o", "out.csv")
        self.refused(1, "absent/x.so", "export", "run", "-o", "absent/x.so")

    def test_averages_and_checkpoints_can_be_exported(self):
        self.train_table()
        first, last = self.checkpoints("run")
        self.succeeds("export", "run", "--checkpoint", first, "-o", "first.so")
        ours = self.predictions("run", "csv:data.csv", "--checkpoint", str(first))
        self.assertEqual(self.predictions("first.so", "csv:data.csv"), ours)
        self.assertNotEqual(self.predictions("run", "csv:data.csv", "--checkpoint", str(last)), ours)

    def test_a_checkpoint_says_how_its_data_is_prepared(self):
        self.train_table()
        ours = self.predictions("run", "csv:data.csv")
        self.succeeds("compile", "model.pb", "--batch-size", "16", "-o", "model.so")
        shutil.copy(self.checkpoints("run")[-1], self.here / "state.safetensors")
        self.move_away("model.so", "state.safetensors", "data.csv")
        self.assertEqual(self.predictions("model.so", "csv:data.csv", "--checkpoint", "state.safetensors"), ours)

    def test_large_values_lie_beside_the_artifact(self):
        self.make_mnist(train=16, test=16)
        self.succeeds("new", "mlp", "--hidden", "22000", "--optimizer", "sgd,lr=0.01", "-o", "model.pb")
        self.succeeds("train", "model.pb", "--data", "mnist:mnist", "--batch-size", "16", "--epochs", "1", "--out", "run")
        ours = self.predictions("run", "mnist:mnist")
        self.succeeds("export", "run", "-o", "trained.so")
        self.assertLess((self.here / "trained.so").stat().st_size, 1 << 20)
        self.assertEqual(self.predictions("trained.so", "mnist:mnist"), ours)
        self.write("trained.so.safetensors", b"other")
        self.refused(1, "trained.so.safetensors", "predict", "trained.so", "--data", "mnist:mnist", "-o", "out.csv")
        self.assertEqual([path.name for path in self.here.glob("*.tmp*")], [])


if __name__ == "__main__":
    main()
