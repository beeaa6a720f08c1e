// RUN: ntc-opt %s --ntc-sparse-pool-gradients %plan --ntc-emit-kernels --canonicalize --cse | FileCheck %s
// RUN: ntc-opt %s --ntc-sparse-pool-gradients %plan --ntc-emit-kernels=disable=prefetch-operands --canonicalize --cse | FileCheck %s --check-prefix=OFF
// RUN: ntc-opt %s --ntc-sparse-pool-gradients %plan --ntc-emit-kernels %remarks=prefetch-operands 2>&1 | FileCheck %s --check-prefix=REMARK

// Sums over the winners of a pool: the values and winners of a later filter are asked for, since they lie far apart.

// CHECK-LABEL: func.func @k0
// CHECK: memref.prefetch
// CHECK: memref.prefetch
// CHECK: scf.for {{.*}} iter_args
// CHECK: math.fma

// OFF-LABEL: func.func @k0
// OFF-NOT: memref.prefetch
// OFF: math.fma

// REMARK: loc("conv.grad"): [Passed] {{.*}}"values and winners of a later tile are fetched"

train.program @p {
  train.entry @predict(%x: tensor<2x4x6x6xf32> {train.input = "x"}, %dy: tensor<2x8x2x2xf32> {train.input = "dy"}, %winner: tensor<2x8x2x2xi32> {train.input = "winner"}) -> (tensor<8x4x3x3xf32> {train.output = "dw"}) attributes {kind = #train.entry_kind<predict>} {
    %d = nn.max_pool_dx %dy, %winner {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads_low = array<i64: 0, 0>, pads_high = array<i64: 0, 0>, dilations = array<i64: 1, 1>} : tensor<2x8x2x2xf32>, tensor<2x8x2x2xi32> -> tensor<2x8x4x4xf32>
    %dw = nn.conv_dw %d, %x {strides = array<i64: 1, 1>, pads_low = array<i64: 0, 0>, pads_high = array<i64: 0, 0>, dilations = array<i64: 1, 1>} : tensor<2x8x4x4xf32>, tensor<2x4x6x6xf32> -> tensor<8x4x3x3xf32> loc("conv.grad")
    train.return %dw : tensor<8x4x3x3xf32>
  }
}
