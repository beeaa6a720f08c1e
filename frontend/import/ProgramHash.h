// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The hash by which a checkpoint knows its program.

#pragma once

#include "frontend/import/ModelView.h"

namespace ntc::importer {

/// SHA-256 (hex) over what a step computes: states with type, role and owner; constants; nodes,
/// inputs and outputs of graph and algorithm; update bindings; functions; operator-set versions;
/// layers in evaluation form; f64 or not. Values of weights, defaults of controls, batch sizes,
/// documentation and metadata are not in it.
std::string programHash(const ModelView &model);

} // namespace ntc::importer
