// RUN: ntc-opt %s --ntc-simplify --split-input-file | FileCheck %s

// The example of the pass's documentation.
// CHECK-LABEL: func.func @documented
// CHECK-SAME: %[[X:.*]]: tensor<2xf32>, %[[W:.*]]: tensor<3x4xf32>, %[[V:.*]]: tensor<3x5xf32>
// CHECK: %[[C:.*]] = nn.constant dense<3.000000e+00> : tensor<2xf32>
// CHECK: %[[S:.*]] = nn.mul %[[X]], %[[C]] : tensor<2xf32>
// CHECK: %[[Y:.*]] = nn.matmul %[[W]], %[[V]] {transpose_lhs} : tensor<3x4xf32>, tensor<3x5xf32> -> tensor<4x5xf32>
// CHECK: return %[[S]], %[[Y]]
func.func @documented(%x: tensor<2xf32>, %w: tensor<3x4xf32>, %v: tensor<3x5xf32>) -> (tensor<2xf32>, tensor<4x5xf32>) {
  %b = nn.broadcast %x {dims = array<i64: 0>} : tensor<2xf32> -> tensor<2x3xf32>
  %s = nn.reduce_sum %b {axes = array<i64: 1>} : tensor<2x3xf32> -> tensor<2xf32>
  %t = nn.transpose %w {permutation = array<i64: 1, 0>} : tensor<3x4xf32> -> tensor<4x3xf32>
  %y = nn.matmul %t, %v : tensor<4x3xf32>, tensor<3x5xf32> -> tensor<4x5xf32>
  return %s, %y : tensor<2xf32>, tensor<4x5xf32>
}

// -----

// CHECK-LABEL: func.func @reductions
// CHECK-SAME: %[[A:.*]]: tensor<2x3x4xf32>, %[[U:.*]]: tensor<2x1xf32>
// CHECK-DAG: %[[BOTH:.*]] = nn.reduce_sum %[[A]] {axes = array<i64: 0, 2>} : tensor<2x3x4xf32> -> tensor<3xf32>
// CHECK-DAG: %[[UNIT:.*]] = nn.reshape %[[U]] : tensor<2x1xf32> -> tensor<2xf32>
// CHECK-DAG: %[[MAX:.*]] = nn.reduce_max %[[A]] {axes = array<i64: 0>} : tensor<2x3x4xf32> -> tensor<3x4xf32>
// CHECK-DAG: %[[TURNED:.*]] = nn.transpose %[[MAX]] {permutation = array<i64: 1, 0>}
// CHECK-DAG: %[[NEG:.*]] = nn.neg %[[BOTH]]
// CHECK: return %[[BOTH]], %[[UNIT]], %[[TURNED]], %[[NEG]]
func.func @reductions(%a: tensor<2x3x4xf32>, %u: tensor<2x1xf32>) -> (tensor<3xf32>, tensor<2xf32>, tensor<4x3xf32>, tensor<3xf32>) {
  %s = nn.reduce_sum %a {axes = array<i64: 0>} : tensor<2x3x4xf32> -> tensor<3x4xf32>
  %0 = nn.reduce_sum %s {axes = array<i64: 1>} : tensor<3x4xf32> -> tensor<3xf32>
  %1 = nn.reduce_max %u {axes = array<i64: 1>} : tensor<2x1xf32> -> tensor<2xf32>
  %t = nn.transpose %a {permutation = array<i64: 2, 0, 1>} : tensor<2x3x4xf32> -> tensor<4x2x3xf32>
  %2 = nn.reduce_max %t {axes = array<i64: 1>} : tensor<4x2x3xf32> -> tensor<4x3xf32>
  %n = nn.neg %a : tensor<2x3x4xf32>
  %3 = nn.reduce_sum %n {axes = array<i64: 0, 2>} : tensor<2x3x4xf32> -> tensor<3xf32>
  return %0, %1, %2, %3 : tensor<3xf32>, tensor<2xf32>, tensor<4x3xf32>, tensor<3xf32>
}

// -----

