// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reading an archive of graphs, checking every edge, and padding graphs to one size.
#include "runtime/data/GraphDataset.h"

#include "runtime/base/CheckedMath.h"
#include "runtime/data/WholeNumbers.h"
#include "runtime/format/Npy.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace ntc::rt::data {
namespace {

using format::NpyArray;

constexpr int64_t kIgnoredLabel = -100; ///< PyTorch's ignore_index

struct Edge {
  int64_t from = 0, to = 0;
};

struct Graphs {
  std::vector<float> features; ///< of all nodes
  int64_t width = 0;
  std::vector<int64_t> nodes;       ///< offsets of the graphs' nodes
  std::vector<Edge> edges;          ///< by graph, numbers of nodes within it
  std::vector<int64_t> edgeOffsets; ///< of the graphs' edges
  std::vector<int64_t> labels;      ///< empty: none
  bool labelsNodes = false;
  int64_t classes = 0;
  std::vector<uint8_t> mask;   ///< of all nodes; empty: none
  std::vector<int64_t> chosen; ///< graphs of the part that was asked for; empty: all

  int64_t size() const { return std::ssize(nodes) - 1; }
};

class GraphDataset : public Dataset {
public:
  GraphDataset(Graphs graphs, int64_t nodes) : all_(std::move(graphs)), nodes_(nodes) {
    for (int64_t g = 0; g < all_.size(); ++g) {
      edges_ = std::max(edges_, edgesOf(g));
    }
    edges_ = std::max<int64_t>(edges_, 1);
    fields_ = {{"x", DType::F32, {nodes_, all_.width}},
               {"edges", DType::I64, {edges_, 2}},
               {"node_mask", DType::Bool, {nodes_}},
               {"edge_mask", DType::Bool, {edges_}}};
    if (!all_.mask.empty()) {
      fields_.push_back({"mask", DType::Bool, {nodes_}});
    }
    if (!all_.labels.empty()) {
      // Padded nodes have no class.
      const bool isPadded = all_.labelsNodes && (all_.size() > 1 || nodes_ > nodesOf(0));
      fields_.push_back({"y", DType::I64, {}, true, isPadded ? 0 : all_.classes});
      if (all_.labelsNodes) {
        fields_.back().shape = {nodes_};
      }
    }
  }

  int64_t size() const override { return all_.size(); }
  std::span<const Field> fields() const override { return fields_; }
  std::string nameOf(int64_t row) const override { return concat("graph ", row); }

  void copyRows(size_t field, std::span<const int64_t> rows, DType dtype,
                std::byte *destination) const override {
    const auto count = static_cast<size_t>(fields_[field].elements());
    for (int64_t row : rows) {
      if (field == 0) {
        std::vector<float> values(count, 0.0f);
        std::copy_n(all_.features.begin() + firstNode(row) * all_.width, nodesOf(row) * all_.width,
                    values.begin());
        convert(DType::F32, values.data(), dtype, destination, count);
      } else if (field == 1) {
        std::vector<Edge> values(static_cast<size_t>(edges_));
        std::copy_n(all_.edges.begin() + all_.edgeOffsets[static_cast<size_t>(row)], edgesOf(row),
                    values.begin());
        convert(DType::I64, values.data(), dtype, destination, count);
      } else if (fields_[field].isTarget) {
        std::vector<int64_t> values(count, kIgnoredLabel);
        all_.labelsNodes
            ? std::copy_n(all_.labels.begin() + firstNode(row), nodesOf(row), values.begin())
            : std::copy_n(all_.labels.begin() + row, 1, values.begin());
        convert(DType::I64, values.data(), dtype, destination, count);
      } else {
        std::vector<uint8_t> values(count, 0);
        field == 4
            ? std::copy_n(all_.mask.begin() + firstNode(row), nodesOf(row), values.begin())
            : std::fill_n(values.begin(), field == 2 ? nodesOf(row) : edgesOf(row), uint8_t{1});
        convert(DType::Bool, values.data(), dtype, destination, count);
      }
      destination += count * sizeOf(dtype);
    }
  }

private:
  int64_t firstNode(int64_t g) const { return all_.nodes[static_cast<size_t>(g)]; }
  int64_t nodesOf(int64_t g) const { return all_.nodes[static_cast<size_t>(g) + 1] - firstNode(g); }
  int64_t edgesOf(int64_t g) const {
    return all_.edgeOffsets[static_cast<size_t>(g) + 1] - all_.edgeOffsets[static_cast<size_t>(g)];
  }
  static void convert(DType from, const void *values, DType to, std::byte *destination,
                      size_t count) {
    convertValues(from, static_cast<const std::byte *>(values), to, destination,
                  static_cast<int64_t>(count));
  }

