// Folders of nn: identities that hold for every value, and their nearest neighbours that must stay.
// RUN: ntc-opt --canonicalize --split-input-file %s | FileCheck %s

// CHECK-LABEL: func.func @neutral_elements_leave_the_operand
// CHECK-SAME: (%[[X:.*]]: tensor<3xf32>)
func.func @neutral_elements_leave_the_operand(%x: tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) {
  %zero = nn.constant dense<0.0> : tensor<3xf32>
  %one = nn.constant dense<1.0> : tensor<3xf32>
  %0 = nn.add %x, %zero : tensor<3xf32>
  %1 = nn.add %zero, %x : tensor<3xf32>
  %2 = nn.sub %x, %zero : tensor<3xf32>
  %3 = nn.mul %x, %one : tensor<3xf32>
  %4 = nn.mul %one, %x : tensor<3xf32>
  %5 = nn.div %x, %one : tensor<3xf32>
  %6 = nn.pow %x, %one : tensor<3xf32>
  // CHECK: return %[[X]], %[[X]], %[[X]], %[[X]], %[[X]], %[[X]], %[[X]]
  return %0, %1, %2, %3, %4, %5, %6 : tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>
}

// -----

// 0 - x, 1 / x and 1 ^ x are no identities; x * 0 is NaN for an infinite x.
// CHECK-LABEL: func.func @neutral_elements_on_the_wrong_side_stay
func.func @neutral_elements_on_the_wrong_side_stay(%x: tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) {
  %zero = nn.constant dense<0.0> : tensor<3xf32>
  %one = nn.constant dense<1.0> : tensor<3xf32>
  // CHECK: nn.sub
  %0 = nn.sub %zero, %x : tensor<3xf32>
  // CHECK: nn.div
  %1 = nn.div %one, %x : tensor<3xf32>
  // CHECK: nn.pow
  %2 = nn.pow %one, %x : tensor<3xf32>
  // CHECK: nn.mul
  %3 = nn.mul %x, %zero : tensor<3xf32>
  return %0, %1, %2, %3 : tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>
}

// -----

// CHECK-LABEL: func.func @integers_have_neutral_elements_too
// CHECK-SAME: (%[[X:.*]]: tensor<3xi64>)
func.func @integers_have_neutral_elements_too(%x: tensor<3xi64>) -> (tensor<3xi64>, tensor<3xi64>) {
  %zero = nn.constant dense<0> : tensor<3xi64>
  %one = nn.constant dense<1> : tensor<3xi64>
  %0 = nn.add %x, %zero : tensor<3xi64>
  %1 = nn.mul %x, %one : tensor<3xi64>
  // CHECK: return %[[X]], %[[X]]
  return %0, %1 : tensor<3xi64>, tensor<3xi64>
}

// -----

// CHECK-LABEL: func.func @twice_is_once_or_never
// CHECK-SAME: (%[[X:.*]]: tensor<3xf32>, %[[P:.*]]: tensor<3xi1>)
func.func @twice_is_once_or_never(%x: tensor<3xf32>, %p: tensor<3xi1>) -> (tensor<3xf32>, tensor<3xi1>, tensor<3xf32>, tensor<3xi1>, tensor<3xi1>) {
  %0 = nn.neg %x : tensor<3xf32>
  %1 = nn.neg %0 : tensor<3xf32>
  %2 = nn.not %p : tensor<3xi1>
  %3 = nn.not %2 : tensor<3xi1>
  // CHECK: %[[R:.*]] = nn.relu %[[X]]
  %4 = nn.relu %x : tensor<3xf32>
  %5 = nn.relu %4 : tensor<3xf32>
  %6 = nn.and %p, %p : tensor<3xi1>
  %7 = nn.or %p, %p : tensor<3xi1>
  // CHECK: return %[[X]], %[[P]], %[[R]], %[[P]], %[[P]]
  return %1, %3, %5, %6, %7 : tensor<3xf32>, tensor<3xi1>, tensor<3xf32>, tensor<3xi1>, tensor<3xi1>
}

// -----

// CHECK-LABEL: func.func @select_of_a_known_choice
// CHECK-SAME: (%[[P:.*]]: tensor<3xi1>, %[[A:.*]]: tensor<3xf32>, %[[B:.*]]: tensor<3xf32>)
func.func @select_of_a_known_choice(%p: tensor<3xi1>, %a: tensor<3xf32>, %b: tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) {
  %true = nn.constant dense<true> : tensor<3xi1>
  %false = nn.constant dense<false> : tensor<3xi1>
  %0 = nn.select %p, %a, %a : tensor<3xf32>
  %1 = nn.select %true, %a, %b : tensor<3xf32>
  %2 = nn.select %false, %a, %b : tensor<3xf32>
  // CHECK: %[[S:.*]] = nn.select %[[P]], %[[A]], %[[B]]
  %3 = nn.select %p, %a, %b : tensor<3xf32>
  // CHECK: return %[[A]], %[[A]], %[[B]], %[[S]]
  return %0, %1, %2, %3 : tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>
}

