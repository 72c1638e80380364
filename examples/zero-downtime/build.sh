#!/bin/sh
# Compiles the app if its source is newer than the program. The new program is
# put in its place whole: the old one runs.
set -eu
if [ -x .build/app ] && [ -z "$(find app -newer .build/app)" ]; then exit 0; fi
mkdir -p .build
nice go build -o .build/app.new ./app
mv .build/app.new .build/app
