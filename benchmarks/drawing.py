"""Pictures of growth, for the documentation."""

from __future__ import annotations

import re
from pathlib import Path

import pygal
from pygal.style import CleanStyle

from benchmarks.figures import Series


def draw(series: Series, folder: Path) -> Path:
    """Draw *series* over logarithmic sizes as an SVG file in *folder*, and return the file."""
    style = CleanStyle(font_family="sans-serif", background="white", colors=("#1f6feb",))
    chart = pygal.XY(
        width=520, height=300, style=style, js=(), show_legend=False, truncate_label=-1, disable_xml_declaration=True,
        title=series.name, x_title=series.size, y_title=series.unit, xrange=None, range=(0, _top(series)),
        x_labels=[{"value": index, "label": f"{size:,}"} for index, (size, _) in enumerate(series.points)],
    )  # fmt: skip
    chart.add(series.name, [(index, value) for index, (_, value) in enumerate(series.points)])
    return _written(chart, series.name, folder)


def draw_hours(name: str, unit: str, lines: dict[str, list[tuple[float, float]]], folder: Path) -> Path:
    """Draw what was recorded over time, ``(seconds, value)``, one line a program, as an SVG file in *folder*."""
    chart = pygal.XY(
        width=620, height=320, style=CleanStyle(font_family="sans-serif", background="white"), js=(), show_dots=False,
        truncate_legend=-1, legend_at_bottom=True, disable_xml_declaration=True, title=name, x_title="minutes",
        y_title=unit, range=(0, max(value for points in lines.values() for _, value in points) * 1.1 or 1),
    )  # fmt: skip
    for line, points in lines.items():
        chart.add(line, [(seconds / 60, value) for seconds, value in points])
    return _written(chart, name, folder)


def _written(chart: pygal.XY, name: str, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-')}.svg"
    path.write_text(chart.render(is_unicode=True))
    return path


def _top(series: Series) -> float:
    return max(value for _, value in series.points) * 1.1
