"""Jupyter's own way to keep a kernel's process, but one that waits for its end, not asks for it."""

from __future__ import annotations

import asyncio
import os
from importlib.metadata import EntryPoint
from typing import Any, Final

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

NAME: Final = "autoencoder-course"


class Provisioner(LocalProvisioner):
    """Keeps the process of one kernel.

    Example:
        >>> await provisioner.ended()  # doctest: +SKIP
    """

    async def ended(self) -> None:
        """Return as soon as the process has ended; where the system can't tell, look often."""
        process = self.process
        if process is None or process.poll() is not None:
            return
        if not hasattr(os, "pidfd_open"):  # not Linux
            while process.poll() is None:  # noqa: ASYNC110  (nothing tells of its end)
                await asyncio.sleep(0.1)
            return
        ended, loop = asyncio.Event(), asyncio.get_running_loop()
        number = os.pidfd_open(process.pid)
        loop.add_reader(number, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(number)
            os.close(number)

    async def wait(self) -> int | None:
        """Wait for the end of the process; return how it ended."""
        await self.ended()
        return await super().wait()


def specification(command: list[str]) -> KernelSpec:
    """Return a kernel specification whose kernels are kept in this way.

    It is named as an entry point would name it, and no package needs to declare it: what is
    installed is the course, for students, and it has no grader. An entry point would also offer
    these kernels to every Jupyter server of the environment, where nobody asked for them.
    """
    settings: dict[str, Any] = {"kernel_provisioner": {"provisioner_name": NAME}}
    factory = KernelProvisionerFactory.instance()
    value = f"{Provisioner.__module__}:{Provisioner.__qualname__}"
    factory.provisioners[NAME] = EntryPoint(NAME, value, factory.GROUP_NAME)
    return KernelSpec(argv=command, language="python", metadata=settings)
