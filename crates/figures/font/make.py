"""DejaVu Sans with the letters that labels are made of: Latin, Greek and Cyrillic, punctuation, arrows, mathematics. Without kerning and
ligatures, so that a text is as wide as its letters together, which is how figures are laid out.

Usage: make.py DejaVuSans.ttf DejaVuSans-subset.ttf      the original is in Matplotlib's package, matplotlib/mpl-data/fonts/ttf
"""
import sys

from fontTools import subset

RANGES = [(0x20, 0x7e), (0xa0, 0x24f), (0x2b0, 0x2ff), (0x370, 0x3ff), (0x400, 0x45f), (0x1e00, 0x1eff), (0x2010, 0x2027), (0x2030, 0x205e),
          (0x2070, 0x209c), (0x2190, 0x21ff), (0x2200, 0x22ff), (0x25a0, 0x25ff), (0xfffd, 0xfffd)]


def main():
    options = subset.Options(layout_features=[], hinting=False, notdef_outline=True, name_IDs=[0, 1, 2, 4, 5, 6, 13, 14], drop_tables=["GPOS", "GSUB", "GDEF"])
    font = subset.load_font(sys.argv[1], options)
    letters = subset.Subsetter(options)
    letters.populate(unicodes=[code for first, last in RANGES for code in range(first, last + 1)])
    letters.subset(font)
    subset.save_font(font, sys.argv[2], options)


if __name__ == "__main__":
    main()
