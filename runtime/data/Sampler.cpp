// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The orders of epochs.
#include "runtime/data/Sampler.h"

#include "runtime/base/Philox.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

namespace ntc::rt::data {
namespace {

class SequentialOrder : public Order {
public:
  void rows(int64_t first, std::span<int64_t> out) const override {
    std::iota(out.begin(), out.end(), first);
  }
};

class SequentialSampler : public Sampler {
public:
  explicit SequentialSampler(int64_t size) : size_(size) {}
  int64_t size() const override { return size_; }
  std::unique_ptr<const Order> order(uint64_t) const override {
    return std::make_unique<SequentialOrder>();
  }

private:
  int64_t size_;
};

class PermutedOrder : public Order {
public:
  PermutedOrder(int64_t size, uint64_t seed, uint64_t epoch)
      : permutation_(static_cast<uint64_t>(size), seed, streamOf("shuffle"), epoch) {}
  void rows(int64_t first, std::span<int64_t> out) const override {
    // A sample's number is the same word in either signedness.
    permutation_.samples(static_cast<uint64_t>(first),
                         {reinterpret_cast<uint64_t *>(out.data()), out.size()});
  }

private:
  Permutation permutation_;
};

class RandomSampler : public Sampler {
public:
  RandomSampler(int64_t size, uint64_t seed) : size_(size), seed_(seed) {}
  int64_t size() const override { return size_; }
  std::unique_ptr<const Order> order(uint64_t epoch) const override {
    return std::make_unique<PermutedOrder>(size_, seed_, epoch);
  }

private:
  int64_t size_;
  uint64_t seed_;
};

class ListedOrder : public Order {
public:
  explicit ListedOrder(std::vector<int64_t> all) : all_(std::move(all)) {}
  void rows(int64_t first, std::span<int64_t> out) const override {
    std::copy_n(all_.begin() + first, out.size(), out.begin());
  }

private:
  std::vector<int64_t> all_;
};

/// A number from [0, 1) with 53 random bits, so that small weights of large sets are drawn rightly.
double uniform(uint64_t seed, uint64_t epoch, uint64_t at, std::string_view what) {
  const auto words = philox4x32({static_cast<uint32_t>(at), static_cast<uint32_t>(at >> 32),
                                 static_cast<uint32_t>(epoch), streamOf(what)},
                                {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)});
  return static_cast<double>((uint64_t{words[0]} << 21) ^ (words[1] >> 11)) * 0x1p-53;
}

/// Sums of weights, shared by the orders of all epochs.
using Sums = std::shared_ptr<const std::vector<double>>;

class WeightedOrder : public Order {
public:
  WeightedOrder(Sums sums, uint64_t seed, uint64_t epoch)
      : sums_(std::move(sums)), seed_(seed), epoch_(epoch) {}
  void rows(int64_t first, std::span<int64_t> out) const override {
    for (int64_t &row : out) {
      const double unit = uniform(seed_, epoch_, static_cast<uint64_t>(first++), "weighted");
      auto found = std::upper_bound(sums_->begin(), sums_->end(), unit * sums_->back());
      row = std::min(found - sums_->begin(), std::ssize(*sums_) - 1);
    }
  }

private:
  Sums sums_;
  uint64_t seed_, epoch_;
};

class WeightedSampler : public Sampler {
public:
  WeightedSampler(Sums sums, int64_t samples, uint64_t seed)
      : sums_(std::move(sums)), samples_(samples), seed_(seed) {}
  int64_t size() const override { return samples_; }
  std::unique_ptr<const Order> order(uint64_t epoch) const override {
    return std::make_unique<WeightedOrder>(sums_, seed_, epoch);
  }
  bool repeats() const override { return true; }

private:
  Sums sums_;
  int64_t samples_;
  uint64_t seed_;
};

/// Sample i's time is -log(u) / weights[i], u uniform: the smallest times are draws without
/// replacement (Efraimidis and Spirakis, "Weighted random sampling with a reservoir", 2006).
class DistinctSampler : public Sampler {
public:
  DistinctSampler(std::vector<double> weights, int64_t samples, uint64_t seed)
      : weights_(std::move(weights)), samples_(samples), seed_(seed) {}
  int64_t size() const override { return samples_; }
  std::unique_ptr<const Order> order(uint64_t epoch) const override {
    std::vector<std::pair<double, int64_t>> times;
    for (int64_t i = 0; i < std::ssize(weights_); ++i) {
      const double weight = weights_[static_cast<size_t>(i)];
      if (weight > 0.0) {
        // Above 0, so that the logarithm is finite.
        const double unit = 1.0 - uniform(seed_, epoch, static_cast<uint64_t>(i), "distinct");
        times.emplace_back(-std::log(unit) / weight, i);
      }
    }
    std::partial_sort(times.begin(), times.begin() + samples_, times.end());
    std::vector<int64_t> rows(static_cast<size_t>(samples_));
    std::ranges::transform(std::span(times).first(rows.size()), rows.begin(),
                           &std::pair<double, int64_t>::second);
    return std::make_unique<ListedOrder>(std::move(rows));
  }

private:
  std::vector<double> weights_;
  int64_t samples_;
  uint64_t seed_;
};

/// Where each position's sample comes from: the n-th of its class.
struct Place {
  int64_t label = 0;
  int64_t index = 0;
};

class StratifiedSampler : public Sampler {
public:
  StratifiedSampler(std::span<const int64_t> labels, uint64_t seed) : seed_(seed) {
    for (size_t i = 0; i < labels.size(); ++i) {
      const auto label = static_cast<size_t>(labels[i]);
      members_.resize(std::max(members_.size(), label + 1));
      members_[label].push_back(static_cast<int64_t>(i));
    }
    for (size_t label = 0; label < members_.size(); ++label) {
      for (int64_t i = 0; i < std::ssize(members_[label]); ++i) {
        places_.push_back({static_cast<int64_t>(label), i});
      }
    }
    // Member i of a class of n belongs at part (i + 1/2) / n of the epoch.
    auto part = [this](const Place &place) {
      return (static_cast<double>(place.index) + 0.5) /
             static_cast<double>(members_[static_cast<size_t>(place.label)].size());
    };
    std::ranges::sort(places_, {},
                      [&](const Place &place) { return std::tuple(part(place), place.label); });
  }

