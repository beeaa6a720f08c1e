// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How fast pictures become batches, for tools/bench/loader. One JSON line with samples per second.
//
//   loader load DATA TRANSFORMS BATCH WORKERS SECONDS   ntc's loader, epoch after epoch
//   loader bare FOLDER HEIGHT WIDTH THREADS SECONDS     libjpeg-turbo and a resize, nothing else:
//       each thread decodes files of FOLDER/CLASS to interleaved bytes in memory that it keeps, and
//       resizes a picture of the same size that is in planes already
#include "runtime/data/Loader.h"
#include "runtime/base/File.h"
#include "runtime/data/OpenDataset.h"
#include "runtime/data/TransformedDataset.h"
#include "runtime/data/image/Resize.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>
#include <time.h>

#include <jpeglib.h>

namespace {

using namespace ntc::rt;
using namespace ntc::rt::data;
using Clock = std::chrono::steady_clock;

double since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

[[noreturn]] void fail(const Status &status) {
  std::fprintf(stderr, "error: %s\n", status.message().c_str());
  std::exit(1);
}

template <typename T> T need(Result<T> result) {
  return result ? result.take() : (fail(result.status()), result.take());
}

/// Seconds that all threads of the process have computed.
double computed() {
  timespec time;
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

void print(int64_t samples, double seconds, double cpu) {
  const auto count = static_cast<double>(samples);
  std::printf("{\"samples_per_s\": %.1f, \"cpu_us_per_sample\": %.2f}\n", count / seconds,
              1e6 * cpu / count);
}

int load(char **argument) {
  const DataSource source = need(DataSource::parse(argument[0]));
  auto dataset = need(openDataset(source, Split::Train, {}));
  if (argument[1][0] != '\0') {
    const TransformList list = need(TransformList::parse(argument[1]));
    dataset = need(transformPictures(std::move(dataset), list, source.text));
  }
  auto loader = need(Loader::create(
      dataset, {{0, DType::F32}, {1, DType::I64}},
      {.batchSize = std::atoll(argument[2]), .seed = 1, .workers = std::atoll(argument[3])}));
  const double limit = std::atof(argument[4]);
  // One epoch unmeasured: files come into the page cache, memory into the process.
  loader->start(0, 0);
  const Clock::time_point warm = Clock::now();
  while (loader->next() && since(warm) < limit) {
  }
  int64_t samples = 0;
  const double before = computed();
  const Clock::time_point begin = Clock::now();
  for (uint64_t epoch = 1; since(begin) < limit; ++epoch) {
    loader->start(epoch, 0);
    const Batch *batch = loader->next();
    for (; batch && since(begin) < limit; batch = loader->next()) {
      samples += batch->size;
    }
    if (!loader->status()) {
      fail(loader->status());
    }
  }
  print(samples, since(begin), computed() - before);
  return 0;
}

/// Decodes one file; the library's own error handler ends the program.
Size decode(const std::vector<uint8_t> &file, std::vector<uint8_t> &pixels) {
  jpeg_decompress_struct info;
  jpeg_error_mgr errors;
  info.err = jpeg_std_error(&errors);
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, file.data(), static_cast<unsigned long>(file.size()));
  jpeg_read_header(&info, TRUE);
  info.out_color_space = JCS_RGB;
  jpeg_start_decompress(&info);
  const Size size{info.output_height, info.output_width};
  pixels.resize(static_cast<size_t>(3 * size.height * size.width));
  while (info.output_scanline < info.output_height) {
    uint8_t *row = pixels.data() + size_t{3} * info.output_scanline * info.output_width;
    jpeg_read_scanlines(&info, &row, 1);
  }
  jpeg_finish_decompress(&info);
  jpeg_destroy_decompress(&info);
  return size;
}

int bare(char **argument) {
  std::vector<std::string> files;
  for (const auto &entry : std::filesystem::recursive_directory_iterator(argument[0])) {
    if (entry.is_regular_file()) {
      files.push_back(entry.path().string());
    }
  }
  const Size wanted{std::atoll(argument[1]), std::atoll(argument[2])};
  const double limit = std::atof(argument[4]);
  std::atomic<size_t> next = 0;
  std::atomic<int64_t> done = 0;
  std::atomic<bool> isMeasured = false, isOver = false;
  auto work = [&] {
    std::vector<uint8_t> pixels;
    Bytes planes;
    while (!isOver) {
      const std::vector<uint8_t> file = need(readFile(files[next++ % files.size()], 1 << 26));
      const Size size = decode(file, pixels);
      if (planes.size != size) {
        planes = Bytes(3, size, 128);
      }
      const Bytes small = resizeBilinear(planes, {0, 0, size}, wanted);
      done += isMeasured && small.size == wanted ? 1 : 0;
    }
  };
  std::vector<std::jthread> threads;
  for (int i = 0; i < std::atoi(argument[3]); ++i) {
    threads.emplace_back(work);
  }
  const auto wait = [](double seconds) {
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  };
  wait(std::min(limit, 1.0));
  const Clock::time_point begin = Clock::now();
  const double before = computed();
  isMeasured = true;
  wait(limit);
  const int64_t samples = done;
  const double seconds = since(begin), cpu = computed() - before;
  isOver = true;
  print(samples, seconds, cpu);
  return 0;
}

} // namespace

int main(int count, char **arguments) {
  const std::string verb = count == 7 ? arguments[1] : "";
  if (verb != "load" && verb != "bare") {
    std::fprintf(stderr, "usage: loader load DATA TRANSFORMS BATCH WORKERS SECONDS\n"
                         "       loader bare FOLDER HEIGHT WIDTH THREADS SECONDS\n");
    return 2;
  }
  return verb == "load" ? load(arguments + 2) : bare(arguments + 2);
}
