// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Records and their checksums against known bytes; histograms and curves against counting.
#include "runtime/report/EventFile.h"

#include "../data/Scratch.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace ntc::rt::report {
namespace {

using data::readAll;
using data::Scratch;

std::string hex(std::string_view bytes) {
  std::string out;
  for (unsigned char c : bytes) {
    char pair[3];
    std::snprintf(pair, sizeof(pair), "%02x", c);
    out += pair;
  }
  return out;
}

/// The bytes fields of a message with that number.
std::vector<std::string> members(std::string_view message, uint32_t number) {
  std::vector<std::string> out;
  WireReader reader(message);
  WireField field;
  for (Result<bool> more = reader.next(field); more && *more; more = reader.next(field)) {
    if (field.number == number && field.isBytes) {
      out.emplace_back(field.bytes);
    }
  }
  return out;
}

std::vector<double> doubles(const std::string &packed) {
  std::vector<double> out(packed.size() / sizeof(double));
  std::memcpy(out.data(), packed.data(), packed.size());
  return out;
}

double fixed(std::string_view message, uint32_t number) {
  WireReader reader(message);
  WireField field;
  double out = NAN;
  for (Result<bool> more = reader.next(field); more && *more; more = reader.next(field)) {
    if (field.number == number && !field.isBytes) {
      std::memcpy(&out, &field.value, sizeof(out));
    }
  }
  return out;
}

TEST(EventFile, ChecksumIsCastagnoli) {
  EXPECT_EQ(crc32c("123456789"), 0xe3069283U); // RFC 3720, appendix B.4 has more
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aaU);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43U);
  EXPECT_EQ(crc32c(""), 0U);
}

TEST(EventFile, RecordsHaveTheBytesThatTensorBoardReads) {
  WireWriter version;
  version.fixed64(1, 0.0);
  version.bytes(3, "brain.Event:2");
  EXPECT_EQ(hex(recordBytes(version.text())),
            "1800000000000000a37f4b220900000000000000001a0d627261696e2e4576656e743a32eedf28a3");
  Summary summary;
  summary.scalar("loss", 0.5);
  WireWriter event;
  event.fixed64(1, 1.0);
  event.varint(2, 7);
  event.message(5, summary.message());
  EXPECT_EQ(hex(recordBytes(event.text())), "1a00000000000000129bd82d09000000000000f03f10072a0d0a0b"
                                            "0a046c6f7373150000003f862c9a2f");
}

TEST(EventFile, EveryRecordOfAFileIsWholeAndChecked) {
  Scratch folder;
  auto file = EventFile::create(folder.path());
  ASSERT_TRUE(file) << file.status().message();
  Summary summary;
  summary.scalar("loss", 0.25);
  file->restart(4);
  file->add(4, summary);
  file->add(5, Summary()); // nothing
  ASSERT_TRUE(file->flush());
  ASSERT_TRUE(file->flush()); // nothing more
  const std::string bytes = readAll(file->path());
  std::vector<std::string> events;
  for (size_t at = 0; at < bytes.size();) {
    uint64_t length = 0;
    ASSERT_LE(at + 12, bytes.size());
    std::memcpy(&length, bytes.data() + at, 8);
    ASSERT_LE(at + 16 + length, bytes.size());
    events.push_back(bytes.substr(at + 12, length));
    EXPECT_EQ(bytes.substr(at, 16 + length), recordBytes(events.back()));
    at += 16 + length;
  }
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(members(events[0], 3), std::vector<std::string>{"brain.Event:2"});
  EXPECT_EQ(members(events[1], 7).size(), 1U);
  EXPECT_EQ(members(events[2], 5), std::vector<std::string>{summary.message().text()});
}

TEST(EventFile, NamesSortByTheTimeOfTheProcessAndNeverMeet) {
  Scratch folder;
  auto first = EventFile::create(folder.path()), second = EventFile::create(folder.path());
  ASSERT_TRUE(first && second);
  EXPECT_NE(first->path(), second->path());
  EXPECT_EQ(EventFile::create(folder / "none").status().code(), Code::Io);
}

