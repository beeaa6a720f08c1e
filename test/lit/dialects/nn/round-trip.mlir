// Every operation of nn is read, written, and read again without change, in its generic form too.
// RUN: ntc-opt %s | ntc-opt | FileCheck %s
// RUN: ntc-opt --mlir-print-op-generic %s | ntc-opt | FileCheck %s

// CHECK-LABEL: func.func @elementwise
func.func @elementwise(%x: tensor<2x3xf32>, %i: tensor<2x3xi32>, %p: tensor<2x3xi1>) {
  // CHECK: nn.neg %{{.*}} : tensor<2x3xf32>
  %0 = nn.neg %x : tensor<2x3xf32>
  // CHECK: nn.abs %{{.*}} : tensor<2x3xf32>
  %1 = nn.abs %x : tensor<2x3xf32>
  // CHECK: nn.sign %{{.*}} : tensor<2x3xf32>
  %2 = nn.sign %x : tensor<2x3xf32>
  // CHECK: nn.exp %{{.*}} : tensor<2x3xf32>
  %3 = nn.exp %x : tensor<2x3xf32>
  // CHECK: nn.log %{{.*}} : tensor<2x3xf32>
  %4 = nn.log %x : tensor<2x3xf32>
  // CHECK: nn.log1p %{{.*}} : tensor<2x3xf32>
  %5 = nn.log1p %x : tensor<2x3xf32>
  // CHECK: nn.sqrt %{{.*}} : tensor<2x3xf32>
  %6 = nn.sqrt %x : tensor<2x3xf32>
  // CHECK: nn.rsqrt %{{.*}} : tensor<2x3xf32>
  %7 = nn.rsqrt %x : tensor<2x3xf32>
  // CHECK: nn.reciprocal %{{.*}} : tensor<2x3xf32>
  %8 = nn.reciprocal %x : tensor<2x3xf32>
  // CHECK: nn.tanh %{{.*}} : tensor<2x3xf32>
  %9 = nn.tanh %x : tensor<2x3xf32>
  // CHECK: nn.sigmoid %{{.*}} : tensor<2x3xf32>
  %10 = nn.sigmoid %x : tensor<2x3xf32>
  // CHECK: nn.erf %{{.*}} : tensor<2x3xf32>
  %11 = nn.erf %x : tensor<2x3xf32>
  // CHECK: nn.sin %{{.*}} : tensor<2x3xf32>
  %12 = nn.sin %x : tensor<2x3xf32>
  // CHECK: nn.cos %{{.*}} : tensor<2x3xf32>
  %13 = nn.cos %x : tensor<2x3xf32>
  // CHECK: nn.floor %{{.*}} : tensor<2x3xf32>
  %14 = nn.floor %x : tensor<2x3xf32>
  // CHECK: nn.relu %{{.*}} : tensor<2x3xf32>
  %15 = nn.relu %x : tensor<2x3xf32>
  // CHECK: nn.not %{{.*}} : tensor<2x3xi1>
  %16 = nn.not %p : tensor<2x3xi1>
  // CHECK: nn.add %{{.*}}, %{{.*}} : tensor<2x3xi32>
  %17 = nn.add %i, %i : tensor<2x3xi32>
  // CHECK: nn.sub %{{.*}}, %{{.*}} : tensor<2x3xf32>
  %18 = nn.sub %x, %0 : tensor<2x3xf32>
  // CHECK: nn.mul %{{.*}}, %{{.*}} : tensor<2x3xf32>
  %19 = nn.mul %x, %0 : tensor<2x3xf32>
  // CHECK: nn.div %{{.*}}, %{{.*}} : tensor<2x3xf32>
  %20 = nn.div %x, %0 : tensor<2x3xf32>
  // CHECK: nn.pow %{{.*}}, %{{.*}} : tensor<2x3xf32>
  %21 = nn.pow %x, %0 : tensor<2x3xf32>
  // CHECK: nn.maximum %{{.*}}, %{{.*}} : tensor<2x3xf32>
  %22 = nn.maximum %x, %0 : tensor<2x3xf32>
  // CHECK: nn.minimum %{{.*}}, %{{.*}} : tensor<2x3xf32>
  %23 = nn.minimum %x, %0 : tensor<2x3xf32>
  // CHECK: nn.and %{{.*}}, %{{.*}} : tensor<2x3xi1>
  %24 = nn.and %p, %16 : tensor<2x3xi1>
  // CHECK: nn.or %{{.*}}, %{{.*}} : tensor<2x3xi1>
  %25 = nn.or %p, %16 : tensor<2x3xi1>
  // CHECK: nn.compare gt %{{.*}}, %{{.*}} : tensor<2x3xf32>
  %26 = nn.compare gt %x, %0 : tensor<2x3xf32>
  // CHECK: nn.select %{{.*}}, %{{.*}}, %{{.*}} : tensor<2x3xf32>
  %27 = nn.select %26, %x, %0 : tensor<2x3xf32>
  // CHECK: nn.cast %{{.*}} : tensor<2x3xf32> -> tensor<2x3xbf16>
  %28 = nn.cast %x : tensor<2x3xf32> -> tensor<2x3xbf16>
  return
}

