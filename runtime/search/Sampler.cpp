// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Grid and random search.
#include "runtime/search/Sampler.h"

#include "runtime/search/Random.h"
#include "runtime/search/Tpe.h"

#include <algorithm>

namespace ntc::rt::search {
namespace {

constexpr int64_t kMostGrid = int64_t{1} << 31;

int64_t gridValues(const Parameter &parameter) {
  switch (parameter.kind) {
  case Kind::Choice:
    return static_cast<int64_t>(parameter.choices.size());
  case Kind::Integer:
    return static_cast<int64_t>((parameter.high - parameter.low) / parameter.step) + 1;
  case Kind::Real:
    break;
  }
  return parameter.low == parameter.high ? 1 : parameter.gridPoints;
}

double gridValue(const Parameter &parameter, int64_t index) {
  const double at = static_cast<double>(index);
  if (parameter.kind == Kind::Choice) {
    return at;
  }
  if (parameter.kind == Kind::Integer) {
    return parameter.low + at * parameter.step;
  }
  const int64_t count = gridValues(parameter);
  if (index == 0 || index == count - 1) {
    return index == 0 ? parameter.low : parameter.high;
  }
  const double share = at / static_cast<double>(count - 1);
  return parameter.isLog ? parameter.low * std::pow(parameter.high / parameter.low, share)
                         : parameter.low + share * (parameter.high - parameter.low);
}

class GridSampler : public Sampler {
public:
  explicit GridSampler(Space space) : space_(std::move(space)) {}
  std::optional<Point> suggest(int64_t number, std::span<const Trial>) const override {
    Point out(space_.size());
    for (size_t i = space_.size(); i-- > 0;) {
      const int64_t values = gridValues(space_[i]);
      out[i] = gridValue(space_[i], number % values);
      number /= values;
    }
    return number == 0 ? std::optional(out) : std::nullopt;
  }

private:
  Space space_;
};

class RandomSampler : public Sampler {
public:
  RandomSampler(Space space, uint64_t seed) : space_(std::move(space)), seed_(seed) {}
  std::optional<Point> suggest(int64_t number, std::span<const Trial>) const override {
    Random random(seed_, static_cast<uint64_t>(number));
    return randomPoint(space_, random);
  }

private:
  Space space_;
  uint64_t seed_;
};

} // namespace

std::optional<int64_t> gridSize(const Space &space) {
  int64_t size = 1;
  for (const Parameter &parameter : space) {
    const int64_t values = gridValues(parameter);
    if (values > kMostGrid / size) {
      return std::nullopt;
    }
    size *= values;
  }
  return size;
}

Point randomPoint(const Space &space, Random &random) {
  Point out;
  for (const Parameter &parameter : space) {
    const double share = random.uniform();
    if (parameter.kind == Kind::Choice) {
      out.push_back(std::floor(share * static_cast<double>(parameter.choices.size())));
      continue;
    }
    // Whole numbers are the cells around them, so that the ends are as likely as the others.
    const double half = parameter.kind == Kind::Integer ? parameter.step / 2 : 0;
    const double low =
        parameter.isLog ? std::max(parameter.low - half, parameter.low / 2) : parameter.low - half;
    const double high = parameter.high + half;
    const double value =
        parameter.isLog ? low * std::pow(high / low, share) : low + share * (high - low);
    out.push_back(nearestValue(parameter, value));
  }
  return out;
}

std::unique_ptr<Sampler> makeSampler(Method method, const Space &space, uint64_t seed,
                                     bool maximize) {
  switch (method) {
  case Method::Grid:
    return std::make_unique<GridSampler>(space);
  case Method::Random:
    return std::make_unique<RandomSampler>(space, seed);
  case Method::Tpe:
    break;
  }
  return std::make_unique<TpeSampler>(space, seed, maximize);
}

} // namespace ntc::rt::search
