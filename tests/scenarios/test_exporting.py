"""``selat audit export`` from a peer of the consortium."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result

from selat.audit import audit


def _run(stage, *words: object) -> Result:
    wallet = stage.network.folder.root
    return CliRunner().invoke(audit, [*map(str, words), "--wallet", str(wallet)])


def test_a_channel_is_exported_and_mended(stage, played, tmp_path: Path):
    """A hole is filled, another channel keeps out, and what was exported holds."""
    folder = tmp_path / "trade"
    assert _run(stage, "export", folder, "--channel", "trade").exit_code == 0
    (folder / "0000000002.block").unlink()
    mended = _run(stage, "export", folder, "--channel", "trade")
    assert mended.exit_code == 0, mended.output
    assert (folder / "0000000002.block").exists()
    other = _run(stage, "export", folder, "--channel", "logistics")
    assert other.exit_code == 1
    assert "of channel trade: remove it, or export logistics to a folder of its own" in other.output
    verified = CliRunner().invoke(audit, ["verify", str(folder)])
    assert verified.exit_code == 0, verified.output
    assert "everything holds" in verified.output


def test_a_channel_that_is_not_there_is_named_with_those_that_are(stage, tmp_path: Path):
    """The cure stands in the error."""
    told = _run(stage, "export", tmp_path / "x", "--channel", "nosuch")
    assert told.exit_code == 2
    assert "AuditorMSP is on no channel 'nosuch'; its channels are ecommerce, logistics, trade" in told.output
    assert not (tmp_path / "x").exists()
