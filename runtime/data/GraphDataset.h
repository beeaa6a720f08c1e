// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Graphs: nodes with features, edges between them, and which of the nodes count.
#pragma once

#include "runtime/data/DataSource.h"
#include "runtime/data/Dataset.h"

namespace ntc::rt::data {

/// Opens `graphs:FILE.npz` with the arrays
///   "x" or "features"      [N, F], numbers of each node;
///   "edges" or "edge_index" [E, 2] or [2, E], numbers of two nodes;
///   "y" or "labels"        [N], the class of each node, or [G], that of each graph;
///   "node_offsets"         [G + 1], where there are several graphs: graph g has the nodes from
///                          node_offsets[g] to node_offsets[g + 1], and the edges between them;
///   parts of the data      "train_mask", "test_mask", "val_mask" of bool [N], or the numbers of
///                          nodes in "train", "test", "val" (also with _index or _idx behind); of
///                          several graphs without labels of nodes, bool [G] or numbers of graphs.
///
/// Of several graphs a part has those that it names, padded alike; where nodes are named, each part
/// has all graphs and the field "mask". Validation takes "val", and "test" where there is none.
/// A sample is a graph, padded to the nodes N and edges E of the largest (or `nodes=N`): fields "x"
/// (f32, [N, F]), "edges" (i64, [E, 2], numbers within the graph), "node_mask" (bool, [N]),
/// "edge_mask" (bool, [E]), and with masks "mask" (bool, [N]), the nodes of the `split`, of whose
/// labels the loss is made. Padding has features 0, edges between nodes 0, and the label -100. Each
/// edge is there in both directions unless `directed=yes`; `loops=yes` adds one from each node to
/// itself. The target "y" is i64, [N] or scalar.
///
/// Errors: NotFound, Io; Corrupt for arrays that do not fit each other and for edges that lead
/// nowhere or from one graph to another, with their place; InvalidArgument for options.
Result<std::unique_ptr<Dataset>> openGraphs(const DataSource &source, Split split);

} // namespace ntc::rt::data
