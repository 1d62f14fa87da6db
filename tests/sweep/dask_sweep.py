"""Carries a sweep out on a Dask cluster: the parts go to the workers, their rows come back and are merged.

    dask_sweep.py trees.sweep trees.csv --parts 16 --workers 4        # workers on this machine
    dask_sweep.py trees.sweep trees.csv --scheduler tcp://host:8786   # a cluster that is there

The sweep travels as text and the rows as bytes, so machines need no files in common; a sweep that goes to other machines
has its script in it. Each worker needs the program `glassbase`, of one version everywhere.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

from dask.distributed import Client, LocalCluster, as_completed

# All points are ok, or some are not: that is for the table to say. Anything else is an error.
DONE = (0, 1)


def carry_out(program, sweep, part, parts):
    """The rows of one part; runs on a worker."""
    with tempfile.TemporaryDirectory() as folder:
        rows = pathlib.Path(folder) / "rows"
        command = [program, "sweep", "-", "--part", f"{part}/{parts}", "--out", str(rows), "--quiet"]
        ended = subprocess.run(command, input=sweep, stderr=subprocess.PIPE)
        if ended.returncode not in DONE:
            raise RuntimeError(ended.stderr.decode())
        return part, rows.read_bytes()


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("sweep", type=pathlib.Path)
    options.add_argument("table", help="a name that ends with .csv or .parquet")
    options.add_argument("--parts", type=int, default=16)
    options.add_argument("--workers", type=int, default=2)
    options.add_argument("--scheduler", help="the address of a Dask scheduler; without one, workers are started here")
    options.add_argument("--glassbase", default="glassbase", help="the program, as the workers find it")
    given = options.parse_args()

    sweep = given.sweep.read_bytes()
    if given.scheduler:
        client = Client(given.scheduler)
    else:
        client = Client(LocalCluster(n_workers=given.workers, threads_per_worker=1, dashboard_address=None))
    with client, tempfile.TemporaryDirectory() as folder:
        numbers = range(1, given.parts + 1)
        # Dask keeps results by name: a part that is asked for twice is carried out twice.
        tasks = [client.submit(carry_out, given.glassbase, sweep, part, given.parts, pure=False) for part in numbers]
        names = []
        for _, (part, rows) in as_completed(tasks, with_results=True):
            path = pathlib.Path(folder) / f"{part}.rows"
            path.write_bytes(rows)
            names.append(str(path))
            print(f"{len(names)} of {given.parts} parts", file=sys.stderr)
        print(f"{given.parts} parts by {len(client.scheduler_info()['workers'])} workers")
        merge = [given.glassbase, "sweep", str(given.sweep), "--out", given.table, "--merge", *names]
        return subprocess.run(merge).returncode


# Workers import this file; only who was started runs the sweep.
if __name__ == "__main__":
    sys.exit(main())
