#!/bin/sh
# Makes the passwords of docker-compose.yml in .secrets/, one file each; those that exist stay: sh deploy/docker/secrets.sh
set -eu
cd "$(dirname "$0")/../.."
mkdir -p .secrets
chmod 700 .secrets # closed to other users of this machine, while the files in it are open to the users inside the containers
echo '*' > .secrets/.gitignore
make_secret() {
  if [ ! -s ".secrets/$1" ]; then
    od -An -N24 -tx1 /dev/urandom | tr -d ' \n' > ".secrets/$1"
    chmod 444 ".secrets/$1"
  fi
}
for principal in broker admin $(sed -n 's/^  \([a-z_]*\): {.*/\1/p' deploy/acls.yaml); do make_secret "kafka.$principal"; done
make_secret postgres.laotie
make_secret postgres.ops
for folder in services/*/migrations; do
  service=${folder#services/}
  make_secret "postgres.${service%/migrations}"
done
echo "passwords are in .secrets/"
