# Takes, with -n, what `kcat -J` prints, checks each record against docs/consume.md, and prints topic, type and id, tabs between.
inputs
| . as $record
| ([.headers as $h | range(0; $h | length; 2) | {($h[.]): $h[. + 1]}] | add) as $headers
| (.payload | fromjson) as $event
| def require(holds; otherwise): if holds then . else error("kcat: \($record.topic) at offset \($record.offset): \(otherwise)") end;
  require($headers["content-type"] == "application/cloudevents+json; charset=utf-8"; "content-type is another")
| require([$headers[("ce_id", "ce_type", "ce_source", "ce_time")]] == [$event | .id, .type, .source, .time]; "a ce_ header is not its attribute")
| require($event.specversion == "1.0"; "specversion is not 1.0")
| require(.key == $event.partitionkey; "partitionkey is not the key")
| require($event.recordedtime | type == "string" and endswith("Z"); "recordedtime is no time in UTC")
| require($event.qlikenvelope | IN("legacy", "hybrid", "cloudevents", "audit"); "qlikenvelope is unknown")
| require($event | has("data"); "there is no data")
| [.topic, $event.type, $event.id] | @tsv
