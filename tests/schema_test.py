#!/usr/bin/env python3
"""The JSON Schema and the loader describe the same language.

Every valid scenario is accepted by the schema; of the invalid ones those that are marked
`schema+loader` are refused by it, and those marked `loader` are accepted, if they are JSON at all.
(That the loader refuses them, and with which words, is tested in unit/test_invalid.c.)
"""
import json
import pathlib
import sys

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parent.parent


def read(path):
    """The file's value, or None where it is no JSON for Python either."""
    try:
        return json.loads(path.read_bytes().decode("utf-8"))
    except ValueError:
        return None


def who_refuses(path):
    """The first line of what is expected of an invalid file."""
    return path.with_suffix(".expect").read_text(encoding="utf-8").splitlines()[0]


def faults(validator):
    """What the schema says otherwise than it should, one text each."""
    valid = sorted(ROOT.glob("tests/valid/*.json")) + sorted(ROOT.glob("scenarios/*/*.json"))
    valid = [path for path in valid if path.parent.name != "editions"]
    for path in valid:
        for error in validator.iter_errors(read(path)):
            yield f"{path}: refused at {error.json_path}: {error.message[:200]}"
    invalid = sorted(ROOT.glob("tests/invalid/*.json"))
    for path in invalid:
        who, value = who_refuses(path), read(path)
        is_fine = value is not None and validator.is_valid(value)
        if who == "schema+loader" and is_fine:
            yield f"{path}: the schema accepts it"
        elif who == "loader" and value is not None and not is_fine:
            yield f"{path}: the schema refuses it"
        elif who not in ("schema+loader", "loader"):
            yield f"{path}: expected nobody knows what: {who}"
    if len(valid) < 9 or len(invalid) < 90:
        yield f"only {len(valid)} valid and {len(invalid)} invalid files"


def main():
    schema = json.loads((ROOT / "docs/scenario.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    found = list(faults(jsonschema.Draft202012Validator(schema)))
    for fault in found:
        print(fault)
    return 1 if found else 0


sys.exit(main())