// CHECK-LABEL: func.func @reduction
func.func @reduction(%x: tensor<2x3xf32>) {
  // CHECK: nn.reduce_sum %{{.*}} {axes = array<i64: 0, 1>} : tensor<2x3xf32> -> tensor<f32>
  %0 = nn.reduce_sum %x {axes = array<i64: 0, 1>} : tensor<2x3xf32> -> tensor<f32>
  // CHECK: nn.reduce_max %{{.*}} {axes = array<i64: 1>} : tensor<2x3xf32> -> tensor<2xf32>
  %1 = nn.reduce_max %x {axes = array<i64: 1>} : tensor<2x3xf32> -> tensor<2xf32>
  // CHECK: nn.reduce_min %{{.*}} {axes = array<i64>} : tensor<2x3xf32> -> tensor<2x3xf32>
  %2 = nn.reduce_min %x {axes = array<i64>} : tensor<2x3xf32> -> tensor<2x3xf32>
  // CHECK: nn.argmax %{{.*}} {axis = 1 : i64} : tensor<2x3xf32> -> tensor<2xi64>
  %3 = nn.argmax %x {axis = 1} : tensor<2x3xf32> -> tensor<2xi64>
  // CHECK: nn.softmax %{{.*}} {axis = 1 : i64} : tensor<2x3xf32>
  %4 = nn.softmax %x {axis = 1} : tensor<2x3xf32>
  // CHECK: nn.log_softmax %{{.*}} {axis = 0 : i64} : tensor<2x3xf32>
  %5 = nn.log_softmax %x {axis = 0} : tensor<2x3xf32>
  return
}

