# What the scripts of this folder share: sourced.

fail() { echo "$(basename "$0"): $*" >&2; exit 1; }

read_study() { # file
  at_once='' stage='' errors=0 metrics=()
  source "$(realpath "$1")" # a name without a slash would be looked for in PATH
}

# What scores depend on; the rest of a study may change while it is going on.
measured() { declare -p chunk model methods tests metrics images; }

# The study moves into its folder, where the tasks read it: what is done to the file meanwhile does not matter.
begin() { # study, out
  read_study "$1"
  mkdir -p "$2"/{maps,scores,places,logs}
  if [ -e "$2/study.sh" ]; then
    [ "$(measured)" = "$(read_study "$2/study.sh" && measured)" ] || fail "$2 holds another study: take another folder"
  fi
  cp "$1" "$2/study.sh.new"
  mv "$2/study.sh.new" "$2/study.sh"
}

# The shards that have no scores yet.
missing() { # out
  local k
  for ((k = 1; k <= shards; k++)); do
    [ -e "$1/scores/$k-of-$shards.csv.zst" ] || echo "$k"
  done
}
