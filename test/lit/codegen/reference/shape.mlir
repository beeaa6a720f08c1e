// Values of the operations that move elements, of indicators and random numbers.
// RUN: %interpret %s | FileCheck %s

// 0 .. 5 as 2 x 3, reshaped, transposed, and 0 .. 11 as 2 x 3 x 2 with its dimensions turned.
func.func @main() -> (tensor<3x2xi32>, tensor<3x2xi32>, tensor<2x2x3xi32>) {
  %x = nn.constant dense<[[0, 1, 2], [3, 4, 5]]> : tensor<2x3xi32>
  %reshaped = nn.reshape %x : tensor<2x3xi32> -> tensor<3x2xi32>
  %transposed = nn.transpose %x {permutation = array<i64: 1, 0>} : tensor<2x3xi32> -> tensor<3x2xi32>
  %z = nn.constant dense<[[[0, 1], [2, 3], [4, 5]], [[6, 7], [8, 9], [10, 11]]]> : tensor<2x3x2xi32>
  %turned = nn.transpose %z {permutation = array<i64: 2, 0, 1>} : tensor<2x3x2xi32> -> tensor<2x2x3xi32>
  // CHECK: dense<{{\[\[}}0, 1], [2, 3], [4, 5]]>
  // CHECK-NEXT: dense<{{\[\[}}0, 3], [1, 4], [2, 5]]>
  // CHECK-NEXT: dense<{{\[\[\[}}0, 2, 4], [6, 8, 10]], {{\[\[}}1, 3, 5], [7, 9, 11]]]>
  return %reshaped, %transposed, %turned : tensor<3x2xi32>, tensor<3x2xi32>, tensor<2x2x3xi32>
}

// -----

// Broadcast along a new leading, a new trailing and an existing dimension, and of a scalar.
func.func @main() -> (tensor<2x3xi32>, tensor<3x2xi32>, tensor<2x3xi32>, tensor<2xi1>) {
  %x = nn.constant dense<[1, 2, 3]> : tensor<3xi32>
  %leading = nn.broadcast %x {dims = array<i64: 1>} : tensor<3xi32> -> tensor<2x3xi32>
  %trailing = nn.broadcast %x {dims = array<i64: 0>} : tensor<3xi32> -> tensor<3x2xi32>
  %column = nn.constant dense<[[7], [8]]> : tensor<2x1xi32>
  %existing = nn.broadcast %column {dims = array<i64: 0, 1>} : tensor<2x1xi32> -> tensor<2x3xi32>
  %true = nn.constant dense<true> : tensor<i1>
  %scalar = nn.broadcast %true {dims = array<i64>} : tensor<i1> -> tensor<2xi1>
  // CHECK: dense<{{\[\[}}1, 2, 3], [1, 2, 3]]>
  // CHECK-NEXT: dense<{{\[\[}}1, 1], [2, 2], [3, 3]]>
  // CHECK-NEXT: dense<{{\[\[}}7, 7, 7], [8, 8, 8]]>
  // CHECK-NEXT: dense<true> : tensor<2xi1>
  return %leading, %trailing, %existing, %scalar : tensor<2x3xi32>, tensor<3x2xi32>, tensor<2x3xi32>, tensor<2xi1>
}

// -----

// Every second column from 1, the last row; padding before, after and between, with a value; a pad undoes a slice's strides.
func.func @main() -> (tensor<1x2xf32>, tensor<2x6xf32>, tensor<3xi32>) {
  %x = nn.constant dense<[[0.0, 1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0, 9.0]]> : tensor<2x5xf32>
  %slice = nn.slice %x {starts = array<i64: 1, 1>, limits = array<i64: 2, 5>, strides = array<i64: 1, 2>} : tensor<2x5xf32> -> tensor<1x2xf32>
  %pad = nn.pad %slice {low = array<i64: 0, 1>, high = array<i64: 1, 2>, interior = array<i64: 3, 1>, value = -0.5 : f64} : tensor<1x2xf32> -> tensor<2x6xf32>
  %i = nn.constant dense<[4]> : tensor<1xi32>
  %integers = nn.pad %i {low = array<i64: 1>, high = array<i64: 1>, interior = array<i64: 0>, value = -7.0 : f64} : tensor<1xi32> -> tensor<3xi32>
  // CHECK: dense<{{\[\[}}6.000000e+00, 8.000000e+00]]>
  // CHECK-NEXT: dense<{{\[\[}}-5.000000e-01, 6.000000e+00, -5.000000e-01, 8.000000e+00, -5.000000e-01, -5.000000e-01], [-5.000000e-01, -5.000000e-01, -5.000000e-01, -5.000000e-01, -5.000000e-01, -5.000000e-01]]>
  // CHECK-NEXT: dense<[-7, 4, -7]>
  return %slice, %pad, %integers : tensor<1x2xf32>, tensor<2x6xf32>, tensor<3xi32>
}

