"""Waits until each GROUP has committed all that TOPIC has now, a minute at most.

Usage: committed.py BROKERS TOPIC GROUP...
"""

import sys
import time

from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient


def main(brokers, topic, groups):
    admin, deadline = AdminClient({"bootstrap.servers": brokers}), time.monotonic() + 60
    ends = end_offsets(brokers, topic)
    while behind := [group for group in groups if not caught_up(admin, group, topic, ends)]:
        if time.monotonic() > deadline:
            sys.exit(f"committed: after a minute these groups have not committed all of {topic}: {' '.join(behind)}")
        time.sleep(0.2)


def end_offsets(brokers, topic):
    """:: partition -> the offset behind its last record"""
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "committed"})
    try:
        partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
        return {p: consumer.get_watermark_offsets(TopicPartition(topic, p), timeout=10)[1] for p in partitions}
    finally:
        consumer.close()


def caught_up(admin, group, topic, ends):
    asked = ConsumerGroupTopicPartitions(group, [TopicPartition(topic, p) for p in ends])
    committed = {p.partition: p.offset for p in admin.list_consumer_group_offsets([asked])[group].result().topic_partitions}
    return all(committed[p] >= end for p, end in ends.items() if end > 0)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
