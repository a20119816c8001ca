// The way in of an adapter, in sixty lines: each line that is typed is something that
// ana says in a room, and what became of it is printed.
//
//   NATS_URL=nats://127.0.0.1:4222 SEED=nats/adapter.echo.shop.room.nk PROTO=proto \
//     node adapter.mjs echo shop room room-1
import { connect, headers, nkeyAuthenticator, nuid } from "@nats-io/transport-node";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import protobuf from "protobufjs";

const [channel, account, integration, room] = process.argv.slice(2);
const root = new protobuf.Root();
root.resolvePath = (_, file) => join(process.env.PROTO, file);
await root.load("weiche/ingress/v1/ingress.proto");
const Batch = root.lookupType("weiche.ingress.v1.Batch");
const Answer = root.lookupType("weiche.ingress.v1.Answer");

const own = `${channel}.${account}.${integration}`;
const nats = await connect({
  servers: process.env.NATS_URL,
  authenticator: nkeyAuthenticator(Buffer.from(readFileSync(process.env.SEED, "utf8").trim())),
  inboxPrefix: `_INBOX.adapter.${own}`,
});
const waiting = new Map();
nats.subscribe(`receipts.adapter.${own}.*`, {
  callback: (_, message) => waiting.get(message.subject)?.(Answer.toObject(Answer.decode(message.data), { enums: String })),
});

// ask publishes a batch again and again until it is decided: it takes effect once.
async function ask(subject, receipt, data) {
  const header = headers();
  header.set("Weiche-Receipt", receipt);
  for (;;) {
    const heard = new Promise((resolve) => waiting.set(receipt, resolve));
    nats.publish(subject, data, { headers: header });
    const answer = await Promise.race([heard, new Promise((resolve) => setTimeout(resolve, 2000))]);
    if (answer?.items?.length === 1) {
      waiting.delete(receipt);
      return answer.items[0];
    }
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const id = nuid.next(); // the provider's id of the message, by which it is known again
  const inbound = {
    providerAccountId: room,
    providerMessageId: id,
    sender: [{ kind: "name", value: "ana" }],
    message: { parts: [{ text: { body: line } }] },
  };
  const data = Batch.encode(Batch.fromObject({ items: [{ inbound }] })).finish();
  const decided = await ask(`ingress.0.channel.${account}.${integration}`, `receipts.adapter.${own}.${id}`, data);
  console.log(decided.status, decided.conversationId);
}
await nats.close();
