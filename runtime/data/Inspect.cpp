// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sums over samples, and the table of what they say.
#include "runtime/data/Inspect.h"

#include "runtime/data/TableFit.h"
#include "runtime/data/image/Geometry.h"
#include "runtime/data/image/Transform.h"
#include "runtime/format/Json.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

namespace ntc::rt::data {
namespace {

constexpr int64_t kMostColumns = 200; ///< of one field, each with a line of its own
constexpr size_t kMostClassLines = 50;
constexpr size_t kMostSizeLines = 8;

/// Running sums by Welford's update (Technometrics, 1962), which loses nothing to large means.
struct Sums {
  double least = std::numeric_limits<double>::infinity();
  double greatest = -std::numeric_limits<double>::infinity();
  double mean = 0.0, squares = 0.0;
  int64_t count = 0, missing = 0;

  void add(double value) {
    if (std::isnan(value)) {
      ++missing;
      return;
    }
    least = std::min(least, value);
    greatest = std::max(greatest, value);
    const double away = value - mean;
    mean += away / static_cast<double>(++count);
    squares += away * (value - mean);
  }

  ValueSummary summary(std::string name) const {
    ValueSummary out{std::move(name), 0.0, 0.0, mean, 0.0, count, missing};
    if (count > 0) {
      out.least = least;
      out.greatest = greatest;
      out.deviation = std::sqrt(squares / static_cast<double>(count));
    }
    return out;
  }
};

/// Up to `most` sample numbers, evenly spaced.
std::vector<int64_t> evenly(int64_t samples, int64_t most) {
  const int64_t count = std::min(samples, most);
  std::vector<int64_t> out(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) {
    out[static_cast<size_t>(i)] = static_cast<int64_t>(
        static_cast<double>(samples) / static_cast<double>(count) * static_cast<double>(i));
  }
  return out;
}

/// Names of the values of a table's "x".
std::vector<std::string> valueNames(const TableLayout &layout) {
  std::vector<std::string> names;
  for (const TableColumn &column : layout.columns) {
    for (const std::string &category : column.categories) {
      names.push_back(column.name + "=" + category);
    }
    if (column.categories.empty()) {
      names.push_back(column.name);
    }
  }
  return names;
}

Status addPictures(const Dataset &dataset, const std::vector<int64_t> &rows, Summary &summary,
                   std::vector<ValueSummary> &values) {
  std::vector<Sums> sums;
  Bytes picture;
  for (int64_t row : rows) {
    if (Status status = dataset.readPicture(row, picture); !status) {
      return status;
    }
    ++summary.pictureSizes[{picture.size.height, picture.size.width}];
    sums.resize(static_cast<size_t>(picture.channels));
    for (int64_t channel = 0; channel < picture.channels; ++channel) {
      for (int64_t i = 0; i < picture.pixels(); ++i) {
        sums[static_cast<size_t>(channel)].add(picture.plane(channel)[i] / 255.0);
      }
    }
  }
  for (size_t channel = 0; channel < sums.size(); ++channel) {
    values.push_back(sums[channel].summary(concat("channel ", channel)));
  }
  return Status::ok();
}

Status addValues(const Dataset &dataset, size_t index, const std::vector<int64_t> &rows,
                 std::vector<ValueSummary> &values) {
  const Field &field = dataset.fields()[index];
  if (!canConvert(field, DType::F64)) {
    return Status::ok();
  }
  std::vector<std::string> names;
  if (dataset.table() && index == 0) {
    names = valueNames(*dataset.table());
  }
  const auto width = static_cast<size_t>(field.elements());
  const bool apart = std::ssize(names) == field.elements() && field.elements() <= kMostColumns;
  std::vector<Sums> sums(apart ? width : 1);
  std::vector<double> sample(width);
  for (int64_t row : rows) {
    Status status = dataset.readRows(index, {&row, 1}, DType::F64,
                                     reinterpret_cast<std::byte *>(sample.data()), {});
    if (!status) {
      return status;
    }
    for (size_t i = 0; i < width; ++i) {
      sums[apart ? i : 0].add(sample[i]);
    }
  }
  for (size_t i = 0; i < sums.size(); ++i) {
    values.push_back(sums[i].summary(apart ? names[i] : ""));
  }
  return Status::ok();
}

Status countClasses(const Dataset &dataset, size_t index, Summary &summary) {
  summary.classCounts.resize(static_cast<size_t>(dataset.fields()[index].classes));
  for (int64_t row = 0; row < dataset.size(); ++row) {
    int64_t label = 0;
    Status status =
        dataset.readRows(index, {&row, 1}, DType::I64, reinterpret_cast<std::byte *>(&label), {});
    if (!status) {
      return status;
    }
    ++summary.classCounts[static_cast<size_t>(label)];
  }
  summary.classNames.assign(dataset.classNames().begin(), dataset.classNames().end());
  return Status::ok();
}

/// A picture after ToTensor stretched from its least to its greatest value; bytes stay.
Bytes asBytes(Image &image) {
  if (auto *bytes = std::get_if<Bytes>(&image)) {
    return std::move(*bytes);
  }
  const Floats &floats = std::get<Floats>(image);
  const auto [least, greatest] = std::ranges::minmax(floats.values);
  const float scale = greatest > least ? 255.0f / (greatest - least) : 0.0f;
  Bytes out(floats.channels, floats.size);
  std::ranges::transform(floats.values, out.values.begin(), [&](float value) {
    return static_cast<uint8_t>((value - least) * scale + 0.5f);
  });
  return out;
}

std::string padded(std::string text, size_t width) {
  text.resize(std::max(width, text.size()), ' ');
  return text;
}

std::string number(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof(buffer), "%12.6g", value);
  return buffer;
}

std::string shapeOf(const FieldSummary &field, const Summary &summary) {
  if (summary.pictureSizes.size() > 1 && field.field.shape.size() == 3 && !field.field.isTarget) {
    return concat("[", field.field.shape[0], ", ?, ?]");
  }
  return shapeText(field.field.shape);
}

/// Lines of classes: the names and counts, the greatest part where there are too many.
void appendClasses(const Summary &summary, std::string &out) {
  size_t shown = 0;
  for (size_t label = 0; label < summary.classCounts.size(); ++label) {
    if (shown++ == kMostClassLines) {
      out += concat("  … and ", summary.classCounts.size() - kMostClassLines, " more\n");
      return;
    }
    const std::string name =
        label < summary.classNames.size() ? summary.classNames[label] : concat(label);
    const double share =
        static_cast<double>(summary.classCounts[label]) / static_cast<double>(summary.samples);
    char line[64];
    std::snprintf(line, sizeof(line), "%10lld %6.2f %%",
                  static_cast<long long>(summary.classCounts[label]), 100.0 * share);
    out += "  " + padded(name, 24) + line + "\n";
  }
}

void appendSizes(const Summary &summary, std::string &out) {
  std::vector<std::pair<int64_t, std::pair<int64_t, int64_t>>> sizes;
  for (const auto &[size, count] : summary.pictureSizes) {
    sizes.emplace_back(count, size);
  }
  std::ranges::sort(sizes, std::greater<>());
  out += concat("picture sizes (height x width), ", sizes.size(), " different\n");
  for (size_t i = 0; i < std::min(kMostSizeLines, sizes.size()); ++i) {
    out += "  " + padded(concat(sizes[i].second.first, "x", sizes[i].second.second), 24) +
           concat(sizes[i].first, "\n");
  }
}

} // namespace

