// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// All operations of the dialect `nn`, by category.
include "dialects/nn/Elementwise.td"
include "dialects/nn/Reduction.td"
include "dialects/nn/Contraction.td"
include "dialects/nn/Pooling.td"
include "dialects/nn/Normalization.td"
include "dialects/nn/Shape.td"
