#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Data that is missing, damaged or of another model: refused before the first step, by name."""
from support import Case, gzip, main, struct


class Files(Case):
    def setUp(self):
        super().setUp()
        self.make_mlp()
        self.make_mnist()
        self.train = ("train", "model.pb", "--batch-size", "32", "--epochs", "1", "--data")

    def images(self):
        return self.here / "mnist" / "train-images-idx3-ubyte"

    def labels(self):
        return self.here / "mnist" / "train-labels-idx1-ubyte"

    def refuse(self, *fragments, data="mnist:mnist"):
        ending = self.run_program(*self.train, data)
        self.check_sober(ending)
        self.assertIn(ending.code, (1, 2), str(ending))
        self.assertIn("error:", ending.err)
        for fragment in fragments:
            self.assertIn(fragment, ending.err, str(ending))
        self.assertFalse((self.here / "runs").exists() and any((self.here / "runs").iterdir()), "left a run behind")

    def test_sound_data_trains(self):
        self.succeeds(*self.train, "mnist:mnist")

    def test_missing_folder(self):
        self.refuse("nowhere", data="mnist:nowhere")

    def test_missing_file(self):
        self.labels().unlink()
        self.refuse("train-labels")

    def test_misspelt_scheme(self):
        self.refuse("did you mean", data="fashion-mist")

    def test_misspelt_option(self):
        self.refuse("splt", "split", data="mnist:mnist?splt=test")

    def test_truncated(self):
        whole = self.images().read_bytes()
        for size in (0, 3, 15, 16, 1000, len(whole) - 1):
            self.images().write_bytes(whole[:size])
            self.refuse("train-images")

    def test_more_bytes_than_declared(self):
        self.images().write_bytes(self.images().read_bytes() + b"\0")
        self.refuse("train-images")

    def test_wrong_magic(self):
        whole = self.images().read_bytes()
        self.images().write_bytes(b"\x89PNG" + whole[4:])
        self.refuse("train-images")

    def test_count_beyond_the_file(self):
        whole = self.images().read_bytes()
        self.images().write_bytes(whole[:4] + struct.pack(">I", 0xFFFFFFFF) + whole[8:])
        self.refuse("train-images")

    def test_label_out_of_range(self):
        whole = bytearray(self.labels().read_bytes())
        whole[8 + 17] = 10
        self.labels().write_bytes(whole)
        self.refuse("10")

    def test_counts_that_differ(self):
        self.labels().write_bytes(struct.pack(">II", 2049, 95) + bytes(95))
        self.refuse("95", "96")

    def test_damaged_gzip(self):
        packed = bytearray(gzip.compress(self.images().read_bytes()))
        packed[len(packed) // 2] ^= 0x55
        self.images().unlink()
        self.write("mnist/train-images-idx3-ubyte.gz", bytes(packed))
        self.refuse("train-images")

    def test_gzip_that_is_cut(self):
        packed = gzip.compress(self.images().read_bytes())
        self.images().unlink()
        self.write("mnist/train-images-idx3-ubyte.gz", packed[:-20])
        self.refuse("train-images")


class Shapes(Case):
    def test_features_of_another_model(self):
        self.make_mlp()
        self.make_csv(columns=3)
        ending = self.run_program("train", "model.pb", "--data", "csv:data.csv?target=y")
        self.check_sober(ending)
        self.assertIn(ending.code, (1, 2))
        self.assertIn("error:", ending.err)

    def test_column_that_is_not_there(self):
        self.make_linear()
        self.make_csv()
        self.refused(2, "'z'", "train", "model.pb", "--data", "csv:data.csv?target=z")

    def test_number_that_is_none(self):
        self.make_linear()
        self.write("data.csv", "x0,x1,x2,y\n1,2,3,4\n1,2,zebra,4\n")
        ending = self.run_program("train", "model.pb", "--data", "csv:data.csv?target=y")
        self.check_sober(ending)
        self.assertIn(ending.code, (1, 2))
        self.assertIn("data.csv", ending.err)

    def test_line_with_too_few_columns(self):
        self.make_linear()
        self.write("data.csv", "x0,x1,x2,y\n1,2,3,4\n1,2,3\n")
        ending = self.run_program("train", "model.pb", "--data", "csv:data.csv?target=y")
        self.check_sober(ending)
        self.assertIn(ending.code, (1, 2))
        self.assertIn("3", ending.err)

    def test_artifact_without_the_last_batch_says_what_to_do(self):
        self.make_linear()
        self.make_csv(rows=50)
        self.succeeds("compile", "model.pb", "--batch-size=16")
        self.refused(2, ["--drop-last", "--batch-size=16,2", "'ntc compile"], "train", "model.so", "--data",
                     "csv:data.csv?target=y")


if __name__ == "__main__":
    main()
