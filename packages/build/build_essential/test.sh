#!/bin/sh
set -eu
work=$(mktemp -d)
printf '#include <iostream>\nint main() { std::cout << "compiled\\n"; }\n' >"$work/a.cpp"
g++ -o "$work/a" "$work/a.cpp"
"$work/a"
make --version
git --version
