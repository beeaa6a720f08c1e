// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// NumPy's arrays: headers as NumPy writes them, column-major order, and everything that is refused.
#include "runtime/format/Npy.h"

#include "test/unit/runtime/TemporaryFolder.h"
#include "test/unit/runtime/format/ZipBuilder.h"

#include <cstring>
#include <gtest/gtest.h>

namespace ntc::rt::format {
namespace {

/// A version 1.0 file: the header is padded with blanks to a multiple of 64 and ends in a newline.
std::string npy(std::string header, std::string_view data, int major = 1) {
  size_t prefix = major == 1 ? 10 : 12;
  header.append(63 - (prefix + header.size()) % 64, ' ');
  header += '\n';
  std::string out = "\x93NUMPY";
  out += static_cast<char>(major);
  out += '\0';
  for (size_t i = 0; i < (major == 1 ? 2 : 4); ++i) {
    out += static_cast<char>(header.size() >> (8 * i));
  }
  return out + header + std::string(data);
}

template <typename T> std::string dataOf(std::initializer_list<T> values) {
  return {reinterpret_cast<const char *>(std::data(values)), values.size() * sizeof(T)};
}

Result<NpyArray> parse(const std::string &text) {
  return parseNpy(std::span(reinterpret_cast<const uint8_t *>(text.data()), text.size()));
}

template <typename T> std::vector<T> valuesOf(const NpyArray &array) {
  std::vector<T> values(array.bytes.size() / sizeof(T));
  std::memcpy(values.data(), array.bytes.data(), array.bytes.size());
  return values;
}

TEST(Npy, arraysOfEveryTypeAreRead) {
  for (int major : {1, 2, 3}) {
    auto array = parse(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }",
                           dataOf<float>({1, 2, 3, 4}), major));
    ASSERT_TRUE(array) << array.status().message();
    EXPECT_EQ(array->dtype, DType::F32);
    EXPECT_EQ(array->shape, (std::vector<int64_t>{2, 2}));
    EXPECT_EQ(valuesOf<float>(*array), (std::vector<float>{1, 2, 3, 4}));
  }
  auto scalar =
      parse(npy("{'descr': '<i8', 'fortran_order': False, 'shape': (), }", dataOf<int64_t>({7})));
  ASSERT_TRUE(scalar);
  EXPECT_EQ(valuesOf<int64_t>(*scalar), (std::vector<int64_t>{7}));
  auto narrow = parse(
      npy("{'descr': '<i2', 'fortran_order': False, 'shape': (2,), }", dataOf<int16_t>({-5, 6})));
  ASSERT_TRUE(narrow);
  EXPECT_EQ(narrow->dtype, DType::I32);
  EXPECT_EQ(valuesOf<int32_t>(*narrow), (std::vector<int32_t>{-5, 6}));
}

TEST(Npy, columnMajorBecomesRowMajor) {
  // a[i][j][k] = 100 i + 10 j + k, stored with i fastest
  std::vector<float> stored, expected;
  for (int k = 0; k < 4; ++k) {
    for (int j = 0; j < 3; ++j) {
      for (int i = 0; i < 2; ++i) {
        stored.push_back(static_cast<float>(100 * i + 10 * j + k));
      }
    }
  }
  for (int i = 0; i < 2; ++i) {
    for (int j = 0; j < 3; ++j) {
      for (int k = 0; k < 4; ++k) {
        expected.push_back(static_cast<float>(100 * i + 10 * j + k));
      }
    }
  }
  auto array = parse(npy("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3, 4), }",
                         {reinterpret_cast<const char *>(stored.data()), stored.size() * 4}));
  ASSERT_TRUE(array) << array.status().message();
  EXPECT_EQ(valuesOf<float>(*array), expected);
}

TEST(Npy, whatIsRefusedIsNamed) {
  auto refusal = [](const std::string &header, std::string_view data) {
    return parse(npy(header, data)).status();
  };
  Status object = refusal("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", "12345678");
  EXPECT_EQ(object.code(), Code::Unsupported);
  EXPECT_NE(object.message().find("'|O'"), std::string::npos);
  EXPECT_EQ(refusal("{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", "1234").code(),
            Code::Unsupported);
  for (const char *header : {
           "",
           "{",
           "{}",
           "{'descr': '<f4'}",
           "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }",
           "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,), }",
           "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }",
           "{'descr': '<f4', 'fortran_order': False, 'shape': (1,,), }",
           "{'descr': '<f4', 'fortran_order': False, 'shape': [1], }",
           "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 4), }",
           "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }",
           "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,), }",
           "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }",
           "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': 1}",
           "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), } x",
           "__import__('os')",
       }) {
    EXPECT_EQ(refusal(header, "1234").code(), Code::Corrupt) << header;
  }
}

TEST(Npy, everyTruncationIsRefused) {
  std::string file =
      npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", dataOf<float>({1, 2}));
  for (size_t length = 0; length < file.size(); ++length) {
    EXPECT_FALSE(parse(file.substr(0, length))) << length;
  }
}

TEST(Npz, arraysAreFoundByKey) {
  test::TemporaryFolder folder;
  test::ZipBuilder builder(false);
  builder.add("x.npy", npy("{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }", "abc"),
              true);
  builder.add(
      "y.npy",
      npy("{'descr': '<i8', 'fortran_order': False, 'shape': (1,), }", dataOf<int64_t>({9})),
      false);
  ASSERT_TRUE(writeFileAtomically(folder.file("d.npz"), builder.finish("")));
  auto npz = NpzArchive::open(folder.file("d.npz"));
  ASSERT_TRUE(npz) << npz.status().message();
  EXPECT_EQ(npz->keys(), (std::vector<std::string>{"x", "y"}));
  auto x = npz->read("x");
  ASSERT_TRUE(x) << x.status().message();
  EXPECT_EQ(x->bytes, (std::vector<uint8_t>{'a', 'b', 'c'}));
  Status missing = npz->read("z").status();
  EXPECT_EQ(missing.code(), Code::NotFound);
  EXPECT_NE(missing.message().find("it has 'x', 'y'"), std::string::npos);
}

} // namespace
} // namespace ntc::rt::format
