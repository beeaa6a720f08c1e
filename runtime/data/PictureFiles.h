// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Pictures that are files: a folder of classes as torchvision's ImageFolder reads it, or a list of
// names and labels. Files are decoded when a batch needs them.
#pragma once

#include "runtime/data/DataSource.h"
#include "runtime/data/Dataset.h"

namespace ntc::rt::data {

/// Opens `imagefolder:DIR`: every folder in DIR is a class, in the order of their names' bytes, and
/// every .png, .jpg or .jpeg file below it, also in folders within, a sample, in the order of
/// paths. Fields "image" (f32, channels by height by width of the first file, [0, 1]) and "label"
/// (i64). Options: mode (rgb, gray), skip=broken. With `classes`, those are the classes and their
/// order, and a folder of another name is refused.
///
/// Opening looks at the headers of a few files only; with skip=broken it decodes all, leaves out
/// those that cannot be decoded, and names them in its remarks. Errors: NotFound, Io; Corrupt for a
/// folder without classes, a class without pictures, a broken first file.
Result<std::unique_ptr<Dataset>> openImageFolder(const DataSource &source,
                                                 std::span<const std::string> classes);

/// Opens `imagelist:FILE`: a table (see CsvText.h) whose column `image` (the first) has names of
/// files relative to `folder` (the table's), and whose column `label` (the second) has labels:
/// whole numbers from 0, or names, whose order is that of their bytes. Other options and errors as
/// openImageFolder; a table without a second column has no labels.
Result<std::unique_ptr<Dataset>> openImageList(const DataSource &source,
                                               std::span<const std::string> classes);

} // namespace ntc::rt::data
