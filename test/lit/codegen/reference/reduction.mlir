// Values of the reductions and of the softmax family.
// RUN: %interpret %s | FileCheck %s
// RUN: ntc-translate --interpret --interpret-sums-in-double --split-input-file %s | FileCheck %s --check-prefix=DOUBLE

// Sums over the first, the last, both and none of the axes of
//   1 2 3
//   4 5 6
func.func @main() -> (tensor<3xf32>, tensor<2xf32>, tensor<f32>, tensor<2x3xf32>) {
  %x = nn.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %first = nn.reduce_sum %x {axes = array<i64: 0>} : tensor<2x3xf32> -> tensor<3xf32>
  %last = nn.reduce_sum %x {axes = array<i64: 1>} : tensor<2x3xf32> -> tensor<2xf32>
  %both = nn.reduce_sum %x {axes = array<i64: 0, 1>} : tensor<2x3xf32> -> tensor<f32>
  %none = nn.reduce_sum %x {axes = array<i64>} : tensor<2x3xf32> -> tensor<2x3xf32>
  // CHECK: dense<[5.000000e+00, 7.000000e+00, 9.000000e+00]>
  // CHECK-NEXT: dense<[6.000000e+00, 1.500000e+01]>
  // CHECK-NEXT: dense<2.100000e+01> : tensor<f32>
  // CHECK-NEXT: dense<{{\[\[}}1.000000e+00, 2.000000e+00, 3.000000e+00], [4.000000e+00, 5.000000e+00, 6.000000e+00]]>
  return %first, %last, %both, %none : tensor<3xf32>, tensor<2xf32>, tensor<f32>, tensor<2x3xf32>
}

// -----

// The outer two of three axes, of sizes 2, 3, 2 with elements 0 to 11: even and odd numbers.
func.func @main() -> (tensor<2xi32>, tensor<2xi32>, tensor<2xi32>) {
  %x = nn.constant dense<[[[0, 1], [2, 3], [4, 5]], [[6, 7], [8, 9], [10, 11]]]> : tensor<2x3x2xi32>
  %sum = nn.reduce_sum %x {axes = array<i64: 0, 1>} : tensor<2x3x2xi32> -> tensor<2xi32>
  %max = nn.reduce_max %x {axes = array<i64: 0, 1>} : tensor<2x3x2xi32> -> tensor<2xi32>
  %min = nn.reduce_min %x {axes = array<i64: 1, 2>} : tensor<2x3x2xi32> -> tensor<2xi32>
  // CHECK: dense<[30, 36]>
  // CHECK-NEXT: dense<[10, 11]>
  // CHECK-NEXT: dense<[0, 6]>
  return %sum, %max, %min : tensor<2xi32>, tensor<2xi32>, tensor<2xi32>
}

// -----

// A sum in f32 loses 1 beside 2^24 twice; in double, rounded at the end, it does not.
func.func @main() -> tensor<f32> {
  %x = nn.constant dense<[16777216.0, 1.0, 1.0]> : tensor<3xf32>
  %sum = nn.reduce_sum %x {axes = array<i64: 0>} : tensor<3xf32> -> tensor<f32>
  // CHECK: dense<0x4B800000> : tensor<f32>
  // DOUBLE: dense<0x4B800001> : tensor<f32>
  return %sum : tensor<f32>
}

// -----

// NaN and infinities; the extremes of nothing.
func.func @main() -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<f32>, tensor<f32>, tensor<f32>) {
  %x = nn.constant dense<[[1.0, 0x7FC00000, 3.0], [0xFF800000, -1.0, -0.0]]> : tensor<2x3xf32>
  %max = nn.reduce_max %x {axes = array<i64: 1>} : tensor<2x3xf32> -> tensor<2xf32>
  %min = nn.reduce_min %x {axes = array<i64: 1>} : tensor<2x3xf32> -> tensor<2xf32>
  %sum = nn.reduce_sum %x {axes = array<i64: 1>} : tensor<2x3xf32> -> tensor<2xf32>
  %nothing = nn.constant dense<> : tensor<0xf32>
  %max0 = nn.reduce_max %nothing {axes = array<i64: 0>} : tensor<0xf32> -> tensor<f32>
  %min0 = nn.reduce_min %nothing {axes = array<i64: 0>} : tensor<0xf32> -> tensor<f32>
  %sum0 = nn.reduce_sum %nothing {axes = array<i64: 0>} : tensor<0xf32> -> tensor<f32>
  // CHECK: dense<[0x7FC00000, -0.000000e+00]>
  // CHECK-NEXT: dense<[0x7FC00000, 0xFF800000]>
  // CHECK-NEXT: dense<[0x7FC00000, 0xFF800000]>
  // CHECK-NEXT: dense<0xFF800000>
  // CHECK-NEXT: dense<0x7F800000>
  // CHECK-NEXT: dense<0.000000e+00>
  return %max, %min, %sum, %max0, %min0, %sum0 : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<f32>, tensor<f32>, tensor<f32>
}

// -----

// The first of equal maxima; the first NaN.
func.func @main() -> (tensor<3xi64>, tensor<4xi64>) {
  %x = nn.constant dense<[[1.0, 3.0, 3.0, 2.0], [5.0, 0x7FC00000, 9.0, 0x7FC00000], [0xFF800000, 0xFF800000, 0xFF800000, 0xFF800000]]> : tensor<3x4xf32>
  %row = nn.argmax %x {axis = 1} : tensor<3x4xf32> -> tensor<3xi64>
  %column = nn.argmax %x {axis = 0} : tensor<3x4xf32> -> tensor<4xi64>
  // CHECK: dense<[1, 1, 0]>
  // CHECK-NEXT: dense<1> : tensor<4xi64>
  return %row, %column : tensor<3xi64>, tensor<4xi64>
}

// -----

// Equal numbers share; differences of ln 3 and of 1000 do not overflow; an infinite one leaves NaN. Second line along axis 0.
func.func @main() -> (tensor<4x2xf64>, tensor<4x2xf64>, tensor<2x1xf32>) {
  %x = nn.constant dense<[[7.0, 7.0], [0.0, 1.0986122886681098], [0.0, 1000.0], [0x7FF0000000000000, 0.0]]> : tensor<4x2xf64>
  %y = nn.softmax %x {axis = 1} : tensor<4x2xf64>
  %l = nn.log_softmax %x {axis = 1} : tensor<4x2xf64>
  %column = nn.constant dense<[[-3.0], [-3.0]]> : tensor<2x1xf32>
  %c = nn.softmax %column {axis = 0} : tensor<2x1xf32>
  // CHECK: dense<{{\[\[}}5.000000e-01, 5.000000e-01], [2.500000e-01, 7.500000e-01], [0.000000e+00, 1.000000e+00], [0x7FF8000000000000, 0x7FF8000000000000]]>
  // -ln 2 twice, -ln 4 and ln(3/4)
  // CHECK-NEXT: dense<{{\[\[}}-0.69314718055994{{[0-9]*}}, -0.69314718055994{{[0-9]*}}], [-1.38629436111989{{[0-9]*}}, -0.2876820724517{{[0-9]*}}], [-1.000000e+03, 0.000000e+00], [0x7FF8000000000000, 0x7FF8000000000000]]>
  // CHECK-NEXT: dense<5.000000e-01> : tensor<2x1xf32>
  return %y, %l, %c : tensor<4x2xf64>, tensor<4x2xf64>, tensor<2x1xf32>
}
