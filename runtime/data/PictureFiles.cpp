// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Listing files and classes, and reading the files one by one.
#include "runtime/data/PictureFiles.h"

#include "runtime/base/BlockedSignals.h"
#include "runtime/base/File.h"
#include "runtime/base/Utf8.h"
#include "runtime/data/CsvText.h"
#include "runtime/data/Suggest.h"
#include "runtime/data/image/ReadImage.h"
#include "runtime/device/CpuTopology.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <filesystem>
#include <new>
#include <system_error>
#include <thread>
#include <unordered_map>

namespace ntc::rt::data {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostFiles = size_t{1} << 28;
constexpr int64_t kMostClasses = 1 << 24;
constexpr int kMostDepth = 32;

/// What the samples are, before any is read.
struct Listing {
  std::string folder; ///< before every path
  std::vector<std::string> paths;
  std::vector<int64_t> labels; ///< empty: none
  std::vector<std::string> classNames;
  int64_t classes = 0;
  std::vector<std::string> skipped; ///< why files were left out
  bool areSound = false;            ///< every file was decoded once
};

/// What to do about a file that cannot be read.
Status broken(const Status &status, const Listing &listing) {
  return status || listing.areSound
             ? status
             : error(status.code(), status.message(),
                     "; leave out broken pictures with the option skip=broken");
}

class PictureFiles : public Dataset {
public:
  PictureFiles(Listing listing, PictureMode mode, Size first, bool isUniform)
      : listing_(std::move(listing)), mode_(mode), isUniform_(isUniform) {
    const int64_t channels = mode == PictureMode::Rgb ? 3 : 1;
    fields_.push_back({"image", DType::F32, {channels, first.height, first.width}, false, 0});
    if (!listing_.labels.empty()) {
      fields_.push_back({"label", DType::I64, {}, true, listing_.classes});
    }
  }

  int64_t size() const override { return std::ssize(listing_.paths); }
  std::span<const Field> fields() const override { return fields_; }
  bool isCostly() const override { return true; }
  std::span<const std::string> classNames() const override { return listing_.classNames; }
  std::span<const std::string> remarks() const override { return listing_.skipped; }
  std::optional<PictureField> pictures() const override {
    const std::vector<int64_t> &shape = fields_[0].shape;
    return PictureField{0, shape[0], isUniform_ ? Size{shape[1], shape[2]} : Size{}};
  }

  Status readPicture(int64_t row, Bytes &picture) const override {
    return broken(readImage(pathOf(row), mode_, picture), listing_);
  }
  std::string fileOf(int64_t row) const override { return pathOf(row); }
  std::string nameOf(int64_t row) const override { return concat("'", pathOf(row), "'"); }

  Status readRows(size_t field, std::span<const int64_t> rows, DType dtype, std::byte *destination,
                  const Reading &) const override {
    if (field == 1) {
      for (int64_t row : rows) {
        const int64_t &label = listing_.labels[static_cast<size_t>(row)];
        convertValues(DType::I64, reinterpret_cast<const std::byte *>(&label), dtype, destination,
                      1);
        destination += ntc::rt::sizeOf(dtype);
      }
      return Status::ok();
    }
    return readPlain(rows, dtype, destination);
  }

private:
  std::string pathOf(int64_t row) const {
    return listing_.folder + "/" + listing_.paths[static_cast<size_t>(row)];
  }

  /// Pictures as ToTensor makes them; without transforms all must have one size.
  Status readPlain(std::span<const int64_t> rows, DType dtype, std::byte *destination) const {
    const std::vector<int64_t> &shape = fields_[0].shape;
    const size_t count = static_cast<size_t>(fields_[0].elements());
    Bytes picture;
    std::vector<float> values(count);
    for (int64_t row : rows) {
      if (Status status = readPicture(row, picture); !status) {
        return status;
      }
      if (picture.size != Size{shape[1], shape[2]}) {
        return error(Code::InvalidArgument, "'", pathOf(row), "' has ", picture.size.height, "x",
                     picture.size.width, " pixels, the first picture ", shape[1], "x", shape[2],
                     "; bring them to one size, for example with --transform ",
                     "'Resize((64,64)),ToTensor()'");
      }
      std::ranges::transform(picture.values, values.begin(),
                             [](uint8_t byte) { return static_cast<float>(byte) / 255.0f; });
      convertValues(DType::F32, reinterpret_cast<const std::byte *>(values.data()), dtype,
                    destination, static_cast<int64_t>(count));
      destination += count * ntc::rt::sizeOf(dtype);
    }
    return Status::ok();
  }

