// Every diagnostic of the dialect nn, on the smallest operation that earns it.
// RUN: ntc-opt --verify-diagnostics --split-input-file %s

// Operands never broadcast.
func.func @f(%a: tensor<2x3xf32>, %b: tensor<3xf32>) {
  // expected-error @+1 {{'nn.add' op all non-scalar operands/results must have the same shape and base type}}
  %0 = "nn.add"(%a, %b) : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  return
}

// -----

// A shape is known.
func.func @f(%a: tensor<?x3xf32>) {
  // expected-error @+1 {{'nn.neg' op operand #0 must be statically shaped tensor of 32-bit float or 64-bit float or 16-bit float or bfloat16 type or 64-bit signless integer or 32-bit signless integer or 8-bit signless integer or 1-bit signless integer values, but got 'tensor<?x3xf32>'}}
  %0 = nn.neg %a : tensor<?x3xf32>
  return
}

// -----

// An exponential of integers.
func.func @f(%a: tensor<3xi32>) {
  // expected-error @+1 {{'nn.exp' op operand #0 must be statically shaped tensor of 32-bit float or 64-bit float or 16-bit float or bfloat16 type values, but got 'tensor<3xi32>'}}
  %0 = nn.exp %a : tensor<3xi32>
  return
}

// -----

// A comparison gives booleans.
func.func @f(%a: tensor<3xf32>) {
  // expected-error @+1 {{'nn.compare' op result #0 must be statically shaped tensor of 1-bit signless integer values, but got 'tensor<3xf32>'}}
  %0 = "nn.compare"(%a, %a) {predicate = #nn<predicate lt>} : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  return
}

// -----

// A condition has one boolean for each element.
func.func @f(%c: tensor<1xi1>, %a: tensor<3xf32>) {
  // expected-error @+1 {{'nn.select' op failed to verify that the condition is a boolean tensor of the result's shape}}
  %0 = "nn.select"(%c, %a, %a) : (tensor<1xi1>, tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  return
}

// -----

// Axes of a reduction: not sorted.
func.func @f(%a: tensor<2x3xf32>) {
  // expected-error @+2 {{'nn.reduce_sum' op failed to infer returned types}}
  // expected-error @+1 {{axes must be sorted, distinct and below the rank 2}}
  %0 = nn.reduce_sum %a {axes = array<i64: 1, 0>} : tensor<2x3xf32> -> tensor<f32>
  return
}

// -----

// Axes of a reduction: twice the same.
func.func @f(%a: tensor<2x3xf32>) {
  // expected-error @+2 {{'nn.reduce_max' op failed to infer returned types}}
  // expected-error @+1 {{axes must be sorted, distinct and below the rank 2}}
  %0 = nn.reduce_max %a {axes = array<i64: 1, 1>} : tensor<2x3xf32> -> tensor<2xf32>
  return
}

// -----

// Axes of a reduction: counted from the end.
func.func @f(%a: tensor<2x3xf32>) {
  // expected-error @+2 {{'nn.reduce_min' op failed to infer returned types}}
  // expected-error @+1 {{axes must be sorted, distinct and below the rank 2}}
  %0 = nn.reduce_min %a {axes = array<i64: -1>} : tensor<2x3xf32> -> tensor<2xf32>
  return
}

// -----

// A reduction drops its axes.
func.func @f(%a: tensor<2x3xf32>) {
  // expected-error @+2 {{'nn.reduce_sum' op failed to infer returned types}}
  // expected-error @+1 {{'nn.reduce_sum' op inferred type(s) 'tensor<2xf32>' are incompatible with return type(s) of operation 'tensor<2x1xf32>'}}
  %0 = nn.reduce_sum %a {axes = array<i64: 1>} : tensor<2x3xf32> -> tensor<2x1xf32>
  return
}

// -----

// An axis beyond the rank: argmax.
func.func @f(%a: tensor<2x3xf32>) {
  // expected-error @+2 {{'nn.argmax' op failed to infer returned types}}
  // expected-error @+1 {{axes must be sorted, distinct and below the rank 2}}
  %0 = nn.argmax %a {axis = 2} : tensor<2x3xf32> -> tensor<2xi64>
  return
}

// -----

// An axis beyond the rank: softmax.
func.func @f(%a: tensor<2x3xf32>) {
  // expected-error @+1 {{'nn.softmax' op axis 2 is outside [0, 2)}}
  %0 = nn.softmax %a {axis = 2} : tensor<2x3xf32>
  return
}

// -----

// An axis beyond the rank: log_softmax.
func.func @f(%a: tensor<2x3xf32>) {
  // expected-error @+1 {{'nn.log_softmax' op axis -1 is outside [0, 2)}}
  %0 = nn.log_softmax %a {axis = -1} : tensor<2x3xf32>
  return
}

// -----

// A matrix has two dimensions.
func.func @f(%a: tensor<3xf32>) {
  // expected-error @+2 {{'nn.matmul' op failed to infer returned types}}
  // expected-error @+1 {{operands need one element type and one rank of at least 2, found 'tensor<3xf32>' and 'tensor<3xf32>'}}
  %0 = nn.matmul %a, %a : tensor<3xf32>, tensor<3xf32> -> tensor<f32>
  return
}

// -----

// Batches do not broadcast.
func.func @f(%a: tensor<2x3x3xf32>, %b: tensor<1x3x3xf32>) {
  // expected-error @+2 {{'nn.matmul' op failed to infer returned types}}
  // expected-error @+1 {{leading dimensions differ: 'tensor<2x3x3xf32>' and 'tensor<1x3x3xf32>'}}
  %0 = nn.matmul %a, %b : tensor<2x3x3xf32>, tensor<1x3x3xf32> -> tensor<2x3x3xf32>
  return
}

// -----

// The summed dimensions of a product.
func.func @f(%a: tensor<2x3xf32>) {
  // expected-error @+2 {{'nn.matmul' op failed to infer returned types}}
  // expected-error @+1 {{the summed dimensions differ: 3 of 'tensor<2x3xf32>' and 2 of 'tensor<2x3xf32>'}}
  %0 = nn.matmul %a, %a : tensor<2x3xf32>, tensor<2x3xf32> -> tensor<2x3xf32>
  return
}

// -----

// A convolution's operands: rank.
func.func @f(%x: tensor<2x3x4xf32>, %w: tensor<2x3x4x5xf32>) {
  // expected-error @+2 {{'nn.conv' op failed to infer returned types}}
  // expected-error @+1 {{input (B, C, spatial...) and weight (O, C / groups, spatial...) need one element type and one rank of at least 3, found 'tensor<2x3x4xf32>' and 'tensor<2x3x4x5xf32>'}}
  %0 = nn.conv %x, %w {strides = array<i64: 1>, pads_low = array<i64: 0>, pads_high = array<i64: 0>, dilations = array<i64: 1>} : tensor<2x3x4xf32>, tensor<2x3x4x5xf32> -> tensor<2x2x1xf32>
  return
}

// -----

// A convolution's operands: element type.
func.func @f(%x: tensor<2x3x4xf32>, %w: tensor<2x3x4xf64>) {
  // expected-error @+2 {{'nn.conv' op failed to infer returned types}}
  // expected-error @+1 {{input (B, C, spatial...) and weight (O, C / groups, spatial...) need one element type and one rank of at least 3, found 'tensor<2x3x4xf32>' and 'tensor<2x3x4xf64>'}}
  %0 = nn.conv %x, %w {strides = array<i64: 1>, pads_low = array<i64: 0>, pads_high = array<i64: 0>, dilations = array<i64: 1>} : tensor<2x3x4xf32>, tensor<2x3x4xf64> -> tensor<2x2x1xf32>
  return
}

// -----

// A convolution's weight has spatial dimensions.
func.func @f(%x: tensor<2x3x4xf32>, %w: tensor<2x3xf32>) {
  // expected-error @+2 {{'nn.conv' op failed to infer returned types}}
  // expected-error @+1 {{weight must be (O, C / groups, spatial...), found 'tensor<2x3xf32>'}}
  %0 = nn.conv %x, %w {strides = array<i64: 1>, pads_low = array<i64: 0>, pads_high = array<i64: 0>, dilations = array<i64: 1>} : tensor<2x3x4xf32>, tensor<2x3xf32> -> tensor<2x2x1xf32>
  return
}

// -----

// A stride for each spatial dimension.
func.func @f(%x: tensor<2x3x4x4xf32>, %w: tensor<2x3x1x1xf32>) {
  // expected-error @+2 {{'nn.conv' op failed to infer returned types}}
  // expected-error @+1 {{kernel, strides, pads and dilations need one element for each of the 2 spatial dimensions, found 1}}
  %0 = nn.conv %x, %w {strides = array<i64: 1>, pads_low = array<i64: 0>, pads_high = array<i64: 0>, dilations = array<i64: 1>} : tensor<2x3x4x4xf32>, tensor<2x3x1x1xf32> -> tensor<2x2x4x4xf32>
  return
}

// -----

// A stride of zero.
func.func @f(%x: tensor<2x3x4xf32>, %w: tensor<2x3x1xf32>) {
  // expected-error @+2 {{'nn.conv' op failed to infer returned types}}
  // expected-error @+1 {{kernel, strides and dilations must be positive}}
  %0 = nn.conv %x, %w {strides = array<i64: 0>, pads_low = array<i64: 0>, pads_high = array<i64: 0>, dilations = array<i64: 1>} : tensor<2x3x4xf32>, tensor<2x3x1xf32> -> tensor<2x2x4xf32>
  return
}

// -----

// A negative pad.
func.func @f(%x: tensor<2x3x4xf32>, %w: tensor<2x3x1xf32>) {
  // expected-error @+2 {{'nn.conv' op failed to infer returned types}}
  // expected-error @+1 {{pads must not be negative}}
  %0 = nn.conv %x, %w {strides = array<i64: 1>, pads_low = array<i64: -1>, pads_high = array<i64: 0>, dilations = array<i64: 1>} : tensor<2x3x4xf32>, tensor<2x3x1xf32> -> tensor<2x2x3xf32>
  return
}

// -----

// Channels and groups.
func.func @f(%x: tensor<2x3x4xf32>, %w: tensor<2x3x1xf32>) {
  // expected-error @+2 {{'nn.conv' op failed to infer returned types}}
  // expected-error @+1 {{with 2 groups, weight 'tensor<2x3x1xf32>' does not fit input 'tensor<2x3x4xf32>'}}
  %0 = nn.conv %x, %w {strides = array<i64: 1>, pads_low = array<i64: 0>, pads_high = array<i64: 0>, dilations = array<i64: 1>, groups = 2} : tensor<2x3x4xf32>, tensor<2x3x1xf32> -> tensor<2x2x4xf32>
  return
}

// -----

// A kernel larger than the padded input.
func.func @f(%x: tensor<2x3x4xf32>, %w: tensor<2x3x5xf32>) {
  // expected-error @+2 {{'nn.conv' op failed to infer returned types}}
  // expected-error @+1 {{a window of 5 elements does not fit into spatial dimension 0 of 4 elements with padding 0 and 0}}
  %0 = nn.conv %x, %w {strides = array<i64: 1>, pads_low = array<i64: 0>, pads_high = array<i64: 0>, dilations = array<i64: 1>} : tensor<2x3x4xf32>, tensor<2x3x5xf32> -> tensor<2x2x1xf32>
  return
}

// -----

// A convolution's result.
func.func @f(%x: tensor<2x3x4xf32>, %w: tensor<2x3x1xf32>) {
  // expected-error @+2 {{'nn.conv' op failed to infer returned types}}
  // expected-error @+1 {{'nn.conv' op inferred type(s) 'tensor<2x2x4xf32>' are incompatible with return type(s) of operation 'tensor<2x2x3xf32>'}}
  %0 = nn.conv %x, %w {strides = array<i64: 1>, pads_low = array<i64: 0>, pads_high = array<i64: 0>, dilations = array<i64: 1>} : tensor<2x3x4xf32>, tensor<2x3x1xf32> -> tensor<2x2x3xf32>
  return
}

// -----

// A gradient by the input that no convolution has.
func.func @f(%dy: tensor<2x2x4xf32>, %w: tensor<2x3x2xf32>) {
  // expected-error @+1 {{'nn.conv_dx' op a convolution of 'tensor<2x3x4xf32>' by 'tensor<2x3x2xf32>' gives 'tensor<2x2x3xf32>', not 'tensor<2x2x4xf32>'}}
  %0 = nn.conv_dx %dy, %w {strides = array<i64: 1>, pads_low = array<i64: 0>, pads_high = array<i64: 0>, dilations = array<i64: 1>} : tensor<2x2x4xf32>, tensor<2x3x2xf32> -> tensor<2x3x4xf32>
  return
}

// -----

// A gradient by the weight that no convolution has.
func.func @f(%dy: tensor<2x2x4xf32>, %x: tensor<2x3x4xf32>) {
  // expected-error @+1 {{'nn.conv_dw' op a convolution of 'tensor<2x3x4xf32>' by 'tensor<2x3x2xf32>' gives 'tensor<2x2x3xf32>', not 'tensor<2x2x4xf32>'}}
  %0 = nn.conv_dw %dy, %x {strides = array<i64: 1>, pads_low = array<i64: 0>, pads_high = array<i64: 0>, dilations = array<i64: 1>} : tensor<2x2x4xf32>, tensor<2x3x4xf32> -> tensor<2x3x2xf32>
  return
}

// -----

// A gradient by a weight without spatial dimensions.
func.func @f(%dy: tensor<2x2x4xf32>, %x: tensor<2x3x4xf32>) {
  // expected-error @+1 {{'nn.conv_dw' op weight must be (O, C / groups, spatial...), found 'tensor<2x3xf32>'}}
  %0 = nn.conv_dw %dy, %x {strides = array<i64: 1>, pads_low = array<i64: 0>, pads_high = array<i64: 0>, dilations = array<i64: 1>} : tensor<2x2x4xf32>, tensor<2x3x4xf32> -> tensor<2x3xf32>
  return
}

// -----

// Pooling needs batch and channels.
func.func @f(%x: tensor<3x4xf32>) {
  // expected-error @+2 {{'nn.avg_pool' op failed to infer returned types}}
  // expected-error @+1 {{input must be (B, C, spatial...), found 'tensor<3x4xf32>'}}
  %0 = nn.avg_pool %x {kernel = array<i64: 2>, strides = array<i64: 1>, pads_low = array<i64: 0>, pads_high = array<i64: 0>, dilations = array<i64: 1>} : tensor<3x4xf32> -> tensor<3x3xf32>
  return
}

// -----

// Pooling: one kernel size for each spatial dimension.
func.func @f(%x: tensor<1x3x4x4xf32>) {
  // expected-error @+2 {{'nn.avg_pool' op failed to infer returned types}}
  // expected-error @+1 {{kernel, strides, pads and dilations need one element for each of the 2 spatial dimensions, found 1}}
  %0 = nn.avg_pool %x {kernel = array<i64: 2>, strides = array<i64: 1>, pads_low = array<i64: 0>, pads_high = array<i64: 0>, dilations = array<i64: 1>} : tensor<1x3x4x4xf32> -> tensor<1x3x3x4xf32>
  return
}

// -----

// Pooling: the window does not fit.
func.func @f(%x: tensor<1x3x1xf32>) {
  // expected-error @+2 {{'nn.max_pool' op failed to infer returned types}}
  // expected-error @+1 {{a window of 2 elements does not fit into spatial dimension 0 of 1 elements with padding 0 and 0}}
  %0, %1 = nn.max_pool %x {kernel = array<i64: 2>, strides = array<i64: 1>, pads_low = array<i64: 0>, pads_high = array<i64: 0>, dilations = array<i64: 1>} : tensor<1x3x1xf32> -> tensor<1x3x1xf32>, tensor<1x3x1xi32>
  return
}

// -----

// Pooling: the first window is padding only.
func.func @f(%x: tensor<1x3x4xf32>) {
  // expected-error @+2 {{'nn.max_pool' op failed to infer returned types}}
  // expected-error @+1 {{window 0 of spatial dimension 0 touches no element: pads 2 and 0 are too large for kernel 2 with dilation 1}}
  %0, %1 = nn.max_pool %x {kernel = array<i64: 2>, strides = array<i64: 1>, pads_low = array<i64: 2>, pads_high = array<i64: 0>, dilations = array<i64: 1>} : tensor<1x3x4xf32> -> tensor<1x3x5xf32>, tensor<1x3x5xi32>
  return
}

// -----

// Pooling: the last window is padding only.
func.func @f(%x: tensor<1x3x4xf32>) {
  // expected-error @+2 {{'nn.avg_pool' op failed to infer returned types}}
  // expected-error @+1 {{window 4 of spatial dimension 0 touches no element: pads 0 and 2 are too large for kernel 2 with dilation 1}}
  %0 = nn.avg_pool %x {kernel = array<i64: 2>, strides = array<i64: 1>, pads_low = array<i64: 0>, pads_high = array<i64: 2>, dilations = array<i64: 1>} : tensor<1x3x4xf32> -> tensor<1x3x5xf32>
  return
}

// -----

// Pooling: a dilated window straddles the input.
func.func @f(%x: tensor<1x3x2xf32>) {
  // expected-error @+2 {{'nn.avg_pool' op failed to infer returned types}}
  // expected-error @+1 {{window 0 of spatial dimension 0 touches no element: pads 1 and 1 are too large for kernel 2 with dilation 3}}
  %0 = nn.avg_pool %x {kernel = array<i64: 2>, strides = array<i64: 1>, pads_low = array<i64: 1>, pads_high = array<i64: 1>, dilations = array<i64: 3>} : tensor<1x3x2xf32> -> tensor<1x3x1xf32>
  return
}

// -----

// The gradient of a pooling: shape of the winners.
func.func @f(%dy: tensor<1x3x3xf32>, %w: tensor<1x3x2xi32>) {
  // expected-error @+1 {{'nn.max_pool_dx' op pooling 'tensor<1x3x4xf32>' gives the shape (1, 3, 3), which 'tensor<1x3x2xi32>' has not}}
  %0 = nn.max_pool_dx %dy, %w {kernel = array<i64: 2>, strides = array<i64: 1>, pads_low = array<i64: 0>, pads_high = array<i64: 0>, dilations = array<i64: 1>} : tensor<1x3x3xf32>, tensor<1x3x2xi32> -> tensor<1x3x4xf32>
  return
}

// -----

// The gradient of a pooling: element type.
func.func @f(%dy: tensor<1x3x3xf32>, %w: tensor<1x3x3xi32>) {
  // expected-error @+1 {{'nn.max_pool_dx' op needs one element type, found 'tensor<1x3x3xf32>' and 'tensor<1x3x4xf64>'}}
  %0 = nn.max_pool_dx %dy, %w {kernel = array<i64: 2>, strides = array<i64: 1>, pads_low = array<i64: 0>, pads_high = array<i64: 0>, dilations = array<i64: 1>} : tensor<1x3x3xf32>, tensor<1x3x3xi32> -> tensor<1x3x4xf64>
  return
}

// -----

// The elements at winners: shape.
func.func @f(%x: tensor<1x3x4xf32>, %w: tensor<1x3x3xi32>) {
  // expected-error @+1 {{'nn.max_pool_pick' op pooling 'tensor<1x3x4xf32>' gives the shape (1, 3, 3), which 'tensor<1x3x4xf32>' has not}}
  %0 = nn.max_pool_pick %x, %w {kernel = array<i64: 2>, strides = array<i64: 1>, pads_low = array<i64: 0>, pads_high = array<i64: 0>, dilations = array<i64: 1>} : tensor<1x3x4xf32>, tensor<1x3x3xi32> -> tensor<1x3x4xf32>
  return
}

// -----

// The elements at winners: element type.
func.func @f(%x: tensor<1x3x4xf32>, %w: tensor<1x3x3xi32>) {
  // expected-error @+1 {{'nn.max_pool_pick' op needs one element type, found 'tensor<1x3x4xf32>' and 'tensor<1x3x3xf64>'}}
  %0 = nn.max_pool_pick %x, %w {kernel = array<i64: 2>, strides = array<i64: 1>, pads_low = array<i64: 0>, pads_high = array<i64: 0>, dilations = array<i64: 1>} : tensor<1x3x4xf32>, tensor<1x3x3xi32> -> tensor<1x3x3xf64>
  return
}

// -----

// The gradient of a mean pooling: shape.
func.func @f(%dy: tensor<1x3x4xf32>) {
  // expected-error @+1 {{'nn.avg_pool_dx' op pooling 'tensor<1x3x4xf32>' gives the shape (1, 3, 3), which 'tensor<1x3x4xf32>' has not}}
  %0 = nn.avg_pool_dx %dy {kernel = array<i64: 2>, strides = array<i64: 1>, pads_low = array<i64: 0>, pads_high = array<i64: 0>, dilations = array<i64: 1>} : tensor<1x3x4xf32> -> tensor<1x3x4xf32>
  return
}

// -----

// The gradient of a mean pooling: element type.
func.func @f(%dy: tensor<1x3x3xf32>) {
  // expected-error @+1 {{'nn.avg_pool_dx' op needs one element type, found 'tensor<1x3x3xf32>' and 'tensor<1x3x4xf64>'}}
  %0 = nn.avg_pool_dx %dy {kernel = array<i64: 2>, strides = array<i64: 1>, pads_low = array<i64: 0>, pads_high = array<i64: 0>, dilations = array<i64: 1>} : tensor<1x3x3xf32> -> tensor<1x3x4xf64>
  return
}

// -----

// Batch normalization needs channels.
func.func @f(%x: tensor<3xf32>, %s: tensor<3xf32>) {
  // expected-error @+2 {{'nn.batch_norm' op failed to infer returned types}}
  // expected-error @+1 {{input must be (B, C, ...), found 'tensor<3xf32>'}}
  %0, %1, %2 = nn.batch_norm %x, %s, %s {epsilon = 1.0e-5 : f64} : tensor<3xf32>, tensor<3xf32>, tensor<3xf32> -> tensor<3xf32>, tensor<3xf32>, tensor<3xf32>
  return
}

// -----

// Scale and bias have one element a channel.
func.func @f(%x: tensor<2x3xf32>, %s: tensor<2xf32>) {
  // expected-error @+2 {{'nn.batch_norm' op failed to infer returned types}}
  // expected-error @+1 {{scale and bias must be 'tensor<3xf32>' for input 'tensor<2x3xf32>', found 'tensor<2xf32>' and 'tensor<2xf32>'}}
  %0, %1, %2 = nn.batch_norm %x, %s, %s {epsilon = 1.0e-5 : f64} : tensor<2x3xf32>, tensor<2xf32>, tensor<2xf32> -> tensor<2x3xf32>, tensor<3xf32>, tensor<3xf32>
  return
}

// -----

// A constant has its value's type.
func.func @f() {
  // expected-error @+1 {{'nn.constant' op failed to verify that all of {value, output} have same type}}
  %0 = "nn.constant"() {value = dense<1.0> : tensor<2xf32>} : () -> tensor<3xf32>
  return
}

// -----

// A reshape keeps the number of elements.
func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{'nn.reshape' op needs one element type and one number of elements, found 'tensor<2x3xf32>' and 'tensor<5xf32>'}}
  %0 = nn.reshape %x : tensor<2x3xf32> -> tensor<5xf32>
  return
}

