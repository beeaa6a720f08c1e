// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// PNG by libpng. Errors jump back here, past C frames only, as in Jpeg.cpp.
#include "runtime/data/image/Codecs.h"

#include <algorithm>
#include <csetjmp>
#include <cstring>

#include <png.h>

namespace ntc::rt::data {
namespace {

/// The file under the reader, the writer's output, and what went wrong.
struct Stream {
  std::span<const uint8_t> left;
  std::vector<uint8_t> *written = nullptr;
  char message[160] = "";
};

[[noreturn]] void onError(png_structp png, png_const_charp message) {
  auto *stream = static_cast<Stream *>(png_get_error_ptr(png));
  std::strncpy(stream->message, message, sizeof(stream->message) - 1);
  png_longjmp(png, 1);
}

/// Warnings are about chunks beside the picture.
void onWarning(png_structp, png_const_charp) {}

void onRead(png_structp png, png_bytep out, size_t count) {
  auto *stream = static_cast<Stream *>(png_get_io_ptr(png));
  if (count > stream->left.size()) {
    png_error(png, "the file ends too early");
  }
  std::memcpy(out, stream->left.data(), count);
  stream->left = stream->left.subspan(count);
}

void onWrite(png_structp png, png_bytep bytes, size_t count) {
  auto *stream = static_cast<Stream *>(png_get_io_ptr(png));
  stream->written->insert(stream->written->end(), bytes, bytes + count);
}

void onFlush(png_structp) {}

/// A reader or writer and its information.
struct Handle {
  png_structp png = nullptr;
  png_infop info = nullptr;
  bool writes = false;