  Graphs all_;
  int64_t nodes_, edges_ = 0;
  std::vector<Field> fields_;
};

/// Reads the arrays of one archive by their possible names.
class GraphReader {
public:
  GraphReader(const DataSource &source, const format::NpzArchive &archive)
      : source_(source), archive_(archive), keys_(archive.keys()) {}

  Result<Graphs> read(Split split) {
    for (auto step : {&GraphReader::features, &GraphReader::offsets, &GraphReader::edges,
                      &GraphReader::labels}) {
      if (Status status = (this->*step)(); !status) {
        return status;
      }
    }
    Status status = part(split);
    return status ? Result<Graphs>(std::move(graphs_)) : Result<Graphs>(status);
  }

private:
  template <typename... Parts> Status corrupt(const Parts &...parts) const {
    return error(Code::Corrupt, "'", source_.place, "': ", parts...);
  }

  std::string keyOf(std::span<const std::string_view> names) const {
    for (std::string_view name : names) {
      if (auto found = std::ranges::find(keys_, name); found != keys_.end()) {
        return *found;
      }
    }
    return "";
  }

  /// An array of whole numbers as i64. Errors: others.
  Result<std::vector<int64_t>> numbers(const std::string &key, std::vector<int64_t> &shape) const {
    Result<NpyArray> array = archive_.read(key);
    if (!array) {
      return array.status();
    }
    shape = array->shape;
    auto out = wholeNumbers(array->dtype, array->bytes);
    if (!out) {
      return corrupt("array ", quoted(key), " should hold whole numbers, found ",
                     nameOf(array->dtype));
    }
    return std::move(*out);
  }

  Status features() {
    constexpr std::array<std::string_view, 2> names = {"x", "features"};
    const std::string key = keyOf(names);
    if (key.empty()) {
      return corrupt("has no array 'x' or 'features' of the nodes");
    }
    Result<NpyArray> array = archive_.read(key);
    if (!array) {
      return array.status();
    }
    const bool isNumeric = isWhole(array->dtype) || array->dtype == DType::Bool ||
                           array->dtype == DType::F32 || array->dtype == DType::F64;
    if (array->shape.size() != 2 || array->bytes.empty() || !isNumeric) {
      return corrupt("array ", quoted(key), " should have the shape [nodes, features] of numbers, ",
                     "found ", nameOf(array->dtype), shapeText(array->shape));
    }
    count_ = array->shape[0];
    graphs_.width = array->shape[1];
    graphs_.features.resize(array->bytes.size() / sizeOf(array->dtype));
    convertValues(array->dtype, reinterpret_cast<const std::byte *>(array->bytes.data()),
                  DType::F32, reinterpret_cast<std::byte *>(graphs_.features.data()),
                  std::ssize(graphs_.features));
    return Status::ok();
  }

  Status offsets() {
    graphs_.nodes = {0, count_};
    constexpr std::array<std::string_view, 1> names = {"node_offsets"};
    if (keyOf(names).empty()) {
      return Status::ok();
    }
    std::vector<int64_t> shape;
    Result<std::vector<int64_t>> offsets = numbers("node_offsets", shape);
    if (!offsets) {
      return offsets.status();
    }
    if (shape.size() != 1 || offsets->size() < 2 || offsets->front() != 0 ||
        offsets->back() != count_ ||
        std::ranges::adjacent_find(*offsets, std::greater_equal<>()) != offsets->end()) {
      return corrupt("array 'node_offsets' should rise from 0 to the ", count_,
                     " nodes, with a node in each graph");
    }
    graphs_.nodes = offsets.take();
    return Status::ok();
  }

  int64_t graphOf(int64_t node) const {
    return std::ranges::upper_bound(graphs_.nodes, node) - graphs_.nodes.begin() - 1;
  }