// -----

// A permutation names each dimension once.
func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @+2 {{'nn.transpose' op failed to infer returned types}}
  // expected-error @+1 {{permutation must name each of the 2 dimensions once}}
  %0 = nn.transpose %x {permutation = array<i64: 1, 1>} : tensor<2x3xf32> -> tensor<3x3xf32>
  return
}

// -----

// A broadcast says where each dimension goes.
func.func @f(%x: tensor<3xf32>) {
  // expected-error @+1 {{'nn.broadcast' op needs one of `dims` for each of the input's 1 dimensions and one element type, found 'tensor<3xf32>' and 'tensor<2x3xf32>'}}
  %0 = nn.broadcast %x {dims = array<i64>} : tensor<3xf32> -> tensor<2x3xf32>
  return
}

// -----

// A broadcast does not permute.
func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{'nn.broadcast' op dims must increase strictly and lie below the result's rank}}
  %0 = nn.broadcast %x {dims = array<i64: 1, 0>} : tensor<2x3xf32> -> tensor<3x2xf32>
  return
}

// -----

// A broadcast repeats only single elements.
func.func @f(%x: tensor<2xf32>) {
  // expected-error @+1 {{'nn.broadcast' op dimension 0 of 'tensor<2xf32>' is neither 1 nor the size in 'tensor<4xf32>'}}
  %0 = nn.broadcast %x {dims = array<i64: 0>} : tensor<2xf32> -> tensor<4xf32>
  return
}

