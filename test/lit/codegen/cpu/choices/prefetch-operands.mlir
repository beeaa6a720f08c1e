// RUN: ntc-opt %s --ntc-sparse-pool-gradients %plan --ntc-emit-kernels --canonicalize --cse | FileCheck %s
// RUN: ntc-opt %s --ntc-sparse-pool-gradients %plan --ntc-emit-kernels=disable=prefetch-operands --canonicalize --cse | FileCheck %s --check-prefix=OFF
// RUN: ntc-opt %s --ntc-sparse-pool-gradients %plan --ntc-emit-kernels %remarks=prefetch-operands 2>&1 | FileCheck %s --check-prefix=REMARK

// Sums over the winners of a pool: the values and winners of a later filter are asked for, since they lie far apart.

// CHECK-LABEL: func.func @k0
// CHECK: memref.prefetch
// CHECK: memref.prefetch
// CHECK: scf.for {{.*}} iter_args
// CHECK: math.fma

// A product whose right side, 37 KiB in one piece, is larger than the first cache: its rows are asked for four products ahead.

// CHECK-LABEL: func.func @k1
// CHECK: scf.for {{.*}} to %c300 step %c1 iter_args
// CHECK-COUNT-2: memref.prefetch %arg1
// CHECK: math.fma

// OFF-NOT: memref.prefetch

// REMARK: loc("conv.grad"): [Passed] {{.*}}"values and winners of a later tile are fetched"
// REMARK: loc("fc"): [Passed] {{.*}}"what later products of a tile read is fetched"

train.program @p {
  train.entry @predict(%x: tensor<2x4x6x6xf32> {train.input = "x"}, %dy: tensor<2x8x2x2xf32> {train.input = "dy"}, %winner: tensor<2x8x2x2xi32> {train.input = "winner"}) -> (tensor<8x4x3x3xf32> {train.output = "dw"}) attributes {kind = #train.entry_kind<predict>} {
    %d = nn.max_pool_dx %dy, %winner {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads_low = array<i64: 0, 0>, pads_high = array<i64: 0, 0>, dilations = array<i64: 1, 1>} : tensor<2x8x2x2xf32>, tensor<2x8x2x2xi32> -> tensor<2x8x4x4xf32>
    %dw = nn.conv_dw %d, %x {strides = array<i64: 1, 1>, pads_low = array<i64: 0, 0>, pads_high = array<i64: 0, 0>, dilations = array<i64: 1, 1>} : tensor<2x8x4x4xf32>, tensor<2x4x6x6xf32> -> tensor<8x4x3x3xf32> loc("conv.grad")
    train.return %dw : tensor<8x4x3x3xf32>
  }
  train.entry @product(%x: tensor<48x300xf32> {train.input = "x"}, %w: tensor<300x32xf32> {train.input = "w"}) -> (tensor<48x32xf32> {train.output = "y"}) attributes {kind = #train.entry_kind<predict>} {
    %y = nn.matmul %x, %w : tensor<48x300xf32>, tensor<300x32xf32> -> tensor<48x32xf32> loc("fc")
    train.return %y : tensor<48x32xf32>
  }
}
