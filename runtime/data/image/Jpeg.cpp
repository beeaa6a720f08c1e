// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// JPEG by libjpeg-turbo. The library reports errors by a function that must not return; ours jumps
// back here, past C frames only: every object with a destructor lives outside of the jump.
#include "runtime/data/image/Codecs.h"

#include <algorithm>
#include <csetjmp>
#include <cstdio>

#include <jpeglib.h>

#include <jerror.h>

namespace ntc::rt::data {
namespace {

struct ErrorManager {
  jpeg_error_mgr base; ///< first: the library hands out a pointer to it
  std::jmp_buf target;
  char message[JMSG_LENGTH_MAX];
};

[[noreturn]] void onError(j_common_ptr info) {
  auto *manager = reinterpret_cast<ErrorManager *>(info->err);
  info->err->format_message(info, manager->message);
  std::longjmp(manager->target, 1);
}

/// A file that ends early is an error, as it is to Pillow; other warnings are about what the
/// decoder repairs.
void onMessage(j_common_ptr info, int level) {
  if (level < 0 && info->err->msg_code == JWRN_JPEG_EOF) {
    onError(info);
  }
}

void onOutput(j_common_ptr) {}

jpeg_error_mgr *prepare(ErrorManager &manager) {
  jpeg_std_error(&manager.base);
  manager.base.error_exit = onError;
  manager.base.emit_message = onMessage;
  manager.base.output_message = onOutput;
  manager.message[0] = '\0';
  return &manager.base;
}

Status damaged(const ErrorManager &manager) {
  return error(Code::Corrupt, "damaged JPEG: ", manager.message);
}

/// What a decoder works on; plain data, so that a jump leaves nothing behind.
struct Decoder {
  jpeg_decompress_struct info;
  ErrorManager errors;
};

/// Reads the header. False: `errors` says why.
bool readHeader(Decoder &decoder, std::span<const uint8_t> file) {
  decoder.info.err = prepare(decoder.errors);
  if (setjmp(decoder.errors.target)) {
    return false;
  }
  jpeg_create_decompress(&decoder.info);
  jpeg_mem_src(&decoder.info, file.data(), static_cast<unsigned long>(file.size()));
  jpeg_read_header(&decoder.info, TRUE);
  return true;
}

bool startDecoding(Decoder &decoder, J_COLOR_SPACE space) {
  if (setjmp(decoder.errors.target)) {
    return false;
  }
  decoder.info.out_color_space = space;
  jpeg_start_decompress(&decoder.info);
  return true;
}

/// Decodes all rows through `row`, which holds one.
bool readRows(Decoder &decoder, uint8_t *row, Bytes &out) {
  if (setjmp(decoder.errors.target)) {
    return false;
  }
  while (decoder.info.output_scanline < decoder.info.output_height) {
    const int64_t y = decoder.info.output_scanline;
    uint8_t *rows[1] = {row};
    jpeg_read_scanlines(&decoder.info, rows, 1);
    splitRow(row, out, y);
  }
  jpeg_finish_decompress(&decoder.info);
  return true;
}

/// Destroys a decoder at the end of a scope.
struct Destroyer {
  Decoder &decoder;
  ~Destroyer() { jpeg_destroy_decompress(&decoder.info); }
};

Status checkHeader(const Decoder &decoder, size_t fileBytes) {
  const J_COLOR_SPACE space = decoder.info.jpeg_color_space;
  if (space == JCS_CMYK || space == JCS_YCCK) {
    return error(Code::Unsupported, "the JPEG has CMYK colours; convert it to RGB");
  }
  return checkPictureSize(decoder.info.image_height, decoder.info.image_width, fileBytes);
}

} // namespace

Result<Size> jpegSize(std::span<const uint8_t> file) {
  Decoder decoder{};
  Destroyer destroyer{decoder};
  if (!readHeader(decoder, file)) {
    return damaged(decoder.errors);
  }
  Status status = checkHeader(decoder, file.size());
  return status ? Result<Size>(Size{decoder.info.image_height, decoder.info.image_width}) : status;
}

Status decodeJpeg(std::span<const uint8_t> file, PictureMode mode, Bytes &out) {
  Decoder decoder{};
  Destroyer destroyer{decoder};
  if (!readHeader(decoder, file)) {
    return damaged(decoder.errors);
  }
  if (Status status = checkHeader(decoder, file.size()); !status) {
    return status;
  }
  // Pillow reads a gray file as gray and converts; a coloured one as RGB.
  const bool isGray = decoder.info.jpeg_color_space == JCS_GRAYSCALE;
  if (!startDecoding(decoder, isGray ? JCS_GRAYSCALE : JCS_RGB)) {
    return damaged(decoder.errors);
  }
  const Size size{decoder.info.output_height, decoder.info.output_width};
  out.channels = isGray ? 1 : 3;
  out.size = size;
  out.values.resize(static_cast<size_t>(out.channels * out.pixels()));
  // At an odd address: to aligned rows libjpeg-turbo writes around the caches, from which splitting
  // would have to wait for memory.
  std::vector<uint8_t> row(static_cast<size_t>(size.width * out.channels) + 1);
  if (!readRows(decoder, row.data() + 1, out)) {
    return damaged(decoder.errors);
  }
  toMode(out, mode);
  return Status::ok();
}

} // namespace ntc::rt::data
