"""Reads COUNT events of all topics that begin with PREFIX with the CloudEvents SDK for Python, checks each, and prints topic, type and
id, tabs between. It fails where the SDK refuses a record, where an event is not as docs/consume.md says, and where there are fewer or more.

Usage: consume.py BROKERS PREFIX COUNT
"""

import json
import re
import sys
import time

from cloudevents.core.bindings import kafka
from confluent_kafka import Consumer, KafkaException
from dateutil.parser import isoparse

ENVELOPES = {"legacy", "hybrid", "cloudevents", "audit"}


def main(brokers, prefix, count):
    consumer = Consumer({
        "bootstrap.servers": brokers,
        "group.id": prefix + "python",
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
    })
    consumer.subscribe(["^" + re.escape(prefix)])
    deadline, records, failures, ids = time.monotonic() + 60, 0, 0, set()
    try:
        while time.monotonic() < deadline:
            record = consumer.poll(1)
            if record is None:
                if records >= count:  # and a second long there were no more
                    break
                continue
            if record.error():
                raise KafkaException(record.error())
            records += 1
            try:
                event = read(record)
                check(record, event, ids)
                print(record.topic(), event.get_type(), event.get_id(), sep="\t")
            except Exception as why:  # whatever the SDK throws is a refusal: show it and see the rest
                failures += 1
                print(f"python: {record.topic()} at offset {record.offset()}: {why!r}\n{record.value()!r}", file=sys.stderr)
            consumer.commit(record, asynchronous=True)
    finally:
        consumer.close()
    if records != count:
        failures += 1
        print(f"python: read {records} records, want {count}", file=sys.stderr)
    return 1 if failures else 0


def read(record):
    """The event of a record. Not from_kafka_event: in 2.2.0 it takes every record that has a ce_ header for binary mode."""
    message = kafka.KafkaMessage(headers=dict(record.headers()), key=record.key(), value=record.value())
    return kafka.from_structured_event(message)


def check(record, event, ids):
    headers, sent = dict(record.headers()), json.loads(record.value())
    require(headers["content-type"] == b"application/cloudevents+json; charset=utf-8", "content-type is another")
    require(event.get_id() not in ids, "the id came before")
    ids.add(event.get_id())
    require(event.get_id() and headers["ce_id"].decode() == event.get_id(), "ce_id is not the id")
    require(event.get_type() and headers["ce_type"].decode() == event.get_type(), "ce_type is not the type")
    require(event.get_source() and headers["ce_source"].decode() == event.get_source(), "ce_source is not the source")
    require(isoparse(headers["ce_time"].decode()) == event.get_time(), "ce_time is not the time")
    require(event.get_specversion() == "1.0", "specversion is not 1.0")
    # The SDK puts the key in place of the attribute; the record's own is compared.
    require(sent["partitionkey"] == record.key().decode() == event.get_extension("partitionkey"), "partitionkey is not the key")
    require(isoparse(event.get_extension("recordedtime")).tzinfo, "recordedtime has no zone")
    require(event.get_extension("qlikenvelope") in ENVELOPES, "qlikenvelope is unknown")
    require(event.get_data() == sent["data"], "data is another")


def require(holds, otherwise):
    if not holds:
        raise ValueError(otherwise)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
