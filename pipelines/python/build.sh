#!/usr/bin/env bash
# A wheel of all programs and the module, for any Linux of glibc 2.28 or later (RHEL 8, Debian 10): zig links against that version.
# Needs the Rust toolchain and a Python with venv. (maturin takes the programs of one crate and would compile everything twice.)
#   build.sh OUT TOOL...
set -euo pipefail
out=$(realpath -m "${1:?}")
shift
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
venv=$out/venv
[ -e "$venv/bin/wheel" ] ||
  { python3 -m venv "$venv" && "$venv/bin/pip" install --quiet ziglang==0.17.1 cargo-zigbuild==0.24.1 wheel==0.47.0; }
export PATH="$venv/bin:$PATH" CARGO_TARGET_DIR="$root/target/wheel"
target=$(uname -m)-unknown-linux-gnu
version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$root/Cargo.toml" | head -n 1)

packages=()
for tool; do packages+=(--package "$tool"); done
(cd "$root" && cargo zigbuild --release --locked --target "$target.2.28" "${packages[@]}")

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
info=$stage/plumbline-$version.dist-info scripts=$stage/plumbline-$version.data/scripts
mkdir -p "$stage/plumbline" "$info" "$scripts"
cp "$here/plumbline/__init__.py" "$stage/plumbline"
cp "$root"/LICENSE-* "$info"
for tool; do
  most=$(objdump -T "$CARGO_TARGET_DIR/$target/release/$tool" | grep -o 'GLIBC_[0-9.]*' | sort -Vu | tail -n 1)
  echo "$tool: $most"
  [ "$(printf '%s\n' "$most" GLIBC_2.28 | sort -V | tail -n 1)" = GLIBC_2.28 ] || { echo "build.sh: $tool asks for $most" >&2; exit 1; }
  install -s "$CARGO_TARGET_DIR/$target/release/$tool" "$scripts"
done
cat > "$info/METADATA" << END
Metadata-Version: 2.1
Name: plumbline
Version: $version
Summary: How true is a saliency map? Programs that explain, perturb, score, correlate and rank.
License: MIT OR Apache-2.0
Requires-Python: >=3.10
Requires-Dist: numpy
Requires-Dist: pandas
END
cat > "$info/WHEEL" << END
Wheel-Version: 1.0
Generator: plumbline
Root-Is-Purelib: false
Tag: py3-none-manylinux_2_28_$(uname -m)
END
wheel pack "$stage" --dest-dir "$out"

# It must work where nothing else is.
python3 -m venv --clear "$out/empty"
"$out/empty/bin/pip" install --quiet "$out/plumbline-$version-"*.whl
(cd "$stage" && PATH=/usr/bin:/bin "$out/empty/bin/explain" -q testbed/000 -o maps && PATH=/usr/bin:/bin "$out/empty/bin/python" -c '
import plumbline
print(plumbline.run("explain", "-q", "-m", "random", "testbed/001")[["image", "method"]])')
