"""Names the packages of this folder as `hlf`'s; `setup.cfg` beside it says everything else."""

from setuptools import find_packages, setup

setup(package_dir={"hlf": "."}, packages=["hlf", *(f"hlf.{name}" for name in find_packages("."))])
