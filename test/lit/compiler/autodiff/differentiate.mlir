// RUN: ntc-opt %s --ntc-differentiate --split-input-file | FileCheck %s
// RUN: ntc-opt %s --ntc-differentiate --split-input-file --mlir-print-debuginfo | FileCheck %s --check-prefix=LOC

// The example of the pass's documentation.
// CHECK-LABEL: func.func @product
// CHECK-SAME: %[[W:.*]]: tensor<3xf32>, %[[X:.*]]: tensor<3xf32>
// CHECK: %[[ONE:.*]] = nn.constant dense<1.000000e+00> : tensor<f32>
// CHECK: %[[DY:.*]] = nn.broadcast %[[ONE]] {dims = array<i64>} : tensor<f32> -> tensor<3xf32>
// CHECK: %[[DW:.*]] = nn.mul %[[DY]], %[[X]] : tensor<3xf32>
// CHECK: return %[[DW]]
func.func @product(%w: tensor<3xf32>, %x: tensor<3xf32>) -> tensor<3xf32> {
  %y = nn.mul %w, %x : tensor<3xf32>
  %loss = nn.reduce_sum %y {axes = array<i64: 0>} : tensor<3xf32> -> tensor<f32>
  %dw = train.gradient %loss wrt (%w) : tensor<f32>, (tensor<3xf32>) -> (tensor<3xf32>)
  return %dw : tensor<3xf32>
}

// -----

// The forward operation dies with its last use; only the weight's gradient is built.
// CHECK-LABEL: func.func @only_what_is_needed
// CHECK-NOT: nn.matmul {{.*}} -> tensor<2x3xf32>
// CHECK: nn.matmul %{{.*}}, %{{.*}} {transpose_lhs} : tensor<2x3xf32>, tensor<2x4xf32> -> tensor<3x4xf32>
// CHECK-NOT: nn.matmul
// CHECK: return
func.func @only_what_is_needed(%x: tensor<2x3xf32>, %w: tensor<3x4xf32>) -> tensor<3x4xf32> {
  %y = nn.matmul %x, %w : tensor<2x3xf32>, tensor<3x4xf32> -> tensor<2x4xf32>
  %loss = nn.reduce_sum %y {axes = array<i64: 0, 1>} : tensor<2x4xf32> -> tensor<f32>
  %dw = train.gradient %loss wrt (%w) : tensor<f32>, (tensor<3x4xf32>) -> (tensor<3x4xf32>)
  return %dw : tensor<3x4xf32>
}

// -----

// CHECK-LABEL: func.func @independent
// CHECK: %[[ZERO:.*]] = nn.constant dense<0.000000e+00> : tensor<2xf64>
// CHECK: return %[[ZERO]]
func.func @independent(%x: tensor<f64>, %w: tensor<2xf64>) -> tensor<2xf64> {
  %loss = nn.exp %x : tensor<f64>
  %dw = train.gradient %loss wrt (%w) : tensor<f64>, (tensor<2xf64>) -> (tensor<2xf64>)
  return %dw : tensor<2xf64>
}

// -----

// The loss itself: derivative 1. A value between: its own cotangent.
// CHECK-LABEL: func.func @by_intermediate
// CHECK: %[[Y:.*]] = nn.exp
// CHECK: %[[LOSS:.*]] = nn.sin %[[Y]]
// CHECK: %[[ONE:.*]] = nn.constant dense<1.000000e+00>
// CHECK: %[[COS:.*]] = nn.cos %[[Y]]
// CHECK: %[[DY:.*]] = nn.mul %[[ONE]], %[[COS]]
// CHECK: %[[DX:.*]] = nn.mul %[[DY]], %[[Y]]
// CHECK: return %[[LOSS]], %[[ONE]], %[[DY]], %[[DX]]
func.func @by_intermediate(%x: tensor<f64>) -> (tensor<f64>, tensor<f64>, tensor<f64>, tensor<f64>) {
  %y = nn.exp %x : tensor<f64>
  %loss = nn.sin %y : tensor<f64>
  %d:3 = train.gradient %loss wrt (%loss, %y, %x) : tensor<f64>, (tensor<f64>, tensor<f64>, tensor<f64>) -> (tensor<f64>, tensor<f64>, tensor<f64>)
  return %loss, %d#0, %d#1, %d#2 : tensor<f64>, tensor<f64>, tensor<f64>, tensor<f64>
}

// -----

