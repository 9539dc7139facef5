#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""schema.py SCHEMA FILE...: which test files the JSON schema does not accept, and where.  Exit status 77: the
libraries are not there."""
import json
import re
import sys

try:
    import jsonschema
    import yaml
except ImportError as e:
    print(e)
    sys.exit(77)


class Loader(yaml.SafeLoader):
    """YAML 1.2, as editors read it: "no" is a text, and so is 12:30."""


Loader.yaml_implicit_resolvers = {}
for tag, pattern, first in (
    ("bool", r"true|false", "tf"),
    ("int", r"[-+]?[0-9]+|0x[0-9a-fA-F]+", "-+0123456789"),
    ("float", r"[-+]?[0-9]+\.[0-9]+", "-+0123456789"),
    ("null", r"~|null|", "~n\0"),
):
    Loader.add_implicit_resolver("tag:yaml.org,2002:" + tag, re.compile("^(?:%s)$" % pattern), list(first))
Loader.add_constructor("tag:yaml.org,2002:int", lambda loader, node: int(node.value, 16 if "x" in node.value else 10))

with open(sys.argv[1]) as f:
    schema = json.load(f)
jsonschema.Draft7Validator.check_schema(schema)
validator = jsonschema.Draft7Validator(schema)
wrong = 0
for path in sys.argv[2:]:
    with open(path) as f:
        document = yaml.load(f, Loader=Loader)
    for e in validator.iter_errors(document):
        print("%s: %s: %.200s" % (path, "/".join(map(str, e.absolute_path)), e.message))
        wrong = 1
sys.exit(wrong)
