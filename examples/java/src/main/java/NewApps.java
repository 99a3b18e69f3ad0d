import io.cloudevents.CloudEvent;
import io.cloudevents.kafka.CloudEventDeserializer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/** New apps, in Java with kafka-clients and the CloudEvents SDK. */
public final class NewApps {
  private static final Set<String> TYPES =
      Set.of("com.qlik.app.created", "com.qlik.v1.app.created"); // today's name and the older one

  /** The last 10,000 ids. */
  private final Map<String, Boolean> seen = new LinkedHashMap<>() {
    @Override
    protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
      return size() > 10_000;
    }
  };
  private final CloudEventDeserializer deserializer = new CloudEventDeserializer();

  private void handle(CloudEvent event) {
    System.out.println(event.getType() + " " + event.getId());
  }

  public static void main(String[] args) {
    Map<String, String> env = System.getenv();
    Map<String, Object> config = Map.of(
        "bootstrap.servers", env.getOrDefault("BROKERS", "127.0.0.1:9092"),
        "group.id", env.getOrDefault("GROUP", "new-apps-java"),
        "auto.offset.reset", "earliest",
        "enable.auto.commit", false);
    String topic = env.getOrDefault("PREFIX", "qlik.") + "apps";
    var running = new AtomicBoolean(true);
    Thread main = Thread.currentThread();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> { // the process lives until its hooks have ended
      running.set(false);
      try {
        main.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }));
    NewApps apps = new NewApps();
    try (var consumer = new KafkaConsumer<>(config, new StringDeserializer(), new ByteArrayDeserializer())) {
      consumer.subscribe(List.of(topic));
      while (running.get()) {
        consumer.poll(Duration.ofMillis(500)).forEach(apps::read);
        consumer.commitSync(); // not reached after an exception: the next start begins where this poll did
      }
    } // leaves the group
  }

  private void read(ConsumerRecord<String, byte[]> record) {
    String id = header(record, "ce_id");
    if (TYPES.contains(header(record, "ce_type")) && !seen.containsKey(id)) { // nothing else is parsed
      handle(deserializer.deserialize(record.topic(), record.headers(), record.value()));
      seen.put(id, true);
    }
  }

  private static String header(ConsumerRecord<?, ?> record, String name) {
    var header = record.headers().lastHeader(name);
    return header == null ? "" : new String(header.value(), StandardCharsets.UTF_8);
  }
}
