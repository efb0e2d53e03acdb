"""Runs a command and writes its resource usage as JSON to file descriptor 3."""

import json
import os
import sys
import time

os.set_inheritable(3, False)
command = sys.argv[1:]
started = time.perf_counter()
pid = os.posix_spawnp(command[0], command, os.environ)
_, status, usage = os.wait4(pid, 0)
seconds = time.perf_counter() - started
with os.fdopen(3, "w") as report:
    json.dump(
        {
            "exitCode": os.waitstatus_to_exitcode(status),
            "seconds": seconds,
            "cpuSeconds": usage.ru_utime + usage.ru_stime,
            "peakBytes": usage.ru_maxrss * 1024,
        },
        report,
    )
