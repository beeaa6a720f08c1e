#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What tools/new-pass drafts: files in their places, an entry that mlir-tblgen reads, and a source that compiles.

The script runs in a copy of the folders that it edits; the one new source is compiled with the flags of the folder's others."""
import json
import re
import shlex

from support import Case, main, pathlib, shutil, subprocess
from probe import BUILD, CACHE, SOURCE

FOLDER, NAME, ARGUMENT = "optimize", "FoldTransposes", "ntc-fold-transposes"
COMMANDS = BUILD / "compile_commands.json"


class NewPass(Case):
    def setUp(self):
        super().setUp()
        for part in (f"compiler/{FOLDER}", f"test/lit/compiler/{FOLDER}"):
            shutil.copytree(SOURCE / part, self.here / part)
        (self.here / "tools").mkdir()
        shutil.copy(SOURCE / "tools" / "new-pass", self.here / "tools")

    def draft(self, folder=FOLDER, name=NAME):
        return subprocess.run([str(self.here / "tools" / "new-pass"), folder, name, "folds transposes into what reads them"],
                              cwd="/", capture_output=True, text=True, check=False)

    def run_tool(self, command, **options):
        result = subprocess.run(command, capture_output=True, text=True, check=False, **options)
        self.assertEqual(result.returncode, 0, f"{shlex.join(command)}\n{result.stdout}{result.stderr}")
        return result.stdout

    def test_files_are_where_they_belong(self):
        result = self.draft()
        self.assertEqual(result.returncode, 0, result.stderr)
        tests = self.here / "test" / "lit" / "compiler" / FOLDER
        for path in (tests / "fold-transposes.mlir", tests / "fold-transposes-invalid.mlir"):
            self.assertIn(f"// RUN: ntc-opt %s --{ARGUMENT} ", path.read_text())
        library = (self.here / "compiler" / FOLDER / "CMakeLists.txt").read_text()
        self.assertRegex(library, rf"ntc_add_mlir_library\([^)]*\b{NAME}\.cpp\b")

    def test_the_draft_compiles(self):
        self.assertEqual(self.draft().returncode, 0)
        if not COMMANDS.exists():
            self.skipTest("the build wrote no compile_commands.json")
        llvm = pathlib.Path(re.search(r"^MLIR_DIR:[A-Z]+=(.*)$", CACHE, re.MULTILINE).group(1)).parents[2]
        generated = self.here / "generated" / "compiler" / FOLDER
        generated.mkdir(parents=True)
        (generated / "Passes.h.inc").write_text(self.run_tool(
            [str(llvm / "bin" / "mlir-tblgen"), "-gen-pass-decls", "-name", FOLDER.capitalize(), "-I", str(llvm / "include"), "-I",
             str(self.here), str(self.here / "compiler" / FOLDER / "Passes.td")]))
        # The commands of a pass beside it; its own folders come first.
        folder = str(SOURCE / "compiler" / FOLDER) + "/"
        entry = next(each for each in json.loads(COMMANDS.read_text()) if each["file"].startswith(folder))
        words = shlex.split(entry["command"])
        words[words.index("-o"):] = ["-fsyntax-only", "-Werror", str(self.here / "compiler" / FOLDER / f"{NAME}.cpp")]
        first = next(index for index, word in enumerate(words) if word.startswith("-I"))
        words[first:first] = [f"-I{self.here / 'generated'}", f"-I{self.here}"]
        self.run_tool(words, cwd=entry["directory"])

    def test_mistakes(self):
        for folder, name, expected in (("optimise", NAME, "folders with passes:"), (FOLDER, "fold-transposes", "CamelCase"),
                                       (FOLDER, "Decompose", "CamelCase")):
            result = self.draft(folder, name)
            self.assertEqual(result.returncode, 1)
            self.assertIn(expected, result.stderr)
        self.assertEqual(self.draft().returncode, 0)
        before = {path: path.read_bytes() for path in self.here.rglob("*") if path.is_file()}
        again = self.draft()
        self.assertEqual(again.returncode, 1)
        self.assertIn("exists already", again.stderr)
        self.assertEqual(before, {path: path.read_bytes() for path in self.here.rglob("*") if path.is_file()})


if __name__ == "__main__":
    main()