Result<Summary> summarize(const Dataset &dataset, int64_t most) {
  Summary summary;
  summary.samples = dataset.size();
  const std::vector<int64_t> rows = evenly(dataset.size(), most);
  summary.lookedAt = std::ssize(rows);
  const std::optional<PictureField> pictures = dataset.pictures();
  for (size_t i = 0; i < dataset.fields().size(); ++i) {
    FieldSummary field{dataset.fields()[i], {}};
    Status status = Status::ok();
    if (field.field.classes > 0 && field.field.shape.empty()) {
      status = countClasses(dataset, i, summary);
    } else if (pictures && pictures->field == i) {
      status = addPictures(dataset, rows, summary, field.values);
    } else {
      status = addValues(dataset, i, rows, field.values);
    }
    if (!status) {
      return status;
    }
    summary.fields.push_back(std::move(field));
  }
  return summary;
}

std::string summaryText(const Summary &summary) {
  std::string out = concat("samples  ", summary.samples, "\n");
  for (const FieldSummary &field : summary.fields) {
    out +=
        concat(field.field.isTarget ? "target   " : "input    ", field.field.name, "  ",
               nameOf(field.field.dtype), shapeOf(field, summary),
               field.field.classes > 0 ? concat("  ", field.field.classes, " classes") : "", "\n");
  }
  if (!summary.classCounts.empty()) {
    out += "\n  " + padded("class", 24) + "   samples    share\n";
    appendClasses(summary, out);
  }
  if (summary.pictureSizes.size() > 1) {
    out += "\n";
    appendSizes(summary, out);
  }
  const bool isPart = summary.lookedAt < summary.samples;
  out += concat(
      "\n  ",
      padded(isPart ? concat("values of ", summary.lookedAt, " samples") : std::string("values"),
             24),
      "        mean    deviation        least     greatest\n");
  for (const FieldSummary &field : summary.fields) {
    for (const ValueSummary &value : field.values) {
      const std::string name = value.name.empty() ? field.field.name : value.name;
      out += "  " + padded(name, 24) + number(value.mean) + " " + number(value.deviation) + " " +
             number(value.least) + " " + number(value.greatest) +
             (value.missing > 0 ? concat("  ", value.missing, " missing") : "") + "\n";
    }
  }
  return out;
}

