// Values of pooling and of its gradients.
// RUN: %interpret %s | FileCheck %s

// Kernel 3, stride 2, one element of padding on both sides, of 5 1 4 NaN 2 in one channel and -1 -1 -1 -2 -3 in another.
// Windows: (5 1), (1 4 NaN), (NaN 2) and (-1 -1), (-1 -1 -2), (-2 -3): padding never wins, not even over negative numbers;
// NaN wins; the first of equal elements wins.
func.func @main() -> (tensor<1x2x3xf32>, tensor<1x2x3xi32>, tensor<1x2x5xf32>, tensor<1x2x3xf32>) {
  %x = nn.constant dense<[[[5.0, 1.0, 4.0, 0x7FC00000, 2.0], [-1.0, -1.0, -1.0, -2.0, -3.0]]]> : tensor<1x2x5xf32>
  %y, %winner = nn.max_pool %x {kernel = array<i64: 3>, strides = array<i64: 2>, pads_low = array<i64: 1>, pads_high = array<i64: 1>, dilations = array<i64: 1>} : tensor<1x2x5xf32> -> tensor<1x2x3xf32>, tensor<1x2x3xi32>
  %dy = nn.constant dense<[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]> : tensor<1x2x3xf32>
  %dx = nn.max_pool_dx %dy, %winner {kernel = array<i64: 3>, strides = array<i64: 2>, pads_low = array<i64: 1>, pads_high = array<i64: 1>, dilations = array<i64: 1>} : tensor<1x2x3xf32>, tensor<1x2x3xi32> -> tensor<1x2x5xf32>
  %z = nn.constant dense<[[[10.0, 11.0, 12.0, 13.0, 14.0], [20.0, 21.0, 22.0, 23.0, 24.0]]]> : tensor<1x2x5xf32>
  %picked = nn.max_pool_pick %z, %winner {kernel = array<i64: 3>, strides = array<i64: 2>, pads_low = array<i64: 1>, pads_high = array<i64: 1>, dilations = array<i64: 1>} : tensor<1x2x5xf32>, tensor<1x2x3xi32> -> tensor<1x2x3xf32>
  // CHECK: dense<{{\[\[\[}}5.000000e+00, 0x7FC00000, 0x7FC00000], [-1.000000e+00, -1.000000e+00, -2.000000e+00]]]>
  // CHECK-NEXT: dense<{{\[\[\[}}1, 2, 0], [1, 0, 0]]]> : tensor<1x2x3xi32>
  // CHECK-NEXT: dense<{{\[\[\[}}1.000000e+00, 0.000000e+00, 0.000000e+00, 5.000000e+00, 0.000000e+00], [4.000000e+00, 5.000000e+00, 0.000000e+00, 6.000000e+00, 0.000000e+00]]]>
  // CHECK-NEXT: dense<{{\[\[\[}}1.000000e+01, 1.300000e+01, 1.300000e+01], [2.000000e+01, 2.100000e+01, 2.300000e+01]]]>
  return %y, %winner, %dx, %picked : tensor<1x2x3xf32>, tensor<1x2x3xi32>, tensor<1x2x5xf32>, tensor<1x2x3xf32>
}

// -----

