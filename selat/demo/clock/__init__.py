"""The folder that `selat.demo.calendar` puts first on the path of programs: Python runs `sitecustomize` from there."""