// -----

// A slice says something for each dimension.
func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @+2 {{'nn.slice' op failed to infer returned types}}
  // expected-error @+1 {{starts, limits and strides need 2 elements each}}
  %0 = nn.slice %x {starts = array<i64: 0>, limits = array<i64: 1>, strides = array<i64: 1>} : tensor<2x3xf32> -> tensor<1x3xf32>
  return
}

// -----

// A slice beyond the end.
func.func @f(%x: tensor<3xf32>) {
  // expected-error @+2 {{'nn.slice' op failed to infer returned types}}
  // expected-error @+1 {{dimension 0: [1, 4) by 1 is empty or outside of 'tensor<3xf32>'}}
  %0 = nn.slice %x {starts = array<i64: 1>, limits = array<i64: 4>, strides = array<i64: 1>} : tensor<3xf32> -> tensor<3xf32>
  return
}

// -----

// Padding says something for each dimension.
func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @+2 {{'nn.pad' op failed to infer returned types}}
  // expected-error @+1 {{low, high and interior need 2 elements each}}
  %0 = nn.pad %x {low = array<i64: 0>, high = array<i64: 0>, interior = array<i64: 0>} : tensor<2x3xf32> -> tensor<2x3xf32>
  return
}

// -----

// Padding does not cut.
func.func @f(%x: tensor<3xf32>) {
  // expected-error @+2 {{'nn.pad' op failed to infer returned types}}
  // expected-error @+1 {{padding must not be negative, found dimension 0}}
  %0 = nn.pad %x {low = array<i64: 0>, high = array<i64: -1>, interior = array<i64: 0>} : tensor<3xf32> -> tensor<2xf32>
  return
}

