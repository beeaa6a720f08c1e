// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Constructor calls of Python, as people paste them where a flag takes a name with settings.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ntc::rt {

/// The text of a flag for a call: of "torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9,
/// 0.999))" it is "AdamW,lr=1e-3,betas=0.9:0.999". The module in front goes, and so does a first
/// argument that is an expression without a name (the model's parameters, the optimizer). "AdamW"
/// and "nn.MSELoss" need no parentheses. Anything else, also a call with arguments that no flag
/// could take, comes back as it is: whoever reads it refuses it by name.
std::string flagOfCall(std::string_view text);

/// One argument of a call.
struct CallArgument {
  std::string_view name; ///< empty: by position
  std::string_view value;
};

/// The arguments between commas outside of brackets, without blanks around them. Nothing where
/// brackets do not match.
std::optional<std::vector<CallArgument>> callArguments(std::string_view text);

/// A word without the quotes around it.
std::string_view unquoted(std::string_view text);

} // namespace ntc::rt
