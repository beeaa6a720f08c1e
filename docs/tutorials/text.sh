# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
ntc data inspect "text:$TEXT?context=64"
ntc data inspect "text:$TEXT?context=64&vocab=$VOCAB"
ntc data inspect "sequences:$NAMES?buckets=8,16,32"