// -----

// A concatenation of nothing.
func.func @f() {
  // expected-error @+2 {{'nn.concat' op failed to infer returned types}}
  // expected-error @+1 {{needs at least one operand}}
  %0 = "nn.concat"() {axis = 0 : i64} : () -> tensor<3xf32>
  return
}

// -----

// A concatenation along a missing axis.
func.func @f(%x: tensor<3xf32>) {
  // expected-error @+2 {{'nn.concat' op failed to infer returned types}}
  // expected-error @+1 {{axis 1 is outside [0, 1)}}
  %0 = nn.concat %x, %x {axis = 1} : tensor<3xf32>, tensor<3xf32> -> tensor<6xf32>
  return
}

// -----

// A concatenation of tensors that differ elsewhere.
func.func @f(%x: tensor<3x2xf32>, %y: tensor<3x1xf32>) {
  // expected-error @+2 {{'nn.concat' op failed to infer returned types}}
  // expected-error @+1 {{operands differ beyond axis 0: 'tensor<3x2xf32>' and 'tensor<3x1xf32>'}}
  %0 = nn.concat %x, %y {axis = 0} : tensor<3x2xf32>, tensor<3x1xf32> -> tensor<6x2xf32>
  return
}

// -----

// An indicator's axis.
func.func @f(%i: tensor<3xi64>) {
  // expected-error @+1 {{'nn.one_hot' op axis 2 does not insert one dimension into 'tensor<3xi64>' to give 'tensor<3x4xf32>'}}
  %0 = nn.one_hot %i {axis = 2} : tensor<3xi64> -> tensor<3x4xf32>
  return
}

