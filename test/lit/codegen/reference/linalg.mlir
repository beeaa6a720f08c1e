// Structured operations and what surrounds them in a fused program.
// RUN: %interpret %s | FileCheck %s

// A product over (i, j, k) with a transposed map, started from a filled output; the output is its own start value.
func.func @main() -> tensor<2x2xf32> {
  %a = arith.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %ten = arith.constant 10.0 : f32
  %empty = tensor.empty() : tensor<2x2xf32>
  %start = linalg.fill ins(%ten : f32) outs(%empty : tensor<2x2xf32>) -> tensor<2x2xf32>
  %c = linalg.generic {indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (j, k)>, affine_map<(i, j, k) -> (i, j)>], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %a : tensor<2x3xf32>, tensor<2x3xf32>) outs(%start : tensor<2x2xf32>) {
  ^bb0(%x: f32, %y: f32, %sum: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %sum, %p : f32
    linalg.yield %s : f32
  } -> tensor<2x2xf32>
  // CHECK: dense<{{\[\[}}2.400000e+01, 4.200000e+01], [4.200000e+01, 8.700000e+01]]>
  return %c : tensor<2x2xf32>
}

// -----

// Indices, a tensor and a number of outside, two results, a map with a division: element i of 0 .. 5 is x[i / 2] * 100 + i,
// and i is even or not.
func.func @main() -> (tensor<6xf32>, tensor<6xi1>) {
  %x = arith.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %hundred = arith.constant 100.0 : f32
  %zero = arith.constant 0 : index
  %e0 = tensor.empty() : tensor<6xf32>
  %e1 = tensor.empty() : tensor<6xi1>
  %y:2 = linalg.generic {indexing_maps = [affine_map<(i) -> (i floordiv 2)>, affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%x : tensor<3xf32>) outs(%e0, %e1 : tensor<6xf32>, tensor<6xi1>) {
  ^bb0(%a: f32, %o0: f32, %o1: i1):
    %i = linalg.index 0 : index
    %two = arith.constant 2 : index
    %half = arith.divui %i, %two : index
    %b = tensor.extract %x[%half] : tensor<3xf32>
    %scaled = arith.mulf %b, %hundred : f32
    %i64 = arith.index_cast %i : index to i64
    %number = arith.sitofp %i64 : i64 to f32
    %r = arith.addf %scaled, %number : f32
    %rest = arith.remui %i, %two : index
    %even = arith.cmpi eq, %rest, %zero : index
    linalg.yield %r, %even : f32, i1
  } -> (tensor<6xf32>, tensor<6xi1>)
  // CHECK: dense<[1.000000e+02, 1.010000e+02, 2.020000e+02, 2.030000e+02, 3.040000e+02, 3.050000e+02]>
  // CHECK-NEXT: dense<[true, false, true, false, true, false]>
  return %y#0, %y#1 : tensor<6xf32>, tensor<6xi1>
}

// -----

// Slices with strides and dropped dimensions, expanded and collapsed shapes, named operations.
func.func @main() -> (tensor<2xf32>, tensor<2x3xf32>, tensor<3x2xf32>) {
  %x = arith.constant dense<[[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]> : tensor<2x3xf32>
  %taken = tensor.extract_slice %x[1, 0] [1, 2] [1, 2] : tensor<2x3xf32> to tensor<2xf32>
  %put = tensor.insert_slice %taken into %x[0, 1] [1, 2] [1, 1] : tensor<2xf32> into tensor<2x3xf32>
  %flat = tensor.collapse_shape %put [[0, 1]] : tensor<2x3xf32> into tensor<6xf32>
  %back = tensor.expand_shape %flat [[0, 1]] output_shape [2, 3] : tensor<6xf32> into tensor<2x3xf32>
  %empty = tensor.empty() : tensor<3x2xf32>
  %t = linalg.transpose ins(%back : tensor<2x3xf32>) outs(%empty : tensor<3x2xf32>) permutation = [1, 0]
  // CHECK: dense<[3.000000e+00, 5.000000e+00]>
  // CHECK-NEXT: dense<{{\[\[}}0.000000e+00, 3.000000e+00, 5.000000e+00], [3.000000e+00, 4.000000e+00, 5.000000e+00]]>
  // CHECK-NEXT: dense<{{\[\[}}0.000000e+00, 3.000000e+00], [3.000000e+00, 4.000000e+00], [5.000000e+00, 5.000000e+00]]>
  return %taken, %back, %t : tensor<2xf32>, tensor<2x3xf32>, tensor<3x2xf32>
}

// -----

// A dispatch is its body on its operands.
func.func @main() -> tensor<2xf32> {
  %x = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %y = plan.dispatch "double" (%x) : (tensor<2xf32>) -> tensor<2xf32> {
  ^bb0(%a: tensor<2xf32>):
    %b = arith.addf %a, %a : tensor<2xf32>
    plan.yield %b : tensor<2xf32>
  }
  // CHECK: dense<[2.000000e+00, 4.000000e+00]>
  return %y : tensor<2xf32>
}

// -----

// Elements of an empty tensor that nobody wrote are NaN, so that a program which reads them shows.
func.func @main() -> tensor<2xf32> {
  %e = tensor.empty() : tensor<2xf32>
  // CHECK: dense<0x7FC00000> : tensor<2xf32>
  return %e : tensor<2xf32>
}

// -----

// Bits: unsigned and signed views of one number, halves of a product, shifts, an i1's sign, the bits of a float.
func.func @main() -> (tensor<6xi32>, tensor<i64>, tensor<f32>) {
  %a = arith.constant -8 : i32
  %b = arith.constant 3 : i32
  %low, %high = arith.mului_extended %a, %b : i32
  %shru = arith.shrui %a, %b : i32
  %shrs = arith.shrsi %a, %b : i32
  %divu = arith.divui %a, %b : i32
  %divs = arith.divsi %a, %b : i32
  %r = tensor.from_elements %low, %high, %shru, %shrs, %divu, %divs : tensor<6xi32>
  %true = arith.constant true
  %minus = arith.extsi %true : i1 to i64
  %m = tensor.from_elements %minus : tensor<i64>
  %bits = arith.constant 0x3FC00000 : i32
  %f = arith.bitcast %bits : i32 to f32
  %t = tensor.from_elements %f : tensor<f32>
  // (2^32 - 8) * 3 = 2 * 2^32 + (2^32 - 24); (2^32 - 8) / 8 = 2^29 - 1; (2^32 - 8) / 3 = 1431655762
  // CHECK: dense<[-24, 2, 536870911, -1, 1431655762, -2]>
  // CHECK-NEXT: dense<-1> : tensor<i64>
  // CHECK-NEXT: dense<1.500000e+00> : tensor<f32>
  return %r, %m, %t : tensor<6xi32>, tensor<i64>, tensor<f32>
}
