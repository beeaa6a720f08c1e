// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Encoding. The files are read in BpeReader.cpp.
#include "runtime/data/text/Bpe.h"

#include "runtime/data/text/SplitWords.h"

#include <algorithm>
#include <queue>
#include <tuple>

namespace ntc::rt::data {
namespace {

constexpr size_t kMostWords = 1 << 16;
constexpr size_t kLongestWord = 64; ///< of those that are kept

/// A neighbouring pair that may be merged: the least rank first, then the leftmost.
struct Candidate {
  int32_t rank;
  int32_t left; ///< its place
  int32_t leftToken, rightToken, token;
  bool operator>(const Candidate &other) const {
    return std::tie(rank, left) > std::tie(other.rank, other.left);
  }
};

uint64_t pairOf(int32_t left, int32_t right) {
  return uint64_t{static_cast<uint32_t>(left)} << 32 | static_cast<uint32_t>(right);
}

} // namespace

Status Bpe::encode(std::string_view text, std::vector<int32_t> &tokens) {
  std::vector<size_t> places(specials_.size(), 0); // of each special's next occurrence
  for (size_t begin = 0; begin < text.size();) {
    size_t end = text.size(), after = text.size();
    for (size_t i = 0; i < specials_.size(); ++i) { // the first in the text, of those the longest
      const Special &special = specials_[i];
      if (places[i] < begin || begin == 0) {
        places[i] = std::min(text.find(special.text, begin), text.size());
      }
      if (places[i] < end) {
        end = places[i];
        after = end + special.text.size();
      }
    }
    if (Status status = encodeWords(text.substr(begin, end - begin), tokens); !status) {
      return status;
    }
    for (const Special &special : specials_) {
      if (end < text.size() && text.substr(end, after - end) == special.text) {
        tokens.push_back(special.token);
      }
    }
    begin = after;
  }
  return Status::ok();
}

Status Bpe::encodeWords(std::string_view text, std::vector<int32_t> &tokens) {
  std::string spaced;
  if (addsSpace_ && !text.empty() && text[0] != ' ') {
    spaced = " " + std::string(text);
    text = spaced;
  }
  while (!text.empty()) {
    const std::string_view word = text.substr(0, firstWord(text));
    text.remove_prefix(word.size());
    if (word.size() > kLongestWord) {
      if (Status status = encodeWord(word, tokens); !status) {
        return status;
      }
      continue;
    }
    auto known = words_.find(std::string(word));
    if (known == words_.end()) {
      std::vector<int32_t> encoded;
      if (Status status = encodeWord(word, encoded); !status) {
        return status;
      }
      if (words_.size() >= kMostWords) {
        words_.clear();
      }
      known = words_.emplace(word, std::move(encoded)).first;
    }
    tokens.insert(tokens.end(), known->second.begin(), known->second.end());
  }
  return Status::ok();
}

Status Bpe::encodeWord(std::string_view word, std::vector<int32_t> &tokens) const {
  // A list of places; a merged right one gets the token -1. O(n log n), also for a word that is a
  // whole file.
  const auto count = static_cast<int32_t>(word.size());
  std::vector<int32_t> token(word.size()), next(word.size()), previous(word.size());
  for (int32_t i = 0; i < count; ++i) {
    token[i] = bytes_[static_cast<unsigned char>(word[i])];
    next[i] = i + 1;
    previous[i] = i - 1;
    if (token[i] < 0) {
      return error(Code::Corrupt, "the vocabulary has no token for the byte ",
                   static_cast<int>(static_cast<unsigned char>(word[i])), " of the word ",
                   quoted(word.substr(0, kLongestWord)));
    }
  }
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> candidates;
  auto offer = [&](int32_t left) {
    if (left < 0 || next[left] >= count) {
      return;
    }
    const int32_t a = token[left], b = token[next[left]];
    if (auto merge = merges_.find(pairOf(a, b)); merge != merges_.end()) {
      candidates.push({merge->second.rank, left, a, b, merge->second.token});
    }
  };
  for (int32_t i = 0; i + 1 < count; ++i) {
    offer(i);
  }
  while (!candidates.empty()) {
    const Candidate best = candidates.top();
    candidates.pop();
    const int32_t right = next[best.left];
    if (token[best.left] != best.leftToken || right >= count || token[right] != best.rightToken) {
      continue; // one of both was merged meanwhile
    }
    token[best.left] = best.token;
    token[right] = -1;
    next[best.left] = next[right];
    if (next[right] < count) {
      previous[next[right]] = best.left;
    }
    offer(previous[best.left]);
    offer(best.left);
  }
  for (int32_t i = 0; i < count; i = next[i]) {
    tokens.push_back(token[i]);
  }
  return Status::ok();
}

} // namespace ntc::rt::data
