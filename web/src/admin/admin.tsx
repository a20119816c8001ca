import { render } from "preact";
import { Caller } from "../api/call.js";
import "../look/page.css";
import "../look/controls.css";
import "../look/copy.css";
import "../look/dialog.css";
import "../look/login.css";
import { Session, whoIsHere } from "../look/session.js";
import { Chosen } from "../workspace/preferences.js";
import "./admin.css";
import { App } from "./app.js";
import { Router } from "./router.js";

const session = new Session(new Caller(""), "/admin/", async (caller) => ({ me: await whoIsHere(caller) }));
void session.open();
render(<App session={session} router={new Router(window)} chosen={Chosen.ofPage()} />, document.body);
