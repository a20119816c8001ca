// Answers what customers write, by fetch and a WebSocket. Node 20 wants
// --experimental-websocket; browsers and later ones have it.
//
//   node --experimental-websocket client.mjs http://127.0.0.1:8080 wk_...
const [url, key] = process.argv.slice(2);

async function call(method, message) {
  const answer = await fetch(`${url}/weiche.workspace.v1.WorkspaceService/${method}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${key}` },
    body: JSON.stringify(message),
  });
  const body = await answer.json();
  if (!answer.ok) throw new Error(`${method}: ${body.code}: ${body.message}`);
  return body;
}

let cursor = ""; // where to go on after a break
function listen() {
  const socket = new WebSocket(url.replace(/^http/, "ws") + "/v1/stream", "weiche.v1.json");
  socket.onopen = () => {
    socket.send(JSON.stringify({ authenticate: { authorization: `Bearer ${key}` } }));
    socket.send(JSON.stringify({ subscribe: { subscription: 1, request: { everything: true, cursor } } }));
    console.log("listening");
  };
  socket.onmessage = async ({ data }) => {
    const frame = JSON.parse(data);
    if (frame.refused) throw new Error(frame.refused.message);
    cursor = frame.cursor || cursor;
    const said = frame.event?.messageCreated;
    if (said?.author !== "MESSAGE_AUTHOR_CUSTOMER") return;
    const { conversationId, eventId } = frame.event;
    const text = said.content.parts[0].text?.body;
    console.log(`${conversationId} over ${said.channel}: ${text}`);
    // The event's id makes the answer one, however often the event comes.
    const sent = await call("SendReply", { conversationId, text: `You said: ${text}`, clientToken: eventId });
    console.log(`answered: ${sent.messageId}`);
  };
  socket.onclose = () => setTimeout(listen, 500 + Math.random() * 1000);
}
listen();
