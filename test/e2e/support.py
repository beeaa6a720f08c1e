# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Running the programs as a user does, in a folder of their own, and what every ending must look like."""
import gzip
import os
import pathlib
import shutil
import signal
import struct
import subprocess
import tempfile
import unittest

BIN = pathlib.Path(os.environ.get("NTC_BIN", pathlib.Path(__file__).resolve().parents[2] / "build" / "bin"))
NTC = str(BIN / "ntc")
NTC_RUN = str(BIN / "ntc-run")

# Words that only a crash prints.
CRASH_WORDS = ("Stack dump", "LLVM ERROR", "Assertion", "AddressSanitizer", "runtime error:", "terminate called", "PLEASE submit")


class Ending:
    """How a program ended."""

    def __init__(self, command, code, out, err, peak_bytes):
        self.command, self.code, self.out, self.err, self.peak_bytes = command, code, out, err, peak_bytes

    def __str__(self):
        return f"$ {' '.join(self.command)}\nexit {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


class Case(unittest.TestCase):
    """A test in a new folder, with a cache that all tests of the file share."""

    @classmethod
    def setUpClass(cls):
        cls.shared = tempfile.TemporaryDirectory(prefix="ntc-e2e-")
        os.chmod(cls.shared.name, 0o755)
        cls.environment = {key: value for key, value in os.environ.items() if key in ("PATH", "LANG", "ASAN_OPTIONS")}
        cls.environment.update(HOME=cls.shared.name, XDG_CACHE_HOME=cls.shared.name + "/cache", NO_COLOR="1")

    @classmethod
    def tearDownClass(cls):
        cls.shared.cleanup()

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="test-", dir=self.shared.name)
        os.chmod(self.folder.name, 0o755)
        self.here = pathlib.Path(self.folder.name)

    def tearDown(self):
        self.folder.cleanup()

    def start(self, *words, program=NTC, **options):
        return subprocess.Popen([program, *map(str, words)], cwd=self.here, env=self.environment, text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, errors="replace",
                                **options)

    def end(self, process):
        out, err = process.communicate(timeout=600)
        return Ending(process.args, process.returncode, out, err, 0)

    def run_program(self, *words, program=NTC, **options):
        return self.end(self.start(*words, program=program, **options))

    def peak_of(self, *words):
        """Ends the program and returns its ending with the peak of its memory."""
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            process = subprocess.Popen([NTC, *map(str, words)], cwd=self.here, env=self.environment, stdout=out, stderr=err)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            out.seek(0), err.seek(0)
            return Ending(process.args, process.returncode, out.read().decode(errors="replace"),
                          err.read().decode(errors="replace"), usage.ru_maxrss * 1024)

    def check_sober(self, ending):
        """No crash, whatever else happened."""
        self.assertGreaterEqual(ending.code, 0, f"killed by a signal:\n{ending}")
        for word in CRASH_WORDS:
            self.assertNotIn(word, ending.err, str(ending))

    def succeeds(self, *words, program=NTC):
        ending = self.run_program(*words, program=program)
        self.check_sober(ending)
        self.assertEqual(ending.code, 0, str(ending))
        return ending

    def refused(self, code, fragments, *words, program=NTC, ending=None):
        """Ends with `code`, an error line, and all fragments in it."""
        ending = ending or self.run_program(*words, program=program)
        self.check_sober(ending)
        self.assertEqual(ending.code, code, str(ending))
        self.assertIn("error:", ending.err, str(ending))
        for fragment in [fragments] if isinstance(fragments, str) else fragments:
            self.assertIn(fragment, ending.err, str(ending))
        return ending

    def write(self, name, data):
        path = self.here / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    def make_linear(self, name="model.pb", *options):
        """A small model for `synthetic_csv`."""
        self.succeeds("new", "linear", "--input", "3", *options, "-o", name)
        return self.here / name

    def make_mlp(self, name="model.pb", *options):
        self.succeeds("new", "mlp", "--hidden", "16", *options, "-o", name)
        return self.here / name

    def make_csv(self, name="data.csv", rows=100, columns=3):
        """Numbers x0…, and y, a linear function of them."""
        lines = [",".join(f"x{i}" for i in range(columns)) + ",y"]
        for row in range(rows):
            values = [((row * 7 + i * 13) % 17) / 17 - 0.5 for i in range(columns)]
            lines.append(",".join(f"{value:.6f}" for value in values) + f",{sum(values) + 0.25:.6f}")
        return self.write(name, "\n".join(lines) + "\n")

    def make_mnist(self, name="mnist", train=96, test=32, classes=10):
        """A folder in MNIST's format: image n is bright in row n mod 10, its label."""
        for prefix, count in (("train", train), ("t10k", test)):
            images, labels = bytearray(), bytearray()
            for sample in range(count):
                image = bytearray(28 * 28)
                row = sample % classes * 2 + 2
                image[row * 28:row * 28 + 28] = b"\xff" * 28
                images += image
                labels.append(sample % classes)
            self.write(f"{name}/{prefix}-images-idx3-ubyte", struct.pack(">IIII", 2051, count, 28, 28) + images)
            self.write(f"{name}/{prefix}-labels-idx1-ubyte", struct.pack(">II", 2049, count) + labels)
        return self.here / name

    def checkpoints(self, run):
        return sorted((self.here / run / "checkpoints").glob("step-*.safetensors"))


def is_root():
    return os.geteuid() == 0


def main():
    unittest.main(module="__main__")


__all__ = ["Case", "NTC", "NTC_RUN", "gzip", "is_root", "main", "os", "pathlib", "shutil", "signal", "struct", "subprocess",
           "unittest"]
