// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// SHA-256 in portable code and with x86's SHA extensions. Constants and steps: FIPS 180-4,
// sections 4.2.2 and 6.2.
#include "runtime/base/Sha256.h"

#include <algorithm>
#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

namespace ntc::rt {

namespace {

alignas(16) constexpr uint32_t kRound[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

uint32_t loadBigEndian(const uint8_t *bytes) {
  uint32_t word = 0;
  std::memcpy(&word, bytes, 4);
  return std::endian::native == std::endian::little ? __builtin_bswap32(word) : word;
}

void compressPortable(uint32_t *state, const uint8_t *data, size_t blocks) {
  for (; blocks > 0; --blocks, data += 64) {
    uint32_t w[64];
    for (int i = 0; i < 16; ++i) {
      w[i] = loadBigEndian(data + 4 * i);
    }
    for (int i = 16; i < 64; ++i) {
      uint32_t s0 = std::rotr(w[i - 15], 7) ^ std::rotr(w[i - 15], 18) ^ (w[i - 15] >> 3);
      uint32_t s1 = std::rotr(w[i - 2], 17) ^ std::rotr(w[i - 2], 19) ^ (w[i - 2] >> 10);
      w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    uint32_t v[8];
    std::copy_n(state, 8, v);
    for (int i = 0; i < 64; ++i) {
      uint32_t s1 = std::rotr(v[4], 6) ^ std::rotr(v[4], 11) ^ std::rotr(v[4], 25);
      uint32_t choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
      uint32_t t1 = v[7] + s1 + choice + kRound[i] + w[i];
      uint32_t s0 = std::rotr(v[0], 2) ^ std::rotr(v[0], 13) ^ std::rotr(v[0], 22);
      uint32_t majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
      std::copy_backward(v, v + 7, v + 8);
      v[4] += t1;
      v[0] = t1 + s0 + majority;
    }
    for (int i = 0; i < 8; ++i) {
      state[i] += v[i];
    }
  }
}

#if defined(__x86_64__)

bool hasShaInstructions() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  bool ssse3 = __get_cpuid(1, &a, &b, &c, &d) && (c & (1u << 9)) && (c & (1u << 19));
  return ssse3 && __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & (1u << 29));
}

// The instructions keep the state as (A, B, E, F) and (C, D, G, H) with the first-named in the
// highest lane, and take two rounds at a time from the low half of their message operand.
__attribute__((target("sha,sse4.1,ssse3"))) void compressSha(uint32_t *state, const uint8_t *data,
                                                             size_t blocks) {
  const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
  __m128i abef = _mm_set_epi32(static_cast<int>(state[0]), static_cast<int>(state[1]),
                               static_cast<int>(state[4]), static_cast<int>(state[5]));
  __m128i cdgh = _mm_set_epi32(static_cast<int>(state[2]), static_cast<int>(state[3]),
                               static_cast<int>(state[6]), static_cast<int>(state[7]));
  for (; blocks > 0; --blocks, data += 64) {
    __m128i abefBefore = abef;
    __m128i cdghBefore = cdgh;
    __m128i w[4];
    for (int i = 0; i < 4; ++i) {
      w[i] = _mm_shuffle_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i *>(data) + i), swap);
    }
    for (int i = 0; i < 16; ++i) {
      __m128i current = w[i & 3];
      __m128i sum =
          _mm_add_epi32(current, _mm_load_si128(reinterpret_cast<const __m128i *>(kRound) + i));
      cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
      abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));
      if (i < 12) {
        // w[t] = w[t-16] + s0(w[t-15]) + w[t-7] + s1(w[t-2]) for four t at once.
        __m128i next = _mm_sha256msg1_epu32(current, w[(i + 1) & 3]);
        next = _mm_add_epi32(next, _mm_alignr_epi8(w[(i + 3) & 3], w[(i + 2) & 3], 4));
        w[i & 3] = _mm_sha256msg2_epu32(next, w[(i + 3) & 3]);
      }
    }
    abef = _mm_add_epi32(abef, abefBefore);
    cdgh = _mm_add_epi32(cdgh, cdghBefore);
  }
  alignas(16) uint32_t lanes[8];
  _mm_store_si128(reinterpret_cast<__m128i *>(lanes), abef);
  _mm_store_si128(reinterpret_cast<__m128i *>(lanes) + 1, cdgh);
  const uint32_t result[8] = {lanes[3], lanes[2], lanes[7], lanes[6],
                              lanes[1], lanes[0], lanes[5], lanes[4]};
  std::copy_n(result, 8, state);
}

void compress(uint32_t *state, const uint8_t *data, size_t blocks) {
  static const bool fast = hasShaInstructions();
  (fast ? compressSha : compressPortable)(state, data, blocks);
}

#else

void compress(uint32_t *state, const uint8_t *data, size_t blocks) {
  compressPortable(state, data, blocks);
}

#endif

} // namespace

void Sha256::update(std::span<const uint8_t> bytes) {
  size_t filled = totalBytes_ % 64;
  totalBytes_ += bytes.size();
  if (filled > 0) {
    size_t part = std::min(bytes.size(), 64 - filled);
    std::copy_n(bytes.begin(), part, block_.begin() + static_cast<ptrdiff_t>(filled));
    bytes = bytes.subspan(part);
    if (filled + part < 64) {
      return;
    }
    compress(state_.data(), block_.data(), 1);
  }
  size_t whole = bytes.size() / 64;
  if (whole > 0) {
    compress(state_.data(), bytes.data(), whole);
    bytes = bytes.subspan(whole * 64);
  }
  std::copy(bytes.begin(), bytes.end(), block_.begin());
}

void Sha256::update(std::string_view text) {
  update(std::span(reinterpret_cast<const uint8_t *>(text.data()), text.size()));
}

Sha256::Digest Sha256::finish() {
  uint64_t bits = totalBytes_ * 8;
  std::array<uint8_t, 72> padding{0x80};
  size_t zeros = (119 - totalBytes_ % 64) % 64; // up to the length field at byte 56 of a block
  for (size_t i = 0; i < 8; ++i) {
    padding[1 + zeros + i] = static_cast<uint8_t>(bits >> (56 - 8 * i));
  }
  update(std::span(padding).first(1 + zeros + 8));
  Digest digest{};
  for (size_t i = 0; i < 32; ++i) {
    digest[i] = static_cast<uint8_t>(state_[i / 4] >> (24 - 8 * (i % 4)));
  }
  return digest;
}

Sha256::Digest sha256(std::span<const uint8_t> bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.finish();
}

std::string hex(const Sha256::Digest &digest) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (uint8_t byte : digest) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

bool isSha256Hex(std::string_view text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

} // namespace ntc::rt
