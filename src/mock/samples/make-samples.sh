#!/bin/sh
# Makes the three sample videos beside this script. Needs ffmpeg with libx264.
# One thread and the bitexact flags make the same ffmpeg write the same bytes every time.
set -eu
cd "$(dirname "$0")"

sample() { # name, seconds, picture, tone in Hz, movflags
  ffmpeg -v error -y \
    -f lavfi -i "$3:duration=$2" \
    -f lavfi -i "sine=frequency=$4:sample_rate=44100:duration=$2" \
    -map_metadata -1 -fflags +bitexact \
    -c:v libx264 -threads 1 -preset veryfast -crf 27 -pix_fmt yuv420p -g 25 -flags:v +bitexact \
    -c:a aac -b:a 64k -flags:a +bitexact \
    ${5:+-movflags "$5"} "$1.mp4"
}

sample faststart 4 testsrc2=size=320x180:rate=25 440 +faststart
sample moov-last 5 testsrc=size=800x450:rate=30 660 ''
sample fragmented 6 testsrc2=size=256x144:rate=25 880 +frag_keyframe+empty_moov+default_base_moof
