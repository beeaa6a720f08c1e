// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What lies beside the MLIR of a dumped phase: values of imported weights, which the IR only names,
// and the model that the artifact embeds. With both, a compilation that goes on from any phase
// gives the same artifact as one that never stopped.
#pragma once

#include "dialects/train/Train.h"
#include "frontend/import/Import.h"

#include "llvm/Support/Error.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace ntc::driver {

/// Contents that a program refers to by file name and SHA-256.
struct PhaseFiles {
  std::map<std::string, importer::ImportedTensor> weights; ///< by state name
  std::vector<uint8_t> modelPb; ///< model.pb without weight data; may be empty
};

/// Names that do not hide a user's own model or weights in the same folder.
inline constexpr llvm::StringLiteral kPhaseWeightsFile = "0-captured.safetensors";
inline constexpr llvm::StringLiteral kPhaseModelFile = "0-captured.model.pb";
/// Key in the program's metadata: `#train.file<name, "", sha256>` of the model, where there is one
/// beside.
inline constexpr llvm::StringLiteral kMetadataModelFile = "model_file";

/// Writes the weights, under the name that the states of `program` use, into `folder`. Nothing
/// without weights. Errors: what the system said.
llvm::Error writePhaseWeights(ir::train::ProgramOp program, const PhaseFiles &files,
                              const std::string &folder);

/// Makes `folder`, writes weights and model into it and names the model in the metadata of
/// `program`. Errors: what the system said.
llvm::Error writePhaseFiles(ir::train::ProgramOp program, const PhaseFiles &files,
                            const std::string &folder);

/// Reads what `program` names from `folder`. Errors: a file that is missing or not what its SHA-256
/// says, a name that is no plain file name, a tensor that is not the state's.
llvm::Expected<PhaseFiles> readPhaseFiles(ir::train::ProgramOp program, const std::string &folder);

} // namespace ntc::driver
