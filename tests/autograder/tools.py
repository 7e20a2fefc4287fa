"""Notebooks as other tools save them: without ids, and some without the course's metadata."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

Notebook = dict[str, Any]


def colab(nb: Notebook) -> None:
    """Google Colab: ids of its own in the metadata, and the text as a list of lines."""
    nb["nbformat_minor"] = 0
    nb["metadata"] = {
        "colab": {"provenance": [], "toc_visible": True},
        "kernelspec": {"name": "python3", "display_name": "Python 3"},
        "language_info": {"name": "python"},
    }
    for number, cell in enumerate(nb["cells"]):
        del cell["id"]
        cell["metadata"] = {**cell["metadata"], "id": f"Xy{number:03}aBcD"}
        cell["source"] = cell["source"].splitlines(keepends=True)


def kaggle(nb: Notebook) -> None:
    """Kaggle: metadata of its own only."""
    nb["nbformat_minor"] = 4
    nb["metadata"] = {"kaggle": {"accelerator": "none", "dataSources": []}}
    for number, cell in enumerate(nb["cells"]):
        del cell["id"]
        cell["metadata"] = {"_uuid": f"{number:040x}", "trusted": True}


def deepnote(nb: Notebook) -> None:
    """Deepnote: metadata of its own only."""
    nb["nbformat_minor"] = 0
    nb["metadata"] = {"deepnote": {}, "orig_nbformat": 2}
    for number, cell in enumerate(nb["cells"]):
        del cell["id"]
        cell["metadata"] = {"cell_id": f"{number:032x}", "deepnote_cell_type": cell["cell_type"]}


def vs_code(nb: Notebook) -> None:
    """Visual Studio Code: no ids, and a trailing line end on each line."""
    nb["nbformat_minor"] = 2
    nb["metadata"] = {"kernelspec": {"display_name": ".venv", "name": "python3"}}
    for cell in nb["cells"]:
        del cell["id"]
        if cell["cell_type"] == "code":
            cell["metadata"] = {"vscode": {"languageId": "python"}, **cell["metadata"]}
        cell["source"] = cell["source"].replace("\n", "\r\n")


def old_jupyter(nb: Notebook) -> None:
    """The classic Notebook: format 4.4, which has no ids."""
    nb["nbformat_minor"] = 4
    for cell in nb["cells"]:
        del cell["id"]


def jupyterlite(nb: Notebook) -> None:
    """JupyterLite: a kernel of its own; everything else stays."""
    nb["metadata"] = {"kernelspec": {"display_name": "Python (Pyodide)", "name": "python"}}
    nb["nbformat_minor"] = 4
    for cell in nb["cells"]:
        cell["metadata"]["trusted"] = True


TOOLS: Final[dict[str, Callable[[Notebook], None]]] = {
    "colab": colab,
    "kaggle": kaggle,
    "deepnote": deepnote,
    "vs-code": vs_code,
    "old-jupyter": old_jupyter,
    "jupyterlite": jupyterlite,
}
