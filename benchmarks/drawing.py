"""Pictures of growth, for the documentation."""

from __future__ import annotations

import html
import math
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import pygal
from pygal.style import CleanStyle

from benchmarks.figures import Series

# pygal looks for its maps in a way that Python warns of at each later import. Nothing here draws a map.
sys.meta_path[:] = [each for each in sys.meta_path if not isinstance(each, pygal.PluginImportFixer)]

# Lines differ by their dashes too, so that nobody needs the colours, which stand out on white and on black.
_DASHES = ("1,0", "6,3", "2,3", "9,3,2,3", "12,4")
_COLOURS = (
    *("#2f81f7", "#bf8700", "#2da44e", "#cf5a2b", "#a371f7", "#d1568f"),
    *("#6e7781", "#1b9aaa", "#8a9a1f", "#e5534b", "#6670c4", "#a07050"),
)
_STYLE = CleanStyle(
    font_family="sans-serif", background="transparent", plot_background="transparent", colors=_COLOURS * 3, opacity="1"
)
_SCHEMES = """inline:
  .axis .guide.line, .axis .major.guide.line { stroke: #8c959f !important; stroke-width: 0.5; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 !important; }
    .axis .line { stroke: #8c959f !important; }
  }
"""
_CSS = ("file://style.css", "file://graph.css", _SCHEMES)


def draw(grown: Sequence[Series], folder: Path) -> list[Path]:
    """
    Draw what grows with the same size in one picture, over logarithmic sizes, as SVG files in *folder*; return these.

    They follow the reader's light or dark scheme, and tell every value in words to those who cannot see them.
    """
    by_size: dict[tuple[str, str], list[Series]] = {}
    for series in grown:
        by_size.setdefault((series.size, series.unit), []).append(series)
    return [_drawn(size, unit, several, folder) for (size, unit), several in by_size.items()]


def _drawn(size: str, unit: str, several: Sequence[Series], folder: Path) -> Path:
    sizes = sorted({number for series in several for number, _ in series.points})
    title = f"Growth by {size}"
    chart = pygal.XY(
        width=640, height=340 + 24 * ((len(several) + 1) // 2), style=_STYLE, css=_CSS, js=(), print_values=False,
        truncate_label=-1, truncate_legend=-1, legend_at_bottom=True, legend_at_bottom_columns=2,
        margin_bottom=44, dots_size=3,
        disable_xml_declaration=True, title=title, x_title=size, y_title=unit,
        range=(0, max(value for series in several for _, value in series.points) * 1.1),
        x_labels=[{"value": math.log10(number), "label": f"{number:,}"} for number in sizes],
    )  # fmt: skip
    for number, series in enumerate(several):
        stroke = {"width": 2, "dasharray": _DASHES[number % len(_DASHES)]}
        points = [(math.log10(number), value) for number, value in series.points]
        chart.add(series.name.removesuffix(f" by {size.split()[0]}"), points, stroke_style=stroke)
    path = _written(chart, title, folder)
    drawn = path.read_text().replace(f"chart-{chart.uuid}", path.stem)
    path.write_text(_told(drawn, title, "; ".join(map(_words, several))))
    return path


def _words(series: Series) -> str:
    values = ", ".join(f"{value:.3g} {series.unit} with {number:,}" for number, value in series.points)
    return f"{series.name}: {values}"


def _told(svg: str, title: str, words: str) -> str:
    """Return a picture with a title and a description for screen readers, and without what only a moving one uses."""
    for needless in (r"<!--.*?-->", r"<script.*?</script>", r"<title>[^<]*</title>", r"<desc[^>]*>[^<]*</desc>"):
        svg = re.sub(needless, "", svg, flags=re.DOTALL)
    svg = re.sub(r"\d+\.\d{3,}", lambda number: f"{float(number[0]):.1f}", svg)
    told = f'<title id="title">{html.escape(title)}</title><desc id="words">{html.escape(words)}</desc>'
    return re.sub(r"<svg([^>]*)>", rf'<svg\1 role="img" aria-labelledby="title words">{told}', svg, count=1) + "\n"


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