// -----

// An indicator's shape.
func.func @f(%i: tensor<3xi64>) {
  // expected-error @+1 {{'nn.one_hot' op result 'tensor<4x3xf32>' without dimension 1 has not the shape of 'tensor<3xi64>'}}
  %0 = nn.one_hot %i {axis = 1} : tensor<3xi64> -> tensor<4x3xf32>
  return
}

// -----

// Seed and step are single numbers.
func.func @f(%s: tensor<1xi64>) {
  // expected-error @+1 {{'nn.random_uniform' op seed and step must be scalars}}
  %0 = nn.random_uniform %s, %s {op = 0 : i32} : tensor<1xi64>, tensor<1xi64> -> tensor<3xf32>
  return
}

// -----

// More random numbers than the counter has.
func.func @f(%s: tensor<i64>) {
  // expected-error @+1 {{'nn.random_uniform' op numbers at most 2^34 elements}}
  %0 = nn.random_uniform %s, %s {op = 0 : i32} : tensor<i64>, tensor<i64> -> tensor<17179869185xf32>
  return
}

// -----

// A window so large that its span leaves 64 bits.
func.func @f(%x: tensor<1x1x8xf32>, %w: tensor<1x1x3xf32>) {
  // expected-error @+2 {{'nn.conv' op failed to infer returned types}}
  // expected-error @+1 {{kernel, strides, pads and dilations must not exceed 16777216, found 9223372036854775807}}
  %0 = nn.conv %x, %w {strides = array<i64: 1>, pads_low = array<i64: 1>, pads_high = array<i64: 1>, dilations = array<i64: 9223372036854775807>, groups = 1 : i64} : tensor<1x1x8xf32>, tensor<1x1x3xf32> -> tensor<1x1x12xf32>
  return
}

