// Values of the matrix product, the convolution and its gradients.
// RUN: %interpret %s | FileCheck %s

// All four ways to transpose [[1, 2, 3], [4, 5, 6]] and its own transpose; A * A^T twice, A^T * A twice.
func.func @main() -> (tensor<2x2xf32>, tensor<2x2xf32>, tensor<3x3xf32>, tensor<3x3xf32>) {
  %a = nn.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %t = nn.constant dense<[[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]]> : tensor<3x2xf32>
  %nn = nn.matmul %a, %t : tensor<2x3xf32>, tensor<3x2xf32> -> tensor<2x2xf32>
  %nt = nn.matmul %a, %a {transpose_rhs} : tensor<2x3xf32>, tensor<2x3xf32> -> tensor<2x2xf32>
  %tn = nn.matmul %a, %a {transpose_lhs} : tensor<2x3xf32>, tensor<2x3xf32> -> tensor<3x3xf32>
  %tt = nn.matmul %a, %t {transpose_lhs, transpose_rhs} : tensor<2x3xf32>, tensor<3x2xf32> -> tensor<3x3xf32>
  // CHECK: dense<{{\[\[}}1.400000e+01, 3.200000e+01], [3.200000e+01, 7.700000e+01]]>
  // CHECK-NEXT: dense<{{\[\[}}1.400000e+01, 3.200000e+01], [3.200000e+01, 7.700000e+01]]>
  // CHECK-NEXT: dense<{{\[\[}}1.700000e+01, 2.200000e+01, 2.700000e+01], [2.200000e+01, 2.900000e+01, 3.600000e+01], [2.700000e+01, 3.600000e+01, 4.500000e+01]]>
  // CHECK-NEXT: dense<{{\[\[}}1.700000e+01, 2.200000e+01, 2.700000e+01], [2.200000e+01, 2.900000e+01, 3.600000e+01], [2.700000e+01, 3.600000e+01, 4.500000e+01]]>
  return %nn, %nt, %tn, %tt : tensor<2x2xf32>, tensor<2x2xf32>, tensor<3x3xf32>, tensor<3x3xf32>
}

// -----

// Two batches, each by its own matrix: rows (1, 2) and (3, 4) by the identity and by its double, exchanged.
func.func @main() -> tensor<2x1x2xf64> {
  %a = nn.constant dense<[[[1.0, 2.0]], [[3.0, 4.0]]]> : tensor<2x1x2xf64>
  %b = nn.constant dense<[[[1.0, 0.0], [0.0, 1.0]], [[0.0, 2.0], [2.0, 0.0]]]> : tensor<2x2x2xf64>
  %c = nn.matmul %a, %b : tensor<2x1x2xf64>, tensor<2x2x2xf64> -> tensor<2x1x2xf64>
  // CHECK: dense<{{\[\[\[}}1.000000e+00, 2.000000e+00]], {{\[\[}}8.000000e+00, 6.000000e+00]]]>
  return %c : tensor<2x1x2xf64>
}

// -----

// One dimension, written out: x = 1 2 3 4 5, w = 1 10, stride 2, dilation 2, one zero before and two after:
// y0 = x[-1] + 10 x[1] = 20, y1 = x[1] + 10 x[3] = 42, y2 = x[3] + 10 x[5] = 4.
// dx of dy = 1 2 3: x[1] gets 10 * 1 + 1 * 2, x[3] gets 10 * 2 + 1 * 3, the rest nothing.
// dw of dy = 1 2 3: w0 gets 2 * x[1] + 3 * x[3], w1 gets 1 * x[1] + 2 * x[3].
func.func @main() -> (tensor<1x1x3xf32>, tensor<1x1x5xf32>, tensor<1x1x2xf32>) {
  %x = nn.constant dense<[[[1.0, 2.0, 3.0, 4.0, 5.0]]]> : tensor<1x1x5xf32>
  %w = nn.constant dense<[[[1.0, 10.0]]]> : tensor<1x1x2xf32>
  %dy = nn.constant dense<[[[1.0, 2.0, 3.0]]]> : tensor<1x1x3xf32>
  %y = nn.conv %x, %w {strides = array<i64: 2>, pads_low = array<i64: 1>, pads_high = array<i64: 2>, dilations = array<i64: 2>} : tensor<1x1x5xf32>, tensor<1x1x2xf32> -> tensor<1x1x3xf32>
  %dx = nn.conv_dx %dy, %w {strides = array<i64: 2>, pads_low = array<i64: 1>, pads_high = array<i64: 2>, dilations = array<i64: 2>} : tensor<1x1x3xf32>, tensor<1x1x2xf32> -> tensor<1x1x5xf32>
  %dw = nn.conv_dw %dy, %x {strides = array<i64: 2>, pads_low = array<i64: 1>, pads_high = array<i64: 2>, dilations = array<i64: 2>} : tensor<1x1x3xf32>, tensor<1x1x5xf32> -> tensor<1x1x2xf32>
  // CHECK: dense<{{\[\[\[}}2.000000e+01, 4.200000e+01, 4.000000e+00]]]>
  // CHECK-NEXT: dense<{{\[\[\[}}0.000000e+00, 1.200000e+01, 0.000000e+00, 2.300000e+01, 0.000000e+00]]]>
  // CHECK-NEXT: dense<{{\[\[\[}}1.600000e+01, 1.000000e+01]]]>
  return %y, %dx, %dw : tensor<1x1x3xf32>, tensor<1x1x5xf32>, tensor<1x1x2xf32>
}

