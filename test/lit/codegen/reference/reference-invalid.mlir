// What the reference interpreter refuses, and how it says so.
// RUN: ntc-translate --interpret --verify-diagnostics --split-input-file %s

func.func @main() -> tensor<2xi32> {
  %a = nn.constant dense<[4, 5]> : tensor<2xi32>
  %b = nn.constant dense<[2, 0]> : tensor<2xi32>
  // expected-error @+1 {{'nn.div' op divides the integer 5 by zero at element 1}}
  %c = nn.div %a, %b : tensor<2xi32>
  return %c : tensor<2xi32>
}

// -----

func.func @main() -> tensor<1xi32> {
  %a = arith.constant dense<[4]> : tensor<1xi32>
  %b = arith.constant dense<[0]> : tensor<1xi32>
  // expected-error @+1 {{'arith.remsi' op is undefined for its operands at element 0}}
  %c = arith.remsi %a, %b : tensor<1xi32>
  return %c : tensor<1xi32>
}

// -----

// A winner beyond the kernel, and one in the padding.
func.func @main() -> tensor<1x1x2xf32> {
  %dy = nn.constant dense<1.0> : tensor<1x1x2xf32>
  %winner = nn.constant dense<[[[0, 2]]]> : tensor<1x1x2xi32>
  // expected-error @+1 {{'nn.max_pool_dx' op has 2 winners that are no offsets of elements inside the input}}
  %dx = nn.max_pool_dx %dy, %winner {kernel = array<i64: 2>, strides = array<i64: 2>, pads_low = array<i64: 1>, pads_high = array<i64: 1>, dilations = array<i64: 1>} : tensor<1x1x2xf32>, tensor<1x1x2xi32> -> tensor<1x1x2xf32>
  return %dx : tensor<1x1x2xf32>
}

// -----

func.func @main() -> tensor<f32> {
  %x = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %two = arith.constant 2 : index
  // expected-error @+1 {{'tensor.extract' op index 2 is outside of dimension 0 of 'tensor<2xf32>'}}
  %y = tensor.extract %x[%two] : tensor<2xf32>
  %t = tensor.from_elements %y : tensor<f32>
  return %t : tensor<f32>
}

// -----

func.func @main() -> tensor<2xf32> {
  %x = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %e = tensor.empty() : tensor<2xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>], iterator_types = ["parallel"]} outs(%e : tensor<2xf32>) {
  ^bb0(%o: f32):
    %i = linalg.index 0 : index
    %one = arith.constant 1 : index
    %next = arith.addi %i, %one : index
    // expected-error @+1 {{'tensor.extract' op is undefined for its operands}}
    %v = tensor.extract %x[%next] : tensor<2xf32>
    linalg.yield %v : f32
  } -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

func.func @main() -> tensor<2xf32> {
  %x = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %e = tensor.empty() : tensor<2xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>], iterator_types = ["parallel"]} outs(%e : tensor<2xf32>) {
  ^bb0(%o: f32):
    // expected-error @+1 {{'math.cbrt' op is not known to the reference interpreter in the body of linalg.generic}}
    %v = math.cbrt %o : f32
    linalg.yield %v : f32
  } -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

func.func @main() -> tensor<3xf32> {
  %x = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  // expected-error @+1 {{'tensor.pad' op is not known to the reference interpreter}}
  %y = tensor.pad %x low[1] high[0] {
  ^bb0(%i: index):
    %c = arith.constant 0.0 : f32
    tensor.yield %c : f32
  } : tensor<2xf32> to tensor<3xf32>
  return %y : tensor<3xf32>
}

// -----

func.func @main() -> tensor<1xf32> {
  %x = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %one = arith.constant 1 : index
  // expected-error @+1 {{'tensor.extract_slice' op must have static offsets, sizes and strides for the reference interpreter}}
  %y = tensor.extract_slice %x[%one] [1] [1] : tensor<2xf32> to tensor<1xf32>
  return %y : tensor<1xf32>
}

// -----

func.func @main() {
  // expected-error @+1 {{'memref.alloc' op the reference interpreter has no values of type 'memref<2xf32>'}}
  %m = memref.alloc() : memref<2xf32>
  return
}

// -----

func.func @main() {
  %x = nn.constant dense<1.0> : tensor<f32>
  // expected-error @+1 {{'train.gradient' op is not known to the reference interpreter}}
  %g = train.gradient %x wrt (%x) : tensor<f32>, (tensor<f32>) -> (tensor<f32>)
  return
}

// -----

// expected-error @+1 {{--interpret needs a function @main without arguments}}
module {
  func.func @main(%x: tensor<f32>) {
    return
  }
}
