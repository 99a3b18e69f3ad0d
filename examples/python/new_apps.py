"""New apps, in Python with confluent-kafka and the CloudEvents SDK."""

import os
import signal
from collections import OrderedDict

from cloudevents.core.bindings import kafka
from confluent_kafka import Consumer, KafkaException

TYPES = {b"com.qlik.app.created", b"com.qlik.v1.app.created"}  # today's name and the older one


def handle(event):
    print(event.get_type(), event.get_id(), flush=True)


def main():
    running = True

    def stop(*_):
        nonlocal running
        running = False

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    consumer = Consumer({
        "bootstrap.servers": os.environ.get("BROKERS", "127.0.0.1:9092"),
        "group.id": os.environ.get("GROUP", "new-apps-python"),
        "auto.offset.reset": "earliest",
        "enable.auto.offset.store": False,  # commits every five seconds what store_offsets was told, and no more
    })
    consumer.subscribe([os.environ.get("PREFIX", "qlik.") + "apps"])
    seen = OrderedDict()  # the last 10,000 ids
    try:
        while running:
            record = consumer.poll(0.5)
            if record is None:
                continue
            if record.error():
                raise KafkaException(record.error())
            headers = dict(record.headers())
            if headers.get("ce_type") in TYPES and headers["ce_id"] not in seen:  # nothing else is parsed
                message = kafka.KafkaMessage(headers=headers, key=record.key(), value=record.value())
                handle(kafka.from_structured_event(message))  # an exception ends it, uncommitted: the next start begins here
                seen[headers["ce_id"]] = True
                if len(seen) > 10_000:
                    seen.popitem(last=False)
            consumer.store_offsets(record)
    finally:
        consumer.close()  # commits, and leaves the group


if __name__ == "__main__":
    main()
