// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Data sets over data sets: what is read passes through the transforms.
#include "runtime/data/TransformedDataset.h"

#include "runtime/data/image/Resize.h"

#include <algorithm>

namespace ntc::rt::data {
namespace {

const std::byte *bytesOf(const std::vector<float> &values) {
  return reinterpret_cast<const std::byte *>(values.data());
}

class TransformedDataset : public Dataset {
public:
  TransformedDataset(std::shared_ptr<const Dataset> pictures, TransformList transforms,
                     size_t field, ImageShape shape)
      : pictures_(std::move(pictures)), transforms_(std::move(transforms)),
        fields_(pictures_->fields().begin(), pictures_->fields().end()), field_(field),
        shape_(shape) {
    fields_[field].dtype = DType::F32;
    fields_[field].shape = {shape.channels, shape.size.height, shape.size.width};
  }

  int64_t size() const override { return pictures_->size(); }
  std::span<const Field> fields() const override { return fields_; }
  bool isCostly() const override { return true; }
  std::span<const std::string> classNames() const override { return pictures_->classNames(); }
  std::string fileOf(int64_t row) const override { return pictures_->fileOf(row); }
  std::string nameOf(int64_t row) const override { return pictures_->nameOf(row); }
  std::span<const std::string> remarks() const override { return pictures_->remarks(); }

  Status readRows(size_t field, std::span<const int64_t> rows, DType dtype, std::byte *destination,
                  const Reading &reading) const override {
    if (field != field_) {
      return pictures_->readRows(field, rows, dtype, destination, reading);
    }
    const int64_t count = fields_[field].elements();
    Image image;
    for (size_t i = 0; i < rows.size(); ++i) {
      const int64_t key = reading.position ? *reading.position + static_cast<int64_t>(i) : rows[i];
      if (Status status = make(rows[i], key, reading, image); !status) {
        return status;
      }
      convertValues(DType::F32, bytesOf(std::get<Floats>(image).values), dtype, destination, count);
      destination += static_cast<size_t>(count) * ntc::rt::sizeOf(dtype);
    }
    return Status::ok();
  }

private:
  /// `key` tells the draws of this sample from those of others.
  Status make(int64_t row, int64_t key, const Reading &reading, Image &image) const {
    Bytes *bytes = std::get_if<Bytes>(&image);
    bytes = bytes ? bytes : &image.emplace<Bytes>();
    if (Status status = pictures_->readPicture(row, *bytes); !status) {
      return status;
    }
    Status status =
        transforms_.apply(image, reading.seed, reading.epoch, static_cast<uint64_t>(key));
    const Size size = data::sizeOf(image);
    if (status && (size != shape_.size || channelsOf(image) != shape_.channels)) {
      status = error(Code::InvalidArgument, "the transforms make ", channelsOf(image), "x",
                     size.height, "x", size.width, " of it, and ", shape_.channels, "x",
                     shape_.size.height, "x", shape_.size.width, " of the first picture");
    }
    return status ? status : withContext(status, pictures_->nameOf(row));
  }

  std::shared_ptr<const Dataset> pictures_;
  TransformList transforms_;
  std::vector<Field> fields_;
  size_t field_;
  ImageShape shape_;
};

/// How one batch is mixed.
struct Mixture {
  BatchMix::Kind kind = BatchMix::Kind::MixUp;
  double share = 1.0;                  ///< of the sample itself
  double centreX = 0.0, centreY = 0.0; ///< of the rectangle, as parts of the sides
};

class MixedDataset : public Dataset {
public:
  MixedDataset(std::shared_ptr<const Dataset> samples, std::vector<BatchMix> mixes, size_t label,
               std::optional<size_t> picture, int64_t classes)
      : samples_(std::move(samples)), mixes_(std::move(mixes)),
        fields_(samples_->fields().begin(), samples_->fields().end()), label_(label),
        picture_(picture) {
    fields_[label].dtype = DType::F32;
    fields_[label].shape = {classes};
    fields_[label].classes = 0;
  }

  int64_t size() const override { return samples_->size(); }
  std::span<const Field> fields() const override { return fields_; }
  bool isCostly() const override { return samples_->isCostly(); }
  std::span<const std::string> classNames() const override { return samples_->classNames(); }
  std::string fileOf(int64_t row) const override { return samples_->fileOf(row); }
  std::string nameOf(int64_t row) const override { return samples_->nameOf(row); }
  std::span<const std::string> remarks() const override { return samples_->remarks(); }

  Status readRows(size_t field, std::span<const int64_t> rows, DType dtype, std::byte *destination,
                  const Reading &reading) const override {
    if (field == label_) {
      return dtype == DType::F64
                 ? readLabels(rows, reinterpret_cast<double *>(destination), reading)
                 : readLabels(rows, reinterpret_cast<float *>(destination), reading);
    }
    Status status = samples_->readRows(field, rows, dtype, destination, reading);
    if (status && field == picture_ && !mixes_.empty()) {
      dtype == DType::F64
          ? mixPictures(rows.size(), reinterpret_cast<double *>(destination), reading)
          : mixPictures(rows.size(), reinterpret_cast<float *>(destination), reading);
    }
    return status;
  }

private:
  Mixture mixtureOf(const Reading &reading) const {
    Draws draws(reading.seed, reading.epoch, reading.batch, streamOf("mix"));
    const BatchMix &mix =
        mixes_[static_cast<size_t>(draws.below(static_cast<int64_t>(mixes_.size())))];
    Mixture out;
    out.kind = mix.kind;
    out.share = draws.beta(mix.alpha);
    out.centreX = draws.uniform();
    out.centreY = draws.uniform();
    return out;
  }

