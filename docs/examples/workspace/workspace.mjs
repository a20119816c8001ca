// The workspace of an agent in sixty lines: it prints what customers write, and
// answers each of them.
//
//   NATS_URL=nats://127.0.0.1:4222 SEED=nats/integrator.shop.KEY.nk PROTO=proto \
//     node workspace.mjs shop KEY
import { AckPolicy, DeliverPolicy, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect, nkeyAuthenticator } from "@nats-io/transport-node";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import protobuf from "protobufjs";

const [account, key] = process.argv.slice(2);
const root = new protobuf.Root();
root.resolvePath = (_, file) => join(process.env.PROTO, file);
const Event = (await root.load("weiche/stream/v1/event.proto")).lookupType("weiche.stream.v1.Event");

const nats = await connect({
  servers: process.env.NATS_URL,
  authenticator: nkeyAuthenticator(Buffer.from(readFileSync(process.env.SEED, "utf8").trim())),
  inboxPrefix: `_INBOX.integrator.${account}.${key}`,
});
// What happens while this program is away waits for it under this name.
const name = `integrator_${account}_${key}`;
const manager = await jetstreamManager(nats, { checkAPI: false });
await manager.consumers.add("EVENTS", {
  durable_name: name,
  filter_subject: `events.${account}.>`,
  deliver_policy: DeliverPolicy.New,
  ack_policy: AckPolicy.Explicit,
});
const consumer = await jetstream(nats).consumers.get("EVENTS", name);
const messages = await consumer.consume();
console.log("listening");
for await (const message of messages) {
  const event = Event.toObject(Event.decode(message.data), { enums: String }); // empty where nothing is public
  const said = event.messageCreated;
  if (said?.author === "MESSAGE_AUTHOR_CUSTOMER") {
    const text = said.content.parts[0].text?.body;
    console.log(`${event.conversationId} over ${said.channel}: ${text}`);
    // The event's id makes the answer one, however often the event comes.
    const answer = await nats.request(
      `api.${account}.${key}.workspace.SendReply`,
      JSON.stringify({ conversationId: event.conversationId, text: `You said: ${text}`, clientToken: event.eventId }),
      { timeout: 10_000 },
    );
    console.log(`answered: ${answer.headers?.get("Nats-Service-Error") ?? ""} ${answer.string()}`);
  }
  message.ack();
}
