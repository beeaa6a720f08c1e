// RUN: ntc-opt %s %plan --ntc-emit-kernels --canonicalize --cse | FileCheck %s
// RUN: ntc-opt %s %plan --ntc-emit-kernels=disable=block-reductions --canonicalize --cse | FileCheck %s --check-prefix=OFF
// RUN: ntc-opt %s %plan --ntc-emit-kernels %remarks=block-reductions 2>&1 | FileCheck %s --check-prefix=REMARK

// 8192 rows of the right side do not stay in half of 512 KiB: the sum runs in blocks, and waits in the result between them.

// CHECK-LABEL: func.func @k0
// CHECK: vector.store %{{.*}}, %[[Y:.*]][%c0]
// CHECK: scf.for %[[FIRST:.*]] = %c0 to %c8192 step %c2731
// CHECK: %[[END:.*]] = arith.minui {{.*}}, %c8192
// CHECK: %[[BEFORE:.*]] = vector.load %[[Y]][%c0]
// CHECK: %[[SUM:.*]] = scf.for {{.*}} = %[[FIRST]] to %[[END]] step %c1 iter_args(%{{.*}} = %[[BEFORE]])
// CHECK: vector.store %[[SUM]], %[[Y]][%c0]

// OFF-LABEL: func.func @k0
// OFF: scf.for {{.*}} to %c8192 step %c1 iter_args
// OFF-NOT: scf.for
// OFF: vector.store

// REMARK: loc("fc"): [Passed] {{.*}}"its tiles read 544 KiB: sums run in blocks of 2731 indices"

train.program @p {
  train.entry @predict(%x: tensor<1x8192xf32> {train.input = "x"}, %w: tensor<8192x16xf32> {train.input = "w"}) -> (tensor<1x16xf32> {train.output = "y"}) attributes {kind = #train.entry_kind<predict>} {
    %y = nn.matmul %x, %w : tensor<1x8192xf32>, tensor<8192x16xf32> -> tensor<1x16xf32> loc("fc")
    train.return %y : tensor<1x16xf32>
  }
}
