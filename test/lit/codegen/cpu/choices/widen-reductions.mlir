// RUN: ntc-opt %s %plan --ntc-emit-kernels --canonicalize --cse | FileCheck %s
// RUN: ntc-opt %s %plan --ntc-emit-kernels=disable=widen-reductions --canonicalize --cse | FileCheck %s --check-prefix=OFF
// RUN: ntc-opt %s %plan --ntc-emit-kernels=mcpu=x86-64-v3 --canonicalize --cse | FileCheck %s --check-prefix=AVX2
// RUN: ntc-opt %s %plan --ntc-emit-kernels %remarks=widen-reductions 2>&1 | FileCheck %s --check-prefix=REMARK

// Four vectors of results are summed side by side, so that a row is read in one piece; otherwise each on its own.

// CHECK-LABEL: func.func @k0
// CHECK: %[[SUMS:.*]]:4 = scf.for {{.*}} to %c40 step %c1
// CHECK-COUNT-4: arith.addf
// CHECK-COUNT-4: vector.store %[[SUMS]]#

// OFF-LABEL: func.func @k0
// OFF: scf.for {{.*}} to %c64 step %c16
// OFF: %[[SUM:.*]] = scf.for {{.*}} to %c40 step %c1 iter_args({{.*}}) -> (vector<16xf32>)
// OFF: vector.store %[[SUM]]

// AVX2-LABEL: func.func @k0
// AVX2: :8 = scf.for {{.*}} to %c40 step %c1

// REMARK: loc("sum"): [Passed] {{.*}}"4 vectors are reduced side by side"

train.program @p {
  train.entry @predict(%x: tensor<40x64xf32> {train.input = "x"}) -> (tensor<64xf32> {train.output = "y"}) attributes {kind = #train.entry_kind<predict>} {
    %y = nn.reduce_sum %x {axes = array<i64: 0>} : tensor<40x64xf32> -> tensor<64xf32> loc("sum")
    train.return %y : tensor<64xf32>
  }
}
