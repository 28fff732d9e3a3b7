#!/bin/sh
set -eu
work=$(mktemp -d)
printf 'fn main() { println!("compiled"); }\n' >"$work/a.rs"
rustc -o "$work/a" "$work/a.rs"
"$work/a"
cargo --version