// -----

// CHECK-LABEL: func.func @moves_to_the_same_place_vanish
// CHECK-SAME: (%[[X:.*]]: tensor<2x3xf32>)
func.func @moves_to_the_same_place_vanish(%x: tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>) {
  %0 = nn.reshape %x : tensor<2x3xf32> -> tensor<2x3xf32>
  %1 = nn.transpose %x {permutation = array<i64: 0, 1>} : tensor<2x3xf32> -> tensor<2x3xf32>
  %2 = nn.broadcast %x {dims = array<i64: 0, 1>} : tensor<2x3xf32> -> tensor<2x3xf32>
  %3 = nn.slice %x {starts = array<i64: 0, 0>, limits = array<i64: 2, 3>, strides = array<i64: 1, 1>} : tensor<2x3xf32> -> tensor<2x3xf32>
  %4 = nn.pad %x {low = array<i64: 0, 0>, high = array<i64: 0, 0>, interior = array<i64: 0, 0>} : tensor<2x3xf32> -> tensor<2x3xf32>
  %5 = nn.concat %x {axis = 0} : tensor<2x3xf32> -> tensor<2x3xf32>
  %6 = nn.reduce_sum %x {axes = array<i64>} : tensor<2x3xf32> -> tensor<2x3xf32>
  %7 = nn.cast %x : tensor<2x3xf32> -> tensor<2x3xf32>
  // CHECK-NEXT: return %[[X]], %[[X]], %[[X]], %[[X]], %[[X]], %[[X]], %[[X]], %[[X]]
  return %0, %1, %2, %3, %4, %5, %6, %7 : tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>
}

// -----

// A transpose whose result has the operand's type still moves elements.
// CHECK-LABEL: func.func @a_square_transpose_stays
func.func @a_square_transpose_stays(%x: tensor<3x3xf32>) -> tensor<3x3xf32> {
  // CHECK: nn.transpose
  %0 = nn.transpose %x {permutation = array<i64: 1, 0>} : tensor<3x3xf32> -> tensor<3x3xf32>
  return %0 : tensor<3x3xf32>
}

// -----

// CHECK-LABEL: func.func @reshapes_meet
// CHECK-SAME: (%[[X:.*]]: tensor<2x3xf32>)
func.func @reshapes_meet(%x: tensor<2x3xf32>) -> tensor<3x2xf32> {
  // CHECK-NEXT: %[[Y:.*]] = nn.reshape %[[X]] : tensor<2x3xf32> -> tensor<3x2xf32>
  // CHECK-NEXT: return %[[Y]]
  %0 = nn.reshape %x : tensor<2x3xf32> -> tensor<6xf32>
  %1 = nn.reshape %0 : tensor<6xf32> -> tensor<3x2xf32>
  return %1 : tensor<3x2xf32>
}

// -----

// CHECK-LABEL: func.func @equal_elements_stay_equal
func.func @equal_elements_stay_equal() -> (tensor<6xf32>, tensor<4x2x3xf32>, tensor<1x1xf32>) {
  %x = nn.constant dense<2.0> : tensor<2x3xf32>
  // CHECK-DAG: %[[R:.*]] = nn.constant dense<2.000000e+00> : tensor<6xf32>
  %0 = nn.reshape %x : tensor<2x3xf32> -> tensor<6xf32>
  // CHECK-DAG: %[[B:.*]] = nn.constant dense<2.000000e+00> : tensor<4x2x3xf32>
  %1 = nn.broadcast %x {dims = array<i64: 1, 2>} : tensor<2x3xf32> -> tensor<4x2x3xf32>
  // CHECK-DAG: %[[S:.*]] = nn.constant dense<2.000000e+00> : tensor<1x1xf32>
  %2 = nn.slice %x {starts = array<i64: 1, 1>, limits = array<i64: 2, 2>, strides = array<i64: 1, 1>} : tensor<2x3xf32> -> tensor<1x1xf32>
  // CHECK: return %[[R]], %[[B]], %[[S]]
  return %0, %1, %2 : tensor<6xf32>, tensor<4x2x3xf32>, tensor<1x1xf32>
}

// -----

// Left alone, the reshape would compute outside of every dispatch.
// CHECK-LABEL: func.func @reshape_of_a_constant_is_a_constant
func.func @reshape_of_a_constant_is_a_constant() -> tensor<1x3xi64> {
  // CHECK-NEXT: nn.constant dense<{{\[\[}}4, 5, 6]]> : tensor<1x3xi64>
  // CHECK-NEXT: return
  %c = nn.constant dense<[4, 5, 6]> : tensor<3xi64>
  %0 = nn.reshape %c : tensor<3xi64> -> tensor<1x3xi64>
  return %0 : tensor<1x3xi64>
}
