// Values of the elementwise operations, at corners first: both zeros, infinities, NaN (0x7FC00000), ties.
// RUN: %interpret %s | FileCheck %s

func.func @main() -> (tensor<5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>) {
  %x = nn.constant dense<[-0.0, 0.0, 0xFF800000, 0x7FC00000, -2.5]> : tensor<5xf32>
  %neg = nn.neg %x : tensor<5xf32>
  %abs = nn.abs %x : tensor<5xf32>
  %sign = nn.sign %x : tensor<5xf32>
  %relu = nn.relu %x : tensor<5xf32>
  %floor = nn.floor %x : tensor<5xf32>
  // CHECK: dense<[0.000000e+00, -0.000000e+00, 0x7F800000, 0x7FC00000, 2.500000e+00]>
  // CHECK-NEXT: dense<[0.000000e+00, 0.000000e+00, 0x7F800000, 0x7FC00000, 2.500000e+00]>
  // CHECK-NEXT: dense<[0.000000e+00, 0.000000e+00, -1.000000e+00, 0x7FC00000, -1.000000e+00]>
  // CHECK-NEXT: dense<[0.000000e+00, 0.000000e+00, 0.000000e+00, 0x7FC00000, 0.000000e+00]>
  // CHECK-NEXT: dense<[-0.000000e+00, 0.000000e+00, 0xFF800000, 0x7FC00000, -3.000000e+00]>
  return %neg, %abs, %sign, %relu, %floor : tensor<5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>
}

// -----

// Functions with exact values: e^0, ln 1, ln(1 + 0), square roots of squares, 1/x, tanh, sigmoid, erf, sin and cos at 0 and
// at infinity; logarithms and roots of negative numbers are NaN.
func.func @main() -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) {
  %x = nn.constant dense<[0.0, 0x7F800000, 0xFF800000]> : tensor<3xf32>
  %p = nn.constant dense<[0.0, 1.0, -1.0]> : tensor<3xf32>
  %s = nn.constant dense<[0.0, 2.25, -4.0]> : tensor<3xf32>
  %q = nn.constant dense<[0.25, 0.0, 0x7F800000]> : tensor<3xf32>
  %exp = nn.exp %x : tensor<3xf32>
  %log = nn.log %p : tensor<3xf32>
  %log1p = nn.log1p %p : tensor<3xf32>
  %sqrt = nn.sqrt %s : tensor<3xf32>
  %rsqrt = nn.rsqrt %q : tensor<3xf32>
  %reciprocal = nn.reciprocal %q : tensor<3xf32>
  %tanh = nn.tanh %x : tensor<3xf32>
  %sigmoid = nn.sigmoid %x : tensor<3xf32>
  %erf = nn.erf %x : tensor<3xf32>
  %sin = nn.sin %x : tensor<3xf32>
  %cos = nn.cos %x : tensor<3xf32>
  // CHECK: dense<[1.000000e+00, 0x7F800000, 0.000000e+00]>
  // CHECK-NEXT: dense<[0xFF800000, 0.000000e+00, 0x7FC00000]>
  // ln 2 in f32
  // CHECK-NEXT: dense<[0.000000e+00, 0.693147182, 0xFF800000]>
  // CHECK-NEXT: dense<[0.000000e+00, 1.500000e+00, 0x7FC00000]>
  // CHECK-NEXT: dense<[2.000000e+00, 0x7F800000, 0.000000e+00]>
  // CHECK-NEXT: dense<[4.000000e+00, 0x7F800000, 0.000000e+00]>
  // CHECK-NEXT: dense<[0.000000e+00, 1.000000e+00, -1.000000e+00]>
  // CHECK-NEXT: dense<[5.000000e-01, 1.000000e+00, 0.000000e+00]>
  // CHECK-NEXT: dense<[0.000000e+00, 1.000000e+00, -1.000000e+00]>
  // CHECK-NEXT: dense<[0.000000e+00, 0x7FC00000, 0x7FC00000]>
  // CHECK-NEXT: dense<[1.000000e+00, 0x7FC00000, 0x7FC00000]>
  return %exp, %log, %log1p, %sqrt, %rsqrt, %reciprocal, %tanh, %sigmoid, %erf, %sin, %cos : tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>
}

// -----

// In f64 the values of printed tables: e, ln 2, tanh 1, sigmoid 1, erf 1, sin 1, cos 1.
func.func @main() -> (tensor<f64>, tensor<f64>, tensor<f64>, tensor<f64>, tensor<f64>, tensor<f64>, tensor<f64>) {
  %one = nn.constant dense<1.0> : tensor<f64>
  %e = nn.exp %one : tensor<f64>
  %log1p = nn.log1p %one : tensor<f64>
  %tanh = nn.tanh %one : tensor<f64>
  %sigmoid = nn.sigmoid %one : tensor<f64>
  %erf = nn.erf %one : tensor<f64>
  %sin = nn.sin %one : tensor<f64>
  %cos = nn.cos %one : tensor<f64>
  // CHECK: dense<2.718281828459045{{[0-9]*}}> : tensor<f64>
  // CHECK-NEXT: dense<0.69314718055994{{[0-9]*}}>
  // CHECK-NEXT: dense<0.76159415595576{{[0-9]*}}>
  // CHECK-NEXT: dense<0.7310585786300{{[0-9]*}}>
  // CHECK-NEXT: dense<0.84270079294971{{[0-9]*}}>
  // CHECK-NEXT: dense<0.84147098480789{{[0-9]*}}>
  // CHECK-NEXT: dense<0.540302305868139{{[0-9]*}}>
  return %e, %log1p, %tanh, %sigmoid, %erf, %sin, %cos : tensor<f64>, tensor<f64>, tensor<f64>, tensor<f64>, tensor<f64>, tensor<f64>, tensor<f64>
}

