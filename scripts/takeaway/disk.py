"""A disk that is filled and freed."""

import os
import resource
import subprocess

# No file may grow beyond this where no disk can be mounted. Reports are shorter.
LIMIT = 256 << 10


class Mounted:
    """A file system in memory, which is as large as what stands in it once it is full."""

    how = "a tmpfs that shrinks"

    def __init__(self, directory):
        self.directory = directory
        os.mkdir(directory)
        command = ["mount", "-t", "tmpfs", "-o", "size=2g", "takeaway", directory]
        if subprocess.run(command, capture_output=True).returncode != 0:
            os.rmdir(directory)
            raise PermissionError(directory)

    def fill(self, _pid):
        found = os.statvfs(self.directory)
        used = (found.f_blocks - found.f_bfree) * found.f_frsize
        # A run that writes meanwhile makes the smallest size too small.
        for pages in range(1, 1000):
            if self._remount(used + pages * 4096):
                return
        raise SystemExit("the disk cannot be filled")

    def free(self, _pid):
        self._remount(2 << 30)

    def _remount(self, size):
        command = ["mount", "-o", f"remount,size={size}", self.directory]
        return subprocess.run(command, capture_output=True).returncode == 0

    def close(self):
        subprocess.run(["umount", "-l", self.directory], check=True)


class Limited:
    """A directory, and a limit for the files of the process."""

    how = "no file system can be mounted here: a limit for the size of files"

    def __init__(self, directory):
        self.directory = directory
        os.mkdir(directory)

    def fill(self, pid):
        self._limit(pid, LIMIT)

    def free(self, pid):
        self._limit(pid, resource.RLIM_INFINITY)

    def _limit(self, pid, size):
        try:
            _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, most))
        except ProcessLookupError:
            pass

    def close(self):
        pass


def disk(directory):
    try:
        return Mounted(directory)
    except (PermissionError, FileNotFoundError):
        return Limited(directory)
