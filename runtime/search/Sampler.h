// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Who chooses the next point of a search.
#pragma once

#include "runtime/search/Space.h"

#include <memory>
#include <optional>
#include <span>

namespace ntc::rt::search {

enum class Method : uint8_t { Grid, Random, Tpe };

/// Chooses points. Suggestions depend on the seed, the trial's number and the trials so far, on
/// nothing else.
class Sampler {
public:
  virtual ~Sampler() = default;
  /// The point of trial `number`; nothing when there are no more (a grid that is exhausted).
  /// `trials` are those that were begun before.
  virtual std::optional<Point> suggest(int64_t number, std::span<const Trial> trials) const = 0;
};

/// Grid: every combination, the last parameter fastest; a real range has `gridPoints` values evenly
/// spaced (in the logarithm where it is logarithmic), whole numbers all of theirs. Random: uniform
/// in every range. Tpe: see Tpe.h. Requires a checked space.
std::unique_ptr<Sampler> makeSampler(Method method, const Space &space, uint64_t seed,
                                     bool maximize);

/// How many points a grid has; nothing above 2^31.
std::optional<int64_t> gridSize(const Space &space);

/// A uniform point.
class Random;
Point randomPoint(const Space &space, Random &random);

} // namespace ntc::rt::search
