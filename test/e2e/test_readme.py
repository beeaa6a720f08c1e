#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The commands of README.md and the guides run as they are printed, on smaller data. In a fence ``` or ```sh, a line that begins
with "$ " is a command; it goes on after a backslash at its end. The commands of a page run in order, in one folder."""
import re
import shlex

from support import BIN, Case, main, subprocess, unittest
from probe import BUILD, CACHE, SANITIZED, SOURCE

# Programs that are tests of their own: they build everything, or run this test.
ELSEWHERE = ("tools/quickstart", "tools/test", "git", "cmake", "sudo", "apt-get", "apt")
# What makes minutes seconds: a data set in the same format, and less of it.
SMALLER = ((r"\bfashion-mnist\b", "mnist:small"), (r"--val-split \d+", "--val-split 64"), (r"--epochs \d+", "--epochs 1"))


def commands(page):
    """The commands of a page in order."""
    for fence in re.findall(r"^```(?:sh)?\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL):
        lines = iter(fence.splitlines())
        for line in lines:
            if not line.startswith("$ "):
                continue
            command = line[2:]
            while command.endswith("\\"):
                command = command[:-1] + next(lines)
            yield command


class Readme(Case):
    def run_page(self, page):
        (self.here / "build").mkdir(exist_ok=True)
        if not (self.here / "build" / "bin").exists():
            (self.here / "build" / "bin").symlink_to(BIN)
        self.make_mnist("small", train=256, test=64)
        environment = {**self.environment, "PATH": f"{BIN}:{self.environment['PATH']}"}
        count = 0
        for command in commands(page):
            words = shlex.split(command, comments=True)
            if not words or words[0] in ELSEWHERE:
                continue
            for pattern, smaller in SMALLER:
                command = re.sub(pattern, smaller, command)
            result = subprocess.run(["bash", "-e", "-o", "pipefail", "-c", command], cwd=self.here, env=environment, timeout=600,
                                    stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False)
            self.assertEqual(result.returncode, 0, f"{page.name}: $ {command}\n{result.stdout}\n{result.stderr}")
            count += 1
        return count

    def test_readme(self):
        page = SOURCE / "README.md"
        if not page.exists():
            self.skipTest("there is no README.md")
        self.assertGreater(self.run_page(page), 0, "README.md has no command that runs")

    @unittest.skipIf(SANITIZED, "a plain program cannot use libraries with sanitizers")
    def test_a_model_in_cpp(self):
        programs = re.findall(r"^```cpp\n(.*?)^```$", (SOURCE / "README.md").read_text(), re.MULTILINE | re.DOTALL)
        self.assertEqual(len(programs), 1)
        self.write("net.cpp", programs[0])
        compiler = re.search(r"^CMAKE_CXX_COMPILER:[A-Z]+=(.*)$", CACHE, re.MULTILINE).group(1)
        built = subprocess.run([compiler, "-std=c++20", "-Wall", "-Wextra", "-Werror", f"-I{SOURCE}/frontend/include", "net.cpp",
                                f"-L{BUILD}/lib", "-lntc_frontend", f"-Wl,-rpath,{BUILD}/lib", "-o", "net"],
                               cwd=self.here, capture_output=True, text=True, check=False)
        self.assertEqual(built.returncode, 0, built.stderr)
        self.succeeds(program=str(self.here / "net"))
        self.assertIn("fc2.weight", self.succeeds("inspect", "model.pb").out)

    def test_an_onnx_file_and_flags(self):
        """The line of README.md's text, up to its data, on a smaller network whose first layer is called conv1."""
        text = (SOURCE / "README.md").read_text()
        line = re.search(r"`ntc train (resnet\.onnx --loss [^`]*?) --data …`", text)
        self.assertIsNotNone(line, "README.md shows no training of an ONNX file by flags")
        self.succeeds("new", "cnn", "-o", "resnet.onnx")
        words = shlex.split(line.group(1).replace("layer1", "conv1"))
        ending = self.succeeds("pack", *words, "-o", "resnet.pb")
        self.assertIn("cross_entropy, sgd, 1 frozen", ending.err)

    def test_guides(self):
        for page in sorted((SOURCE / "docs").rglob("*.md")):
            with self.subTest(page=page.name):
                self.run_page(page)


if __name__ == "__main__":
    main()
