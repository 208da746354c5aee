"""What LAOTIE_* variables become: whatever they hold arrives as it was written, in every client."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from pydantic import ValidationError

from shared.postgres import role_of, with_role
from shared.settings import Settings

PASSWORD = "p@ss:w/o%40?#[ü] '\"\\"


@pytest.fixture
def authority(tmp_path: Path) -> str:
    """Any authority's certificate; the system's are many."""
    found = ssl.create_default_context().get_ca_certs(binary_form=True)
    pem = tmp_path / "a private authority.pem"
    pem.write_text(ssl.DER_cert_to_PEM_cert(found[0]))
    return str(pem)


def test_a_password_reaches_kafkas_clients_as_it_was_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAOTIE_KAFKA_PASSWORD", PASSWORD)
    settings = Settings(kafka_security_protocol="SASL_PLAINTEXT", kafka_username="order")
    aiokafka, confluent, faststream = settings.aiokafka(), settings.confluent(), settings.faststream()["security"]
    assert (aiokafka["sasl_plain_username"], aiokafka["sasl_plain_password"]) == ("order", PASSWORD)
    assert (confluent["sasl.username"], confluent["sasl.password"]) == ("order", PASSWORD)
    assert (faststream.username, faststream.password, faststream.use_ssl) == ("order", PASSWORD, False)
    assert aiokafka["ssl_context"] is None
    assert "kafka_password" not in repr(settings)


@pytest.mark.parametrize("protocol", ["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"])
def test_every_client_speaks_the_protocol_and_trusts_the_authority_that_was_named(protocol: Any, authority: str) -> None:
    settings = Settings(kafka_security_protocol=protocol, kafka_username="u", kafka_password="p", kafka_ca_file=authority)
    tls, sasl = protocol.endswith("SSL"), protocol.startswith("SASL")
    aiokafka, confluent, security = settings.aiokafka(), settings.confluent(), settings.faststream()["security"]
    assert (aiokafka["security_protocol"], confluent["security.protocol"]) == (protocol, protocol)
    assert ("sasl_mechanism" in aiokafka, "sasl.mechanism" in confluent) == (sasl, sasl)
    assert (security is not None, bool(security and security.use_ssl)) == (tls or sasl, tls)
    assert confluent.get("ssl.ca.location") == (authority if tls else None)
    for context in (aiokafka["ssl_context"], security and security.ssl_context):
        assert (context is not None) == tls
        if tls:
            assert (len(context.get_ca_certs()), context.verify_mode, context.check_hostname) == (1, ssl.CERT_REQUIRED, True)


def test_an_authority_that_is_not_there_is_named() -> None:
    with pytest.raises(ValidationError, match=r"there is no file /nowhere/ca\.pem"):
        Settings(kafka_ca_file="/nowhere/ca.pem")


@pytest.mark.parametrize("given", ["", "admin@", "admin:secret@", "admin:p%40ss%2F@", "admin:p@ss@"])
def test_a_dsn_for_another_role_names_the_same_server_whatever_the_passwords_hold(given: str) -> None:
    dsn = with_role(f"postgresql://{given}db.example:6432/laotie?sslmode=verify-full&sslrootcert=/etc/ca.pem", role_of("order"), PASSWORD)
    assert (urlsplit(dsn).hostname, urlsplit(dsn).query) == ("db.example", "sslmode=verify-full&sslrootcert=/etc/ca.pem")
    address = urlsplit(dsn)
    assert (unquote(address.username or ""), unquote(address.password or ""), address.port) == ("laotie_order", PASSWORD, 6432)