  Listing listing_;
  PictureMode mode_;
  bool isUniform_; ///< as far as was looked
  std::vector<Field> fields_;
};

bool isPictureName(const std::string &name) {
  std::string lower = name;
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  return lower.ends_with(".png") || lower.ends_with(".jpg") || lower.ends_with(".jpeg");
}

/// Names in a folder, sorted. Errors: Io, NotFound.
Result<std::vector<std::string>> namesIn(const std::string &folder) {
  std::vector<std::string> names;
  std::error_code problem;
  fs::directory_iterator it(folder, problem);
  for (; !problem && it != fs::directory_iterator(); it.increment(problem)) {
    names.push_back(it->path().filename().string());
  }
  if (problem) {
    const bool isMissing = problem == std::errc::no_such_file_or_directory;
    return error(isMissing ? Code::NotFound : Code::Io, "cannot read folder '", folder,
                 "': ", problem.message());
  }
  std::ranges::sort(names);
  return names;
}

bool isFolder(const std::string &path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

/// Appends the pictures in `relative` (below listing.folder) and in the folders within: a folder's
/// own files first, then folder by folder, as a sorted walk gives them.
Status listPictures(const std::string &relative, int depth, Listing &listing) {
  const std::string folder = listing.folder + "/" + relative;
  if (depth > kMostDepth) {
    return error(Code::Unsupported, "folder '", folder, "' is nested deeper than ", kMostDepth);
  }
  Result<std::vector<std::string>> names = namesIn(folder);
  if (!names) {
    return names.status();
  }
  for (const std::string &name : *names) {
    if (isPictureName(name) && !isFolder(folder + "/" + name)) {
      listing.paths.push_back(relative + "/" + name);
    }
    if (listing.paths.size() > kMostFiles) {
      return error(Code::Unsupported, "'", listing.folder, "' has more than ", kMostFiles,
                   " pictures");
    }
  }
  for (const std::string &name : *names) {
    if (!isFolder(folder + "/" + name)) {
      continue;
    }
    if (Status status = listPictures(relative + "/" + name, depth + 1, listing); !status) {
      return status;
    }
  }
  return Status::ok();
}

/// Names of classes are kept with a run, as JSON, which is UTF-8.
Status checkName(const std::string &name, std::string_view where) {
  return isUtf8(name) ? Status::ok()
                      : error(Code::Corrupt, where, ": the name of class ", quoted(name),
                              " is not UTF-8; rename it");
}

/// The position of `name` in `classes`; an error naming those where it is none.
Result<int64_t> classOf(const std::string &name, std::span<const std::string> classes,
                        std::string_view where) {
  auto found = std::ranges::find(classes, name);
  if (found != classes.end()) {
    return found - classes.begin();
  }
  std::vector<std::string_view> known(classes.begin(), classes.end());
  return error(Code::InvalidArgument, where, ": class ", quoted(name),
               " is none that the model was trained for", didYouMean(name, known));
}

Result<Listing> listFolder(const std::string &root, std::span<const std::string> classes) {
  Listing listing;
  listing.folder = root;
  Result<std::vector<std::string>> names = namesIn(root);
  if (!names) {
    return names.status();
  }
  std::erase_if(*names, [&](const std::string &name) {
    return name.starts_with(".") || !isFolder(root + "/" + name);
  });
  if (names->empty()) {
    return error(Code::Corrupt, "folder '", root,
                 "' has no classes: expected one folder of pictures for each class");
  }
  listing.classNames.assign(classes.begin(), classes.end());
  if (classes.empty()) {
    listing.classNames = *names;
  }
  for (const std::string &name : *names) {
    if (Status status = checkName(name, concat("folder '", root, "'")); !status) {
      return status;
    }
  }
  for (const std::string &name : *names) {
    Result<int64_t> label = classOf(name, listing.classNames, concat("folder '", root, "'"));
    if (!label) {
      return label.status();
    }
    const size_t before = listing.paths.size();
    if (Status status = listPictures(name, 0, listing); !status) {
      return status;
    }
    if (listing.paths.size() == before) {
      return error(Code::Corrupt, "folder '", root, "/", name,
                   "' has no pictures (.png, .jpg, .jpeg): expected at least one of its class");
    }
    listing.labels.resize(listing.paths.size(), *label);
  }
  listing.classes = std::ssize(listing.classNames);
  return listing;
}

/// Labels that are all whole numbers are taken as such, and must be classes; else they are names.
Status readLabels(const CsvText &table, size_t column, const std::string &file,
                  std::span<const std::string> classes, Listing &listing) {
  bool areNumbers = classes.empty();
  std::optional<int64_t> outside; // the first row of a number that is no class
  for (int64_t row = 0; row < table.rows && areNumbers; ++row) {
    const std::string_view cell = table.cell(row, column);
    int64_t value = -1;
    auto [end, problem] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
    areNumbers = problem != std::errc::invalid_argument && end == cell.data() + cell.size();
    const bool isClass = problem == std::errc() && value >= 0 && value < kMostClasses;
    outside = isClass || outside ? outside : row;
    listing.labels.push_back(value);
    listing.classes = std::max(listing.classes, value + 1);
  }
  if (areNumbers && outside) {
    return error(Code::Corrupt, "'", file, "', line ", table.lineOf(*outside),
                 ": expected a label from 0 to ", kMostClasses - 1, ", found ",
                 shownCell(table.cell(*outside, column)));
  }
  if (areNumbers) {
    return Status::ok();
  }
  listing.labels.clear();
  listing.classes = 0;
  listing.classNames.assign(classes.begin(), classes.end());
  if (classes.empty()) {
    for (int64_t row = 0; row < table.rows; ++row) {
      listing.classNames.emplace_back(table.cell(row, column));
    }
    std::ranges::sort(listing.classNames);
    auto rest = std::ranges::unique(listing.classNames);
    listing.classNames.erase(rest.begin(), rest.end());
  }
  std::unordered_map<std::string, int64_t> labels;
  for (size_t i = 0; i < listing.classNames.size(); ++i) {
    labels.emplace(listing.classNames[i], static_cast<int64_t>(i));
  }
  for (int64_t row = 0; row < table.rows; ++row) {
    const std::string name(table.cell(row, column));
    if (auto found = labels.find(name); found != labels.end() && !name.empty() && isUtf8(name)) {
      listing.labels.push_back(found->second);
      continue;
    }
    const std::string where = concat("'", file, "', line ", table.lineOf(row));
    if (name.empty()) {
      return error(Code::Corrupt, where, ": expected a label, found nothing");
    }
    if (Status status = checkName(name, where); !status) {
      return status;
    }
    Result<int64_t> label = classOf(name, listing.classNames, where);
    if (!label) {
      return label.status();
    }
    listing.labels.push_back(*label);
  }
  listing.classes = std::ssize(listing.classNames);
  return Status::ok();
}

Result<size_t> columnOf(const DataSource &source, const CsvText &table, std::string_view option,
                        size_t fallback) {
  const std::string *name = source.find(option);
  if (!name) {
    return fallback;
  }
  auto found = std::ranges::find(table.columns, *name);
  if (found != table.columns.end()) {
    return static_cast<size_t>(found - table.columns.begin());
  }
  std::vector<std::string_view> known(table.columns.begin(), table.columns.end());
  return error(Code::InvalidArgument, "data '", source.text, "': there is no column ",
               quoted(*name), didYouMean(*name, known));
}

Result<Listing> listTable(const DataSource &source, std::span<const std::string> classes) {
  Result<CsvText> table = readCsvText(source.place, ',');
  if (!table) {
    return table.status();
  }
  Listing listing;
  const std::string *folder = source.find("folder");
  listing.folder = folder ? *folder : folderOf(source.place);
  Result<size_t> image = columnOf(source, *table, "image", 0);
  Result<size_t> label = columnOf(source, *table, "label", 1);
  if (!image || !label) {
    return image ? label.status() : image.status();
  }
  for (int64_t row = 0; row < table->rows; ++row) {
    listing.paths.emplace_back(table->cell(row, *image));
    if (listing.paths.back().empty()) {
      return error(Code::Corrupt, "'", source.place, "', line ", table->lineOf(row),
                   ": expected the name of a file, found nothing");
    }
  }
  if (*label < table->columns.size()) {
    if (Status status = readLabels(*table, *label, source.place, classes, listing); !status) {
      return status;
    }
  }
  return listing;
}

/// Why a file cannot be decoded; empty where it can.
std::string problemOf(const std::string &path, PictureMode mode, Bytes &picture) {
  try {
    return readImage(path, mode, picture).message();
  } catch (const std::bad_alloc &) {
    return concat("'", path, "': no memory for the picture");
  }
}

/// Decodes every file, on all cores, and drops those that fail.
Status dropBroken(Listing &listing, PictureMode mode) {
  const size_t count = listing.paths.size();
  std::vector<std::string> problems(count);
  std::atomic<size_t> next = 0;
  auto work = [&] {
    Bytes picture;
    for (size_t i = next++; i < count; i = next++) {
      problems[i] = problemOf(listing.folder + "/" + listing.paths[i], mode, picture);
    }
  };
  {
    std::vector<std::jthread> threads;
    try {
      const BlockedSignals blocked;
      for (unsigned i = 1; i < std::min(device::usableThreads(), 16u); ++i) {
        threads.emplace_back(work);
      }
    } catch (const std::system_error &) {
      // As many as there are to be had, beside this one.
    }
    work();
  }
  size_t kept = 0;
  for (size_t i = 0; i < count; ++i) {
    if (!problems[i].empty()) {
      listing.skipped.push_back(concat("left out ", problems[i]));
      continue;
    }
    if (kept != i) {
      listing.paths[kept] = std::move(listing.paths[i]);
    }
    if (!listing.labels.empty()) {
      listing.labels[kept] = listing.labels[i];
    }
    ++kept;
  }
  listing.paths.resize(kept);
  listing.labels.resize(listing.labels.empty() ? 0 : kept);
  return kept > 0 ? Status::ok()
                  : error(Code::Corrupt, "none of the ", count,
                          " pictures can be read: ", listing.skipped.front());
}

Result<PictureMode> modeOf(const DataSource &source) {
  const std::string *mode = source.find("mode");
  if (!mode || *mode == "rgb") {
    return PictureMode::Rgb;
  }
  if (*mode == "gray") {
    return PictureMode::Gray;
  }
  constexpr std::array<std::string_view, 2> modes = {"rgb", "gray"};
  return error(Code::InvalidArgument, "data '", source.text, "': mode ", quoted(*mode),
               " is unknown", didYouMean(*mode, modes));
}

/// Whether some files, evenly spaced, all have one size. Headers only: those that are broken are
/// found when they are read.
bool haveSize(const Listing &listing, Size size) {
  constexpr size_t most = 16;
  const size_t count = listing.paths.size();
  for (size_t i = 0; i < std::min(most, count); ++i) {
    const std::string &path = listing.paths[i * count / std::min(most, count)];
    Result<Size> found = readImageSize(listing.folder + "/" + path);
    if (found && *found != size) {
      return false;
    }
  }
  return true;
}

Result<std::unique_ptr<Dataset>> openListing(const DataSource &source, Result<Listing> listing) {
  Result<PictureMode> mode = modeOf(source);
  if (!mode || !listing) {
    return mode ? listing.status() : mode.status();
  }
  if (const std::string *skip = source.find("skip")) {
    if (*skip != "broken") {
      return error(Code::InvalidArgument, "data '", source.text,
                   "': option 'skip' can be 'broken' only, found ", quoted(*skip));
    }
    if (Status status = dropBroken(*listing, *mode); !status) {
      return status;
    }
    listing->areSound = true;
  }
  Result<Size> first = readImageSize(listing->folder + "/" + listing->paths.front());
  if (!first) {
    return broken(first.status(), *listing);
  }
  const bool isUniform = haveSize(*listing, *first);
  return std::unique_ptr<Dataset>(
      std::make_unique<PictureFiles>(listing.take(), *mode, *first, isUniform));
}

} // namespace

Result<std::unique_ptr<Dataset>> openImageFolder(const DataSource &source,
                                                 std::span<const std::string> classes) {
  return openListing(source, listFolder(source.place, classes));
}

Result<std::unique_ptr<Dataset>> openImageList(const DataSource &source,
                                               std::span<const std::string> classes) {
  return openListing(source, listTable(source, classes));
}

} // namespace ntc::rt::data
