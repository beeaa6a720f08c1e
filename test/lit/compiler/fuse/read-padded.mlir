// RUN: ntc-opt %s --pass-pipeline="builtin.module(train.program(ntc-lower-to-linalg,ntc-fuse-elementwise,cse,ntc-form-dispatches))" | FileCheck %s
// RUN: ntc-opt %s --pass-pipeline="builtin.module(train.program(ntc-lower-to-linalg,ntc-fuse-elementwise,cse,ntc-form-dispatches{read-padded=false}))" | FileCheck %s --check-prefix=OFF
// RUN: ntc-opt %s --pass-pipeline="builtin.module(train.program(ntc-lower-to-linalg,ntc-fuse-elementwise,cse,ntc-form-dispatches))" --remarks-filter="read-padded" --remark-policy=all -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// CHECK-DAG: #[[$INSIDE:.+]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2 + 1, d3 + 1)>
// CHECK-DAG: #[[$STRIDED:.+]] = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d4, d2 * 2 + d5 + 1, d3 * 2 + d6 + 1)>

train.program @p {
  // A rectifier whose result a convolution pads and a product reads later: the product reads the padded copy.
  // CHECK-LABEL: train.entry @read.b16
  // CHECK: %[[COPY:.+]] = plan.dispatch "relu+conv"(%{{.*}}) : (tensor<16x8x32x32xf32>) -> tensor<16x8x34x34xf32> {
  // CHECK: plan.dispatch "conv+gate"(%[[COPY]], %{{.*}}) : (tensor<16x8x34x34xf32>, tensor<8x8x3x3xf32>) ->
  // CHECK: linalg.generic {indexing_maps = [#{{.*}}, #[[$INSIDE]], #{{.*}}], {{.*}} ins(%{{.*}}, %{{.*}} : tensor<16x8x32x32xf32>, tensor<16x8x34x34xf32>)
  // OFF-LABEL: train.entry @read.b16
  // OFF: %[[BOTH:.+]]:2 = plan.dispatch "relu+conv"(%{{.*}}) : (tensor<16x8x32x32xf32>) -> (tensor<16x8x32x32xf32>, tensor<16x8x34x34xf32>) {
  // OFF: plan.dispatch "conv+gate"(%[[BOTH]]#1, %{{.*}}, %[[BOTH]]#0)
  // REMARK: [Passed] read-padded | Category:read-padded | Remark="read from its padded copy by gate"
  train.entry @read.b16(%x: tensor<16x8x32x32xf32> {train.input = "x"}, %w: tensor<8x8x3x3xf32> {train.input = "w"}) -> (tensor<16x8x32x32xf32> {train.output = "z"}) attributes {kind = #train.entry_kind<predict>, batch_size = 16 : i64} {
    %r = nn.relu %x : tensor<16x8x32x32xf32> loc("relu")
    %y = nn.conv %r, %w {strides = array<i64: 1, 1>, pads_low = array<i64: 1, 1>, pads_high = array<i64: 1, 1>, dilations = array<i64: 1, 1>} : tensor<16x8x32x32xf32>, tensor<8x8x3x3xf32> -> tensor<16x8x32x32xf32> loc("conv")
    %z = nn.mul %y, %r : tensor<16x8x32x32xf32> loc("gate")
    train.return %z : tensor<16x8x32x32xf32>
  }

  // A sum of products reads it too, in the form that it has: both are stored.
  // CHECK-LABEL: train.entry @product.b16
  // CHECK: plan.dispatch "relu+conv"(%{{.*}}) : {{.*}} -> (tensor<16x8x32x32xf32>, tensor<16x8x34x34xf32>) {
  // REMARK: [Missed] read-padded | Category:read-padded | Remark="stored beside its padded copy: other cannot read that"
  train.entry @product.b16(%x: tensor<16x8x32x32xf32> {train.input = "x"}, %w: tensor<8x8x3x3xf32> {train.input = "w"}, %v: tensor<8x8x1x1xf32> {train.input = "v"}) -> (tensor<16x8x32x32xf32> {train.output = "y"}, tensor<16x8x32x32xf32> {train.output = "z"}) attributes {kind = #train.entry_kind<predict>, batch_size = 16 : i64} {
    %r = nn.relu %x : tensor<16x8x32x32xf32> loc("relu")
    %y = nn.conv %r, %w {strides = array<i64: 1, 1>, pads_low = array<i64: 1, 1>, pads_high = array<i64: 1, 1>, dilations = array<i64: 1, 1>} : tensor<16x8x32x32xf32>, tensor<8x8x3x3xf32> -> tensor<16x8x32x32xf32> loc("conv")
    %z = nn.conv %r, %v {strides = array<i64: 1, 1>, pads_low = array<i64: 0, 0>, pads_high = array<i64: 0, 0>, dilations = array<i64: 1, 1>} : tensor<16x8x32x32xf32>, tensor<8x8x1x1xf32> -> tensor<16x8x32x32xf32> loc("other")
    train.return %y, %z : tensor<16x8x32x32xf32>, tensor<16x8x32x32xf32>
  }

  // One that strides over the rows anyway reads the padded copy.
  // CHECK-LABEL: train.entry @strided.b16
  // CHECK: plan.dispatch "relu+conv"(%{{.*}}) : (tensor<16x8x32x32xf32>) -> tensor<16x8x34x34xf32> {
  // CHECK: linalg.generic {indexing_maps = [#[[$STRIDED]], {{.*}} ins(%{{.*}} : tensor<16x8x34x34xf32>, tensor<8x8x1x1xf32>)
  // OFF-LABEL: train.entry @strided.b16
  // OFF: plan.dispatch "relu+conv"(%{{.*}}) : {{.*}} -> (tensor<16x8x32x32xf32>, tensor<16x8x34x34xf32>) {
  // REMARK: [Passed] read-padded | Category:read-padded | Remark="read from its padded copy by shortcut"
  train.entry @strided.b16(%x: tensor<16x8x32x32xf32> {train.input = "x"}, %w: tensor<8x8x3x3xf32> {train.input = "w"}, %v: tensor<8x8x1x1xf32> {train.input = "v"}) -> (tensor<16x8x32x32xf32> {train.output = "y"}, tensor<16x8x16x16xf32> {train.output = "z"}) attributes {kind = #train.entry_kind<predict>, batch_size = 16 : i64} {
    %r = nn.relu %x : tensor<16x8x32x32xf32> loc("relu")
    %y = nn.conv %r, %w {strides = array<i64: 1, 1>, pads_low = array<i64: 1, 1>, pads_high = array<i64: 1, 1>, dilations = array<i64: 1, 1>} : tensor<16x8x32x32xf32>, tensor<8x8x3x3xf32> -> tensor<16x8x32x32xf32> loc("conv")
    %z = nn.conv %r, %v {strides = array<i64: 2, 2>, pads_low = array<i64: 0, 0>, pads_high = array<i64: 0, 0>, dilations = array<i64: 1, 1>} : tensor<16x8x32x32xf32>, tensor<8x8x1x1xf32> -> tensor<16x8x16x16xf32> loc("shortcut")
    train.return %y, %z : tensor<16x8x32x32xf32>, tensor<16x8x16x16xf32>
  }

  // Padding behind the elements only moves no index, but its extent would be taken for the loop's.
  // CHECK-LABEL: train.entry @behind.b16
  // CHECK: plan.dispatch "relu+conv"(%{{.*}}) : {{.*}} -> (tensor<16x8x32x32xf32>, tensor<16x8x33x33xf32>) {
  // REMARK: [Missed] read-padded | Category:read-padded | Remark="stored beside its padded copy: gate cannot read that"
  train.entry @behind.b16(%x: tensor<16x8x32x32xf32> {train.input = "x"}, %w: tensor<8x8x2x2xf32> {train.input = "w"}) -> (tensor<16x8x32x32xf32> {train.output = "z"}) attributes {kind = #train.entry_kind<predict>, batch_size = 16 : i64} {
    %r = nn.relu %x : tensor<16x8x32x32xf32> loc("relu")
    %y = nn.conv %r, %w {strides = array<i64: 1, 1>, pads_low = array<i64: 0, 0>, pads_high = array<i64: 1, 1>, dilations = array<i64: 1, 1>} : tensor<16x8x32x32xf32>, tensor<8x8x2x2xf32> -> tensor<16x8x32x32xf32> loc("conv")
    %z = nn.mul %y, %r : tensor<16x8x32x32xf32> loc("gate")
    train.return %z : tensor<16x8x32x32xf32>
  }
}