  /// The rectangle that CutMix takes from the other sample.
  Box boxOf(const Mixture &mixture) const {
    const std::vector<int64_t> &shape = fields_[*picture_].shape;
    const int64_t height = shape[1], width = shape[2];
    const double half = 0.5 * std::sqrt(1.0 - mixture.share);
    auto side = [half](double centre, int64_t extent, int64_t &begin, int64_t &count) {
      const auto middle = static_cast<int64_t>(centre * static_cast<double>(extent));
      const auto reach = static_cast<int64_t>(half * static_cast<double>(extent));
      begin = std::max<int64_t>(0, middle - reach);
      count = std::min(extent, middle + reach) - begin;
    };
    Box box;
    side(mixture.centreX, width, box.left, box.size.width);
    side(mixture.centreY, height, box.top, box.size.height);
    return box;
  }

  double labelShare(const Mixture &mixture) const {
    if (mixture.kind == BatchMix::Kind::MixUp) {
      return mixture.share;
    }
    const Size cut = boxOf(mixture).size;
    const std::vector<int64_t> &shape = fields_[*picture_].shape;
    return 1.0 -
           static_cast<double>(cut.height * cut.width) / static_cast<double>(shape[1] * shape[2]);
  }

  template <typename T>
  Status readLabels(std::span<const int64_t> rows, T *out, const Reading &reading) const {
    std::vector<int64_t> labels(rows.size());
    if (Status status = samples_->readRows(label_, rows, DType::I64,
                                           reinterpret_cast<std::byte *>(labels.data()), reading);
        !status) {
      return status;
    }
    const T share = mixes_.empty() ? T{1} : static_cast<T>(labelShare(mixtureOf(reading)));
    const int64_t classes = fields_[label_].shape[0];
    std::fill_n(out, static_cast<int64_t>(rows.size()) * classes, T{0});
    for (size_t i = 0; i < rows.size(); ++i, out += classes) {
      out[labels[i]] += share;
      if (!mixes_.empty()) {
        out[labels[i > 0 ? i - 1 : rows.size() - 1]] += T{1} - share;
      }
    }
    return Status::ok();
  }

  /// From the last sample to the first, so that each still finds the one before it as it was.
  template <typename T> void mixPictures(size_t count, T *values, const Reading &reading) const {
    const Mixture mixture = mixtureOf(reading);
    const auto elements = static_cast<size_t>(fields_[*picture_].elements());
    const std::vector<T> last(values + (count - 1) * elements, values + count * elements);
    for (size_t i = count; i-- > 0;) {
      T *own = values + i * elements;
      const T *other = i > 0 ? own - elements : last.data();
      if (mixture.kind == BatchMix::Kind::MixUp) {
        const T share = static_cast<T>(mixture.share), rest = static_cast<T>(1.0 - mixture.share);
        for (size_t k = 0; k < elements; ++k) {
          own[k] = own[k] * share + other[k] * rest;
        }
      } else {
        copyBox(boxOf(mixture), other, own);
      }
    }
  }

  template <typename T> void copyBox(const Box &box, const T *from, T *to) const {
    const std::vector<int64_t> &shape = fields_[*picture_].shape;
    for (int64_t channel = 0; channel < shape[0]; ++channel) {
      for (int64_t y = box.top; y < box.top + box.size.height; ++y) {
        const int64_t at = (channel * shape[1] + y) * shape[2] + box.left;
        std::copy_n(from + at, box.size.width, to + at);
      }
    }
  }

  std::shared_ptr<const Dataset> samples_;
  std::vector<BatchMix> mixes_;
  std::vector<Field> fields_;
  size_t label_;
  std::optional<size_t> picture_;
};

} // namespace

Result<std::shared_ptr<const Dataset>> transformPictures(std::shared_ptr<const Dataset> pictures,
                                                         const TransformList &transforms,
                                                         const std::string &name) {
  const std::optional<PictureField> field = pictures->pictures();
  if (!field) {
    return error(Code::InvalidArgument, "data '", name,
                 "' has no pictures; transforms are for sets of pictures");
  }
  Result<ImageShape> shape = transforms.shapeOf({field->channels, field->size, false});
  if (!shape) {
    return withContext(shape.status(), "transforms of data '", name, "'");
  }
  return std::shared_ptr<const Dataset>(
      std::make_shared<TransformedDataset>(std::move(pictures), transforms, field->field, *shape));
}

Result<std::shared_ptr<const Dataset>> mixBatches(std::shared_ptr<const Dataset> samples,
                                                  std::vector<BatchMix> mixes, int64_t classes,
                                                  const std::string &name) {
  std::optional<size_t> label, picture;
  int64_t labels = 0;
  const std::span<const Field> fields = samples->fields();
  for (size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].isTarget && fields[i].classes > 0) {
      label = i;
      ++labels;
    } else if (!fields[i].isTarget && fields[i].shape.size() == 3 &&
               fields[i].dtype == DType::F32) {
      picture = picture ? picture : i;
    }
  }
  if (labels != 1) {
    return error(Code::InvalidArgument, "data '", name, "' has ", labels,
                 " labels; probabilities of classes need one");
  }
  classes = classes > 0 ? classes : fields[*label].classes;
  if (fields[*label].classes > classes) {
    return error(Code::InvalidArgument, "data '", name, "': expected labels from 0 to ",
                 classes - 1, ", found labels up to ", fields[*label].classes - 1);
  }
  if (!mixes.empty() && !picture) {
    return error(Code::InvalidArgument, "data '", name,
                 "' has no pictures of shape (C, H, W) that MixUp or CutMix could mix");
  }
  return std::shared_ptr<const Dataset>(std::make_shared<MixedDataset>(
      std::move(samples), std::move(mixes), *label, picture, classes));
}

} // namespace ntc::rt::data
