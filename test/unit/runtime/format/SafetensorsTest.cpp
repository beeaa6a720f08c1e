// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// safetensors: what is written reads back, is deterministic and verifiable; hostile files are
// refused.
#include "runtime/format/Safetensors.h"

#include "test/unit/runtime/TemporaryFolder.h"

#include <cstring>
#include <gtest/gtest.h>

namespace ntc::rt::format {
namespace {

using Bytes = std::vector<uint8_t>;

/// A file from the text of its header and data of zeros.
Bytes fileOf(std::string_view header, size_t dataBytes) {
  Bytes bytes(8 + header.size() + dataBytes);
  uint64_t length = header.size();
  std::memcpy(bytes.data(), &length, 8);
  std::copy(header.begin(), header.end(), bytes.begin() + 8);
  return bytes;
}

struct Sample {
  Bytes weight = Bytes(24, 1), bias = Bytes(8, 2), flags = Bytes(3, 3), scalar = Bytes(8, 4);

  std::vector<TensorToStore> tensors() const {
    return {{"fc.weight", DType::F32, {2, 3}, weight},
            {"flags", DType::Bool, {3}, flags},
            {"fc.bias", DType::F32, {2}, bias},
            {"train.step", DType::I64, {}, scalar},
            {"empty", DType::F64, {0, 5}, {}}};
  }

  Bytes file(const Metadata &metadata = {{"who", "test"}}, Checksum checksum = Checksum::With,
             bool reversed = false) const {
    test::TemporaryFolder folder;
    auto list = tensors();
    if (reversed) {
      std::reverse(list.begin(), list.end());
    }
    Status status = writeSafetensors(folder.file("t"), list, metadata, checksum);
    EXPECT_TRUE(status) << status.message();
    return readFile(folder.file("t"), 1 << 20).take();
  }
};

TEST(Safetensors, writtenTensorsReadBack) {
  Sample sample;
  Bytes file = sample.file();
  auto read = Safetensors::parse(file);
  ASSERT_TRUE(read) << read.status().message();
  EXPECT_EQ(read->tensors().size(), 5u);
  for (const TensorToStore &tensor : sample.tensors()) {
    const StoredTensor *stored = read->find(tensor.name);
    ASSERT_NE(stored, nullptr) << tensor.name;
    EXPECT_EQ(stored->dtype, tensor.dtype);
    EXPECT_EQ(stored->shape, tensor.shape);
    EXPECT_TRUE(std::ranges::equal(stored->bytes, tensor.bytes));
    EXPECT_EQ(stored->offset % sizeOf(tensor.dtype), 0u) << tensor.name << " is not aligned";
  }
  EXPECT_EQ(read->find("fc"), nullptr);
  EXPECT_EQ(read->metadataValue("who"), "test");
}

TEST(Safetensors, theSameContentGivesTheSameBytes) {
  Sample sample;
  EXPECT_EQ(sample.file(), sample.file({{"who", "test"}}, Checksum::With, true));
}

TEST(Safetensors, theHeaderIsAsTheFormatSaysToTheByte) {
  Bytes data = {1, 2, 3, 4};
  size_t checksumAt = 0;
  std::vector<TensorToStore> tensors = {{"a", DType::U8, {2, 2}, data}};
  auto header = encodeSafetensorsHeader(tensors, {}, checksumAt);
  ASSERT_TRUE(header);
  std::string text = R"({"a":{"dtype":"U8","shape":[2,2],"data_offsets":[0,4]}})";
  EXPECT_EQ(*header,
            std::string("\x38\0\0\0\0\0\0\0", 8) + text + std::string(56 - text.size(), ' '));
}

TEST(Safetensors, checksumIsOverTheFileWithItsDigitsAsZeros) {
  Bytes file = Sample().file();
  auto read = Safetensors::parse(file);
  ASSERT_TRUE(read);
  auto verified = read->verifyChecksum();
  ASSERT_TRUE(verified) << verified.status().message();
  EXPECT_TRUE(*verified);
  Bytes plain = Sample().file({}, Checksum::Without);
  EXPECT_FALSE(*Safetensors::parse(plain)->verifyChecksum());
}

TEST(Safetensors, everyTruncationIsRefused) {
  Bytes file = Sample().file();
  for (size_t length = 0; length < file.size(); ++length) {
    EXPECT_FALSE(Safetensors::parse(std::span(file).first(length))) << length;
  }
  file.push_back(0);
  EXPECT_FALSE(Safetensors::parse(file));
}

/// Every bit of every byte, and its extremes: refused, or without a verified checksum.
TEST(Safetensors, everyChangedByteIsNoticed) {
  Bytes file = Sample().file();
  for (size_t at = 0; at < file.size(); ++at) {
    uint8_t original = file[at];
    for (unsigned change = 0; change < 10; ++change) {
      unsigned extreme = change == 8 ? 0x00 : 0xff;
      file[at] = static_cast<uint8_t>(change < 8 ? original ^ 1u << change : extreme);
      auto read = Safetensors::parse(file);
      if (read && file[at] != original) {
        auto verified = read->verifyChecksum();
        ASSERT_FALSE(verified && *verified) << "byte " << at << " change " << change;
      }
    }
    file[at] = original;
  }
}

TEST(Safetensors, hostileHeadersAreRefused) {
  struct Case {
    const char *header;
    size_t dataBytes;
    Code code = Code::Corrupt;
  } cases[] = {
      {"", 0},
      {"[]", 0},
      {" {}", 0},
      {"{}x", 0},
      {"{}", 1},
      {R"({"a":1})", 0},
      {R"({"a":{"dtype":"F32","shape":[1]}})", 4},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}})", 4},
      {R"({"a":{"dtype":"F99","shape":[1],"data_offsets":[0,4]}})", 4, Code::Unsupported},
      {R"({"a":{"dtype":4,"shape":[1],"data_offsets":[0,4]}})", 4},
      {R"({"a":{"dtype":"F32","shape":1,"data_offsets":[0,4]}})", 4},
      {R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", 4},
      {R"({"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}})", 4},
      {R"({"a":{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}})", 4},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", 4},
      {R"({"a":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,0]}})", 0},
      {R"({"a":{"dtype":"F32","shape":[9223372036854775807,9223372036854775807],"data_offsets":[0,4]}})",
       4},
      {R"({"a":{"dtype":"F32","shape":[18446744073709551617],"data_offsets":[0,4]}})", 4},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})", 4},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}})", 4},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}})", 4},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,18446744073709551615]}})", 4},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}})", 4},
      // a hole, an overlap, a start that is not zero
      {R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}})",
       3},
      {R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})",
       3},
      {R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})", 2},
      {R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
       2},
      {R"({"__metadata__":{"a":1}})", 0},
      {R"({"__metadata__":[]})", 0},
      {R"({"__metadata__":{"a":"1","a":"2"}})", 0},
      {R"({"a":{"dtype":"U8","shape":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0],"data_offsets":[0,0]}})",
       0, Code::Unsupported},
  };
  for (const Case &c : cases) {
    Bytes file = fileOf(c.header, c.dataBytes);
    auto read = Safetensors::parse(file);
    EXPECT_FALSE(read) << c.header;
    EXPECT_EQ(read.status().code(), c.code) << c.header << ": " << read.status().message();
  }
}

