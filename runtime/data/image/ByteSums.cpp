// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Loops over bytes. SSE2 is part of x86-64; the shuffle of bytes that splitting wants is SSSE3,
// which is asked for when it runs.
#include "runtime/data/image/ByteSums.h"

#include <algorithm>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace ntc::rt::data {
namespace {

constexpr int kBits = 22;
constexpr int kLowBits = 11;
constexpr int64_t kLanes = 8;
constexpr int32_t kHalf = 1 << (kBits - 1);

uint8_t finish(uint32_t sum) {
  return static_cast<uint8_t>(std::clamp(static_cast<int32_t>(sum) >> kBits, 0, 255));
}

void splitPlain(const uint8_t *pixels, int64_t count, uint8_t *r, uint8_t *g, uint8_t *b) {
  for (int64_t x = 0; x < count; ++x) {
    r[x] = pixels[3 * x];
    g[x] = pixels[3 * x + 1];
    b[x] = pixels[3 * x + 2];
  }
}

void sumAcrossPlain(const uint8_t *from, int64_t stride, std::span<const int16_t> high,
                    std::span<const int16_t> low, int64_t begin, int64_t width, uint8_t *to) {
  for (int64_t x = begin; x < width; ++x) {
    uint32_t sum = kHalf;
    for (size_t k = 0; k < high.size(); ++k) {
      const auto weight = static_cast<uint32_t>((high[k] << kLowBits) + low[k]);
      sum += from[static_cast<int64_t>(k) * stride + x] * weight;
    }
    to[x] = finish(sum);
  }
}

#if defined(__x86_64__)

/// Eight bytes as 16-bit numbers.
__m128i widened(const uint8_t *from) {
  return _mm_unpacklo_epi8(_mm_loadl_epi64(reinterpret_cast<const __m128i *>(from)),
                           _mm_setzero_si128());
}

__m128i load(const void *from) { return _mm_loadu_si128(static_cast<const __m128i *>(from)); }

/// Two numbers as the pair that `_mm_madd_epi16` multiplies by two rows.
__m128i pairOf(int16_t first, int16_t second) {
  return _mm_set1_epi32(static_cast<int32_t>(
      static_cast<uint16_t>(first) | static_cast<uint32_t>(static_cast<uint16_t>(second)) << 16));
}

/// Adds two rows' bytes, eight columns, by their weights.
struct Across {
  __m128i high[2], low[2];

  void add(__m128i above, __m128i below, __m128i highs, __m128i lows) {
    const __m128i zero = _mm_setzero_si128();
    const __m128i both = _mm_unpacklo_epi8(above, below);
    const __m128i left = _mm_unpacklo_epi8(both, zero), right = _mm_unpackhi_epi8(both, zero);
    high[0] = _mm_add_epi32(high[0], _mm_madd_epi16(left, highs));
    high[1] = _mm_add_epi32(high[1], _mm_madd_epi16(right, highs));
    low[0] = _mm_add_epi32(low[0], _mm_madd_epi16(left, lows));
    low[1] = _mm_add_epi32(low[1], _mm_madd_epi16(right, lows));
  }
  __m128i sum(int half) const {
    return _mm_srai_epi32(_mm_add_epi32(_mm_slli_epi32(high[half], kLowBits), low[half]), kBits);
  }
};

int64_t sumAcrossVectors(const uint8_t *from, int64_t stride, std::span<const int16_t> high,
                         std::span<const int16_t> low, int64_t width, uint8_t *to) {
  int64_t x = 0;
  for (; x + kLanes <= width; x += kLanes) {
    const __m128i zero = _mm_setzero_si128(), half = _mm_set1_epi32(kHalf);
    Across sums{{zero, zero}, {half, half}};
    auto row = [&](size_t k) {
      const uint8_t *at = from + static_cast<int64_t>(k) * stride + x;
      return _mm_loadl_epi64(reinterpret_cast<const __m128i *>(at));
    };
    size_t k = 0;
    for (; k + 1 < high.size(); k += 2) {
      sums.add(row(k), row(k + 1), pairOf(high[k], high[k + 1]), pairOf(low[k], low[k + 1]));
    }
    if (k < high.size()) {
      sums.add(row(k), zero, pairOf(high[k], 0), pairOf(low[k], 0));
    }
    const __m128i words = _mm_packs_epi32(sums.sum(0), sums.sum(1));
    _mm_storel_epi64(reinterpret_cast<__m128i *>(to + x), _mm_packus_epi16(words, words));
  }
  return x;
}

/// Which byte of each of three vectors of pixels is byte i of a plane: byte 3 i + channel of the
/// 48, where it lies in that vector; else none.
struct SplitMasks {
  alignas(16) int8_t bytes[3][3][16];
};
constexpr SplitMasks kSplitMasks = [] {
  SplitMasks out{};
  for (int channel = 0; channel < 3; ++channel) {
    for (int part = 0; part < 3; ++part) {
      for (int i = 0; i < 16; ++i) {
        const int at = 3 * i + channel - 16 * part;
        out.bytes[channel][part][i] = static_cast<int8_t>(at >= 0 && at < 16 ? at : -1);
      }
    }
  }
  return out;
}();

/// Sixteen pixels at a time.
__attribute__((target("ssse3"))) int64_t splitVectors(const uint8_t *pixels, int64_t count,
                                                      uint8_t *const *planes) {
  int64_t x = 0;
  for (; x + 16 <= count; x += 16) {
    const __m128i parts[3] = {load(pixels + 3 * x), load(pixels + 3 * x + 16),
                              load(pixels + 3 * x + 32)};
#pragma clang loop unroll(full)
    for (int channel = 0; channel < 3; ++channel) {
      const auto &masks = kSplitMasks.bytes[channel];
      const __m128i first = _mm_shuffle_epi8(parts[0], load(masks[0]));
      const __m128i second = _mm_shuffle_epi8(parts[1], load(masks[1]));
      const __m128i third = _mm_shuffle_epi8(parts[2], load(masks[2]));
      _mm_storeu_si128(reinterpret_cast<__m128i *>(planes[channel] + x),
                       _mm_or_si128(_mm_or_si128(first, second), third));
    }
  }
  return x;
}

/// Four sums at a time, so that one transposition ends them all.
size_t sumAlongVectors(const uint8_t *from, const FixedWeights &weights, uint8_t *to) {
  const auto width = static_cast<size_t>(weights.width);
  size_t i = 0;
  for (; i + 4 <= weights.first.size(); i += 4) {
    __m128i sums[4];
    for (size_t j = 0; j < 4; ++j) {
      const uint8_t *at = from + weights.first[i + j];
      const int16_t *high = weights.high.data() + (i + j) * width;
      const int16_t *low = weights.low.data() + (i + j) * width;
      __m128i highs = _mm_setzero_si128(), lows = _mm_setzero_si128();
      for (size_t k = 0; k < width; k += kLanes) {
        const __m128i bytes = widened(at + k);
        highs = _mm_add_epi32(highs, _mm_madd_epi16(bytes, load(high + k)));
        lows = _mm_add_epi32(lows, _mm_madd_epi16(bytes, load(low + k)));
      }
      sums[j] = _mm_add_epi32(_mm_slli_epi32(highs, kLowBits), lows);
    }
    const __m128i left =
        _mm_add_epi32(_mm_unpacklo_epi32(sums[0], sums[1]), _mm_unpackhi_epi32(sums[0], sums[1]));
    const __m128i right =
        _mm_add_epi32(_mm_unpacklo_epi32(sums[2], sums[3]), _mm_unpackhi_epi32(sums[2], sums[3]));
    const __m128i all = _mm_add_epi32(
        _mm_add_epi32(_mm_unpacklo_epi64(left, right), _mm_unpackhi_epi64(left, right)),
        _mm_set1_epi32(kHalf));
    const __m128i words = _mm_packs_epi32(_mm_srai_epi32(all, kBits), _mm_setzero_si128());
    const int32_t four = _mm_cvtsi128_si32(_mm_packus_epi16(words, words));
    std::memcpy(to + i, &four, 4);
  }
  return i;
}

#endif

} // namespace

