// RUN: ntc-opt %s --pass-pipeline="builtin.module(train.program(ntc-verify-planned))" --split-input-file --verify-diagnostics -o /dev/null

// Slot 1 takes the place of slot 3, whose life has not begun: no error.
train.program @p {
  plan.kernel @copy(%x: tensor<32xf32>) -> tensor<32xf32> attributes {groups = 1 : i64, tile = array<i64: 0>} {
    %e = tensor.empty() : tensor<32xf32>
    %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<32xf32>) outs(%e : tensor<32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    } -> tensor<32xf32>
    plan.yield %y : tensor<32xf32>
  }
  plan.arena bytes = 384 align = 64 {
    plan.slot 0 "s0" : tensor<32xf32> offset = 0 role = "parameter"
    plan.slot 1 "s1" : tensor<32xf32> offset = 128 role = "activation" {entry = "predict.b1", live = array<i64: 0, 1>}
    plan.slot 2 "s2" : tensor<32xf32> offset = 256 role = "activation" {entry = "predict.b1", live = array<i64: 1, 2>}
    plan.slot 3 "s3" : tensor<32xf32> offset = 128 role = "activation" {entry = "predict.b1", live = array<i64: 2, 2>}
  }
  plan.entry @predict.b1 attributes {batch_size = 1 : i64, inputs = [], kind = #train.entry_kind<predict>, outputs = [{name = "y", slot = #plan.slot<3>, type = tensor<32xf32>}]} {
    plan.call @copy "copy" [#plan.slot<0>, #plan.slot<1>]
    plan.call @copy "copy" [#plan.slot<1>, #plan.slot<2>]
    plan.call @copy "copy" [#plan.slot<2>, #plan.slot<3>]
  }
}

// -----

// The range before slot 1 ends one cache line later than slot 1 begins.
train.program @p {
  plan.kernel @copy(%x: tensor<32xf32>) -> tensor<32xf32> attributes {groups = 1 : i64, tile = array<i64: 0>} {
    %e = tensor.empty() : tensor<32xf32>
    %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<32xf32>) outs(%e : tensor<32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    } -> tensor<32xf32>
    plan.yield %y : tensor<32xf32>
  }
  plan.arena bytes = 384 align = 64 {
    plan.slot 0 "s0" : tensor<32xf32> offset = 0 role = "parameter"
    // expected-error @+1 {{overlaps slot 0 (s0) while both are live}}
    plan.slot 1 "s1" : tensor<32xf32> offset = 64 role = "activation" {entry = "predict.b1", live = array<i64: 0, 0>}
  }
  plan.entry @predict.b1 attributes {batch_size = 1 : i64, inputs = [], kind = #train.entry_kind<predict>, outputs = [{name = "y", slot = #plan.slot<1>, type = tensor<32xf32>}]} {
    plan.call @copy "copy" [#plan.slot<0>, #plan.slot<1>]
  }
}

// -----

// A slot one cache line too small for its tensor.
train.program @p {
  plan.kernel @copy(%x: tensor<32xf32>) -> tensor<32xf32> attributes {groups = 1 : i64, tile = array<i64: 0>} {
    %e = tensor.empty() : tensor<32xf32>
    %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<32xf32>) outs(%e : tensor<32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    } -> tensor<32xf32>
    plan.yield %y : tensor<32xf32>
  }
  plan.arena bytes = 384 align = 64 {
    plan.slot 0 "s0" : tensor<32xf32> offset = 0 role = "parameter"
    plan.slot 1 "s1" : tensor<16xf32> offset = 128 role = "activation" {entry = "predict.b1", live = array<i64: 0, 0>}
  }
  plan.entry @predict.b1 attributes {batch_size = 1 : i64, inputs = [], kind = #train.entry_kind<predict>, outputs = [{name = "y", slot = #plan.slot<1>, type = tensor<32xf32>}]} {
    // expected-error @+1 {{operand 1 needs 128 bytes, slot 1 has 64}}
    plan.call @copy "copy" [#plan.slot<0>, #plan.slot<1>]
  }
}

// -----

// Slot 2 takes the place of slot 1 while slot 1 is still to be read.
train.program @p {
  plan.kernel @copy(%x: tensor<32xf32>) -> tensor<32xf32> attributes {groups = 1 : i64, tile = array<i64: 0>} {
    %e = tensor.empty() : tensor<32xf32>
    %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<32xf32>) outs(%e : tensor<32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    } -> tensor<32xf32>
    plan.yield %y : tensor<32xf32>
  }
  plan.arena bytes = 384 align = 64 {
    plan.slot 0 "s0" : tensor<32xf32> offset = 0 role = "parameter"
    plan.slot 1 "s1" : tensor<32xf32> offset = 128 role = "activation" {entry = "predict.b1", live = array<i64: 0, 1>}
    // expected-error @+1 {{overlaps slot 1 (s1) while both are live}}
    plan.slot 2 "s2" : tensor<32xf32> offset = 192 role = "activation" {entry = "predict.b1", live = array<i64: 1, 1>}
  }
  plan.entry @predict.b1 attributes {batch_size = 1 : i64, inputs = [], kind = #train.entry_kind<predict>, outputs = [{name = "y", slot = #plan.slot<2>, type = tensor<32xf32>}]} {
    plan.call @copy "copy" [#plan.slot<0>, #plan.slot<1>]
    plan.call @copy "copy" [#plan.slot<1>, #plan.slot<2>]
  }
}

// -----

// An output lives until the entry ends.
train.program @p {
  plan.kernel @copy(%x: tensor<32xf32>) -> tensor<32xf32> attributes {groups = 1 : i64, tile = array<i64: 0>} {
    %e = tensor.empty() : tensor<32xf32>
    %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<32xf32>) outs(%e : tensor<32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    } -> tensor<32xf32>
    plan.yield %y : tensor<32xf32>
  }
  plan.arena bytes = 384 align = 64 {
    plan.slot 0 "s0" : tensor<32xf32> offset = 0 role = "parameter"
    plan.slot 1 "s1" : tensor<32xf32> offset = 128 role = "activation" {entry = "predict.b1", live = array<i64: 0, 0>}
    // expected-error @+1 {{overlaps slot 1 (s1) while both are live}}
    plan.slot 2 "s2" : tensor<32xf32> offset = 128 role = "activation" {entry = "predict.b1", live = array<i64: 1, 1>}
  }
  plan.entry @predict.b1 attributes {batch_size = 1 : i64, inputs = [], kind = #train.entry_kind<predict>, outputs = [{name = "y", slot = #plan.slot<1>, type = tensor<32xf32>}]} {
    plan.call @copy "copy" [#plan.slot<0>, #plan.slot<1>]
    plan.call @copy "copy" [#plan.slot<0>, #plan.slot<2>]
  }
}

// -----

train.program @p {
  plan.kernel @copy(%x: tensor<32xf32>) -> tensor<32xf32> attributes {groups = 1 : i64, tile = array<i64: 0>} {
    %e = tensor.empty() : tensor<32xf32>
    %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<32xf32>) outs(%e : tensor<32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    } -> tensor<32xf32>
    plan.yield %y : tensor<32xf32>
  }
  plan.arena bytes = 192 align = 64 {
    plan.slot 0 "s0" : tensor<32xf32> offset = 0 role = "parameter"
    // expected-error @+1 {{leaves the arena of 192 bytes}}
    plan.slot 1 "s1" : tensor<32xf32> offset = 128 role = "activation" {entry = "predict.b1", live = array<i64: 0, 0>}
  }
  plan.entry @predict.b1 attributes {batch_size = 1 : i64, inputs = [], kind = #train.entry_kind<predict>, outputs = [{name = "y", slot = #plan.slot<1>, type = tensor<32xf32>}]} {
    plan.call @copy "copy" [#plan.slot<0>, #plan.slot<1>]
  }
}

// -----

train.program @p {
  plan.kernel @copy(%x: tensor<32xf32>) -> tensor<32xf32> attributes {groups = 1 : i64, tile = array<i64: 0>} {
    %e = tensor.empty() : tensor<32xf32>
    %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<32xf32>) outs(%e : tensor<32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    } -> tensor<32xf32>
    plan.yield %y : tensor<32xf32>
  }
  plan.arena bytes = 384 align = 64 {
    plan.slot 0 "s0" : tensor<32xf32> offset = 0 role = "parameter"
    // expected-error @+1 {{or its alignment of 64}}
    plan.slot 1 "s1" : tensor<32xf32> offset = 160 role = "activation" {entry = "predict.b1", live = array<i64: 0, 0>}
  }
  plan.entry @predict.b1 attributes {batch_size = 1 : i64, inputs = [], kind = #train.entry_kind<predict>, outputs = [{name = "y", slot = #plan.slot<1>, type = tensor<32xf32>}]} {
    plan.call @copy "copy" [#plan.slot<0>, #plan.slot<1>]
  }
}

// -----

train.program @p {
  plan.kernel @copy(%x: tensor<32xf32>) -> tensor<32xf32> attributes {groups = 1 : i64, tile = array<i64: 0>} {
    %e = tensor.empty() : tensor<32xf32>
    %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<32xf32>) outs(%e : tensor<32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    } -> tensor<32xf32>
    plan.yield %y : tensor<32xf32>
  }
  plan.arena bytes = 384 align = 64 {
    plan.slot 0 "s0" : tensor<32xf32> offset = 0 role = "parameter"
    plan.slot 1 "s1" : tensor<32xf32> offset = 128 role = "activation" {entry = "predict.b1", live = array<i64: 0, 0>}
    plan.slot 2 "s2" : tensor<32xf32> offset = 256 role = "activation" {entry = "predict.b1", live = array<i64: 0, 0>}
  }
  plan.entry @predict.b1 attributes {batch_size = 1 : i64, inputs = [], kind = #train.entry_kind<predict>, outputs = [{name = "y", slot = #plan.slot<1>, type = tensor<32xf32>}]} {
    // expected-error @+1 {{reads slot 2, which nothing has written}}
    plan.call @copy "copy" [#plan.slot<2>, #plan.slot<1>]
  }
}

// -----

train.program @p {
  plan.kernel @copy(%x: tensor<32xf32>) -> tensor<32xf32> attributes {groups = 1 : i64, tile = array<i64: 0>} {
    %e = tensor.empty() : tensor<32xf32>
    %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<32xf32>) outs(%e : tensor<32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    } -> tensor<32xf32>
    plan.yield %y : tensor<32xf32>
  }
  plan.arena bytes = 384 align = 64 {
    plan.slot 0 "s0" : tensor<32xf32> offset = 0 role = "parameter"
  }
  plan.entry @predict.b1 attributes {batch_size = 1 : i64, inputs = [], kind = #train.entry_kind<predict>, outputs = [{name = "y", slot = #plan.slot<0>, type = tensor<32xf32>}]} {
    // expected-error @+1 {{operand 1 is slot 7, which does not exist}}
    plan.call @copy "copy" [#plan.slot<0>, #plan.slot<7>]
  }
}
