#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The commands of docs/tutorials run, for a few steps, on data of their form; the pages show the commands that run."""
import json
import math
import pathlib
import random
import re

from pictures import picture_folder
from support import Case, main, os, subprocess, unittest
from probe import BUILD, SANITIZED, SOURCE

FOLDER = SOURCE / "docs" / "tutorials"
# Five steps instead of all epochs, ten after resuming, everything else as it is written. Pages find an installed library.
SHORT = '''ntc() {
  case "$1 $*" in
    train*--resume*) command ntc "$@" --max-steps 10 ;;
    train*) command ntc "$@" --max-steps 5 ;;
    *) command ntc "$@" ;;
  esac
}
pkg-config() { echo "$NTC_FRONTEND"; }
'''

# What begins a word that is another on a page, where a file is.
PLACES = ("$", "csv:", "mnist:", "text:", "sequences:", "imagefolder:")


def words(text):
    """The commands of `text` without places: what a page and its script have in common."""
    text = re.sub(r"\\\n", " ", text)
    text = re.sub(r'"?\$(WORK|MNIST|HOUSING|AIRLINE|PHOTOS|TEXT|VOCAB|NAMES)/?[^ "?]*"?', "", text.replace("'", '"'))
    return [re.split(r"[ \"]+", line.strip()) for line in text.splitlines() if line.strip().startswith("ntc ")]