  ~Handle() {
    if (png) {
      writes ? png_destroy_write_struct(&png, &info)
             : png_destroy_read_struct(&png, &info, nullptr);
    }
  }
};

Status damaged(const Stream &stream) {
  return error(Code::Corrupt, "damaged PNG: ", stream.message);
}

Status openReader(Handle &handle, Stream &stream) {
  handle.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &stream, onError, onWarning);
  handle.info = handle.png ? png_create_info_struct(handle.png) : nullptr;
  if (!handle.info) {
    return error(Code::OutOfMemory, "no memory to read a PNG");
  }
  return Status::ok();
}

bool readHeader(Handle &handle, Stream &stream) {
  if (setjmp(png_jmpbuf(handle.png))) {
    return false;
  }
  png_set_read_fn(handle.png, &stream, onRead);
  // Text and profiles are not needed, and may unpack to much.
  png_set_keep_unknown_chunks(handle.png, PNG_HANDLE_CHUNK_NEVER, nullptr, 0);
  png_set_chunk_malloc_max(handle.png, 1 << 20);
  png_set_user_limits(handle.png, 0x7fffffff, 0x7fffffff); // checked below
  png_read_info(handle.png, handle.info);
  return true;
}

/// Asks for 8 bits of gray or RGB.
bool startDecoding(Handle &handle) {
  if (setjmp(png_jmpbuf(handle.png))) {
    return false;
  }
  const int type = png_get_color_type(handle.png, handle.info);
  if (type == PNG_COLOR_TYPE_PALETTE) {
    png_set_palette_to_rgb(handle.png);
  }
  if (type == PNG_COLOR_TYPE_GRAY && png_get_bit_depth(handle.png, handle.info) < 8) {
    png_set_expand_gray_1_2_4_to_8(handle.png);
  }
  png_set_strip_16(handle.png);
  png_set_strip_alpha(handle.png);
  png_set_interlace_handling(handle.png);
  png_read_update_info(handle.png, handle.info);
  return true;
}

bool readRows(Handle &handle, uint8_t **rows) {
  if (setjmp(png_jmpbuf(handle.png))) {
    return false;
  }
  png_read_image(handle.png, rows);
  png_read_end(handle.png, nullptr);
  return true;
}

bool writeRows(Handle &handle, Stream &stream, uint8_t **rows, const Bytes &image) {
  if (setjmp(png_jmpbuf(handle.png))) {
    return false;
  }
  png_set_write_fn(handle.png, &stream, onWrite, onFlush);
  png_set_IHDR(handle.png, handle.info, static_cast<png_uint_32>(image.size.width),
               static_cast<png_uint_32>(image.size.height), 8,
               image.channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(handle.png, handle.info);
  png_write_image(handle.png, rows);
  png_write_end(handle.png, nullptr);
  return true;
}

/// Pointers to the rows of `values`, each of `stride` bytes.
std::vector<uint8_t *> rowsOf(std::vector<uint8_t> &values, int64_t count, size_t stride) {
  std::vector<uint8_t *> rows;
  for (int64_t y = 0; y < count; ++y) {
    rows.push_back(values.data() + static_cast<size_t>(y) * stride);
  }
  return rows;
}

} // namespace

Result<Size> pngSize(std::span<const uint8_t> file) {
  Stream stream{file};
  Handle handle;
  if (Status status = openReader(handle, stream); !status) {
    return status;
  }
  if (!readHeader(handle, stream)) {
    return damaged(stream);
  }
  const Size size{png_get_image_height(handle.png, handle.info),
                  png_get_image_width(handle.png, handle.info)};
  Status status = checkPictureSize(static_cast<uint64_t>(size.height),
                                   static_cast<uint64_t>(size.width), file.size());
  return status ? Result<Size>(size) : status;
}

Status decodePng(std::span<const uint8_t> file, PictureMode mode, Bytes &out) {
  Stream stream{file};
  Handle handle;
  if (Status status = openReader(handle, stream); !status) {
    return status;
  }
  if (!readHeader(handle, stream)) {
    return damaged(stream);
  }
  const Size size{png_get_image_height(handle.png, handle.info),
                  png_get_image_width(handle.png, handle.info)};
  if (Status status = checkPictureSize(static_cast<uint64_t>(size.height),
                                       static_cast<uint64_t>(size.width), file.size());
      !status) {
    return status;
  }
  if (!startDecoding(handle)) {
    return damaged(stream);
  }
  const size_t stride = png_get_rowbytes(handle.png, handle.info);
  out.channels = png_get_channels(handle.png, handle.info);
  out.size = size;
  out.values.resize(static_cast<size_t>(out.channels * out.pixels()));
  std::vector<uint8_t> whole(stride * static_cast<size_t>(size.height));
  std::vector<uint8_t *> rows = rowsOf(whole, size.height, stride);
  if (!readRows(handle, rows.data())) {
    return damaged(stream);
  }
  for (int64_t y = 0; y < size.height; ++y) {
    splitRow(rows[static_cast<size_t>(y)], out, y);
  }
  toMode(out, mode);
  return Status::ok();
}

Result<std::vector<uint8_t>> encodePng(const Bytes &image) {
  std::vector<uint8_t> file, whole(image.values.size());
  Stream stream;
  stream.written = &file;
  for (int64_t i = 0; i < image.pixels(); ++i) {
    for (int64_t channel = 0; channel < image.channels; ++channel) {
      whole[static_cast<size_t>(i * image.channels + channel)] = image.plane(channel)[i];
    }
  }
  Handle handle{png_create_write_struct(PNG_LIBPNG_VER_STRING, &stream, onError, onWarning),
                nullptr, true};
  handle.info = handle.png ? png_create_info_struct(handle.png) : nullptr;
  if (!handle.info) {
    return error(Code::OutOfMemory, "no memory to write a PNG");
  }
  std::vector<uint8_t *> rows =
      rowsOf(whole, image.size.height, static_cast<size_t>(image.size.width * image.channels));
  if (!writeRows(handle, stream, rows.data(), image)) {
    return error(Code::Internal, "cannot write a PNG: ", stream.message);
  }
  return file;
}

} // namespace ntc::rt::data