// -----

// Two dimensions with different strides and pads; channels are summed, batch elements are not. x is 2 x 2 x 2 x 3:
//   b0: c0 = 1 2 3 / 4 5 6, c1 = 1 0 0 / 0 0 0;  b1: all ones.
// w is one output of kernel 2 x 2: c0 = 1 0 / 0 1, c1 = 100 0 / 0 0. Stride (1, 2), one column of zeros before.
//   b0: i = 0: j = 0 -> columns -1, 0: x[0,-1] + x[1,0] = 4, c1 at column -1: 0; j = 1 -> columns 1, 2: 2 + 6 = 8, c1: 0.
//   b1: j = 0: 0 + 1 + 100 * 0 = 1; j = 1: 1 + 1 + 100 = 102.
func.func @main() -> tensor<2x1x1x2xf32> {
  %x = nn.constant dense<[[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]], [[[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]], [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]]]> : tensor<2x2x2x3xf32>
  %w = nn.constant dense<[[[[1.0, 0.0], [0.0, 1.0]], [[100.0, 0.0], [0.0, 0.0]]]]> : tensor<1x2x2x2xf32>
  %y = nn.conv %x, %w {strides = array<i64: 1, 2>, pads_low = array<i64: 0, 1>, pads_high = array<i64: 0, 0>, dilations = array<i64: 1, 1>} : tensor<2x2x2x3xf32>, tensor<1x2x2x2xf32> -> tensor<2x1x1x2xf32>
  // CHECK: dense<{{\[\[\[\[}}4.000000e+00, 8.000000e+00]]], {{\[\[\[}}1.000000e+00, 1.020000e+02]]]]>
  return %y : tensor<2x1x1x2xf32>
}

// -----

// Groups: four channels in two groups, three outputs a group, kernel 1. Output o of group g sees channels 2g and 2g + 1.
// x = 1 2 3 4 (one point a channel); w(o) = (o + 1, 10): y = (o + 1) * x[2g] + 10 * x[2g + 1].
// dx of dy = 1 everywhere: the sums of w's columns by group; dw = x of the group for each output.
func.func @main() -> (tensor<1x6x1xf32>, tensor<1x4x1xf32>, tensor<6x2x1xf32>) {
  %x = nn.constant dense<[[[1.0], [2.0], [3.0], [4.0]]]> : tensor<1x4x1xf32>
  %w = nn.constant dense<[[[1.0], [10.0]], [[2.0], [10.0]], [[3.0], [10.0]], [[4.0], [10.0]], [[5.0], [10.0]], [[6.0], [10.0]]]> : tensor<6x2x1xf32>
  %dy = nn.constant dense<1.0> : tensor<1x6x1xf32>
  %y = nn.conv %x, %w {strides = array<i64: 1>, pads_low = array<i64: 0>, pads_high = array<i64: 0>, dilations = array<i64: 1>, groups = 2} : tensor<1x4x1xf32>, tensor<6x2x1xf32> -> tensor<1x6x1xf32>
  %dx = nn.conv_dx %dy, %w {strides = array<i64: 1>, pads_low = array<i64: 0>, pads_high = array<i64: 0>, dilations = array<i64: 1>, groups = 2} : tensor<1x6x1xf32>, tensor<6x2x1xf32> -> tensor<1x4x1xf32>
  %dw = nn.conv_dw %dy, %x {strides = array<i64: 1>, pads_low = array<i64: 0>, pads_high = array<i64: 0>, dilations = array<i64: 1>, groups = 2} : tensor<1x6x1xf32>, tensor<1x4x1xf32> -> tensor<6x2x1xf32>
  // CHECK: dense<{{\[\[\[}}2.100000e+01], [2.200000e+01], [2.300000e+01], [5.200000e+01], [5.500000e+01], [5.800000e+01]]]>
  // CHECK-NEXT: dense<{{\[\[\[}}6.000000e+00], [3.000000e+01], [1.500000e+01], [3.000000e+01]]]>
  // CHECK-NEXT: dense<{{\[\[\[}}1.000000e+00], [2.000000e+00]], {{\[\[}}1.000000e+00], [2.000000e+00]], {{\[\[}}1.000000e+00], [2.000000e+00]], {{\[\[}}3.000000e+00], [4.000000e+00]], {{\[\[}}3.000000e+00], [4.000000e+00]], {{\[\[}}3.000000e+00], [4.000000e+00]]]>
  return %y, %dx, %dw : tensor<1x6x1xf32>, tensor<1x4x1xf32>, tensor<6x2x1xf32>
}
