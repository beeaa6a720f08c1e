// RUN: ntc-opt %s %plan-channels-last --ntc-emit-kernels --canonicalize --cse | FileCheck %s
// RUN: ntc-opt %s %plan-channels-last --ntc-emit-kernels=disable=merge-rows --canonicalize --cse | FileCheck %s --check-prefix=OFF
// RUN: ntc-opt %s %plan-channels-last --ntc-emit-kernels %remarks=merge-rows 2>&1 | FileCheck %s --check-prefix=REMARK

// Images of 3 x 5, channels last: the 30 positions of both images are the rows of three tiles of ten. Where a row lies is computed
// from its number. Without it, the five positions of a line are a tile.

// CHECK-LABEL: func.func @k1
// CHECK: scf.for %[[ROW:.*]] = %c0 to %c30 step %c10
// CHECK: arith.remui %[[ROW]], %c5
// CHECK: arith.divui %[[ROW]], %c5
// CHECK: :20 = scf.for {{.*}} to %c64 step %c1

// OFF-LABEL: func.func @k1
// OFF: scf.for {{.*}} = %c0 to %c2 step %c1
// OFF: scf.for {{.*}} = %c0 to %c3 step %c1
// OFF-NOT: arith.remui
// OFF: :10 = scf.for {{.*}} to %c64 step %c1

// REMARK: loc("conv"): [Passed] {{.*}}"rows of several loops fill tiles of 12"

train.program @p {
  train.entry @predict(%x: tensor<2x64x3x5xf32> {train.input = "x"}, %w: tensor<32x64x1x1xf32> {train.input = "w"}) -> (tensor<2x32x3x5xf32> {train.output = "y"}) attributes {kind = #train.entry_kind<predict>} {
    %y = nn.conv %x, %w {strides = array<i64: 1, 1>, pads_low = array<i64: 0, 0>, pads_high = array<i64: 0, 0>, dilations = array<i64: 1, 1>} : tensor<2x64x3x5xf32>, tensor<32x64x1x1xf32> -> tensor<2x32x3x5xf32> loc("conv")
    train.return %y : tensor<2x32x3x5xf32>
  }
}