// Two dimensions, dilation 2: a 2 x 2 window spans 3 x 3. Of 0 .. 8 the corners 0 2 6 8: the winner is offset 3, element 8.
// Overlapping windows of stride 1 over 1 3 2 both take the 3, whose gradient is the sum 10 + 20.
func.func @main() -> (tensor<1x1x1x1xf32>, tensor<1x1x1x1xi32>, tensor<1x1x3xf32>) {
  %x = nn.constant dense<[[[[0.0, 1.0, 2.0], [3.0, 4.0, 5.0], [6.0, 7.0, 8.0]]]]> : tensor<1x1x3x3xf32>
  %y, %winner = nn.max_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 1, 1>, pads_low = array<i64: 0, 0>, pads_high = array<i64: 0, 0>, dilations = array<i64: 2, 2>} : tensor<1x1x3x3xf32> -> tensor<1x1x1x1xf32>, tensor<1x1x1x1xi32>
  %z = nn.constant dense<[[[1.0, 3.0, 2.0]]]> : tensor<1x1x3xf32>
  %v, %w = nn.max_pool %z {kernel = array<i64: 2>, strides = array<i64: 1>, pads_low = array<i64: 0>, pads_high = array<i64: 0>, dilations = array<i64: 1>} : tensor<1x1x3xf32> -> tensor<1x1x2xf32>, tensor<1x1x2xi32>
  %dy = nn.constant dense<[[[10.0, 20.0]]]> : tensor<1x1x2xf32>
  %dx = nn.max_pool_dx %dy, %w {kernel = array<i64: 2>, strides = array<i64: 1>, pads_low = array<i64: 0>, pads_high = array<i64: 0>, dilations = array<i64: 1>} : tensor<1x1x2xf32>, tensor<1x1x2xi32> -> tensor<1x1x3xf32>
  // CHECK: dense<8.000000e+00> : tensor<1x1x1x1xf32>
  // CHECK-NEXT: dense<3> : tensor<1x1x1x1xi32>
  // CHECK-NEXT: dense<{{\[\[\[}}0.000000e+00, 3.000000e+01, 0.000000e+00]]]>
  return %y, %winner, %dx : tensor<1x1x1x1xf32>, tensor<1x1x1x1xi32>, tensor<1x1x3xf32>
}

// -----

// Means of kernel 3, stride 2, padding 1 over 6 12 18 24: windows (6 12) and (12 18 24), by elements and by offsets.
// Gradient of dy = 6 12: by elements 3 3+4 4 4, by offsets 2 2+4 4 4.
func.func @main() -> (tensor<1x1x2xf32>, tensor<1x1x2xf32>, tensor<1x1x4xf32>, tensor<1x1x4xf32>) {
  %x = nn.constant dense<[[[6.0, 12.0, 18.0, 24.0]]]> : tensor<1x1x4xf32>
  %dy = nn.constant dense<[[[6.0, 12.0]]]> : tensor<1x1x2xf32>
  %elements = nn.avg_pool %x {kernel = array<i64: 3>, strides = array<i64: 2>, pads_low = array<i64: 1>, pads_high = array<i64: 0>, dilations = array<i64: 1>} : tensor<1x1x4xf32> -> tensor<1x1x2xf32>
  %offsets = nn.avg_pool %x {kernel = array<i64: 3>, strides = array<i64: 2>, pads_low = array<i64: 1>, pads_high = array<i64: 0>, dilations = array<i64: 1>, count_include_pad} : tensor<1x1x4xf32> -> tensor<1x1x2xf32>
  %delements = nn.avg_pool_dx %dy {kernel = array<i64: 3>, strides = array<i64: 2>, pads_low = array<i64: 1>, pads_high = array<i64: 0>, dilations = array<i64: 1>} : tensor<1x1x2xf32> -> tensor<1x1x4xf32>
  %doffsets = nn.avg_pool_dx %dy {kernel = array<i64: 3>, strides = array<i64: 2>, pads_low = array<i64: 1>, pads_high = array<i64: 0>, dilations = array<i64: 1>, count_include_pad} : tensor<1x1x2xf32> -> tensor<1x1x4xf32>
  // CHECK: dense<{{\[\[\[}}9.000000e+00, 1.800000e+01]]]>
  // CHECK-NEXT: dense<{{\[\[\[}}6.000000e+00, 1.800000e+01]]]>
  // CHECK-NEXT: dense<{{\[\[\[}}3.000000e+00, 7.000000e+00, 4.000000e+00, 4.000000e+00]]]>
  // CHECK-NEXT: dense<{{\[\[\[}}2.000000e+00, 6.000000e+00, 4.000000e+00, 4.000000e+00]]]>
  return %elements, %offsets, %delements, %doffsets : tensor<1x1x2xf32>, tensor<1x1x2xf32>, tensor<1x1x4xf32>, tensor<1x1x4xf32>
}