  Status edges() {
    constexpr std::array<std::string_view, 2> names = {"edges", "edge_index"};
    const std::string key = keyOf(names);
    if (key.empty()) {
      return corrupt("has no array 'edges' or 'edge_index'");
    }
    std::vector<int64_t> shape;
    Result<std::vector<int64_t>> values = numbers(key, shape);
    if (!values) {
      return values.status();
    }
    const bool isRows = shape.size() == 2 && shape[1] == 2 && (key == "edges" || shape[0] != 2);
    const bool isColumns = shape.size() == 2 && shape[0] == 2 && !isRows;
    if (!isRows && !isColumns) {
      return corrupt("array ", quoted(key),
                     " should have the shape [edges, 2] or [2, edges], found ", shapeText(shape));
    }
    const auto count = static_cast<size_t>(isRows ? shape[0] : shape[1]);
    std::vector<std::vector<Edge>> byGraph(static_cast<size_t>(graphs_.size()));
    for (size_t i = 0; i < count; ++i) {
      const int64_t from = (*values)[isRows ? 2 * i : i];
      const int64_t to = (*values)[isRows ? 2 * i + 1 : count + i];
      if (from < 0 || to < 0 || from >= count_ || to >= count_) {
        return corrupt("edge ", i, " of ", quoted(key), " leads from node ", from, " to ", to,
                       "; there are nodes from 0 to ", count_ - 1);
      }
      const int64_t graph = graphOf(from);
      if (graph != graphOf(to)) {
        return corrupt("edge ", i, " of ", quoted(key), " leads from graph ", graph, " to graph ",
                       graphOf(to));
      }
      const int64_t first = graphs_.nodes[static_cast<size_t>(graph)];
      byGraph[static_cast<size_t>(graph)].push_back({from - first, to - first});
    }
    return arrange(byGraph);
  }

  /// Both directions and loops, as the options say, and all graphs one behind the other.
  Status arrange(std::vector<std::vector<Edge>> &byGraph) {
    Result<bool> directed = truth("directed"), loops = truth("loops");
    if (!directed || !loops) {
      return directed ? loops.status() : directed.status();
    }
    graphs_.edgeOffsets.push_back(0);
    for (size_t g = 0; g < byGraph.size(); ++g) {
      for (const Edge &edge : byGraph[g]) {
        graphs_.edges.push_back(edge);
        if (!*directed && edge.from != edge.to) {
          graphs_.edges.push_back({edge.to, edge.from});
        }
      }
      for (int64_t node = 0; *loops && node < graphs_.nodes[g + 1] - graphs_.nodes[g]; ++node) {
        graphs_.edges.push_back({node, node});
      }
      graphs_.edgeOffsets.push_back(std::ssize(graphs_.edges));
    }
    return Status::ok();
  }

  Result<bool> truth(std::string_view option) const {
    const std::string *value = source_.find(option);
    if (value && *value != "yes" && *value != "no") {
      return error(Code::InvalidArgument, "data '", source_.text, "': option '", option,
                   "' must be yes or no, found '", *value, "'");
    }
    return value && *value == "yes";
  }

  Status labels() {
    constexpr std::array<std::string_view, 2> names = {"y", "labels"};
    const std::string key = keyOf(names);
    if (key.empty()) {
      return Status::ok();
    }
    std::vector<int64_t> shape;
    Result<std::vector<int64_t>> values = numbers(key, shape);
    if (!values) {
      return values.status();
    }
    graphs_.labelsNodes = shape.size() == 1 && shape[0] == count_;
    if (!graphs_.labelsNodes && !(shape.size() == 1 && shape[0] == graphs_.size())) {
      return corrupt("array ", quoted(key), " should have ", count_, " labels of nodes or ",
                     graphs_.size(), " of graphs, found shape ", shapeText(shape));
    }
    const auto [least, greatest] = std::ranges::minmax(*values);
    if (least < 0 || greatest >= INT32_MAX) {
      return corrupt("array ", quoted(key), " should hold classes from 0, found ",
                     least < 0 ? least : greatest);
    }
    graphs_.classes = greatest + 1;
    graphs_.labels = values.take();
    return Status::ok();
  }

  /// The array that says what belongs to a part of the data; empty: none does. What validates is
  /// what is tested where there is nothing else.
  Result<std::string> keyOf(Split split) const {
    const std::string *asked = source_.find("split");
    std::vector<std::string> parts = {split == Split::Train ? "train" : "test"};
    if (split == Split::Validation) {
      parts.insert(parts.begin(), "val");
      parts.resize(asked ? 1 : 2);
    }
    for (const std::string &part : parts) {
      for (const std::string &name : {part + "_mask", part, part + "_index", part + "_idx"}) {
        if (std::ranges::find(keys_, name) != keys_.end()) {
          return name;
        }
      }
    }
    return asked && split == Split::Validation
               ? Result<std::string>(corrupt("has no array 'val_mask', 'val', 'val_index' or ",
                                             "'val_idx' for split=val"))
               : Result<std::string>(std::string());
  }

