"""The AsyncAPI 3.0 document, seen from Laotie: what others publish we receive, what we publish we send."""

from collections.abc import Iterable, Mapping
from typing import Any

from shared.contracts import schema
from shared.contracts.registry import Entry
from shared.contracts.topics import REFUSED
from shared.messaging.envelope import MAX_HEADER_BYTES, MAX_IN_BYTES, MAX_OUT_BYTES
from shared.messaging.message import Topic

INBOX_DAYS = 30
BINDING = "0.5.0"

Document = dict[str, Any]


def document(entries: Iterable[Entry], examples: Mapping[str, list[Document]], version: str) -> Document:
    """Public topics only. examples: by `topic/type`, each with key, headers and value."""
    public = [entry for entry in entries if entry.direction not in ("internal", "timer")]
    references, definitions = schema.together(public)
    return {
        "asyncapi": "3.0.0",
        "id": "urn:laotie:contract",
        "info": {
            "title": "Laotie",
            "version": version,
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {topic.name: _channel(topic, public) for topic in (*_topics(public), *REFUSED)},
        "operations": {name: operation for topic in (*_topics(public), *REFUSED) for name, operation in _operations(topic, public)},
        "components": {
            "messages": {_id(entry): _message(entry, references[entry.kind], examples.get(entry.name, [])) for entry in public}
            | {"notice": NOTICE},
            "schemas": {**definitions, "UpstreamHeaders": _headers(own=False), "OwnHeaders": _headers(own=True)},
        },
    }


def _topics(entries: Iterable[Entry]) -> list[Topic]:
    return list(dict.fromkeys(entry.topic for entry in entries))


def _id(entry: Entry) -> str:
    return entry.name.replace("/", ".")


def _messages(topic: Topic, entries: Iterable[Entry]) -> dict[str, str]:
    """Name in its channel, and in the components."""
    return {"notice": "notice"} if topic in REFUSED else {one.kind.type: _id(one) for one in entries if one.topic is topic}


def _channel(topic: Topic, entries: Iterable[Entry]) -> Document:
    key = f"`{topic.key}` unless the message says otherwise" if topic.key else "that of the event which was refused"
    return {
        "address": topic.name,
        "description": f"Published by {', '.join(topic.writers)} alone. The record key is {key}.",
        "messages": {name: {"$ref": f"#/components/messages/{id}"} for name, id in _messages(topic, entries).items()},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                **({"partitions": 1} if topic.single else {}),
                "topicConfiguration": {
                    "cleanup.policy": ["compact" if topic.compacted else "delete"],
                    "retention.ms": -1,
                    "max.message.bytes": topic.max_message_bytes,
                },
                "bindingVersion": BINDING,
            }
        },
    }


def _operations(topic: Topic, entries: Iterable[Entry]) -> Iterable[tuple[str, Document]]:
    for app in topic.writers:
        name = f"{app}.{topic.name}"
        told = _messages(topic, [entry for entry in entries if entry.producer == app])
        yield (
            name,
            {
                "action": "send" if topic.own else "receive",
                "title": f"{app} publishes to {topic.name}",
                "channel": {"$ref": f"#/channels/{topic.name}"},
                "messages": [{"$ref": f"#/channels/{topic.name}/messages/{name}"} for name in told],
                "tags": [{"name": app}],
            },
        )


def _message(entry: Entry, payload: Document, examples: Iterable[Document]) -> Document:
    text = " ".join((entry.kind.__doc__ or "").split())
    base = "OwnHeaders" if entry.topic.own else "UpstreamHeaders"
    return {
        "name": entry.kind.type,
        "title": entry.kind.__name__,
        "summary": text.split(". ")[0].rstrip(".") + ".",
        "description": text,
        "contentType": "application/json",
        "headers": {
            "type": "object",
            "allOf": [{"$ref": f"#/components/schemas/{base}"}],
            "properties": {"ce_type": {"const": entry.kind.type}},
        },
        "correlationId": {"location": "$message.header#/ce_correlationid"},
        "payload": payload,
        "bindings": {"kafka": {"key": {"type": "string", "description": f"= {entry.key_field}"}, "bindingVersion": BINDING}},
        "examples": [{"headers": example["headers"], "payload": example["value"]} for example in examples],
        "tags": [{"name": f"consumer:{consumer}"} for consumer in entry.consumers],
    }


def _headers(*, own: bool) -> Document:
    properties = {**HEADERS, **(OWN_HEADERS if own else {})}
    required = ["ce_specversion", "ce_id", "ce_source", "ce_type", *(["ce_sequence"] if own else [])]
    return {"type": "object", "required": required, "properties": {name: {"type": "string", **said} for name, said in properties.items()}}