// -----

// Concatenation of three along the last axis and of two along the first.
func.func @main() -> (tensor<2x4xi32>, tensor<3x1xi32>) {
  %a = nn.constant dense<[[1], [2]]> : tensor<2x1xi32>
  %b = nn.constant dense<[[3, 4], [5, 6]]> : tensor<2x2xi32>
  %c = nn.constant dense<[[7]]> : tensor<1x1xi32>
  %last = nn.concat %a, %b, %a {axis = 1} : tensor<2x1xi32>, tensor<2x2xi32>, tensor<2x1xi32> -> tensor<2x4xi32>
  %first = nn.concat %c, %a {axis = 0} : tensor<1x1xi32>, tensor<2x1xi32> -> tensor<3x1xi32>
  // CHECK: dense<{{\[\[}}1, 3, 4, 1], [2, 5, 6, 2]]>
  // CHECK-NEXT: dense<{{\[\[}}7], [1], [2]]>
  return %last, %first : tensor<2x4xi32>, tensor<3x1xi32>
}

// -----

// Indicators along the last and the first axis; indices beyond both ends give zeros.
func.func @main() -> (tensor<4x3xf32>, tensor<3x2xf32>) {
  %i = nn.constant dense<[2, -1, 0, 3]> : tensor<4xi64>
  %last = nn.one_hot %i {axis = 1} : tensor<4xi64> -> tensor<4x3xf32>
  %j = nn.constant dense<[1, 2]> : tensor<2xi32>
  %first = nn.one_hot %j {axis = 0} : tensor<2xi32> -> tensor<3x2xf32>
  // CHECK: dense<{{\[\[}}0.000000e+00, 0.000000e+00, 1.000000e+00], [0.000000e+00, 0.000000e+00, 0.000000e+00], [1.000000e+00, 0.000000e+00, 0.000000e+00], [0.000000e+00, 0.000000e+00, 0.000000e+00]]>
  // CHECK-NEXT: dense<{{\[\[}}0.000000e+00, 0.000000e+00], [1.000000e+00, 0.000000e+00], [0.000000e+00, 1.000000e+00]]>
  return %last, %first : tensor<4x3xf32>, tensor<3x2xf32>
}

// -----

// Seed, step and op 0: elements 0, 16, 32 and 48 are the four words of the block of counter 0 and key 0, which the paper's
// known-answer test gives as 6627e8d5 e169c58d bc57ac4c 9b00dbd8; their upper 24 bits, times 2^-24.
func.func @main() -> (tensor<4xf64>, tensor<64xi1>) {
  %zero = nn.constant dense<0> : tensor<i64>
  %u = nn.random_uniform %zero, %zero {op = 0 : i32} : tensor<i64>, tensor<i64> -> tensor<64xf64>
  %words = nn.slice %u {starts = array<i64: 0>, limits = array<i64: 64>, strides = array<i64: 16>} : tensor<64xf64> -> tensor<4xf64>
  %single = nn.random_uniform %zero, %zero {op = 0 : i32} : tensor<i64>, tensor<i64> -> tensor<64xf32>
  %widened = nn.cast %single : tensor<64xf32> -> tensor<64xf64>
  %same = nn.compare eq %u, %widened : tensor<64xf64>
  // CHECK: dense<[0.39904642105102539, 0.88052016496658325, 0.73571276664733887, 0.60548180341720581]>
  // CHECK-NEXT: dense<true> : tensor<64xi1>
  return %words, %same : tensor<4xf64>, tensor<64xi1>
}

// -----

// Seed, step and op each change the numbers.
func.func @main() -> tensor<3x8xi1> {
  %zero = nn.constant dense<0> : tensor<i64>
  %one = nn.constant dense<1> : tensor<i64>
  %u = nn.random_uniform %zero, %zero {op = 0 : i32} : tensor<i64>, tensor<i64> -> tensor<1x8xf32>
  %seed = nn.random_uniform %one, %zero {op = 0 : i32} : tensor<i64>, tensor<i64> -> tensor<1x8xf32>
  %step = nn.random_uniform %zero, %one {op = 0 : i32} : tensor<i64>, tensor<i64> -> tensor<1x8xf32>
  %op = nn.random_uniform %zero, %zero {op = 1 : i32} : tensor<i64>, tensor<i64> -> tensor<1x8xf32>
  %all = nn.concat %u, %u, %u {axis = 0} : tensor<1x8xf32>, tensor<1x8xf32>, tensor<1x8xf32> -> tensor<3x8xf32>
  %others = nn.concat %seed, %step, %op {axis = 0} : tensor<1x8xf32>, tensor<1x8xf32>, tensor<1x8xf32> -> tensor<3x8xf32>
  %differ = nn.compare ne %all, %others : tensor<3x8xf32>
  // CHECK: dense<true> : tensor<3x8xi1>
  return %differ : tensor<3x8xi1>
}
