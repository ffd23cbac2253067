#!/usr/bin/env bash
# Measures two checkouts in turns, round by round, so that whatever disturbs the machine disturbs both; then compares them.
#
#   .github/interleave.sh BASE HEAD SUITE ROUNDS OUT [more options of `orchbench run`]
#
# BASE and HEAD are checkouts in which `make setup` was run. OUT/base and OUT/head become the two runs, OUT/compare.md and
# OUT/compare.html the comparison. The exit code is that of `orchbench compare`: 0 no regression, 1 a regression, 2 not
# comparable. A base that cannot be measured counts as 2, a head that cannot be measured as 1.
set -euo pipefail

if [ $# -lt 5 ]; then
  sed -n 4p "$0" >&2
  exit 2
fi
base=$(realpath "$1") head=$(realpath "$2") suite=$3 rounds=$4
mkdir -p "$5"
out=$(realpath "$5")
options=("${@:6}")
if [ -f "$suite" ]; then suite=$(realpath "$suite"); fi
seed=${SEED:-$RANDOM}
# Nobody looks at these runs in MLflow, and logging one takes time while the other waits.
export ORCHBENCH_NO_MLFLOW=1

measure() {
  local side=$1 round=$2
  local how=(--resume "$out/$side")
  if [ "$round" = 1 ]; then
    how=(--suite "$suite" --rounds "$rounds" --seed "$seed" --out "$out/$side" "${options[@]}")
  fi
  echo "== round $round of $rounds: $side" >&2
  "${!side}/.venv/bin/orchbench" run "${how[@]}" --until-round "$round"
}

give_up() {
  echo "$1" >&2
  echo "**$1** The log of the step says why." >"$out/compare.md"
  exit "$2"
}

for round in $(seq "$rounds"); do
  # Who comes second meets a warmer machine: each side does so as often as the other.
  if [ $((round % 2)) = 1 ]; then order=(base head); else order=(head base); fi
  for side in "${order[@]}"; do
    if ! measure "$side" "$round"; then
      if [ "$side" = base ]; then
        give_up "Not comparable: the base cannot be measured." 2
      else
        give_up "The head cannot be measured." 1
      fi
    fi
  done
done

"$head/.venv/bin/orchbench" compare "$out/base" "$out/head" --markdown "$out/compare.md" --html "$out/compare.html"
