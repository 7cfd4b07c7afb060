#!/usr/bin/env bash
# Puts all that `make gpu` needs into one folder, for a machine with a GPU that has neither Rust nor a network: stripped tools with
# CUDA, compressed, and the scripts. Big weights are made there. The folder and the files of the repository, which may travel with
# it, must stay below 64 MiB together.
#
# Usage: carry.sh BIN FOLDER      and there: FOLDER/run.sh REPORT.md [options of pipelines/gpu]
set -euo pipefail
bin=$1
folder=$2
limit=$((64 << 20))
root=$(cd "$(dirname "$0")/../.." && pwd)
rm -rf "$folder"
mkdir -p "$folder/bin" "$folder/pipelines" "$folder/testdata/onnx"

for tool in explain perturb; do
  strip -o "$folder/bin/$tool" "$bin/$tool"
  gzip -9n "$folder/bin/$tool"
done
cp -r "$root/pipelines/gpu" "$folder/pipelines/gpu"
rm -rf "$folder/pipelines/gpu/__pycache__"
cp "$root"/testdata/onnx/*.17.free.onnx "$folder/testdata/onnx/"
cat > "$folder/run.sh" <<'END'
#!/usr/bin/env bash
# Runs pipelines/gpu with what lies here. The work folder does not come back with the report, and need not.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
report=$1
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin"
for file in "$here"/bin/*.gz; do
  tool=$work/bin/$(basename "$file" .gz)
  gunzip -c "$file" > "$tool"
  chmod +x "$tool"
done
python3 "$here/pipelines/gpu" --bin "$work/bin" --out "$work/out" --report "$report" "$@"
END
chmod +x "$folder/run.sh"

bytes() { find "$1" -type f -print0 | xargs -0 cat | wc -c; }
own=$(bytes "$folder")
tree=$(git -C "$root" ls-files -z | (cd "$root" && xargs -0 cat) | wc -c)
echo "$folder: $((own >> 20)) MiB, and $((tree >> 20)) MiB of the repository, of $((limit >> 20))"
if [ $((own + tree)) -gt "$limit" ]; then
  echo "carry.sh: that is more than $((limit >> 20)) MiB" >&2
  exit 1
fi
