"""Of several bodies under one id a fact follows from the first that its service did not refuse. Source: R2.1."""

from __future__ import annotations

from collections.abc import Mapping

from deploy.verify.log import Entry, Log, cause
from shared.contracts.governance import ViolationRecorded
from tests.unit import builders as b
from tests.unit.verify.recorded import index

WRONG = ViolationRecorded(subject_id="seller:s1", violation_id="v1", kind="misspelled", occurred_at=b.at("06-01 10:00"))
RIGHT = WRONG.model_copy(update={"kind": "false_advertising"})


def entry(topic: str, offset: int, event: ViolationRecorded | None = None, headers: Mapping[str, str] | None = None) -> Entry:
    said = {name: text.encode() for name, text in (headers or {}).items()}
    return Entry("e1", ViolationRecorded.type, topic, 0, offset, b"seller:s1", b"", said, 0, None if event else 1, event)


def copy(service: str, code: str) -> Entry:
    """Of the first."""
    place = {"x-original-topic": "governance.v1", "x-original-partition": "0", "x-original-offset": "0"}
    return entry(f"{service}.parked.v1", 0, headers={"x-reason": code, **place})


def kind(*copies: Entry) -> str:
    """Of the violation that a fact of trust follows from."""
    sent = [entry("governance.v1", 0, WRONG), entry("governance.v1", 1, RIGHT)]
    log = Log(sent=sent, lanes={(one.topic, 0): [one] for one in copies})
    index(log)
    found = cause(log.bodies(ViolationRecorded, "trust"), entry("trust.internal.v1", 0, headers={"ce_causationid": "e1"}))
    assert found is not None
    return found.kind


def test_a_fact_follows_from_the_first_body_that_its_service_did_not_refuse() -> None:
    assert kind() == "misspelled"
    assert kind(copy("trust", "violation.kind_unknown")) == "false_advertising"
    assert kind(copy("order", "event.id_reused")) == "misspelled", "another service's refusal is its own"
    assert kind(copy("trust", "wait.over")) == "misspelled", "what waited in vain may be redriven"
