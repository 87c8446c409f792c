"""Reads texts with the readers of Python, and writes what they see.

A request is a line "FORMAT LENGTH" and the text; the answer is a line "LENGTH" and the view, or
"error". A view has a line for each value, with its path and its type.
"""
import configparser
import datetime
import json
import math
import struct
import sys
import tomllib

import yaml

sys.setrecursionlimit(100000)


def string(s):
    return json.dumps(s)


def number(f):
    if math.isnan(f):
        return "f nan"
    return "f" + struct.pack(">d", f).hex()


def fraction(text):
    return text.rstrip("0") if "." in text else text


def moment(t):
    if isinstance(t, datetime.datetime):
        if t.tzinfo is not None:
            t = t.astimezone(datetime.timezone.utc).replace(tzinfo=None)
        return "t" + fraction(t.isoformat())
    if isinstance(t, datetime.date):
        return "t" + t.isoformat() + "T00:00:00"
    return "t" + t.isoformat()


def lines(at, v):
    """Yields a line for each map, list and value, with its path."""
    if isinstance(v, Pairs):
        yield at + " {}"
        for key, value in v.pairs:
            yield from lines(at + "." + key, value)
    elif isinstance(v, list):
        yield at + " []"
        for i, value in enumerate(v):
            yield from lines(at + "[%d]" % i, value)
    else:
        yield at + " " + scalar(v)


class Pairs:
    """A map, whose keys are views."""

    def __init__(self, pairs):
        self.pairs = pairs


class Tagged:
    """A value with a tag that PyYAML has no type for."""

    def __init__(self, view):
        self.view = view


def scalar(v):
    if v is None:
        return "null"
    if isinstance(v, bool):
        return "true" if v else "false"
    if isinstance(v, int):
        return "i%d" % v
    if isinstance(v, float):
        return number(v)
    if isinstance(v, str):
        return string(v)
    if isinstance(v, Tagged):
        return v.view
    return moment(v)


def yaml_docs(text):
    loader = yaml.SafeLoader(text)

    def value(n, above):
        if id(n) in above:
            raise yaml.YAMLError("a node contains itself")
        above = above | {id(n)}
        tag = n.tag.removeprefix("tag:yaml.org,2002:")
        if isinstance(n, yaml.ScalarNode):
            if tag in ("str", "int", "float", "bool", "null", "timestamp"):
                return n.value if tag == "str" else loader.construct_object(n)
            return Tagged("!" + tag + " " + string(n.value))
        if isinstance(n, yaml.SequenceNode):
            v = [value(i, above) for i in n.value]
        else:
            v = Pairs([(" ".join(lines("", value(k, above))).strip(), value(e, above)) for k, e in n.value])
        return v if tag in ("map", "seq") else Pairs([("!" + tag, v)])

    docs = []
    while loader.check_node():
        docs.append(value(loader.get_node(), frozenset()))
    return docs


def pairs(items):
    return Pairs([(string(k), v) for k, v in items])


def json_docs(text):
    return [json.loads(text, object_pairs_hook=pairs)]


def maps(v):
    if isinstance(v, dict):
        return pairs([(k, maps(e)) for k, e in v.items()])
    if isinstance(v, list):
        return [maps(e) for e in v]
    return v


def toml_docs(text):
    return [maps(tomllib.loads(text))]


def ini_docs(text):
    c = configparser.RawConfigParser(default_section="")
    c.optionxform = str
    c.read_string(text)
    return [pairs([(s, pairs(c.items(s))) for s in c.sections()])]


def dotenv_docs(text):
    """What docker run --env-file reads."""
    found = []
    for line in text.split("\n"):
        line = line.removesuffix("\r").lstrip()
        if line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found.append((name, value))
    return [pairs(found)]


READERS = {"yaml": yaml_docs, "json": json_docs, "toml": toml_docs, "ini": ini_docs, "dotenv": dotenv_docs}


def main():
    while line := sys.stdin.buffer.readline():
        name, length = line.split()
        text = sys.stdin.buffer.read(int(length))
        try:
            docs = READERS[name.decode()](text.decode("utf-8"))
            view = "\n".join(line for i, doc in enumerate(docs) for line in lines(str(i), doc))
            answer = view.encode("utf-8")
        except Exception:  # whatever a reader raises, it did not read the text
            answer = b"error"
        sys.stdout.buffer.write(b"%d\n" % len(answer) + answer)
        sys.stdout.buffer.flush()


main()
