// RUN: ntc-opt %s %plan --ntc-emit-kernels --canonicalize --cse | FileCheck %s
// RUN: ntc-opt %s %plan --ntc-emit-kernels=disable=fold-lanes --canonicalize --cse | FileCheck %s --check-prefix=OFF
// RUN: ntc-opt %s %plan --ntc-emit-kernels=mcpu=x86-64-v3 --canonicalize --cse | FileCheck %s --check-prefix=AVX2
// RUN: ntc-opt %s %plan --ntc-emit-kernels %remarks=fold-lanes 2>&1 | FileCheck %s --check-prefix=REMARK

// Sums along the lanes: six of them are folded together, pair by pair, until each has a lane of one vector. Alone, each takes
// its halves apart four times.

// CHECK-LABEL: func.func @k0
// CHECK: %[[SUMS:.*]]:6 = scf.for {{.*}} to %c64 step %c16
// CHECK: vector.shuffle %[[SUMS]]#0, %[[SUMS]]#1 [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23]
// CHECK: vector.shuffle %[[SUMS]]#0, %[[SUMS]]#1 [8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31]
// CHECK: arith.addf
// CHECK-NOT: memref.store
// CHECK-COUNT-2: vector.store {{.*}} vector<3xf32>

// OFF-LABEL: func.func @k0
// OFF: %[[SUMS:.*]]:6 = scf.for
// OFF-NOT: vector.shuffle
// OFF: vector.extract_strided_slice %[[SUMS]]#0 {offsets = [0], sizes = [8]
// OFF: vector.extract_strided_slice %[[SUMS]]#0 {offsets = [8], sizes = [8]
// OFF-COUNT-6: memref.store

// AVX2-LABEL: func.func @k0
// AVX2: %[[SUMS:.*]]:6 = scf.for {{.*}} to %c64 step %c8
// AVX2: vector.shuffle %[[SUMS]]#0, %[[SUMS]]#1 [0, 1, 2, 3, 8, 9, 10, 11]
// AVX2-COUNT-2: vector.store {{.*}} vector<3xf32>

// REMARK: loc("fc"): [Passed] {{.*}}"the lanes of 6 sums are added together"

train.program @p {
  train.entry @predict(%x: tensor<2x64xf32> {train.input = "x"}, %w: tensor<3x64xf32> {train.input = "w"}) -> (tensor<2x3xf32> {train.output = "y"}) attributes {kind = #train.entry_kind<predict>} {
    %y = nn.matmul %x, %w {transpose_rhs} : tensor<2x64xf32>, tensor<3x64xf32> -> tensor<2x3xf32> loc("fc")
    train.return %y : tensor<2x3xf32>
  }
}
