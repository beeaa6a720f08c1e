// RUN: ntc-opt %s --pass-pipeline="builtin.module(train.program(ntc-split-strided-gradients))" --remarks-filter=split-strided-gradients --remark-policy=all 2>&1 | FileCheck %s

// CHECK-DAG: [Passed] split | Category:split-strided-gradients | Remark="split by strides into 2 convolutions"
// CHECK-DAG: [Passed] split | Category:split-strided-gradients | Remark="split by strides into 1 convolutions"
// CHECK-DAG: [Missed] split | Category:split-strided-gradients | Remark="not split by strides: the convolution has 2 groups"

// A kernel of 3 with stride 2: even positions meet its middle, odd ones its ends.
// CHECK-DAG: #[[MIDDLE:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d3, d1, d4 * 2 + 1)>
// CHECK-DAG: #[[ENDS:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d3, d1, d4 * 2)>
// CHECK-LABEL: train.program @kernel3
// CHECK-NOT: nn.conv_dx
// CHECK: %[[WHOLE:.*]] = tensor.empty() : tensor<1x4x8xf32>
// CHECK: %[[EVEN:.*]] = linalg.generic {indexing_maps = [{{.*}}, #[[MIDDLE]], {{.*}}]
// CHECK: %[[HALF:.*]] = tensor.insert_slice %[[EVEN]] into %[[WHOLE]][0, 0, 0] [1, 4, 4] [1, 1, 2]
// CHECK: %[[ODD:.*]] = linalg.generic {indexing_maps = [{{.*}}, #[[ENDS]], {{.*}}]
// CHECK: tensor.insert_slice %[[ODD]] into %[[HALF]][0, 0, 1] [1, 4, 4] [1, 1, 2]
train.program @kernel3 {
  train.entry @predict.b1(%dy: tensor<1x8x4xf32> {train.input = "dy"}, %w: tensor<8x4x3xf32> {train.input = "w"}) -> (tensor<1x4x8xf32> {train.output = "dx"}) attributes {kind = #train.entry_kind<predict>, batch_size = 1 : i64} {
    %dx = nn.conv_dx %dy, %w {strides = array<i64: 2>, pads_low = array<i64: 1>, pads_high = array<i64: 1>, dilations = array<i64: 1>} : tensor<1x8x4xf32>, tensor<8x4x3xf32> -> tensor<1x4x8xf32>
    train.return %dx : tensor<1x4x8xf32>
  }
}



// A kernel of 1 with stride 2: odd positions are read by no window.
// CHECK-LABEL: train.program @kernel1
// CHECK: %[[ZEROS:.*]] = linalg.generic
// CHECK: linalg.yield %cst
// CHECK: %[[PART:.*]] = linalg.generic
// CHECK: tensor.insert_slice %[[PART]] into %[[ZEROS]][0, 0, 0] [1, 4, 4] [1, 1, 2]
// CHECK-NOT: tensor.insert_slice
train.program @kernel1 {
  train.entry @predict.b1(%dy: tensor<1x8x4xf32> {train.input = "dy"}, %w: tensor<8x4x1xf32> {train.input = "w"}) -> (tensor<1x4x8xf32> {train.output = "dx"}) attributes {kind = #train.entry_kind<predict>, batch_size = 1 : i64} {
    %dx = nn.conv_dx %dy, %w {strides = array<i64: 2>, pads_low = array<i64: 0>, pads_high = array<i64: 0>, dilations = array<i64: 1>} : tensor<1x8x4xf32>, tensor<8x4x1xf32> -> tensor<1x4x8xf32>
    train.return %dx : tensor<1x4x8xf32>
  }
}



// Groups, and strides of 1.
// CHECK-LABEL: train.program @whole
// CHECK-COUNT-2: nn.conv_dx
train.program @whole {
  train.entry @predict.b1(%dy: tensor<1x8x4xf32> {train.input = "dy"}, %dz: tensor<1x8x8xf32> {train.input = "dz"}, %v: tensor<8x2x1xf32> {train.input = "v"}, %w: tensor<8x4x1xf32> {train.input = "w"}) -> (tensor<1x4x8xf32> {train.output = "dx"}, tensor<1x4x8xf32> {train.output = "du"}) attributes {kind = #train.entry_kind<predict>, batch_size = 1 : i64} {
    %dx = nn.conv_dx %dy, %v {groups = 2 : i64, strides = array<i64: 2>, pads_low = array<i64: 0>, pads_high = array<i64: 0>, dilations = array<i64: 1>} : tensor<1x8x4xf32>, tensor<8x2x1xf32> -> tensor<1x4x8xf32>
    %du = nn.conv_dx %dz, %w {strides = array<i64: 1>, pads_low = array<i64: 0>, pads_high = array<i64: 0>, dilations = array<i64: 1>} : tensor<1x8x8xf32>, tensor<8x4x1xf32> -> tensor<1x4x8xf32>
    train.return %dx, %du : tensor<1x4x8xf32>, tensor<1x4x8xf32>
  }
}
