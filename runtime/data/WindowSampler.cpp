// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shuffling within windows: reading stays nearly sequential in sets that are larger than memory.
#include "runtime/data/Sampler.h"

#include "runtime/base/Permutation.h"
#include "runtime/base/Philox.h"

#include <algorithm>
#include <optional>

namespace ntc::rt::data {
namespace {

uint64_t drawn(uint64_t seed, uint64_t epoch, uint64_t number, std::string_view what) {
  const auto words = philox4x32({static_cast<uint32_t>(number), static_cast<uint32_t>(number >> 32),
                                 static_cast<uint32_t>(epoch), streamOf(what)},
                                {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)});
  return words[0] | uint64_t{words[1]} << 32;
}

/// The samples lie on a ring that is cut into windows from an offset of the epoch on, the last of
/// them smaller where they do not fill it. The whole windows come in the order of a permutation,
/// the smaller one at a place among them that is drawn.
class WindowOrder : public Order {
public:
  WindowOrder(uint64_t samples, uint64_t window, uint64_t seed, uint64_t epoch)
      : samples_(samples), window_(window), seed_(seed), epoch_(epoch),
        offset_(drawn(seed, epoch, 0, "window offset") % samples), rest_(samples % window),
        restAt_(drawn(seed, epoch, 1, "window offset") % (samples / window + 1)),
        windows_(samples / window, seed, streamOf("windows"), epoch) {}

  void rows(int64_t first, std::span<int64_t> out) const override {
    std::optional<Permutation> within;
    for (uint64_t at = static_cast<uint64_t>(first); !out.empty();) {
      const Part part = partOf(at);
      const uint64_t size = part.window < windows_.size() ? window_ : rest_;
      const auto count = std::min<uint64_t>(size - part.place, out.size());
      within.emplace(size, drawn(seed_, epoch_, part.window, "window"), streamOf("in window"),
                     epoch_);
      // A sample's number is the same word in either signedness.
      within->samples(part.place, {reinterpret_cast<uint64_t *>(out.data()), count});
      for (int64_t &row : out.first(count)) {
        row = static_cast<int64_t>((offset_ + part.window * window_ + static_cast<uint64_t>(row)) %
                                   samples_);
      }
      out = out.subspan(count);
      at += count;
    }
  }

private:
  /// A window, the smaller one being behind all others, and a place in it.
  struct Part {
    uint64_t window = 0;
    uint64_t place = 0;
  };
  Part partOf(uint64_t at) const {
    const uint64_t rest = restAt_ * window_;
    if (at >= rest && at < rest + rest_) {
      return {windows_.size(), at - rest};
    }
    at -= at < rest ? 0 : rest_;
    return {windows_(at / window_), at % window_};
  }

  uint64_t samples_, window_, seed_, epoch_;
  uint64_t offset_; ///< where the first window begins
  uint64_t rest_;   ///< samples of the smaller window; 0: there is none
  uint64_t restAt_; ///< whole windows before it
  Permutation windows_;
};

class WindowSampler : public Sampler {
public:
  WindowSampler(int64_t samples, int64_t window, uint64_t seed)
      : samples_(samples), window_(std::min(window, samples)), seed_(seed) {}
  int64_t size() const override { return samples_; }
  std::unique_ptr<const Order> order(uint64_t epoch) const override {
    return std::make_unique<WindowOrder>(static_cast<uint64_t>(samples_),
                                         static_cast<uint64_t>(window_), seed_, epoch);
  }

private:
  int64_t samples_, window_;
  uint64_t seed_;
};

} // namespace

std::shared_ptr<const Sampler> windowSampler(int64_t size, int64_t window, uint64_t seed) {
  return std::make_shared<WindowSampler>(size, window, seed);
}

} // namespace ntc::rt::data
