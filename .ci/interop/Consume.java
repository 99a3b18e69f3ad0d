import io.cloudevents.CloudEvent;
import io.cloudevents.SpecVersion;
import io.cloudevents.core.provider.EventFormatProvider;
import io.cloudevents.jackson.JsonCloudEventData;
import io.cloudevents.jackson.JsonFormat;
import io.cloudevents.kafka.CloudEventDeserializer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.errors.RecordDeserializationException;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * Reads COUNT events of all topics that begin with PREFIX with the CloudEvents SDK for Java, checks each, and prints topic, type and id, tabs
 * between. It fails where the SDK refuses a record, where an event is not as docs/consume.md says, and where there are fewer or more.
 */
public final class Consume {
  private static final Set<String> ENVELOPES = Set.of("legacy", "hybrid", "cloudevents", "audit");

  private final Set<String> ids = new HashSet<>();
  private int failures;

  public static void main(String[] args) {
    String brokers = args[0], prefix = args[1];
    int count = Integer.parseInt(args[2]);
    Map<String, Object> config =
        Map.of(
            "bootstrap.servers", brokers,
            "group.id", prefix + "java",
            "auto.offset.reset", "earliest",
            "enable.auto.commit", false);
    Consume run = new Consume();
    try (var consumer = new KafkaConsumer<>(config, new StringDeserializer(), new CloudEventDeserializer())) {
      consumer.subscribe(Pattern.compile(Pattern.quote(prefix) + ".*"));
      run.read(consumer, count);
    }
    System.exit(run.failures == 0 ? 0 : 1);
  }

  private void read(KafkaConsumer<String, CloudEvent> consumer, int count) {
    Instant deadline = Instant.now().plusSeconds(60);
    int records = 0;
    while (records < count && Instant.now().isBefore(deadline)) {
      records += poll(consumer, Duration.ofMillis(500));
      consumer.commitSync();
    }
    records += poll(consumer, Duration.ofSeconds(1)); // there must be no more
    if (records != count) {
      fail("read " + records + " records, want " + count);
    }
  }

  /** Handles what comes within the time, and returns how many records it was. A record that the SDK refuses is shown and stepped over. */
  private int poll(KafkaConsumer<String, CloudEvent> consumer, Duration time) {
    try {
      var records = consumer.poll(time);
      records.forEach(this::handle);
      return records.count();
    } catch (RecordDeserializationException e) {
      String value = StandardCharsets.UTF_8.decode(e.valueBuffer()).toString();
      fail("the SDK refuses " + e.topicPartition() + " at offset " + e.offset() + ": " + e.getCause() + "\n" + value);
      consumer.seek(e.topicPartition(), e.offset() + 1);
      return 1;
    }
  }

  private void handle(ConsumerRecord<String, CloudEvent> record) {
    CloudEvent event = record.value();
    try {
      check(record.key(), event);
    } catch (RuntimeException e) {
      fail(record.topic() + " " + event.getType() + " " + event.getId() + ": " + e);
    }
    System.out.println(record.topic() + "\t" + event.getType() + "\t" + event.getId());
  }

  private void check(String key, CloudEvent event) {
    require(ids.add(event.getId()), "the id came before");
    require(event.getSpecVersion() == SpecVersion.V1, "specversion is not 1.0");
    require(!event.getSource().toString().isEmpty(), "source is empty");
    require(event.getTime() != null, "no time");
    require(key.equals(event.getExtension("partitionkey")), "partitionkey is not the record's key");
    OffsetDateTime.parse((String) event.getExtension("recordedtime"));
    require(ENVELOPES.contains((String) event.getExtension("qlikenvelope")), "qlikenvelope is unknown");
    require(event.getData() instanceof JsonCloudEventData, "data is not JSON");
    // The SDK's own writing of it must read as the same event.
    var format = EventFormatProvider.getInstance().resolveFormat(JsonFormat.CONTENT_TYPE);
    require(event.equals(format.deserialize(format.serialize(event))), "it changes when the SDK writes and reads it");
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new IllegalStateException(otherwise);
    }
  }

  private void fail(String why) {
    failures++;
    System.err.println("java: " + why);
  }
}
