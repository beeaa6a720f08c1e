// RUN: ntc-opt %s --ntc-decompose --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @softmax
// CHECK-SAME: %[[X:.*]]: tensor<2x3xf32>
// CHECK: %[[M:.*]] = nn.reduce_max %[[X]] {axes = array<i64: 1>}
// CHECK: %[[MB:.*]] = nn.broadcast %[[M]] {dims = array<i64: 0>} : tensor<2xf32> -> tensor<2x3xf32>
// CHECK: %[[Z:.*]] = nn.sub %[[X]], %[[MB]]
// CHECK: %[[E:.*]] = nn.exp %[[Z]]
// CHECK: %[[S:.*]] = nn.reduce_sum %[[E]] {axes = array<i64: 1>}
// CHECK: %[[SB:.*]] = nn.broadcast %[[S]] {dims = array<i64: 0>} : tensor<2xf32> -> tensor<2x3xf32>
// CHECK: %[[Y:.*]] = nn.div %[[E]], %[[SB]]
// CHECK: return %[[Y]]
func.func @softmax(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %y = nn.softmax %x {axis = 1 : i64} : tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// -----

// CHECK-LABEL: func.func @log_softmax
// CHECK: %[[Z:.*]] = nn.sub
// CHECK: %[[E:.*]] = nn.exp %[[Z]]
// CHECK: %[[S:.*]] = nn.reduce_sum %[[E]] {axes = array<i64: 0>}
// CHECK: %[[L:.*]] = nn.log %[[S]]
// CHECK: %[[LB:.*]] = nn.broadcast %[[L]] {dims = array<i64: 1>} : tensor<3xf32> -> tensor<2x3xf32>
// CHECK: %[[Y:.*]] = nn.sub %[[Z]], %[[LB]]
// CHECK: return %[[Y]]
func.func @log_softmax(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %y = nn.log_softmax %x {axis = 0 : i64} : tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// -----

// CHECK-LABEL: func.func @batch_norm
// CHECK-SAME: %[[X:.*]]: tensor<4x3x2xf32>, %[[SCALE:.*]]: tensor<3xf32>, %[[BIAS:.*]]: tensor<3xf32>
// CHECK: %[[SUM:.*]] = nn.reduce_sum %[[X]] {axes = array<i64: 0, 2>}
// CHECK: %[[N:.*]] = nn.constant dense<8.000000e+00>
// CHECK: %[[MEAN:.*]] = nn.div %[[SUM]], %[[N]]
// CHECK: %[[MEANB:.*]] = nn.broadcast %[[MEAN]] {dims = array<i64: 1>}
// CHECK: %[[CENTERED:.*]] = nn.sub %[[X]], %[[MEANB]]
// CHECK: %[[SQUARE:.*]] = nn.mul %[[CENTERED]], %[[CENTERED]]
// CHECK: %[[SQUARES:.*]] = nn.reduce_sum %[[SQUARE]] {axes = array<i64: 0, 2>}
// CHECK: %[[VARIANCE:.*]] = nn.div %[[SQUARES]]
// CHECK: %[[SHIFTED:.*]] = nn.add %[[VARIANCE]]
// CHECK: %[[INV:.*]] = nn.rsqrt %[[SHIFTED]]
// CHECK: %[[FACTOR:.*]] = nn.mul %[[SCALE]], %[[INV]]
// CHECK: %[[FACTORB:.*]] = nn.broadcast %[[FACTOR]]
// CHECK: %[[SCALED:.*]] = nn.mul %[[CENTERED]], %[[FACTORB]]
// CHECK: %[[BIASB:.*]] = nn.broadcast %[[BIAS]]
// CHECK: %[[Y:.*]] = nn.add %[[SCALED]], %[[BIASB]]
// CHECK: return %[[Y]], %[[MEAN]], %[[VARIANCE]]
func.func @batch_norm(%x: tensor<4x3x2xf32>, %s: tensor<3xf32>, %b: tensor<3xf32>) -> (tensor<4x3x2xf32>, tensor<3xf32>, tensor<3xf32>) {
  %y, %m, %v = nn.batch_norm %x, %s, %b {epsilon = 1.0e-5 : f64} : tensor<4x3x2xf32>, tensor<3xf32>, tensor<3xf32> -> tensor<4x3x2xf32>, tensor<3xf32>, tensor<3xf32>
  return %y, %m, %v : tensor<4x3x2xf32>, tensor<3xf32>, tensor<3xf32>
}

// -----

// CHECK-LABEL: func.func @argmax
// CHECK-SAME: %[[X:.*]]: tensor<2x3xf32>
// CHECK-DAG: %[[M:.*]] = nn.reduce_max %[[X]] {axes = array<i64: 1>}
// CHECK-DAG: %[[MB:.*]] = nn.broadcast %[[M]]
// CHECK-DAG: %[[EQ:.*]] = nn.compare eq %[[X]], %[[MB]]
// CHECK-DAG: %[[NAN:.*]] = nn.compare ne %[[X]], %[[X]]
// CHECK-DAG: %[[HIT:.*]] = nn.or %[[EQ]], %[[NAN]]
// CHECK-DAG: %[[IOTA:.*]] = nn.constant dense<[0, 1, 2]> : tensor<3xi64>
// CHECK-DAG: %[[INDEX:.*]] = nn.broadcast %[[IOTA]] {dims = array<i64: 1>} : tensor<3xi64> -> tensor<2x3xi64>
// CHECK-DAG: %[[V:.*]] = nn.constant dense<3> : tensor<2x3xi64>
// CHECK: %[[CANDIDATE:.*]] = nn.select %[[HIT]], %[[INDEX]], %[[V]]
// CHECK: %[[Y:.*]] = nn.reduce_min %[[CANDIDATE]] {axes = array<i64: 1>} : tensor<2x3xi64> -> tensor<2xi64>
// CHECK: return %[[Y]]
func.func @argmax(%x: tensor<2x3xf32>) -> tensor<2xi64> {
  %y = nn.argmax %x {axis = 1 : i64} : tensor<2x3xf32> -> tensor<2xi64>
  return %y : tensor<2xi64>
}

// -----

// CHECK-LABEL: func.func @stays
// CHECK: nn.sigmoid
func.func @stays(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = nn.sigmoid %x : tensor<2xf32>
  return %y : tensor<2xf32>
}
