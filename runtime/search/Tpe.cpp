// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Densities of good and bad trials, and the choice between candidates.
#include "runtime/search/Tpe.h"

#include "runtime/search/Random.h"

#include <algorithm>

namespace ntc::rt::search {
namespace {

constexpr size_t kStartupTrials = 10;
constexpr size_t kCandidates = 24;
constexpr size_t kMostGood = 25;
constexpr double kPriorWeight = 1.0;

/// The standard normal's distribution function.
double cumulative(double z) { return 0.5 * std::erfc(-z / std::numbers::sqrt2); }

/// The axis on which a number is normal: its logarithm where the range is logarithmic.
double inner(const Parameter &parameter, double value) {
  return parameter.isLog ? std::log(value) : value;
}

/// Ends of the range on that axis; whole numbers are cells of one step.
struct Ends {
  double low, high;
};

Ends endsOf(const Parameter &parameter) {
  const double half = parameter.kind == Kind::Integer ? parameter.step / 2 : 0;
  const double low =
      parameter.isLog ? std::max(parameter.low - half, parameter.low / 2) : parameter.low - half;
  return {inner(parameter, low), inner(parameter, parameter.high + half)};
}

/// A mixture of product kernels over the space.
class Density {
public:
  Density(const Space &space, std::span<const Point> points) : space_(space), points_(points) {
    const size_t count = points.size();
    // Of many trials the oldest count less: from 1/n to 1, the newest 25 fully.
    for (size_t i = 0; i < count; ++i) {
      const size_t ramp = count > 25 ? count - 25 : 0;
      const double first = 1.0 / static_cast<double>(count);
      const double share = ramp > 1 ? static_cast<double>(i) / static_cast<double>(ramp - 1) : 1.0;
      weights_.push_back(i < ramp ? first + (1.0 - first) * share : 1.0);
    }
    weights_.push_back(kPriorWeight);
    double sum = 0;
    for (double weight : weights_) {
      sum += weight;
    }
    for (double &weight : weights_) {
      weight /= sum;
    }
    const double dims = static_cast<double>(space.size());
    const double n = static_cast<double>(std::max<size_t>(count, 1));
    spread_ = 0.2 * std::pow(n, -1.0 / (dims + 4.0));
    // Kernels are never so narrow that the mixture has holes.
    spread_ = std::max(spread_, 1.0 / std::min(100.0, 1.0 + static_cast<double>(count + 1)));
  }

  Point draw(Random &random) const {
    const size_t component = drawComponent(random);
    Point out;
    for (size_t d = 0; d < space_.size(); ++d) {
      out.push_back(space_[d].kind == Kind::Choice ? drawChoice(component, d, random)
                                                   : drawNumber(component, d, random));
    }
    return out;
  }

  double logOf(const Point &point) const {
    std::vector<double> logs(weights_.size());
    for (size_t c = 0; c < weights_.size(); ++c) {
      logs[c] = std::log(weights_[c]);
      for (size_t d = 0; d < space_.size(); ++d) {
        logs[c] += std::log(std::max(kernel(c, d, point[d]), 1e-300));
      }
    }
    const double greatest = std::ranges::max(logs);
    double sum = 0;
    for (double each : logs) {
      sum += std::exp(each - greatest);
    }
    return greatest + std::log(sum);
  }

private:
  bool isPrior(size_t component) const { return component == points_.size(); }

  size_t drawComponent(Random &random) const {
    double left = random.uniform();
    for (size_t c = 0; c + 1 < weights_.size(); ++c) {
      left -= weights_[c];
      if (left < 0) {
        return c;
      }
    }
    return weights_.size() - 1;
  }

  /// Mean and deviation of a number's kernel.
  std::pair<double, double> shape(size_t component, size_t d) const {
    const Ends ends = endsOf(space_[d]);
    const double range = ends.high - ends.low;
    return isPrior(component) ? std::pair((ends.low + ends.high) / 2, range)
                              : std::pair(inner(space_[d], points_[component][d]), spread_ * range);
  }

  double drawNumber(size_t component, size_t d, Random &random) const {
    const Ends ends = endsOf(space_[d]);
    const auto [mean, deviation] = shape(component, d);
    double value = mean;
    // The mean is inside: a draw is inside with at least the probability of the prior, 0.38.
    for (int tries = 0; tries < 100; ++tries) {
      value = mean + deviation * random.normal();
      if (value >= ends.low && value <= ends.high) {
        break;
      }
    }
    value = std::clamp(value, ends.low, ends.high);
    return nearestValue(space_[d], space_[d].isLog ? std::exp(value) : value);
  }

