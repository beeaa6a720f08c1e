// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The functions and their formulas (He et al. 2015, Glorot & Bengio 2010, Saxe et al. 2013 as
// PyTorch states them).
#include "runtime/train/InitFunctions.h"

#include "runtime/base/Philox.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <numeric>

namespace ntc::rt::train {

/// A tensor that is drawn. Matrices are (rows, columns) with everything behind the first dimension
/// as columns.
class InitSubject {
public:
  InitSubject(const InitRule &rule, std::span<const int64_t> shape, uint64_t seed, uint32_t stream,
              std::vector<double> &values)
      : rule(rule), shape(shape), values(values), seed_(seed), stream_(stream) {}

  double number(const char *key) const { return rule.numbers.find(key)->second; }
  int64_t rows() const { return shape.empty() ? 1 : shape[0]; }
  int64_t columns() const { return rows() ? static_cast<int64_t>(values.size()) / rows() : 0; }

  /// In [0, 1), 53 bits; draw number `index` of this tensor.
  double uniform(uint64_t index) const {
    const uint64_t high = randomWord(seed_, 0, stream_, 2 * index) >> 5;
    const uint64_t low = randomWord(seed_, 0, stream_, 2 * index + 1) >> 6;
    return static_cast<double>((high << 26) + low) * 0x1p-53;
  }
  /// Standard normal (Box & Muller 1958).
  double normal(uint64_t index) const {
    const double u = 1.0 - uniform(2 * index);
    return std::sqrt(-2.0 * std::log(u)) *
           std::cos(2.0 * std::numbers::pi * uniform(2 * index + 1));
  }
  void fillUniform(double low, double high) {
    for (size_t i = 0; i < values.size(); ++i) {
      values[i] = low + (high - low) * uniform(i);
    }
  }
  void fillNormal(double mean, double deviation) {
    for (size_t i = 0; i < values.size(); ++i) {
      values[i] = mean + deviation * normal(i);
    }
  }