TEST(Safetensors, foreignFilesWithPaddingAndOtherTypesAreRead) {
  Bytes file = fileOf(
      R"({"b":{"dtype":"I8","shape":[2],"data_offsets":[4,6]}, "a":{"shape":[1,1],"data_offsets":[0,4],"dtype":"F32"} }   )",
      6);
  auto read = Safetensors::parse(file);
  ASSERT_TRUE(read) << read.status().message();
  EXPECT_EQ(read->find("b")->dtype, std::nullopt);
  EXPECT_EQ(read->find("b")->dtypeName, "I8");
  EXPECT_EQ(read->find("a")->bytes.data(), file.data() + file.size() - 6);
}

TEST(Safetensors, aHugeDeclaredHeaderIsRefusedWithoutAllocation) {
  Bytes file = fileOf("{}", 0);
  for (uint64_t length : {uint64_t{3}, uint64_t{1} << 40, ~uint64_t{0}}) {
    std::memcpy(file.data(), &length, 8);
    EXPECT_EQ(Safetensors::parse(file).status().code(), Code::Corrupt);
  }
  Bytes large = fileOf("{" + std::string(100, ' ') + "}", 0);
  EXPECT_EQ(Safetensors::parse(large, {.headerBytes = 50}).status().code(), Code::Unsupported);
}

TEST(Safetensors, theWriterRefusesWhatTheReaderWould) {
  test::TemporaryFolder folder;
  Bytes data(4);
  auto write = [&](std::vector<TensorToStore> tensors, const Metadata &metadata = {}) {
    return writeSafetensors(folder.file("t"), std::move(tensors), metadata, Checksum::With).code();
  };
  EXPECT_EQ(write({{"a", DType::F32, {2}, data}}), Code::InvalidArgument);
  EXPECT_EQ(write({{"", DType::F32, {1}, data}}), Code::InvalidArgument);
  EXPECT_EQ(write({{"\xff", DType::F32, {1}, data}}), Code::InvalidArgument);
  EXPECT_EQ(write({{"__metadata__", DType::F32, {1}, data}}), Code::InvalidArgument);
  EXPECT_EQ(write({{"a", DType::F32, {1}, data}, {"a", DType::F32, {1}, data}}),
            Code::InvalidArgument);
  EXPECT_EQ(write({{"a", DType::F32, {1}, data}}, {{"k", "\xff"}}), Code::InvalidArgument);
  EXPECT_EQ(folder.count(), 0u);
}

TEST(Safetensors, openNamesThePath) {
  test::TemporaryFolder folder;
  ASSERT_TRUE(writeFileAtomically(folder.file("bad"), Bytes(20, 0xff)));
  auto read = Safetensors::open(folder.file("bad"));
  EXPECT_TRUE(read.status().message().starts_with(folder.file("bad") + ": the header should have"));
}

} // namespace
} // namespace ntc::rt::format