// Two uses of one value: contributions are added, that of the later user first.
// CHECK-LABEL: func.func @sum_of_uses
// CHECK-SAME: %[[X:.*]]: tensor<f64>
// CHECK: %[[E:.*]] = nn.exp %[[X]]
// CHECK: %[[ONE:.*]] = nn.constant dense<1.000000e+00>
// CHECK: %[[DE:.*]] = nn.mul %[[ONE]], %[[X]]
// CHECK: %[[LATER:.*]] = nn.mul %[[ONE]], %[[E]]
// CHECK: %[[EARLIER:.*]] = nn.mul %[[DE]], %[[E]]
// CHECK: %[[DX:.*]] = nn.add %[[LATER]], %[[EARLIER]]
// CHECK: return %[[DX]]
func.func @sum_of_uses(%x: tensor<f64>) -> tensor<f64> {
  %e = nn.exp %x : tensor<f64>
  %loss = nn.mul %e, %x : tensor<f64>
  %dx = train.gradient %loss wrt (%x) : tensor<f64>, (tensor<f64>) -> (tensor<f64>)
  return %dx : tensor<f64>
}

// -----

// A path through an integer ends there.
// CHECK-LABEL: func.func @stops_at_integers
// CHECK: %[[ZERO:.*]] = nn.constant dense<0.000000e+00> : tensor<2x3xf32>
// CHECK-NEXT: return %[[ZERO]]
func.func @stops_at_integers(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %i = nn.argmax %x {axis = 1 : i64} : tensor<2x3xf32> -> tensor<2xi64>
  %h = nn.one_hot %i {axis = 1 : i64} : tensor<2xi64> -> tensor<2x3xf32>
  %loss = nn.reduce_sum %h {axes = array<i64: 0, 1>} : tensor<2x3xf32> -> tensor<f32>
  %dx = train.gradient %loss wrt (%x) : tensor<f32>, (tensor<2x3xf32>) -> (tensor<2x3xf32>)
  return %dx : tensor<2x3xf32>
}

// -----

// A gradient of a gradient finds plain operations: d2/dx2 of e^x.
// CHECK-LABEL: func.func @second_order
// CHECK: %[[Y:.*]] = nn.exp
// CHECK: %[[ONE:.*]] = nn.constant dense<1.000000e+00>
// CHECK: %[[SEED:.*]] = nn.constant dense<1.000000e+00>
// CHECK: %[[DY:.*]] = nn.mul %[[SEED]], %[[ONE]]
// CHECK: %[[DDX:.*]] = nn.mul %[[DY]], %[[Y]]
// CHECK: return %[[DDX]]
func.func @second_order(%x: tensor<f64>) -> tensor<f64> {
  %y = nn.exp %x : tensor<f64>
  %dx = train.gradient %y wrt (%x) : tensor<f64>, (tensor<f64>) -> (tensor<f64>)
  %ddx = train.gradient %dx wrt (%x) : tensor<f64>, (tensor<f64>) -> (tensor<f64>)
  return %ddx : tensor<f64>
}

// -----

// In an entry; state is read like any other value.
// CHECK-LABEL: train.entry @train_step.b2
// CHECK: %[[W:.*]] = train.read @w
// CHECK: %[[DW:.*]] = nn.matmul %{{.*}}, %{{.*}} {transpose_lhs}
// CHECK: %[[NEW:.*]] = nn.sub %[[W]], %[[DW]]
// CHECK: train.assign @w, %[[NEW]]
train.program @p {
  train.state @w : tensor<3x1xf32> {role = #train.role<parameter>, init = #train.fill<0.0 : f64>}
  train.entry @train_step.b2(%x: tensor<2x3xf32> {train.input = "x"}) attributes {kind = #train.entry_kind<train_step>, batch_size = 2 : i64} {
    %w = train.read @w : tensor<3x1xf32>
    %y = nn.matmul %x, %w : tensor<2x3xf32>, tensor<3x1xf32> -> tensor<2x1xf32>
    %loss = nn.reduce_sum %y {axes = array<i64: 0, 1>} : tensor<2x1xf32> -> tensor<f32>
    %dw = train.gradient %loss wrt (%w) : tensor<f32>, (tensor<3x1xf32>) -> (tensor<3x1xf32>)
    %new = nn.sub %w, %dw : tensor<3x1xf32>
    train.assign @w, %new : tensor<3x1xf32>
    train.return
  }
}

// -----

// Layer names survive: a gradient's operations carry the name of the forward operation.
// LOC-LABEL: func.func @locations
// LOC: nn.exp %{{.*}} loc(#[[EXP:.*]])
// LOC: nn.mul %{{.*}} loc(#[[EXP_GRAD:.*]])
// LOC-DAG: #[[EXP]] = loc("fc1")
// LOC-DAG: #[[EXP_GRAD]] = loc("fc1.grad")
func.func @locations(%x: tensor<f64>) -> tensor<f64> {
  %y = nn.exp %x : tensor<f64> loc("fc1")
  %dx = train.gradient %y wrt (%x) : tensor<f64>, (tensor<f64>) -> (tensor<f64>)
  return %dx : tensor<f64>
}
