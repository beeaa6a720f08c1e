// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Derivatives of a subject against central differences.
#pragma once

#include "test/unit/compiler/autodiff/Subject.h"

#include <string>

namespace ntc::autodiff::test {

/// A central difference with step 1e-6 of a function of order 1 in f64 has a rounding error of
/// about 1e-10 and, with third derivatives below 1e3, a truncation error of about 1e-10: these
/// bounds leave room for badly conditioned formulas.
inline constexpr double kStep = 1e-6, kAbsolute = 1e-5, kRelative = 1e-3;

/// True where `actual` is as near to `expected` as a central difference tells.
bool isClose(double actual, double expected);

/// The partial derivatives of `results[firstResult ...]` by element `k` of argument `i`, as central
/// differences.
Tensors numericDerivative(const Subject &subject, Tensors inputs, size_t argument, int64_t element,
                          size_t resultCount);

/// Compares the whole Jacobian, or its product with random directions where the inputs have more
/// than 64 elements. Returns an empty string, or where they differ most.
std::string checkFirstOrder(const Subject &subject, const Tensors &inputs, uint64_t randomSeed);

/// The same for the derivatives of a random projection of the derivative.
std::string checkSecondOrder(const Subject &subject, const Tensors &inputs, uint64_t randomSeed);

} // namespace ntc::autodiff::test
