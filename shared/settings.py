"""One typed object for every LAOTIE_* variable; it knows connections and bounds, and no commerce."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

if TYPE_CHECKING:
    from faststream.security import BaseSecurity


class Settings(BaseSettings):
    """LAOTIE_KAFKA, LAOTIE_POSTGRES and the rest; read once by a process and handed down."""

    model_config = SettingsConfigDict(env_prefix="LAOTIE_", frozen=True, extra="ignore")

    kafka: str = Field(default="127.0.0.1:9092", description="bootstrap servers, comma-separated")
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-256"
    kafka_username: str | None = None
    kafka_password: str | None = Field(default=None, repr=False)
    kafka_ca_file: str | None = Field(default=None, description="PEM bundle; None: the system's authorities")

    postgres: str = Field(
        default="postgresql://127.0.0.1:5432/laotie",
        repr=False,
        description="DSN, handed to asyncpg untouched: sslmode, sslrootcert and server settings included",
    )

    clock: Literal["system", "manual"] = "system"
    stripes: int = Field(default=12, ge=1, description="partitions of every keyed topic; never changed after the first start")
    connections: int = Field(default=4, ge=1, description="parallel transactions of one process")
    batch_max: int = Field(default=500, ge=1, description="events of one transaction")
    http_host: str = "127.0.0.1"
    http_port: int = Field(default=0, ge=0, le=65535, description="probes and metrics; 0: a free one")
    log_level: str = "INFO"
    grace_s: float = Field(
        default=5, ge=0, lt=3_600, description="for the batch of a stopping process and for facts under way at a deadline"
    )
    session_s: float = Field(default=10, ge=0.5, description="a process silent for that long loses its partitions to the others")

    @field_validator("kafka_ca_file")
    @classmethod
    def _file(cls, value: str | None) -> str | None:
        """Said here by name: the clients tell only that something was not found."""
        if value and not Path(value).is_file():
            raise ValueError(f"there is no file {Path(value).absolute()}")
        return value

    @property
    def _sasl(self) -> bool:
        return self.kafka_security_protocol.startswith("SASL")

    @property
    def _tls(self) -> bool:
        return self.kafka_security_protocol.endswith("SSL")

    def _ssl_context(self) -> ssl.SSLContext | None:
        return ssl.create_default_context(cafile=self.kafka_ca_file) if self._tls else None

    def aiokafka(self) -> dict[str, Any]:
        """Connection arguments of AIOKafkaConsumer and AIOKafkaProducer."""
        arguments: dict[str, Any] = {
            "bootstrap_servers": self.kafka,
            "security_protocol": self.kafka_security_protocol,
            "ssl_context": self._ssl_context(),
        }
        if self._sasl:
            arguments |= {
                "sasl_mechanism": self.kafka_sasl_mechanism,
                "sasl_plain_username": self.kafka_username,
                "sasl_plain_password": self.kafka_password,
            }
        return arguments

    def confluent(self) -> dict[str, str]:
        """Connection properties of confluent-kafka, kcat and anything else on librdkafka."""
        properties = {"bootstrap.servers": self.kafka, "security.protocol": self.kafka_security_protocol}
        if self._sasl:
            properties |= {
                "sasl.mechanism": self.kafka_sasl_mechanism,
                "sasl.username": self.kafka_username or "",
                "sasl.password": self.kafka_password or "",
            }
        if self._tls and self.kafka_ca_file:
            properties["ssl.ca.location"] = self.kafka_ca_file
        return properties

    def faststream(self) -> dict[str, Any]:
        """Connection arguments of faststream.kafka.KafkaBroker."""
        return {"bootstrap_servers": self.kafka, "security": self._faststream_security()}

    def _faststream_security(self) -> BaseSecurity | None:
        from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512  # slow to import, and a command needs none

        context = self._ssl_context()
        if self._sasl:
            kind = {"PLAIN": SASLPlaintext, "SCRAM-SHA-256": SASLScram256, "SCRAM-SHA-512": SASLScram512}[self.kafka_sasl_mechanism]
            return kind(self.kafka_username or "", self.kafka_password or "", ssl_context=context, use_ssl=self._tls)
        return BaseSecurity(ssl_context=context, use_ssl=True) if self._tls else None
