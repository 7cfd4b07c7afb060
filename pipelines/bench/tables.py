"""CPU seconds, of user and system on all threads, and peak memory of `rank` and `correlate` on a table of 20 million rows, beside
Polars and DuckDB reading the same file: the mean of each metric for each method, and the rank correlation of each pair of metrics
within each method. `rank` gives intervals as well, by resampling the images."""

import csv
import statistics
import sys
from importlib.metadata import version
from pathlib import Path

from bench import ours
from bench.score_table import BINARY, METRICS, UNDEFINED

HERE = Path(__file__).resolve().parent
HEAD = ["| task | peer | ours, CPU s | peer, CPU s | ours / peer | ours, MiB | peer, MiB | apart |",
        "|---|---|---:|---:|---:|---:|---:|---:|"]
# Of each task: our command, the peers, what the peers call it, our columns, and whether they are of two metrics.
TASKS = {
    "rank": (["rank"], ["polars", "duckdb"], "means", ("metric", "method", "mean")),
    "correlate": (["correlate"], ["polars"], "correlations", ("metric_a", "metric_b", "method", "correlation")),
}


def generate(args):
    file = args.out / f"scores-{args.rows}.csv"
    if not file.exists():
        images = max(args.rows // (20 * len(METRICS)), 1)
        with open(file.with_suffix(".part"), "w") as out:
            ours.usage([sys.executable, HERE / "score_table.py", "--images", images], out)
        file.with_suffix(".part").rename(file)
    return file


def read(file, columns):
    """Values by name, of metrics that both sides define alike."""
    rows = csv.DictReader(open(file))
    names = columns[:-1]
    others = BINARY | {UNDEFINED}
    return {tuple(row[name] for name in names): float(row[columns[-1]]) for row in rows
            if row["method"] != "mean" and not others & {row[name] for name in names}}


def apart(own, their):
    """The largest difference, whatever the signs: our correlations are of values of which more is better."""
    if own.keys() != their.keys():
        sys.exit(f"{len(own)} numbers of ours, {len(their)} of the peer's, or of other names")
    return max(abs(abs(own[name]) - abs(their[name])) for name in own)


def measure(args, command, output):
    """CPU seconds, the least of some runs, and MiB."""
    runs = []
    for _ in range(args.runs):
        with open(output, "w") as out:
            runs.append(ours.usage(command, out))
    return min(run.ru_utime + run.ru_stime for run in runs), statistics.median(run.ru_maxrss for run in runs) / 1024


def tables(args):
    file = generate(args)
    lines = [*HEAD]
    print("\n".join(HEAD), flush=True)
    for task, (command, peers, called, columns) in TASKS.items():
        printed = args.out / f"{task}.csv"
        seconds, memory = measure(args, [args.bin / command[0], *command[1:], file], printed)
        own = read(printed, columns)
        for peer in peers:
            script = [sys.executable, HERE / "table_peers.py", peer, called, file]
            their_seconds, their_memory = measure(args, script, args.out / f"{task}-{peer}.csv")
            their = read(args.out / f"{task}-{peer}.csv", (*columns[:-1], "value"))
            numbers = [f"{seconds:.1f}", f"{their_seconds:.1f}", f"{seconds / their_seconds:.2f}", f"{memory:.0f}",
                       f"{their_memory:.0f}", f"{apart(own, their):.0e}"]
            lines.append("| " + " | ".join([f"`{task}`", f"{peer} {version(peer)}", *numbers]) + " |")
            print(lines[-1], flush=True)
    size = file.stat().st_size / 1e9
    lines += ["", f"{args.rows:,} rows, {size:.2f} GB; {ours.processor()}; least of {args.runs} runs each."]
    (args.out / "tables.md").write_text("\n".join(lines) + "\n")
