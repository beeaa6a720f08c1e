// RUN: ntc-opt %s --pass-pipeline="builtin.module(train.program(ntc-sparse-pool-gradients))" --split-input-file | FileCheck %s

// The gradients of the weight and of the input read the pooled gradient; every winner adds to a patch of the latter.
// CHECK-DAG: #[[POOLED:.*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6, d7, d8) -> (d4, d0, d5, d6)>
// CHECK-DAG: #[[INPUT:.*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6, d7, d8) -> (d4, d1, d5 * 2 + d7 + d2, d6 * 2 + d8 + d3)>
// CHECK-DAG: #[[KERNEL:.*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6, d7, d8) -> (d2, d1, d5 - d7 + 1, d6 - d8 + 1)>
// CHECK-DAG: #[[PATCH:.*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6, d7, d8) -> (d0, d1, d3 * 2 + d5, d4 * 2 + d6)>
// CHECK: train.entry
// CHECK-SAME: (%[[X:.*]]: tensor<1x32x6x6xf32> {train.input = "x"}, %[[DY:.*]]: tensor<1x8x2x2xf32> {train.input = "dy"}, %[[WINNER:.*]]: tensor<1x8x2x2xi32>
// CHECK-NOT: nn.conv
// CHECK: linalg.generic {indexing_maps = [#[[POOLED]], #[[POOLED]], #[[INPUT]]
// CHECK-SAME: ins(%[[DY]], %[[WINNER]], %[[X]]
// CHECK: arith.cmpi eq
// CHECK: arith.select
// CHECK: linalg.generic {indexing_maps = [{{.*}}, #[[KERNEL]], {{.*}}, #[[PATCH]]]
// CHECK-SAME: "parallel", "parallel", "reduction", "reduction", "reduction"
// CHECK-NOT: nn.max_pool_dx
train.program @p {
  train.state @w : tensor<8x32x3x3xf32> {role = #train.role<parameter>, init = #train.fill<0.0 : f64>}
  train.entry @predict.b1(%x: tensor<1x32x6x6xf32> {train.input = "x"}, %dy: tensor<1x8x2x2xf32> {train.input = "dy"}, %winner: tensor<1x8x2x2xi32> {train.input = "winner"}) -> (tensor<8x32x3x3xf32> {train.output = "dw"}, tensor<1x32x6x6xf32> {train.output = "dx"}) attributes {kind = #train.entry_kind<predict>, batch_size = 1 : i64} {
    %w = train.read @w : tensor<8x32x3x3xf32>
    %d = nn.max_pool_dx %dy, %winner {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads_low = array<i64: 0, 0>, pads_high = array<i64: 0, 0>, dilations = array<i64: 1, 1>} : tensor<1x8x2x2xf32>, tensor<1x8x2x2xi32> -> tensor<1x8x4x4xf32>
    %dw = nn.conv_dw %d, %x {strides = array<i64: 1, 1>, pads_low = array<i64: 0, 0>, pads_high = array<i64: 0, 0>, dilations = array<i64: 1, 1>} : tensor<1x8x4x4xf32>, tensor<1x32x6x6xf32> -> tensor<8x32x3x3xf32>
    %dx = nn.conv_dx %d, %w {strides = array<i64: 1, 1>, pads_low = array<i64: 0, 0>, pads_high = array<i64: 0, 0>, dilations = array<i64: 1, 1>} : tensor<1x8x4x4xf32>, tensor<8x32x3x3xf32> -> tensor<1x32x6x6xf32>
    train.return %dw, %dx : tensor<8x32x3x3xf32>, tensor<1x32x6x6xf32>
  }
}

// -----

// Overlapping windows: an element may win more than once, and the gradient is spread.
// CHECK: nn.max_pool_dx
// CHECK: nn.conv_dw
train.program @p {
  train.entry @predict.b1(%x: tensor<1x4x7x7xf32> {train.input = "x"}, %dy: tensor<1x8x2x2xf32> {train.input = "dy"}, %winner: tensor<1x8x2x2xi32> {train.input = "winner"}) -> (tensor<8x4x3x3xf32> {train.output = "dw"}) attributes {kind = #train.entry_kind<predict>, batch_size = 1 : i64} {
    %d = nn.max_pool_dx %dy, %winner {kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>, pads_low = array<i64: 0, 0>, pads_high = array<i64: 0, 0>, dilations = array<i64: 1, 1>} : tensor<1x8x2x2xf32>, tensor<1x8x2x2xi32> -> tensor<1x8x5x5xf32>
    %dw = nn.conv_dw %d, %x {strides = array<i64: 1, 1>, pads_low = array<i64: 0, 0>, pads_high = array<i64: 0, 0>, dilations = array<i64: 1, 1>} : tensor<1x8x5x5xf32>, tensor<1x4x7x7xf32> -> tensor<8x4x3x3xf32>
    train.return %dw : tensor<8x4x3x3xf32>
  }
}

// -----

// With padding the patches run over its border, which is left out of the result.
// CHECK: tensor.insert_slice
// CHECK: linalg.generic
// CHECK-SAME: outs(%{{.*}} : tensor<1x16x6x6xf32>)
// CHECK: tensor.extract_slice {{.*}}[0, 0, 1, 1] [1, 16, 4, 4] [1, 1, 1, 1] : tensor<1x16x6x6xf32> to tensor<1x16x4x4xf32>
// CHECK-NOT: nn.conv_dx
train.program @p {
  train.state @w : tensor<8x16x3x3xf32> {role = #train.role<parameter>, init = #train.fill<0.0 : f64>}
  train.entry @predict.b1(%dy: tensor<1x8x2x2xf32> {train.input = "dy"}, %winner: tensor<1x8x2x2xi32> {train.input = "winner"}) -> (tensor<1x16x4x4xf32> {train.output = "dx"}) attributes {kind = #train.entry_kind<predict>, batch_size = 1 : i64} {
    %w = train.read @w : tensor<8x16x3x3xf32>
    %d = nn.max_pool_dx %dy, %winner {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads_low = array<i64: 0, 0>, pads_high = array<i64: 0, 0>, dilations = array<i64: 1, 1>} : tensor<1x8x2x2xf32>, tensor<1x8x2x2xi32> -> tensor<1x8x4x4xf32>
    %dx = nn.conv_dx %d, %w {strides = array<i64: 1, 1>, pads_low = array<i64: 1, 1>, pads_high = array<i64: 1, 1>, dilations = array<i64: 1, 1>} : tensor<1x8x4x4xf32>, tensor<8x16x3x3xf32> -> tensor<1x16x4x4xf32>
    train.return %dx : tensor<1x16x4x4xf32>
  }
}
