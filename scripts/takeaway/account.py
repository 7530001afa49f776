"""The records in files, and what is said about them."""

import bisect
import glob
import os
import re
import subprocess

# A trade, by its number and by the feed's clock: a feed that was killed counts from 1 again.
TRADE = re.compile(rb'^\{"e":"trade","E":(\d+),"s":"\w+","t":(\d+),.*\}$', re.MULTILINE)
TOOLS = {".zst": "zstd", ".gz": "gzip"}


def content(data, name):
    """The lines of a file. A file without a whole end is an error of the tool."""
    tool = TOOLS.get(os.path.splitext(name)[1])
    if tool and data:
        data = subprocess.run([tool, "-dc"], input=data, capture_output=True, check=True).stdout
    return data


class Files:
    """The files of all lives of a recorder: those of its disk, and deleted ones that are held open."""

    def __init__(self, directory):
        self.directory, self.moved, self.deleted = directory, 0, []

    def current(self):
        return sorted(glob.glob(f"{self.directory}/out*"))

    def move(self, file):
        self.moved += 1
        ending = os.path.basename(file).split(".", 1)[1]
        os.rename(file, f"{self.directory}/moved-{self.moved}.{ending}")

    def delete(self, file):
        self.deleted.append((open(file, "rb"), file))
        os.unlink(file)

    def read(self):
        """The trades of the files, and those of deleted files."""
        there, gone, self.odd = [], [], 0
        for file in self.current() + glob.glob(f"{self.directory}/moved-*"):
            with open(file, "rb") as data:
                lines = content(data.read(), file)
            found = TRADE.findall(lines)
            self.odd += lines.count(b"\n") - len(found) + (lines[-1:] not in (b"\n", b""))
            there += found
        for data, file in self.deleted:
            data.seek(0)
            gone += TRADE.findall(content(data.read(), file))
        return there, gone


def holes(found, begins):
    """How many holes the numbers of each life of a feed have."""
    by_life = {}
    for clock, number in found:
        by_life.setdefault(bisect.bisect(begins, int(clock)), []).append(int(number))
    count = 0
    for numbers in by_life.values():
        numbers.sort()
        count += sum(after != before + 1 for before, after in zip(numbers, numbers[1:]))
    return count


def is_flat(usages):
    """Whether memory and descriptors of a life stay where they were after its start."""
    if len(usages) < 8:
        return True
    memory, descriptors = zip(*usages)
    half = len(memory) // 2
    grows = sorted(memory[half:])[half // 2] > 1.5 * sorted(memory[:half])[half // 2] + 8
    # Connections of scrapers, of the page and of the feed come and go.
    return not grows and max(descriptors[half:]) <= max(descriptors[:half]) + 4