// CHECK-LABEL: func.func @contraction
func.func @contraction(%a: tensor<4x3x2xf32>, %x: tensor<2x4x5x5xf32>, %w: tensor<6x2x3x3xf32>) {
  // CHECK: nn.matmul %{{.*}}, %{{.*}} {transpose_rhs} : tensor<4x3x2xf32>, tensor<4x3x2xf32> -> tensor<4x3x3xf32>
  %0 = nn.matmul %a, %a {transpose_rhs} : tensor<4x3x2xf32>, tensor<4x3x2xf32> -> tensor<4x3x3xf32>
  // CHECK: nn.conv %{{.*}}, %{{.*}} {dilations = array<i64: 1, 1>, groups = 2 : i64, pads_high = array<i64: 1, 0>, pads_low = array<i64: 0, 1>, strides = array<i64: 2, 1>} : tensor<2x4x5x5xf32>, tensor<6x2x3x3xf32> -> tensor<2x6x2x4xf32>
  %1 = nn.conv %x, %w {strides = array<i64: 2, 1>, pads_low = array<i64: 0, 1>, pads_high = array<i64: 1, 0>, dilations = array<i64: 1, 1>, groups = 2} : tensor<2x4x5x5xf32>, tensor<6x2x3x3xf32> -> tensor<2x6x2x4xf32>
  // CHECK: nn.conv_dx %{{.*}}, %{{.*}} {{{.*}}groups = 2{{.*}}} : tensor<2x6x2x4xf32>, tensor<6x2x3x3xf32> -> tensor<2x4x5x5xf32>
  %2 = nn.conv_dx %1, %w {strides = array<i64: 2, 1>, pads_low = array<i64: 0, 1>, pads_high = array<i64: 1, 0>, dilations = array<i64: 1, 1>, groups = 2} : tensor<2x6x2x4xf32>, tensor<6x2x3x3xf32> -> tensor<2x4x5x5xf32>
  // CHECK: nn.conv_dw %{{.*}}, %{{.*}} {{{.*}}groups = 2{{.*}}} : tensor<2x6x2x4xf32>, tensor<2x4x5x5xf32> -> tensor<6x2x3x3xf32>
  %3 = nn.conv_dw %1, %x {strides = array<i64: 2, 1>, pads_low = array<i64: 0, 1>, pads_high = array<i64: 1, 0>, dilations = array<i64: 1, 1>, groups = 2} : tensor<2x6x2x4xf32>, tensor<2x4x5x5xf32> -> tensor<6x2x3x3xf32>
  return
}

// CHECK-LABEL: func.func @pooling
func.func @pooling(%x: tensor<1x2x5xf32>) {
  // CHECK: nn.max_pool %{{.*}} {{.*}}kernel = array<i64: 3>{{.*}} : tensor<1x2x5xf32> -> tensor<1x2x3xf32>, tensor<1x2x3xi32>
  %y, %winner = nn.max_pool %x {kernel = array<i64: 3>, strides = array<i64: 2>, pads_low = array<i64: 1>, pads_high = array<i64: 1>, dilations = array<i64: 1>} : tensor<1x2x5xf32> -> tensor<1x2x3xf32>, tensor<1x2x3xi32>
  // CHECK: nn.max_pool_dx %{{.*}}, %{{.*}} {{.*}} : tensor<1x2x3xf32>, tensor<1x2x3xi32> -> tensor<1x2x5xf32>
  %dx = nn.max_pool_dx %y, %winner {kernel = array<i64: 3>, strides = array<i64: 2>, pads_low = array<i64: 1>, pads_high = array<i64: 1>, dilations = array<i64: 1>} : tensor<1x2x3xf32>, tensor<1x2x3xi32> -> tensor<1x2x5xf32>
  // CHECK: nn.max_pool_pick %{{.*}}, %{{.*}} {{.*}} : tensor<1x2x5xf32>, tensor<1x2x3xi32> -> tensor<1x2x3xf32>
  %picked = nn.max_pool_pick %x, %winner {kernel = array<i64: 3>, strides = array<i64: 2>, pads_low = array<i64: 1>, pads_high = array<i64: 1>, dilations = array<i64: 1>} : tensor<1x2x5xf32>, tensor<1x2x3xi32> -> tensor<1x2x3xf32>
  // CHECK: nn.avg_pool %{{.*}} {count_include_pad, {{.*}}} : tensor<1x2x5xf32> -> tensor<1x2x3xf32>
  %m = nn.avg_pool %x {kernel = array<i64: 3>, strides = array<i64: 2>, pads_low = array<i64: 1>, pads_high = array<i64: 1>, dilations = array<i64: 1>, count_include_pad} : tensor<1x2x5xf32> -> tensor<1x2x3xf32>
  // CHECK: nn.avg_pool_dx %{{.*}} {{.*}} : tensor<1x2x3xf32> -> tensor<1x2x5xf32>
  %dm = nn.avg_pool_dx %m {kernel = array<i64: 3>, strides = array<i64: 2>, pads_low = array<i64: 1>, pads_high = array<i64: 1>, dilations = array<i64: 1>} : tensor<1x2x3xf32> -> tensor<1x2x5xf32>
  return
}

