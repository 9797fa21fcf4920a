#!/bin/sh
# Writes the secrets of compose.yaml, those that are missing: sh deploy/compose/create-secrets.sh [folder]
#
# Docker mounts each file as it is, so that the users of all containers must be able to read it; the folder keeps the other
# users of this machine out.
set -eu
folder="${1:-$(dirname "$0")/secrets}"
umask 022
mkdir -p "$folder"
chmod 700 "$folder"
cd "$folder"

# 256 random bits; the prefix satisfies SQL Server, which asks for capitals, small letters and digits.
password() {
  printf 'Aa1%s' "$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')"
}

# write <name>: standard input, if the file does not exist; a half-written file never has its name.
write() {
  if [ -e "$1" ]; then
    echo "kept    $folder/$1"
  else
    cat >"$1.new"
    mv "$1.new" "$1"
    echo "written $folder/$1"
  fi
}

for name in mssql-sa-password db-password db-migration-password engine-db-password redis-password; do
  password | write "$name"
done
redis="$(cat redis-password)"
# INFO, which a client asks for when it connects, counts as dangerous.
write redis-acl <<END
user default off
user fastify-camunda on >$redis ~* &* +@all -@dangerous +info
END
printf 'redis://fastify-camunda:%s@redis:6379' "$redis" | write redis-url
printf '{ "keys": [] }\n' | write api-keys.json