  /// The chance of a choice under one component: its own choice once, all others the prior's share.
  double choiceWeight(size_t component, size_t d, size_t choice) const {
    const double choices = static_cast<double>(space_[d].choices.size());
    const double prior = kPriorWeight / static_cast<double>(weights_.size());
    const bool isOwn = !isPrior(component) && static_cast<size_t>(points_[component][d]) == choice;
    return isPrior(component) ? 1.0 / choices
                              : (prior + (isOwn ? 1.0 : 0.0)) / (1.0 + prior * choices);
  }

  double drawChoice(size_t component, size_t d, Random &random) const {
    double left = random.uniform();
    const size_t choices = space_[d].choices.size();
    for (size_t choice = 0; choice + 1 < choices; ++choice) {
      left -= choiceWeight(component, d, choice);
      if (left < 0) {
        return static_cast<double>(choice);
      }
    }
    return static_cast<double>(choices - 1);
  }

  double kernel(size_t component, size_t d, double value) const {
    const Parameter &parameter = space_[d];
    if (parameter.kind == Kind::Choice) {
      return choiceWeight(component, d, static_cast<size_t>(value));
    }
    const Ends ends = endsOf(parameter);
    if (ends.low == ends.high) {
      return 1.0;
    }
    const auto [mean, deviation] = shape(component, d);
    const double m = mean, s = deviation;
    const auto at = [m, s](double x) { return cumulative((x - m) / s); };
    const double inside = std::max(at(ends.high) - at(ends.low), 1e-300);
    if (parameter.kind == Kind::Integer) {
      const double half = parameter.step / 2;
      const double low = std::max(inner(parameter, std::max(value - half, value / 2)), ends.low);
      return (at(inner(parameter, value + half)) - at(low)) / inside;
    }
    const double z = (inner(parameter, value) - mean) / deviation;
    return std::exp(-0.5 * z * z) / (deviation * std::sqrt(2 * std::numbers::pi)) / inside;
  }

  const Space &space_;
  std::span<const Point> points_;
  std::vector<double> weights_;
  double spread_ = 0; ///< deviation of kernels, as a share of the range
};

} // namespace

double nearestValue(const Parameter &parameter, double value) {
  if (parameter.kind == Kind::Integer) {
    const double steps = std::round((value - parameter.low) / parameter.step);
    const double most = std::floor((parameter.high - parameter.low) / parameter.step);
    return parameter.low + std::clamp(steps, 0.0, most) * parameter.step;
  }
  return std::clamp(value, parameter.low, parameter.high);
}

std::optional<Point> TpeSampler::suggest(int64_t number, std::span<const Trial> trials) const {
  Random random(seed_, static_cast<uint64_t>(number));
  std::vector<const Trial *> finished;
  std::vector<Point> good, rest;
  for (const Trial &trial : trials) {
    if (trial.rungs.empty() || !std::isfinite(trial.value())) {
      rest.push_back(trial.point);
    } else {
      finished.push_back(&trial);
    }
  }
  if (finished.size() < kStartupTrials) {
    return randomPoint(space_, random);
  }
  const size_t count = std::min(kMostGood, (finished.size() + 9) / 10);
  std::ranges::sort(finished,
                    [this](const Trial *a, const Trial *b) { return isBetter(*a, *b, maximize_); });
  const auto byAge = [](const Trial *a, const Trial *b) { return a->number < b->number; };
  std::sort(finished.begin(), finished.begin() + static_cast<std::ptrdiff_t>(count), byAge);
  std::sort(finished.begin() + static_cast<std::ptrdiff_t>(count), finished.end(), byAge);
  for (size_t i = 0; i < finished.size(); ++i) {
    (i < count ? good : rest).push_back(finished[i]->point);
  }
  const Density above(space_, rest), below(space_, good);
  Point best;
  double bestScore = -INFINITY;
  for (size_t i = 0; i < kCandidates; ++i) {
    Point candidate = below.draw(random);
    const double score = below.logOf(candidate) - above.logOf(candidate);
    if (score > bestScore) {
      bestScore = score;
      best = std::move(candidate);
    }
  }
  return best;
}

} // namespace ntc::rt::search