// -----

// Two operands: NaN wins in maximum and minimum, +0 is the larger zero; x / 0; powers.
func.func @main() -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %a = nn.constant dense<[-0.0, 0x7FC00000, 1.0, -8.0]> : tensor<4xf32>
  %b = nn.constant dense<[0.0, 1.0, 0x7FC00000, 0.0]> : tensor<4xf32>
  %c = nn.constant dense<[0.0, 0.0, 0.0, 3.0]> : tensor<4xf32>
  %maximum = nn.maximum %a, %b : tensor<4xf32>
  %minimum = nn.minimum %a, %b : tensor<4xf32>
  %div = nn.div %a, %b : tensor<4xf32>
  %pow = nn.pow %a, %c : tensor<4xf32>
  %sub = nn.sub %a, %c : tensor<4xf32>
  %mul = nn.mul %a, %c : tensor<4xf32>
  // CHECK: dense<[0.000000e+00, 0x7FC00000, 0x7FC00000, 0.000000e+00]>
  // CHECK-NEXT: dense<[-0.000000e+00, 0x7FC00000, 0x7FC00000, -8.000000e+00]>
  // CHECK-NEXT: dense<[0x7FC00000, 0x7FC00000, 0x7FC00000, 0xFF800000]>
  // CHECK-NEXT: dense<[1.000000e+00, 1.000000e+00, 1.000000e+00, -5.120000e+02]>
  // CHECK-NEXT: dense<[-0.000000e+00, 0x7FC00000, 1.000000e+00, -1.100000e+01]>
  // CHECK-NEXT: dense<[-0.000000e+00, 0x7FC00000, 0.000000e+00, -2.400000e+01]>
  return %maximum, %minimum, %div, %pow, %sub, %mul : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// -----

// f32 arithmetic rounds each result: 2^24 + 1 is a tie that goes to the even 2^24. bf16 keeps 8 bits: 257 becomes 256, a
// tie to even, 259 becomes 260.
func.func @main() -> (tensor<2xf32>, tensor<2xf64>, tensor<2xbf16>) {
  %a = nn.constant dense<[16777216.0, 16777216.0]> : tensor<2xf32>
  %b = nn.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %sum = nn.add %a, %b : tensor<2xf32>
  %a64 = nn.cast %a : tensor<2xf32> -> tensor<2xf64>
  %b64 = nn.cast %b : tensor<2xf32> -> tensor<2xf64>
  %sum64 = nn.add %a64, %b64 : tensor<2xf64>
  %c = nn.constant dense<[256.0, 258.0]> : tensor<2xbf16>
  %d = nn.constant dense<1.0> : tensor<2xbf16>
  %sum16 = nn.add %c, %d : tensor<2xbf16>
  // CHECK: dense<[0x4B800000, 0x4B800001]> : tensor<2xf32>
  // CHECK-NEXT: dense<[0x4170000010000000, 0x4170000020000000]> : tensor<2xf64>
  // CHECK-NEXT: dense<[2.560000e+02, 2.600000e+02]> : tensor<2xbf16>
  return %sum, %sum64, %sum16 : tensor<2xf32>, tensor<2xf64>, tensor<2xbf16>
}

// -----

// Integers wrap, and division is towards zero; the smallest number divided by -1 wraps to itself.
func.func @main() -> (tensor<4xi8>, tensor<4xi8>, tensor<4xi8>, tensor<4xi8>, tensor<4xi8>, tensor<4xi8>, tensor<4xi8>) {
  %a = nn.constant dense<[127, -128, -7, 7]> : tensor<4xi8>
  %b = nn.constant dense<[1, -1, 2, -2]> : tensor<4xi8>
  %neg = nn.neg %a : tensor<4xi8>
  %add = nn.add %a, %b : tensor<4xi8>
  %sub = nn.sub %a, %b : tensor<4xi8>
  %mul = nn.mul %a, %b : tensor<4xi8>
  %div = nn.div %a, %b : tensor<4xi8>
  %maximum = nn.maximum %a, %b : tensor<4xi8>
  %minimum = nn.minimum %a, %b : tensor<4xi8>
  // CHECK: dense<[-127, -128, 7, -7]> : tensor<4xi8>
  // CHECK-NEXT: dense<[-128, 127, -5, 5]>
  // CHECK-NEXT: dense<[126, -127, -9, 9]>
  // CHECK-NEXT: dense<[127, -128, -14, -14]>
  // CHECK-NEXT: dense<[127, -128, -3, -3]>
  // CHECK-NEXT: dense<[127, -1, 2, 7]>
  // CHECK-NEXT: dense<[1, -128, -7, -2]>
  return %neg, %add, %sub, %mul, %div, %maximum, %minimum : tensor<4xi8>, tensor<4xi8>, tensor<4xi8>, tensor<4xi8>, tensor<4xi8>, tensor<4xi8>, tensor<4xi8>
}

