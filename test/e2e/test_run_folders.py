#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Folders of runs when something goes wrong: damaged checkpoints, interruptions, full disks, closed folders."""
import sys
import time

from support import Case, NTC, is_root, main, os, shutil, signal, subprocess


class Checkpoints(Case):
    def setUp(self):
        super().setUp()
        self.make_linear()
        self.make_csv(rows=64)
        self.data = ("--data", "csv:data.csv?target=y", "--batch-size", "16")
        self.succeeds("train", "model.pb", *self.data, "--epochs", "3", "--out", "run", "--keep", "3")

    def resume(self):
        return self.run_program("train", "--out", "run", "--resume", "--epochs", "5")

    def damage(self, path, change):
        content = bytearray(path.read_bytes())
        path.write_bytes(change(content) or content)

    def flip(self, content):
        content[-5] ^= 4

    def test_flipped_bit_falls_back_to_the_one_before(self):
        self.damage(self.checkpoints("run")[-1], self.flip)
        ending = self.resume()
        self.check_sober(ending)
        self.assertEqual(ending.code, 0, str(ending))
        self.assertIn("trying the checkpoint before", ending.err)

    def test_all_damaged(self):
        for path in self.checkpoints("run"):
            self.damage(path, self.flip)
        self.refused(1, "step-", ending=self.resume())

    def test_truncated(self):
        for path in self.checkpoints("run"):
            self.damage(path, lambda content: content[:len(content) // 2])
        self.refused(1, "step-", ending=self.resume())

    def test_empty(self):
        for path in self.checkpoints("run"):
            path.write_bytes(b"")
        self.refused(1, "step-", ending=self.resume())

    def test_header_that_claims_3_gigabytes(self):
        for path in self.checkpoints("run"):
            self.damage(path, lambda content: (3 << 30).to_bytes(8, "little") + content[8:])
        self.refused(1, "step-", ending=self.resume())

    def test_of_another_model(self):
        self.succeeds("new", "linear", "--input", "3", "--output", "2", "-o", "other.pb")
        self.succeeds("compile", "other.pb", "--batch-size=16", "-o", "other.so")
        self.refused(2, ["linear.weight", "[2, 3]", "[1, 3]"], "eval", "other.so", "--checkpoint", self.checkpoints("run")[-1],
                     "--data", "csv:data.csv?target=y")

    def test_of_another_step(self):
        self.succeeds("compile", "model.pb", "--batch-size=16", "--optimizer=adam", "-o", "adam.so")
        self.refused(2, "--resume=state", "train", "adam.so", "--out", "run", "--resume")

    def test_unknown_safetensors(self):
        self.write("weights.safetensors", (2).to_bytes(8, "little") + b"{}")
        self.refused(2, "linear.weight", "train", "model.pb", *self.data, "--out", "b", "--weights", "weights.safetensors")


class Interruptions(Case):
    def start_long_run(self):
        self.make_mlp()
        self.make_mnist(train=640)
        process = self.start("train", "model.pb", "--data", "mnist:mnist", "--batch-size", "32", "--epochs", "1000000", "--out",
                             "run", "--log-interval", "1000")
        metrics = self.here / "run" / "metrics.jsonl"
        for _ in range(600):
            if metrics.exists() and metrics.read_text().count("\n") >= 2:
                return process
            time.sleep(0.05)
        process.kill()
        self.fail(f"no step in 30 s:\n{self.end(process)}")

    def test_ctrl_c_saves_and_says_how_to_resume(self):
        process = self.start_long_run()
        process.send_signal(signal.SIGINT)
        ending = self.end(process)
        self.assertEqual(ending.code, 130, str(ending))
        command = [line for line in (ending.err + ending.out).splitlines() if "ntc train" in line and "--resume" in line]
        self.assertTrue(command, str(ending))
        self.assertEqual(command[-1].strip(), "ntc train --out run --resume")
        words = command[-1][command[-1].index("ntc train"):].rstrip("'.").split()
        again = self.run_program(*words[1:], "--epochs", "1") if "--epochs" not in words else self.start(*words[1:])
        if not hasattr(again, "code"):
            time.sleep(1.5)
            again.send_signal(signal.SIGINT)
            again = self.end(again)
        self.check_sober(again)
        self.assertIn(again.code, (0, 130), str(again))
        self.assertIn("resuming from", again.err)

    def test_killed_run_resumes(self):
        process = self.start_long_run()
        process.kill()
        self.end(process)
        self.succeeds("train", "--out", "run", "--resume", "--epochs", "1")

    def test_one_process_at_a_time_trains_in_a_folder(self):
        process = self.start_long_run()
        before = (self.here / "run" / "run.json").read_bytes()
        self.refused(2, f"'run' is in use: another process trains in it (process {process.pid})", "train", "--out", "run",
                     "--resume", "--epochs", "1")
        self.assertEqual((self.here / "run" / "run.json").read_bytes(), before)
        process.kill()
        self.end(process)
        self.succeeds("train", "--out", "run", "--resume", "--epochs", "1")

    def test_ctrl_c_ends_the_compiler_at_once(self):
        self.succeeds("new", "resnet18", "-o", "resnet.pb")
        process = self.start("train", "resnet.pb", "--data", "synthetic", "--max-steps", "1", "--out", "never")
        time.sleep(1)
        begin = time.monotonic()
        process.send_signal(signal.SIGINT)
        ending = self.end(process)
        self.assertLess(time.monotonic() - begin, 2)
        self.assertEqual(ending.code, 130, str(ending))
        self.assertIn("interrupted while compiling", ending.err)
        self.assertFalse((self.here / "never").exists())
        cache = os.path.join(self.shared.name, "cache", "ntc")
        self.assertEqual([name for name in os.listdir(cache) if ".tmp." in name], [])

    def test_ctrl_c_before_the_first_step(self):
        self.make_mlp()
        self.make_mnist(train=640)
        process = self.start("train", "model.pb", "--data", "mnist:mnist", "--out", "run", "--no-cache", "--epochs", "1000000")
        time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        ending = self.end(process)
        self.assertIn(ending.code, (130, -signal.SIGINT), str(ending))


class Places(Case):
    """Disks that are full and folders that are closed."""

    def setUp(self):
        super().setUp()
        self.make_mlp()
        self.make_mnist()

    def test_full_disk_keeps_the_last_checkpoint(self):
        if not is_root():
            self.repeat_as_root_of_a_namespace()
            return
        disk = self.here / "disk"
        disk.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1500k", "tmpfs", str(disk)], capture_output=True, check=False)
        if mounted.returncode != 0:
            self.skipTest("mounting is not allowed here: " + mounted.stderr.decode().strip())
        try:
            self.succeeds("train", "model.pb", "--data", "mnist:mnist", "--batch-size", "32", "--epochs", "1",
                          "--out", disk / "run")
            kept = self.checkpoints(disk / "run")[-1]
            content = kept.read_bytes()
            filler = open(disk / "filler", "wb", buffering=0)
            with self.assertRaises(OSError), filler:
                while True:
                    filler.write(b"\0" * 4096)
            ending = self.run_program("train", "--out", disk / "run", "--resume", "--epochs", "3")
            self.refused(1, "No space left on device", ending=ending)
            self.assertEqual(kept.read_bytes(), content)
            (disk / "filler").unlink()
            self.succeeds("train", "--out", disk / "run", "--resume", "--epochs", "2")
        finally:
            subprocess.run(["umount", str(disk)], check=True)

    def repeat_as_root_of_a_namespace(self):
        """Runs this test where this user may mount."""
        namespace = ["unshare", "--user", "--map-root-user", "--mount"]
        if subprocess.run([*namespace, "true"], capture_output=True, check=False).returncode != 0:
            self.skipTest("neither root nor allowed a namespace of its own")
        name = self.id().split(".", 1)[1]
        result = subprocess.run([*namespace, sys.executable, "-B", __file__, name], capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_folder_without_write_permission(self):
        (self.here / "closed").mkdir(mode=0o555)
        environment = dict(self.environment, XDG_CACHE_HOME=str(self.here / "closed"))
        command = [NTC, "train", "model.pb", "--data", "mnist:mnist", "--batch-size", "32", "--epochs", "1", "--out", "closed/run"]
        # Nothing is closed to root.
        other = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if is_root() else []
        for path in (NTC, self.here / "model.pb"):
            if subprocess.run([*other, "test", "-r", str(path)], check=False).returncode != 0:
                self.skipTest(f"another user cannot read {path}")
        result = subprocess.run([*other, *command], cwd=self.here, env=environment, capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertIn("closed/run", result.stderr)
        self.assertIn("ermission denied", result.stderr)
        result = subprocess.run([*other, *command[:-2], "--dry-run"], cwd=self.here, env=environment, capture_output=True,
                                text=True, check=False)
        self.assertIn("the cache is not used", result.stderr)
        self.assertNotIn("terminate", result.stderr)

    def test_output_in_a_folder_that_is_not_there(self):
        for words in (("new", "mlp", "-o", "no/where.pb"), ("compile", "model.pb", "-o", "no/where.so")):
            self.refused(1, "no/where", *words)

    def test_cache_that_others_can_write_to_is_not_used(self):
        shutil.rmtree(self.shared.name + "/cache", ignore_errors=True)
        os.makedirs(self.shared.name + "/cache/ntc")
        os.chmod(self.shared.name + "/cache/ntc", 0o777)
        ending = self.succeeds("plan", "model.pb")
        self.assertIn("the cache is not used", ending.err)
        shutil.rmtree(self.shared.name + "/cache")

    def test_damaged_cache_entry_is_made_anew(self):
        self.succeeds("plan", "model.pb")
        cache = [path for path in (self.here.parent / "cache" / "ntc").glob("*/model.so")]
        for path in cache:
            path.write_bytes(path.read_bytes()[:1000])
        self.assertIn("compiled", self.succeeds("plan", "model.pb").err)
        self.assertIn("cached", self.succeeds("plan", "model.pb").err)


if __name__ == "__main__":
    main()