  /// Which nodes, or, where the labels are not those of nodes, which graphs belong to the part.
  Status part(Split split) {
    Result<std::string> key = keyOf(split);
    if (!key || key->empty()) {
      return key.status();
    }
    Result<NpyArray> array = archive_.read(*key);
    if (!array) {
      return array.status();
    }
    const bool isLine = array->shape.size() == 1;
    const bool isMask =
        array->dtype == DType::Bool || (array->dtype == DType::U8 && key->ends_with("_mask"));
    const bool isOfNodes = isMask && isLine && array->shape[0] == count_;
    const bool namesGraphs = graphs_.size() > 1 && !graphs_.labelsNodes && !isOfNodes;
    const int64_t count = namesGraphs ? graphs_.size() : count_;
    std::vector<uint8_t> mask(static_cast<size_t>(count), 0);
    if (isMask && isLine && array->shape[0] == count) {
      std::ranges::transform(array->bytes, mask.begin(),
                             [](uint8_t byte) { return byte != 0 ? uint8_t{1} : uint8_t{0}; });
    } else if (Status status = mark(*key, namesGraphs ? "graph" : "node", mask); !status) {
      return status;
    }
    if (!namesGraphs) {
      graphs_.mask = std::move(mask);
      return Status::ok();
    }
    for (int64_t graph = 0; graph < count; ++graph) {
      if (mask[static_cast<size_t>(graph)] != 0) {
        graphs_.chosen.push_back(graph);
      }
    }
    return graphs_.chosen.empty() ? corrupt("array ", quoted(*key), " names no graph")
                                  : Status::ok();
  }

  /// Marks what the array lists by its numbers.
  Status mark(const std::string &key, std::string_view what, std::vector<uint8_t> &mask) const {
    std::vector<int64_t> shape;
    Result<std::vector<int64_t>> listed = numbers(key, shape);
    if (!listed) {
      return listed.status();
    }
    for (int64_t number : *listed) {
      if (number < 0 || number >= std::ssize(mask)) {
        return corrupt("array ", quoted(key), " names the ", what, " ", number, "; there are ",
                       what, "s from 0 to ", mask.size() - 1);
      }
      mask[static_cast<size_t>(number)] = 1;
    }
    return Status::ok();
  }

  const DataSource &source_;
  const format::NpzArchive &archive_;
  std::vector<std::string> keys_;
  int64_t count_ = 0; ///< nodes of all graphs
  Graphs graphs_;
};

} // namespace

Result<std::unique_ptr<Dataset>> openGraphs(const DataSource &source, Split split) {
  Result<format::NpzArchive> archive = format::NpzArchive::open(source.place);
  if (!archive) {
    return archive.status();
  }
  Result<Graphs> graphs = GraphReader(source, *archive).read(split);
  if (!graphs) {
    return graphs.status();
  }
  int64_t most = 0;
  for (int64_t g = 0; g < graphs->size(); ++g) {
    most = std::max(most, graphs->nodes[static_cast<size_t>(g) + 1] -
                              graphs->nodes[static_cast<size_t>(g)]);
  }
  Result<int64_t> nodes = source.integer("nodes", most, most, int64_t{1} << 32);
  if (!nodes) {
    return withContext(nodes.status(), concat("the largest graph has ", most, " nodes"));
  }
  const auto elements =
      checkedMul(static_cast<uint64_t>(*nodes), static_cast<uint64_t>(graphs->width));
  if (!elements || *elements > (uint64_t{1} << 40)) {
    return error(Code::Unsupported, "data '", source.text, "': ", *nodes, " nodes of ",
                 graphs->width, " features are more than a sample can have");
  }
  std::vector<int64_t> chosen = std::move(graphs->chosen);
  auto whole = std::make_unique<GraphDataset>(graphs.take(), *nodes);
  return chosen.empty() ? std::unique_ptr<Dataset>(std::move(whole))
                        : std::make_unique<SubsetDataset>(std::move(whole), std::move(chosen));
}

} // namespace ntc::rt::data
