"""Submitting so that nothing is lost: all or nothing, every copy kept, and a receipt.

nbgrader copies into the exchange file by file: a full disk leaves half a submission there, and
two submissions with one time leave one without its secret. Here everything is copied beside its
place first, and only then renamed into it.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from jupyter_server.serverapp import ServerApp
from nbgrader.exchange import ExchangeError
from nbgrader.exchange.default import ExchangeSubmit

from course.server.feedback import confirmed
from course.server.receipts import ADDED, FOLDER, Receipt, announce, digests

_FORMAT: Final = "%Y-%m-%d %H:%M:%S.%f %Z"
_TRIES: Final = 1000  # microseconds that a submission may be put off to have a time of its own


class SubmitWithReceipt(ExchangeSubmit):  # type: ignore[misc]  # nbgrader's are untyped
    """``nbgrader submit``, with a receipt in the student's folder ``receipts``.

    Example:
        ``c.ExchangeFactory.submit = "course.server.submit.SubmitWithReceipt"``
    """

    def copy_files(self) -> None:
        """Copy the student's folder into the exchange.

        Raises:
            ExchangeError: Nothing was submitted; with the reason.
        """
        self.init_release()
        self.check_filename_diff()
        with ExitStack() as stack:
            try:
                self._hand_in(stack)
            except OSError as error:
                self.log.error("%s", error)  # noqa: TRY400  (what follows is shown to the student)
                raise ExchangeError(
                    f"Nothing was submitted: {_reason(error)}.\n"  # the page breaks no lines
                    "Your work is still where it was.\n"
                    "Please try again, and tell your instructor if that does not help."
                ) from None

    def _hand_in(self, stack: ExitStack) -> None:
        inbound, cache = Path(self.inbound_path), Path(self.cache_path)
        receipts = Path(self.assignment_dir) / FOLDER
        for folder in (cache, receipts):
            folder.mkdir(parents=True, exist_ok=True)
        # Neither `nbgrader list` nor `nbgrader collect` sees a name that begins with a dot.
        mark = f".{secrets.token_hex(8)}"
        copies = [inbound / f"{mark}.new", cache / f"{mark}.new"]
        for copy in copies:
            stack.callback(shutil.rmtree, copy, ignore_errors=True)
            self.do_copy(self.src_path, str(copy))
            for name in ADDED:
                (copy / name).write_text(mark, encoding="ascii")
        self._open_to_the_grader(copies[0])
        files = digests(copies[0])
        slip = receipts / f"{mark}.new"
        stack.callback(slip.unlink, missing_ok=True)
        receipt = self._rename(copies, inbound, cache, slip, files)
        self.log.info("Submitted as: %s %s", receipt.assignment, receipt.time)
        self.log.info("Receipt: %s", receipt.content)
        self._tell(receipt, slip, receipts / receipt.name)

    def _rename(
        self, copies: list[Path], inbound: Path, cache: Path, slip: Path, files: dict[str, str]
    ) -> Receipt:
        """Let both copies take their places, under a time that no other submission has."""
        secret = secrets.token_hex(64)
        student, assignment, _ = self.assignment_filename.split("+", 2)
        for time in _times(self.timestamp):
            receipt = Receipt(self.coursedir.course_id, assignment, student, time, files)
            for copy in copies:
                (copy / "timestamp.txt").write_text(time, encoding="ascii")
                (copy / "submission_secret.txt").write_text(secret, encoding="ascii")
            slip.write_text(receipt.text(), encoding="utf-8")
            own = cache / f"{student}+{assignment}+{time}"
            try:
                copies[1].rename(own)  # fails if there is one of this time already
            except OSError:
                if own.exists():
                    continue
                raise
            try:
                name = f"{student}+{assignment}+{time}+{secrets.token_urlsafe(9)}"
                copies[0].rename(inbound / name)
            except BaseException:
                shutil.rmtree(own)  # the list shows what lies there, and nothing was handed in
                raise
            return receipt
        raise ExchangeError("Nothing was submitted: too many submissions at once.")

    def _tell(self, receipt: Receipt, slip: Path, place: Path) -> None:
        """Keep the receipt and show it. From here on it is handed in, whatever fails."""
        kept: Path | None = None
        try:
            receipt = replace(receipt, confirmed=confirmed(receipt))
            slip.write_text(receipt.text(), encoding="utf-8")
            kept = slip.rename(place)
        except OSError as error:
            self.log.error("It is handed in, but the receipt can't be kept: %s", error)  # noqa: TRY400  (no trace helps)
        try:
            if ServerApp.initialized():  # not in a terminal
                announce(ServerApp.instance(), receipt, kept)
        except Exception:
            self.log.exception("It is handed in, but the page was not told.")

    def _open_to_the_grader(self, copy: Path) -> None:
        """Let the grader read it; other students do not know its name and can't list names."""
        self.set_perms(str(copy), fileperms=0o644, dirperms=0o755)


def _times(first: str) -> list[str]:
    """A submission's time, and the microseconds after it."""
    start = datetime.strptime(first, _FORMAT).replace(tzinfo=UTC)
    return [(start + timedelta(microseconds=n)).strftime(_FORMAT) for n in range(_TRIES)]


def _reason(error: OSError) -> str:
    """Why the system refused; for a folder that was copied, why it did so first."""
    if isinstance(error, shutil.Error) and error.args and error.args[0]:
        *_, said = error.args[0][0]  # from, to, and what was said, as text
        number = re.match(r"\[Errno (\d+)\]", str(said))
        return os.strerror(int(number[1])) if number else str(said)
    return error.strerror or str(error)
