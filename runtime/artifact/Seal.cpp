// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The digest at the end of artifacts; see Seal.h.
#include "runtime/artifact/Seal.h"

#include "runtime/base/Sha256.h"

#include <algorithm>
#include <string_view>

namespace ntc::rt::artifact {

std::array<uint8_t, kSealBytes> sealOf(std::span<const uint8_t> file) {
  constexpr std::string_view kMagic = "NTCSEAL1";
  const Sha256::Digest digest = sha256(file);
  std::array<uint8_t, kSealBytes> seal;
  std::copy(digest.begin(), digest.end(), std::copy(kMagic.begin(), kMagic.end(), seal.begin()));
  return seal;
}

Status checkSeal(std::span<const uint8_t> file) {
  if (file.size() >= kSealBytes) {
    const auto rest = file.first(file.size() - kSealBytes);
    if (std::ranges::equal(sealOf(rest), file.last(kSealBytes))) {
      return Status::ok();
    }
  }
  return error(Code::Corrupt, "is damaged, cut short or changed after it was compiled (its SHA-256 "
                              "differs from the recorded one); compile the model again");
}

} // namespace ntc::rt::artifact
