// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The tree-structured Parzen estimator (Bergstra, Bardenet, Bengio, Kégl: Algorithms for
// Hyper-Parameter Optimization, 2011), multivariate (Falkner, Klein, Hutter: BOHB, 2018), with the
// constants that Optuna uses by default.
//
// The trials are split into the good, the best ceil(n / 10) but at most 25, and the rest. Each part
// is a density: a mixture of one product kernel per trial and one wide prior. Of 24 points drawn
// from the density of the good the one is taken where good over rest is greatest. Real and whole
// parameters have normal kernels cut at the range; choices a count plus prior.
#pragma once

#include "runtime/search/Sampler.h"

namespace ntc::rt::search {

class TpeSampler : public Sampler {
public:
  TpeSampler(Space space, uint64_t seed, bool maximize)
      : space_(std::move(space)), seed_(seed), maximize_(maximize) {}

  /// Random below 10 finished trials. Trials under way count as bad ones, so that trials side by
  /// side do not try the same.
  std::optional<Point> suggest(int64_t number, std::span<const Trial> trials) const override;

private:
  Space space_;
  uint64_t seed_;
  bool maximize_;
};

/// The value of the parameter's range that is nearest: a step for whole numbers.
double nearestValue(const Parameter &parameter, double value);

} // namespace ntc::rt::search