FixedWeights FixedWeights::of(std::span<const double> weights, std::span<const int64_t> first,
                              std::span<const int64_t> count, int64_t inputs) {
  FixedWeights out;
  const size_t sums = first.size(), given = weights.size() / std::max<size_t>(sums, 1);
  const int64_t most = sums > 0 ? std::ranges::max(count) : 0;
  out.width = (most + kLanes - 1) / kLanes * kLanes;
  if (out.width > inputs) {
    return {};
  }
  out.high.resize(sums * static_cast<size_t>(out.width));
  out.low.resize(out.high.size());
  for (size_t i = 0; i < sums; ++i) {
    // A sum at the right edge begins earlier, with weights of 0.
    out.first.push_back(std::min(first[i], inputs - out.width));
    const auto skipped = static_cast<size_t>(first[i] - out.first[i]);
    for (size_t k = 0; k < static_cast<size_t>(count[i]); ++k) {
      const auto value = static_cast<int32_t>(weights[i * given + k] * (1 << kBits) + 0.5);
      const size_t at = i * static_cast<size_t>(out.width) + skipped + k;
      out.high[at] = static_cast<int16_t>(value >> kLowBits);
      out.low[at] = static_cast<int16_t>(value & ((1 << kLowBits) - 1));
    }
  }
  return out;
}

void sumAlong(const uint8_t *from, const FixedWeights &weights, uint8_t *to) {
  const auto width = static_cast<size_t>(weights.width);
  size_t i = 0;
#if defined(__x86_64__)
  i = sumAlongVectors(from, weights, to);
#endif
  for (; i < weights.first.size(); ++i) {
    const uint8_t *at = from + weights.first[i];
    const int16_t *high = weights.high.data() + i * width, *low = weights.low.data() + i * width;
    uint32_t sum = kHalf;
    for (size_t k = 0; k < width; ++k) {
      sum += at[k] * static_cast<uint32_t>((high[k] << kLowBits) + low[k]);
    }
    to[i] = finish(sum);
  }
}

void sumAcross(const uint8_t *from, int64_t stride, std::span<const int16_t> high,
               std::span<const int16_t> low, int64_t width, uint8_t *to) {
  int64_t done = 0;
#if defined(__x86_64__)
  done = sumAcrossVectors(from, stride, high, low, width, to);
#endif
  sumAcrossPlain(from, stride, high, low, done, width, to);
}

void splitPixels(const uint8_t *pixels, int64_t count, uint8_t *r, uint8_t *g, uint8_t *b) {
  int64_t done = 0;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("ssse3")) {
    uint8_t *const planes[3] = {r, g, b};
    done = splitVectors(pixels, count, planes);
  }
#endif
  splitPlain(pixels + 3 * done, count - done, r + done, g + done, b + done);
}

} // namespace ntc::rt::data
