// A Messenger client, messaging-api-messenger, against the simulator. It says
// in a line of JSON each what it hears and what it is answered. The library
// leaves webhooks to its user, so this script checks their signature itself.
import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import messenger from "messaging-api-messenger";

const { SIMULATOR, TOKEN, SECRET, VERIFY_TOKEN } = process.env;
const say = (event, content) => console.log(JSON.stringify({ event, ...content }));
const picture = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.alloc(100, "x")]);

const client = new messenger.MessengerClient({ accessToken: TOKEN, appSecret: SECRET, version: "26.0", origin: SIMULATOR });

async function answer(psid) {
  say("page", await client.getPageInfo());
  say("profile", await client.getUserProfile(psid));
  say("seen", await client.markSeen(psid));
  say("typing", await client.typingOn(psid));
  say("text", await client.sendText(psid, "hello from a client", { messagingType: "RESPONSE" }));
  const { attachmentId } = await client.uploadImage(picture, { filename: "picture.jpg", isReusable: true });
  say("image", await client.sendImage(psid, { attachmentId }));
  say("upload", await client.sendImage(psid, picture, { filename: "picture.jpg" }));
  say("template", await client.sendButtonTemplate(psid, "Go on?", [{ type: "postback", title: "Yes", payload: "YES" }]));
  say("quick", await client.sendText(psid, "Which?", { quickReplies: [{ contentType: "text", title: "Red", payload: "RED" }] }));
  say("human", await client.sendText(psid, "a human writes", { tag: "HUMAN_AGENT" }));
  await client.setGetStarted("BEGIN");
  say("get started", { profile: await client.getGetStarted() });
  try {
    await client.sendText(psid, "late", { tag: "ACCOUNT_UPDATE" });
  } catch (error) {
    say("refused", { error: error.message });
  }
  say("done");
}

function hear({ sender, recipient, message, postback, read, delivery }) {
  if (message?.is_echo) {
    say("echo", { to: recipient.id, text: message.text, attachments: message.attachments?.length });
  } else if (message) {
    say("message", { from: sender.id, text: message.text, payload: message.quick_reply?.payload });
  } else if (postback) {
    say("postback", { payload: postback.payload });
  } else if (read || delivery) {
    say(read ? "read" : "delivery");
  }
  if (message?.text === "go" && !message.is_echo) {
    answer(sender.id).catch((error) => say("failed", { error: String(error) }));
  }
}

const server = createServer((request, response) => {
  const query = new URL(request.url, SIMULATOR).searchParams;
  if (request.method === "GET") {
    response.statusCode = query.get("hub.verify_token") === VERIFY_TOKEN ? 200 : 403;
    response.end(query.get("hub.challenge"));
    return;
  }
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const raw = Buffer.concat(chunks);
    const signature = "sha256=" + createHmac("sha256", SECRET).update(raw).digest("hex");
    if (signature !== request.headers["x-hub-signature-256"]) {
      say("webhook refused");
    } else {
      JSON.parse(raw).entry.flatMap((entry) => entry.messaging ?? []).forEach(hear);
    }
    response.end();
  });
});
server.listen(0, "127.0.0.1", () => say("listening", { url: `http://127.0.0.1:${server.address().port}/webhook` }));
