// Values of batch normalization.
// RUN: %interpret %s | FileCheck %s

// Channel 0 holds 1 3 1 3: mean 2, variance 1; with epsilon 3, xhat is -1/2 1/2 -1/2 1/2. Channel 1 is constant: xhat is 0.
func.func @main() -> (tensor<2x2x2xf32>, tensor<2xf32>, tensor<2xf32>) {
  %x = nn.constant dense<[[[1.0, 3.0], [5.0, 5.0]], [[1.0, 3.0], [5.0, 5.0]]]> : tensor<2x2x2xf32>
  %scale = nn.constant dense<[4.0, 7.0]> : tensor<2xf32>
  %bias = nn.constant dense<[10.0, -1.0]> : tensor<2xf32>
  %y, %mean, %variance = nn.batch_norm %x, %scale, %bias {epsilon = 3.0 : f64} : tensor<2x2x2xf32>, tensor<2xf32>, tensor<2xf32> -> tensor<2x2x2xf32>, tensor<2xf32>, tensor<2xf32>
  // CHECK: dense<{{\[\[\[}}8.000000e+00, 1.200000e+01], [-1.000000e+00, -1.000000e+00]], {{\[\[}}8.000000e+00, 1.200000e+01], [-1.000000e+00, -1.000000e+00]]]>
  // CHECK-NEXT: dense<[2.000000e+00, 5.000000e+00]>
  // CHECK-NEXT: dense<[1.000000e+00, 0.000000e+00]>
  return %y, %mean, %variance : tensor<2x2x2xf32>, tensor<2xf32>, tensor<2xf32>
}

// -----

// No spatial dimensions, three elements a channel: the variance is biased, 2/3 for 1 2 3; epsilon 1/3 makes the root 1.
func.func @main() -> (tensor<3x1xf64>, tensor<1xf64>, tensor<1xf64>) {
  %x = nn.constant dense<[[1.0], [2.0], [3.0]]> : tensor<3x1xf64>
  %one = nn.constant dense<1.0> : tensor<1xf64>
  %zero = nn.constant dense<0.0> : tensor<1xf64>
  %y, %mean, %variance = nn.batch_norm %x, %one, %zero {epsilon = 0.33333333333333331 : f64} : tensor<3x1xf64>, tensor<1xf64>, tensor<1xf64> -> tensor<3x1xf64>, tensor<1xf64>, tensor<1xf64>
  // CHECK: dense<{{\[\[}}-1.000000e+00], [0.000000e+00], [1.000000e+00]]>
  // CHECK-NEXT: dense<2.000000e+00>
  // CHECK-NEXT: dense<0.6666666666666666{{[0-9]*}}>
  return %y, %mean, %variance : tensor<3x1xf64>, tensor<1xf64>, tensor<1xf64>
}
