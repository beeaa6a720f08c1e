// RUN: ntc-opt %s --ntc-mixed-precision --split-input-file | FileCheck %s

// Operands are rounded; the sum stays f32.
// CHECK-LABEL: func.func @operands
// CHECK-SAME: %[[A:.*]]: tensor<2x3xf32>, %[[B:.*]]: tensor<3x4xf32>
// CHECK-DAG: %[[AN:.*]] = nn.cast %[[A]] : tensor<2x3xf32> -> tensor<2x3xbf16>
// CHECK-DAG: %[[AW:.*]] = nn.cast %[[AN]] : tensor<2x3xbf16> -> tensor<2x3xf32>
// CHECK-DAG: %[[BN:.*]] = nn.cast %[[B]] : tensor<3x4xf32> -> tensor<3x4xbf16>
// CHECK-DAG: %[[BW:.*]] = nn.cast %[[BN]] : tensor<3x4xbf16> -> tensor<3x4xf32>
// CHECK: %[[Y:.*]] = nn.matmul %[[AW]], %[[BW]]
// CHECK: return %[[Y]]
func.func @operands(%a: tensor<2x3xf32>, %b: tensor<3x4xf32>) -> tensor<2x4xf32> {
  %y = nn.matmul %a, %b : tensor<2x3xf32>, tensor<3x4xf32> -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// -----

// An activation is rounded where it is computed; who else reads it reads the rounded numbers. What
// leaves the program is not rounded.
// CHECK-LABEL: func.func @activation
// CHECK: %[[R:.*]] = nn.relu
// CHECK-NEXT: %[[N:.*]] = nn.cast %[[R]] : tensor<2x3xf32> -> tensor<2x3xbf16>
// CHECK-NEXT: %[[W:.*]] = nn.cast %[[N]]
// CHECK: nn.matmul %[[W]], %{{.*}}
// CHECK: %[[E:.*]] = nn.exp %[[W]]
// CHECK: return %{{.*}}, %[[E]], %[[R]]
func.func @activation(%a: tensor<2x3xf32>, %b: tensor<3x4xf32>)
    -> (tensor<2x4xf32>, tensor<2x3xf32>, tensor<2x3xf32>) {
  %r = nn.relu %a : tensor<2x3xf32>
  %y = nn.matmul %r, %b : tensor<2x3xf32>, tensor<3x4xf32> -> tensor<2x4xf32>
  %e = nn.exp %r : tensor<2x3xf32>
  return %y, %e, %r : tensor<2x4xf32>, tensor<2x3xf32>, tensor<2x3xf32>
}

// -----

// Elements that are only moved are moved as bf16.
// CHECK-LABEL: func.func @moved
// CHECK: %[[N:.*]] = nn.cast %{{.*}} : tensor<6xf32> -> tensor<6xbf16>
// CHECK: nn.reshape %[[N]] : tensor<6xbf16> -> tensor<2x3xbf16>
func.func @moved(%x: tensor<6xf32>, %b: tensor<3x4xf32>) -> tensor<2x4xf32> {
  %r = nn.relu %x : tensor<6xf32>
  %a = nn.reshape %r : tensor<6xf32> -> tensor<2x3xf32>
  %y = nn.matmul %a, %b : tensor<2x3xf32>, tensor<3x4xf32> -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// -----

// The result of a contraction that a reduction reads, and from which an operand of another one
// comes, is stored as bf16.
// CHECK-LABEL: func.func @between
// CHECK: %[[Y:.*]] = nn.matmul
// CHECK-NEXT: %[[N:.*]] = nn.cast %[[Y]] : tensor<2x4xf32> -> tensor<2x4xbf16>
// CHECK-NEXT: %[[W:.*]] = nn.cast %[[N]]
// CHECK: nn.reduce_sum %[[W]]
func.func @between(%a: tensor<2x3xf32>, %b: tensor<3x4xf32>, %c: tensor<4x5xf32>) -> tensor<2x5xf32> {
  %y = nn.matmul %a, %b : tensor<2x3xf32>, tensor<3x4xf32> -> tensor<2x4xf32>
  %s = nn.reduce_sum %y {axes = array<i64: 0>} : tensor<2x4xf32> -> tensor<4xf32>
  %m = nn.broadcast %s {dims = array<i64: 1>} : tensor<4xf32> -> tensor<2x4xf32>
  %d = nn.sub %y, %m : tensor<2x4xf32>
  %z = nn.matmul %d, %c : tensor<2x4xf32>, tensor<4x5xf32> -> tensor<2x5xf32>
  return %z : tensor<2x5xf32>
}

// -----

// f64 stays as it is.
// CHECK-LABEL: func.func @double
// CHECK-NOT: nn.cast
func.func @double(%a: tensor<2x3xf64>, %b: tensor<3x4xf64>) -> tensor<2x4xf64> {
  %y = nn.matmul %a, %b : tensor<2x3xf64>, tensor<3x4xf64> -> tensor<2x4xf64>
  return %y : tensor<2x4xf64>
}

// -----

// A parameter stays f32, and so do its gradient and its update.
// CHECK-LABEL: train.program @parameter
// CHECK: %[[W:.*]] = train.read @w : tensor<3x4xf32>
// CHECK: %[[N:.*]] = nn.cast %[[W]] : tensor<3x4xf32> -> tensor<3x4xbf16>
// CHECK: %[[G:.*]] = nn.matmul %{{.*}}, %{{.*}} {transpose_lhs}
// CHECK-NEXT: %[[NEW:.*]] = nn.sub %[[W]], %[[G]]
// CHECK: train.assign @w, %[[NEW]] : tensor<3x4xf32>
train.program @parameter {
  train.state @w : tensor<3x4xf32> {role = #train.role<parameter>, init = #train.fill<0.0 : f64>}
  train.entry @train_step.b2(%x: tensor<2x3xf32> {train.input = "x"}) -> (tensor<2x4xf32> {train.output = "y"}) attributes {kind = #train.entry_kind<train_step>, batch_size = 2 : i64} {
    %w = train.read @w : tensor<3x4xf32>
    %y = nn.matmul %x, %w : tensor<2x3xf32>, tensor<3x4xf32> -> tensor<2x4xf32>
    %g = nn.matmul %x, %y {transpose_lhs} : tensor<2x3xf32>, tensor<2x4xf32> -> tensor<3x4xf32>
    %new = nn.sub %w, %g : tensor<3x4xf32>
    train.assign @w, %new : tensor<3x4xf32>
    train.return %y : tensor<2x4xf32>
  }
}
