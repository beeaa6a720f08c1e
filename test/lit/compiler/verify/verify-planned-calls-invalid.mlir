// RUN: ntc-opt %s --pass-pipeline="builtin.module(train.program(ntc-verify-planned))" --split-input-file --verify-diagnostics -o /dev/null

// Tiles of 4 in 32 indices are 8 groups; a result may replace its argument: no error.
train.program @p {
  plan.kernel @copy(%x: tensor<32xf32>) -> tensor<32xf32> attributes {groups = 8 : i64, tile = array<i64: 4>, outer = 0 : i64} {
    %e = tensor.empty() : tensor<32xf32>
    %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<32xf32>) outs(%e : tensor<32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    } -> tensor<32xf32>
    plan.yield %y : tensor<32xf32>
  }
  plan.arena bytes = 1024 align = 64 {
    plan.slot 0 "s0" : tensor<32xf32> offset = 0 role = "parameter"
    plan.slot 1 "s1" : tensor<32xf32> offset = 128 role = "activation" {entry = "predict.b1", live = array<i64: 0, 1>}
  }
  plan.entry @predict.b1 attributes {batch_size = 1 : i64, inputs = [], kind = #train.entry_kind<predict>, outputs = [{name = "y", slot = #plan.slot<1>, type = tensor<32xf32>}]} {
    plan.call @copy "copy" [#plan.slot<0>, #plan.slot<1>]
    plan.call @copy "copy" [#plan.slot<1>, #plan.slot<1>]
  }
}

// -----

// Groups without tiles.
train.program @p {
  // expected-error @+1 {{has 64 groups of work, its tiles are 1}}
  plan.kernel @copy(%x: tensor<32xf32>) -> tensor<32xf32> attributes {groups = 64 : i64, tile = array<i64>} {
    %e = tensor.empty() : tensor<32xf32>
    %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<32xf32>) outs(%e : tensor<32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    } -> tensor<32xf32>
    plan.yield %y : tensor<32xf32>
  }
  plan.arena bytes = 1024 align = 64 {
    plan.slot 0 "s0" : tensor<32xf32> offset = 0 role = "parameter"
    plan.slot 1 "s1" : tensor<32xf32> offset = 128 role = "activation" {entry = "predict.b1", live = array<i64: 0, 0>}
  }
  plan.entry @predict.b1 attributes {batch_size = 1 : i64, inputs = [], kind = #train.entry_kind<predict>, outputs = [{name = "y", slot = #plan.slot<1>, type = tensor<32xf32>}]} {
    plan.call @copy "copy" [#plan.slot<0>, #plan.slot<1>]
  }
}

// -----

// Fewer groups than tiles.
train.program @p {
  // expected-error @+1 {{has 7 groups of work, its tiles are 8}}
  plan.kernel @copy(%x: tensor<32xf32>) -> tensor<32xf32> attributes {groups = 7 : i64, tile = array<i64: 4>} {
    %e = tensor.empty() : tensor<32xf32>
    %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<32xf32>) outs(%e : tensor<32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    } -> tensor<32xf32>
    plan.yield %y : tensor<32xf32>
  }
  plan.arena bytes = 1024 align = 64 {
    plan.slot 0 "s0" : tensor<32xf32> offset = 0 role = "parameter"
    plan.slot 1 "s1" : tensor<32xf32> offset = 128 role = "activation" {entry = "predict.b1", live = array<i64: 0, 0>}
  }
  plan.entry @predict.b1 attributes {batch_size = 1 : i64, inputs = [], kind = #train.entry_kind<predict>, outputs = [{name = "y", slot = #plan.slot<1>, type = tensor<32xf32>}]} {
    plan.call @copy "copy" [#plan.slot<0>, #plan.slot<1>]
  }
}

// -----

// A tile of a label that does not exist.
train.program @p {
  // expected-error @+1 {{has 2 tile sizes, its iteration space 1 labels}}
  plan.kernel @copy(%x: tensor<32xf32>) -> tensor<32xf32> attributes {groups = 1 : i64, tile = array<i64: 0, 0>} {
    %e = tensor.empty() : tensor<32xf32>
    %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<32xf32>) outs(%e : tensor<32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    } -> tensor<32xf32>
    plan.yield %y : tensor<32xf32>
  }
  plan.arena bytes = 1024 align = 64 {
    plan.slot 0 "s0" : tensor<32xf32> offset = 0 role = "parameter"
    plan.slot 1 "s1" : tensor<32xf32> offset = 128 role = "activation" {entry = "predict.b1", live = array<i64: 0, 0>}
  }
  plan.entry @predict.b1 attributes {batch_size = 1 : i64, inputs = [], kind = #train.entry_kind<predict>, outputs = [{name = "y", slot = #plan.slot<1>, type = tensor<32xf32>}]} {
    plan.call @copy "copy" [#plan.slot<0>, #plan.slot<1>]
  }
}

// -----

// A tile larger than what it cuts.
train.program @p {
  // expected-error @+1 {{has a tile of 33 in 32 indices}}
  plan.kernel @copy(%x: tensor<32xf32>) -> tensor<32xf32> attributes {groups = 1 : i64, tile = array<i64: 33>} {
    %e = tensor.empty() : tensor<32xf32>
    %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<32xf32>) outs(%e : tensor<32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    } -> tensor<32xf32>
    plan.yield %y : tensor<32xf32>
  }
  plan.arena bytes = 1024 align = 64 {
    plan.slot 0 "s0" : tensor<32xf32> offset = 0 role = "parameter"
    plan.slot 1 "s1" : tensor<32xf32> offset = 128 role = "activation" {entry = "predict.b1", live = array<i64: 0, 0>}
  }
  plan.entry @predict.b1 attributes {batch_size = 1 : i64, inputs = [], kind = #train.entry_kind<predict>, outputs = [{name = "y", slot = #plan.slot<1>, type = tensor<32xf32>}]} {
    plan.call @copy "copy" [#plan.slot<0>, #plan.slot<1>]
  }
}

// -----

// A negative tile.
train.program @p {
  // expected-error @+1 {{has a tile of -4 in 32 indices}}
  plan.kernel @copy(%x: tensor<32xf32>) -> tensor<32xf32> attributes {groups = 1 : i64, tile = array<i64: -4>} {
    %e = tensor.empty() : tensor<32xf32>
    %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<32xf32>) outs(%e : tensor<32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    } -> tensor<32xf32>
    plan.yield %y : tensor<32xf32>
  }
  plan.arena bytes = 1024 align = 64 {
    plan.slot 0 "s0" : tensor<32xf32> offset = 0 role = "parameter"
    plan.slot 1 "s1" : tensor<32xf32> offset = 128 role = "activation" {entry = "predict.b1", live = array<i64: 0, 0>}
  }
  plan.entry @predict.b1 attributes {batch_size = 1 : i64, inputs = [], kind = #train.entry_kind<predict>, outputs = [{name = "y", slot = #plan.slot<1>, type = tensor<32xf32>}]} {
    plan.call @copy "copy" [#plan.slot<0>, #plan.slot<1>]
  }
}

// -----

// An outer label that does not exist.
train.program @p {
  // expected-error @+1 {{has no label 1 to count slowest}}
  plan.kernel @copy(%x: tensor<32xf32>) -> tensor<32xf32> attributes {groups = 1 : i64, tile = array<i64: 0>, outer = 1 : i64} {
    %e = tensor.empty() : tensor<32xf32>
    %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<32xf32>) outs(%e : tensor<32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    } -> tensor<32xf32>
    plan.yield %y : tensor<32xf32>
  }
  plan.arena bytes = 1024 align = 64 {
    plan.slot 0 "s0" : tensor<32xf32> offset = 0 role = "parameter"
    plan.slot 1 "s1" : tensor<32xf32> offset = 128 role = "activation" {entry = "predict.b1", live = array<i64: 0, 0>}
  }
  plan.entry @predict.b1 attributes {batch_size = 1 : i64, inputs = [], kind = #train.entry_kind<predict>, outputs = [{name = "y", slot = #plan.slot<1>, type = tensor<32xf32>}]} {
    plan.call @copy "copy" [#plan.slot<0>, #plan.slot<1>]
  }
}

// -----

// Groups are not less than none.
train.program @p {
  // expected-error @+1 {{has -1 groups of work, its tiles are 1}}
  plan.kernel @copy(%x: tensor<32xf32>) -> tensor<32xf32> attributes {groups = -1 : i64, tile = array<i64: 0>} {
    %e = tensor.empty() : tensor<32xf32>
    %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<32xf32>) outs(%e : tensor<32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    } -> tensor<32xf32>
    plan.yield %y : tensor<32xf32>
  }
  plan.arena bytes = 1024 align = 64 {
    plan.slot 0 "s0" : tensor<32xf32> offset = 0 role = "parameter"
    plan.slot 1 "s1" : tensor<32xf32> offset = 128 role = "activation" {entry = "predict.b1", live = array<i64: 0, 0>}
  }
  plan.entry @predict.b1 attributes {batch_size = 1 : i64, inputs = [], kind = #train.entry_kind<predict>, outputs = [{name = "y", slot = #plan.slot<1>, type = tensor<32xf32>}]} {
    plan.call @copy "copy" [#plan.slot<0>, #plan.slot<1>]
  }
}

// -----

// Calls of one group follow each other on one thread: no error.
train.program @p {
  plan.kernel @copy(%x: tensor<32xf32>) -> tensor<32xf32> attributes {groups = 1 : i64, tile = array<i64: 0>} {
    %e = tensor.empty() : tensor<32xf32>
    %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<32xf32>) outs(%e : tensor<32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    } -> tensor<32xf32>
    plan.yield %y : tensor<32xf32>
  }
  plan.arena bytes = 1024 align = 64 {
    plan.slot 0 "s0" : tensor<32xf32> offset = 0 role = "parameter"
    plan.slot 1 "s1" : tensor<32xf32> offset = 128 role = "activation" {entry = "predict.b1", live = array<i64: 0, 1>}
    plan.slot 2 "s2" : tensor<32xf32> offset = 256 role = "activation" {entry = "predict.b1", live = array<i64: 1, 1>}
  }
  plan.entry @predict.b1 attributes {batch_size = 1 : i64, inputs = [], kind = #train.entry_kind<predict>, outputs = [{name = "y", slot = #plan.slot<1>, type = tensor<32xf32>}]} {
    plan.call @copy "copy" [#plan.slot<0>, #plan.slot<1>] {concurrent}
    plan.call @copy "copy" [#plan.slot<1>, #plan.slot<2>]
  }
}

// -----

// Several threads run the next call, before the first is done.
train.program @p {
  plan.kernel @copy(%x: tensor<32xf32>) -> tensor<32xf32> attributes {groups = 1 : i64, tile = array<i64: 0>} {
    %e = tensor.empty() : tensor<32xf32>
    %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<32xf32>) outs(%e : tensor<32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    } -> tensor<32xf32>
    plan.yield %y : tensor<32xf32>
  }
  plan.kernel @parts(%x: tensor<32xf32>) -> tensor<32xf32> attributes {groups = 8 : i64, tile = array<i64: 4>} {
    %e = tensor.empty() : tensor<32xf32>
    %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<32xf32>) outs(%e : tensor<32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    } -> tensor<32xf32>
    plan.yield %y : tensor<32xf32>
  }
  plan.arena bytes = 1024 align = 64 {
    plan.slot 0 "s0" : tensor<32xf32> offset = 0 role = "parameter"
    plan.slot 1 "s1" : tensor<32xf32> offset = 128 role = "activation" {entry = "predict.b1", live = array<i64: 0, 1>}
    plan.slot 2 "s2" : tensor<32xf32> offset = 256 role = "activation" {entry = "predict.b1", live = array<i64: 1, 1>}
  }
  plan.entry @predict.b1 attributes {batch_size = 1 : i64, inputs = [], kind = #train.entry_kind<predict>, outputs = [{name = "y", slot = #plan.slot<1>, type = tensor<32xf32>}]} {
    // expected-error @+1 {{is concurrent, but @parts has 8 groups of work}}
    plan.call @copy "copy" [#plan.slot<0>, #plan.slot<1>] {concurrent}
    plan.call @parts "copy" [#plan.slot<1>, #plan.slot<2>]
  }
}

// -----

// Several threads run the call itself.
train.program @p {
  plan.kernel @copy(%x: tensor<32xf32>) -> tensor<32xf32> attributes {groups = 1 : i64, tile = array<i64: 0>} {
    %e = tensor.empty() : tensor<32xf32>
    %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<32xf32>) outs(%e : tensor<32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    } -> tensor<32xf32>
    plan.yield %y : tensor<32xf32>
  }
  plan.kernel @parts(%x: tensor<32xf32>) -> tensor<32xf32> attributes {groups = 8 : i64, tile = array<i64: 4>} {
    %e = tensor.empty() : tensor<32xf32>
    %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<32xf32>) outs(%e : tensor<32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    } -> tensor<32xf32>
    plan.yield %y : tensor<32xf32>
  }
  plan.arena bytes = 1024 align = 64 {
    plan.slot 0 "s0" : tensor<32xf32> offset = 0 role = "parameter"
    plan.slot 1 "s1" : tensor<32xf32> offset = 128 role = "activation" {entry = "predict.b1", live = array<i64: 0, 1>}
    plan.slot 2 "s2" : tensor<32xf32> offset = 256 role = "activation" {entry = "predict.b1", live = array<i64: 1, 1>}
  }
  plan.entry @predict.b1 attributes {batch_size = 1 : i64, inputs = [], kind = #train.entry_kind<predict>, outputs = [{name = "y", slot = #plan.slot<1>, type = tensor<32xf32>}]} {
    // expected-error @+1 {{is concurrent, but @parts has 8 groups of work}}
    plan.call @parts "copy" [#plan.slot<0>, #plan.slot<1>] {concurrent}
    plan.call @copy "copy" [#plan.slot<1>, #plan.slot<2>]
  }
}

// -----

// Outputs are read behind the last call.
train.program @p {
  plan.kernel @copy(%x: tensor<32xf32>) -> tensor<32xf32> attributes {groups = 1 : i64, tile = array<i64: 0>} {
    %e = tensor.empty() : tensor<32xf32>
    %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<32xf32>) outs(%e : tensor<32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    } -> tensor<32xf32>
    plan.yield %y : tensor<32xf32>
  }
  plan.arena bytes = 1024 align = 64 {
    plan.slot 0 "s0" : tensor<32xf32> offset = 0 role = "parameter"
    plan.slot 1 "s1" : tensor<32xf32> offset = 128 role = "activation" {entry = "predict.b1", live = array<i64: 0, 0>}
  }
  plan.entry @predict.b1 attributes {batch_size = 1 : i64, inputs = [], kind = #train.entry_kind<predict>, outputs = [{name = "y", slot = #plan.slot<1>, type = tensor<32xf32>}]} {
    // expected-error @+1 {{is concurrent, but no call follows}}
    plan.call @copy "copy" [#plan.slot<0>, #plan.slot<1>] {concurrent}
  }
}

// -----

// What is written in place is read by another group, and after it was written.
train.program @p {
  plan.kernel @copy(%x: tensor<32xf32>) -> tensor<32xf32> attributes {groups = 1 : i64, tile = array<i64: 0>} {
    %e = tensor.empty() : tensor<32xf32>
    %y = linalg.generic {indexing_maps = [affine_map<(i) -> (31 - i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<32xf32>) outs(%e : tensor<32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    } -> tensor<32xf32>
    plan.yield %y : tensor<32xf32>
  }
  plan.arena bytes = 1024 align = 64 {
    plan.slot 0 "s0" : tensor<32xf32> offset = 0 role = "parameter"
    plan.slot 1 "s1" : tensor<32xf32> offset = 128 role = "activation" {entry = "predict.b1", live = array<i64: 0, 1>}
  }
  plan.entry @predict.b1 attributes {batch_size = 1 : i64, inputs = [], kind = #train.entry_kind<predict>, outputs = [{name = "y", slot = #plan.slot<1>, type = tensor<32xf32>}]} {
    plan.call @copy "copy" [#plan.slot<0>, #plan.slot<1>]
    // expected-error @+1 {{operands 0 and 1 are one slot, but the old value is read elsewhere or later than it is replaced}}
    plan.call @copy "copy" [#plan.slot<1>, #plan.slot<1>]
  }
}

// -----

// The old value is read after it was replaced.
train.program @p {
  plan.kernel @two(%x: tensor<32xf32>) -> (tensor<32xf32>, tensor<32xf32>) attributes {groups = 1 : i64, tile = array<i64>} {
    %e = tensor.empty() : tensor<32xf32>
    %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<32xf32>) outs(%e : tensor<32xf32>) {
    ^bb0(%a: f32, %b: f32):
      %n = arith.negf %a : f32
      linalg.yield %n : f32
    } -> tensor<32xf32>
    %z = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<32xf32>) outs(%e : tensor<32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    } -> tensor<32xf32>
    plan.yield %y, %z : tensor<32xf32>, tensor<32xf32>
  }
  plan.arena bytes = 1024 align = 64 {
    plan.slot 0 "s0" : tensor<32xf32> offset = 0 role = "parameter"
    plan.slot 1 "s1" : tensor<32xf32> offset = 128 role = "activation" {entry = "predict.b1", live = array<i64: 0, 0>}
  }
  plan.entry @predict.b1 attributes {batch_size = 1 : i64, inputs = [], kind = #train.entry_kind<predict>, outputs = [{name = "y", slot = #plan.slot<1>, type = tensor<32xf32>}]} {
    // expected-error @+1 {{operands 0 and 1 are one slot, but the old value is read elsewhere or later}}
    plan.call @two "copy" [#plan.slot<0>, #plan.slot<0>, #plan.slot<1>]
  }
}

// -----

// The last reader may replace it: no error.
train.program @p {
  plan.kernel @two(%x: tensor<32xf32>) -> (tensor<32xf32>, tensor<32xf32>) attributes {groups = 1 : i64, tile = array<i64>} {
    %e = tensor.empty() : tensor<32xf32>
    %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<32xf32>) outs(%e : tensor<32xf32>) {
    ^bb0(%a: f32, %b: f32):
      %n = arith.negf %a : f32
      linalg.yield %n : f32
    } -> tensor<32xf32>
    %z = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<32xf32>) outs(%e : tensor<32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    } -> tensor<32xf32>
    plan.yield %y, %z : tensor<32xf32>, tensor<32xf32>
  }
  plan.arena bytes = 1024 align = 64 {
    plan.slot 0 "s0" : tensor<32xf32> offset = 0 role = "parameter"
    plan.slot 1 "s1" : tensor<32xf32> offset = 128 role = "activation" {entry = "predict.b1", live = array<i64: 0, 0>}
  }
  plan.entry @predict.b1 attributes {batch_size = 1 : i64, inputs = [], kind = #train.entry_kind<predict>, outputs = [{name = "y", slot = #plan.slot<1>, type = tensor<32xf32>}]} {
    plan.call @two "copy" [#plan.slot<0>, #plan.slot<1>, #plan.slot<0>]
  }
}

// -----

// Two results in one slot.
train.program @p {
  plan.kernel @two(%x: tensor<32xf32>) -> (tensor<32xf32>, tensor<32xf32>) attributes {groups = 1 : i64, tile = array<i64>} {
    %e = tensor.empty() : tensor<32xf32>
    %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<32xf32>) outs(%e : tensor<32xf32>) {
    ^bb0(%a: f32, %b: f32):
      %n = arith.negf %a : f32
      linalg.yield %n : f32
    } -> tensor<32xf32>
    %z = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<32xf32>) outs(%e : tensor<32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    } -> tensor<32xf32>
    plan.yield %y, %z : tensor<32xf32>, tensor<32xf32>
  }
  plan.arena bytes = 1024 align = 64 {
    plan.slot 0 "s0" : tensor<32xf32> offset = 0 role = "parameter"
    plan.slot 1 "s1" : tensor<32xf32> offset = 128 role = "activation" {entry = "predict.b1", live = array<i64: 0, 0>}
  }
  plan.entry @predict.b1 attributes {batch_size = 1 : i64, inputs = [], kind = #train.entry_kind<predict>, outputs = [{name = "y", slot = #plan.slot<1>, type = tensor<32xf32>}]} {
    // expected-error @+1 {{operands 1 and 2 are one slot, but both are written}}
    plan.call @two "copy" [#plan.slot<0>, #plan.slot<1>, #plan.slot<1>]
  }
}

// -----

// A workspace that the kernel does not need.
train.program @p {
  plan.kernel @copy(%x: tensor<32xf32>) -> tensor<32xf32> attributes {groups = 1 : i64, tile = array<i64: 0>} {
    %e = tensor.empty() : tensor<32xf32>
    %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<32xf32>) outs(%e : tensor<32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    } -> tensor<32xf32>
    plan.yield %y : tensor<32xf32>
  }
  plan.arena bytes = 1024 align = 64 {
    plan.slot 0 "s0" : tensor<32xf32> offset = 0 role = "parameter"
    plan.slot 1 "s1" : tensor<32xf32> offset = 128 role = "activation" {entry = "predict.b1", live = array<i64: 0, 0>}
    plan.slot 2 "s2" : tensor<32xf32> offset = 256 role = "activation" {entry = "predict.b1", live = array<i64: 0, 0>}
  }
  plan.entry @predict.b1 attributes {batch_size = 1 : i64, inputs = [], kind = #train.entry_kind<predict>, outputs = [{name = "y", slot = #plan.slot<1>, type = tensor<32xf32>}]} {
    // expected-error @+1 {{has 3 operands, its kernel 2}}
    plan.call @copy "copy" [#plan.slot<0>, #plan.slot<1>, #plan.slot<2>]
  }
}

// -----

// An output slot that does not exist.
train.program @p {
  plan.kernel @copy(%x: tensor<32xf32>) -> tensor<32xf32> attributes {groups = 1 : i64, tile = array<i64: 0>} {
    %e = tensor.empty() : tensor<32xf32>
    %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<32xf32>) outs(%e : tensor<32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    } -> tensor<32xf32>
    plan.yield %y : tensor<32xf32>
  }
  plan.arena bytes = 1024 align = 64 {
    plan.slot 0 "s0" : tensor<32xf32> offset = 0 role = "parameter"
    plan.slot 1 "s1" : tensor<32xf32> offset = 128 role = "activation" {entry = "predict.b1", live = array<i64: 0, 0>}
  }
  // expected-error @+1 {{has an output in slot -4000000, which does not exist}}
  plan.entry @predict.b1 attributes {batch_size = 1 : i64, inputs = [], kind = #train.entry_kind<predict>, outputs = [{name = "y", slot = #plan.slot<-4000000>, type = tensor<32xf32>}]} {
    plan.call @copy "copy" [#plan.slot<0>, #plan.slot<1>]
  }
}

// -----

// An output slot that does not exist.
train.program @p {
  plan.kernel @copy(%x: tensor<32xf32>) -> tensor<32xf32> attributes {groups = 1 : i64, tile = array<i64: 0>} {
    %e = tensor.empty() : tensor<32xf32>
    %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<32xf32>) outs(%e : tensor<32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    } -> tensor<32xf32>
    plan.yield %y : tensor<32xf32>
  }
  plan.arena bytes = 1024 align = 64 {
    plan.slot 0 "s0" : tensor<32xf32> offset = 0 role = "parameter"
    plan.slot 1 "s1" : tensor<32xf32> offset = 128 role = "activation" {entry = "predict.b1", live = array<i64: 0, 0>}
  }
  // expected-error @+1 {{has an output in slot 9, which does not exist}}
  plan.entry @predict.b1 attributes {batch_size = 1 : i64, inputs = [], kind = #train.entry_kind<predict>, outputs = [{name = "y", slot = #plan.slot<9>, type = tensor<32xf32>}]} {
    plan.call @copy "copy" [#plan.slot<0>, #plan.slot<1>]
  }
}

// -----

// A count in a slot that does not exist.
train.program @p {
  plan.kernel @copy(%x: tensor<32xf32>) -> tensor<32xf32> attributes {groups = 1 : i64, tile = array<i64: 0>} {
    %e = tensor.empty() : tensor<32xf32>
    %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<32xf32>) outs(%e : tensor<32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    } -> tensor<32xf32>
    plan.yield %y : tensor<32xf32>
  }
  plan.arena bytes = 1024 align = 64 {
    plan.slot 0 "s0" : tensor<32xf32> offset = 0 role = "parameter"
    plan.slot 1 "s1" : tensor<32xf32> offset = 128 role = "activation" {entry = "predict.b1", live = array<i64: 0, 0>}
  }
  // expected-error @+1 {{has an output in slot -1, which does not exist}}
  plan.entry @predict.b1 attributes {batch_size = 1 : i64, inputs = [], kind = #train.entry_kind<predict>, outputs = [{name = "y", slot = #plan.slot<1>, count_slot = #plan.slot<-1>, type = tensor<32xf32>}]} {
    plan.call @copy "copy" [#plan.slot<0>, #plan.slot<1>]
  }
}

// -----

// An output that nothing computes.
train.program @p {
  plan.kernel @copy(%x: tensor<32xf32>) -> tensor<32xf32> attributes {groups = 1 : i64, tile = array<i64: 0>} {
    %e = tensor.empty() : tensor<32xf32>
    %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<32xf32>) outs(%e : tensor<32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    } -> tensor<32xf32>
    plan.yield %y : tensor<32xf32>
  }
  plan.arena bytes = 1024 align = 64 {
    plan.slot 0 "s0" : tensor<32xf32> offset = 0 role = "parameter"
    plan.slot 1 "s1" : tensor<32xf32> offset = 128 role = "activation" {entry = "predict.b1", live = array<i64: 0, 0>}
    plan.slot 2 "s2" : tensor<32xf32> offset = 256 role = "activation" {entry = "predict.b1", live = array<i64: 0, 0>}
  }
  // expected-error @+1 {{has an output in slot 2, which nothing has written}}
  plan.entry @predict.b1 attributes {batch_size = 1 : i64, inputs = [], kind = #train.entry_kind<predict>, outputs = [{name = "y", slot = #plan.slot<2>, type = tensor<32xf32>}]} {
    plan.call @copy "copy" [#plan.slot<0>, #plan.slot<1>]
  }
}

// -----

// An output larger than its slot.
train.program @p {
  plan.kernel @copy(%x: tensor<32xf32>) -> tensor<32xf32> attributes {groups = 1 : i64, tile = array<i64: 0>} {
    %e = tensor.empty() : tensor<32xf32>
    %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<32xf32>) outs(%e : tensor<32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    } -> tensor<32xf32>
    plan.yield %y : tensor<32xf32>
  }
  plan.arena bytes = 1024 align = 64 {
    plan.slot 0 "s0" : tensor<32xf32> offset = 0 role = "parameter"
    plan.slot 1 "s1" : tensor<32xf32> offset = 128 role = "activation" {entry = "predict.b1", live = array<i64: 0, 0>}
  }
  // expected-error @+1 {{has an output of 256 bytes in slot 1 of 128}}
  plan.entry @predict.b1 attributes {batch_size = 1 : i64, inputs = [], kind = #train.entry_kind<predict>, outputs = [{name = "y", slot = #plan.slot<1>, type = tensor<64xf32>}]} {
    plan.call @copy "copy" [#plan.slot<0>, #plan.slot<1>]
  }
}

// -----

// An output without a slot.
train.program @p {
  plan.kernel @copy(%x: tensor<32xf32>) -> tensor<32xf32> attributes {groups = 1 : i64, tile = array<i64: 0>} {
    %e = tensor.empty() : tensor<32xf32>
    %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<32xf32>) outs(%e : tensor<32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    } -> tensor<32xf32>
    plan.yield %y : tensor<32xf32>
  }
  plan.arena bytes = 1024 align = 64 {
    plan.slot 0 "s0" : tensor<32xf32> offset = 0 role = "parameter"
    plan.slot 1 "s1" : tensor<32xf32> offset = 128 role = "activation" {entry = "predict.b1", live = array<i64: 0, 0>}
  }
  // expected-error @+1 {{has an output without a name, the type of a tensor or a slot}}
  plan.entry @predict.b1 attributes {batch_size = 1 : i64, inputs = [], kind = #train.entry_kind<predict>, outputs = [{name = "y", type = tensor<32xf32>}]} {
    plan.call @copy "copy" [#plan.slot<0>, #plan.slot<1>]
  }
}

// -----

// An entry without a life.
train.program @p {
  plan.kernel @copy(%x: tensor<32xf32>) -> tensor<32xf32> attributes {groups = 1 : i64, tile = array<i64: 0>} {
    %e = tensor.empty() : tensor<32xf32>
    %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<32xf32>) outs(%e : tensor<32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    } -> tensor<32xf32>
    plan.yield %y : tensor<32xf32>
  }
  plan.arena bytes = 1024 align = 64 {
    plan.slot 0 "s0" : tensor<32xf32> offset = 0 role = "parameter"
    // expected-error @+1 {{needs a first and a last call exactly if it has an entry, found 0 numbers}}
    plan.slot 1 "s1" : tensor<32xf32> offset = 128 role = "activation" {entry = "predict.b1", live = array<i64>}
  }
  plan.entry @predict.b1 attributes {batch_size = 1 : i64, inputs = [], kind = #train.entry_kind<predict>, outputs = [{name = "y", slot = #plan.slot<1>, type = tensor<32xf32>}]} {
    plan.call @copy "copy" [#plan.slot<0>, #plan.slot<1>]
  }
}

// -----

// An entry that does not exist.
train.program @p {
  plan.kernel @copy(%x: tensor<32xf32>) -> tensor<32xf32> attributes {groups = 1 : i64, tile = array<i64: 0>} {
    %e = tensor.empty() : tensor<32xf32>
    %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<32xf32>) outs(%e : tensor<32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    } -> tensor<32xf32>
    plan.yield %y : tensor<32xf32>
  }
  plan.arena bytes = 1024 align = 64 {
    plan.slot 0 "s0" : tensor<32xf32> offset = 0 role = "parameter"
    // expected-error @+1 {{belongs to no entry: "predict.b2"}}
    plan.slot 1 "s1" : tensor<32xf32> offset = 128 role = "activation" {entry = "predict.b2", live = array<i64: 0, 0>}
  }
  plan.entry @predict.b1 attributes {batch_size = 1 : i64, inputs = [], kind = #train.entry_kind<predict>, outputs = [{name = "y", slot = #plan.slot<1>, type = tensor<32xf32>}]} {
    plan.call @copy "copy" [#plan.slot<0>, #plan.slot<1>]
  }
}

// -----

// A life that ends too early.
train.program @p {
  plan.kernel @copy(%x: tensor<32xf32>) -> tensor<32xf32> attributes {groups = 1 : i64, tile = array<i64: 0>} {
    %e = tensor.empty() : tensor<32xf32>
    %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<32xf32>) outs(%e : tensor<32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    } -> tensor<32xf32>
    plan.yield %y : tensor<32xf32>
  }
  plan.arena bytes = 1024 align = 64 {
    plan.slot 0 "s0" : tensor<32xf32> offset = 0 role = "parameter"
    // expected-error @+1 {{says that it lives from call 0 to 0, but calls of "predict.b1" use it from 0 to 1}}
    plan.slot 1 "s1" : tensor<32xf32> offset = 128 role = "activation" {entry = "predict.b1", live = array<i64: 0, 0>}
    plan.slot 2 "s2" : tensor<32xf32> offset = 256 role = "activation" {entry = "predict.b1", live = array<i64: 1, 1>}
  }
  plan.entry @predict.b1 attributes {batch_size = 1 : i64, inputs = [], kind = #train.entry_kind<predict>, outputs = [{name = "y", slot = #plan.slot<2>, type = tensor<32xf32>}]} {
    plan.call @copy "copy" [#plan.slot<0>, #plan.slot<1>]
    plan.call @copy "copy" [#plan.slot<1>, #plan.slot<2>]
  }
}

// -----

// A life that begins too late.
train.program @p {
  plan.kernel @copy(%x: tensor<32xf32>) -> tensor<32xf32> attributes {groups = 1 : i64, tile = array<i64: 0>} {
    %e = tensor.empty() : tensor<32xf32>
    %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<32xf32>) outs(%e : tensor<32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    } -> tensor<32xf32>
    plan.yield %y : tensor<32xf32>
  }
  plan.arena bytes = 1024 align = 64 {
    plan.slot 0 "s0" : tensor<32xf32> offset = 0 role = "parameter"
    // expected-error @+1 {{says that it lives from call 1 to 1, but calls of "predict.b1" use it from 0 to 1}}
    plan.slot 1 "s1" : tensor<32xf32> offset = 128 role = "activation" {entry = "predict.b1", live = array<i64: 1, 1>}
    plan.slot 2 "s2" : tensor<32xf32> offset = 256 role = "activation" {entry = "predict.b1", live = array<i64: 1, 1>}
  }
  plan.entry @predict.b1 attributes {batch_size = 1 : i64, inputs = [], kind = #train.entry_kind<predict>, outputs = [{name = "y", slot = #plan.slot<2>, type = tensor<32xf32>}]} {
    plan.call @copy "copy" [#plan.slot<0>, #plan.slot<1>]
    plan.call @copy "copy" [#plan.slot<1>, #plan.slot<2>]
  }
}

// -----

// A life longer than the entry.
train.program @p {
  plan.kernel @copy(%x: tensor<32xf32>) -> tensor<32xf32> attributes {groups = 1 : i64, tile = array<i64: 0>} {
    %e = tensor.empty() : tensor<32xf32>
    %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<32xf32>) outs(%e : tensor<32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    } -> tensor<32xf32>
    plan.yield %y : tensor<32xf32>
  }
  plan.arena bytes = 1024 align = 64 {
    plan.slot 0 "s0" : tensor<32xf32> offset = 0 role = "parameter"
    // expected-error @+1 {{says that it lives from call 0 to 1}}
    plan.slot 1 "s1" : tensor<32xf32> offset = 128 role = "activation" {entry = "predict.b1", live = array<i64: 0, 1>}
  }
  plan.entry @predict.b1 attributes {batch_size = 1 : i64, inputs = [], kind = #train.entry_kind<predict>, outputs = [{name = "y", slot = #plan.slot<1>, type = tensor<32xf32>}]} {
    plan.call @copy "copy" [#plan.slot<0>, #plan.slot<1>]
  }
}

// -----

// No alignment.
train.program @p {
  plan.kernel @copy(%x: tensor<32xf32>) -> tensor<32xf32> attributes {groups = 1 : i64, tile = array<i64: 0>} {
    %e = tensor.empty() : tensor<32xf32>
    %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<32xf32>) outs(%e : tensor<32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    } -> tensor<32xf32>
    plan.yield %y : tensor<32xf32>
  }
  // expected-error @+1 {{has 1024 bytes and an alignment of 0}}
  plan.arena bytes = 1024 align = 0 {
    plan.slot 0 "s0" : tensor<32xf32> offset = 0 role = "parameter"
    plan.slot 1 "s1" : tensor<32xf32> offset = 128 role = "activation" {entry = "predict.b1", live = array<i64: 0, 0>}
  }
  plan.entry @predict.b1 attributes {batch_size = 1 : i64, inputs = [], kind = #train.entry_kind<predict>, outputs = [{name = "y", slot = #plan.slot<1>, type = tensor<32xf32>}]} {
    plan.call @copy "copy" [#plan.slot<0>, #plan.slot<1>]
  }
}

// -----

// A slot of something else than numbers.
train.program @p {
  plan.kernel @copy(%x: tensor<32xf32>) -> tensor<32xf32> attributes {groups = 1 : i64, tile = array<i64: 0>} {
    %e = tensor.empty() : tensor<32xf32>
    %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<32xf32>) outs(%e : tensor<32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    } -> tensor<32xf32>
    plan.yield %y : tensor<32xf32>
  }
  plan.arena bytes = 1024 align = 64 {
    plan.slot 0 "s0" : tensor<32xf32> offset = 0 role = "parameter"
    // expected-error @+1 {{must hold a tensor of numbers}}
    plan.slot 1 "s1" : index offset = 128 role = "activation" {entry = "predict.b1", live = array<i64: 0, 0>}
  }
  plan.entry @predict.b1 attributes {batch_size = 1 : i64, inputs = [], kind = #train.entry_kind<predict>, outputs = [{name = "y", slot = #plan.slot<1>, type = tensor<32xf32>}]} {
    plan.call @copy "copy" [#plan.slot<0>, #plan.slot<1>]
  }
}

// -----

// A slot whose bytes do not fit into 64 bits.
train.program @p {
  plan.kernel @copy(%x: tensor<32xf32>) -> tensor<32xf32> attributes {groups = 1 : i64, tile = array<i64: 0>} {
    %e = tensor.empty() : tensor<32xf32>
    %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<32xf32>) outs(%e : tensor<32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    } -> tensor<32xf32>
    plan.yield %y : tensor<32xf32>
  }
  plan.arena bytes = 1024 align = 64 {
    plan.slot 0 "s0" : tensor<32xf32> offset = 0 role = "parameter"
    // expected-error @+1 {{needs tensors of fixed sizes with 1 to 17179869184 elements}}
    plan.slot 1 "s1" : tensor<4611686018427387904x4xf32> offset = 128 role = "activation" {entry = "predict.b1", live = array<i64: 0, 0>}
  }
  plan.entry @predict.b1 attributes {batch_size = 1 : i64, inputs = [], kind = #train.entry_kind<predict>, outputs = [{name = "y", slot = #plan.slot<1>, type = tensor<32xf32>}]} {
    plan.call @copy "copy" [#plan.slot<0>, #plan.slot<1>]
  }
}