// -----

// Booleans: not, and, or; comparisons, where NaN is unequal to all and in no order; select takes NaN's place.
func.func @main() -> (tensor<4xi1>, tensor<4xi1>, tensor<4xi1>, tensor<4xi1>, tensor<4xi1>, tensor<4xi1>, tensor<4xi1>, tensor<4xi1>, tensor<4xi1>, tensor<4xf32>) {
  %p = nn.constant dense<[true, true, false, false]> : tensor<4xi1>
  %q = nn.constant dense<[true, false, true, false]> : tensor<4xi1>
  %not = nn.not %p : tensor<4xi1>
  %and = nn.and %p, %q : tensor<4xi1>
  %or = nn.or %p, %q : tensor<4xi1>
  %a = nn.constant dense<[1.0, -0.0, 3.0, 0x7FC00000]> : tensor<4xf32>
  %b = nn.constant dense<[2.0, 0.0, -3.0, 0x7FC00000]> : tensor<4xf32>
  %eq = nn.compare eq %a, %b : tensor<4xf32>
  %ne = nn.compare ne %a, %b : tensor<4xf32>
  %lt = nn.compare lt %a, %b : tensor<4xf32>
  %le = nn.compare le %a, %b : tensor<4xf32>
  %gt = nn.compare gt %a, %b : tensor<4xf32>
  %ge = nn.compare ge %a, %b : tensor<4xf32>
  %select = nn.select %lt, %a, %b : tensor<4xf32>
  // CHECK: dense<[false, false, true, true]>
  // CHECK-NEXT: dense<[true, false, false, false]>
  // CHECK-NEXT: dense<[true, true, true, false]>
  // CHECK-NEXT: dense<[false, true, false, false]>
  // CHECK-NEXT: dense<[true, false, true, true]>
  // CHECK-NEXT: dense<[true, false, false, false]>
  // CHECK-NEXT: dense<[true, true, false, false]>
  // CHECK-NEXT: dense<[false, false, true, false]>
  // CHECK-NEXT: dense<[false, true, true, false]>
  // CHECK-NEXT: dense<[1.000000e+00, 0.000000e+00, -3.000000e+00, 0x7FC00000]>
  return %not, %and, %or, %eq, %ne, %lt, %le, %gt, %ge, %select : tensor<4xi1>, tensor<4xi1>, tensor<4xi1>, tensor<4xi1>, tensor<4xi1>, tensor<4xi1>, tensor<4xi1>, tensor<4xi1>, tensor<4xi1>, tensor<4xf32>
}

// -----

// Conversions: rounding, truncation, low bits, booleans both ways; 2^24 + 1 and 2^24 + 3 go to f32 with ties to even.
func.func @main() -> (tensor<4xi32>, tensor<4xi1>, tensor<2xf32>, tensor<2xi8>, tensor<2xf32>, tensor<1xf16>) {
  %x = nn.constant dense<[-1.75, 1.75, -0.0, 0.5]> : tensor<4xf32>
  %truncated = nn.cast %x : tensor<4xf32> -> tensor<4xi32>
  %nonzero = nn.cast %x : tensor<4xf32> -> tensor<4xi1>
  %i = nn.constant dense<[16777217, 16777219]> : tensor<2xi64>
  %rounded = nn.cast %i : tensor<2xi64> -> tensor<2xf32>
  %low = nn.cast %i : tensor<2xi64> -> tensor<2xi8>
  %p = nn.constant dense<[true, false]> : tensor<2xi1>
  %number = nn.cast %p : tensor<2xi1> -> tensor<2xf32>
  %big = nn.constant dense<[1.0e5]> : tensor<1xf32>
  %half = nn.cast %big : tensor<1xf32> -> tensor<1xf16>
  // CHECK: dense<[-1, 1, 0, 0]>
  // CHECK-NEXT: dense<[true, true, false, true]>
  // CHECK-NEXT: dense<[0x4B800000, 0x4B800002]>
  // CHECK-NEXT: dense<[1, 3]> : tensor<2xi8>
  // CHECK-NEXT: dense<[1.000000e+00, 0.000000e+00]>
  // CHECK-NEXT: dense<0x7C00> : tensor<1xf16>
  return %truncated, %nonzero, %rounded, %low, %number, %half : tensor<4xi32>, tensor<4xi1>, tensor<2xf32>, tensor<2xi8>, tensor<2xf32>, tensor<1xf16>
}
