#!/bin/sh
# Starts nginx in front of the slot that serves.
set -eu
mkdir -p "$DATA/nginx"
cd "$DATA/nginx" && data=$(dirname "$PWD") && cd "$OLDPWD"
sed -e "s|@DATA@|$data|; s|@HTTP@|$HTTP_PORT|" nginx.conf > "$DATA/nginx/nginx.conf"
for slot in "$BLUE" "$GREEN"; do
  if .build/app ask "http://127.0.0.1:$slot/" "$slot"; then
    echo "server 127.0.0.1:$slot;" > "$DATA/nginx/upstream.conf"
  fi
done
exec nginx -p "$DATA/nginx" -c nginx.conf -e stderr
