"""
Write `fabric_protos/*.pyi`: the types of the official protos, which the package does not bring.

Its modules carry the descriptors of their messages, so the stubs are made from what is installed. Run after raising
the pin of `hyperledger-fabric-protos`:

    pip install -e '.[stubs]' && python stubs/generate.py
"""

from __future__ import annotations

import importlib
import re
import shutil
import sys
import tempfile
from pathlib import Path

import fabric_protos
from google.protobuf import descriptor_pb2
from google.protobuf.descriptor import FileDescriptor
from grpc_tools import protoc

PACKAGE = "fabric_protos"
INSTALLED = Path(fabric_protos.__file__).parent
STUBS = Path(__file__).parent / PACKAGE


def collected() -> descriptor_pb2.FileDescriptorSet:
    """Return every file of the package and what it imports, each after its imports."""
    found: dict[str, descriptor_pb2.FileDescriptorProto] = {}

    def add(file: FileDescriptor) -> None:
        for imported in file.dependencies:
            add(imported)
        if file.name not in found:
            found[file.name] = descriptor_pb2.FileDescriptorProto.FromString(file.serialized_pb)

    for module in sorted(INSTALLED.rglob("*_pb2.py")):
        name = ".".join(module.relative_to(INSTALLED.parent).with_suffix("").parts)
        add(importlib.import_module(name).DESCRIPTOR)
    return descriptor_pb2.FileDescriptorSet(file=found.values())


def placed(text: str) -> str:
    """Return a stub whose modules are those of the package, as the installed ones are."""
    rooms = "|".join(sorted(folder.name for folder in INSTALLED.iterdir() if folder.is_dir()))
    text = re.sub(rf"^import ({rooms})\.", rf"import {PACKAGE}.\1.", text, flags=re.MULTILINE)
    text = re.sub(rf"(?<![\w.])({rooms})((?:\.\w+)*?\.\w+_pb2)\b", rf"{PACKAGE}.\1\2", text)
    # Enumerations are open: a constructor takes any number.
    text = re.sub(
        r"^( +\w+: )[\w.]+\.ValueType( \| None)?( = \.\.\.,)$", r"\1builtins.int\2\3", text, flags=re.MULTILINE
    )
    # A message with a field `collections` would hide the module of that name.
    text = text.replace("import collections.abc\n", "import collections.abc as _abc\n")
    return text.replace("collections.abc.", "_abc.")


def main() -> None:
    """Replace the stubs."""
    files = collected()
    with tempfile.TemporaryDirectory() as folder:
        descriptors, out = Path(folder, "descriptors"), Path(folder, "out")
        descriptors.write_bytes(files.SerializeToString())
        out.mkdir()
        names = [file.name for file in files.file if not file.name.startswith("google/")]
        plugins = [f"--mypy_out=quiet:{out}", f"--mypy_grpc_out=quiet:{out}"]
        if protoc.main(["protoc", f"--descriptor_set_in={descriptors}", *plugins, *names]):
            sys.exit("protoc failed; is mypy-protobuf installed in this environment and its `bin` on PATH?")
        shutil.rmtree(STUBS, ignore_errors=True)
        for stub in sorted(out.rglob("*.pyi")):
            text = stub.read_text()
            if stub.name.endswith("_grpc.pyi") and "class " not in text:
                continue
            target = STUBS / stub.relative_to(out)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(placed(text))
        for package in [STUBS, *(path for path in STUBS.rglob("*") if path.is_dir())]:
            (package / "__init__.pyi").touch()


if __name__ == "__main__":
    main()
