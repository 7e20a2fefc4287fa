"""A lesson with one exercise for each idiom in ``idioms.txt``, and a notebook that uses them all.

A line ``--- NAME`` in the file begins an idiom, ``+++`` its next cell. The last cell is the
exercise's, and the test calls the function that is added to its end: one that fails earns nothing.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

from autograder.publish import build

FILE: Final = Path(__file__).with_name("idioms.txt")
IDIOMS: Final = {
    name: body.rstrip("\n").split("\n+++\n")
    for name, _, body in (
        part.partition("\n")
        for part in re.split(r"^--- ", FILE.read_text("utf-8"), flags=re.MULTILINE)[1:]
    )
}
NAMES: Final = {re.sub(r"[^a-z]+", "-", name.lower()): name for name in IDIOMS}  # by exercise
FILES: Final = {
    "beside.py": "value = 7\n",
    "own_package/__init__.py": "from .inner import four\n",
    "own_package/inner.py": "def four():\n    return 4\n",
    "src/in_source.py": "value = 5\n",
    "data/numbers.csv": "1,2\n",
}
_EXERCISE: Final = """
```{{code-cell}} ipython3
:exercise: {name}
def idiom_{index}(x):
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION
```

```{{code-cell}} ipython3
:test: {name}-test
:points: 1
assert idiom_{index}(2) == 4
```
"""
TEXT: Final = "# Idioms\n" + "".join(
    _EXERCISE.format(name=name, index=index) for index, name in enumerate(NAMES)
)


def notebook() -> dict[str, Any]:
    """Return the submitted notebook."""
    nb: dict[str, Any] = json.loads(json.dumps(build.notebook_from_text(TEXT)))
    cells: list[dict[str, Any]] = []
    for cell in nb["cells"]:
        idiom = NAMES.get(cell["id"])
        if idiom is not None:
            *before, last = IDIOMS[idiom]
            for number, source in enumerate(before):
                more: dict[str, Any] = {
                    "cell_type": "code",
                    "metadata": {},
                    "outputs": [],
                    "execution_count": None,
                }
                cells.append({**more, "id": f"{cell['id'][:50]}-{number}", "source": source})
            index = list(NAMES).index(cell["id"])
            cell["source"] = f"{last}\n\ndef idiom_{index}(x):\n    return 2 * x\n"
        cells.append(cell)
    nb["cells"] = cells
    return nb


def write(folder: Path, name: str) -> None:
    """Write the submission, with its own modules and data."""
    for path, text in {**FILES, name: json.dumps(notebook())}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
