// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ONNX in, GraphDef out, both by their field numbers.
#include "runtime/report/Graph.h"

#include "runtime/report/Wire.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <map>
#include <set>
#include <vector>

namespace ntc::rt::report {
namespace {

using Shape = std::vector<int64_t>;

/// Calls `take` for every field of a message. Errors: Corrupt.
Status forEach(std::string_view message, const std::function<Status(const WireField &)> &take) {
  WireReader reader(message);
  WireField field;
  while (true) {
    Result<bool> more = reader.next(field);
    if (!more) {
      return more.status();
    }
    if (!*more) {
      return Status::ok();
    }
    if (Status status = take(field); !status) {
      return status;
    }
  }
}

/// The bytes of the last field of that number, or empty.
std::string_view member(std::string_view message, uint32_t number) {
  std::string_view out;
  (void)forEach(message, [&](const WireField &field) {
    out = field.number == number && field.isBytes ? field.bytes : out;
    return Status::ok();
  });
  return out;
}

struct Node {
  std::string name, op;
  std::vector<std::string> inputs, outputs;
  std::vector<std::pair<std::string, WireWriter>> attributes;
};

/// The forward graph as far as it is shown.
struct Graph {
  std::vector<Node> nodes;
  std::map<std::string, Shape, std::less<>> shapes;
  std::vector<std::string> inputs, parameters;
};

Shape shapeOf(std::string_view valueInfo) {
  Shape out;
  const std::string_view tensor = member(member(valueInfo, 2), 1);
  (void)forEach(member(tensor, 2), [&](const WireField &dim) {
    int64_t size = -1;
    (void)forEach(dim.bytes, [&](const WireField &field) {
      size = field.number == 1 && !field.isBytes ? static_cast<int64_t>(field.value) : size;
      return Status::ok();
    });
    out.push_back(size);
    return Status::ok();
  });
  return out;
}

/// dims of a TensorProto, packed or not.
Shape dimsOf(std::string_view tensor) {
  Shape out;
  (void)forEach(tensor, [&](const WireField &field) {
    if (field.number == 1 && !field.isBytes) {
      out.push_back(static_cast<int64_t>(field.value));
    }
    return Status::ok();
  });
  return out;
}

/// An ONNX attribute as AttrValue: numbers, text and lists of whole numbers; others are left out.
void addAttribute(std::string_view attribute, Node &node) {
  std::string name;
  WireWriter value, list;
  (void)forEach(attribute, [&](const WireField &field) {
    if (field.number == 1) {
      name = field.bytes;
    } else if (field.number == 2 && !field.isBytes) {
      float number = 0;
      const uint32_t bits = static_cast<uint32_t>(field.value);
      std::memcpy(&number, &bits, sizeof(number));
      value.fixed32(4, number);
    } else if (field.number == 3 && !field.isBytes) {
      value.varint(3, field.value);
    } else if (field.number == 4 && field.isBytes) {
      value.bytes(2, field.bytes);
    } else if (field.number == 8 && !field.isBytes) {
      list.varint(3, field.value);
    }
    return Status::ok();
  });
  if (!list.text().empty()) {
    value.message(1, list);
  }
  if (!name.empty() && !value.text().empty()) {
    node.attributes.emplace_back(name, std::move(value));
  }
}

Node nodeOf(std::string_view message) {
  Node node;
  (void)forEach(message, [&](const WireField &field) {
    switch (field.number) {
    case 1:
      node.inputs.emplace_back(field.bytes);
      break;
    case 2:
      node.outputs.emplace_back(field.bytes);
      break;
    case 3:
      node.name = field.bytes;
      break;
    case 4:
      node.op = field.bytes;
      break;
    case 5:
      addAttribute(field.bytes, node);
      break;
    default:
      break;
    }
    return Status::ok();
  });
  return node;
}

Status readGraph(std::string_view message, Graph &graph) {
  return forEach(message, [&](const WireField &field) {
    if (!field.isBytes) {
      return Status::ok();
    }
    if (field.number == 1) {
      graph.nodes.push_back(nodeOf(field.bytes));
    } else if (field.number == 5) {
      const std::string name(member(field.bytes, 8));
      graph.parameters.push_back(name);
      graph.shapes[name] = dimsOf(field.bytes);
    } else if (field.number == 11 || field.number == 12 || field.number == 13) {
      const std::string name(member(field.bytes, 1));
      graph.shapes[name] = shapeOf(field.bytes);
      if (field.number == 11) {
        graph.inputs.push_back(name);
      }
    }
    return Status::ok();
  });
}

/// Names with scopes divided by '/', each once.
class Names {
public:
  std::string unique(std::string_view wanted, std::string_view fallback) {
    std::string name(wanted.empty() ? fallback : wanted);
    name.erase(0, name.find_first_not_of('/') == std::string::npos ? name.size()
                                                                   : name.find_first_not_of('/'));
    name = name.empty() ? std::string(fallback) : name;
    std::string out = name;
    for (int n = 1; !taken_.insert(out).second; ++n) {
      out = concat(name, "_", n);
    }
    return out;
  }

private:
  std::set<std::string> taken_;
};

WireWriter outputShapes(const std::vector<std::string> &outputs, const Graph &graph) {
  WireWriter list;
  for (const std::string &output : outputs) {
    WireWriter shape;
    auto found = graph.shapes.find(output);
    if (found == graph.shapes.end()) {
      shape.varint(3, 1); // unknown rank
    } else {
      for (int64_t size : found->second) {
        WireWriter dim;
        dim.varint(1, static_cast<uint64_t>(size));
        shape.message(2, dim);
      }
    }
    list.message(7, shape);
  }
  WireWriter out;
  out.message(1, list);
  return out;
}

WireWriter nodeDef(const std::string &name, const Node &node, const Graph &graph,
                   const std::map<std::string, std::string> &producers) {
  WireWriter out;
  out.bytes(1, name);
  out.bytes(2, node.op);
  for (const std::string &input : node.inputs) {
    auto found = producers.find(input);
    if (found != producers.end()) {
      out.bytes(3, found->second);
    }
  }
  auto attribute = [&out](std::string_view key, const WireWriter &value) {
    WireWriter entry;
    entry.bytes(1, key);
    entry.message(2, value);
    out.message(5, entry);
  };
  for (const auto &[key, value] : node.attributes) {
    attribute(key, value);
  }
  attribute("_output_shapes", outputShapes(node.outputs, graph));
  return out;
}

} // namespace

Result<std::string> graphDefOf(std::span<const uint8_t> modelPb) {
  const std::string_view model(reinterpret_cast<const char *>(modelPb.data()), modelPb.size());
  Graph graph;
  Status status = forEach(model, [&graph](const WireField &field) {
    return field.number == 7 && field.isBytes ? readGraph(field.bytes, graph) : Status::ok();
  });
  if (!status) {
    return withContext(status, "the model");
  }
  const std::set<std::string> parameters(graph.parameters.begin(), graph.parameters.end());
  std::vector<Node> all;
  for (const std::string &input : graph.inputs) {
    if (!parameters.contains(input)) {
      all.push_back({input, "Placeholder", {}, {input}, {}});
    }
  }
  for (const std::string &parameter : graph.parameters) {
    std::string scoped = parameter;
    std::ranges::replace(scoped, '.', '/');
    all.push_back({scoped, "Parameter", {}, {parameter}, {}});
  }
  all.insert(all.end(), graph.nodes.begin(), graph.nodes.end());
  Names names;
  std::vector<std::string> shown;
  std::map<std::string, std::string> producers;
  for (const Node &node : all) {
    shown.push_back(names.unique(node.name, node.op.empty() ? "node" : node.op));
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      producers[node.outputs[i]] = i == 0 ? shown.back() : concat(shown.back(), ":", i);
    }
  }
  WireWriter out;
  for (size_t i = 0; i < all.size(); ++i) {
    out.message(1, nodeDef(shown[i], all[i], graph, producers));
  }
  WireWriter versions;
  versions.varint(1, 22);
  out.message(4, versions);
  return out.text();
}

} // namespace ntc::rt::report
