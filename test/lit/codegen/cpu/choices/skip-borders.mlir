// RUN: ntc-opt %s %plan-channels-last --ntc-emit-kernels --canonicalize --cse | FileCheck %s
// RUN: ntc-opt %s %plan-channels-last --ntc-emit-kernels=disable=skip-borders --canonicalize --cse | FileCheck %s --check-prefix=OFF
// RUN: ntc-opt %s %plan-channels-last --ntc-emit-kernels %remarks=skip-borders 2>&1 | FileCheck %s --check-prefix=REMARK

// Eight images of 4 x 4 with a border of zeros: for every position, the rows of a tile are the eight images, and the taps those
// inside. Without it, rows are the positions, and all nine taps are multiplied. Images of 64 x 64 have too few taps outside.

// CHECK-LABEL: func.func @k3
// CHECK: scf.for %[[Y:.*]] = %c0 to %c4 step %c1
// CHECK: scf.for %[[X:.*]] = %c0 to %c4 step %c1
// CHECK: %[[INSIDE:.*]] = arith.subi %c1, %[[Y]]
// CHECK: %[[BEYOND:.*]] = arith.subi %c5, %[[Y]]
// CHECK: %[[FIRST:.*]] = arith.maxsi %[[INSIDE]], %c0
// CHECK: %[[END:.*]] = arith.minsi %[[BEYOND]], %c3
// CHECK: :16 = scf.for {{.*}} = %[[FIRST]] to %[[END]] step %c1
// CHECK: arith.subi %c1, %[[X]]
// CHECK: :16 = scf.for
// CHECK: :16 = scf.for {{.*}} = %c0 to %c16 step %c1

// OFF-LABEL: func.func @k3
// OFF-NOT: arith.maxsi
// OFF: scf.for {{.*}} to %c3 step %c1

// REMARK-DAG: loc("small"): [Passed] {{.*}}"taps outside of the image are left out in 2 dimensions"
// REMARK-DAG: loc("large"): [Missed] {{.*}}"few of its products are with zeros"

train.program @p {
  train.entry @predict(%x: tensor<8x16x4x4xf32> {train.input = "x"}, %u: tensor<2x16x64x64xf32> {train.input = "u"}, %w: tensor<32x16x3x3xf32> {train.input = "w"}) -> (tensor<8x32x4x4xf32> {train.output = "y"}, tensor<2x32x64x64xf32> {train.output = "z"}) attributes {kind = #train.entry_kind<predict>} {
    %y = nn.conv %x, %w {strides = array<i64: 1, 1>, pads_low = array<i64: 1, 1>, pads_high = array<i64: 1, 1>, dilations = array<i64: 1, 1>} : tensor<8x16x4x4xf32>, tensor<32x16x3x3xf32> -> tensor<8x32x4x4xf32> loc("small")
    %z = nn.conv %u, %w {strides = array<i64: 1, 1>, pads_low = array<i64: 1, 1>, pads_high = array<i64: 1, 1>, dilations = array<i64: 1, 1>} : tensor<2x16x64x64xf32>, tensor<32x16x3x3xf32> -> tensor<2x32x64x64xf32> loc("large")
    train.return %y, %z : tensor<8x32x4x4xf32>, tensor<2x32x64x64xf32>
  }
}
