#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Folders of pictures, tables of texts and missing values, series: inspected, trained on, evaluated as they were fitted."""
import json
import math

from pictures import picture_folder, png
from support import Case, main, os, pathlib, shutil, struct, subprocess

RESIZE = "Resize((28,28)),Grayscale(),ToTensor(),Normalize(0.5,0.25)"


class Pictures(Case):
    def setUp(self):
        super().setUp()
        self.make_mlp()
        picture_folder(self, "photos")

    def train(self, out, *options):
        return self.succeeds("train", "model.pb", "--data", "imagefolder:photos", "--batch-size", "12", "--epochs", "3", "--out",
                             out, *options)

    def test_a_folder_trains_evaluates_and_predicts(self):
        self.train("run", "--val-split", "0.25,stratified", "--transform", "RandomHorizontalFlip()," + RESIZE)
        record = json.loads((self.here / "run" / "train.json").read_text())["preprocessing"]
        self.assertEqual(record["classNames"], ["cat", "dog", "eel"])
        self.assertEqual(record["valTransform"], RESIZE)
        result = json.loads(self.succeeds("eval", "run", "--data", "imagefolder:photos", "--json").out)
        self.assertEqual(result["samples"], 48)
        self.succeeds("predict", "run", "--data", "imagefolder:photos", "-o", "out.csv")
        lines = (self.here / "out.csv").read_text().splitlines()
        self.assertRegex(lines[0], r"^index,file,class,name,p0,p1,.*,p9$")
        self.assertRegex(lines[17], r"^16,photos/dog/000\.png,\d,")
        self.succeeds("predict", "run", "--data", "imagefolder:photos", "-o", "out.jsonl")
        self.assertEqual(json.loads((self.here / "out.jsonl").read_text().splitlines()[47])["file"], "photos/eel/015.png")
        # A folder with one of the classes alone keeps its label.
        (self.here / "some").mkdir()
        (self.here / "photos" / "eel").rename(self.here / "some" / "eel")
        result = json.loads(self.succeeds("eval", "run", "--data", "imagefolder:some", "--json").out)
        self.assertEqual(result["samples"], 16)
        self.assertGreater(result["accuracy"], 0.5)
        table = self.succeeds("eval", "run", "--data", "imagefolder:some", "--report").out
        self.assertRegex(table, r"(?m)^ +eel +1\.00 ")
        rows = json.loads(self.succeeds("eval", "run", "--data", "imagefolder:some", "--report", "--json").out)["classes"]
        self.assertIn((2, "eel"), [(row["class"], row["name"]) for row in rows])
        (self.here / "some" / "eel").rename(self.here / "some" / "eek")
        self.refused(2, ["'eek'", "did you mean 'eel'"], "eval", "run", "--data", "imagefolder:some")

    def test_names_of_classes_are_those_of_the_data(self):
        self.make_mnist()
        names = [f"class {letter}" for letter in "abcdefghij"]
        self.write("names.txt", "\n".join(names) + "\n")
        self.succeeds("train", "model.pb", "--data", "mnist:mnist?class_names=names.txt", "--epochs", "1", "--out", "run")
        self.assertRegex(self.succeeds("eval", "run", "--data", "mnist:mnist", "--report").out, r"(?m)^ +class c +\d")
        page = (self.here / "run" / "report.html").read_text()
        self.assertIn(">class c</text>", page)
        self.assertIn("<td>class c</td>", page)
        # Digits that are trained on with a model that had learnt others are not called as those were.
        self.succeeds("export", "run", "-o", "trained.pb")
        self.succeeds("train", "trained.pb", "--data", "mnist:mnist", "--epochs", "1", "--out", "digits")
        self.assertNotIn("class c", self.succeeds("eval", "digits", "--data", "mnist:mnist", "--report").out)
        self.refused(1, ["names.txt", "names 2 classes", "up to 9"], "data", "inspect",
                     "mnist:mnist?class_names=" + str(self.write("names.txt", "a\nb\n")))

    def test_the_remedy_is_named(self):
        self.refused(2, "for one of pictures 'imagefolder:photos'", "train", "model.pb", "--data", "photos")
        self.refused(2, "--transform 'Grayscale(1), Resize((28, 28)), ToTensor()' brings them to it", "train", "model.pb", "--data",
                     "imagefolder:photos")

    def test_workers_do_not_matter(self):
        for workers in (0, 1, 3):
            self.train(f"run{workers}", "--transform", "RandomResizedCrop(28)," + RESIZE, "--workers", workers)
        first = self.checkpoints("run0")[-1].read_bytes()
        for workers in (1, 3):
            self.assertEqual(first, self.checkpoints(f"run{workers}")[-1].read_bytes())

    def test_samplers(self):
        for sampler in ("weighted", "stratified"):
            self.train(sampler, "--transform", RESIZE, "--sampler", sampler)
        self.succeeds("train", "--out", "weighted", "--resume", "--epochs", "4")
        self.refused(2, ["--sampler", "did you mean 'weighted'"], "train", "model.pb", "--data", "imagefolder:photos", "--sampler",
                     "weigted")

    def test_broken_files_are_named(self):
        broken = self.here / "photos" / "dog" / "003.png"
        broken.write_bytes(broken.read_bytes()[:60])
        self.refused(1, ["dog/003.png", "damaged PNG"], "train", "model.pb", "--data", "imagefolder:photos", "--batch-size", "12",
                     "--epochs", "1", "--transform", RESIZE)
        ending = self.succeeds("train", "model.pb", "--data", "imagefolder:photos?skip=broken", "--batch-size", "12", "--epochs",
                               "1", "--transform", RESIZE)
        self.assertIn("dog/003.png", ending.err)

    def test_a_list_of_pictures(self):
        files = sorted(path.relative_to(self.here) for path in (self.here / "photos").rglob("*.png"))
        rows = [f"{path},{path.parent.name}\n" for path in files]
        self.write("list.csv", "file,kind\n" + "".join(rows))
        data = ("train", "model.pb", "--data", "imagelist:list.csv", "--batch-size", "12", "--epochs", "1", "--transform", RESIZE)
        self.succeeds(*data, "--out", "listed")
        for wrong, said in ((f"{files[0]},\n", "list.csv"), ("photos/cat/gone.png,cat\n", "photos/cat/gone.png"),
                            (f"{files[0]}\n", "list.csv")):
            self.write("list.csv", "file,kind\n" + "".join(rows) + wrong)
            self.refused(1, said, *data, "--out", "refused")

    def test_refusals(self):
        def refuse(code, fragments, data, transform=RESIZE):
            self.refused(code, fragments, "train", "model.pb", "--data", data, "--batch-size", "4", "--transform", transform)

        refuse(1, "nowhere", "imagefolder:nowhere")
        refuse(2, "different sizes", "imagefolder:photos", "ToTensor()")
        (self.here / "photos" / "ant").mkdir()
        refuse(1, "ant' has no pictures", "imagefolder:photos")
        (self.here / "photos" / "ant" / "text.jpg").write_text("no picture")
        refuse(1, ["ant/text.jpg", "PNG or JPEG"], "imagefolder:photos")

    def test_inspect_prints_and_draws(self):
        text = self.succeeds("data", "inspect", "imagefolder:photos", "--grid", "grid.png", "--rows", "3", "--columns", "4").out
        for part in ("samples  48", "3 classes", "cat", "33.33 %", "channel 0", "18x21"):
            self.assertIn(part, text)
        self.assertEqual((self.here / "grid.png").read_bytes()[:8], png(1, 1, lambda y, x: (0, 0, 0))[:8])
        self.succeeds("data", "inspect", "imagefolder:photos", "--grid", "grid.png", "--transform", "RandomCrop(12),ToTensor()")
        report = json.loads(self.succeeds("data", "inspect", "imagefolder:photos", "--json").out)
        self.assertEqual(report["samples"], 48)
        self.refused(2, "inspect", "data", "inspekt", "imagefolder:photos")
        self.refused(2, "--grid", "data", "inspect", "imagefolder:photos", "--transform", "ToTensor()")
        self.refused(2, "ColorJitter must come before ToTensor", "data", "inspect", "imagefolder:photos", "--grid", "grid.png",
                     "--transform", "ToTensor(),ColorJitter(0.1)")


