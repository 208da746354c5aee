#!/bin/bash
# Starts the image's broker closed to everyone without a password. Its own start script formats the data folder without any SCRAM
# password, and a broker that speaks SCRAM to itself would then never start.
set -euo pipefail
umask 077
here=$(dirname "$0")
broker=$(cat /run/secrets/kafka.broker)
admin=$(cat /run/secrets/kafka.admin)
properties=/tmp/server.properties
data=$(sed -n 's/^log.dirs=//p' "$here/kafka.properties")
scram='org.apache.kafka.common.security.scram.ScramLoginModule required'
plain='org.apache.kafka.common.security.plain.PlainLoginModule required'
login="username=\"broker\" password=\"$broker\""
{
  cat "$here/kafka.properties"
  echo "advertised.listeners=$ADVERTISED_LISTENERS"
  echo "listener.name.client.scram-sha-256.sasl.jaas.config=$scram $login;"
  echo "listener.name.host.scram-sha-256.sasl.jaas.config=$scram;"
  echo "listener.name.controller.plain.sasl.jaas.config=$plain $login user_broker=\"$broker\";"
} > "$properties"
export LOG_DIR=/tmp/logs # the image's own log folder is read-only here; nothing is written there
if [ ! -f "$data/meta.properties" ]; then
  /opt/kafka/bin/kafka-storage.sh format --config "$properties" --cluster-id "$(/opt/kafka/bin/kafka-storage.sh random-uuid)" \
    --add-scram "SCRAM-SHA-256=[name=broker,password=$broker]" --add-scram "SCRAM-SHA-256=[name=admin,password=$admin]"
fi
# To the console only: by itself it writes hourly files that nobody deletes, and up to 1 GB of the collector's, and /tmp is memory here.
export EXTRA_ARGS='-name kafkaServer' KAFKA_LOG4J_OPTS="-Dlog4j2.configurationFile=$here/log4j2.properties -Dlaotie.level=INFO"
exec /opt/kafka/bin/kafka-server-start.sh "$properties"
