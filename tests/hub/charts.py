"""Check the cluster's values against the charts' schemas: ``python -m tests.hub.charts FOLDER``.

FOLDER holds checkouts of these repositories:
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


def merge_values(chart: Any, values: Any) -> Any:
    """Merge values as Helm does: tables by key, everything else is replaced."""
    if isinstance(chart, dict) and isinstance(values, dict):
        merged = {key: merge_values(chart.get(key), value) for key, value in values.items()}
        return {**chart, **merged}
    return values


def schema_errors(charts: Path, name: str, values: Any = None) -> list[str]:
    """Return the errors of our values, merged into the chart's defaults, by the chart's schema.

    Args:
        charts: The folder of the checkouts.
        name: Our file, such as ``values.yaml``.
        values: Values to check instead of the file's.
    """
    chart = charts / CHARTS[name]
    schema, defaults = (
        yaml.safe_load((chart / file).read_text(encoding="utf-8"))
        for file in ("values.schema.yaml", "values.yaml")
    )
    if values is None:
        path = CHECKOUT / "deploy" / "zero-to-jupyterhub" / name
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    merged = merge_values(defaults, values)
    if name == "values.yaml" and not merged["hub"]["image"].get("tag"):
        merged["hub"]["image"]["tag"] = "set-by-chartpress"  # empty in a checkout
    errors = Draft7Validator(schema).iter_errors(merged)
    return [f"{'.'.join(map(str, error.path))}: {error.message[:200]}" for error in errors]


def main(folder: Path) -> int:
    charts = [name for name in CHARTS if (folder / CHARTS[name]).is_dir()]
    results = {name: schema_errors(folder, name) for name in charts}
    for name, errors in results.items():
        print(f"{name}: {'' if errors else 'valid'}", *errors, sep="\n  ")
    return 1 if not results or any(results.values()) else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