// CHECK-LABEL: func.func @normalization
func.func @normalization(%x: tensor<2x3x4xf32>, %s: tensor<3xf32>) {
  // CHECK: nn.batch_norm %{{.*}}, %{{.*}}, %{{.*}} {epsilon = 1.000000e-05 : f64} : tensor<2x3x4xf32>, tensor<3xf32>, tensor<3xf32> -> tensor<2x3x4xf32>, tensor<3xf32>, tensor<3xf32>
  %y, %mean, %variance = nn.batch_norm %x, %s, %s {epsilon = 1.0e-5 : f64} : tensor<2x3x4xf32>, tensor<3xf32>, tensor<3xf32> -> tensor<2x3x4xf32>, tensor<3xf32>, tensor<3xf32>
  return
}

// CHECK-LABEL: func.func @shape
func.func @shape(%x: tensor<2x3xf32>, %i: tensor<2xi64>, %seed: tensor<i64>) {
  // CHECK: nn.constant dense<5.000000e-01> : tensor<2xf32>
  %0 = nn.constant dense<0.5> : tensor<2xf32>
  // CHECK: nn.reshape %{{.*}} : tensor<2x3xf32> -> tensor<6xf32>
  %1 = nn.reshape %x : tensor<2x3xf32> -> tensor<6xf32>
  // CHECK: nn.transpose %{{.*}} {permutation = array<i64: 1, 0>} : tensor<2x3xf32> -> tensor<3x2xf32>
  %2 = nn.transpose %x {permutation = array<i64: 1, 0>} : tensor<2x3xf32> -> tensor<3x2xf32>
  // CHECK: nn.broadcast %{{.*}} {dims = array<i64: 1, 2>} : tensor<2x3xf32> -> tensor<4x2x3xf32>
  %3 = nn.broadcast %x {dims = array<i64: 1, 2>} : tensor<2x3xf32> -> tensor<4x2x3xf32>
  // CHECK: nn.slice %{{.*}} {limits = array<i64: 2, 3>, starts = array<i64: 0, 1>, strides = array<i64: 1, 2>} : tensor<2x3xf32> -> tensor<2x1xf32>
  %4 = nn.slice %x {starts = array<i64: 0, 1>, limits = array<i64: 2, 3>, strides = array<i64: 1, 2>} : tensor<2x3xf32> -> tensor<2x1xf32>
  // CHECK: nn.pad %{{.*}} {high = array<i64: 0, 1>, interior = array<i64: 1, 0>, low = array<i64: 1, 0>, value = 2.500000e+00 : f64} : tensor<2x3xf32> -> tensor<4x4xf32>
  %5 = nn.pad %x {low = array<i64: 1, 0>, high = array<i64: 0, 1>, interior = array<i64: 1, 0>, value = 2.5 : f64} : tensor<2x3xf32> -> tensor<4x4xf32>
  // CHECK: nn.concat %{{.*}}, %{{.*}} {axis = 0 : i64} : tensor<2x3xf32>, tensor<2x3xf32> -> tensor<4x3xf32>
  %6 = nn.concat %x, %x {axis = 0} : tensor<2x3xf32>, tensor<2x3xf32> -> tensor<4x3xf32>
  // CHECK: nn.one_hot %{{.*}} {axis = 1 : i64} : tensor<2xi64> -> tensor<2x10xf32>
  %7 = nn.one_hot %i {axis = 1} : tensor<2xi64> -> tensor<2x10xf32>
  // CHECK: nn.random_uniform %{{.*}}, %{{.*}} {op = 3 : i32} : tensor<i64>, tensor<i64> -> tensor<2x3xf32>
  %8 = nn.random_uniform %seed, %seed {op = 3 : i32} : tensor<i64>, tensor<i64> -> tensor<2x3xf32>
  return
}
