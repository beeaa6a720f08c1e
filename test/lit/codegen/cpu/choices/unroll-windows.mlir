// RUN: ntc-opt %s %plan --ntc-emit-kernels --canonicalize --cse | FileCheck %s
// RUN: ntc-opt %s %plan --ntc-emit-kernels=disable=unroll-windows --canonicalize --cse | FileCheck %s --check-prefix=OFF
// RUN: ntc-opt %s %plan --ntc-emit-kernels %remarks=unroll-windows 2>&1 | FileCheck %s --check-prefix=REMARK

// The greatest of three elements takes no loop.

// CHECK-LABEL: func.func @k0
// CHECK-COUNT-1: scf.for
// CHECK-NOT: scf.for
// CHECK-COUNT-2: arith.maximumf

// OFF-LABEL: func.func @k0
// OFF: scf.for {{.*}} to %c3 step %c1 iter_args
// OFF-COUNT-1: arith.maximumf

// REMARK: loc("max"): [Passed] {{.*}}"its reductions over a few elements have no loop"

train.program @p {
  train.entry @predict(%x: tensor<3x16xf32> {train.input = "x"}) -> (tensor<16xf32> {train.output = "y"}) attributes {kind = #train.entry_kind<predict>} {
    %y = nn.reduce_max %x {axes = array<i64: 0>} : tensor<3x16xf32> -> tensor<16xf32> loc("max")
    train.return %y : tensor<16xf32>
  }
}
