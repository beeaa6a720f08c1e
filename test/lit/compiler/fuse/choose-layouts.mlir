// RUN: ntc-opt %s --pass-pipeline="builtin.module(train.program(ntc-lower-to-linalg,ntc-choose-layouts))" --split-input-file | FileCheck %s

// Sixteen filters fill a vector, five columns do not: channels go innermost. The weight is copied to
// (V, U, C, O), the input, which comes from outside, stays as it is, and the rectifier follows.
// CHECK-DAG: #[[TO_WEIGHT:.*]] = affine_map<(d0, d1, d2, d3) -> (d3, d0, d1, d2)>
// CHECK-DAG: #[[WINDOWS:.*]] = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d4, d1 + d5, d2 + d6)>
// CHECK-DAG: #[[BACK:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d2, d3, d1)>
// CHECK: train.entry
// CHECK-SAME: (%[[X:.*]]: tensor<2x4x7x7xf32>
// CHECK: %[[W:.*]] = train.read @w
// CHECK: %[[PACKED:.*]] = linalg.generic {indexing_maps = [#[[TO_WEIGHT]]
// CHECK-SAME: ins(%[[W]] : tensor<16x4x3x3xf32>) outs(%{{.*}} : tensor<4x3x3x16xf32>)
// CHECK: %[[CONV:.*]] = linalg.generic {indexing_maps = [#[[WINDOWS]]
// CHECK-SAME: ins(%[[X]], %[[PACKED]] : tensor<2x4x7x7xf32>, tensor<4x3x3x16xf32>) outs(%{{.*}} : tensor<2x5x5x16xf32>)
// CHECK: %[[RELU:.*]] = linalg.generic
// CHECK-SAME: ins(%[[CONV]] : tensor<2x5x5x16xf32>)
// CHECK: %[[OUT:.*]] = linalg.generic {indexing_maps = [#[[BACK]]
// CHECK-SAME: ins(%[[RELU]] : tensor<2x5x5x16xf32>) outs(%{{.*}} : tensor<2x16x5x5xf32>)
// CHECK: train.return %[[OUT]]
train.program @p {
  train.state @w : tensor<16x4x3x3xf32> {role = #train.role<parameter>, init = #train.fill<0.0 : f64>}
  train.entry @predict.b2(%x: tensor<2x4x7x7xf32> {train.input = "x"}) -> (tensor<2x16x5x5xf32> {train.output = "y"}) attributes {kind = #train.entry_kind<predict>, batch_size = 2 : i64} {
    %w = train.read @w : tensor<16x4x3x3xf32>
    %c = nn.conv %x, %w {strides = array<i64: 1, 1>, pads_low = array<i64: 0, 0>, pads_high = array<i64: 0, 0>, dilations = array<i64: 1, 1>} : tensor<2x4x7x7xf32>, tensor<16x4x3x3xf32> -> tensor<2x16x5x5xf32>
    %y = nn.relu %c : tensor<2x16x5x5xf32>
    train.return %y : tensor<2x16x5x5xf32>
  }
}

// -----

// Six filters leave most of a vector idle, 28 columns nearly fill two: everything stays row-major.
// CHECK: train.entry
// CHECK-SAME: (%[[X:.*]]: tensor<1x3x32x32xf32>
// CHECK: %[[W:.*]] = train.read @w
// CHECK-NOT: linalg.generic
// CHECK: linalg.generic
// CHECK-SAME: ins(%[[X]], %[[W]] : tensor<1x3x32x32xf32>, tensor<6x3x5x5xf32>) outs(%{{.*}} : tensor<1x6x28x28xf32>)
train.program @p {
  train.state @w : tensor<6x3x5x5xf32> {role = #train.role<parameter>, init = #train.fill<0.0 : f64>}
  train.entry @predict.b1(%x: tensor<1x3x32x32xf32> {train.input = "x"}) -> (tensor<1x6x28x28xf32> {train.output = "y"}) attributes {kind = #train.entry_kind<predict>, batch_size = 1 : i64} {
    %w = train.read @w : tensor<6x3x5x5xf32>
    %y = nn.conv %x, %w {strides = array<i64: 1, 1>, pads_low = array<i64: 0, 0>, pads_high = array<i64: 0, 0>, dilations = array<i64: 1, 1>} : tensor<1x3x32x32xf32>, tensor<6x3x5x5xf32> -> tensor<1x6x28x28xf32>
    train.return %y : tensor<1x6x28x28xf32>
  }
}

// -----

// Both sixteen filters and sixteen columns fill a vector: along channels, all vectors begin where a line does.
// CHECK: train.entry
// CHECK-SAME: (%[[X:.*]]: tensor<2x8x18x18xf32>
// CHECK: linalg.generic
// CHECK-SAME: outs(%{{.*}} : tensor<8x3x3x16xf32>)
// CHECK: linalg.generic
// CHECK-SAME: ins(%[[X]], %{{.*}} : tensor<2x8x18x18xf32>, tensor<8x3x3x16xf32>) outs(%{{.*}} : tensor<2x16x16x16xf32>)
train.program @p {
  train.state @w : tensor<16x8x3x3xf32> {role = #train.role<parameter>, init = #train.fill<0.0 : f64>}
  train.entry @predict.b2(%x: tensor<2x8x18x18xf32> {train.input = "x"}) -> (tensor<2x16x16x16xf32> {train.output = "y"}) attributes {kind = #train.entry_kind<predict>, batch_size = 2 : i64} {
    %w = train.read @w : tensor<16x8x3x3xf32>
    %y = nn.conv %x, %w {strides = array<i64: 1, 1>, pads_low = array<i64: 0, 0>, pads_high = array<i64: 0, 0>, dilations = array<i64: 1, 1>} : tensor<2x8x18x18xf32>, tensor<16x8x3x3xf32> -> tensor<2x16x16x16xf32>
    train.return %y : tensor<2x16x16x16xf32>
  }
}

// -----

// Copies of large weights stand before their first reader, those of small ones at the start.
// CHECK-LABEL: train.entry @predict.b4
// CHECK: train.read @first
// CHECK: linalg.generic {{.*}} ins(%{{.*}} : tensor<192x16x3x3xf32>) outs(%{{.*}} : tensor<3x3x16x192xf32>)
// CHECK: train.read @second
// CHECK-NOT: tensor<192x3x3x192xf32>
// CHECK: linalg.generic {{.*}} outs({{.*}} : tensor<4x5x5x192xf32>)
// CHECK: linalg.generic {{.*}} ins(%{{.*}} : tensor<192x192x3x3xf32>) outs(%{{.*}} : tensor<3x3x192x192xf32>)
// CHECK: linalg.generic {{.*}} outs({{.*}} : tensor<4x3x3x192xf32>)
train.program @p {
  train.state @first : tensor<192x16x3x3xf32> {role = #train.role<parameter>, init = #train.fill<0.0 : f64>}
  train.state @second : tensor<192x192x3x3xf32> {role = #train.role<parameter>, init = #train.fill<0.0 : f64>}
  train.entry @predict.b4(%x: tensor<4x16x7x7xf32> {train.input = "x"}) -> (tensor<4x192x3x3xf32> {train.output = "y"}) attributes {kind = #train.entry_kind<predict>, batch_size = 4 : i64} {
    %v = train.read @first : tensor<192x16x3x3xf32>
    %w = train.read @second : tensor<192x192x3x3xf32>
    %c = nn.conv %x, %v {strides = array<i64: 1, 1>, pads_low = array<i64: 0, 0>, pads_high = array<i64: 0, 0>, dilations = array<i64: 1, 1>} : tensor<4x16x7x7xf32>, tensor<192x16x3x3xf32> -> tensor<4x192x5x5xf32>
    %y = nn.conv %c, %w {strides = array<i64: 1, 1>, pads_low = array<i64: 0, 0>, pads_high = array<i64: 0, 0>, dilations = array<i64: 1, 1>} : tensor<4x192x5x5xf32>, tensor<192x192x3x3xf32> -> tensor<4x192x3x3xf32>
    train.return %y : tensor<4x192x3x3xf32>
  }
}
