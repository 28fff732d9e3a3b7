#!/bin/sh
set -eu
work=$(mktemp -d)
ffmpeg -v error -f lavfi -i testsrc=duration=1:size=64x64:rate=5 "$work/a.mkv"
width=$(ffprobe -v error -show_entries stream=width -of csv=p=0 "$work/a.mkv")
[ "$width" = 64 ]
ffmpeg -version
