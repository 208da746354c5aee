#!/bin/sh
# Passwords come as files, so that `docker inspect` does not show them; a file in capitals becomes the variable of that name.
set -eu
for file in /run/secrets/[A-Z]*; do
  [ -f "$file" ] || continue
  value=$(cat "$file")
  export "${file##*/}=$value"
done
if [ $# -eq 0 ]; then
  set -- python -m "services.${SERVICE:?names no service: order, payment, refund or trust}"
fi
exec "$@"
