"""Hold the cluster's values against the charts' own schemas: ``python -m tests.hub.charts FOLDER``.

FOLDER holds checkouts of the charts, under their own names:
https://github.com/jupyterhub/zero-to-jupyterhub-k8s and https://github.com/dask/dask-gateway.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

import yaml
from jsonschema import Draft7Validator

from deploy.hub.settings import CHECKOUT

CHARTS: Final = {
    "values.yaml": Path("zero-to-jupyterhub-k8s", "jupyterhub"),
    "dask-gateway.yaml": Path("dask-gateway", "resources", "helm", "dask-gateway"),
}


def merged(chart: Any, ours: Any) -> Any:
    """Merge values as Helm does: tables by their keys, all else is replaced."""
    if isinstance(chart, dict) and isinstance(ours, dict):
        return {**chart, **{key: merged(chart.get(key), value) for key, value in ours.items()}}
    return ours


def errors(charts: Path, name: str, ours: Any = None) -> list[str]:
    """Return what a chart's schema has against our values, alone and merged into the chart's.

    Args:
        charts: The folder of the checkouts.
        name: Ours, such as ``values.yaml``.
        ours: Values to check in place of the file's.
    """
    chart = charts / CHARTS[name]
    schema, usual = (
        yaml.safe_load((chart / file).read_text(encoding="utf-8"))
        for file in ("values.schema.yaml", "values.yaml")
    )
    if ours is None:
        path = CHECKOUT / "deploy" / "zero-to-jupyterhub" / name
        ours = yaml.safe_load(path.read_text(encoding="utf-8"))
    whole = merged(usual, ours)
    if name == "values.yaml" and not whole["hub"]["image"].get("tag"):
        whole["hub"]["image"]["tag"] = "set-by-chartpress"  # in a checkout it is still empty
    found = Draft7Validator(schema).iter_errors(whole)
    return [f"{'.'.join(map(str, error.path))}: {error.message[:200]}" for error in found]


def main(folder: Path) -> int:
    found = {name: errors(folder, name) for name in CHARTS if (folder / CHARTS[name]).is_dir()}
    for name, told in found.items():
        print(f"{name}: {'fits' if not told else ''}", *told, sep="\n  ")
    return 1 if not found or any(found.values()) else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
