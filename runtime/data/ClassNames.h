// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the labels of a data set mean where its files hold numbers alone: the names that a set of
// public definition has (Fashion-MNIST, CIFAR), or those of a text file that the user names.
// Nothing is guessed from a folder's look.
#pragma once

#include "runtime/base/Status.h"
#include "runtime/data/DataSource.h"

#include <string>
#include <vector>

namespace ntc::rt::data {

/// Fashion-MNIST's ten classes, as its authors' table (H. Xiao et al., 2017) names them.
std::vector<std::string> fashionMnistNames();

/// CIFAR-10's ten classes, as its page (A. Krizhevsky, 2009) names them.
std::vector<std::string> cifar10Names();

/// One name per line of a text file, the first for label 0; empty lines at the end count as
/// nothing. Errors: the file's; Corrupt where a line is empty, no UTF-8 or as an earlier one, or
/// where there are fewer lines than the `classes` that the labels need.
Result<std::vector<std::string>> readClassNames(const std::string &path, int64_t classes);

/// The names that option `class_names=FILE` gives, else `fallback`. Errors: as readClassNames; the
/// option for labels that are no classes (`classes` 0).
Result<std::vector<std::string>> classNamesOf(const DataSource &source, int64_t classes,
                                              std::vector<std::string> fallback);

} // namespace ntc::rt::data
