// RUN: ntc-opt %s --ntc-simplify --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @transpositions
// CHECK-SAME: %[[A:.*]]: tensor<2x3x4xf32>, %[[U:.*]]: tensor<2x1x3xf32>
// CHECK-DAG: %[[ONCE:.*]] = nn.transpose %[[A]] {permutation = array<i64: 2, 1, 0>} : tensor<2x3x4xf32> -> tensor<4x3x2xf32>
// CHECK-DAG: %[[UNIT:.*]] = nn.reshape %[[U]] : tensor<2x1x3xf32> -> tensor<2x3x1xf32>
// CHECK: return %[[ONCE]], %[[A]], %[[UNIT]]
func.func @transpositions(%a: tensor<2x3x4xf32>, %u: tensor<2x1x3xf32>) -> (tensor<4x3x2xf32>, tensor<2x3x4xf32>, tensor<2x3x1xf32>) {
  %t = nn.transpose %a {permutation = array<i64: 1, 2, 0>} : tensor<2x3x4xf32> -> tensor<3x4x2xf32>
  %0 = nn.transpose %t {permutation = array<i64: 1, 0, 2>} : tensor<3x4x2xf32> -> tensor<4x3x2xf32>
  %1 = nn.transpose %t {permutation = array<i64: 2, 0, 1>} : tensor<3x4x2xf32> -> tensor<2x3x4xf32>
  %2 = nn.transpose %u {permutation = array<i64: 0, 2, 1>} : tensor<2x1x3xf32> -> tensor<2x3x1xf32>
  return %0, %1, %2 : tensor<4x3x2xf32>, tensor<2x3x4xf32>, tensor<2x3x1xf32>
}

// -----

// CHECK-LABEL: func.func @slices
// CHECK-SAME: %[[A:.*]]: tensor<9xf32>, %[[B:.*]]: tensor<3xf32>
// CHECK-DAG: %[[S:.*]] = nn.slice %[[A]] {limits = array<i64: 8>, starts = array<i64: 3>, strides = array<i64: 4>} : tensor<9xf32> -> tensor<2xf32>
// CHECK: return %[[S]], %[[B]], %[[B]]
func.func @slices(%a: tensor<9xf32>, %b: tensor<3xf32>) -> (tensor<2xf32>, tensor<3xf32>, tensor<3xf32>) {
  %s = nn.slice %a {starts = array<i64: 1>, limits = array<i64: 9>, strides = array<i64: 2>} : tensor<9xf32> -> tensor<4xf32>
  %0 = nn.slice %s {starts = array<i64: 1>, limits = array<i64: 4>, strides = array<i64: 2>} : tensor<4xf32> -> tensor<2xf32>
  %p = nn.pad %b {low = array<i64: 1>, high = array<i64: 2>, interior = array<i64: 1>} : tensor<3xf32> -> tensor<8xf32>
  %1 = nn.slice %p {starts = array<i64: 1>, limits = array<i64: 6>, strides = array<i64: 2>} : tensor<8xf32> -> tensor<3xf32>
  %c = nn.concat %a, %b {axis = 0 : i64} : tensor<9xf32>, tensor<3xf32> -> tensor<12xf32>
  %2 = nn.slice %c {starts = array<i64: 9>, limits = array<i64: 12>, strides = array<i64: 1>} : tensor<12xf32> -> tensor<3xf32>
  return %0, %1, %2 : tensor<2xf32>, tensor<3xf32>, tensor<3xf32>
}

// -----