class Tutorials(Case):
    def script_environment(self):
        return {**os.environ, "PATH": f"{BUILD}/bin:{os.environ['PATH']}", "SEED": "1", "WORK": str(self.here),
                "MNIST": str(self.here / "mnist"), "HOUSING": str(self.here / "housing.csv"),
                "AIRLINE": str(self.here / "airline.csv"), "PHOTOS": str(self.here / "photos"),
                "TEXT": str(self.here / "input.txt"), "NAMES": str(self.here / "names"),
                "VOCAB": str(SOURCE / "test" / "unit" / "runtime" / "data" / "bpe.json"),
                "XDG_CACHE_HOME": str(self.here / "cache"),
                "NTC_FRONTEND": f"-I{SOURCE}/frontend/include -L{BUILD}/lib -lntc_frontend -Wl,-rpath,{BUILD}/lib"}

    def run_bash(self, script, folder, environment):
        ended = subprocess.run(["bash", "-ec", SHORT + script], cwd=folder, env=environment, capture_output=True, text=True,
                               check=False, timeout=300)
        self.assertEqual(ended.returncode, 0, ended.stdout + ended.stderr)
        return ended.stdout + ended.stderr

    def run_script(self, name):
        """What the script says; then every command of its page, where the data have the page's names."""
        said = self.run_bash((FOLDER / f"{name}.sh").read_text(), FOLDER, self.script_environment())
        page = (FOLDER / f"{name}.md").read_text()
        (self.here / "page").mkdir()
        for place, at in (("DIR", "mnist"), ("housing.csv", "housing.csv"), ("other.csv", "housing.csv"), ("photos", "photos"),
                          ("new-districts.csv", "housing.csv"), ("california-housing.csv", "housing.csv"), ("names", "names"),
                          ("airline-passengers.csv", "airline.csv"), ("input.txt", "input.txt"),
                          ("tokenizer.json", SOURCE / "test/unit/runtime/data/bpe.json"),
                          ("pipeline.cpp", FOLDER / "pipeline.cpp")):
            if (self.here / at).exists():
                (self.here / "page" / place).symlink_to(self.here / at)
        commands = "\n".join(re.findall(r"^    (.*)$", page, re.MULTILINE)).replace("> housing.csv", "> prices.csv")
        self.assertIn("ntc ", commands)
        if (self.here / "run").exists():  # what the script trained already is not trained again
            for made in ("run", "model.pb"):
                (self.here / "page" / made).symlink_to(self.here / made)
            commands = re.sub(r"(?m)^ntc (new|train) (.*\\\n)*.*\n?", "", commands)
        self.run_bash(commands, self.here / "page", self.script_environment())
        return said

    def given(self, *places):
        """Real data in the folder NTC_TUTORIAL_DATA, else in shared/data beside the repository, where they are there."""
        root = pathlib.Path(os.environ.get("NTC_TUTORIAL_DATA", SOURCE.parent / "shared" / "data"))
        missing = [place for place in places if not (root / place).exists()]
        if missing:
            self.skipTest(f"{root} has no {missing[0]}")
        return [root / place for place in places]

    def test_real_digits(self):
        (self.here / "mnist").symlink_to(self.given("mnist/train-images-idx3-ubyte.gz")[0].parent)
        self.assertIn("val_accuracy", self.run_script("mnist_mlp"))

    def test_real_series(self):
        (self.here / "airline.csv").symlink_to(*self.given("timeseries/airline-passengers.csv"))
        self.assertIn("val_rmse", self.run_script("airline"))

    def test_real_table(self):
        (table,) = self.given("tabular/california-housing.csv")
        lines = [line.split(",") for line in table.read_text().splitlines()]
        rows = [",".join([*row[:8], str(float(row[8]) / 100000), *row[9:]]) for row in lines[1:]]
        self.write("housing.csv", "\n".join([",".join(lines[0]), *rows]) + "\n")
        self.assertIn("val_r2", self.run_script("housing"))

    def test_mnist_mlp(self):
        self.make_mnist("mnist", train=10096)
        self.assertIn("val_accuracy", self.run_script("mnist_mlp"))

    def test_fashion_cnn(self):
        self.assertIn("val_accuracy", self.run_script("fashion_cnn"))

    def test_housing(self):
        draw = random.Random(1)
        names = "longitude,latitude,housing_median_age,total_rooms,total_bedrooms,population,households,median_income," \
                "median_house_value,ocean_proximity"
        places = ["<1H OCEAN", "INLAND", "ISLAND", "NEAR BAY", "NEAR OCEAN"]
        rows = [",".join([f"{draw.random():.3f}" if i != 4 or row % 50 else "" for i in range(9)] + [places[row % 5]])
                for row in range(1000)]
        self.write("housing.csv", "\n".join([names, *rows]) + "\n")
        self.assertIn("val_r2", self.run_script("housing"))

    def test_airline(self):
        rows = [f"{1949 + i // 12}-{i % 12 + 1:02},{100 + 2 * i + round(30 * math.sin(i / 2))}" for i in range(144)]
        self.write("airline.csv", "\n".join(['"Month","Passengers"', *rows]) + "\n")
        said = self.run_script("airline")
        self.assertIn("val_mae", said)
        self.assertIn("val_rmse", said)

    def test_folder(self):
        picture_folder(self, "photos")
        said = self.run_script("folder")
        self.assertIn("val_f1", said)
        self.assertRegex(said, r"(?m)^ +eel ")

    def test_text(self):
        self.write("input.txt", "It was the best of times, it was the worst of times.\n" * 20)
        for name in ("Czech", "Dutch"):
            self.write(f"names/{name}.txt", "Abl\nAdsit\nZhang Wei\n" * 5)
        said = self.run_script("text")
        self.assertIn("420 classes", said)
        self.assertRegex(said, r"x +i64\[32\]")

    @unittest.skipIf(SANITIZED, "a plain program cannot load a library with sanitizers")
    def test_pipeline(self):
        self.run_script("pipeline")
        for fold in (1, 2, 3):
            run = self.here / f"fold-{fold}"
            self.assertTrue((run / "report.html").exists())
            # Ended after five steps, resumed to ten.
            self.assertEqual(len(list(run.glob("events.out.tfevents.*"))), 2)
            last = json.loads((run / "metrics.jsonl").read_text().splitlines()[-1])
            self.assertEqual(last["step"], 10)
            self.assertIn("val_accuracy", last)
            self.assertEqual(json.loads((run / "run.json").read_text())["fold"], fold)

    def test_pages_show_the_commands(self):
        for script in sorted(FOLDER.glob("*.sh")):
            page = script.with_suffix(".md").read_text()
            shown = [word for line in words("\n".join(re.findall(r"^    (.*)$", page, re.MULTILINE))) for word in line]
            for command in words(script.read_text()):
                missing = [word for word in command if word not in shown and not word.startswith(PLACES)]
                self.assertEqual([word for word in missing if word not in ("--seed", "--out", "-o", "")], [], script.name)


if __name__ == "__main__":
    main()