// -----

// Groups so many that channels times groups leaves 64 bits.
func.func @f(%x: tensor<1x2x8xf32>, %w: tensor<0x2x3xf32>) {
  // expected-error @+2 {{'nn.conv' op failed to infer returned types}}
  // expected-error @+1 {{with 4611686018427387905 groups, weight 'tensor<0x2x3xf32>' does not fit input 'tensor<1x2x8xf32>'}}
  %0 = nn.conv %x, %w {strides = array<i64: 1>, pads_low = array<i64: 1>, pads_high = array<i64: 1>, dilations = array<i64: 1>, groups = 4611686018427387905 : i64} : tensor<1x2x8xf32>, tensor<0x2x3xf32> -> tensor<1x0x8xf32>
  return
}

// -----

// Padding that makes a negative size of 64 bits.
func.func @f(%x: tensor<4x4xf32>) {
  // expected-error @+2 {{'nn.pad' op failed to infer returned types}}
  // expected-error @+1 {{padding and sizes must not exceed 17179869184, found 9223372036854775807 in dimension 0}}
  %0 = nn.pad %x {low = array<i64: 9223372036854775807, 0>, high = array<i64: 0, 0>, interior = array<i64: 0, 0>, value = 0.0 : f64} : tensor<4x4xf32> -> tensor<4x4xf32>
  return
}

