"""The notebook among the examples, run by a real kernel."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).parents[2] / "examples" / "notebook.ipynb"


def test_the_notebook_is_kept_without_outputs() -> None:
    """They are the reader's, and would change with each run."""
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    kept = [cell for cell in cells if cell.get("outputs") or cell.get("execution_count")]
    assert kept == []


@pytest.mark.real_time
@pytest.mark.timeout(300)
@pytest.mark.filterwarnings("default")  # a kernel's client is not ours
def test_the_notebook_runs(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """With the embedded voice: a bar that is full, a player, two pictures, and no error."""
    pytest.importorskip("hibari", reason="the embedded voice is not installed")
    pytest.importorskip("ipykernel", reason="ipykernel is not installed")
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbclient.NotebookClient(notebook, timeout=240, resources={"metadata": {"path": str(Path.cwd())}}).execute()
    outputs = [cell.outputs for cell in notebook.cells if cell.cell_type == "code"]
    bar, shown = outputs[0]
    assert bar.output_type == "display_data"
    assert 'value="4" max="4"' in bar.data["text/html"]
    assert 'src="data:audio/mpeg;base64,' in shown.data["text/html"]
    assert ["image/png" in output.data for [output] in outputs[1:3]] == [True, True]
    assert "samples at 24,000 Hz" in outputs[3][0].text
