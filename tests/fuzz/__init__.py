"""
Every boundary of `docs/design.md` under bytes that nobody meant to be read.

`targets` has one target a boundary, `corpus/NAME/` small inputs, good and bad, to begin with. In the ordinary suite
each target meets its corpus and some changes of it (`test_targets.py`); ``make fuzz N=100000`` goes on with atheris
where that is installed, else with more of the same changes.
"""
