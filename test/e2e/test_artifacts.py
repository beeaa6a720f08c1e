#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Artifacts that are damaged, of another version or of another processor: refused before any of their code runs."""
import hashlib
import random

from support import Case, NTC_RUN, main, struct



class Artifacts(Case):
    def setUp(self):
        super().setUp()
        self.make_linear()
        self.make_csv(rows=32)
        self.succeeds("compile", "model.pb", "--batch-size=16")
        self.whole = (self.here / "model.so").read_bytes()
        self.data = ("--data", "csv:data.csv?target=y", "--max-steps", "2")

    def refuse(self, content, *fragments):
        self.write("bad.so", content)
        for words, program in (((), NTC_RUN), (("train",), None)):
            options = {"program": program} if program else {}
            ending = self.run_program(*words, "bad.so", *self.data, **options)
            self.check_sober(ending)
            self.assertIn(ending.code, (1, 2, 3), str(ending))
            self.assertIn("error:", ending.err)
            for fragment in fragments:
                self.assertIn(fragment, ending.err, str(ending))

    def section(self):
        """Offset and size of the manifest's section."""
        table, = struct.unpack_from("<Q", self.whole, 0x28)
        entry, count, names = struct.unpack_from("<HHH", self.whole, 0x3A)
        strings, = struct.unpack_from("<Q", self.whole, table + names * entry + 0x18)
        for index in range(count):
            header = table + index * entry
            name, = struct.unpack_from("<I", self.whole, header)
            if self.whole[strings + name:].startswith(b".ntc.manifest\0"):
                return struct.unpack_from("<QQ", self.whole, header + 0x18)
        self.fail("no manifest section")

    def test_sound_artifact_trains(self):
        self.succeeds("train", "model.so", *self.data)
        self.succeeds("model.so", *self.data, "--out", "other", program=NTC_RUN)

    def test_truncated(self):
        for part in range(16):
            self.refuse(self.whole[:len(self.whole) * part // 16], "bad.so")

    def test_not_elf(self):
        self.refuse(b"\x7fELF" + b"\0" * 1000, "bad.so")
        self.refuse(b"\x7fELF" + random.Random(3).randbytes(5000), "bad.so")

    def test_every_byte_counts(self):
        source = random.Random(4)
        for at in [*range(0, 64, 16), *(source.randrange(len(self.whole)) for _ in range(12)), len(self.whole) - 1]:
            broken = bytearray(self.whole)
            broken[at] ^= 1 << source.randrange(8)
            self.refuse(bytes(broken), "bad.so")
        self.refuse(self.whole + b"\0", "bad.so", "is damaged")

    def test_every_byte_of_the_manifest_counts(self):
        offset, size = self.section()
        source = random.Random(5)
        for _ in range(12):
            broken = bytearray(self.whole)
            broken[offset + source.randrange(size)] ^= 1 << source.randrange(8)
            self.refuse(bytes(broken), "bad.so")

    def reseal(self, change):
        """The artifact with a changed payload and the checksums that belong to it."""
        offset, size = self.section()
        manifest = bytearray(self.whole[offset:offset + size])
        digest = hashlib.sha256
        for header in range(0, 256):
            if digest(manifest[header:]).digest() == manifest[header - 32:header] and header >= 32:
                break
        else:
            self.skipTest("the manifest's layout is not known to this test")
        change(manifest, header)
        manifest[header - 32:header] = digest(manifest[header:]).digest()
        file = self.whole[:offset] + bytes(manifest) + self.whole[offset + size:-40]
        return file + b"NTCSEAL1" + digest(file).digest()

    def test_other_version(self):
        offset, _ = self.section()
        broken = bytearray(self.whole)
        struct.pack_into("<I", broken, offset + 8, 99)
        self.refuse(bytes(broken), "99", "version")

    def test_other_processor(self):
        needs = self.succeeds("inspect", "model.so").out.split("needs", 1)[1].split("\n", 1)[0].split()
        long = max(needs, key=len)

        def change(manifest, header):
            at = manifest.index(long.encode(), header)
            manifest[at:at + len(long)] = (b"zz" + long.encode())[:len(long)]

        self.refuse(self.reseal(change), "zz")

    def test_same_model_gives_the_same_bytes(self):
        self.succeeds("compile", "model.pb", "--batch-size=16", "-o", "again.so")
        self.assertEqual(self.whole, (self.here / "again.so").read_bytes())


if __name__ == "__main__":
    main()