  int64_t size() const override { return std::ssize(places_); }
  std::unique_ptr<const Order> order(uint64_t epoch) const override;

  const std::vector<std::vector<int64_t>> &members() const { return members_; }
  const std::vector<Place> &places() const { return places_; }

private:
  std::vector<std::vector<int64_t>> members_;
  std::vector<Place> places_;
  uint64_t seed_;
};

/// The sampler outlives its orders: the loader owns both.
class StratifiedOrder : public Order {
public:
  StratifiedOrder(const StratifiedSampler &sampler, uint64_t seed, uint64_t epoch)
      : sampler_(sampler) {
    for (size_t label = 0; label < sampler.members().size(); ++label) {
      permutations_.emplace_back(sampler.members()[label].size(), seed + label,
                                 streamOf("stratified"), epoch);
    }
  }
  void rows(int64_t first, std::span<int64_t> out) const override {
    for (int64_t &row : out) {
      const Place &place = sampler_.places()[static_cast<size_t>(first++)];
      const auto label = static_cast<size_t>(place.label);
      const uint64_t index = permutations_[label](static_cast<uint64_t>(place.index));
      row = sampler_.members()[label][index];
    }
  }

private:
  const StratifiedSampler &sampler_;
  std::vector<Permutation> permutations_;
};

std::unique_ptr<const Order> StratifiedSampler::order(uint64_t epoch) const {
  return std::make_unique<StratifiedOrder>(*this, seed_, epoch);
}

/// The weights' sums from the first one on. Errors: see weightedSampler.
Result<Sums> sumsOf(std::span<const double> weights) {
  auto sums = std::make_shared<std::vector<double>>();
  double sum = 0.0;
  for (size_t i = 0; i < weights.size(); ++i) {
    if (!(weights[i] >= 0.0) || !std::isfinite(weights[i])) {
      return error(Code::InvalidArgument, "the weight of sample ", i,
                   " should be a finite number from 0, found ", weights[i]);
    }
    sum += weights[i];
    sums->push_back(sum);
  }
  if (!(sum > 0.0) || !std::isfinite(sum)) {
    return error(Code::InvalidArgument, "the weights of the samples should have a sum above 0, ",
                 "found ", sum);
  }
  return Sums(std::move(sums));
}

} // namespace

std::shared_ptr<const Sampler> sequentialSampler(int64_t size) {
  return std::make_shared<SequentialSampler>(size);
}

std::shared_ptr<const Sampler> randomSampler(int64_t size, uint64_t seed) {
  return std::make_shared<RandomSampler>(size, seed);
}

Result<std::shared_ptr<const Sampler>> weightedSampler(std::span<const double> weights,
                                                       int64_t samples, uint64_t seed) {
  auto sums = sumsOf(weights);
  return sums ? Result<std::shared_ptr<const Sampler>>(
                    std::make_shared<WeightedSampler>(*sums, samples, seed))
              : sums.status();
}

Result<std::shared_ptr<const Sampler>> distinctWeightedSampler(std::span<const double> weights,
                                                               int64_t samples, uint64_t seed) {
  if (Result<Sums> sums = sumsOf(weights); !sums) {
    return sums.status();
  }
  const int64_t most = std::ranges::count_if(weights, [](double each) { return each > 0.0; });
  if (samples > most) {
    return error(Code::InvalidArgument, "cannot draw ", samples,
                 " samples without replacement: ", most, " of ", weights.size(),
                 " have a weight above 0");
  }
  return std::shared_ptr<const Sampler>(std::make_shared<DistinctSampler>(
      std::vector<double>(weights.begin(), weights.end()), samples, seed));
}

std::shared_ptr<const Sampler> stratifiedSampler(std::span<const int64_t> labels, uint64_t seed) {
  return std::make_shared<StratifiedSampler>(labels, seed);
}

} // namespace ntc::rt::data
