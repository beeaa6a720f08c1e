/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A shared library that is no data set. */
int ntc_plain_library(void);
int ntc_plain_library(void) { return 0; }
