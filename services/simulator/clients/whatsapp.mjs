// A WhatsApp Cloud API client, whatsapp-api-js, against the simulator. It says
// in a line of JSON each what it hears and what it is answered.
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { WhatsAppAPI } from "whatsapp-api-js";
import { ActionButtons, Body, BodyComponent, BodyParameter, Button, Image, Interactive, Reaction, Template, Text } from "whatsapp-api-js/messages";

const { SIMULATOR, TOKEN, SECRET, VERIFY_TOKEN } = process.env;
const say = (event, content) => console.log(JSON.stringify({ event, ...content }));
const picture = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.alloc(100, "x")]);

const whatsapp = new WhatsAppAPI({
  token: TOKEN,
  appSecret: SECRET,
  webhookVerifyToken: VERIFY_TOKEN,
  v: "v26.0",
  ponyfill: { fetch: (url, init) => fetch(String(url).replace("https://graph.facebook.com", SIMULATOR), init) },
});

async function answer({ phoneID, from, message, reply, received }) {
  say("read", await received("text"));
  say("text", await reply(new Text("hello from a client"), true, "client-text"));
  const form = new FormData();
  form.set("file", new Blob([picture], { type: "image/jpeg" }), "picture.jpg");
  const { id } = await whatsapp.uploadMedia(phoneID, form);
  say("image", await reply(new Image(id, true, "a picture"), false, "client-image"));
  say("template", await reply(new Template("order_update", "en", new BodyComponent(new BodyParameter("Ana"), new BodyParameter("17"))), false, "client-template"));
  say("buttons", await reply(new Interactive(new ActionButtons(new Button("yes", "Yes"), new Button("no", "No")), new Body("Go on?")), false, "client-buttons"));
  say("reaction", await whatsapp.sendMessage(phoneID, from, new Reaction(message.id, "👍")));
  say("refused", await whatsapp.sendMessage(phoneID, from, new Template("nothing", "en")));
  say("qr", await whatsapp.createQR(phoneID, "hi"));
  say("done");
}

whatsapp.on.message = async (args) => {
  const { message } = args;
  say("message", { type: message.type, from: args.from, text: message.text?.body, button: message.interactive?.button_reply?.id });
  if (message.text?.body === "go") {
    await answer(args);
  }
  if (message.type === "image") {
    const { url } = await whatsapp.retrieveMedia(message.image.id, args.phoneID);
    const bytes = Buffer.from(await (await whatsapp.fetchMedia(url)).arrayBuffer());
    say("downloaded", { sha256: createHash("sha256").update(bytes).digest("hex") });
  }
};
whatsapp.on.status = ({ status, biz_opaque_callback_data: opaque }) => say("status", { status, opaque });

const server = createServer((request, response) => {
  const query = Object.fromEntries(new URL(request.url, SIMULATOR).searchParams);
  if (request.method === "GET") {
    response.end(whatsapp.get(query));
    return;
  }
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const raw = Buffer.concat(chunks).toString();
    // The answer does not wait for what is done about the message.
    whatsapp.post(JSON.parse(raw), raw, request.headers["x-hub-signature-256"])
      .catch((error) => say("webhook refused", { status: error.httpStatus, error: error.name }));
    response.end();
  });
});
server.listen(0, "127.0.0.1", () => say("listening", { url: `http://127.0.0.1:${server.address().port}/webhook` }));
