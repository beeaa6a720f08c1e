// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A peer of tools/bench/kernels: one contraction at a time in oneDNN or in OpenBLAS, f32. Reads a
// contraction per line from standard input and answers each with a line: the seconds of one call,
// or "none" where the library has no such function. Operands are random and stay where they are;
// they are in the layout that the library prefers, and bringing them there is not timed.
//
//   version
//   matmul BATCH M N K TRANSPOSE_A TRANSPOSE_B
//   conv | conv_dx | conv_dw   N C H W O KH KW SH SW TOP LEFT BOTTOM RIGHT
//
// usage: kernels SECONDS (OMP_NUM_THREADS and OPENBLAS_NUM_THREADS say how many threads).
// Built by tools/bench/kernels with -DWITH_ONEDNN or -DWITH_OPENBLAS.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#ifdef WITH_OPENBLAS
#include <cblas.h>
#include <openblas_config.h>
#endif
#ifdef WITH_ONEDNN
#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>
#endif

namespace {

using Call = std::function<void()>;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// The median over windows of at least a twentieth of `seconds`, in seconds of one call.
double timeOf(const Call &call, double seconds) {
  constexpr int kWarmUp = 3, kWindows = 20;
  for (int i = 0; i < kWarmUp; ++i) {
    call();
  }
  double begin = now();
  call();
  const auto perWindow =
      std::max<int64_t>(1, static_cast<int64_t>(seconds / kWindows / (now() - begin)));
  std::vector<double> windows;
  double end = now() + seconds;
  while (windows.size() < 3 || now() < end) {
    begin = now();
    for (int64_t i = 0; i < perWindow; ++i) {
      call();
    }
    windows.push_back((now() - begin) / static_cast<double>(perWindow));
  }
  std::nth_element(windows.begin(), windows.begin() + windows.size() / 2, windows.end());
  return windows[windows.size() / 2];
}

std::vector<float> randomValues(int64_t count) {
  std::minstd_rand generator(1);
  std::uniform_real_distribution<float> distribution(-1.0f, 1.0f);
  std::vector<float> values(static_cast<size_t>(count));
  for (float &value : values) {
    value = distribution(generator);
  }
  return values;
}

/// C[b] = op(A[b]) op(B[b]); A is (M, K) or, transposed, stored as (K, M), B likewise; row-major.
struct Product {
  int64_t batch = 1, m = 0, n = 0, k = 0;
  bool transposeA = false, transposeB = false;
};

/// A convolution of (N, C, H, W) with (O, C, KH, KW), or one of its gradients.
struct Convolution {
  std::string kind;
  int64_t n = 0, c = 0, h = 0, w = 0, o = 0, kh = 0, kw = 0;
  int64_t strides[2] = {}, low[2] = {}, high[2] = {};
  int64_t outputHeight() const { return (h + low[0] + high[0] - kh) / strides[0] + 1; }
  int64_t outputWidth() const { return (w + low[1] + high[1] - kw) / strides[1] + 1; }
};

#ifdef WITH_OPENBLAS
/// Matrix products; a convolution is none here.
class Library {
public:
  static std::string version() {
    std::string config = openblas_get_config(); // "OpenBLAS 0.3.30 ..."
    std::string words = config.substr(config.find(' ') + 1);
    return "OpenBLAS " + words.substr(0, words.find(' ')) + " (" + openblas_get_corename() + ")";
  }

  std::optional<double> seconds(const Convolution &, double) { return std::nullopt; }

  std::optional<double> seconds(const Product &p, double limit) {
    std::vector<float> a = randomValues(p.batch * p.m * p.k), b = randomValues(p.batch * p.n * p.k),
                       c = randomValues(p.batch * p.m * p.n);
    const auto m = static_cast<blasint>(p.m), n = static_cast<blasint>(p.n),
               k = static_cast<blasint>(p.k);
    auto call = [&] {
      for (int64_t i = 0; i < p.batch; ++i) {
        cblas_sgemm(CblasRowMajor, p.transposeA ? CblasTrans : CblasNoTrans,
                    p.transposeB ? CblasTrans : CblasNoTrans, m, n, k, 1.0f,
                    a.data() + i * p.m * p.k, p.transposeA ? m : k, b.data() + i * p.n * p.k,
                    p.transposeB ? k : n, 0.0f, c.data() + i * p.m * p.n, n);
      }
    };
    return timeOf(call, limit);
  }
};
#endif

#ifdef WITH_ONEDNN
using dnnl::memory;
using Tag = memory::format_tag;
using Arguments = std::unordered_map<int, memory>;

class Library {
public:
  static std::string version() {
    const dnnl_version_t *v = dnnl_version();
    return "oneDNN " + std::to_string(v->major) + "." + std::to_string(v->minor) + "." +
           std::to_string(v->patch);
  }

  /// With the better choice of layouts: the library's own, or row-major with channels innermost.
  template <typename Problem> std::optional<double> seconds(const Problem &problem, double limit) {
    std::optional<double> best;
    for (bool plain : {false, true}) {
      try {
        double taken = timeOf(prepare(problem, plain), limit / 2);
        best = std::min(best.value_or(taken), taken);
      } catch (const dnnl::error &) {
        continue; // no function for these layouts
      }
    }
    return best;
  }

private:
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};

