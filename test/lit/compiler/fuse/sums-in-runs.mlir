// RUN: ntc-opt %s --pass-pipeline="builtin.module(train.program(ntc-lower-to-linalg))" | FileCheck %s

// A large sum over samples and positions has a partial sum per run of samples; one over positions
// only, or of a small tensor, has none.
// CHECK: #[[RUNS:.*]] = affine_map<(d0, d1, d2, d3) -> (d0 * 2 + d2, d1, d3)>
// CHECK-LABEL: train.entry @runs.b32
// CHECK: linalg.generic {indexing_maps = [#[[RUNS]],
// CHECK-SAME: outs(%{{.*}} : tensor<16x8xf32>)
// CHECK: linalg.generic
// CHECK-SAME: ins(%{{.*}} : tensor<16x8xf32>) outs(%{{.*}} : tensor<8xf32>)
// CHECK-LABEL: train.entry @whole.b32
// CHECK-NOT: tensor<16x
train.program @p {
  train.entry @runs.b32(%x: tensor<32x8x2048xf32> {train.input = "x"}) -> (tensor<8xf32> {train.output = "y"}) attributes {kind = #train.entry_kind<predict>, batch_size = 32 : i64} {
    %y = nn.reduce_sum %x {axes = array<i64: 0, 2>} : tensor<32x8x2048xf32> -> tensor<8xf32>
    train.return %y : tensor<8xf32>
  }
  train.entry @whole.b32(%x: tensor<32x8x2048xf32> {train.input = "x"}, %s: tensor<32x8x16xf32> {train.input = "s"}) -> (tensor<32x8xf32> {train.output = "y"}, tensor<8xf32> {train.output = "z"}) attributes {kind = #train.entry_kind<predict>, batch_size = 32 : i64} {
    %y = nn.reduce_sum %x {axes = array<i64: 2>} : tensor<32x8x2048xf32> -> tensor<32x8xf32>
    %z = nn.reduce_sum %s {axes = array<i64: 0, 2>} : tensor<32x8x16xf32> -> tensor<8xf32>
    train.return %y, %z : tensor<32x8xf32>, tensor<8xf32>
  }
}