// -----

// Elements far apart.
func.func @f(%x: tensor<4x4xf32>) {
  // expected-error @+2 {{'nn.pad' op failed to infer returned types}}
  // expected-error @+1 {{padding makes dimension 1 larger than 17179869184}}
  %0 = nn.pad %x {low = array<i64: 0, 0>, high = array<i64: 0, 0>, interior = array<i64: 0, 17179869184>, value = 0.0 : f64} : tensor<4x4xf32> -> tensor<4x4xf32>
  return
}

// -----

// Pooling: the largest window, all but one element of it in the padding, is told at once from one
// altogether in the padding.
func.func @f(%x: tensor<1x1x1xf32>) {
  %0 = nn.avg_pool %x {kernel = array<i64: 16777216>, strides = array<i64: 1>, pads_low = array<i64: 16777215>, pads_high = array<i64: 16777215>, dilations = array<i64: 1>} : tensor<1x1x1xf32> -> tensor<1x1x16777216xf32>
  // expected-error @+2 {{'nn.avg_pool' op failed to infer returned types}}
  // expected-error @+1 {{window 16777216 of spatial dimension 0 touches no element}}
  %1 = nn.avg_pool %x {kernel = array<i64: 16777216>, strides = array<i64: 1>, pads_low = array<i64: 16777215>, pads_high = array<i64: 16777216>, dilations = array<i64: 1>} : tensor<1x1x1xf32> -> tensor<1x1x16777217xf32>
  return
}