// CHECK-LABEL: func.func @reduced_broadcasts
// CHECK-SAME: %[[A:.*]]: tensor<1x3xf32>
// CHECK-DAG: %[[ROW:.*]] = nn.reshape %[[A]] : tensor<1x3xf32> -> tensor<3xf32>
// CHECK-DAG: %[[N:.*]] = nn.constant dense<8.000000e+00> : tensor<3xf32>
// CHECK-DAG: %[[SUM:.*]] = nn.mul %[[ROW]], %[[N]] : tensor<3xf32>
// CHECK: return %[[SUM]], %[[ROW]]
func.func @reduced_broadcasts(%a: tensor<1x3xf32>) -> (tensor<3xf32>, tensor<3xf32>) {
  %b = nn.broadcast %a {dims = array<i64: 0, 2>} : tensor<1x3xf32> -> tensor<2x4x3xf32>
  %0 = nn.reduce_sum %b {axes = array<i64: 0, 1>} : tensor<2x4x3xf32> -> tensor<3xf32>
  %1 = nn.reduce_min %b {axes = array<i64: 0, 1>} : tensor<2x4x3xf32> -> tensor<3xf32>
  return %0, %1 : tensor<3xf32>, tensor<3xf32>
}

// -----

// A count that the element type does not hold exactly is not multiplied by.
// CHECK-LABEL: func.func @inexact_count
// CHECK: nn.reduce_sum
func.func @inexact_count(%a: tensor<f16>) -> tensor<f16> {
  %b = nn.broadcast %a {dims = array<i64>} : tensor<f16> -> tensor<4097xf16>
  %s = nn.reduce_sum %b {axes = array<i64: 0>} : tensor<4097xf16> -> tensor<f16>
  return %s : tensor<f16>
}

// -----

// A factor that is the same along the summed axes leaves the sum, in f32.
// CHECK-LABEL: func.func @factors
// CHECK-SAME: %[[A:.*]]: tensor<2x3xf32>, %[[C:.*]]: tensor<3xf32>
// CHECK: %[[SUM:.*]] = nn.reduce_sum %[[A]] {axes = array<i64: 0>}
// CHECK: %[[Y:.*]] = nn.mul %[[SUM]], %[[C]] : tensor<3xf32>
// CHECK: return %[[Y]]
func.func @factors(%a: tensor<2x3xf32>, %c: tensor<3xf32>) -> tensor<3xf32> {
  %cb = nn.broadcast %c {dims = array<i64: 1>} : tensor<3xf32> -> tensor<2x3xf32>
  %p = nn.mul %cb, %a : tensor<2x3xf32>
  %y = nn.reduce_sum %p {axes = array<i64: 0>} : tensor<2x3xf32> -> tensor<3xf32>
  return %y : tensor<3xf32>
}

// -----

// CHECK-LABEL: func.func @factor_of_narrow_type
// CHECK: nn.mul
// CHECK: nn.reduce_sum
func.func @factor_of_narrow_type(%a: tensor<2x3xf16>) -> tensor<3xf16> {
  %c = nn.constant dense<0.5> : tensor<2x3xf16>
  %p = nn.mul %a, %c : tensor<2x3xf16>
  %y = nn.reduce_sum %p {axes = array<i64: 0>} : tensor<2x3xf16> -> tensor<3xf16>
  return %y : tensor<3xf16>
}

// -----

// CHECK-LABEL: func.func @products
// CHECK-SAME: %[[A:.*]]: tensor<7x2x3xf32>, %[[B:.*]]: tensor<7x4x3xf32>
// CHECK: %[[Y:.*]] = nn.matmul %[[B]], %[[A]] {transpose_rhs} : tensor<7x4x3xf32>, tensor<7x2x3xf32> -> tensor<7x4x2xf32>
// CHECK: return %[[Y]]
func.func @products(%a: tensor<7x2x3xf32>, %b: tensor<7x4x3xf32>) -> tensor<7x4x2xf32> {
  %t = nn.transpose %b {permutation = array<i64: 0, 2, 1>} : tensor<7x4x3xf32> -> tensor<7x3x4xf32>
  %p = nn.matmul %a, %t : tensor<7x2x3xf32>, tensor<7x3x4xf32> -> tensor<7x2x4xf32>
  %y = nn.transpose %p {permutation = array<i64: 0, 2, 1>} : tensor<7x2x4xf32> -> tensor<7x4x2xf32>
  return %y : tensor<7x4x2xf32>
}

// -----

// A transposition of batch dimensions is none of the product's business.
// CHECK-LABEL: func.func @other_transposition
// CHECK: nn.transpose
// CHECK: nn.matmul
func.func @other_transposition(%a: tensor<2x7x3xf32>, %b: tensor<7x3x4xf32>) -> tensor<7x2x4xf32> {
  %t = nn.transpose %a {permutation = array<i64: 1, 0, 2>} : tensor<2x7x3xf32> -> tensor<7x2x3xf32>
  %y = nn.matmul %t, %b : tensor<7x2x3xf32>, tensor<7x3x4xf32> -> tensor<7x2x4xf32>
  return %y : tensor<7x2x4xf32>
}
