#!/usr/bin/env python3
"""A user study: where two metrics favour different explanation methods, which of the two do people choose?

    python3 pipelines/study pick --scores scores.csv --maps maps.csv --metric stratified --against deletion -o asked
    python3 pipelines/study join --key asked.key.csv anna.csv ben.csv > answers.csv
    rank --study answers.csv

`pick` chooses images where the metrics disagree, draws a sheet for each with the two maps side by side (by `render`), and
writes an empty form; which map is which is in a file apart. `join` puts filled forms and that file together as the table
that `rank --study` reads. Needs only the standard library, and `render` in the search path.
"""
import argparse
import csv
import pathlib
import shlex
import sys

import answers
import choice
import sheets
import tables


def main():
    parser = argparse.ArgumentParser(prog="study", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    tasks = parser.add_subparsers(required=True)
    add_pick(tasks.add_parser("pick", help="choose images, draw their sheets, write the form and the key"))
    add_join(tasks.add_parser("join", help="put filled forms and the key together"))
    args = parser.parse_args()
    try:
        args.run(args)
    except (tables.Damaged, OSError) as error:
        sys.exit(f"study: {error}")


def add_pick(parser):
    parser.set_defaults(run=pick)
    parser.add_argument("--scores", action="append", required=True, metavar="FILE", help="what score wrote; may be repeated")
    parser.add_argument("--maps", action="append", required=True, metavar="FILE", help="what explain wrote; may be repeated")
    parser.add_argument("--metric", required=True, help="the metric whose favourite is the first method of each question")
    parser.add_argument("--against", action="append", required=True, metavar="METRIC", help="a baseline; may be repeated")
    parser.add_argument("-n", type=int, default=10, help="images for each model and baseline at most [10]")
    parser.add_argument("--choose", choices=["largest", "random"], default="largest",
                        help="the images where both metrics are surest (in doubt they say nothing about the others), or "
                        "images drawn by the seed from all where the metrics disagree [largest]")
    parser.add_argument("--seed", type=int, default=0, help="of the sides, the order of the questions and of random [0]")
    parser.add_argument("-o", "--out", type=pathlib.Path, required=True, metavar="DIR", help="folder of the sheets and the form")
    parser.add_argument("--key", type=pathlib.Path, metavar="FILE", help="which map is which [DIR.key.csv]")
    parser.add_argument("--render", default="", metavar="OPTIONS", help="how to draw: --render='--tile 256 --alpha 0.6'")


def add_join(parser):
    parser.set_defaults(run=join)
    parser.add_argument("--key", type=pathlib.Path, required=True, metavar="FILE", help="what pick wrote")
    parser.add_argument("forms", nargs="+", type=pathlib.Path, metavar="FORM",
                        help="filled forms; where the column participant is empty, the file's name is the participant's")


def pick(args):
    if len({args.metric, *args.against}) != 1 + len(args.against):
        raise tables.Damaged("--metric and --against name one metric twice")
    scores = choice.read(args.scores, [args.metric, *args.against])
    questions = choice.questions(scores, args)
    key = choice.key(questions, args.seed)
    path = args.key or args.out.with_name(args.out.name + ".key.csv")
    text = tables.text(key, choice.KEY)
    if path.exists() and path.read_text(encoding="utf-8") != text:
        raise tables.Damaged(f"{path} is the key of another study: remove it, or name another --key")
    sheets.draw(key, args.maps, args.out / "sheets", shlex.split(args.render))
    path.write_text(text, encoding="utf-8")
    form = [{"question": row["question"], "sheet": f"sheets/{row['question']}.png"} for row in key]
    (args.out / "form.csv").write_text(tables.text(form, ["participant", "question", "sheet", "chosen"]), encoding="utf-8")
    tables.note(f"{len(key)} questions in {args.out}: fill `chosen` of form.csv with left or right; the key is {path}")


def join(args):
    joined = answers.join(args.key, args.forms)
    sys.stdout.write(tables.text(joined, answers.COLUMNS))


if __name__ == "__main__":
    csv.field_size_limit(1 << 30)
    main()
