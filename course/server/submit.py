"""Submit all or nothing, keep every submission, and write a receipt.

nbgrader copies into the exchange file by file: a full disk leaves half a submission there, and
of two submissions at the same time one lacks its secret. Here everything is copied to a temporary
folder in the exchange first, and then renamed.
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

from course.server.deadlines import merge
from course.server.feedback import confirm_receipt, read_deadlines
from course.server.receipts import NBGRADER_FILES, RECEIPTS_FOLDER, Receipt, announce, hash_files

_TIME_FORMAT: Final = "%Y-%m-%d %H:%M:%S.%f %Z"
_MAX_ATTEMPTS: Final = 1000  # each adds a microsecond, until no other submission has that time


class SubmitWithReceipt(ExchangeSubmit):  # type: ignore[misc]  # nbgrader's are untyped
    """``nbgrader submit``, with a receipt in the student's folder ``receipts``.

    Example:
        ``c.ExchangeFactory.submit = "course.server.submit.SubmitWithReceipt"``
    """

    def copy_files(self) -> None:
        """Copy the student's folder into the exchange.

        Raises:
            ExchangeError: Nothing was submitted; gives the reason.
        """
        self.init_release()
        self.check_filename_diff()
        with ExitStack() as stack:
            try:
                self._submit(stack)
            except OSError as error:
                self.log.error("%s", error)  # noqa: TRY400  (the student sees the next message)
                raise ExchangeError(
                    f"Nothing was submitted: {_reason(error)}.\n"  # the page breaks no lines
                    "Your work is unchanged.\n"
                    "Please try again, and tell your instructor if that doesn't help."
                ) from None

    def _submit(self, stack: ExitStack) -> None:
        inbound, cache = Path(self.inbound_path), Path(self.cache_path)
        receipts = Path(self.assignment_dir) / RECEIPTS_FOLDER
        for folder in (cache, receipts):
            folder.mkdir(parents=True, exist_ok=True)
        # `nbgrader list` and `nbgrader collect` skip names that begin with a dot.
        temp_name = f".{secrets.token_hex(8)}"
        copies = [inbound / f"{temp_name}.new", cache / f"{temp_name}.new"]
        for copy in copies:
            stack.callback(shutil.rmtree, copy, ignore_errors=True)
            self.do_copy(self.src_path, str(copy))
            for name in NBGRADER_FILES:
                (copy / name).write_text(temp_name, encoding="ascii")
        # Open to all: other students can't list the exchange or guess the copy's name.
        self.set_perms(str(copies[0]), fileperms=0o644, dirperms=0o755)
        files = hash_files(copies[0])
        temp_file = receipts / f"{temp_name}.new"
        stack.callback(temp_file.unlink, missing_ok=True)
        receipt = self._rename(copies, inbound, cache, temp_file, files)
        self.log.info("Submitted as: %s %s", receipt.assignment, receipt.time)
        self.log.info("Receipt: %s", receipt.content)
        self._issue(receipt, temp_file, receipts / receipt.name)

    def _rename(
        self, copies: list[Path], inbound: Path, cache: Path, temp_file: Path, files: dict[str, str]
    ) -> Receipt:
        """Rename both copies, using a time that no other submission has."""
        secret = secrets.token_hex(64)
        student, assignment, _ = self.assignment_filename.split("+", 2)
        start = datetime.strptime(self.timestamp, _TIME_FORMAT).replace(tzinfo=UTC)
        for attempt in range(_MAX_ATTEMPTS):
            time = (start + timedelta(microseconds=attempt)).strftime(_TIME_FORMAT)
            receipt = Receipt(self.coursedir.course_id, assignment, student, time, files)
            for copy in copies:
                (copy / "timestamp.txt").write_text(time, encoding="ascii")
                (copy / "submission_secret.txt").write_text(secret, encoding="ascii")
            temp_file.write_text(receipt.text(), encoding="utf-8")
            cached = cache / f"{student}+{assignment}+{time}"
            try:
                copies[1].rename(cached)  # fails if another submission has this time
            except OSError:
                if cached.exists():
                    continue
                raise
            try:
                name = f"{student}+{assignment}+{time}+{secrets.token_urlsafe(9)}"
                copies[0].rename(inbound / name)
            except BaseException:
                shutil.rmtree(cached)  # else the list would show a submission that failed
                raise
            return receipt
        raise ExchangeError("Nothing was submitted: too many submissions at once. Try again.")

    def _issue(self, receipt: Receipt, temp_file: Path, path: Path) -> None:
        """Save and show the receipt. The work is already submitted, so no error may escape."""
        saved: Path | None = None
        receipt = self._with_deadline(receipt)
        try:
            receipt = replace(receipt, confirmed=confirm_receipt(receipt))
            temp_file.write_text(receipt.text(), encoding="utf-8")
            saved = temp_file.rename(path)
        except OSError as error:
            self.log.error("Submitted, but the receipt can't be saved: %s", error)  # noqa: TRY400  (no traceback needed)
        try:
            if ServerApp.initialized():  # not in a terminal
                announce(ServerApp.instance(), receipt, saved)
        except Exception:
            self.log.exception("Submitted, but the page can't show the receipt.")

    def _with_deadline(self, receipt: Receipt) -> Receipt:
        """Add when the assignment was due, and what lateness costs."""
        try:
            folder = Path(self.root, self.coursedir.course_id)
            deadline = merge(read_deadlines(), folder).get(receipt.assignment)
            if deadline is None:
                return receipt
            time = datetime.strptime(receipt.time, _TIME_FORMAT).replace(tzinfo=UTC)
            late = deadline.consequence(time)
            if late:
                self.log.warning("%s. %s", late, deadline.rule or "")
            return replace(receipt, due=f"{deadline.due_utc:%Y-%m-%d %H:%M %Z}", late=late)
        except Exception:
            self.log.exception("Submitted, but the receipt can't say when it was due.")
            return receipt


def _reason(error: OSError) -> str:
    """Return the system's message; for a failed copy of a folder, that of its first error."""
    if isinstance(error, shutil.Error) and error.args and error.args[0]:
        *_, message = error.args[0][0]  # from, to, message
        number = re.match(r"\[Errno (\d+)\]", str(message))
        return os.strerror(int(number[1])) if number else str(message)
    return error.strerror or str(error)
