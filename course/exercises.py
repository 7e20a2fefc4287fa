"""Show learners a short message about each exercise instead of a traceback.

Example:
    The test below an exercise is a function that `check` runs at once::

        from course import exercises

        @exercises.check("Exercise 1", points=2)
        def half_test():
            assert half(3) == 1.5, "half(3) should be 1.5"

    It prints ``✓ Exercise 1: correct (2 points)``, shows the hint of the failed ``assert``, or says
    that the exercise is still open. In all but the first case it also raises the error, so that
    nbgrader sees it. Outside a notebook, as in grading, nothing is shown.
"""

from __future__ import annotations

import html
import re
import sys
import traceback
from collections.abc import Callable, Iterator
from types import CodeType, TracebackType
from typing import Any, Final

__all__ = ["NotRunError", "call", "check", "until_solved"]

_DEFINITION: Final = re.compile(  # of a function or class, or by an assignment
    r"^(?:(?:async\s+)?(?:def|class)\s+(?=\w)|(?=\w[\w, ]*(?::[^=\n]*)?=(?!=)))"
    r"(\w+(?:, *\w+)*)",
    re.MULTILINE,
)
_BOX: Final = (
    '<div role="note" style="border-left: 4px solid {color}; padding: 0.4em 0.9em">'
    "<strong>{heading}</strong><br>{text}{details}</div>"
)
_DETAILS: Final = (
    '<details style="margin-top: 0.4em"><summary>Show the full error message</summary>'
    '<pre style="overflow-x: auto">{}</pre></details>'
)
_MATMUL_MISMATCH: Final = re.compile(r"^matmul: .*\(size (\d+) is different from (\d+)\)")
_MATMUL_RULE: Final = (
    "In a @ b, a must have as many columns as b has rows; .T turns rows into columns."
)

_RUN_FROM_TOP: Final = (
    "If you have restarted the kernel or come back later, run the lesson from the top first:"
    " Run → Run All Above Selected Cell."
)

# By name: the error of the latest run of the cell that should have defined it.
_failed_definitions: dict[str, str] = {}


class NotRunError(Exception):
    """The learner's latest version of an exercise is not what the test would check."""


def check(
    title: str, *, points: float | None = None
) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Run the decorated test of an exercise and tell the learner the result.

    Example:
        >>> @check("Exercise 1", points=1)
        ... def sum_test():
        ...     assert sum([1, 2]) == 3, "1 and 2 should make 3"
        ✓ Exercise 1: correct (1 point)

    Args:
        title: What the lesson calls the exercise.
        points: What nbgrader awards for it. Without points, an exercise is optional, and nothing
            is raised.

    Raises:
        AssertionError: The answer is wrong; the message is the hint.
        NotImplementedError: The exercise is still open.
        NotRunError: The exercise's cell stopped with an error when it was last run.
    """

    def run(test: Callable[[], None]) -> Callable[[], None]:
        try:
            _require_definitions(test.__code__)
            test()
        except Exception as error:
            if shell := _notebook_shell():
                _explain(shell, title, points, error)
            if points is not None:
                raise
            return test
        print(f"✓ {title}: correct{_points(points)}")
        return test

    return run


def call(name: str, function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a learner's function; explain shapes that don't fit and a missing return value.

    Example:
        >>> call("double", lambda x: 2 * x, 4)
        8
        >>> import numpy as np
        >>> call("project", lambda x, axes: x @ axes, np.zeros((4, 3)), np.zeros((2, 3)))
        Traceback (most recent call last):
            ...
        AssertionError: project stopped on arrays of shape (4, 3) and (2, 3): matmul: ...

    Raises:
        AssertionError: The function returned nothing, or NumPy could not combine the shapes.
    """
    try:
        result = function(*arguments)
    except ValueError as error:  # NumPy raises it when shapes don't fit
        shapes = [str(value.shape) for value in arguments if getattr(value, "shape", None)]
        if not shapes:
            raise
        raise AssertionError(
            f"{name} stopped on arrays of shape {' and '.join(shapes)}: {_plain(str(error))}. "
            f"{_MATMUL_RULE}"
        ) from None
    if result is None:
        raise AssertionError(f"{name} returns nothing. End it with a return statement.")
    return result


