// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Graphs of an archive: edges, masks, padding, and archives that lie.
#include "runtime/data/OpenDataset.h"

#include "Archives.h"
#include "Scratch.h"

#include <numeric>

namespace ntc::rt::data {
namespace {

using Numbers = std::vector<int64_t>;
using Entries = std::vector<std::pair<std::string, std::string>>;

class Graphs : public testing::Test {
protected:
  Scratch folder;
  const std::string x = npy("|u1", "(3, 2)", std::string("\1\2\3\4\5\6", 6));
  const std::string edges = npy("<i4", "(2, 2)", bytesOf<int32_t>({0, 1, 1, 2}));
  const std::string labels = npy("<i8", "(3,)", bytesOf<int64_t>({1, 0, 1}));

  Result<std::shared_ptr<const Dataset>>
  open(const Entries &entries, const std::string &options = "", Split split = Split::Train) const {
    const std::string path = folder.write("g.npz", zip(entries));
    Result<DataSource> source = DataSource::parse("graphs:" + path + options);
    return source ? openDataset(*source, split, {})
                  : Result<std::shared_ptr<const Dataset>>(source.status());
  }
  std::string message(const Entries &entries, const std::string &options = "") const {
    auto dataset = open(entries, options);
    return dataset ? "accepted" : dataset.status().message();
  }
  template <typename T>
  static std::vector<T> valuesOf(const Dataset &dataset, const std::string &name, DType dtype) {
    for (size_t i = 0; i < dataset.fields().size(); ++i) {
      if (dataset.fields()[i].name == name) {
        std::vector<int64_t> rows(static_cast<size_t>(dataset.size()));
        std::iota(rows.begin(), rows.end(), 0);
        std::vector<T> out(rows.size() * static_cast<size_t>(dataset.fields()[i].elements()));
        dataset.copyRows(i, rows, dtype, reinterpret_cast<std::byte *>(out.data()));
        return out;
      }
    }
    return {};
  }
};

TEST_F(Graphs, OneGraphIsASample) {
  auto dataset = open({{"features.npy", x},
                       {"edges.npy", edges},
                       {"labels.npy", labels},
                       {"train.npy", npy("<i8", "(1,)", bytesOf<int64_t>({2}))},
                       {"test_mask.npy", npy("|b1", "(3,)", std::string("\1\0\0", 3))}});
  ASSERT_TRUE(dataset) << dataset.status().message();
  EXPECT_EQ((*dataset)->size(), 1);
  EXPECT_EQ(valuesOf<float>(**dataset, "x", DType::F32), (std::vector<float>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(valuesOf<int64_t>(**dataset, "edges", DType::I64), (Numbers{0, 1, 1, 0, 1, 2, 2, 1}));
  EXPECT_EQ(valuesOf<uint8_t>(**dataset, "mask", DType::Bool), (std::vector<uint8_t>{0, 0, 1}));
  EXPECT_EQ(valuesOf<int64_t>(**dataset, "y", DType::I64), (Numbers{1, 0, 1}));
  EXPECT_EQ((*dataset)->fields().back().classes, 2);
  const Entries plain = {{"x.npy", x}, {"edges.npy", edges}};
  EXPECT_EQ(valuesOf<int64_t>(**open(plain, "?directed=yes&loops=yes"), "edges", DType::I64),
            (Numbers{0, 1, 1, 2, 0, 0, 1, 1, 2, 2}));
  const std::string columns = npy("<i4", "(2, 3)", bytesOf<int32_t>({0, 1, 2, 1, 2, 2}));
  EXPECT_EQ(
      valuesOf<int64_t>(**open({{"x.npy", x}, {"edge_index.npy", columns}}), "edges", DType::I64),
      (Numbers{0, 1, 1, 0, 1, 2, 2, 1, 2, 2}));
}

TEST_F(Graphs, SeveralGraphsArePadded) {
  const std::string offsets = npy("<i8", "(3,)", bytesOf<int64_t>({0, 1, 3}));
  auto dataset = open({{"x.npy", x},
                       {"edges.npy", npy("<i4", "(1, 2)", bytesOf<int32_t>({1, 2}))},
                       {"node_offsets.npy", offsets},
                       {"y.npy", npy("<i8", "(2,)", bytesOf<int64_t>({4, 0}))}});
  ASSERT_TRUE(dataset) << dataset.status().message();
  EXPECT_EQ((*dataset)->size(), 2);
  EXPECT_EQ(valuesOf<float>(**dataset, "x", DType::F32),
            (std::vector<float>{1, 2, 0, 0, 3, 4, 5, 6}));
  EXPECT_EQ(valuesOf<int64_t>(**dataset, "edges", DType::I64), (Numbers{0, 0, 0, 0, 0, 1, 1, 0}));
  EXPECT_EQ(valuesOf<uint8_t>(**dataset, "node_mask", DType::Bool),
            (std::vector<uint8_t>{1, 0, 1, 1}));
  EXPECT_EQ(valuesOf<uint8_t>(**dataset, "edge_mask", DType::Bool),
            (std::vector<uint8_t>{0, 0, 1, 1}));
  EXPECT_EQ(valuesOf<int64_t>(**dataset, "y", DType::I64), (Numbers{4, 0}));
  const Entries crossing = {{"x.npy", x}, {"edges.npy", edges}, {"node_offsets.npy", offsets}};
  EXPECT_TRUE(has(message(crossing), "edge 0 of 'edges' leads from graph 0 to graph 1"));
  EXPECT_TRUE(has(message({{"x.npy", x}, {"edges.npy", edges}, {"node_offsets.npy", labels}}),
                  "'node_offsets' should rise from 0 to the 3 nodes"));
  EXPECT_EQ((*open({{"x.npy", x}, {"edges.npy", edges}, {"y.npy", labels}}, "?nodes=5"))
                ->fields()
                .back()
                .shape[0],
            5);
}

TEST_F(Graphs, NodesHaveThreeParts) {
  Entries entries = {{"x.npy", x},
                     {"edges.npy", edges},
                     {"train.npy", npy("<i8", "(1,)", bytesOf<int64_t>({2}))},
                     {"test_mask.npy", npy("|b1", "(3,)", std::string("\1\0\0", 3))}};
  auto maskOf = [this, &entries](Split split, const std::string &options = "") {
    auto dataset = open(entries, options, split);
    return dataset ? valuesOf<uint8_t>(**dataset, "mask", DType::Bool) : std::vector<uint8_t>();
  };
  using Mask = std::vector<uint8_t>;
  EXPECT_EQ(maskOf(Split::Validation), (Mask{1, 0, 0})) << "the test's, where there is no other";
  EXPECT_TRUE(has(message(entries, "?split=val"), "has no array 'val_mask'"));
  entries.emplace_back("val_idx.npy", npy("<i4", "(2,)", bytesOf<int32_t>({1, 1})));
  EXPECT_EQ(maskOf(Split::Train), (Mask{0, 0, 1}));
  EXPECT_EQ(maskOf(Split::Validation), (Mask{0, 1, 0}));
  EXPECT_EQ(maskOf(Split::Test), (Mask{1, 0, 0}));
  EXPECT_EQ(maskOf(Split::Test, "?split=val"), (Mask{0, 1, 0}));
  EXPECT_TRUE(has(message(entries, "?split=some"), "must be train, val or test"));
}

TEST_F(Graphs, SeveralGraphsHaveParts) {
  Entries entries = {{"x.npy", x},
                     {"edges.npy", npy("<i4", "(0, 2)", "")},
                     {"node_offsets.npy", npy("<i8", "(4,)", bytesOf<int64_t>({0, 1, 2, 3}))},
                     {"y.npy", npy("<i8", "(3,)", bytesOf<int64_t>({4, 0, 2}))}};
  // As many graphs as nodes: labels of nodes.
  EXPECT_EQ((*open(entries))->fields().back().shape.size(), 1u);
  entries[2].second = npy("<i8", "(3,)", bytesOf<int64_t>({0, 1, 3}));
  entries[3].second = npy("<i8", "(2,)", bytesOf<int64_t>({4, 0}));
  entries.emplace_back("train_mask.npy", npy("|b1", "(2,)", std::string("\1\0", 2)));
  entries.emplace_back("test.npy", npy("<i8", "(1,)", bytesOf<int64_t>({1})));
  auto train = open(entries), test = open(entries, "", Split::Test);
  ASSERT_TRUE(train && test) << train.status().message() << test.status().message();
  EXPECT_EQ((*train)->size(), 1);
  EXPECT_EQ(valuesOf<float>(**train, "x", DType::F32), (std::vector<float>{1, 2, 0, 0}));
  EXPECT_EQ(valuesOf<int64_t>(**train, "y", DType::I64), (Numbers{4}));
  EXPECT_EQ(valuesOf<float>(**test, "x", DType::F32), (std::vector<float>{3, 4, 5, 6}));
  EXPECT_EQ((*test)->nameOf(0), "graph 1");
  EXPECT_EQ((*open(entries, "", Split::Validation))->nameOf(0), "graph 1");
  entries.emplace_back("val.npy", npy("<i8", "(1,)", bytesOf<int64_t>({2})));
  EXPECT_TRUE(has(message(entries, "?split=val"), "names the graph 2; there are graphs from 0"));
  entries.back().second = npy("<i8", "(0,)", "");
  EXPECT_TRUE(has(message(entries, "?split=val"), "names no graph"));
}

TEST_F(Graphs, RefusalsNameArrays) {
  EXPECT_TRUE(has(message({{"edges.npy", edges}}), "has no array 'x' or 'features'"));
  EXPECT_TRUE(has(message({{"x.npy", x}}), "has no array 'edges'"));
  EXPECT_TRUE(has(message({{"x.npy", labels}, {"edges.npy", edges}}), "[nodes, features]"));
  EXPECT_TRUE(has(message({{"x.npy", x}, {"edges.npy", labels}}), "[edges, 2] or [2, edges]"));
  EXPECT_TRUE(
      has(message({{"x.npy", x}, {"edges.npy", x}}), "edge 1 of 'edges' leads from node 3 to 4"));
  EXPECT_TRUE(
      has(message({{"x.npy", x}, {"edges.npy", npy("<f4", "(1, 2)", bytesOf<float>({0, 1}))}}),
          "whole numbers, found f32"));
  EXPECT_TRUE(
      has(message({{"x.npy", x}, {"edges.npy", edges}, {"y.npy", edges}}), "labels of nodes"));
  EXPECT_TRUE(has(message({{"x.npy", x},
                           {"edges.npy", edges},
                           {"train.npy", npy("<i8", "(1,)", bytesOf<int64_t>({3}))}}),
                  "names the node 3"));
  EXPECT_TRUE(has(message({{"x.npy", x}, {"edges.npy", edges}}, "?nodes=2"),
                  "the largest graph has 3 nodes"));
  EXPECT_TRUE(has(message({{"x.npy", x}, {"edges.npy", edges}}, "?loops=on"), "yes or no"));
  EXPECT_TRUE(has(message({{"x.npy", x},
                           {"edges.npy", npy("<i8", "(0, 2)", "")},
                           {"y.npy", npy("<i8", "(0,)", "")}}),
                  "labels of nodes"));
}

} // namespace
} // namespace ntc::rt::data
