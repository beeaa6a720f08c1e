// Double precision without a change of types: the oracle's mode. Constants keep their f32 values, nothing else is rounded.
// RUN: ntc-translate --interpret --interpret-in-double --split-input-file %s | FileCheck %s

// 2^24 + 1 in f32 operations, and a third that is not an f32.
func.func @main() -> (tensor<f32>, tensor<f32>, tensor<f32>) {
  %a = nn.constant dense<16777216.0> : tensor<f32>
  %b = nn.constant dense<1.0> : tensor<f32>
  %c = nn.constant dense<3.0> : tensor<f32>
  %sum = nn.add %a, %b : tensor<f32>
  %third = nn.div %b, %c : tensor<f32>
  %i = nn.constant dense<16777217> : tensor<i64>
  %number = nn.cast %i : tensor<i64> -> tensor<f32>
  // CHECK: dense<0x4170000010000000> : tensor<f64>
  // CHECK-NEXT: dense<0.33333333333333331> : tensor<f64>
  // CHECK-NEXT: dense<0x4170000010000000> : tensor<f64>
  return %sum, %third, %number : tensor<f32>, tensor<f32>, tensor<f32>
}

// -----

// The same in the body of a structured operation; truncf and extf change nothing.
func.func @main() -> tensor<1xf32> {
  %a = arith.constant dense<[16777216.0]> : tensor<1xf32>
  %e = tensor.empty() : tensor<1xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%a : tensor<1xf32>) outs(%e : tensor<1xf32>) {
  ^bb0(%x: f32, %o: f32):
    %one = arith.constant 1.0 : f32
    %sum = arith.addf %x, %one : f32
    %wide = arith.extf %sum : f32 to f64
    %narrow = arith.truncf %wide : f64 to f32
    linalg.yield %narrow : f32
  } -> tensor<1xf32>
  // CHECK: dense<0x4170000010000000> : tensor<1xf64>
  return %y : tensor<1xf32>
}
