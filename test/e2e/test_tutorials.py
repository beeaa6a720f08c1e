#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The commands of docs/tutorials run, for a few steps, on data of their form; the pages show the commands that run."""
import math
import random
import re

from pictures import picture_folder
from support import Case, main, os, subprocess, unittest
from probe import BUILD, SANITIZED, SOURCE

FOLDER = SOURCE / "docs" / "tutorials"
# Five steps instead of all epochs, everything else as it is written.
SHORT = 'ntc() { if [ "$1" = train ]; then command ntc "$@" --max-steps 5; else command ntc "$@"; fi; }\n'

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

    def run_script(self, name):
        script = SHORT + (FOLDER / f"{name}.sh").read_text()
        ended = subprocess.run(["bash", "-ec", script], cwd=FOLDER, env=self.script_environment(), capture_output=True, text=True,
                               check=False, timeout=300)
        self.assertEqual(ended.returncode, 0, ended.stdout + ended.stderr)
        return ended.stdout + ended.stderr

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
            self.assertTrue((self.here / f"fold-{fold}" / "report.html").exists())

    def test_pages_show_the_commands(self):
        for script in sorted(FOLDER.glob("*.sh")):
            page = script.with_suffix(".md").read_text()
            shown = [word for line in words("\n".join(re.findall(r"^    (.*)$", page, re.MULTILINE))) for word in line]
            for command in words(script.read_text()):
                missing = [word for word in command if word not in shown and not word.startswith(PLACES)]
                self.assertEqual([word for word in missing if word not in ("--seed", "--out", "-o", "")], [], script.name)


if __name__ == "__main__":
    main()