// CHECK-LABEL: func.func @broadcasts
// CHECK-SAME: %[[A:.*]]: tensor<3xf32>
// CHECK-DAG: %[[ONCE:.*]] = nn.broadcast %[[A]] {dims = array<i64: 2>} : tensor<3xf32> -> tensor<4x2x3xf32>
// CHECK-DAG: %[[RESHAPE:.*]] = nn.reshape %[[A]] : tensor<3xf32> -> tensor<1x3xf32>
// CHECK-DAG: %[[NO_RESHAPE:.*]] = nn.broadcast %[[A]] {dims = array<i64: 1>} : tensor<3xf32> -> tensor<2x3xf32>
// CHECK-DAG: %[[UNIT:.*]] = nn.broadcast %[[A]] {dims = array<i64: 2>} : tensor<3xf32> -> tensor<2x1x3xf32>
// CHECK-DAG: %[[TURNED:.*]] = nn.broadcast %[[A]] {dims = array<i64: 0>} : tensor<3xf32> -> tensor<3x2xf32>
// CHECK: return %[[ONCE]], %[[RESHAPE]], %[[NO_RESHAPE]], %[[UNIT]], %[[TURNED]]
func.func @broadcasts(%a: tensor<3xf32>) -> (tensor<4x2x3xf32>, tensor<1x3xf32>, tensor<2x3xf32>, tensor<2x1x3xf32>, tensor<3x2xf32>) {
  %b = nn.broadcast %a {dims = array<i64: 1>} : tensor<3xf32> -> tensor<2x3xf32>
  %0 = nn.broadcast %b {dims = array<i64: 1, 2>} : tensor<2x3xf32> -> tensor<4x2x3xf32>
  %1 = nn.broadcast %a {dims = array<i64: 1>} : tensor<3xf32> -> tensor<1x3xf32>
  %2 = nn.broadcast %1 {dims = array<i64: 0, 1>} : tensor<1x3xf32> -> tensor<2x3xf32>
  %3 = nn.reshape %b : tensor<2x3xf32> -> tensor<2x1x3xf32>
  %4 = nn.transpose %b {permutation = array<i64: 1, 0>} : tensor<2x3xf32> -> tensor<3x2xf32>
  return %0, %1, %2, %3, %4 : tensor<4x2x3xf32>, tensor<1x3xf32>, tensor<2x3xf32>, tensor<2x1x3xf32>, tensor<3x2xf32>
}

// -----

// Arithmetic happens before elements are repeated.
// CHECK-LABEL: func.func @before_broadcast
// CHECK-SAME: %[[A:.*]]: tensor<3xf32>, %[[B:.*]]: tensor<3xf32>
// CHECK: %[[C:.*]] = nn.constant dense<1.500000e+00> : tensor<3xf32>
// CHECK: %[[SUM:.*]] = nn.add %[[A]], %[[B]] : tensor<3xf32>
// CHECK: %[[LT:.*]] = nn.compare lt %[[SUM]], %[[C]] : tensor<3xf32>
// CHECK: %[[Y:.*]] = nn.broadcast %[[LT]] {dims = array<i64: 1>} : tensor<3xi1> -> tensor<2x3xi1>
// CHECK: return %[[Y]]
func.func @before_broadcast(%a: tensor<3xf32>, %b: tensor<3xf32>) -> tensor<2x3xi1> {
  %c = nn.constant dense<1.5> : tensor<2x3xf32>
  %ab = nn.broadcast %a {dims = array<i64: 1>} : tensor<3xf32> -> tensor<2x3xf32>
  %bb = nn.broadcast %b {dims = array<i64: 1>} : tensor<3xf32> -> tensor<2x3xf32>
  %s = nn.add %ab, %bb : tensor<2x3xf32>
  %y = nn.compare lt %s, %c : tensor<2x3xf32>
  return %y : tensor<2x3xi1>
}

// -----

// CHECK-LABEL: func.func @different_broadcasts
// CHECK-COUNT-2: nn.broadcast
// CHECK: nn.add %{{.*}} : tensor<3x3xf32>
func.func @different_broadcasts(%a: tensor<3xf32>) -> tensor<3x3xf32> {
  %rows = nn.broadcast %a {dims = array<i64: 1>} : tensor<3xf32> -> tensor<3x3xf32>
  %columns = nn.broadcast %a {dims = array<i64: 0>} : tensor<3xf32> -> tensor<3x3xf32>
  %y = nn.add %rows, %columns : tensor<3x3xf32>
  return %y : tensor<3x3xf32>
}

// -----

// Equal operations become one, equal random numbers too; other numbers stay.
// CHECK-LABEL: func.func @common
// CHECK: %[[U:.*]] = nn.random_uniform %{{.*}}, %{{.*}} {op = 1 : i32}
// CHECK: %[[V:.*]] = nn.random_uniform %{{.*}}, %{{.*}} {op = 2 : i32}
// CHECK: return %[[U]], %[[U]], %[[V]]
func.func @common(%seed: tensor<i64>, %step: tensor<i64>) -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) {
  %0 = nn.random_uniform %seed, %step {op = 1 : i32} : tensor<i64>, tensor<i64> -> tensor<2xf32>
  %1 = nn.random_uniform %seed, %step {op = 1 : i32} : tensor<i64>, tensor<i64> -> tensor<2xf32>
  %2 = nn.random_uniform %seed, %step {op = 2 : i32} : tensor<i64>, tensor<i64> -> tensor<2xf32>
  return %0, %1, %2 : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
}
