CREATE TABLE IF NOT EXISTS directory (
  id     text PRIMARY KEY, -- of the user
  name   text,
  email  text,
  status text
);

-- What was applied, so that an event that comes again, or comes late, changes nothing. A row can go once Kafka no longer keeps its event.
CREATE TABLE IF NOT EXISTS handled (
  source   text,
  event    text,
  "user"   text NOT NULL,
  happened timestamptz NOT NULL,
  PRIMARY KEY (source, event)
);
CREATE INDEX IF NOT EXISTS handled_user ON handled ("user", happened);
