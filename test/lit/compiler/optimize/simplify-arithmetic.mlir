// RUN: ntc-opt %s --ntc-simplify --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @signs
// CHECK-SAME: %[[A:.*]]: tensor<2xf32>, %[[B:.*]]: tensor<2xf32>
// CHECK-DAG: %[[ADD_NEG:.*]] = nn.sub %[[A]], %[[B]]
// CHECK-DAG: %[[NEG_ADD:.*]] = nn.sub %[[B]], %[[A]]
// CHECK-DAG: %[[SUB_NEG:.*]] = nn.add %[[A]], %[[B]]
// CHECK-DAG: %[[PRODUCT:.*]] = nn.mul %[[A]], %[[B]]
// CHECK-DAG: %[[QUOTIENT:.*]] = nn.div %[[A]], %[[B]]
// CHECK: return %[[ADD_NEG]], %[[NEG_ADD]], %[[SUB_NEG]], %[[NEG_ADD]], %[[PRODUCT]], %[[QUOTIENT]]
func.func @signs(%a: tensor<2xf32>, %b: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) {
  %na = nn.neg %a : tensor<2xf32>
  %nb = nn.neg %b : tensor<2xf32>
  %0 = nn.add %a, %nb : tensor<2xf32>
  %1 = nn.add %na, %b : tensor<2xf32>
  %2 = nn.sub %a, %nb : tensor<2xf32>
  %d = nn.sub %a, %b : tensor<2xf32>
  %3 = nn.neg %d : tensor<2xf32>
  %4 = nn.mul %na, %nb : tensor<2xf32>
  %5 = nn.div %na, %nb : tensor<2xf32>
  return %0, %1, %2, %3, %4, %5 : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
}

// -----

// CHECK-LABEL: func.func @numbers
// CHECK-SAME: %[[A:.*]]: tensor<2xf32>
// CHECK-DAG: %[[ZERO:.*]] = nn.constant dense<0.000000e+00>
// CHECK-DAG: %[[NEG:.*]] = nn.neg %[[A]]
// CHECK: return %[[ZERO]], %[[NEG]], %[[NEG]], %[[ZERO]]
func.func @numbers(%a: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) {
  %zero = nn.constant dense<0.0> : tensor<2xf32>
  %minus = nn.constant dense<-1.0> : tensor<2xf32>
  %0 = nn.mul %zero, %a : tensor<2xf32>
  %1 = nn.mul %a, %minus : tensor<2xf32>
  %2 = nn.sub %zero, %a : tensor<2xf32>
  %3 = nn.sub %a, %a : tensor<2xf32>
  return %0, %1, %2, %3 : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
}

// -----

