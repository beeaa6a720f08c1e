// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The values of an event: tensorflow.Summary and the tensors of TensorBoard's plugins.
#include "runtime/report/EventFile.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

namespace ntc::rt::report {
namespace {

/// Fields of tensorflow.Summary.Value.
enum ValueField : uint32_t {
  kTag = 1,
  kSimpleValue = 2,
  kImage = 4,
  kHisto = 5,
  kTensor = 8,
  kMetadata = 9,
};

enum TensorType : uint64_t { kFloat = 1, kString = 7 };

/// Metadata with the plugin's name and its own content.
WireWriter metadata(std::string_view plugin, std::string_view content) {
  WireWriter data;
  data.bytes(1, plugin);
  data.bytes(2, content);
  WireWriter out;
  out.message(1, data);
  return out;
}

WireWriter tensorShape(std::span<const int64_t> shape) {
  WireWriter out;
  for (int64_t size : shape) {
    WireWriter dim;
    dim.varint(1, static_cast<uint64_t>(size));
    out.message(2, dim);
  }
  return out;
}

/// Bounds of buckets as TensorBoard's writers place them: 1e-12 · 1.1^i. Buckets go from one bound
/// to the next; those of negative values mirror them.
constexpr double kSmallest = 1e-12;
constexpr double kGrowth = 1.1;
/// 1.1^775 · 1e-12 is beyond 1e20.
constexpr int kMostBuckets = 775;

/// The bucket of a magnitude: 0 holds [0, 1e-12), i holds [1.1^(i-1), 1.1^i) · 1e-12.
int bucketOf(double magnitude) {
  static const double scale = 1.0 / std::log(kGrowth);
  if (magnitude < kSmallest) {
    return 0;
  }
  const double exponent = std::log(magnitude / kSmallest) * scale;
  return std::min(kMostBuckets, static_cast<int>(exponent) + 1);
}

double boundOf(int bucket) { return kSmallest * std::pow(kGrowth, bucket); }

} // namespace

void Summary::scalar(std::string_view tag, double value) {
  WireWriter out;
  out.bytes(kTag, tag);
  out.fixed32(kSimpleValue, static_cast<float>(value));
  message_.message(1, out);
}

template <typename T> void Summary::histogram(std::string_view tag, std::span<const T> values) {
  std::vector<int64_t> positive(kMostBuckets + 1), negative(kMostBuckets + 1);
  double least = INFINITY, greatest = -INFINITY, sum = 0.0, squares = 0.0;
  int64_t count = 0;
  for (T each : values) {
    const double value = each;
    if (!std::isfinite(value)) {
      continue;
    }
    ++(value < 0 ? negative : positive)[static_cast<size_t>(bucketOf(std::fabs(value)))];
    least = std::min(least, value);
    greatest = std::max(greatest, value);
    sum += value;
    squares += value * value;
    ++count;
  }
  if (count == 0) {
    return;
  }
  std::vector<double> limits, counts;
  auto bucket = [&](double limit, int64_t number) {
    // Runs of empty buckets shrink to the one that ends where the next begins.
    const bool joins = number == 0 && !counts.empty() && counts.back() == 0;
    if (joins) {
      limits.back() = limit;
    } else if (number != 0 || !counts.empty()) {
      limits.push_back(limit);
      counts.push_back(static_cast<double>(number));
    }
  };
  const auto occupied = [](const std::vector<int64_t> &buckets, int at) {
    return buckets[static_cast<size_t>(at)] != 0;
  };
  // An empty bucket before the first one gives that one its lower bound.
  for (int i = kMostBuckets; i >= 0; --i) {
    if (occupied(negative, i) && counts.empty()) {
      limits.push_back(-boundOf(i));
      counts.push_back(0.0);
    }
    bucket(i == 0 ? 0.0 : -boundOf(i - 1), negative[static_cast<size_t>(i)]);
  }
  for (int i = 0; i <= kMostBuckets; ++i) {
    if (occupied(positive, i) && counts.empty()) {
      limits.push_back(i == 0 ? 0.0 : boundOf(i - 1));
      counts.push_back(0.0);
    }
    bucket(boundOf(i), positive[static_cast<size_t>(i)]);
  }
  while (counts.back() == 0) {
    counts.pop_back();
    limits.pop_back();
  }
  WireWriter histogram;
  histogram.fixed64(1, least);
  histogram.fixed64(2, greatest);
  histogram.fixed64(3, static_cast<double>(count));
  histogram.fixed64(4, sum);
  histogram.fixed64(5, squares);
  histogram.doubles(6, limits);
  histogram.doubles(7, counts);
  WireWriter out;
  out.bytes(kTag, tag);
  out.message(kHisto, histogram);
  message_.message(1, out);
}

template void Summary::histogram(std::string_view, std::span<const float>);
template void Summary::histogram(std::string_view, std::span<const double>);

void Summary::image(std::string_view tag, int64_t width, int64_t height, int64_t channels,
                    std::string_view png) {
  WireWriter image;
  image.varint(1, static_cast<uint64_t>(height));
  image.varint(2, static_cast<uint64_t>(width));
  image.varint(3, static_cast<uint64_t>(channels));
  image.bytes(4, png);
  WireWriter out;
  out.bytes(kTag, tag);
  out.message(kImage, image);
  message_.message(1, out);
}

void Summary::text(std::string_view tag, std::string_view value) {
  WireWriter tensor;
  tensor.varint(1, kString);
  tensor.message(2, tensorShape(std::vector<int64_t>{1}));
  tensor.bytes(8, value);
  WireWriter out;
  out.bytes(kTag, tag);
  out.message(kTensor, tensor);
  out.message(kMetadata, metadata("text", ""));
  message_.message(1, out);
}

void Summary::prCurve(std::string_view tag, std::span<const double> scores,
                      const std::vector<bool> &truths, int64_t thresholds) {
  // Counts by the highest threshold that a score reaches, then sums from the top.
  const size_t n = static_cast<size_t>(thresholds);
  std::vector<double> hits(n), misses(n);
  for (size_t i = 0; i < scores.size(); ++i) {
    const double at = std::clamp(scores[i], 0.0, 1.0) * static_cast<double>(n - 1);
    ++(truths[i] ? hits : misses)[static_cast<size_t>(at)];
  }
  for (size_t i = n - 1; i-- > 0;) {
    hits[i] += hits[i + 1];
    misses[i] += misses[i + 1];
  }
  const double positives = hits[0], negatives = misses[0];
  // Rows: true and false positives, true and false negatives, precision, recall.
  std::vector<double> rows[6];
  for (size_t i = 0; i < n; ++i) {
    const double tp = hits[i], fp = misses[i];
    rows[0].push_back(tp);
    rows[1].push_back(fp);
    rows[2].push_back(negatives - fp);
    rows[3].push_back(positives - tp);
    rows[4].push_back(tp / std::max(tp + fp, 1e-7));
    rows[5].push_back(tp / std::max(positives, 1e-7));
  }
  WireWriter tensor;
  tensor.varint(1, kFloat);
  tensor.message(2, tensorShape(std::vector<int64_t>{6, thresholds}));
  for (const std::vector<double> &row : rows) {
    for (double value : row) {
      tensor.fixed32(5, static_cast<float>(value));
    }
  }
  WireWriter content;
  content.varint(1, 0);
  content.varint(2, static_cast<uint64_t>(thresholds));
  WireWriter out;
  out.bytes(kTag, tag);
  out.message(kTensor, tensor);
  out.message(kMetadata, metadata("pr_curves", content.text()));
  message_.message(1, out);
}

void Summary::plugin(std::string_view tag, std::string_view plugin, std::string_view content) {
  WireWriter tensor; // the least that readers accept: a scalar
  tensor.varint(1, kFloat);
  tensor.message(2, WireWriter());
  tensor.fixed32(5, 0.0F);
  WireWriter out;
  out.bytes(kTag, tag);
  out.message(kTensor, tensor);
  out.message(kMetadata, metadata(plugin, content));
  message_.message(1, out);
}

} // namespace ntc::rt::report