def until_solved(own: Callable[..., Any], substitute: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that calls the learner's own, or a substitute while that is still open.

    Example:
        >>> def half(x):
        ...     raise NotImplementedError
        >>> until_solved(half, lambda x: x / 2)(3)
        half is still open; the course's own function takes its place.
        1.5

    With it, the rest of a lesson can be read and run before its exercises are solved. Errors of an
    answer that has been started are raised.
    """

    def either(*arguments: Any, **options: Any) -> Any:
        nonlocal own
        try:
            return own(*arguments, **options)
        except NotImplementedError as error:
            if str(error):
                raise
        print(f"{own.__name__} is still open; the course's own function takes its place.")
        own = substitute  # so that this is said once
        return substitute(*arguments, **options)

    return either


def _plain(message: str) -> str:
    """Return NumPy's message without its names for the dimensions."""
    if mismatch := _MATMUL_MISMATCH.search(message):
        return f"matmul: {mismatch[2]} columns meet {mismatch[1]} rows"
    return message.rstrip(".")


def _points(points: float | None) -> str:
    return f" ({points:g} point{'' if points == 1 else 's'})" if points else ""


def _notebook_shell() -> Any | None:
    """Return IPython's shell in a notebook, else None."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell if hasattr(shell, "kernel") else None


def _explain(shell: Any, title: str, points: float | None, error: Exception) -> None:
    """Show a box about the error, and reduce its traceback to one line."""
    details = ""
    if isinstance(error, NotImplementedError):
        line, heading, text = f"{title} is still open{_points(points)}.", "", ""
        if points is None:
            print(line)
    elif isinstance(error, NotRunError):
        heading = line = f"✗ {title}: its cell did not run"
        text = str(error)
    else:
        heading = line = f"✗ {title}: not correct yet"
        text = str(error)
        if _MATMUL_MISMATCH.search(text):
            text = f"Your code stopped on arrays that don't fit: {_plain(text)}. {_MATMUL_RULE}"
        elif not isinstance(error, AssertionError):
            text = f"Your code stopped with {type(error).__name__}: {text}"
        details = _DETAILS.format(html.escape("".join(traceback.format_exception(error))))
    if heading:
        box = _BOX.format(
            color="var(--jp-warn-color1, #c25700)",
            heading=html.escape(heading),
            text=html.escape(text).replace("\n", "<br>"),
            details=details,
        )
        bundle = {"text/plain": f"{heading}\n{text}", "text/html": box}
        shell.display_pub.publish(bundle)
    _replace_traceback(error, line)


def _replace_traceback(error: BaseException, line: str) -> None:
    """Let IPython show one line instead of the error's traceback."""
    error._render_traceback_ = lambda: [line]  # type: ignore[attr-defined]  # IPython calls it


def _require_definitions(test: CodeType) -> None:
    """Raise an error if the test uses a name whose cell stopped with an error."""
    for name in _names(test):
        if name in _failed_definitions:
            raise NotRunError(
                f"The cell with {name} stopped with an error ({_failed_definitions[name]}). Correct"
                " it and run it again, then run this cell again."
            )


def _names(code: CodeType) -> Iterator[str]:
    """Yield the global names that a function uses, inner functions included."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _remember_failure(result: Any) -> None:
    """After each cell: note which names it should have defined but did not, because it failed."""
    source = result.info.raw_cell or ""
    error = result.error_before_exec or result.error_in_exec
    reached = _line_of_failure(error) if error else sys.maxsize
    for match in _DEFINITION.finditer(source):
        for name in re.findall(r"\w+", match[1]):
            if source.count("\n", 0, match.start()) + 1 < reached:
                _failed_definitions.pop(name, None)
            else:
                # Python 3.13 has an _IncompleteInputError, which is a SyntaxError to learners.
                public = next(
                    kind for kind in type(error).mro() if not kind.__name__.startswith("_")
                )
                _failed_definitions[name] = f"{public.__name__}: {error}".strip(": ")


def _line_of_failure(error: BaseException) -> int:
    """Return the cell's line that stopped with the error; 0 if the cell did not start."""
    trace: TracebackType | None = error.__traceback__
    for frame, line in traceback.walk_tb(trace):
        if frame.f_globals.get("__name__") == "__main__" and frame.f_code.co_name.startswith("<"):
            return line
    return 0


def _show_missing(
    shell: Any, kind: type[BaseException], error: BaseException, trace: Any, tb_offset: Any = None
) -> None:
    """Show one line for a cell that uses what an open exercise or a failed cell should define."""
    if isinstance(error, NameError):
        if error.name in _failed_definitions:
            line = f"This cell needs {error.name}, but the cell that defines it did not run"
            _replace_traceback(error, f"{line} to its end.")
        else:
            error.add_note(_RUN_FROM_TOP)
    # The stub of an exercise, in a cell that is not a test.
    elif not str(error) and not hasattr(error, "_render_traceback_"):
        function = traceback.extract_tb(trace)[-1].name
        name = "" if function.startswith("<") else f": {function}"
        _replace_traceback(error, f"This cell needs an exercise above that is still open{name}.")
    shell.showtraceback((kind, error, trace), tb_offset=tb_offset)


def _watch() -> None:
    """Register with the notebook's kernel, once."""
    if shell := _notebook_shell():
        shell.events.register("post_run_cell", _remember_failure)
        shell.set_custom_exc((NotImplementedError, NameError), _show_missing)


_watch()
