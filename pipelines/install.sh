#!/usr/bin/env bash
# The tools with their manual pages and completions for bash, zsh and fish; what they are called by is what those are for.
#   install.sh BIN PREFIX NAME-PREFIX TOOL...
set -euo pipefail
bin=$1 prefix=$2 before=$3
share=$prefix/share
shift 3
install -d "$prefix/bin" "$share/man/man1" "$share/bash-completion/completions" "$share/zsh/site-functions" "$share/fish/vendor_completions.d"
for tool; do
  name=$before$tool
  program=$prefix/bin/$name
  install "$bin/$tool" "$program"
  "$program" --generate man > "$share/man/man1/$name.1"
  "$program" --generate bash > "$share/bash-completion/completions/$name"
  "$program" --generate zsh > "$share/zsh/site-functions/_$name"
  "$program" --generate fish > "$share/fish/vendor_completions.d/$name.fish"
done
for what in bee classifier eea tame testbed; do
  name=${before}train
  [ ! -e "$prefix/bin/$name" ] || "$prefix/bin/$name" "$what" --generate man > "$share/man/man1/$name-$what.1"
done
