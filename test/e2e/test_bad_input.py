#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Bad input of every kind, by the sentence that a user reads: one each, with the file, field or flag, and nothing left behind."""
from pictures import picture_folder
from support import Case, main, struct

RESIZE = "Resize((28,28)),Grayscale(),ToTensor()"


class BadInput(Case):
    def says(self, code, sentence, *words):
        """Ends with `code`; the last line of errors, less the hint on help, is the sentence, and no run is left."""
        before = set(self.here.rglob("run.json"))
        ending = self.refused(code, sentence, *words)
        errors = [line.split("error: ", 1)[1] for line in ending.err.splitlines() if "error: " in line]
        self.assertEqual(errors, [sentence], str(ending))
        self.assertEqual(set(self.here.rglob("run.json")), before, "a run is left")

    def test_pictures(self):
        self.make_mlp()
        picture_folder(self, "photos")

        def refuse(sentence, data="imagefolder:photos", code=1):
            self.says(code, sentence, "train", "model.pb", "--data", data, "--batch-size", "12", "--epochs", "1", "--transform",
                      RESIZE)

        first = self.here / "photos" / "cat" / "000.png"
        whole = first.read_bytes()
        skip = "; leave out broken pictures with the option skip=broken"
        first.write_bytes(whole[:60])
        refuse("'photos/cat/000.png': damaged PNG: the file ends too early" + skip)
        first.write_bytes(b"")
        refuse("'photos/cat/000.png': the file is empty: expected a PNG or JPEG picture" + skip)
        first.write_bytes(b"text under the name of a picture")
        refuse("'photos/cat/000.png': expected a PNG or JPEG picture, found neither" + skip)
        first.unlink()
        first.symlink_to("nowhere")
        refuse("photos/cat/000.png: cannot open: No such file or directory" + skip)
        first.unlink()
        # A PNG picture under the name of a JPEG one is a picture.
        (first.parent / "000.jpg").write_bytes(whole)
        self.succeeds("data", "inspect", "imagefolder:photos")
        refuse("folder 'photos/cat' has no classes: expected one folder of pictures for each class", "imagefolder:photos/cat")
        (self.here / "none").mkdir()
        refuse("folder 'none' has no classes: expected one folder of pictures for each class", "imagefolder:none")
        (self.here / "photos" / "ant").mkdir()
        refuse("folder 'photos/ant' has no pictures (.png, .jpg, .jpeg): expected at least one of its class")

        def listed(*labels):
            rows = [f"photos/cat/00{i + 1}.png,{label}\n" for i, label in enumerate(labels)]
            self.write("list.csv", "file,label\n" + "".join(rows))

        listed(3, -1)
        refuse("'list.csv', line 3: expected a label from 0 to 16777215, found -1", "imagelist:list.csv")
        listed(3, 12)
        refuse("data 'imagelist:list.csv': the model's input 'label' expects labels from 0 to 9, found labels up to 12",
               "imagelist:list.csv", 2)
        listed("cat", "")
        refuse("'list.csv', line 3: expected a label, found nothing", "imagelist:list.csv")

    def test_tables(self):
        self.make_linear()

        def refuse(text, sentence):
            self.write("t.csv", "x0,x1,x2,y\n1,2,3,4\n" + text)
            self.says(1, "'t.csv', line 3" + sentence, "train", "model.pb", "--data", "csv:t.csv?target=y", "--batch-size", "2",
                      "--epochs", "1")

        refuse("1,2,3\n", ": expected 4 columns, found 3")
        refuse("1,2,3,4,5\n", ": expected 4 columns, found more")
        missing = "; fill missing values with the option missing=mean, or leave such rows out with missing=drop"
        refuse("1,,3,4\n", ", column 'x1': expected a finite number, found nothing" + missing)
        refuse("1,2,3,NA\n", ", column 'y': expected a finite number, found 'NA'" + missing)
        refuse("1,zebra,3,4\n", ", column 'x1': expected a finite number, found 'zebra'; take a column of texts and numbers for "
               "categories with the option categorical, or leave it out with columns")
        refuse("1,2,3,zebra\n", ", column 'y': expected a finite number, found 'zebra'; texts as classes need a column without "
               "numbers")
        refuse('1,"2,3,4\n', ", column 'x1': a quoted text is not closed")

        self.write("train.csv", "a,b,y\n1,red,1\n2,blue,2\n3,red,3\n")
        self.succeeds("train", "model.pb", "--data", "csv:train.csv?target=y", "--batch-size", "3", "--epochs", "1", "--out", "run")
        self.write("new.csv", "a,b,y\n1,red,1\n2,green,2\n")
        unknown = ("'new.csv', line 3, column 'b': category 'green' was not in the training data; known are blue, red; take such "
                   "ones for none with the option unknown=ignore")
        self.says(1, unknown, "eval", "run", "--data", "csv:new.csv")
        self.says(1, unknown, "predict", "run", "--data", "csv:new.csv", "-o", "out.csv")
        self.assertFalse((self.here / "out.csv").exists())

    def test_sizes_and_labels(self):
        self.make_mlp()
        self.make_mnist()

        def refuse(code, sentence, *flags, data="mnist:mnist"):
            self.says(code, sentence, "train", "model.pb", "--data", data, *flags)

        refuse(2, "data 'mnist:mnist' has 96 samples to train on, fewer than the batch size 1000, and --drop-last leaves out the "
               "last smaller batch: nothing is left", "--batch-size", "1000", "--drop-last")
        # Without --drop-last it is one partial batch.
        self.succeeds("train", "model.pb", "--data", "mnist:mnist", "--batch-size", "1000", "--epochs", "1", "--out", "big")
        folds = ": 200 folds need at least as many samples, found 96"
        refuse(2, "--fold 1/200" + folds, "--batch-size", "32", "--fold", "1/200")
        refuse(2, "--val-split 1/200" + folds, "--batch-size", "32", "--val-split", "1/200")
        refuse(2, "--val-split 96: a part of 96 leaves nothing of the 96 samples to train on", "--batch-size", "32",
               "--val-split", "96")
        labels = self.here / "mnist" / "train-labels-idx1-ubyte"
        labels.write_bytes(struct.pack(">II", 2049, 96) + bytes(95) + b"\x0a")
        refuse(1, "'mnist/train-labels-idx1-ubyte': expected labels from 0 to 9, found 10 at sample 95", "--batch-size", "32")
        refuse(2, "data 'idx:mnist': the model's input 'label' expects labels from 0 to 9, found labels up to 10", "--batch-size",
               "32", data="idx:mnist")

    def test_schedules_metrics_and_folders(self):
        self.make_mlp()
        self.make_mnist()
        base = ("train", "model.pb", "--data", "mnist:mnist", "--batch-size", "32", "--epochs", "1")
        for text, sentence in (
                ("step,step_size=0", "step: step_size: expected a whole number from 1, found '0'"),
                ("cosine,t_max=0", "cosine: t_max: expected a number above 0, found '0'"),
                ("onecycle,max_lr=-1", "onecycle: max_lr: expected a number above 0, found '-1'"),
                ("cosine,tmax=3", "cosine has no setting 'tmax'; did you mean 't_max'?"),
                ("multistep,milestones=5:3", "multistep: milestones: expected ascending numbers from 1 as 30:60, found '5:3'"),
                ("linear,start_factor=2", "linear: start_factor: expected a number above 0 to 1, found '2'"),
                ("plateau,factor=1.5", "plateau: factor: expected a number below 1, found '1.5'"),
                ("cyclic,base_lr=1,max_lr=0.1", "cyclic: base_lr 1 is above max_lr 0.1")):
            self.says(2, "flag '--schedule': schedule " + sentence, *base, "--schedule", text)
        no_validation = ", but the run has no validation; add --val or --val-split"
        self.says(2, "schedule plateau monitors 'val_loss'" + no_validation, *base, "--schedule", "plateau,monitor=val_loss")
        self.says(2, "--monitor monitors 'val_loss'" + no_validation, *base, "--monitor", "val_loss")
        base_and_validation = (*base, "--val-split", "16")
        self.says(2, "--monitor monitors 'acc', which the run does not report; did you mean 'accuracy'?", *base_and_validation,
                  "--monitor", "acc")
        self.says(2, "--early-stop monitors 'val_los', which the run does not report; did you mean 'val_loss'?",
                  *base_and_validation, "--early-stop=monitor=val_los")
        self.succeeds(*base, "--out", "run")
        kept = {path: path.read_bytes() for path in (self.here / "run").rglob("*") if path.is_file()}
        self.says(2, "folder 'run' holds a run already; continue it with --resume or choose another --out", *base, "--out", "run")
        self.assertEqual(kept, {path: path.read_bytes() for path in kept})
        # A disk that is full: test_full_disk.py.


if __name__ == "__main__":
    main()