  const InitRule &rule;
  std::span<const int64_t> shape;
  std::vector<double> &values;

private:
  uint64_t seed_;
  uint32_t stream_;
};

namespace {

using Subject = InitSubject;

constexpr double kMost = 1e308;

double fan(const Subject &s, bool isIn) {
  const double receptive = std::accumulate(s.shape.begin() + 2, s.shape.end(), 1.0,
                                           [](double a, int64_t b) { return a * double(b); });
  return static_cast<double>(isIn ? s.shape[1] : s.shape[0]) * receptive;
}

double kaimingDeviation(const Subject &s) {
  const bool isIn = s.rule.words.at("mode") == "fan_in";
  return calculateGain(s.rule.words.at("nonlinearity"), s.number("a")) / std::sqrt(fan(s, isIn));
}

double xavierDeviation(const Subject &s) {
  return s.number("gain") * std::sqrt(2.0 / (fan(s, true) + fan(s, false)));
}

Status uniform(Subject &s) {
  if (s.number("a") > s.number("b")) {
    return error(Code::InvalidArgument, "uniform: a is above b");
  }
  s.fillUniform(s.number("a"), s.number("b"));
  return Status::ok();
}

Status normal(Subject &s) {
  s.fillNormal(s.number("mean"), s.number("std"));
  return Status::ok();
}

/// By rejection: a draw outside [a, b] is drawn again from a stream of its own.
Status truncNormal(Subject &s) {
  const double mean = s.number("mean"), deviation = s.number("std");
  const double low = s.number("a"), high = s.number("b");
  constexpr uint64_t kMostTries = 64;
  if (low >= high || deviation == 0.0) {
    return error(Code::InvalidArgument, "trunc_normal: expected a below b and std above 0");
  }
  for (size_t i = 0; i < s.values.size(); ++i) {
    double value = mean + deviation * s.normal(i);
    for (uint64_t t = 1; (value < low || value > high) && t < kMostTries; ++t) {
      value = mean + deviation * s.normal(i + t * s.values.size());
    }
    s.values[i] = std::clamp(value, low, high);
  }
  return Status::ok();
}

Status constant(Subject &s) {
  std::ranges::fill(s.values, s.number("val"));
  return Status::ok();
}
Status ones(Subject &s) {
  std::ranges::fill(s.values, 1.0);
  return Status::ok();
}
Status zeros(Subject &s) {
  std::ranges::fill(s.values, 0.0);
  return Status::ok();
}

Status eye(Subject &s) {
  std::ranges::fill(s.values, 0.0);
  for (int64_t i = 0; i < std::min(s.rows(), s.columns()); ++i) {
    s.values[static_cast<size_t>(i * s.columns() + i)] = 1.0;
  }
  return Status::ok();
}

Status dirac(Subject &s) {
  const auto groups = static_cast<int64_t>(s.number("groups"));
  if (s.rows() % groups != 0) {
    return error(Code::InvalidArgument, "dirac: groups=", groups, " does not divide the ", s.rows(),
                 " outputs");
  }
  std::ranges::fill(s.values, 0.0);
  const int64_t perGroup = s.rows() / groups, kernel = s.columns() / s.shape[1];
  int64_t middle = 0;
  for (size_t d = 2; d < s.shape.size(); ++d) {
    middle = middle * s.shape[d] + s.shape[d] / 2;
  }
  for (int64_t g = 0; g < groups; ++g) {
    for (int64_t d = 0; d < std::min(perGroup, s.shape[1]); ++d) {
      const int64_t row = g * perGroup + d;
      s.values[static_cast<size_t>(row * s.columns() + d * kernel + middle)] = 1.0;
    }
  }
  return Status::ok();
}

Status xavierUniform(Subject &s) {
  const double bound = std::sqrt(3.0) * xavierDeviation(s);
  s.fillUniform(-bound, bound);
  return Status::ok();
}
Status xavierNormal(Subject &s) {
  s.fillNormal(0.0, xavierDeviation(s));
  return Status::ok();
}
Status kaimingUniform(Subject &s) {
  const double bound = std::sqrt(3.0) * kaimingDeviation(s);
  s.fillUniform(-bound, bound);
  return Status::ok();
}
Status kaimingNormal(Subject &s) {
  s.fillNormal(0.0, kaimingDeviation(s));
  return Status::ok();
}

/// Gram and Schmidt's orthogonalization of normal vectors, each pass made twice: the Q of the QR
/// decomposition whose R has a positive diagonal.
Status orthogonal(Subject &s) {
  s.fillNormal(0.0, 1.0);
  // Vectors are the shorter side: rows of a wide matrix, columns of a tall one.
  const int64_t rows = s.rows(), columns = s.columns();
  const bool isWide = rows <= columns;
  const auto count = static_cast<size_t>(std::min(rows, columns));
  const auto length = static_cast<size_t>(std::max(rows, columns));
  std::vector<double> vectors(s.values.size());
  auto place = [&](size_t vector, size_t i) {
    return isWide ? vector * length + i : i * count + vector;
  };
  for (size_t v = 0; v < count; ++v) {
    double *vector = vectors.data() + v * length;
    for (size_t i = 0; i < length; ++i) {
      vector[i] = s.values[place(v, i)];
    }
    for (int pass = 0; pass < 2; ++pass) {
      for (size_t u = 0; u < v; ++u) {
        const double *other = vectors.data() + u * length;
        const double part = std::inner_product(vector, vector + length, other, 0.0);
        for (size_t i = 0; i < length; ++i) {
          vector[i] -= part * other[i];
        }
      }
      const double norm = std::sqrt(std::inner_product(vector, vector + length, vector, 0.0));
      for (size_t i = 0; i < length; ++i) {
        vector[i] /= norm;
      }
    }
  }
  for (size_t v = 0; v < count; ++v) {
    for (size_t i = 0; i < length; ++i) {
      s.values[place(v, i)] = s.number("gain") * vectors[v * length + i];
    }
  }
  return Status::ok();
}

/// Normal values, with the same number of zeros in every column at random rows.
Status sparse(Subject &s) {
  s.fillNormal(0.0, s.number("std"));
  const auto zeros =
      static_cast<size_t>(std::ceil(s.number("sparsity") * static_cast<double>(s.rows())));
  std::vector<size_t> rows(static_cast<size_t>(s.rows()));
  uint64_t draw = 2 * s.values.size();
  for (size_t column = 0; column < static_cast<size_t>(s.columns()); ++column) {
    std::iota(rows.begin(), rows.end(), size_t{0});
    for (size_t i = 0; i < zeros; ++i) {
      const auto left = static_cast<double>(rows.size() - i);
      std::swap(rows[i], rows[i + static_cast<size_t>(s.uniform(draw++) * left)]);
      s.values[rows[i] * static_cast<size_t>(s.columns()) + column] = 0.0;
    }
  }
  return Status::ok();
}

} // namespace

double calculateGain(std::string_view nonlinearity, double slope) {
  return nonlinearity == "tanh"         ? 5.0 / 3.0
         : nonlinearity == "relu"       ? std::numbers::sqrt2
         : nonlinearity == "leaky_relu" ? std::sqrt(2.0 / (1.0 + slope * slope))
         : nonlinearity == "selu"       ? 0.75
                                        : 1.0; // linear, conv1d…, sigmoid
}

std::span<const std::string_view> nonlinearities() {
  static constexpr std::array<std::string_view, 8> names = {
      "leaky_relu", "relu", "linear", "tanh", "selu", "sigmoid", "conv1d", "conv2d"};
  return names;
}

const std::vector<InitFunction> &initFunctions() {
  static const InitSetting gain = {"gain", 1.0, 0.0, kMost};
  static const InitSetting slope = {"a", 0.0, -kMost, kMost};
  static const std::vector<InitFunction> all = {
      {"uniform", {{"a", 0.0, -kMost, kMost}, {"b", 1.0, -kMost, kMost}}, false, 0, 99, uniform},
      {"normal", {{"mean", 0.0, -kMost, kMost}, {"std", 1.0, 0.0, kMost}}, false, 0, 99, normal},
      {"trunc_normal",
       {{"mean", 0.0, -kMost, kMost},
        {"std", 1.0, 0.0, kMost},
        {"a", -2.0, -kMost, kMost},
        {"b", 2.0, -kMost, kMost}},
       false,
       0,
       99,
       truncNormal},
      {"constant", {{"val", NAN, -kMost, kMost}}, false, 0, 99, constant},
      {"ones", {}, false, 0, 99, ones},
      {"zeros", {}, false, 0, 99, zeros},
      {"eye", {}, false, 2, 2, eye},
      {"dirac", {{"groups", 1.0, 1.0, 1e9}}, false, 3, 5, dirac},
      {"xavier_uniform", {gain}, false, 2, 99, xavierUniform},
      {"xavier_normal", {gain}, false, 2, 99, xavierNormal},
      {"kaiming_uniform", {slope}, true, 2, 99, kaimingUniform},
      {"kaiming_normal", {slope}, true, 2, 99, kaimingNormal},
      {"orthogonal", {gain}, false, 2, 99, orthogonal},
      {"sparse", {{"sparsity", NAN, 0.0, 1.0}, {"std", 0.01, 0.0, kMost}}, false, 2, 2, sparse},
  };
  return all;
}

const InitFunction *findInitFunction(std::string_view name) {
  auto found = std::ranges::find(initFunctions(), name, &InitFunction::name);
  return found == initFunctions().end() ? nullptr : &*found;
}

Status drawBy(const InitFunction &function, const InitRule &rule, std::span<const int64_t> shape,
              uint64_t seed, uint32_t stream, std::vector<double> &values) {
  Subject subject(rule, shape, seed, stream, values);
  return function.draw(subject);
}

} // namespace ntc::rt::train
