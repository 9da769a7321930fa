#!/bin/sh
# Makes the secrets that docker-compose.yml mounts, where there are none yet. The folder is its owner's alone; the files
# are readable, because they are mounted one by one and read by other users inside the containers.
set -eu

folder=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)/var/secrets
mkdir -p "$folder"
chmod 0700 "$folder"
umask 022
for name in latchkey-key samba-administrator samba-service database; do
  [ -s "$folder/$name" ] && continue
  # A domain asks for small letters, capitals and digits; a key of ours is hex alone.
  prefix=Aa1-
  [ "$name" = latchkey-key ] && prefix=
  printf '%s%s' "$prefix" "$(openssl rand -hex 32)" >"$folder/$name"
done
