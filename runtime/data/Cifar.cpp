// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The binary versions of CIFAR-10 and CIFAR-100: records of labels and pixels, without a header.
#include "runtime/data/ClassNames.h"
#include "runtime/data/GzipFile.h"
#include "runtime/data/ImageDataset.h"
#include "runtime/data/Suggest.h"

#include <algorithm>
#include <new>
#include <unistd.h>

namespace ntc::rt::data {
namespace {

constexpr size_t kPixelBytes = 3 * 32 * 32;

/// How one of the sets is stored.
struct Format {
  std::vector<std::string> files;
  size_t labelBytes = 1; ///< of a record, before its pixels
  size_t label = 0;      ///< which of them counts
  int64_t classes = 10;
  std::string namesFile;               ///< of the archive; read where it is
  std::vector<std::string> names = {}; ///< where it is not
};

/// Appends the records of one file to `records`.
Status readFile(const std::string &path, const Format &format, std::vector<uint8_t> &records) {
  Result<GzipFile> file = GzipFile::open(path);
  if (!file) {
    return file.status();
  }
  const uint64_t bytes = file->fileBytes(), record = format.labelBytes + kPixelBytes;
  if (bytes == 0 || bytes % record != 0) {
    return error(Code::Corrupt, "'", path, "': expected a multiple of ", record, " bytes (",
                 format.labelBytes == 1 ? "one label" : concat(format.labelBytes, " labels"),
                 " and 3x32x32 pixels each), found ", bytes);
  }
  const size_t before = records.size();
  records.resize(before + bytes);
  Result<size_t> got = file->read(std::span(records).subspan(before));
  if (!got) {
    return got.status();
  }
  if (*got != bytes) {
    return error(Code::Corrupt, "'", path, "': expected ", bytes, " bytes, found ", *got);
  }
  return Status::ok();
}

Result<std::unique_ptr<Dataset>> openFiles(const DataSource &source, const Format &format) {
  std::vector<uint8_t> records;
  for (const std::string &name : format.files) {
    if (Status status = readFile(source.place + "/" + name, format, records); !status) {
      return status;
    }
  }
  const size_t record = format.labelBytes + kPixelBytes, samples = records.size() / record;
  ImageArrays arrays;
  arrays.samples = static_cast<int64_t>(samples);
  arrays.shape = {3, 32, 32};
  arrays.classes = format.classes;
  arrays.classNames = format.names;
  const std::string namesFile = source.place + "/" + format.namesFile;
  if (!source.find("class_names") && ::access(namesFile.c_str(), F_OK) == 0) {
    auto names = readClassNames(namesFile, format.classes);
    if (!names) {
      return names.status();
    }
    arrays.classNames = names.take();
  }
  std::unique_ptr<uint8_t[]> pixels(new (std::nothrow) uint8_t[samples * kPixelBytes]);
  std::unique_ptr<uint8_t[]> labels(new (std::nothrow) uint8_t[samples]);
  if (!pixels || !labels) {
    return error(Code::OutOfMemory, "'", source.place, "': no memory for ", samples, " images");
  }
  for (size_t i = 0; i < samples; ++i) {
    const uint8_t *at = records.data() + i * record;
    labels[i] = at[format.label];
    std::copy_n(at + format.labelBytes, kPixelBytes, pixels.get() + i * kPixelBytes);
  }
  arrays.pixels = std::move(pixels);
  arrays.labels = std::move(labels);
  Result<int64_t> checked =
      checkLabels(source.place, {arrays.labels.get(), samples}, format.classes);
  return checked ? makeImages(source, std::move(arrays))
                 : Result<std::unique_ptr<Dataset>>(checked.status());
}

} // namespace

Result<std::unique_ptr<Dataset>> openCifar10(const DataSource &source, Split split) {
  Format format;
  format.namesFile = "batches.meta.txt";
  format.names = cifar10Names();
  format.files = {"test_batch.bin"};
  if (split == Split::Train) {
    format.files = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
                    "data_batch_5.bin"};
  }
  return openFiles(source, format);
}

Result<std::unique_ptr<Dataset>> openCifar100(const DataSource &source, Split split) {
  Format format{
      {split == Split::Train ? "train.bin" : "test.bin"}, 2, 1, 100, "fine_label_names.txt"};
  if (const std::string *labels = source.find("labels"); labels && *labels != "fine") {
    constexpr std::array<std::string_view, 2> known = {"fine", "coarse"};
    if (*labels != "coarse") {
      return error(Code::InvalidArgument, "data '", source.text, "': labels ", quoted(*labels),
                   " are unknown", didYouMean(*labels, known));
    }
    format.label = 0;
    format.namesFile = "coarse_label_names.txt";
    format.classes = 20;
  }
  return openFiles(source, format);
}

} // namespace ntc::rt::data