std::string summaryJson(const Summary &summary) {
  format::JsonWriter json;
  json.beginObject();
  json.member("samples", summary.samples);
  json.member("samples_looked_at", summary.lookedAt);
  json.key("fields");
  json.beginArray();
  for (const FieldSummary &field : summary.fields) {
    json.beginObject();
    json.member("name", field.field.name);
    json.member("dtype", nameOf(field.field.dtype));
    json.member("shape", shapeOf(field, summary));
    json.member("is_target", field.field.isTarget);
    json.member("classes", field.field.classes);
    json.key("values");
    json.beginArray();
    for (const ValueSummary &value : field.values) {
      json.beginObject();
      json.member("name", value.name);
      json.member("mean", value.mean);
      json.member("deviation", value.deviation);
      json.member("least", value.least);
      json.member("greatest", value.greatest);
      json.member("missing", value.missing);
      json.endObject();
    }
    json.endArray();
    json.endObject();
  }
  json.endArray();
  json.key("classes");
  json.beginArray();
  for (size_t label = 0; label < summary.classCounts.size(); ++label) {
    json.beginObject();
    json.member("name",
                label < summary.classNames.size() ? summary.classNames[label] : concat(label));
    json.member("samples", summary.classCounts[label]);
    json.endObject();
  }
  json.endArray();
  json.endObject();
  return json.text();
}

Result<Bytes> pictureGrid(const Dataset &dataset, int64_t rows, int64_t columns,
                          const std::string &transforms, uint64_t seed) {
  constexpr int64_t border = 2;
  if (!dataset.pictures()) {
    return error(Code::InvalidArgument, "the data set has no pictures to show");
  }
  TransformList list;
  if (!transforms.empty()) {
    Result<TransformList> parsed = TransformList::parse(transforms);
    if (!parsed) {
      return parsed.status();
    }
    list = parsed.take();
  }
  Bytes grid;
  const std::vector<int64_t> samples = evenly(dataset.size(), rows * columns);
  for (size_t i = 0; i < samples.size(); ++i) {
    Image image = Bytes();
    Status status = dataset.readPicture(samples[i], std::get<Bytes>(image));
    status = status ? list.check({std::get<Bytes>(image).channels, sizeOf(image)}) : status;
    status = status ? list.apply(image, seed, 0, static_cast<uint64_t>(samples[i])) : status;
    if (!status) {
      return status;
    }
    Bytes picture = asBytes(image);
    if (grid.values.empty()) {
      const Size cell{picture.size.height + border, picture.size.width + border};
      grid = Bytes(picture.channels, {rows * cell.height + border, columns * cell.width + border},
                   255);
    }
    const Size cell{(grid.size.height - border) / rows, (grid.size.width - border) / columns};
    const Size inner{cell.height - border, cell.width - border};
    picture = resizeBilinear(picture, {0, 0, picture.size}, inner);
    const int64_t top = static_cast<int64_t>(i) / columns * cell.height + border;
    const int64_t left = static_cast<int64_t>(i) % columns * cell.width + border;
    for (int64_t channel = 0; channel < std::min(grid.channels, picture.channels); ++channel) {
      for (int64_t y = 0; y < inner.height; ++y) {
        std::copy_n(picture.row(channel, y), inner.width, grid.row(channel, top + y) + left);
      }
    }
  }
  return grid;
}

} // namespace ntc::rt::data
