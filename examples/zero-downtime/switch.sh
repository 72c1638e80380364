#!/bin/sh
# Points nginx at a slot, and returns once nobody asks the other one any more.
set -eu
slot=$1
at=$DATA/nginx
echo "server 127.0.0.1:$slot;" > "$at/upstream.new"
mv "$at/upstream.new" "$at/upstream.conf"

# What does not parse is not loaded.
nginx -p "$at" -c nginx.conf -e stderr -t -q

# A reload only begins here: the master starts new workers, and the old ones
# accept until they are told to finish. So wait for the ends of those there are.
master=$(cat "$at/nginx.pid")
old=$(cat "/proc/$master/task/$master/children")
nginx -p "$at" -c nginx.conf -e stderr -s reload
for worker in $old; do
  timeout 20 tail --pid="$worker" -s 0.02 -f /dev/null
done