  memory::desc describe(memory::dims dims, Tag tag) {
    return {std::move(dims), memory::data_type::f32, tag};
  }

  /// Memory of the layout `wanted` with random contents.
  memory filled(const memory::desc &wanted) {
    memory result(wanted, engine);
    std::vector<float> values =
        randomValues(static_cast<int64_t>(wanted.get_size() / sizeof(float)));
    std::copy(values.begin(), values.end(), static_cast<float *>(result.get_data_handle()));
    return result;
  }

  Call calling(const dnnl::primitive &primitive, const Arguments &arguments) {
    return [this, primitive, arguments] {
      primitive.execute(stream, arguments);
      stream.wait();
    };
  }

  Call prepare(const Product &p, bool plain) {
    auto tag = [&](bool transpose) { return plain ? (transpose ? Tag::acb : Tag::abc) : Tag::any; };
    dnnl::matmul::primitive_desc made(engine, describe({p.batch, p.m, p.k}, tag(p.transposeA)),
                                      describe({p.batch, p.k, p.n}, tag(p.transposeB)),
                                      describe({p.batch, p.m, p.n}, tag(false)));
    return calling(dnnl::matmul(made), {{DNNL_ARG_SRC, filled(made.src_desc())},
                                        {DNNL_ARG_WEIGHTS, filled(made.weights_desc())},
                                        {DNNL_ARG_DST, filled(made.dst_desc())}});
  }

  Call prepare(const Convolution &v, bool plain) {
    constexpr auto kDirect = dnnl::algorithm::convolution_direct;
    const Tag tag = plain ? Tag::nhwc : Tag::any;
    memory::desc input = describe({v.n, v.c, v.h, v.w}, tag),
                 weight = describe({v.o, v.c, v.kh, v.kw}, Tag::any),
                 output = describe({v.n, v.o, v.outputHeight(), v.outputWidth()}, tag);
    memory::dims strides(v.strides, v.strides + 2), low(v.low, v.low + 2), high(v.high, v.high + 2);
    dnnl::convolution_forward::primitive_desc forward(engine, dnnl::prop_kind::forward_training,
                                                      kDirect, input, weight, output, strides, low,
                                                      high);
    if (v.kind == "conv_dx") {
      dnnl::convolution_backward_data::primitive_desc made(engine, kDirect, input, weight, output,
                                                           strides, low, high, forward);
      return calling(dnnl::convolution_backward_data(made),
                     {{DNNL_ARG_DIFF_DST, filled(made.diff_dst_desc())},
                      {DNNL_ARG_WEIGHTS, filled(made.weights_desc())},
                      {DNNL_ARG_DIFF_SRC, filled(made.diff_src_desc())}});
    }
    if (v.kind == "conv_dw") {
      dnnl::convolution_backward_weights::primitive_desc made(engine, kDirect, input, weight,
                                                              output, strides, low, high, forward);
      return calling(dnnl::convolution_backward_weights(made),
                     {{DNNL_ARG_SRC, filled(made.src_desc())},
                      {DNNL_ARG_DIFF_DST, filled(made.diff_dst_desc())},
                      {DNNL_ARG_DIFF_WEIGHTS, filled(made.diff_weights_desc())}});
    }
    return calling(dnnl::convolution_forward(forward),
                   {{DNNL_ARG_SRC, filled(forward.src_desc())},
                    {DNNL_ARG_WEIGHTS, filled(forward.weights_desc())},
                    {DNNL_ARG_DST, filled(forward.dst_desc())}});
  }
};
#endif

/// The contraction of `kind` whose numbers `words` goes on with.
std::optional<double> measure(Library &library, const std::string &kind, std::istream &words,
                              double limit) {
  if (kind == "matmul") {
    Product p;
    words >> p.batch >> p.m >> p.n >> p.k >> p.transposeA >> p.transposeB;
    return words ? library.seconds(p, limit) : std::nullopt;
  }
  Convolution v;
  v.kind = kind;
  words >> v.n >> v.c >> v.h >> v.w >> v.o >> v.kh >> v.kw >> v.strides[0] >> v.strides[1] >>
      v.low[0] >> v.low[1] >> v.high[0] >> v.high[1];
  return words ? library.seconds(v, limit) : std::nullopt;
}

} // namespace

int main(int argc, char **argv) {
  const double limit = argc > 1 ? std::atof(argv[1]) : 0.1;
  Library library;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string kind;
    words >> kind;
    if (kind == "version") {
      std::puts(Library::version().c_str());
    } else if (std::optional<double> seconds = measure(library, kind, words, limit)) {
      std::printf("%.9g\n", *seconds);
    } else if (words) {
      std::puts("none");
    } else {
      std::fprintf(stderr, "not a contraction: %s\n", line.c_str());
      return 2;
    }
    std::fflush(stdout);
  }
  return 0;
}
