import { render } from "preact";
import { Caller } from "../api/call.js";
import "../look/page.css";
import "../look/controls.css";
import "../look/copy.css";
import "../look/dialog.css";
import "../look/login.css";
import { Chosen } from "../workspace/preferences.js";
import "./admin.css";
import { App } from "./app.js";
import { Router } from "./router.js";
import { Session } from "./session.js";

const caller = new Caller("");
const session = new Session(caller);
void session.open();
render(
	<App caller={caller} session={session} router={new Router(window)} chosen={Chosen.ofPage()} />,
	document.body,
);
