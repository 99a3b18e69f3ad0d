// New apps, in JavaScript with @platformatic/kafka and the CloudEvents SDK.
import { Consumer, stringDeserializers } from '@platformatic/kafka'
import { Kafka } from 'cloudevents'

const types = new Set(['com.qlik.app.created', 'com.qlik.v1.app.created']) // today's name and the older one

function handle(event) {
  console.log(event.type, event.id)
}

const consumer = new Consumer({
  clientId: 'new-apps-node',
  groupId: process.env.GROUP ?? 'new-apps-node',
  bootstrapBrokers: (process.env.BROKERS ?? '127.0.0.1:9092').split(','),
  deserializers: stringDeserializers
})
const stream = await consumer.consume({
  topics: [(process.env.PREFIX ?? 'qlik.') + 'apps'],
  mode: 'committed',
  fallbackMode: 'earliest', // where the group has no offsets yet
  autocommit: false
})
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stream.close())

const seen = new Set() // the last 10,000 ids
for await (const message of stream) {
  const id = message.headers.get('ce_id')
  if (types.has(message.headers.get('ce_type')) && !seen.has(id)) { // nothing else is parsed
    const headers = Object.fromEntries(message.headers)
    await handle(Kafka.toEvent({ key: message.key, value: message.value, headers })) // an error ends it, uncommitted: the next start begins here
    seen.add(id)
    if (seen.size > 10_000) seen.delete(seen.values().next().value)
  }
  await message.commit()
}
await consumer.close() // leaves the group