class Arrays(Case):
    def npy(self, name, descr, shape, values=b""):
        """A .npy file; what `values` leave of it is a hole that reads as zeros."""
        header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}"
        header += " " * (-(11 + len(header)) % 64) + "\n"
        self.write(name, b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header.encode() + values)
        size = 10 + len(header) + math.prod(shape) * int(descr[2:])
        os.truncate(self.here / name, size)

    def test_files_larger_than_the_memory_that_is_used(self):
        samples = 5_600_000
        self.npy("x.npy", "|u1", (samples, 28, 28))
        self.npy("y.npy", "|u1", (samples,))
        self.assertGreater((self.here / "x.npy").stat().st_size, 4 << 30)
        self.make_mlp()
        data = ("train", "model.pb", "--data", "npy:x.npy?target=y.npy", "--batch-size", "64", "--drop-last", "--no-report",
                "--no-tensorboard")
        small = self.peak_of(*data[:2], "--data", "npy:x.npy?target=y.npy&samples=640", *data[4:], "--max-steps", "10")
        self.assertEqual(small.code, 0, str(small))
        for sampler in ("window,size=20000", "random"):
            ending = self.peak_of(*data, "--max-steps", "30", "--sampler", sampler)
            self.assertEqual(ending.code, 0, str(ending))
            self.assertLess(ending.peak_bytes, small.peak_bytes + (300 << 20), sampler)

    def test_files_and_samplers(self):
        count, rows = 96, bytearray()
        for sample in range(count):
            rows += bytes(255 * (at // 28 == sample % 10) for at in range(784))
        self.npy("x.npy", "|u1", (count, 28, 28), rows)
        self.npy("y.npy", "<i4", (count,), b"".join(struct.pack("<i", sample % 10) for sample in range(count)))
        self.write("w.csv", "id,w\n" + "".join(f"{i},{i % 3}\n" for i in range(count)))
        self.make_mlp()
        self.assertIn("samples  96", self.succeeds("data", "inspect", "npy:x.npy?target=y.npy").out)
        data = ("train", "model.pb", "--data", "npy:x.npy?target=y.npy", "--batch-size", "16", "--val-split", "0.25")
        for name, sampler in (("window", "window,size=20"), ("draws", "weighted,weights=w.csv:w,num_samples=40"),
                              ("distinct", "weighted,weights=w.csv:w,num_samples=40,replacement=false")):
            self.succeeds(*data, "--sampler", sampler, "--epochs", "3", "--out", name)
            # Stopped in the middle of an epoch and continued, the run is the same.
            self.succeeds(*data, "--sampler", sampler, "--epochs", "3", "--max-steps", "5", "--save-every", "5", "--out", "part")
            self.succeeds("train", "--out", "part", "--resume", "--epochs", "3", "--max-steps", "1000")
            self.assertEqual(self.checkpoints(name)[-1].read_bytes(), self.checkpoints("part")[-1].read_bytes(), name)
            shutil.rmtree(self.here / "part")
        self.refused(2, ["--sampler", "as in window,size="], *data, "--sampler", "window")
        self.refused(2, ["--sampler", "has no column 'v'"], *data, "--sampler", "weighted,weights=w.csv:v")
        self.refused(2, ["cannot draw", "without replacement"], *data, "--sampler", "weighted,weights=w.csv:w,replacement=false")
        self.refused(1, ["no.npy"], "train", "model.pb", "--data", "npy:x.npy?target=no.npy")
        self.refused(2, ["did you mean 'target'"], "train", "model.pb", "--data", "npy:x.npy?targets=y.npy")
        self.npy("y.npy", "<i4", (count - 1,))
        self.refused(1, ["'x.npy' has 96 samples, but 'y.npy' has 95"], *data)


class Libraries(Case):
    def test_a_class_of_ones_own(self):
        """The class of docs/data.md, with a body."""
        compiler = shutil.which("c++") or shutil.which("clang++-22")
        if not compiler:
            self.skipTest("no C++ compiler")
        source = pathlib.Path(__file__).resolve().parents[2]
        page = (source / "docs" / "data.md").read_text()
        code = page[page.index("class Squares"):page.index("```\n`c++ -std")]
        body = "{ if (outputs[0]) *(double *)outputs[0] = 0.01 * index; if (outputs[1]) *(double *)outputs[1] = 0.02 * index; }"
        code = code.replace("outputs) const override;", f"outputs) const override {body}\n  int64_t size_;")
        self.write("squares.cpp", "#include <ntc/dataset.hpp>\n" + code)
        subprocess.run([compiler, "-std=c++20", "-shared", "-fPIC", "-I", source / "runtime" / "include", "squares.cpp", "-o",
                        "squares.so"], cwd=self.here, check=True)
        data = "library:squares.so?argument=60"
        self.assertIn("samples  60", self.succeeds("data", "inspect", data).out)
        self.succeeds("new", "linear", "--input", "1", "-o", "model.pb")
        self.succeeds("train", "model.pb", "--data", data, "--val-split", "12", "--batch-size", "8", "--epochs", "2",
                      "--out", "run")
        self.succeeds("eval", "run", "--data", "library:squares.so?argument=30")
        self.refused(1, ["squares.so", "stoll"], "data", "inspect", "library:squares.so?argument=many")


class Tables(Case):
    def test_texts_and_missing_values(self):
        rows = []
        for i in range(60):
            number = "NA" if i % 10 == 3 else i * 3 % 11
            rows.append(f"{i % 7},{number},{('red', 'green')[i % 2]},{('low', 'high')[i % 7 > 3]}")
        self.write("train.csv", "a,b,colour,kind\n" + "\n".join(rows) + "\n")
        self.succeeds("new", "linear", "--input", "4", "--output", "2", "--loss", "cross_entropy", "-o", "model.pb")
        self.refused(1, ["train.csv', line 5, column 'b'", "missing=mean"], "train", "model.pb", "--data",
                     "csv:train.csv?target=kind")
        self.succeeds("train", "model.pb", "--data", "csv:train.csv?target=kind&missing=median&scale=standard", "--val-split",
                      "1/5,stratified", "--batch-size", "12", "--epochs", "2", "--out", "run")
        table = json.loads(json.loads((self.here / "run" / "train.json").read_text())["preprocessing"]["table"])
        self.assertEqual(table["columns"][2]["categories"], ["green", "red"])
        self.assertEqual(table["classNames"], ["high", "low"])
        # Columns are found by name, without a target, in another order.
        self.write("new.csv", "colour,b,a\nred,,3\ngreen,2,1\n")
        self.succeeds("predict", "run", "--data", "csv:new.csv", "-o", "out.csv")
        self.write("new.csv", "colour,b,a\nblue,2,3\n")
        self.refused(1, ["line 2", "'blue' was not in the training data"], "predict", "run", "--data", "csv:new.csv", "-o",
                     "out.csv")
        self.succeeds("eval", "run", "--data", "csv:train.csv")
        text = self.succeeds("data", "inspect", "csv:train.csv?target=kind&missing=mean").out
        for part in ("colour=green", "6 missing", "high"):
            self.assertIn(part, text)

    def test_windows_of_a_series(self):
        self.write("series.csv", "month,n\n" + "".join(f"m{i},{100 + i * 2 + i % 12}\n" for i in range(80)))
        self.succeeds("new", "linear", "--input", "12", "-o", "model.pb")
        data = "csv:series.csv?target=n&window=12&scale=standard"
        self.succeeds("train", "model.pb", "--data", data, "--val-split", "20,last", "--batch-size", "8", "--epochs", "2", "--out",
                      "run", "--lr", "0.001")
        self.succeeds("eval", "run", "--data", "csv:series.csv")
        self.refused(2, "fewer than a window", "train", "model.pb", "--data", "csv:series.csv?target=n&window=90")

    def test_validation_data_is_read_as_the_training_data_says(self):
        self.make_linear()
        self.make_csv(rows=40)
        # Rows that lack values are dropped from the other file too, so that its last batch is another one.
        text = self.make_csv("val.csv", rows=21).read_text().splitlines()
        self.write("val.csv", "\n".join([text[0], *(line if i % 3 else "," + line.partition(",")[2]
                                                    for i, line in enumerate(text[1:]))]) + "\n")
        self.succeeds("train", "model.pb", "--data", "csv:data.csv?target=y&missing=drop", "--val", "csv:val.csv", "--batch-size",
                      "8", "--epochs", "1", "--out", "run")
        lines = [json.loads(line) for line in (self.here / "run" / "metrics.jsonl").read_text().splitlines()]
        self.assertIn("val_loss", lines[-1])

    def test_splits(self):
        self.make_linear()
        self.make_csv(rows=40)
        train = ("train", "model.pb", "--data", "csv:data.csv?target=y", "--batch-size", "8", "--epochs", "1")
        self.succeeds(*train, "--val-split", "25%", "--out", "share")
        self.succeeds(*train, "--val-split", "2/3", "--out", "fold")
        self.succeeds("train", "--out", "fold", "--resume", "--epochs", "2")
        self.refused(2, "50 folds need", *train, "--val-split", "2/50")
        self.refused(2, "expected a number of samples", *train, "--val-split", "1.5")
        self.refused(2, "no label", *train, "--val-split", "0.2,stratified")


class Sequences(Case):
    def setUp(self):
        super().setUp()
        for number, name in enumerate(("Czech", "Dutch", "Greek")):
            lines = ["".join(chr(97 + (i * 7 + j * number) % 26) for j in range(1 + i * 5 % 24)) for i in range(30)]
            self.write(f"names/{name}.txt", "\n".join(lines) + "\n")
        self.succeeds("new", "mlp", "--input", "24", "--hidden", "8", "--classes", "3", "-o", "model.pb")

    def test_buckets_resume_and_workers_do_not_matter(self):
        flags = ("--data", "sequences:names?buckets=8,16,24", "--sampler", "bucketed", "--batch-size", "10", "--seed", "2")
        self.succeeds("train", "model.pb", *flags, "--epochs", "3", "--out", "whole")
        first = self.checkpoints("whole")[-1]
        for workers in ("0", "1", "2", "7"):
            self.succeeds("train", "model.pb", *flags, "--epochs", "3", "--workers", workers, "--out", f"w{workers}")
            self.succeeds("diff", first, self.checkpoints(f"w{workers}")[-1])
        self.succeeds("train", "model.pb", *flags, "--epochs", "3", "--max-steps", "13", "--out", "parts")
        self.succeeds("train", "--out", "parts", "--resume", "--max-steps", "27")
        self.succeeds("diff", first, self.checkpoints("parts")[-1])
        self.succeeds("eval", "whole", "--data", "sequences:names?length=24")

    def test_what_does_not_fit_is_named(self):
        self.refused(2, ["model's input", "[24]", "[30]"], "train", "model.pb", "--data", "sequences:names?length=30")
        self.refused(2, "no option buckets", "train", "model.pb", "--data", "sequences:names?length=24", "--sampler", "bucketed")
        self.refused(2, ["line", "more than the length 5", "truncate=yes"], "data", "inspect", "sequences:names?length=5")
        (self.here / "names" / "Korean.txt").write_text("Kim\n")
        self.refused(2, "labels from 0 to 2, found labels up to 3", "train", "model.pb", "--data",
                     "sequences:names?length=24", "--batch-size", "10")


if __name__ == "__main__":
    main()
