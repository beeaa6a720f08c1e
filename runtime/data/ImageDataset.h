// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Images of bytes with one label each: MNIST, Fashion-MNIST, other IDX folders, CIFAR. Pixels
// stay bytes in memory and become numbers as batches are copied.
#pragma once

#include "runtime/base/Status.h"
#include "runtime/data/DataSource.h"
#include "runtime/data/Dataset.h"

#include <array>

namespace ntc::rt::data {

/// What `ImageDataset` is made of. Sample i has its pixels at pixels[i * elements] and its label at
/// labels[i].
struct ImageArrays {
  int64_t samples = 0;
  std::vector<int64_t> shape;              ///< channels, height, width
  int64_t classes = 0;                     ///< every label is below
  std::shared_ptr<const uint8_t[]> pixels; ///< perhaps of a mapped file
  std::shared_ptr<const uint8_t[]> labels;
  std::vector<std::string> classNames = {}; ///< by label; empty: they have none
};

/// Fields "image" (f32) and "label" (i64).
///
/// A pixel p becomes p / 255 as PyTorch's ToTensor computes it (one f32 division), then, with
/// `normalize=mean,std`, (x - mean) / std as its Normalize does (f32 as well). An f64 model gets
/// the same f32 values, widened.
class ImageDataset : public Dataset {
public:
  /// `mean` and `deviation` apply to every channel alike; 0 and 1 leave the values in [0, 1].
  ImageDataset(ImageArrays arrays, float mean, float deviation);

  int64_t size() const override { return arrays_.samples; }
  std::span<const Field> fields() const override { return fields_; }
  void copyRows(size_t field, std::span<const int64_t> rows, DType dtype,
                std::byte *destination) const override;
  std::optional<PictureField> pictures() const override {
    return PictureField{0, arrays_.shape[0], {arrays_.shape[1], arrays_.shape[2]}};
  }
  Status readPicture(int64_t row, Bytes &picture) const override;
  std::span<const std::string> classNames() const override { return arrays_.classNames; }

private:
  ImageArrays arrays_;
  std::array<Field, 2> fields_;
  std::array<float, 256> valueOf_; ///< f32 of each byte
  bool isPlain_ = true;            ///< no normalization
};

/// A set of `arrays` with the source's options `normalize` and `class_names`. Errors: those
/// options'.
Result<std::unique_ptr<Dataset>> makeImages(const DataSource &source, ImageArrays arrays);

/// Checks that every label is below `classes`; 0 asks for one more than the greatest. `path` is for
/// messages. Errors: Corrupt, naming the sample.
Result<int64_t> checkLabels(const std::string &path, std::span<const uint8_t> labels,
                            int64_t classes);

/// Reads the images and labels of one split from a folder of IDX files, each plain or with the
/// ending .gz, under the names that MNIST gave them (`train-images-idx3-ubyte`,
/// `t10k-labels-idx1-ubyte`). Options: split, normalize, class_names, classes. `classes` 0: one
/// more than the greatest label. `names` are those of the classes, if they have some. Errors name
/// the file, what was expected and what was found.
Result<std::unique_ptr<Dataset>> openIdxFolder(const DataSource &source, const std::string &folder,
                                               Split split, int64_t classes,
                                               std::vector<std::string> names = {});

/// Reads CIFAR-10's binary files (data_batch_1..5.bin, test_batch.bin) from a folder: records of
/// one label byte and 3x32x32 pixel bytes. Options: split, normalize, class_names.
Result<std::unique_ptr<Dataset>> openCifar10(const DataSource &source, Split split);

/// Reads CIFAR-100's binary files (train.bin, test.bin): records of a coarse and a fine label byte
/// and 3x32x32 pixel bytes. Options: split, normalize, class_names, labels (fine, the default, or
/// coarse). Names are those of the archive's own files beside them, where they are.
Result<std::unique_ptr<Dataset>> openCifar100(const DataSource &source, Split split);

} // namespace ntc::rt::data
