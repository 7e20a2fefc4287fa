"""A question pool of each form, for all tests of them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from course.quiz import kinds, pool

NUMBER: Final = """| size | code | ratio | upside_down |
|---:|---:|---:|---:|
| 784 | 30 | 26.1 ± 0.1 | 0.038 |
| 1024 | 64 | 16 | 0.0625 |
| 90 | 45 | 2 | 0.5 |

**An image of {{size}} numbers gets a code of {{code}}. How many times smaller is it?**

It is [[{{ratio}}]] times smaller.

> ${{size}} / {{code}} = {{ratio}}$.
> [[{{upside_down}}]] That is upside down.
"""
CHOICE: Final = """**Which half of an autoencoder makes the code?**

- [x] the encoder
  > It encodes.
- [ ] the decoder
  > It decodes.

***

**Which half of an autoencoder draws the copy?**

- [ ] the encoder
  > It never sees the copy.
- [x] the decoder
  > It decodes.

***

**Which half of an autoencoder is kept to send pictures?**

- [ ] the encoder alone
  > Nobody could open them.
- [x] both
  > One packs, one unpacks.
- [ ] none
  > Then nothing is smaller.
"""
LESSON: Final = (
    '# Pools\n\n+++ {"quiz": "ratio", "kind": "number", "pool": true, "points": 2}\n\n'
    f'{NUMBER}\n+++ {{"quiz": "half", "pool": true}}\n\n{CHOICE}\n'
    '+++ {"quiz": "plain"}\n\nEven?\n\n- [ ] one\n  > Odd.\n- [x] two\n  > Even.\n'
)
POOLS: Final = {"ratio": ("number", NUMBER), "half": ("choice", CHOICE)}


def write_course(root: Path) -> Path:
    """Write the text of the lesson into a course folder."""
    path = root / "source" / "01-pools" / "pools.md"
    path.parent.mkdir(parents=True)
    path.write_text(LESSON, encoding="utf-8")
    return path


def solved(name: str, index: int) -> str:
    """Return a variant with its key as the answer."""
    kind, source = POOLS[name]
    return kinds.named(kind).solved(pool.split(source)[index])


def released(name: str) -> list[str]:
    """Return the variants as they are released."""
    kind, source = POOLS[name]
    return [kinds.named(kind).bare(variant) for variant in pool.split(source)]


def student_with(name: str, index: int) -> str:
    """Return a student who has this variant."""
    count = len(released(name))
    numbers = range(1000)
    return next(f"s{n}" for n in numbers if pool.draw(name, f"s{n}", count) == index)
