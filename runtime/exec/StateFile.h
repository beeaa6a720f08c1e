// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// State to and from safetensors files: checkpoints, from which training continues bit for bit, and
// weights, which may come from anywhere.
//
// A checkpoint has every state under its name, the I64 scalars `train.step`, `train.epoch`,
// `train.cursor` and `train.seed`, and in its metadata `ntc.program` (the program's hash),
// `ntc.version` and `ntc.sha256`.
#pragma once

#include "runtime/exec/Session.h"
#include "runtime/format/Safetensors.h"

#include <string>
#include <vector>

namespace ntc::rt::exec {

/// The metadata key of the program's hash.
inline constexpr std::string_view kProgramKey = "ntc.program";

/// Writes a checkpoint atomically: on any error the file that was there before is intact.
/// `metadata` is added to the three keys above. Errors: Io; InvalidArgument when `metadata` sets
/// one of those keys.
Status saveCheckpoint(Session &session, const std::string &path,
                      const format::Metadata &metadata = {});

enum class ProgramCheck : uint8_t {
  Same,      ///< the program's hash must be the checkpoint's: the run continues bit for bit
  StateOnly, ///< names, shapes and types must fit; the step may be another
};

/// Loads all states and the position. Everything is checked first: after an error the session is as
/// it was. Errors: NotFound, Io, Unsupported; Corrupt when the file is damaged or carries no
/// checksum; InvalidArgument when it is of another program or its tensors do not fit, listing
/// missing, unexpected and mismatched ones.
Status loadCheckpoint(Session &session, const std::string &path,
                      ProgramCheck check = ProgramCheck::Same);

/// How the tensors of a file compare with the program's.
struct WeightsReport {
  std::vector<std::string> loaded;
  std::vector<std::string> missing;    ///< of the program, not in the file
  std::vector<std::string> unexpected; ///< in the file, not of the program
  std::vector<std::string>
      mismatched; ///< "fc.weight: the program has f32 [2, 3], the file f32 [3, 2]"

  /// One sentence in the words of PyTorch's load_state_dict; empty when everything fits.
  std::string text() const;
};

enum class Strictness : uint8_t {
  AllMatch,     ///< any difference is an error
  LoadWhatFits, ///< missing and unexpected ones are reported; mismatched ones are an error
};

/// Loads parameters and buffers by `state_dict` name; moments and the position stay. Floating-point
/// tensors of another width are converted (to nearest, ties to even; to half precision by way of
/// f32). Of our own checkpoints the optimizer's state and the position are passed over, of
/// PyTorch's files the counters `num_batches_tracked`. A file with a checksum is verified.
/// Everything is checked first: after an error the session is as it was. Errors: as
/// MappedFile::open; Corrupt; InvalidArgument with WeightsReport::text.
Result<WeightsReport> loadWeights(Session &session, const std::string &path,
                                  Strictness strictness = Strictness::AllMatch);

} // namespace ntc::rt::exec