HEADERS: dict[str, Document] = {
    "ce_specversion": {"const": "1.0"},
    "ce_id": {"minLength": 1, "description": "with ce_source, the identity of the event: the same pair is handled once"},
    "ce_source": {"minLength": 1, "description": "the producing app"},
    "ce_type": {"minLength": 1, "description": "the type of the value"},
    "ce_subject": {"description": "what it is about; the record key unless said otherwise"},
    "ce_time": {"format": "date-time", "description": "when it happened; rules use occurred_at in the value, which says the same"},
    "content-type": {"pattern": "^application/json", "description": "application/json if it is left out"},
    "traceparent": {"description": "W3C Trace Context; one is made from ce_source and ce_id where it is missing or malformed"},
    "ce_correlationid": {"description": "the id of the event that began it all"},
}
OWN_HEADERS: dict[str, Document] = {
    "ce_sequence": {"pattern": "^[0-9]{1,18}$", "description": "dense per partition of its topic: a copy repeats it, a gap means loss"},
    "ce_entityversion": {"pattern": "^[0-9]+$", "description": "dense per entity, the version that this fact made; 0 if it changes none"},
    "ce_causationid": {"description": "ce_id of the event that this was decided on"},
    "ce_policyversion": {"description": "the policy in force at occurred_at"},
}

NOTICE_HEADERS: dict[str, Document] = {
    "ce_sequence": OWN_HEADERS["ce_sequence"],
    "ce_id": {"description": "of the refused event, where it had one that can be read"},
    "ce_source": {"description": "likewise"},
    "ce_type": {"description": "likewise"},
    "x-original-topic": {"description": "the topic of the app that sent it: choose yours by this"},
    "x-original-partition": {"pattern": "^[0-9]+$"},
    "x-original-offset": {"pattern": "^[0-9]+$"},
    "x-reason": {"description": "a code of codes.json"},
    "x-error": {"description": "its detail, for people; may be empty; `;` stands for the commas that a header cannot hold"},
}
NOTICE: Document = {
    "name": "notice",
    "title": "Notice",
    "summary": "An event of an app was not taken.",
    "description": "An event of an app was not taken; without its value. It has no ce_specversion, for it is no event.",
    "headers": {
        "type": "object",
        "required": [name for name in NOTICE_HEADERS if name not in ("ce_id", "ce_source", "ce_type")],
        "properties": {name: {"type": "string", **said} for name, said in NOTICE_HEADERS.items()},
    },
    "payload": {"type": "null"},
    "bindings": {"kafka": {"key": {"type": "string", "description": "of the refused event"}, "bindingVersion": BINDING}},
    "examples": [
        {
            "headers": {
                "ce_sequence": "7",
                "ce_id": "sf-7f3a02",
                "ce_source": "storefront",
                "ce_type": "order.placed",
                "x-original-topic": "storefront.v1",
                "x-original-partition": "3",
                "x-original-offset": "12",
                "x-reason": "event.invalid",
                "x-error": "order_id: Field required",
            },
            "payload": None,
        }
    ],
}

DESCRIPTION = f"""\
Order, payment, refund and trust services of live commerce exchange the events of this document over Kafka.

Form. CloudEvents 1.0 in Kafka binary mode: the record value is plain JSON, attributes are record headers named `ce_…`. Header values are
single-line UTF-8 without comma or tab, at most {MAX_HEADER_BYTES} bytes. Money is an integer of minor units, time an RFC 3339 text with
its zone. Fields that you do not know are to be ignored, in both directions; so are types that you do not know.

Publishing to us. Each app has one account, of its name, and one topic, and may write to no other. The record key is the id that the value
is keyed by. Values of at most {MAX_IN_BYTES} bytes are taken; larger ones are rejected. The same (ce_source, ce_id) is handled once within
{INBOX_DAYS} days; after that it would count as new, so resend nothing older. The same id with another value is rejected
(`event.id_reused`). Whatever cannot be read, is invalid or is not allowed blocks nothing: it is copied, bytes and headers untouched, to
`<service>.parked.v1` with the code in `x-reason` and its detail in `x-error`, and a corrected resend is welcome. Those copies are of all
apps' events, so apps may not read them: of each there is a notice on `<service>.refused.v1`, under the same key and without a value, whose
headers are your `ce_id`, `ce_source` and `ce_type`, `x-reason`, `x-error`, and `x-original-topic`, `-partition` and `-offset`, the event's
place in your topic. An app reads the notices of the services that take its topic: choose yours by `x-original-topic`. What came compressed
and is larger than a record may be is cut in its copy, which `x-cut` tells; it stays where it was. What comes before its cause waits up to
24 hours. Ids are opaque: no name, phone or address in them, nor in free texts; topics keep everything.

Reading from us. Name your consumer groups `<app>` or `<app>…`: your account may join no other. The same event may stand in a topic twice:
drop by (topic, partition, ce_sequence), taking only a sequence beyond the last of that partition of that topic. A gap never happens; seen
all the same, it means loss: stop and ask. Facts name `laotie/<service>` as their ce_source; what names another was not written by us,
whatever its number: pass it over. Facts are at most {MAX_OUT_BYTES} bytes with their headers. Read with isolation level read_committed. A
connector that carries out `…instructed` facts drops by the instruction's own id (refund_id, compensation_id, payout_id). codes.json,
beside this document, has every code that a fact or a refusal carries, with texts for buyers and sellers, guarantees.json the names of the
guarantees that certificates list; README.md there says how pages are made from facts.
"""
