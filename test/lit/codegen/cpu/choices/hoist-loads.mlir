// RUN: ntc-opt %s %plan --ntc-emit-kernels --canonicalize --cse | FileCheck %s
// RUN: ntc-opt %s %plan --ntc-emit-kernels=disable=hoist-loads --canonicalize --cse | FileCheck %s --check-prefix=OFF
// RUN: ntc-opt %s %plan --ntc-emit-kernels %remarks=hoist-loads 2>&1 | FileCheck %s --check-prefix=REMARK

// The bias of a row is read before the loop over its vectors, or for every vector.

// CHECK-LABEL: func.func @k0
// CHECK: scf.for %[[ROW:.*]] = %c0 to %c4 step %c1
// CHECK: %[[BIAS:.*]] = memref.load %arg1[%[[ROW]]]
// CHECK: %[[LANES:.*]] = vector.broadcast %[[BIAS]]
// CHECK: scf.for {{.*}} to %c32 step %c16
// CHECK: arith.addf {{.*}}, %[[LANES]]

// OFF-LABEL: func.func @k0
// OFF: scf.for {{.*}} to %c32 step %c16
// OFF: memref.load %arg1
// OFF: arith.addf

// REMARK: loc("bias"): [Passed] {{.*}}"1 of 2 operands are read before the loop of vectors"

train.program @p {
  train.entry @predict(%x: tensor<4x32xf32> {train.input = "x"}, %b: tensor<4xf32> {train.input = "b"}) -> (tensor<4x32xf32> {train.output = "y"}) attributes {kind = #train.entry_kind<predict>} {
    %c = nn.broadcast %b {dims = array<i64: 0>} : tensor<4xf32> -> tensor<4x32xf32>
    %y = nn.add %x, %c : tensor<4x32xf32> loc("bias")
    train.return %y : tensor<4x32xf32>
  }
}
