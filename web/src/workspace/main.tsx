import { render } from "preact";
import "../look/page.css";
import "../look/controls.css";
import "../look/dialog.css";
import "../look/login.css";
import "../look/menu.css";
import { App } from "./app.js";
import { languageBy } from "./preferences.js";
import { learn } from "./said.js";
import { Workspace } from "./workspace.js";

const workspace = Workspace.ofPage();
void learn(languageBy(workspace.chosen.value)).then(() =>
	render(<App workspace={workspace} />, document.body),
);
