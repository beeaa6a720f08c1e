// RUN: ntc-opt %s --ntc-simplify --split-input-file | FileCheck %s

// The mask of a rectifier before a pooling is applied to the pooled gradient.
// CHECK-LABEL: func.func @mask
// CHECK-SAME: %[[X:.*]]: tensor<1x2x4x4xf32>, %[[DY:.*]]: tensor<1x2x2x2xf32>
// CHECK: %[[Y:.*]], %[[WINNER:.*]] = nn.max_pool %[[X]]
// CHECK: %[[WINS:.*]] = nn.compare gt %[[Y]], %{{.*}} : tensor<1x2x2x2xf32>
// CHECK: %[[MASKED:.*]] = nn.select %[[WINS]], %[[DY]], %{{.*}} : tensor<1x2x2x2xf32>
// CHECK: %[[DX:.*]] = nn.max_pool_dx %[[MASKED]], %[[WINNER]]
// CHECK: return %[[Y]], %[[DX]]
func.func @mask(%x: tensor<1x2x4x4xf32>, %dy: tensor<1x2x2x2xf32>) -> (tensor<1x2x2x2xf32>, tensor<1x2x4x4xf32>) {
  %y, %winner = nn.max_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads_low = array<i64: 0, 0>, pads_high = array<i64: 0, 0>, dilations = array<i64: 1, 1>} : tensor<1x2x4x4xf32> -> tensor<1x2x2x2xf32>, tensor<1x2x2x2xi32>
  %dx = nn.max_pool_dx %dy, %winner {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads_low = array<i64: 0, 0>, pads_high = array<i64: 0, 0>, dilations = array<i64: 1, 1>} : tensor<1x2x2x2xf32>, tensor<1x2x2x2xi32> -> tensor<1x2x4x4xf32>
  %zero = nn.constant dense<0.0> : tensor<1x2x4x4xf32>
  %positive = nn.compare gt %x, %zero : tensor<1x2x4x4xf32>
  %masked = nn.select %positive, %dx, %zero : tensor<1x2x4x4xf32>
  return %y, %masked : tensor<1x2x2x2xf32>, tensor<1x2x4x4xf32>
}

// -----

// A mask of something else stays.
// CHECK-LABEL: func.func @other_mask
// CHECK: %[[DX:.*]] = nn.max_pool_dx
// CHECK: nn.select %{{.*}}, %[[DX]]
func.func @other_mask(%x: tensor<1x2x4x4xf32>, %z: tensor<1x2x4x4xf32>, %dy: tensor<1x2x2x2xf32>) -> (tensor<1x2x2x2xf32>, tensor<1x2x4x4xf32>) {
  %y, %winner = nn.max_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads_low = array<i64: 0, 0>, pads_high = array<i64: 0, 0>, dilations = array<i64: 1, 1>} : tensor<1x2x4x4xf32> -> tensor<1x2x2x2xf32>, tensor<1x2x2x2xi32>
  %dx = nn.max_pool_dx %dy, %winner {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads_low = array<i64: 0, 0>, pads_high = array<i64: 0, 0>, dilations = array<i64: 1, 1>} : tensor<1x2x2x2xf32>, tensor<1x2x2x2xi32> -> tensor<1x2x4x4xf32>
  %zero = nn.constant dense<0.0> : tensor<1x2x4x4xf32>
  %positive = nn.compare gt %z, %zero : tensor<1x2x4x4xf32>
  %masked = nn.select %positive, %dx, %zero : tensor<1x2x4x4xf32>
  return %y, %masked : tensor<1x2x2x2xf32>, tensor<1x2x4x4xf32>
}

// -----

// CHECK-LABEL: func.func @sum
// CHECK-SAME: %[[DY:.*]]: tensor<1x2x2x2xf32>
// CHECK: %[[SUM:.*]] = nn.reduce_sum %[[DY]]
// CHECK: return %[[SUM]]
func.func @sum(%dy: tensor<1x2x2x2xf32>, %winner: tensor<1x2x2x2xi32>) -> tensor<2xf32> {
  %dx = nn.max_pool_dx %dy, %winner {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads_low = array<i64: 0, 0>, pads_high = array<i64: 0, 0>, dilations = array<i64: 1, 1>} : tensor<1x2x2x2xf32>, tensor<1x2x2x2xi32> -> tensor<1x2x4x4xf32>
  %sum = nn.reduce_sum %dx {axes = array<i64: 0, 2, 3>} : tensor<1x2x4x4xf32> -> tensor<2xf32>
  return %sum : tensor<2xf32>
}
