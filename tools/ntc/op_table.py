#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What ODS says about each operation of a dialect, as rows of a C++ table.

usage: op_table.py LLVM_TBLGEN OPS.td OUTPUT INCLUDE_FOLDER...

Every row is NTC_OP("nn.add", "elementwise: y = a + b", "Elementwise", "f32 f64 bf16 i64"):
name, summary, the file that defines it, the element types of its first tensor operand, or
of its result where it has none.
"""
import json
import os
import re
import subprocess
import sys

# Without f16, which definitions allow but no step is compiled with.
ORDER = ["f32", "f64", "bf16", "i64", "i32", "i8", "i1"]


def element_types(records, constraint):
    """Names of the element types that a constraint's description lists."""
    description = records[constraint].get("summary", "") if constraint in records else ""
    if "tensor" not in description:
        return []
    found = set()
    for word in re.findall(r"bfloat16|\d+-bit (?:float|signless integer)", description):
        bits = re.match(r"\d+", word)
        if word == "bfloat16":
            found.add("bf16")
        else:
            found.add(("f" if "float" in word else "i") + bits.group())
    return [name for name in ORDER if name in found]


def constraint_of(records, argument):
    """The type constraint of one element of a dag of arguments or results."""
    record = argument[0]
    name = record.get("def") if isinstance(record, dict) else None
    if name in records and "baseType" in records[name]:  # Variadic<...>, Optional<...>
        name = records[name]["baseType"]["def"]
    return name


def rows(records):
    for name in records["!instanceof"]["Op"]:
        op = records[name]
        place = op["!locs"][0] if op.get("!locs") else ""
        category = os.path.basename(re.sub(r"[:(].*", "", place)).removesuffix(".td")
        values = op["arguments"]["args"] + op["results"]["args"]
        constraints = [constraint_of(records, each) for each in values]
        typed = [element_types(records, each) for each in constraints if each and not each.endswith("Scalar")]
        types = next(filter(None, typed), [])
        mnemonic = op["opDialect"]["def"]
        prefix = records[mnemonic]["name"]
        yield f"{prefix}.{op['opName']}", op["summary"], category, " ".join(types)


def main():
    tblgen, source, output, *includes = sys.argv[1:]
    folders = [part for each in includes for part in each.split(";")]
    command = [tblgen, "--dump-json", source] + [f"-I{folder}" for folder in folders]
    records = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    with open(output, "w", encoding="utf-8") as table:
        for row in sorted(rows(records)):
            table.write("NTC_OP(" + ", ".join(json.dumps(part) for part in row) + ")\n")


if __name__ == "__main__":
    main()
