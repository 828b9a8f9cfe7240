"""The compiled wheel: the modules of the hot path, by mypyc, from the very sources that the pure wheel has.

hatchling calls this, and only where HATCH_BUILD_HOOK_ENABLE_CUSTOM is set: without it this file is not even read,
and the wheel is the pure one. The modules stand in `pyproject.toml`, beside the hook's name. All happens in a
folder that is removed again, so that no compiled file is ever left in the checkout.

What is compiled keeps its source beside it in the wheel, for tracebacks and for people.
How it fails: with what the compiler said, and no wheel; an install without the variable needs no compiler.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_SETUP = """
import os
import sys
from mypyc.build import mypycify
from setuptools import setup

# Other packages' types are left out, installed or not: so a wheel does not depend on what lies beside its build.
options = ["--config-file=", "--no-site-packages", "--ignore-missing-imports", "--follow-imports=silent"]
modules = mypycify(
    [*options, *sys.argv[1:]],
    opt_level=os.environ.get("MYPYC_OPT_LEVEL", "2"),
    debug_level="0",
    target_dir="c",
    group_name="restante",
)
setup(
    name="restante",
    packages=[],
    package_dir={"": "."},
    ext_modules=modules,
    script_args=["-q", "build_ext", "--build-lib=compiled", "--build-temp=objects"],
)
"""


class CompiledWheel(BuildHookInterface):  # type: ignore[type-arg]  # the builder is of no interest
    """Puts compiled modules into a wheel, beside their sources."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # Any: hatchling's own
        """Compile. Raises RuntimeError."""
        if version == "editable":
            raise RuntimeError("an editable install runs the sources as they are: leave the hook off for it")
        self._folder = tempfile.TemporaryDirectory(prefix="restante-compiled-")
        folder = Path(self._folder.name)
        (folder / "setup.py").write_text(_SETUP)
        (folder / "restante").symlink_to(Path(self.root, "src", "restante"))
        modules = [f"restante/{module}.py" for module in self.config["modules"]]
        ran = subprocess.run(  # noqa: S603 - our own words
            [sys.executable, "setup.py", *modules],
            cwd=folder,
            env=os.environ | {"MYPYPATH": ".", "MYPY_CACHE_DIR": "cache"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if ran.returncode:
            raise RuntimeError(
                f"the modules do not compile:\n{ran.stdout}\n"
                "It takes a C compiler and Python's headers (on Debian: apt-get install gcc python3-dev); "
                "without HATCH_BUILD_HOOK_ENABLE_CUSTOM the pure wheel is built, which needs neither."
            )
        compiled = folder / "compiled"
        for file in compiled.rglob("*.so"):
            build_data["force_include"][str(file)] = str(file.relative_to(compiled))
        build_data["pure_python"], build_data["infer_tag"] = False, True

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # Any: as above
        """Remove the folder that it was compiled in."""
        self._folder.cleanup()