TEST(EventFile, HistogramsCountEveryFiniteValueInItsBucket) {
  std::vector<double> values = {-3.0, -0.5, 0.0, 0.0, 1e-13, 0.25, 7.0, NAN, INFINITY};
  for (int i = 0; i < 1000; ++i) {
    values.push_back(std::sin(i * 0.7) * std::pow(10.0, i % 9 - 6));
  }
  Summary summary;
  summary.histogram("w", std::span<const double>(values));
  const std::string histogram = members(members(summary.message().text(), 1)[0], 5)[0];
  std::erase_if(values, [](double value) { return !std::isfinite(value); });
  const std::vector<double> limits = doubles(members(histogram, 6)[0]);
  const std::vector<double> counts = doubles(members(histogram, 7)[0]);
  ASSERT_EQ(limits.size(), counts.size());
  EXPECT_TRUE(std::ranges::is_sorted(limits));
  EXPECT_EQ(fixed(histogram, 1), std::ranges::min(values));
  EXPECT_EQ(fixed(histogram, 2), std::ranges::max(values));
  EXPECT_EQ(fixed(histogram, 3), static_cast<double>(values.size()));
  // Cumulative counts agree with counting at every bound, up to values that lie on it but for
  // rounding.
  double sum = 0;
  for (size_t i = 0; i < limits.size(); ++i) {
    sum += counts[i];
    const double slack = std::fabs(limits[i]) * 1e-9;
    const auto below = [&](double bound) {
      return static_cast<double>(
          std::ranges::count_if(values, [&](double value) { return value < bound; }));
    };
    EXPECT_GE(sum, below(limits[i] - slack)) << "bound " << limits[i];
    EXPECT_LE(sum, below(limits[i] + slack + 1e-300)) << "bound " << limits[i];
  }
  Summary empty;
  empty.histogram("w", std::span<const double>());
  EXPECT_TRUE(empty.isEmpty());
}

TEST(EventFile, CurvesCountAtEveryThreshold) {
  const std::vector<double> scores = {0.0, 0.1, 0.4, 0.4, 0.5, 0.9, 1.0};
  const std::vector<bool> truths = {false, true, false, true, true, false, true};
  constexpr int64_t kThresholds = 11;
  Summary summary;
  summary.prCurve("pr", scores, truths, kThresholds);
  const std::string tensor = members(members(summary.message().text(), 1)[0], 8)[0];
  std::vector<float> values;
  WireReader reader(tensor);
  WireField field;
  for (Result<bool> more = reader.next(field); more && *more; more = reader.next(field)) {
    if (field.number == 5) {
      const uint32_t bits = static_cast<uint32_t>(field.value);
      float value = 0;
      std::memcpy(&value, &bits, sizeof(value));
      values.push_back(value);
    }
  }
  ASSERT_EQ(values.size(), 6U * kThresholds);
  for (size_t t = 0; t < kThresholds; ++t) {
    double tp = 0, fp = 0;
    for (size_t i = 0; i < scores.size(); ++i) {
      // A score reaches threshold t / 10.
      const bool reaches = static_cast<size_t>(scores[i] * 10) >= t;
      tp += reaches && truths[i] ? 1 : 0;
      fp += reaches && !truths[i] ? 1 : 0;
    }
    EXPECT_EQ(values[t], tp) << t;
    EXPECT_EQ(values[kThresholds + t], fp) << t;
    EXPECT_EQ(values[2 * kThresholds + t], 3 - fp) << t;
    EXPECT_EQ(values[3 * kThresholds + t], 4 - tp) << t;
    EXPECT_FLOAT_EQ(values[5 * kThresholds + t], static_cast<float>(tp / 4)) << t;
  }
}

} // namespace
} // namespace ntc::rt::report
