"""A sheet for each question: the image and its two maps, called left and right."""
import json
import pathlib
import subprocess
import tempfile

import tables

COLUMNS = ["image", "target", "method", "map", "map_index", "class"]


def draw(key, files, folder, options):
    """Draws the sheets by `render`, each from a table in which the methods have no names."""
    maps = find(key, files)
    folder.mkdir(parents=True, exist_ok=True)
    for row in key:
        with tempfile.TemporaryDirectory() as work:
            work = pathlib.Path(work)
            blind = [blinded(maps[place(row, row[side])], side, work) for side in ("left", "right")]
            (work / "maps.csv").write_text(tables.text(blind, COLUMNS), encoding="utf-8")
            render(work / "maps.csv", folder / f"{row['question']}.png", options)


def render(table, sheet, options):
    try:
        done = subprocess.run(["render", "-q", *options, "--sheet", sheet, table])
    except FileNotFoundError:
        raise tables.Damaged("render is not in the search path") from None
    if done.returncode:
        raise tables.Damaged(f"{sheet}: render failed")


def place(row, method):
    return row["image"], row["target"], row["model"], method


def find(key, files):
    """The rows of the maps that the questions need."""
    needed = {place(row, row[side]): row["question"] for row in key for side in ("left", "right")}
    found = {}
    for path in files:
        for line, row in tables.rows(path, ["image", "target", "method", "map"]):
            of = place({"model": "", **row}, row["method"])
            if of not in needed:
                continue
            if of in found:
                raise tables.Damaged(f"{path}, line {line}: a second map of {row['image']} by {row['method']}")
            found[of] = row
    for image, target, model, method in needed:
        row = found.get((image, target, model, method))
        if row is None or not row["map"]:
            raise tables.Damaged(f"{', '.join(files)}: no map of {image} (target {target}) by {method} of model `{model}`")
    return found


def blinded(row, side, work):
    """The row under the name of its side. `render` checks a map against the sidecar that explain left beside it, and takes from
    there how the image was prepared: the sidecar gets the same name."""
    pack = pathlib.Path(row["map"]).resolve()
    link = work / f"{side}.npy"
    link.symlink_to(pack)
    sidecar = pack.with_name(pack.name.split(".")[0] + ".json")
    if sidecar.exists():
        told = json.loads(sidecar.read_text(encoding="utf-8"))
        if "identity" in told:
            told["identity"]["method"] = side
            for file in told["packs"]:
                file["name"] = link.name if file["name"] == pack.name else "other-" + file["name"]
            link.with_suffix(".json").write_text(json.dumps(told), encoding="utf-8")
    return {"image": row["image"], "target": row["target"], "method": side, "map": link,
            "map_index": row.get("map_index", ""), "class": row.get("class", "")}
