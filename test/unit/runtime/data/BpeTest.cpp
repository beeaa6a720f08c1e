// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Byte-pair encoding against Hugging Face's tokenizers (make_bpe.py), and vocabularies that are
// none.
#include "runtime/data/text/Bpe.h"
#include "runtime/data/OpenDataset.h"
#include "runtime/data/text/SplitWords.h"
#include "runtime/format/Json.h"

#include "Scratch.h"

#include <algorithm>

namespace ntc::rt::data {
namespace {

const std::string kFolder = NTC_TEST_DATA "/";

void expectGolden(Bpe &bpe, bool hasSpecials) {
  std::ifstream golden(kFolder + "bpe.golden");
  int compared = 0;
  for (std::string line; std::getline(golden, line);) {
    auto json = format::parseJson(line);
    ASSERT_TRUE(json) << json.status().message();
    const std::string &text = json->items()[0].text();
    if (!hasSpecials && text.find("<|end|>") != std::string::npos) {
      continue;
    }
    std::vector<int32_t> expected, found;
    for (const auto &id : json->items()[1].items()) {
      expected.push_back(static_cast<int32_t>(*id.asInt64()));
    }
    const Status status = bpe.encode(text, found);
    ASSERT_TRUE(status) << status.message();
    EXPECT_EQ(found, expected) << quoted(text);
    ++compared;
  }
  EXPECT_GT(compared, 70);
}

TEST(Bpe, GivesTheTokensOfHuggingFace) {
  auto bpe = Bpe::open(kFolder + "bpe.json", "");
  ASSERT_TRUE(bpe) << bpe.status().message();
  EXPECT_EQ(bpe->size(), 420);
  expectGolden(*bpe, true);
}

TEST(Bpe, ReadsTheFormOfGpt2) {
  auto bpe = Bpe::open(kFolder + "bpe-vocab.json", kFolder + "bpe-merges.txt");
  ASSERT_TRUE(bpe) << bpe.status().message();
  expectGolden(*bpe, false);
}

TEST(Bpe, WordsAreThoseOfTheExpression) {
  auto words = [](std::string_view text) {
    std::vector<std::string> out;
    while (!text.empty()) {
      out.emplace_back(text.substr(0, firstWord(text)));
      text.remove_prefix(out.back().size());
    }
    return out;
  };
  using Words = std::vector<std::string>;
  EXPECT_EQ(words("it's  a\n\nx 12'll"),
            (Words{"it", "'s", " ", " a", "\n", "\n", "x", " 12", "'ll"}));
  EXPECT_EQ(words("a  "), (Words{"a", "  "}));
  EXPECT_EQ(words(" \t b"), (Words{" \t", " b"}));
}

/// A word of a million letters merges in time.
TEST(Bpe, LongWordsTakeNoLonger) {
  auto bpe = Bpe::open(kFolder + "bpe.json", "");
  std::vector<int32_t> tokens;
  ASSERT_TRUE(bpe->encode(std::string(1'000'000, 'a'), tokens));
  EXPECT_EQ(tokens.size(), 1'000'000u);
}

std::string refusal(const std::string &vocabulary, const std::string &merges = "") {
  Scratch folder;
  const std::string path = folder.write("v.json", vocabulary);
  auto bpe = Bpe::open(path, merges.empty() ? "" : folder.write("m.txt", merges));
  return bpe ? "accepted" : bpe.status().message();
}

TEST(Bpe, RefusesWhatIsNoVocabulary) {
  EXPECT_TRUE(has(refusal("{"), "v.json"));
  EXPECT_TRUE(has(refusal("{}", "a b"), "expected an object of tokens"));
  EXPECT_TRUE(has(refusal(R"({"a":0})"), "has no merges; name them with the option merges"));
  EXPECT_TRUE(has(refusal(R"({"model":{}})", "a b"), "has merges of its own"));
  EXPECT_TRUE(has(refusal(R"({"a":0,"b":1})", "#version\na b"), "merge 1 needs the token 'ab'"));
  EXPECT_TRUE(has(refusal(R"({"a":0,"b":1,"ab":2})", "a b\na b"), "is there twice"));
  EXPECT_TRUE(has(refusal(R"({"a":0,"b":1,"ab":2})", "ab"), "line 1: expected two tokens"));
  EXPECT_TRUE(has(refusal(R"({"a":0,"b":0})", "a b"), "have the same number 0"));
  EXPECT_TRUE(has(refusal(R"({"a":-1})", "a b"), "a number from 0"));
  EXPECT_TRUE(has(refusal(R"({"a":16000000})", "a b"), "far above"));
  auto tokenizer = [](const std::string &model, const std::string &rest) {
    return refusal(R"({"model":{)" + model + R"("vocab":{"a":0},"merges":[]})" + rest + "}");
  };
  const std::string bytes = R"(,"pre_tokenizer":{"type":"ByteLevel"})";
  EXPECT_EQ(tokenizer("", bytes), "accepted");
  EXPECT_TRUE(has(tokenizer(R"("type":"WordPiece",)", bytes), "its model is 'WordPiece'"));
  EXPECT_TRUE(has(tokenizer(R"("byte_fallback":true,)", bytes), "'byte_fallback'"));
  EXPECT_TRUE(has(tokenizer("", R"(,"pre_tokenizer":{"type":"Metaspace"})"), "'Metaspace'"));
  EXPECT_TRUE(has(tokenizer("", bytes + R"(,"normalizer":{"type":"NFC"})"), "a normalizer"));
  EXPECT_TRUE(has(tokenizer("", bytes + R"(,"added_tokens":[{"id":3}])"), "content and id"));
  EXPECT_TRUE(
      has(tokenizer("", bytes + R"(,"added_tokens":[{"id":1,"content":"<e>","lstrip":true}])"),
          "'lstrip'"));
}

/// Damaged vocabularies are refused or read; none crashes.
TEST(Bpe, SurvivesDamage) {
  const std::string whole = readAll(kFolder + "bpe.json");
  Scratch folder;
  uint64_t state = 1;
  auto next = [&state](size_t below) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<size_t>(state >> 33) % below;
  };
  int refused = 0;
  for (int i = 0; i < 400; ++i) {
    std::string damaged = whole;
    for (size_t n = next(3) + 1; n > 0; --n) {
      const size_t at = next(damaged.size());
      next(4) == 0 ? damaged.erase(at, next(40))
                   : damaged.replace(at, 1, 1, "0123456789\"{}[],: nulltrue"[next(26)]);
    }
    auto bpe = Bpe::open(folder.write("d.json", damaged), "");
    std::vector<int32_t> tokens;
    refused += bpe ? 0 : 1;
    if (bpe && bpe->encode("it was the best<|end|>of 東京", tokens)) {
      EXPECT_LT(*std::ranges::max_element(tokens), bpe->size());
    }
  }
  EXPECT_GT(refused, 100);
}

TEST(Bpe, IsAnOptionOfTexts) {
  Scratch folder;
  const std::string path = folder.write("t.txt", "it was the best of times, it was");
  auto open = [&](const std::string &options) {
    return openDataset(*DataSource::parse("text:" + path + "?context=4" + options), Split::Train,
                       {});
  };
  auto dataset = open("&vocab=" + kFolder + "bpe.json");
  ASSERT_TRUE(dataset) << dataset.status().message();
  EXPECT_EQ((*dataset)->fields()[1].classes, 420);
  EXPECT_TRUE(has(open("&by=bpe").status().message(), "vocab=tokenizer.json"));
  EXPECT_TRUE(has(open("&by=chars&vocab=v.json").status().message(), "belong to by=bpe"));
  EXPECT_TRUE(has(open("&vocab=none.json").status().message(), "none.json"));
}

} // namespace
} // namespace ntc::rt::data
