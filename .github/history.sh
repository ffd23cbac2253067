#!/usr/bin/env bash
# Adds a run's results to the branch `history` of origin, which need not exist yet.
#
#   .github/history.sh RUN NAME
#
# Small files only: what `orchbench trend` reads. A cache would be gone after a week without a look at it.
#
# It runs with a token that may write, on files that others' code has made: so it calls nothing but git, and copies nothing
# but plain files. A link would publish what it points to.
set -euo pipefail

run=$1 name=$2
for file in "$run/run.json" "$run/results.json"; do
  if [ -L "$run" ] || [ -L "$file" ] || [ ! -f "$file" ]; then
    echo "$file is no plain file" >&2
    exit 1
  fi
done
known=$(git ls-remote --heads origin history)
if [ -n "$known" ]; then
  git fetch --quiet --depth 1 origin history
  git worktree add --quiet -B history history FETCH_HEAD
else
  git worktree add --quiet --detach --no-checkout history
  git -C history symbolic-ref HEAD refs/heads/history # which has no commit yet
fi
mkdir -p "history/$name"
cp "$run/run.json" "$run/results.json" "history/$name/"
git -C history add --all .
git -C history -c user.name="github-actions[bot]" -c user.email="41898282+github-actions[bot]@users.noreply.github.com" \
  commit --quiet --allow-empty -m "The results of $name"
git -C history push --quiet origin history
