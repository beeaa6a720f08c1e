#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models that are wrong or beyond the compiler: one clear sentence each, never a crash."""
import random

import onnx_bytes as onnx
from support import Case, NTC_RUN, main

RECIPE = ("--loss", "mse", "--optimizer", "sgd,lr=0.1")


class BadFiles(Case):
    def test_missing(self):
        self.refused(1, "nowhere.pb", "compile", "nowhere.pb")

    def test_folder(self):
        (self.here / "folder").mkdir()
        self.refused(2, "folder", "compile", "folder")

    def test_a_file_of_another_kind_is_named(self):
        self.make_linear()
        self.succeeds("compile", "model.pb", "--batch-size=4", "-o", "model.so")
        self.refused(2, ("model.so is a compiled artifact", "ntc inspect"), "summary", "model.so")
        self.make_csv("out.csv")
        self.refused(2, ("out.csv is data", "ntc data inspect csv:out.csv"), "inspect", "out.csv")
        self.refused(1, "there is no file 'nope'", "inspect", "nope")
        self.refused(2, "'ntc compile model.pb -o model.so'", "model.pb", "--data", "synthetic", program=NTC_RUN)
        self.succeeds("train", "model.pb", "--data", "csv:out.csv?target=y", "--max-steps", "2", "--out", "run")
        self.assertIn("Total params", self.succeeds("summary", "run").out)

    def test_inspect_shows_free_batches_and_what_is_no_control(self):
        self.make_mlp()
        ending = self.succeeds("inspect", "model.pb")
        self.assertRegex(ending.out, r"image +f32 +\[B, 1, 28, 28\] +input\n")
        self.assertRegex(ending.out, r"controls .*beta1=0.9.*\nnot in the step +weight_decay=0\n")
        self.assertNotRegex(ending.out, r" \n")
        self.make_mnist()
        self.succeeds("train", "model.pb", "--data", "mnist:mnist", "--epochs", "1", "--out", "run")
        self.assertRegex(self.succeeds("inspect", "run/latest").out, r"ntc.loop +metrics of 1 epoch ")

    def test_empty(self):
        self.write("empty.pb", b"")
        self.refused(1, "empty.pb", "compile", "empty.pb")

    def test_truncated_at_many_places(self):
        whole = self.make_linear().read_bytes()
        for part in range(1, 16):
            self.write("part.pb", whole[:len(whole) * part // 16])
            ending = self.run_program("compile", "part.pb")
            self.check_sober(ending)
            self.assertIn(ending.code, (1, 2, 3), str(ending))
            self.assertIn("error:", ending.err)

    def test_random_bytes(self):
        source = random.Random(7)
        for size in (1, 16, 1000, 100000):
            self.write("random.pb", source.randbytes(size))
            ending = self.run_program("compile", "random.pb")
            self.refused(1, "random.pb", ending=ending)

    def test_flipped_bytes_never_crash(self):
        whole = self.make_linear().read_bytes()
        source = random.Random(11)
        for _ in range(40):
            broken = bytearray(whole)
            for _ in range(3):
                broken[source.randrange(len(broken))] = source.randrange(256)
            self.write("broken.pb", bytes(broken))
            self.check_sober(self.run_program("compile", "broken.pb", "--compile-to=captured"))

    def test_a_tensor_that_claims_3_gigabytes(self):
        weight = onnx.tensor("fc.weight", (768 * 1024 * 1024,), raw=b"\0" * 16)
        gemm = onnx.node("Gemm", ["x", "fc.weight"], ["y"], "/fc/Gemm")
        self.write("huge.pb", onnx.model([gemm], [onnx.value("x", ["batch", 3])], [onnx.value("y", ["batch", 2])], [weight]))
        ending = self.peak_of("compile", "huge.pb", *RECIPE)
        self.refused(1, "fc.weight", ending=ending)
        self.assertLess(ending.peak_bytes, 1 << 30, "memory followed the claim")

    def test_a_length_that_claims_3_gigabytes(self):
        self.write("huge.pb", onnx.number(1, 8) + onnx.varint(7 << 3 | 2) + onnx.varint(3 << 30) + b"\0" * 64)
        ending = self.peak_of("compile", "huge.pb")
        self.refused(1, "huge.pb", ending=ending)
        self.assertLess(ending.peak_bytes, 1 << 30, "memory followed the claim")


class BadGraphs(Case):
    def test_every_unknown_operator_is_listed(self):
        nodes = [onnx.node("Frobnicate", ["x"], ["a"], "/first/Frobnicate"),
                 onnx.node("Gemm", ["a", "fc.weight", "fc.bias"], ["b"], "/fc/Gemm", transB=1),
                 onnx.node("Defenestrate", ["b"], ["y"], "/last/Defenestrate")]
        self.write("model.onnx", onnx.linear(nodes=nodes))
        self.refused(3, ["Frobnicate", "/first/Frobnicate", "Defenestrate", "/last/Defenestrate"], "compile", "model.onnx",
                     *RECIPE)
        ending = self.refused(3, "is not supported", "summary", "model.onnx")
        self.assertEqual([line.startswith("ntc summary: error: model.onnx: node ") for line in ending.err.splitlines()], [True] * 2)

    def test_operator_that_is_known_but_not_compiled(self):
        nodes = [onnx.node("Gemm", ["x", "fc.weight", "fc.bias"], ["a"], "/fc/Gemm", transB=1),
                 onnx.node("NonZero", ["a"], ["y"], "/sparse/NonZero")]
        self.write("model.onnx", onnx.linear(nodes=nodes))
        self.refused(3, ["NonZero", "/sparse/NonZero"], "compile", "model.onnx", *RECIPE)

    def test_wrong_shape_names_the_layer(self):
        self.write("model.onnx", onnx.linear(weight_dims=(2, 4)))
        self.refused(1, ["/fc/Gemm", "3", "4"], "compile", "model.onnx", *RECIPE)

    def test_wrong_rank_names_the_layer(self):
        self.write("model.onnx", onnx.linear(weight_dims=(2, 3, 1)))
        self.refused(1, "/fc/Gemm", "compile", "model.onnx", *RECIPE)

    def test_cycle(self):
        nodes = [onnx.node("Add", ["x", "b"], ["a"], "/one/Add"), onnx.node("Relu", ["a"], ["b"], "/two/Relu"),
                 onnx.node("Gemm", ["b", "fc.weight", "fc.bias"], ["y"], "/fc/Gemm", transB=1)]
        self.write("model.onnx", onnx.linear(nodes=nodes))
        self.refused(1, ["/one/Add", "cycl"], "compile", "model.onnx", *RECIPE)

    def test_value_that_two_nodes_make(self):
        nodes = [onnx.node("Relu", ["x"], ["a"], "/one/Relu"), onnx.node("Neg", ["x"], ["a"], "/two/Neg"),
                 onnx.node("Gemm", ["a", "fc.weight", "fc.bias"], ["y"], "/fc/Gemm", transB=1)]
        self.write("model.onnx", onnx.linear(nodes=nodes))
        self.refused(1, "'a'", "compile", "model.onnx", *RECIPE)

    def test_initializer_twice(self):
        gemm = onnx.node("Gemm", ["x", "fc.weight", "fc.bias"], ["y"], "/fc/Gemm", transB=1)
        self.write("model.onnx", onnx.model([gemm], [onnx.value("x", ["batch", 3])], [onnx.value("y", ["batch", 2])],
                                            [onnx.tensor("fc.weight", (2, 3))] * 2 + [onnx.tensor("fc.bias", (2,))]))
        self.refused(1, "fc.weight", "compile", "model.onnx", *RECIPE)

    def test_model_without_a_recipe(self):
        self.write("model.onnx", onnx.linear())
        self.make_csv()
        self.refused(2, ["--loss", "--optimizer"], "train", "model.onnx", "--data", "csv:data.csv?target=y")

    def test_initializer_with_too_few_bytes(self):
        gemm = onnx.node("Gemm", ["x", "fc.weight"], ["y"], "/fc/Gemm", transB=1)
        self.write("model.onnx", onnx.model([gemm], [onnx.value("x", ["batch", 3])], [onnx.value("y", ["batch", 2])],
                                            [onnx.tensor("fc.weight", (2, 3), raw=b"\0" * 20)]))
        self.refused(1, ["fc.weight", "20"], "compile", "model.onnx", *RECIPE)


class BadPrograms(Case):
    def test_text_that_is_no_program(self):
        self.write("bad.mlir", "module {")
        self.refused(1, "bad.mlir", "compile", "bad.mlir", "--compile-from=captured")

    def test_program_without_a_phase(self):
        self.write("some.mlir", "module {}")
        self.refused(2, "--compile-from", "compile", "some.mlir")


if __name__ == "__main__":
    main()