// Factors of a chain become one; a sign goes into it.
// CHECK-LABEL: func.func @chain
// CHECK-SAME: %[[A:.*]]: tensor<2xf32>
// CHECK: %[[C:.*]] = nn.constant dense<-6.000000e+00>
// CHECK: %[[Y:.*]] = nn.mul %[[A]], %[[C]]
// CHECK: return %[[Y]]
func.func @chain(%a: tensor<2xf32>) -> tensor<2xf32> {
  %two = nn.constant dense<2.0> : tensor<2xf32>
  %three = nn.constant dense<3.0> : tensor<2xf32>
  %n = nn.neg %a : tensor<2xf32>
  %b = nn.mul %n, %two : tensor<2xf32>
  %y = nn.mul %three, %b : tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

// 1e30 * 1e30 is no number of f32: the chain stays.
// CHECK-LABEL: func.func @overflowing_chain
// CHECK-COUNT-2: nn.mul
func.func @overflowing_chain(%a: tensor<2xf32>) -> tensor<2xf32> {
  %c = nn.constant dense<1.0e30> : tensor<2xf32>
  %b = nn.mul %a, %c : tensor<2xf32>
  %y = nn.mul %b, %c : tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

// Division by a power of two is an exact multiplication; by 3 it is not.
// CHECK-LABEL: func.func @quotients
// CHECK-SAME: %[[A:.*]]: tensor<2xf32>
// CHECK-DAG: %[[EIGHTH:.*]] = nn.constant dense<1.250000e-01>
// CHECK-DAG: %[[THREE:.*]] = nn.constant dense<3.000000e+00>
// CHECK-DAG: %[[BY8:.*]] = nn.mul %[[A]], %[[EIGHTH]]
// CHECK-DAG: %[[BY3:.*]] = nn.div %[[A]], %[[THREE]]
// CHECK-DAG: %[[R:.*]] = nn.reciprocal %[[A]]
// CHECK: return %[[BY8]], %[[BY3]], %[[R]]
func.func @quotients(%a: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) {
  %one = nn.constant dense<1.0> : tensor<2xf32>
  %eight = nn.constant dense<8.0> : tensor<2xf32>
  %three = nn.constant dense<3.0> : tensor<2xf32>
  %0 = nn.div %a, %eight : tensor<2xf32>
  %1 = nn.div %a, %three : tensor<2xf32>
  %2 = nn.div %one, %a : tensor<2xf32>
  return %0, %1, %2 : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
}

// -----

// CHECK-LABEL: func.func @powers
// CHECK-SAME: %[[A:.*]]: tensor<2xf32>
// CHECK-DAG: %[[ONE:.*]] = nn.constant dense<1.000000e+00>
// CHECK-DAG: %[[SQUARE:.*]] = nn.mul %[[A]], %[[A]]
// CHECK-DAG: %[[R:.*]] = nn.reciprocal %[[A]]
// CHECK-DAG: %[[SQRT:.*]] = nn.sqrt %[[A]]
// CHECK-DAG: %[[RSQRT:.*]] = nn.rsqrt %[[A]]
// CHECK: return %[[ONE]], %[[SQUARE]], %[[R]], %[[SQRT]], %[[RSQRT]], %[[RSQRT]]
func.func @powers(%a: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) {
  %c0 = nn.constant dense<0.0> : tensor<2xf32>
  %c2 = nn.constant dense<2.0> : tensor<2xf32>
  %cm1 = nn.constant dense<-1.0> : tensor<2xf32>
  %chalf = nn.constant dense<0.5> : tensor<2xf32>
  %cmhalf = nn.constant dense<-0.5> : tensor<2xf32>
  %0 = nn.pow %a, %c0 : tensor<2xf32>
  %1 = nn.pow %a, %c2 : tensor<2xf32>
  %2 = nn.pow %a, %cm1 : tensor<2xf32>
  %3 = nn.pow %a, %chalf : tensor<2xf32>
  %4 = nn.pow %a, %cmhalf : tensor<2xf32>
  %5 = nn.reciprocal %3 : tensor<2xf32>
  return %0, %1, %2, %3, %4, %5 : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
}

// -----

// CHECK-LABEL: func.func @extrema
// CHECK-SAME: %[[A:.*]]: tensor<2xf32>, %[[I:.*]]: tensor<2xi32>
// CHECK-DAG: %[[RELU:.*]] = nn.relu %[[A]]
// CHECK-DAG: %[[ABS:.*]] = nn.abs %[[A]]
// CHECK-DAG: %[[INTEGER:.*]] = nn.maximum %[[I]]
// CHECK: return %[[RELU]], %[[A]], %[[ABS]], %[[INTEGER]]
func.func @extrema(%a: tensor<2xf32>, %i: tensor<2xi32>) -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xi32>) {
  %zero = nn.constant dense<0.0> : tensor<2xf32>
  %izero = nn.constant dense<0> : tensor<2xi32>
  %0 = nn.maximum %zero, %a : tensor<2xf32>
  %1 = nn.minimum %a, %a : tensor<2xf32>
  %n = nn.neg %a : tensor<2xf32>
  %b = nn.abs %n : tensor<2xf32>
  %2 = nn.abs %b : tensor<2xf32>
  %3 = nn.maximum %izero, %i : tensor<2xi32>
  return %0, %1, %2, %3 : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xi32>
}

// -----

// CHECK-LABEL: func.func @selections
// CHECK-SAME: %[[P:.*]]: tensor<2xi1>, %[[A:.*]]: tensor<2xf32>, %[[B:.*]]: tensor<2xf32>, %[[C:.*]]: tensor<2xf32>
// CHECK-DAG: %[[ZERO:.*]] = nn.constant dense<0.000000e+00>
// CHECK-DAG: %[[SWAPPED:.*]] = nn.select %[[P]], %[[B]], %[[A]]
// CHECK-DAG: %[[OUTER:.*]] = nn.select %[[P]], %[[A]], %[[C]]
// CHECK-DAG: %[[MASKED:.*]] = nn.select %[[P]], %[[A]], %[[ZERO]]
// CHECK-DAG: %[[NE:.*]] = nn.compare ne %[[A]], %[[B]]
// CHECK-DAG: %[[LT:.*]] = nn.compare lt %[[A]], %[[B]]
// CHECK-DAG: %[[NOT_LT:.*]] = nn.not %[[LT]]
// CHECK: return %[[SWAPPED]], %[[OUTER]], %[[MASKED]], %[[NE]], %[[NOT_LT]]
func.func @selections(%p: tensor<2xi1>, %a: tensor<2xf32>, %b: tensor<2xf32>, %c: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xi1>, tensor<2xi1>) {
  %np = nn.not %p : tensor<2xi1>
  %0 = nn.select %np, %a, %b : tensor<2xf32>
  %inner = nn.select %p, %a, %b : tensor<2xf32>
  %1 = nn.select %p, %inner, %c : tensor<2xf32>
  %mask = nn.cast %p : tensor<2xi1> -> tensor<2xf32>
  %2 = nn.mul %a, %mask : tensor<2xf32>
  %eq = nn.compare eq %a, %b : tensor<2xf32>
  %3 = nn.not %eq : tensor<2xi1>
  %lt = nn.compare lt %a, %b : tensor<2xf32>
  %4 = nn.not %lt : tensor<2xi1>
  return %0, %1, %2, %3, %4 : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xi1>, tensor<2xi1>
}

// -----

// Through a wider type and back nothing is lost; through a narrower one it is.
// CHECK-LABEL: func.func @conversions
// CHECK-SAME: %[[A:.*]]: tensor<2xf32>
// CHECK: %[[NARROW:.*]] = nn.cast %[[A]] : tensor<2xf32> -> tensor<2xbf16>
// CHECK: %[[BACK:.*]] = nn.cast %[[NARROW]]
// CHECK: return %[[A]], %[[BACK]]
func.func @conversions(%a: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  %wide = nn.cast %a : tensor<2xf32> -> tensor<2xf64>
  %0 = nn.cast %wide : tensor<2xf64> -> tensor<2xf32>
  %narrow = nn.cast %a : tensor<2xf32> -> tensor<2xbf16>
  %1 = nn.cast %narrow : tensor<2xbf16> -> tensor<2xf32>
  return %0, %1 : tensor<2xf32>, tensor<2xf32>
}

// -----

// CHECK-LABEL: func.func @constants
// CHECK-DAG: %[[A:.*]] = nn.constant dense<5.000000e+00> : tensor<2xf32>
// CHECK-DAG: %[[B:.*]] = nn.constant dense<true> : tensor<2xi1>
// CHECK-DAG: %[[C:.*]] = nn.constant dense<6.000000e+00> : tensor<f32>
// CHECK-DAG: %[[D:.*]] = nn.constant dense<1> : tensor<2xi32>
// CHECK: return %[[A]], %[[B]], %[[C]], %[[D]]
func.func @constants() -> (tensor<2xf32>, tensor<2xi1>, tensor<f32>, tensor<2xi32>) {
  %three = nn.constant dense<3.0> : tensor<2xf32>
  %two = nn.constant dense<2.0> : tensor<2xf32>
  %0 = nn.add %three, %two : tensor<2xf32>
  %1 = nn.compare gt %three, %two : tensor<2xf32>
  %2 = nn.reduce_sum %three {axes = array<i64: 0>} : tensor<2xf32> -> tensor<f32>
  %i3 = nn.constant dense<3> : tensor<2xi32>
  %i2 = nn.constant dense<2> : tensor<2xi32>
  %3 = nn.div %i3, %i2 : tensor<2xi32>
  return %0, %1, %2, %3 : tensor<2xf32>, tensor<2xi1>, tensor<f32>, tensor<2xi32>
}

// -----

// An integer division by zero has no value; it stays for whoever runs it.
// CHECK-LABEL: func.func @division_by_zero
// CHECK: nn.div
func.func @division_by_zero() -> tensor<2xi32> {
  %three = nn.constant dense<3> : tensor<2xi32>
  %zero = nn.constant dense<0> : tensor<2xi32>
  %y = nn.div %three, %zero : tensor<2xi32>
  return %y : tensor<2xi32>
}

// -----

// Sums of no elements, as no program has them, are folded without a division by zero.
// CHECK-LABEL: func.func @empty
// CHECK: nn.constant dense<{{.*}}> : tensor<0xf32>
// CHECK: nn.reduce_sum %{{.*}} {axes = array<i64: 0>} : tensor<0x3xf32> -> tensor<3xf32>
// CHECK-NOT: nn.broadcast
func.func @empty(%a: tensor<0x3xf32>) -> (tensor<0xf32>, tensor<3xf32>, tensor<0xf32>) {
  %c = nn.constant dense<1.0> : tensor<0x3xf32>
  %0 = nn.reduce_sum %c {axes = array<i64: 1>} : tensor<0x3xf32> -> tensor<0xf32>
  %b = nn.broadcast %a {dims = array<i64: 0, 1>} : tensor<0x3xf32> -> tensor<0x3xf32>
  %1 = nn.reduce_sum %b {axes = array<i64: 0>} : tensor<0x3xf32> -> tensor<3xf32>
  %d = nn.broadcast %0 {dims = array<i64: 0>} : tensor<0xf32> -> tensor<0x5xf32>
  %2 = nn.reduce_sum %d {axes = array<i64: 1>} : tensor<0x5xf32> -> tensor<0xf32>
  return %0, %1, %2 : tensor<0xf32>, tensor<3xf32>, tensor<0xf32>
}
