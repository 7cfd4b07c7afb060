"""The same table by Polars and DuckDB, as a careful user would: `python table_peers.py polars means scores.csv > means.csv`."""

import sys
from itertools import combinations


def polars_means(file):
    import polars as pl

    groups = pl.scan_csv(file).filter(pl.col("value").is_finite()).group_by("metric", "method")
    return groups.agg(pl.col("value").mean()).collect(engine="streaming").write_csv()


def polars_correlations(file):
    """Spearman's coefficient of each pair of metrics within each method; each column is ranked once, NaN as missing."""
    import polars as pl

    names = {"image": pl.Categorical, "method": pl.Categorical, "metric": pl.Categorical}
    table = pl.scan_csv(file, schema_overrides=names).select("image", "target", "method", "metric", "value")
    wide = table.collect(engine="streaming").pivot(on="metric", index=["image", "target", "method"], values="value")
    metrics = sorted(wide.columns[3:])
    ranks = wide.with_columns(pl.col(metrics).fill_nan(None).rank().over("method"))
    pairs = [pl.corr(a, b).alias(f"{a} {b}") for a, b in combinations(metrics, 2)]
    long = ranks.group_by("method").agg(pairs).unpivot(index="method")
    names = pl.col("variable").str.split_exact(" ", 1).struct.rename_fields(["metric_a", "metric_b"])
    return long.with_columns(names).unnest("variable").write_csv()


def duckdb_means(file):
    import duckdb

    query = f"select metric, method, avg(value) as value from read_csv('{file}') where isfinite(value) group by all"
    rows = duckdb.sql(query).fetchall()
    quote = lambda text: f'"{text}"' if "," in text else text
    return "metric,method,value\n" + "".join(f"{quote(a)},{quote(b)},{value!r}\n" for a, b, value in rows)


if __name__ == "__main__":
    peer, task, file = sys.argv[1:]
    sys.stdout.write(globals()[f"{peer}_{task}"](file))
