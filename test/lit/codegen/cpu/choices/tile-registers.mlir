// RUN: ntc-opt %s %plan --ntc-emit-kernels --canonicalize --cse | FileCheck %s
// RUN: ntc-opt %s %plan --ntc-emit-kernels=disable=tile-registers --canonicalize --cse | FileCheck %s --check-prefix=OFF
// RUN: ntc-opt %s %plan --ntc-emit-kernels=mcpu=x86-64-v3 --canonicalize --cse | FileCheck %s --check-prefix=AVX2
// RUN: ntc-opt %s %plan --ntc-emit-kernels %remarks=tile-registers 2>&1 | FileCheck %s --check-prefix=REMARK

// Three rows by two vectors of sums run through one loop: a step loads two vectors of the right side and one element of each row.
// Without tiles one vector of sums runs through it. Eight lanes need two columns of tiles, of two vectors each.

// CHECK-LABEL: func.func @k0
// CHECK: %[[SUMS:.*]]:6 = scf.for {{.*}} to %c40 step %c1
// CHECK-COUNT-2: vector.load {{.*}} vector<16xf32>
// CHECK-COUNT-2: math.fma
// CHECK: memref.load
// CHECK-COUNT-2: math.fma
// CHECK: memref.load
// CHECK-COUNT-2: math.fma
// CHECK: scf.yield
// CHECK-COUNT-6: vector.store %[[SUMS]]#

// OFF-LABEL: func.func @k0
// OFF: scf.for {{.*}} to %c32 step %c16
// OFF: scf.for %[[ROW:.*]] = %c0 to %c3 step %c1
// OFF: %[[SUM:.*]] = scf.for {{.*}} to %c40 step %c1 iter_args({{.*}}) -> (vector<16xf32>) {
// OFF-COUNT-1: math.fma
// OFF: vector.store %[[SUM]]

// AVX2-LABEL: func.func @k0
// AVX2: scf.for {{.*}} to %c32 step %c16
// AVX2: %[[SUMS:.*]]:6 = scf.for {{.*}} to %c40 step %c1
// AVX2-COUNT-2: vector.load {{.*}} vector<8xf32>
// AVX2-COUNT-6: math.fma
// AVX2-COUNT-6: vector.store %[[SUMS]]#

// REMARK: loc("fc"): [Passed] {{.*}}"3 x 2 vectors of sums stay in registers"

train.program @p {
  train.entry @predict(%x: tensor<3x40xf32> {train.input = "x"}, %w: tensor<40x32xf32> {train.input = "w"}) -> (tensor<3x32xf32> {train.output = "y"}) attributes {kind = #train.entry_kind<predict>} {
    %y = nn.matmul %x, %w : tensor<3x40xf32>, tensor<40x32xf32> -> tensor<3x32xf32> loc("fc")
    train.return %y : tensor<3x32xf32>
  }
}
