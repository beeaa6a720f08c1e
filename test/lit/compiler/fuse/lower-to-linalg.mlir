// RUN: ntc-opt %s --pass-pipeline="builtin.module(train.program(ntc-lower-to-linalg))" | FileCheck %s

// Leading parts of a dimension are extractions; other slices are index maps.
// CHECK: tensor.extract_slice %{{.*}}[0, 0] [2, 3] [1, 1] : tensor<3x3xf32> to tensor<2x3xf32>
// CHECK: linalg.generic
// CHECK-SAME: ins(%{{.*}} : tensor<3x3xf32>) outs(%{{.*}} : tensor<1x3xf32>)
train.program @p {
  train.entry @predict.b3(%x: tensor<3x3xf32> {train.input = "x"}) -> (tensor<2x3xf32> {train.output = "a"}, tensor<1x3xf32> {train.output = "b"}) attributes {kind = #train.entry_kind<predict>, batch_size = 3 : i64} {
    %a = nn.slice %x {starts = array<i64: 0, 0>, limits = array<i64: 2, 3>, strides = array<i64: 1, 1>} : tensor<3x3xf32> -> tensor<2x3xf32>
    %b = nn.slice %x {starts = array<i64: 2, 0>, limits = array<i64: 3, 3>, strides = array<i64: 1, 1>} : tensor<3x3xf32> -> tensor<1x3xf32>
    train.return %a, %b : tensor<2x3xf32>, tensor<1x3xf32>
  }
}
